"""Segment valuation: P/E, earnings yield, P/S and P/B in four conventions, with what they cover."""

from dataclasses import dataclass

import polars as pl

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.contracts.marts import CONVENTIONS, VALUATION_DAILY
from transforms.exact import ratio_of_totals
from transforms.measures.placement import as_whole, portion

UNIVERSE = "SimFin non-financials"
"""The vendor's bulk statements hold no banks and insurers: coverage is of everything quoted, the universe
is not."""
SMID = ("small", "mid")

_CELLS = 8
"""Buckets of one session and scheme, with room to spare."""
_SCHEMES = 64
"""Schemes of one session, with room to spare."""


@dataclass(frozen=True)
class _Basis:
    """One denominator that caps are set against, and the measures that come of it."""

    column: str
    period_end: str
    is_restated: str
    multiple: str
    yields: str | None = None


_BASES = (
    _Basis("net_income_ttm_usd", "income_period_end", "income_is_restated", "pe", "earnings_yield"),
    _Basis("revenue_ttm_usd", "income_period_end", "income_is_restated", "ps"),
    _Basis("total_equity_usd", "balance_period_end", "balance_is_restated", "pb"),
)


def valuation_daily(members_caps: pl.DataFrame, fundamentals: pl.DataFrame) -> pl.DataFrame:
    """marts.VALUATION_DAILY: one row per session, scheme, segment (all of them), measure, convention.

    `members_caps`: session_date, scheme_id, company_id, bucket, cap_usd (the company's whole cap), and of companies
    that are in two buckets by halves is_half and is_counted (see `Placement`): either half has half of both sides
    of a ratio, and one of them counts. `fundamentals`: company_fundamentals_asof of the same sessions. With N the
    company's net income (trailing year) for `pe` and `earnings_yield`, revenue (trailing year) for `ps`, equity
    (newest balance) for `pb`, over companies whose N is known:

    - incl_losses: sum(cap) / sum(N), all of them, N <= 0 on both sides;
    - excl_losses: sum(cap) / sum(N) over those with N > 0;
    - hybrid: sum(all caps) / sum(N > 0);
    - median: of cap / N over those with N > 0.

    `earnings_yield` is N over cap in each. A company that is covered is on both sides, one that is not
    on neither. The loss shares count N <= 0: for `pe` and `earnings_yield` the loss-makers, for `ps` no
    revenue, for `pb` no equity. Undefined values are null with a null_reason: no_companies, no_coverage,
    no_positive_companies, sum_not_positive. Sums are whole dollars in Int128, so neither order nor
    threads change a bit.
    """
    return of_members(with_fundamentals(members_caps, fundamentals))


def with_fundamentals(caps: pl.DataFrame, fundamentals: pl.DataFrame) -> pl.DataFrame:
    """Rows of companies by session with what was known of them, in their order; null where nothing was."""
    values = {name for basis in _BASES for name in (basis.column, basis.period_end, basis.is_restated)}
    keys = ("session_date", "company_id")
    known = fundamentals.select(*keys, *sorted(values))
    return caps.join(known, on=keys, how="left", maintain_order="left")


