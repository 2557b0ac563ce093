"""Sums that do not depend on the order of rows or on threads, and ratios rounded once."""

import polars as pl

RETURN_SCALE = 10**12
"""Returns enter weighted sums as integers of 1e-12: a cap of 1e13 times 1e13 over 1e4 rows stays inside Int128."""


def fixed_point(value: pl.Expr, scale: int = RETURN_SCALE) -> pl.Expr:
    """A fraction as a whole number of 1/scale, null kept (Int128)."""
    return (value * scale).round().cast(pl.Int128)


def weighted_total(value: pl.Expr, weight: pl.Expr, scale: int = RETURN_SCALE) -> pl.Expr:
    """Sum of weight x value in fixed point (Int128); rows with a null on either side add nothing."""
    return (fixed_point(value, scale) * weight.cast(pl.Int128)).sum()


def ratio_of_totals(numerator: pl.Expr, denominator: pl.Expr, scale: int = 1) -> pl.Expr:
    """Divide numerator by (denominator x scale) as a float; null where the denominator is zero."""
    bottom = denominator.cast(pl.Float64) * scale
    return pl.when(bottom != 0).then(numerator.cast(pl.Float64) / bottom)


def round_significant(value: pl.Expr, digits: int = 12) -> pl.Expr:
    """Round to significant digits; not-finite becomes null, negative zero becomes zero."""
    return pl.when(value.is_finite()).then(value.round_sig_figs(digits) + 0.0)
