"""Statements in other currencies in US dollars, as accountants translate them: flows by average, stocks by spot."""

from datetime import timedelta

import polars as pl

from transforms.core.fundamentals import FLOW_CONCEPTS, STOCK_CONCEPTS, Statements
from transforms.core.fx import CARRIED_DAYS, USD
from transforms.exact import fixed_point

COUNTS = ("shares_basic", "shares_diluted")
"""Lines that are no money."""
_RATE_SCALE = 10**12
_PERIOD = ("currency", "period_start", "report_date")


def in_usd(statements: Statements, rates: pl.DataFrame) -> Statements:
    """The same statements, those of other currencies in whole USD where the rates for it are known.

    ``rates``: RATES. A flow is taken at the mean of the daily rates from the first to the last day of its period, a
    balance at the newest rate by its day, at most CARRIED_DAYS old (ASC 830, IAS 21). Where the rates do not reach over
    the whole period, CARRIED_DAYS of grace on either end, the statement stays in its currency, and no measure uses it.
    All are of the past when the statement is published, so nothing looks ahead.
    """
    return Statements(
        _converted(statements.income, rates, FLOW_CONCEPTS, is_flow=True),
        _converted(statements.balance, rates, STOCK_CONCEPTS, is_flow=False),
    )


def has_foreign(statements: Statements) -> bool:
    """Whether any statement is in another currency."""
    return any(bool((rows["currency"] != USD).any()) for rows in (statements.income, statements.balance))


def _converted(
    versions: pl.DataFrame, rates: pl.DataFrame, concepts: tuple[str, ...], *, is_flow: bool
) -> pl.DataFrame:
    foreign = versions.filter(pl.col("currency") != USD)
    if foreign.is_empty() or rates.is_empty():
        return versions
    periods = foreign.select(_PERIOD).unique()
    told = _averages(periods, rates) if is_flow else _spots(periods, rates)
    rated = versions.join(told, on=_PERIOD, how="left", maintain_order="left", nulls_equal=True)
    is_known = pl.col("usd_per_unit").is_not_null()
    money = [name for name in concepts if name not in COUNTS]
    return rated.with_columns(
        *(
            pl.when(is_known)
            .then((pl.col(name) * pl.col("usd_per_unit")).round().cast(pl.Int64))
            .otherwise(name)
            .alias(name)
            for name in money
        ),
        currency=pl.when(is_known).then(pl.lit(USD)).otherwise("currency"),
    ).select(versions.columns)


def _averages(periods: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """_PERIOD and usd_per_unit: mean of the days with a rate, from sums up to either end in whole 1e-12."""
    so_far = rates.sort("as_of").select(
        "currency",
        "as_of",
        total=fixed_point(pl.col("usd_per_unit"), _RATE_SCALE).cum_sum().over("currency"),
        count=pl.int_range(1, pl.len() + 1).over("currency"),
        first=pl.col("as_of").min().over("currency"),
    )
    before_start = periods.with_columns(_day=pl.col("period_start") - timedelta(days=1))
    ends = _at(before_start.with_columns(_end="report_date"), so_far, "_end", "_to")
    both = _at(ends, so_far, "_day", "_from")
    grace = timedelta(days=CARRIED_DAYS)
    is_whole = (pl.col("first_to") <= pl.col("period_start") + grace) & (
        pl.col("as_of_to") >= pl.col("report_date") - grace
    )
    total = pl.col("total_to") - pl.col("total_from").fill_null(0)
    count = pl.col("count_to") - pl.col("count_from").fill_null(0)
    mean = total.cast(pl.Float64) / (count.cast(pl.Float64) * _RATE_SCALE)
    return both.filter(is_whole & (count > 0)).select(*_PERIOD, usd_per_unit=mean)


def _at(rows: pl.DataFrame, so_far: pl.DataFrame, day: str, suffix: str) -> pl.DataFrame:
    named = so_far.rename({name: f"{name}{suffix}" for name in so_far.columns if name != "currency"})
    return rows.sort(day).join_asof(
        named.sort(f"as_of{suffix}"),
        left_on=day,
        right_on=f"as_of{suffix}",
        by="currency",
        check_sortedness=False,
        coalesce=False,
    )


def _spots(periods: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    found = periods.sort("report_date").join_asof(
        rates.sort("as_of").with_columns(rate_as_of="as_of"),
        left_on="report_date",
        right_on="as_of",
        by="currency",
        check_sortedness=False,
    )
    is_fresh = pl.col("report_date") - pl.col("rate_as_of") <= timedelta(days=CARRIED_DAYS)
    return found.filter(is_fresh).select(*_PERIOD, "usd_per_unit")