def of_members(members_caps: pl.DataFrame) -> pl.DataFrame:
    """The same of members who have what was known of them (`with_fundamentals`): of several schemes it is one."""
    schemes = pl.Enum(members_caps["scheme_id"].unique().sort())
    if len(schemes.categories) > _SCHEMES:
        raise ValueError(f"{len(schemes.categories)} schemes, at most {_SCHEMES}")
    members = as_whole(members_caps).with_columns(_cell(schemes).alias("cell"))
    sizes = members.group_by("cell").agg(
        pl.col("is_counted").sum().cast(pl.Int64).alias("segment_count"),
        _total(portion(pl.col("cap_usd"))).alias("segment_cap"),
    )
    days = sizes.select((pl.col("cell") // _CELLS).unique().sort())
    grid = days.join(pl.DataFrame({"segment": SEGMENTS}), how="cross").rename({"cell": "day"})
    segments = grid.join(_rolled_up(sizes), on=["day", "segment"], how="left").with_columns(
        pl.col("segment_count", "segment_cap").fill_null(0)
    )
    parts = [_one_basis(members, segments, basis) for basis in _BASES]
    rows = pl.concat(parts).with_columns(
        (pl.col("day") // _SCHEMES).cast(pl.Int32).cast(pl.Date).alias("session_date"),
        (pl.col("day") % _SCHEMES).cast(pl.UInt8).cat.to(schemes).cast(pl.String).alias("scheme_id"),
        pl.lit(UNIVERSE).alias("universe"),
    )
    return VALUATION_DAILY.conform(rows)


def _cell(schemes: pl.Enum) -> pl.Expr:
    """Session, scheme and bucket in one number: grouping millions of rows by it is several times faster."""
    day = pl.col("session_date").to_physical().cast(pl.Int64) * _SCHEMES + _place("scheme_id", schemes)
    return day * _CELLS + _place("bucket", pl.Enum(BUCKETS))


def _place(column: str, order: pl.Enum) -> pl.Expr:
    return pl.col(column).cast(order).to_physical().cast(pl.Int64)


def _one_basis(members: pl.DataFrame, segments: pl.DataFrame, basis: _Basis) -> pl.DataFrame:
    denominator = pl.col(basis.column)
    covered = members.filter(denominator.is_not_null()).select(
        "cell",
        "cap_usd",
        "is_half",
        "is_counted",
        denominator.alias("denominator"),
        (denominator > 0).alias("is_positive"),
        pl.col(basis.is_restated).alias("is_restated"),
        (pl.col("session_date") - pl.col(basis.period_end)).dt.total_days().alias("age_days"),
    )
    totals = _rolled_up(_cell_totals(covered))
    medians = _segment_medians(covered)
    counts = ["covered_count", "positive_count", "restated_count", "covered_cap", "positive_cap"]
    figures = (
        segments.join(totals, on=["day", "segment"], how="left")
        .join(medians, on=["day", "segment"], how="left")
        .with_columns(pl.col(*counts, "covered_sum", "positive_sum").fill_null(0))
        .with_columns(
            ratio_of_totals(pl.col("covered_cap"), pl.col("segment_cap")).alias("cap_coverage"),
            ratio_of_totals(pl.col("covered_count"), pl.col("segment_count")).alias("count_coverage"),
            ratio_of_totals(pl.col("covered_count") - pl.col("positive_count"), pl.col("covered_count")).alias(
                "loss_share_count"
            ),
            ratio_of_totals(pl.col("covered_cap") - pl.col("positive_cap"), pl.col("covered_cap")).alias(
                "loss_share_cap"
            ),
            ratio_of_totals(pl.col("restated_count"), pl.col("covered_count")).alias("restated_share"),
        )
    )
    measures = [_measure(figures, basis.multiple, convention, is_yield=False) for convention in CONVENTIONS]
    if basis.yields is not None:
        measures += [_measure(figures, basis.yields, convention, is_yield=True) for convention in CONVENTIONS]
    return pl.concat(measures)


def _total(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int128).sum()


def _cell_totals(covered: pl.DataFrame) -> pl.DataFrame:
    is_positive, is_counted = pl.col("is_positive"), pl.col("is_counted")
    cap, denominator = portion(pl.col("cap_usd")), portion(pl.col("denominator"))
    return covered.group_by("cell").agg(
        is_counted.sum().cast(pl.Int64).alias("covered_count"),
        (is_counted & is_positive).sum().cast(pl.Int64).alias("positive_count"),
        (is_counted & pl.col("is_restated")).sum().cast(pl.Int64).alias("restated_count"),
        _total(cap).alias("covered_cap"),
        _total(cap.filter(is_positive)).alias("positive_cap"),
        _total(denominator).alias("covered_sum"),
        _total(denominator.filter(is_positive)).alias("positive_sum"),
    )


def _labelled(cells: pl.DataFrame) -> list[tuple[pl.Expr, pl.DataFrame]]:
    """The rows of each segment with its name: the bucket's own, smid, total. `cells` has the column cell."""
    bucket = (pl.col("cell") % _CELLS).cast(pl.UInt8).cat.to(pl.Enum(BUCKETS)).cast(pl.String)
    in_smid = (pl.col("cell") % _CELLS).is_in([BUCKETS.index(name) for name in SMID])
    return [(bucket, cells), (pl.lit("smid"), cells.filter(in_smid)), (pl.lit("total"), cells)]


def _rolled_up(by_cell: pl.DataFrame) -> pl.DataFrame:
    """Exact totals by day and segment."""
    return pl.concat(
        part.select((pl.col("cell") // _CELLS).alias("day"), label.alias("segment"), pl.exclude("cell"))
        .group_by("day", "segment")
        .agg(pl.all().sum())
        for label, part in _labelled(by_cell)
    )


def _segment_medians(covered: pl.DataFrame) -> pl.DataFrame:
    """Medians cannot be rolled up from buckets: one pass over each bucket, one over smid, one over all."""
    ratios = covered.filter("is_counted").select(
        "cell",
        "age_days",
        pl.when("is_positive").then(pl.col("cap_usd") / pl.col("denominator")).alias("multiple"),
        pl.when("is_positive").then(pl.col("denominator") / pl.col("cap_usd")).alias("yield"),
    )
    medians = [
        pl.col("multiple").median().alias("median_multiple"),
        pl.col("yield").median().alias("median_yield"),
        pl.col("age_days").median().alias("median_report_age_days"),
    ]
    day = (pl.col("cell") // _CELLS).alias("day")
    (bucket, cells), *wider = _labelled(ratios)
    own = cells.group_by("cell").agg(medians).select(day, bucket.alias("segment"), pl.exclude("cell"))
    return pl.concat(
        [
            own,
            *(
                part.group_by(day).agg(medians).select("day", label.alias("segment"), pl.exclude("day"))
                for label, part in wider
            ),
        ]
    )


def _measure(figures: pl.DataFrame, measure: str, convention: str, *, is_yield: bool) -> pl.DataFrame:
    value, null_reason = _value(convention, is_yield=is_yield)
    in_it = "positive_count" if convention in ("excl_losses", "median") else "covered_count"
    return figures.select(
        "day",
        "segment",
        pl.lit(measure).alias("measure"),
        pl.lit(convention).alias("convention"),
        value.alias("value"),
        null_reason.alias("null_reason"),
        pl.col(in_it).alias("company_count"),
        "cap_coverage",
        "count_coverage",
        "loss_share_count",
        "loss_share_cap",
        "median_report_age_days",
        "restated_share",
    )


def _value(convention: str, *, is_yield: bool) -> tuple[pl.Expr, pl.Expr]:
    """The value where it is defined, and why it is not where it is not."""
    needs_positive = convention != "incl_losses"
    cap = pl.col("positive_cap" if convention == "excl_losses" else "covered_cap")
    base = pl.col("positive_sum" if needs_positive else "covered_sum")
    reason = (
        pl.when(pl.col("segment_count") == 0)
        .then(pl.lit("no_companies"))
        .when(pl.col("covered_count") == 0)
        .then(pl.lit("no_coverage"))
        .when(pl.lit(needs_positive) & (pl.col("positive_count") == 0))
        .then(pl.lit("no_positive_companies"))
        .when(pl.lit(not is_yield and not needs_positive) & (base <= 0))
        .then(pl.lit("sum_not_positive"))
    )
    if convention == "median":
        value = pl.col("median_yield" if is_yield else "median_multiple")
    else:
        value = ratio_of_totals(base, cap) if is_yield else ratio_of_totals(cap, base)
    return pl.when(reason.is_null()).then(value), reason


__all__ = ["BUCKETS", "SMID", "UNIVERSE", "valuation_daily"]
