"""What was known of an entity's trailing year and balance, as states that begin with a publication."""

from datetime import date

import polars as pl

QUARTER_GAP_DAYS = (75, 110)
"""Distance of the ends of consecutive quarters. Vendors move 52-week years to month ends, so 92 is no fixed
number. A source whose quarters are dated as filed may give wider limits."""
KEPT_FOR = "36mo"
"""Older periods enter no trailing year: 15 months until stale, and a year whose missing quarter needs the
other three."""

INCOME = "net_income_common"
FLOWS = (INCOME, "revenue")
LAST_QUARTER = "net_income_last_quarter"
STOCKS = ("total_equity",)
YEAR_TO_DATE = ("operating_cash_flow", "capital_expenditure")
"""Lines that reports give for the year to date alone: a fourth quarter that is filed has no such line."""
YEARS_KEPT_FOR = "60mo"
"""The same for three years in a row: 24 months more."""
YEAR_GAP_DAYS = (350, 380)
"""Distance of the ends of consecutive years: 52 or 53 weeks, or a calendar year."""
_FACT = ("source_entity", "period_kind", "report_date")
_STATE = ("source_entity", "state_from")


def visible_versions(versions: pl.DataFrame) -> pl.DataFrame:
    """`versions` with the days on which each is the one that counts: valid_from, valid_to (exclusive).

    At D, of a fact's versions with publish_date <= D: the latest with vintage_date <= D, else the
    earliest vintage. A null valid_to is open. A version that counts in two separate spans has two rows.
    """
    only = versions.filter(pl.struct(_FACT).is_unique()).with_columns(
        pl.col("publish_date").alias("valid_from"), pl.lit(None, pl.Date).alias("valid_to")
    )
    several = versions.filter(pl.struct(_FACT).is_duplicated()).with_row_index("_version")
    if several.is_empty():
        return only
    downloaded = pl.max_horizontal("publish_date", "vintage_date")
    days = pl.concat(
        several.select(*_FACT, day.alias("valid_from")) for day in (pl.col("publish_date"), downloaded)
    ).unique()
    was_there = pl.col("vintage_date") <= pl.col("valid_from")
    day_number = pl.col("vintage_date").cast(pl.Int32)
    counting = (
        days.join(several.select(*_FACT, "_version", "publish_date", "vintage_date"), on=_FACT)
        .filter(pl.col("publish_date") <= pl.col("valid_from"))
        .sort(*_FACT, "valid_from", was_there.not_(), pl.when(was_there).then(-day_number).otherwise(day_number))
        .unique([*_FACT, "valid_from"], keep="first", maintain_order=True)
        .with_columns(pl.col("valid_from").shift(-1).over(_FACT).alias("valid_to"))
        .select("_version", "valid_from", "valid_to")
    )
    return pl.concat([only, several.join(counting, on="_version").select(only.columns)])


def trailing_year(
    versions: pl.DataFrame, first: date, last: date, gap_days: tuple[int, int] = QUARTER_GAP_DAYS
) -> pl.DataFrame:
    """One row per entity and day on which its trailing year may change, sorted by state_from.

    Columns: source_entity, state_from, period_end, vintage_date (the latest used), basis ('quarters' or
    'annual'), the sums of FLOWS (Int64; null where one of the periods lacks the line) and net_income_last_quarter
    (null where the year is an annual figure). All null where
    a publication leaves a gap, so that an older year does not live on. Days before `first` fold into it.
    `gap_days`: how far apart the ends of consecutive quarters may lie.
    """
    known = _known_at_each_change(versions, first, last, KEPT_FOR)
    best = _newest(_years(known, gap_days, FLOWS))
    return known.select(_STATE).unique().join(best, on=_STATE, how="left").sort("state_from", "source_entity")


