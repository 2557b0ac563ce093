"""What segments cost against large caps that had their mix of sectors."""

import polars as pl

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.contracts.valuation import SECTOR_NEUTRAL_DAILY, SUM_CONVENTIONS
from transforms.exact import ratio_of_totals
from transforms.measures.placement import as_whole, portion
from transforms.measures.spreads import REFERENCE
from transforms.measures.valuation import BASES, CAP, SMID, Basis

LEAST_COMPANIES = 3
"""Covered companies of a sector on either side: one or two are no sector."""
LEAST_COVERAGE = 0.5
_TOTALS = ("companies", "cap", "worth", "sum")
_COMPARED = {
    "cap": pl.Int128(),
    "worth": pl.Int128(),
    "sum": pl.Int128(),
    "companies": pl.Int64(),
    "large_worth": pl.Int128(),
    "large_sum": pl.Int128(),
    "neutral_sum": pl.Float64(),
    "sector_count": pl.Int64(),
}


def sector_neutral_daily(members_caps: pl.DataFrame, scheme_id: str) -> pl.DataFrame:
    """marts.SECTOR_NEUTRAL_DAILY of one scheme: one row per session, segment but large, multiple and convention.

    ``members_caps``: rows of companies in their buckets, `with_fundamentals`, with ``sector`` (see `with_traits`). Of
    a sector with totals C of caps (of `ev_ebit`: enterprise values) and N of what they are set against, the yield is
    N / C. The segment's multiple is sum C / sum N; large's is sum C / sum(C x yield of large's companies of the
    sector), with the C of the segment, so that both sides have its mix. Compared are sectors with LEAST_COMPANIES
    covered companies and a positive C on either side; where they hold less than LEAST_COVERAGE of the covered cap of
    the segment, there is no discount (too_few), nor where either sum is not positive.
    """
    totals = _totals(as_whole(members_caps))
    sessions = members_caps.select("session_date").unique()
    others = pl.DataFrame({"segment": [name for name in SEGMENTS if name != REFERENCE]})
    parts = [
        _one_series(totals, sessions.join(others, how="cross"), basis.multiple, convention)
        for basis in BASES
        for convention in SUM_CONVENTIONS
    ]
    return SECTOR_NEUTRAL_DAILY.conform(pl.concat(parts).with_columns(pl.lit(scheme_id).alias("scheme_id")))


def _totals(members: pl.DataFrame) -> pl.DataFrame:
    """One row per session, segment and sector with the totals of every multiple and convention, in columns."""
    sums = [
        total
        for basis in BASES
        for convention in SUM_CONVENTIONS
        for total in _sums(basis, convention, is_positive_only=convention == "excl_losses")
    ]
    place = pl.col("bucket").cast(pl.Enum(BUCKETS)).to_physical()
    cells = members.with_columns(place=place).group_by("session_date", "place", "sector").agg(sums)
    bucket = pl.col("place").cast(pl.UInt8).cat.to(pl.Enum(BUCKETS)).cast(pl.String)
    in_smid = pl.col("place").is_in([BUCKETS.index(name) for name in SMID])
    labelled = ((bucket, cells), (pl.lit("smid"), cells.filter(in_smid)), (pl.lit("total"), cells))
    return pl.concat(
        part.select(pl.exclude("place"), label.alias("segment"))
        .group_by("session_date", "segment", "sector")
        .agg(pl.all().sum())
        for label, part in labelled
    )


def _sums(basis: Basis, convention: str, *, is_positive_only: bool) -> list[pl.Expr]:
    denominator = pl.col(basis.column)
    those = denominator.is_not_null() & pl.col(basis.worth).is_not_null()
    if is_positive_only:
        those &= denominator > 0
    whole = {"cap": CAP, "worth": basis.worth, "sum": basis.column}
    return [
        (those & pl.col("is_counted")).sum().cast(pl.Int64).alias(_named(basis.multiple, convention, "companies")),
        *(
            portion(pl.col(column)).filter(those).cast(pl.Int128).sum().alias(_named(basis.multiple, convention, name))
            for name, column in whole.items()
        ),
    ]


def _named(measure: str, convention: str, total: str) -> str:
    return f"{measure} {convention} {total}"


def _one_series(totals: pl.DataFrame, grid: pl.DataFrame, measure: str, convention: str) -> pl.DataFrame:
    keys = ["session_date", "segment"]
    sectors = totals.select(
        *keys, "sector", **{name: pl.col(_named(measure, convention, name)) for name in _TOTALS}
    ).filter(pl.col("companies") > 0)
    covered = sectors.group_by(keys).agg(covered_cap=pl.col("cap").sum())
    rows = grid.join(covered, on=keys, how="left").join(_compared(sectors), on=keys, how="left")
    known = rows.with_columns(pl.col(name).fill_null(0).cast(dtype) for name, dtype in _COMPARED.items())
    return _told(known.with_columns(pl.col("covered_cap").fill_null(0))).with_columns(
        pl.lit(measure).alias("measure"), pl.lit(convention).alias("convention")
    )


def _compared(sectors: pl.DataFrame) -> pl.DataFrame:
    """Totals over the sectors compared, one row per session and segment that has one."""
    large = sectors.filter(pl.col("segment") == REFERENCE).drop("segment")
    usable = (pl.col("companies") >= LEAST_COMPANIES) & (pl.col("worth") > 0)
    usable_of_large = (pl.col("companies_large") >= LEAST_COMPANIES) & (pl.col("worth_large") > 0)
    both = sectors.join(large, on=["session_date", "sector"], suffix="_large").filter(usable & usable_of_large)
    yield_of_large = ratio_of_totals(pl.col("sum_large"), pl.col("worth_large"))
    return (
        both.with_columns(neutral_sum=pl.col("worth").cast(pl.Float64) * yield_of_large)
        .sort("session_date", "segment", "sector")  # a sum of floats depends on the order
        .group_by("session_date", "segment", maintain_order=True)
        .agg(
            pl.col("cap", "worth", "sum", "companies").sum(),
            large_worth=pl.col("worth_large").sum(),
            large_sum=pl.col("sum_large").sum(),
            neutral_sum=pl.col("neutral_sum").sum(),
            sector_count=pl.len().cast(pl.Int64),
        )
    )


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    coverage = ratio_of_totals(pl.col("cap"), pl.col("covered_cap"))
    positive = pl.min_horizontal(pl.col("sum", "large_sum", "neutral_sum").cast(pl.Float64)) > 0
    reason = (
        pl.when(coverage.fill_null(0) < LEAST_COVERAGE)
        .then(pl.lit("too_few"))
        .when(~positive)
        .then(pl.lit("sum_not_positive"))
    )
    value = ratio_of_totals(pl.col("worth"), pl.col("sum"))
    large_value = ratio_of_totals(pl.col("worth"), pl.col("neutral_sum"))
    plain_value = ratio_of_totals(pl.col("large_worth"), pl.col("large_sum"))
    told = rows.with_columns(
        null_reason=reason, cap_coverage=coverage, value=value, large_value=large_value, plain=plain_value
    )
    is_told = pl.col("null_reason").is_null()
    return told.with_columns(
        pl.when(is_told).then("value").alias("value"), pl.when(is_told).then("large_value").alias("large_value")
    ).select(
        "session_date",
        "segment",
        "value",
        "large_value",
        (pl.col("value") / pl.col("large_value") - 1).alias("discount"),
        (pl.col("value") / pl.col("plain") - 1).alias("plain_discount"),
        "sector_count",
        company_count="companies",
        cap_coverage="cap_coverage",
        null_reason="null_reason",
    )
