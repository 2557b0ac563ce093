"""Segment valuation: P/E, earnings yield, P/S, P/B and EV/EBIT in four conventions, with what they cover."""

from dataclasses import dataclass

import polars as pl

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.contracts.valuation import CONVENTIONS, EVERYBODY, NON_FINANCIALS, UNIVERSES, VALUATION_DAILY
from transforms.exact import ratio_of_totals
from transforms.measures.placement import as_whole, portion

SMID = ("small", "mid")

_BUCKETS = 8
"""Buckets of one session and scheme, with room to spare."""
_CELLS = 2 * _BUCKETS
"""Those of financial companies apart from the others."""
_SCHEMES = 64
"""Schemes of one session, with room to spare."""
_DAY = (pl.col("cell") // _CELLS).alias("day")
_GROUP = ("day", "universe", "segment")
CAP, ENTERPRISE_VALUE = "cap_usd", "enterprise_value_usd"


@dataclass(frozen=True)
class Basis:
    """One denominator that caps or enterprise values are set against, and the measures that come of it."""

    column: str
    statements: tuple[str, ...]
    """Those that it is made of; its age is that of the first."""
    multiple: str
    yields: str | None = None
    worth: str = CAP


BASES = (
    Basis("net_income_ttm_usd", ("income",), "pe", "earnings_yield"),
    Basis("revenue_ttm_usd", ("income",), "ps"),
    Basis("total_equity_usd", ("balance",), "pb"),
    Basis("operating_income_ttm_usd", ("income", "balance"), "ev_ebit", worth=ENTERPRISE_VALUE),
)


def valuation_daily(members_caps: pl.DataFrame, fundamentals: pl.DataFrame) -> pl.DataFrame:
    """marts.VALUATION_DAILY: one row per session, scheme, segment (all of them), universe, measure, convention.

    `members_caps`: session_date, scheme_id, company_id, bucket, cap_usd (the company's whole cap), and of companies
    that are in two buckets by halves is_half and is_counted (see `Placement`): either half has half of both sides
    of a ratio, and one of them counts; and is_financial, without which nobody is: the universe `non_financials` is
    of the others alone, on both sides of every figure. `fundamentals`: company_fundamentals_asof of the same sessions,
    with_statement_lines. With N the company's net income (trailing year) for `pe` and `earnings_yield`, revenue
    (trailing year) for `ps`, equity (newest balance) for `pb`, operating income (EBIT, trailing year) for `ev_ebit`,
    over companies whose N is known:

    - incl_losses: sum(cap) / sum(N), all of them, N <= 0 on both sides;
    - excl_losses: sum(cap) / sum(N) over those with N > 0;
    - hybrid: sum(all caps) / sum(N > 0);
    - median: of cap / N over those with N > 0.

    `earnings_yield` is N over cap in each. `ev_ebit` has the enterprise value in place of the cap, cap + debt - cash
    and short-term investments (newest balance; minorities, preferred shares and leases that are no debt stay out),
    over companies where all of it is known. A company that is covered is on both sides, one that is not
    on neither. The loss shares count N <= 0, always by caps: for `pe` and `earnings_yield` the loss-makers, for `ps` no
    revenue, for `pb` no equity, for `ev_ebit` losses from operations. Undefined values are null with a null_reason:
    no_companies, no_coverage, no_positive_companies, sum_not_positive, worth_not_positive (of `ev_ebit`: cash
    exceeds caps and debt). Sums are whole dollars in Int128, so neither order nor threads change a bit.
    """
    return of_members(with_fundamentals(members_caps, fundamentals))


def with_fundamentals(caps: pl.DataFrame, fundamentals: pl.DataFrame) -> pl.DataFrame:
    """Rows of companies by session with what was known of them, in their order; null where nothing was."""
    of_statements = [f"{name}_{what}" for name in ("income", "balance") for what in ("period_end", "is_restated")]
    net_debt = (pl.col("debt_usd") - pl.col("cash_usd")).alias("net_debt_usd")
    keys = ("session_date", "company_id")
    known = fundamentals.select(*keys, *(basis.column for basis in BASES), *of_statements, net_debt)
    rows = caps.join(known, on=keys, how="left", maintain_order="left")
    return rows.with_columns((pl.col(CAP) + pl.col("net_debt_usd")).alias(ENTERPRISE_VALUE)).drop("net_debt_usd")


def of_members(members_caps: pl.DataFrame) -> pl.DataFrame:
    """The same of members who have what was known of them (`with_fundamentals`): of several schemes it is one."""
    schemes = pl.Enum(members_caps["scheme_id"].unique().sort())
    if len(schemes.categories) > _SCHEMES:
        raise ValueError(f"{len(schemes.categories)} schemes, at most {_SCHEMES}")
    members = _judged(members_caps).with_columns(_cell(schemes).alias("cell"))
    sizes = members.group_by("cell").agg(
        pl.col("is_counted").sum().cast(pl.Int64).alias("segment_count"),
        _total(portion(pl.col("cap_usd"))).alias("segment_cap"),
    )
    days = sizes.select(_DAY.unique().sort())
    grid = days.join(pl.DataFrame({"universe": UNIVERSES}), how="cross").join(
        pl.DataFrame({"segment": SEGMENTS}), how="cross"
    )
    segments = grid.join(_rolled_up(sizes), on=_GROUP, how="left").with_columns(
        pl.col("segment_count", "segment_cap").fill_null(0)
    )
    parts = [_one_basis(members, segments, basis) for basis in BASES]
    rows = pl.concat(parts).with_columns(
        (pl.col("day") // _SCHEMES).cast(pl.Int32).cast(pl.Date).alias("session_date"),
        (pl.col("day") % _SCHEMES).cast(pl.UInt8).cat.to(schemes).cast(pl.String).alias("scheme_id"),
    )
    return VALUATION_DAILY.conform(rows)


def _cell(schemes: pl.Enum) -> pl.Expr:
    """Session, scheme, bucket and whether it is financial in one number: millions of rows are grouped faster by it."""
    day = pl.col("session_date").to_physical().cast(pl.Int64) * _SCHEMES + _place("scheme_id", schemes)
    return day * _CELLS + pl.col("is_financial") * _BUCKETS + _place("bucket", pl.Enum(BUCKETS))


def _judged(members: pl.DataFrame) -> pl.DataFrame:
    whole = as_whole(members)
    return whole if "is_financial" in whole.columns else whole.with_columns(is_financial=pl.lit(value=False))


def _place(column: str, order: pl.Enum) -> pl.Expr:
    return pl.col(column).cast(order).to_physical().cast(pl.Int64)


def _one_basis(members: pl.DataFrame, segments: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    denominator, worth = pl.col(basis.column), pl.col(basis.worth)
    covered = members.filter(denominator.is_not_null() & worth.is_not_null()).select(
        "cell",
        CAP,
        "is_half",
        "is_counted",
        worth.alias("worth"),
        denominator.alias("denominator"),
        (denominator > 0).alias("is_positive"),
        pl.any_horizontal(f"{name}_is_restated" for name in basis.statements).alias("is_restated"),
        (pl.col("session_date") - pl.col(f"{basis.statements[0]}_period_end")).dt.total_days().alias("age_days"),
    )
    totals = _rolled_up(_cell_totals(covered))
    medians = _segment_medians(covered, has_yield=basis.yields is not None)
    counts = ["covered_count", "positive_count", "restated_count", "covered_cap", "positive_cap"]
    sums = [f"{whose}_{what}" for whose in ("covered", "positive") for what in ("worth", "sum")]
    figures = (
        segments.join(totals, on=_GROUP, how="left")
        .join(medians, on=_GROUP, how="left")
        .with_columns(pl.col(*counts, *sums).fill_null(0))
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
    cap, worth, denominator = (portion(pl.col(name)) for name in (CAP, "worth", "denominator"))
    return covered.group_by("cell").agg(
        is_counted.sum().cast(pl.Int64).alias("covered_count"),
        (is_counted & is_positive).sum().cast(pl.Int64).alias("positive_count"),
        (is_counted & pl.col("is_restated")).sum().cast(pl.Int64).alias("restated_count"),
        _total(cap).alias("covered_cap"),
        _total(cap.filter(is_positive)).alias("positive_cap"),
        _total(worth).alias("covered_worth"),
        _total(worth.filter(is_positive)).alias("positive_worth"),
        _total(denominator).alias("covered_sum"),
        _total(denominator.filter(is_positive)).alias("positive_sum"),
    )


def _labelled(cells: pl.DataFrame) -> list[tuple[pl.Expr, pl.DataFrame]]:
    """The rows of each segment with its name: the bucket's own, smid, total. `cells` has the column cell."""
    place = pl.col("cell") % _BUCKETS
    bucket = place.cast(pl.UInt8).cat.to(pl.Enum(BUCKETS)).cast(pl.String)
    in_smid = place.is_in([BUCKETS.index(name) for name in SMID])
    return [(bucket, cells), (pl.lit("smid"), cells.filter(in_smid)), (pl.lit("total"), cells)]


def _universes(cells: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    is_financial = pl.col("cell") % _CELLS >= _BUCKETS
    return [(EVERYBODY, cells), (NON_FINANCIALS, cells.filter(~is_financial))]


def _rolled_up(by_cell: pl.DataFrame) -> pl.DataFrame:
    """Exact totals by day, universe and segment."""
    return pl.concat(
        part.select(_DAY, pl.lit(universe).alias("universe"), label.alias("segment"), pl.exclude("cell"))
        .group_by(_GROUP)
        .agg(pl.all().sum())
        for universe, cells in _universes(by_cell)
        for label, part in _labelled(cells)
    )


def _segment_medians(covered: pl.DataFrame, *, has_yield: bool) -> pl.DataFrame:
    """Medians cannot be rolled up from buckets: one pass over each bucket, one over smid, one over all."""
    ratios = covered.filter("is_counted").select(
        "cell",
        "age_days",
        pl.when("is_positive").then(pl.col("worth") / pl.col("denominator")).alias("multiple"),
        pl.when("is_positive").then(pl.col("denominator") / pl.col("worth")).alias("yield"),
    )
    medians = [
        pl.col("multiple").median().alias("median_multiple"),
        pl.col("age_days").median().alias("median_report_age_days"),
    ]
    if has_yield:
        medians.append(pl.col("yield").median().alias("median_yield"))
    parts = []
    for universe, companies in _universes(ratios):
        (bucket, cells), *wider = _labelled(companies)
        # Of both kinds of companies together there is one median a bucket.
        own = cells.group_by(cell=_DAY * _CELLS + pl.col("cell") % _BUCKETS).agg(medians)
        told = [own.select(_DAY, bucket.alias("segment"), pl.exclude("cell"))]
        told += [part.group_by(_DAY).agg(medians).with_columns(label.alias("segment")) for label, part in wider]
        parts += [part.with_columns(pl.lit(universe).alias("universe")) for part in told]
    return pl.concat(parts, how="diagonal")


def _measure(figures: pl.DataFrame, measure: str, convention: str, *, is_yield: bool) -> pl.DataFrame:
    value, null_reason = _value(convention, is_yield=is_yield)
    in_it = "positive_count" if convention in ("excl_losses", "median") else "covered_count"
    return figures.select(
        *_GROUP,
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
    worth = pl.col("positive_worth" if convention == "excl_losses" else "covered_worth")
    base = pl.col("positive_sum" if needs_positive else "covered_sum")
    if convention == "median":
        value = pl.col("median_yield" if is_yield else "median_multiple")
    else:
        value = ratio_of_totals(base, worth) if is_yield else ratio_of_totals(worth, base)
    reason = (
        pl.when(pl.col("segment_count") == 0)
        .then(pl.lit("no_companies"))
        .when(pl.col("covered_count") == 0)
        .then(pl.lit("no_coverage"))
        .when(pl.lit(needs_positive) & (pl.col("positive_count") == 0))
        .then(pl.lit("no_positive_companies"))
        .when(pl.lit(not is_yield and not needs_positive) & (base <= 0))
        .then(pl.lit("sum_not_positive"))
        .when(pl.lit(not is_yield) & (value <= 0))
        .then(pl.lit("worth_not_positive"))
    )
    return pl.when(reason.is_null()).then(value), reason