def trailing_years(
    versions: pl.DataFrame,
    first: date,
    last: date,
    gap_days: tuple[int, int] = QUARTER_GAP_DAYS,
    flows: tuple[str, ...] = FLOWS,
) -> pl.DataFrame:
    """One row per entity and day on which its last three trailing years may change, sorted by state_from.

    Columns: source_entity, state_from, period_end, the sums of `flows` over the trailing year of `trailing_year`, and
    with `_1` and `_2` behind the name those over the years that ended one and two years before its end (Int64): each
    four quarters that follow each other, else an annual figure, and null where there is neither. A line that is
    missing makes no other one null. Values are those that count on the day, so a year before is as restated by then.
    """
    known = _known_at_each_change(versions, first, last, YEARS_KEPT_FOR)
    years = _years(known, gap_days, flows).select(*_STATE, "period_end", "basis", "_is_newest", *flows)
    newest = _newest(years)
    for back in (1, 2):
        newest = newest.join(_year_before(newest, years, back, flows), on=_STATE, how="left")
    return (
        known.select(_STATE)
        .unique()
        .join(newest.drop("basis"), on=_STATE, how="left")
        .sort("state_from", "source_entity")
    )


def newest_balance(versions: pl.DataFrame, first: date, last: date, stocks: tuple[str, ...] = STOCKS) -> pl.DataFrame:
    """One row per entity and day on which its newest published balance may change, sorted by state_from.

    Columns: source_entity, state_from, period_end, vintage_date and `stocks` (Int64). Days before `first`
    fold into it.
    """
    return (
        _known_at_each_change(versions, first, last, KEPT_FOR)
        .sort(*_STATE, "report_date")
        .unique(_STATE, keep="last", maintain_order=True)
        .select(*_STATE, pl.col("report_date").alias("period_end"), "vintage_date", *stocks)
        .sort("state_from", "source_entity")
    )


def _years(known: pl.DataFrame, gap_days: tuple[int, int], flows: tuple[str, ...]) -> pl.DataFrame:
    """Every year of each state, by four quarters and by annual figures; `_is_newest`: may be the trailing one."""
    facts = known.select(*_STATE, "period_kind", "report_date", "vintage_date", *flows)
    quarters, nine_months, annuals = (
        facts.filter(pl.col("period_kind") == kind).drop("period_kind") for kind in ("quarter", "nine_months", "annual")
    )
    unreported = annuals.join(quarters, on=[*_STATE, "report_date"], how="anti")
    # Quarters first: with theirs the four sum up to the year as reported, to the last rounded million.
    fourth = [
        _after_three_quarters(unreported, quarters, flows),
        _after_nine_months(unreported, nine_months, gap_days, flows),
    ]
    fourth_quarters = pl.concat(fourth).unique([*_STATE, "report_date"], keep="first", maintain_order=True)
    four = _four_quarters(pl.concat([quarters, fourth_quarters]), gap_days, flows)
    annual = annuals.rename({"report_date": "period_end"}).with_columns(
        pl.lit("annual").alias("basis"), pl.lit(None, pl.Int64).alias(LAST_QUARTER), _is_newest=pl.lit(value=True)
    )
    return pl.concat([annual, _with_annual_lines(four, annual, flows).select(annual.columns)])


def _with_annual_lines(four: pl.DataFrame, annual: pl.DataFrame, flows: tuple[str, ...]) -> pl.DataFrame:
    """Four quarters of which one lacks a line of YEAR_TO_DATE, with that of the year that ends with them."""
    lines = [flow for flow in flows if flow in YEAR_TO_DATE]
    if not lines:
        return four
    years = annual.select(*_STATE, "period_end", *lines)
    return four.join(years, on=[*_STATE, "period_end"], how="left", suffix="_of_year").with_columns(
        pl.coalesce(line, f"{line}_of_year").alias(line) for line in lines
    )


def _newest(years: pl.DataFrame) -> pl.DataFrame:
    """The trailing year of each state: on one period's end the quarters win, else the later one.

    So the annual report wins where the quarters lag behind it or have a gap.
    """
    return (
        years.filter("_is_newest")
        .drop("_is_newest")
        .sort(*_STATE, "period_end", "basis")
        .unique(_STATE, keep="last", maintain_order=True)
    )


def _year_before(newest: pl.DataFrame, years: pl.DataFrame, back: int, flows: tuple[str, ...]) -> pl.DataFrame:
    """Flows of the year that ended `back` years before the newest one, named with `_back`; quarters win."""
    least, most = YEAR_GAP_DAYS
    gap_days = (pl.col("_newest_end") - pl.col("period_end")).dt.total_days()
    return (
        years.join(newest.select(*_STATE, _newest_end="period_end"), on=_STATE)
        .filter(gap_days.is_between(back * least, back * most))
        .sort(*_STATE, "basis", "period_end")
        .unique(_STATE, keep="last", maintain_order=True)
        .select(*_STATE, *(pl.col(flow).alias(f"{flow}_{back}") for flow in flows))
    )


