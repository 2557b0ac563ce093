"""Schemes whose limits are fixed sums of money, judged every session: the bucket of a cap, without memory."""

import polars as pl

from transforms.contracts.fields import BUCKETS
from transforms.core.security_types import EQUITY_TYPES
from transforms.schemes.model import Money, Scheme, Universe

Buckets = pl.Enum(BUCKETS)


def is_by_cap(scheme: Scheme) -> bool:
    """Whether a company's cap of the session alone says its bucket: fixed limits, every session, everybody."""
    everybody = set(scheme.universe.security_types) >= set(EQUITY_TYPES)
    unfiltered = everybody and scheme.universe == Universe(security_types=scheme.universe.security_types)
    is_fixed = all(isinstance(version.rule, Money) and not version.reviews.months for version in scheme.versions)
    return is_fixed and unfiltered and scheme.level == "company"


def bucket(rule: Money, cap: pl.Expr) -> pl.Expr:
    """The bucket of a cap in the scheme's currency (Enum Buckets); null stays null."""
    reached = [
        pl.when(cap >= low).then(pl.lit(name, Buckets)) for name, (low, _) in reversed(rule.caps.items())
    ]  # fmt: skip
    return pl.coalesce(*reached)


def distance(rule: Money, cap: pl.Expr) -> pl.Expr:
    """How far a cap lies from the nearer limit, as a part of that limit."""
    limits = [low for low, _ in rule.caps.values() if low > 0]
    nearest = pl.lit(None, pl.Float64)
    for limit in limits:
        gap = cap / limit - 1
        nearest = pl.when(nearest.is_null() | (gap.abs() < nearest.abs())).then(gap).otherwise(nearest)
    return nearest
