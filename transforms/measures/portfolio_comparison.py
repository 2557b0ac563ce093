"""marts.size_portfolio_comparison: our portfolios formed on size beside somebody else's."""

import polars as pl

from transforms.contracts.reference_portfolios import (
    NO_VARIATION,
    PORTFOLIOS,
    SIZE_PORTFOLIO_COMPARISON,
    SMB,
    TOO_FEW,
)
from transforms.core.reference_portfolios import in_force
from transforms.exact import RETURN_SCALE, fixed_point

LEAST_SESSIONS = 60
"""A quarter. With fewer sessions one day decides the correlation."""
ALL = "all"
OURS: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "portfolio": pl.String(),
    "weighting": pl.String(),
    "return": pl.Float64(),
}
"""What is read of our portfolios' returns; further columns do not matter."""
_SERIES = ["portfolio", "weighting"]
_DAY = ["session_date", *_SERIES]
_MEASURES = ("correlation", "return_sum", "reference_return_sum", "difference", "tracking_error")


def size_portfolio_comparison(ours: pl.DataFrame, reference: pl.DataFrame) -> pl.DataFrame:
    """Rows of marts.size_portfolio_comparison: one per calendar year (and all), portfolio (and smb) and weighting.

    ``ours``: OURS, returns as fractions; its own smb is not read. ``reference``: rows of core.reference_portfolios, of
    which the newest release of each figure counts. A session without a return on one side is left out of both. Years
    are those of our sessions; nothing at all comes of an empty reference.
    """
    figures = in_force(reference)
    if figures["source"].n_unique() > 1:
        raise ValueError(f"one reference at a time, not {figures['source'].unique().sort().to_list()}")
    if figures.is_empty() or ours.is_empty():
        return SIZE_PORTFOLIO_COMPARISON.empty()
    mine = _with_smb(ours.select(*_DAY, pl.col("return").alias("ours")), "ours")
    theirs = figures.select(
        session_date="as_of",
        portfolio="portfolio",
        weighting="weighting",
        theirs="return",
        release="release",
        vintage_date="vintage_date",
    )
    both = mine.join(_with_smb(theirs, "theirs"), on=_DAY, how="left", maintain_order="left")
    year = pl.col("session_date").dt.year().cast(pl.String)
    periods = pl.concat([both.with_columns(period=year), both.with_columns(period=pl.lit(ALL))])
    return SIZE_PORTFOLIO_COMPARISON.conform(_measured(periods))


def _with_smb(returns: pl.DataFrame, side: str) -> pl.DataFrame:
    """The rows of PORTFOLIOS, and lo30 less hi30 of every day that has both, of the newer of their two releases."""
    cuts = returns.filter(pl.col("portfolio").is_in(PORTFOLIOS))
    key = ["session_date", "weighting"]
    small, big = (cuts.filter(pl.col("portfolio") == name).drop("portfolio") for name in ("lo30", "hi30"))
    spread = small.join(big, on=key, suffix="_big").with_columns(
        pl.col(side) - pl.col(f"{side}_big"), portfolio=pl.lit(SMB)
    )
    if "release" in cuts.columns:
        newer = pl.col("vintage_date_big") > pl.col("vintage_date")
        spread = spread.with_columns(
            pl.when(newer).then(f"{name}_big").otherwise(name).alias(name) for name in ("release", "vintage_date")
        )
    return pl.concat([cuts, spread.select(cuts.columns)])


def _measured(periods: pl.DataFrame) -> pl.DataFrame:
    """One row per period, portfolio and weighting. Sums are exact, so neither order nor threads move a figure."""
    is_both = pl.col("ours").is_not_null() & pl.col("theirs").is_not_null()
    x, y = fixed_point(pl.col("ours")), fixed_point(pl.col("theirs"))
    apart = x - y
    sums = (
        periods.group_by("period", *_SERIES)
        .agg(
            session_count=is_both.sum().cast(pl.Int64),
            x=x.filter(is_both).sum(),
            y=y.filter(is_both).sum(),
            xx=(x * x).filter(is_both).sum(),
            yy=(y * y).filter(is_both).sum(),
            xy=(x * y).filter(is_both).sum(),
            dd=(apart * apart).filter(is_both).sum(),
            release=pl.col("release")
            .filter(is_both)
            .sort_by(*(pl.col(name).filter(is_both) for name in ("vintage_date", "release")))
            .last(),
        )
        .with_columns(n=pl.col("session_count").cast(pl.Int128), d=pl.col("x") - pl.col("y"))
    )
    spread_x, spread_y, spread_d = (_spread(name) for name in ("x", "y", "d"))
    together = pl.col("n") * pl.col("xy") - pl.col("x") * pl.col("y")
    varies = (spread_x > 0) & (spread_y > 0)
    scale = spread_x.cast(pl.Float64).sqrt() * spread_y.cast(pl.Float64).sqrt()
    pairs = pl.col("session_count") * (pl.col("session_count") - 1)
    measured = sums.with_columns(
        correlation=pl.when(varies).then((together.cast(pl.Float64) / scale).clip(-1, 1)),
        return_sum=pl.col("x").cast(pl.Float64) / RETURN_SCALE,
        reference_return_sum=pl.col("y").cast(pl.Float64) / RETURN_SCALE,
        difference=pl.col("d").cast(pl.Float64) / RETURN_SCALE,
        tracking_error=(spread_d.cast(pl.Float64) / pairs).sqrt() / RETURN_SCALE,
        varies=varies,
    )
    is_enough = pl.col("session_count") >= LEAST_SESSIONS
    reason = pl.when(~is_enough).then(pl.lit(TOO_FEW)).when(~pl.col("varies")).then(pl.lit(NO_VARIATION))
    return measured.with_columns(
        *(pl.when(is_enough).then(pl.col(name)).alias(name) for name in _MEASURES), null_reason=reason
    )


def _spread(name: str) -> pl.Expr:
    """Count times the sum of squares, less the square of the sum: count times (count - 1) variances, exactly."""
    return pl.col("n") * pl.col(f"{name}{name}") - pl.col(name) * pl.col(name)