def _known_at_each_change(versions: pl.DataFrame, first: date, last: date, kept_for: str) -> pl.DataFrame:
    """The visible facts of each entity on each day (`state_from`) on which what is known of it changes."""
    visible = visible_versions(versions)
    states = (
        pl.concat(
            visible.select("source_entity", pl.col(day).alias("state_from")) for day in ("valid_from", "valid_to")
        )
        .filter(pl.col("state_from") <= last)
        .with_columns(pl.max_horizontal("state_from", pl.lit(first, pl.Date)))
        .unique()
    )
    day = pl.col("state_from")
    return visible.join(states, on="source_entity").filter(
        (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (day < pl.col("valid_to")))
        & (pl.col("report_date") >= day.dt.offset_by(f"-{kept_for}"))
    )


def _four_quarters(quarters: pl.DataFrame, follows_after: tuple[int, int], flows: tuple[str, ...]) -> pl.DataFrame:
    """Each quarter of each state summed with the three before it, where the four follow each other."""
    ordered = quarters.sort(*_STATE, "report_date", descending=[False, False, True])
    gap_days = (pl.col("report_date") - pl.col("report_date").shift(-1)).dt.total_days()
    return (
        ordered.with_columns(gap_days.is_between(*follows_after).alias("_follows"))
        .with_columns(
            (_same_state(-3) & pl.all_horizontal(pl.col("_follows").shift(-i) for i in range(3))).alias("_is_year"),
            _same_state(1).fill_null(value=False).not_().alias("_is_newest"),
            pl.max_horizontal(pl.col("vintage_date").shift(-i) for i in range(4)).alias("vintage_date"),
            *(
                pl.sum_horizontal((pl.col(flow).shift(-i) for i in range(4)), ignore_nulls=False).alias(flow)
                for flow in flows
            ),
            pl.lit("quarters").alias("basis"),
            (pl.col(INCOME) if INCOME in flows else pl.lit(None, pl.Int64)).alias(LAST_QUARTER),
        )
        .filter("_is_year")
        .rename({"report_date": "period_end"})
    )


def _same_state(rows_away: int) -> pl.Expr:
    return pl.all_horizontal(pl.col(name) == pl.col(name).shift(rows_away) for name in _STATE)


def _after_nine_months(
    unreported: pl.DataFrame, nine_months: pl.DataFrame, gap_days: tuple[int, int], flows: tuple[str, ...]
) -> pl.DataFrame:
    """Fourth quarters that nobody reported: the year less its first nine months, reported in one sum."""
    gap = (pl.col("report_date") - pl.col("report_date_nine")).dt.total_days()
    return (
        unreported.join(nine_months, on=_STATE, suffix="_nine")
        .filter(gap.is_between(*gap_days))
        .sort(*_STATE, "report_date", "report_date_nine")
        .unique([*_STATE, "report_date"], keep="last", maintain_order=True)
        .with_columns(
            pl.max_horizontal("vintage_date", "vintage_date_nine").alias("vintage_date"),
            *((pl.col(flow) - pl.col(f"{flow}_nine")).alias(flow) for flow in flows),
        )
        .select(unreported.columns)
    )


def _after_three_quarters(unreported: pl.DataFrame, quarters: pl.DataFrame, flows: tuple[str, ...]) -> pl.DataFrame:
    """Fourth quarters that nobody reported: the year less its first three quarters, where all are known."""
    pairs = unreported.join(quarters, on=_STATE, suffix="_quarter").filter(
        (pl.col("report_date_quarter") < pl.col("report_date"))
        & (pl.col("report_date_quarter") > pl.col("report_date").dt.offset_by("-11mo"))
    )
    is_complete = pl.len() == 3
    return (
        pairs.group_by(*_STATE, "report_date")
        .agg(
            is_complete.alias("_is_complete"),
            pl.max_horizontal("vintage_date", "vintage_date_quarter").max().alias("vintage_date"),
            *(
                pl.when(pl.col(f"{flow}_quarter").null_count() == 0)
                .then(pl.col(flow).first() - pl.col(f"{flow}_quarter").sum())
                .alias(flow)
                for flow in flows
            ),
        )
        .filter("_is_complete")
        .select(quarters.columns)
    )
