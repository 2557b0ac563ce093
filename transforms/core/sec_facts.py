"""Filed XBRL facts as rows of statements: one row per filing and period, one column per tag."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from transforms.core.sec_tag_map import FLOW_READINGS, IFRS, PER_SHARE_TAGS, STOCK_READINGS, tags_of
from transforms.staging.model import REJECT_COLUMNS
from transforms.staging.sec_source import SEC

ENTITY_PREFIX = "CIK"
_REPORTS = ("10-K", "10-KT", "10-Q", "10-QT", "20-F", "40-F", "6-K", "8-K", "10-12B", "10-12G", "S-1", "S-4", "F-1")
FORMS = frozenset(name + suffix for name in _REPORTS for suffix in ("", "/A"))
"""Filings that carry statements. Proxies (DEF 14A) repeat the year's net income beside the managers' pay."""

KIND_DAYS: dict[str, tuple[int, int]] = {
    "quarter": (75, 120),
    "half_year": (150, 215),
    "nine_months": (235, 295),
    "annual": (345, 380),
}
"""Lengths of a period, first and last day counted: 12 to 17 weeks are a quarter (retailers), 52 or 53 a year."""
SAME_END_DAYS = 10
"""Ends this close are one: a filing may call the year of 52 weeks that ended on Sunday the 1st December 31st."""

_SHARE_TAGS = frozenset(
    tag for concept in ("shares_basic", "shares_diluted") for reading in FLOW_READINGS[concept] for tag in reading.used
)
_FLOW_TAGS, _STOCK_TAGS = tags_of(FLOW_READINGS), tags_of(STOCK_READINGS)
_FILING = ("cik", "filed", "accession")
_PERIOD = ("period_start", "period_end")
_MOST_ZEROS = 9


@dataclass(frozen=True)
class FiledRows:
    """One row per filing, kind of period and report_date, with one Int64 column per tag, in `flows` and `stocks`.

    Both hold cik, filed, accession, currency, fiscal_year_end (month), period_kind, period_start,
    period_end (as filed) and report_date (the end by which the period is known, see `_report_dates`).
    """

    flows: pl.DataFrame
    stocks: pl.DataFrame


def rejected_facts(facts: pl.DataFrame) -> pl.DataFrame:
    """One row per fact that a statement or a figure per share would use and that cannot be true (REJECT_COLUMNS)."""
    used = pl.concat([_of_statements(facts), of_statements(facts, list(PER_SHARE_TAGS))])
    told = used.with_columns(fault().alias("reason_code")).filter(pl.col("reason_code").is_not_null())
    return told.select(
        pl.lit(SEC).alias("source"),
        pl.col("accession").alias("file"),
        entity(pl.col("cik")).alias("entity"),
        pl.col("tag").alias("field"),
        "reason_code",
        pl.format("{} filed {}, period ends {}", "value", "filed", "period_end").alias("detail"),
    ).cast(REJECT_COLUMNS)  # type: ignore[arg-type]


def entity(cik: pl.Expr) -> pl.Expr:
    """The id of a company as its own filings name it: CIK and ten digits."""
    return ENTITY_PREFIX + cik.cast(pl.String).str.zfill(10)


def filed_rows(facts: pl.DataFrame) -> FiledRows:
    """The statements of every filing in `facts` (FACTS), as far as they can be true."""
    usable = _of_statements(facts).filter(fault().is_null())
    usable = _without_doubles(_in_reporting_currency(usable)).join(_fiscal_year_ends(usable), on=_FILING)
    flows = _rows(usable.filter(pl.col("period_start").is_not_null()), _FLOW_TAGS)
    stocks = _rows(usable.filter(pl.col("period_start").is_null()), _STOCK_TAGS)
    flows = flows.with_columns(period_kind()).filter(pl.col("period_kind").is_not_null() & _any_of("net_income_common"))
    # A balance sheet has total assets: equity of an opening or of an acquisition's day is no balance.
    stocks = stocks.with_columns(pl.lit("quarter").alias("period_kind")).filter(_any_of("total_assets"))
    ends = _report_dates(pl.concat([rows.select("cik", "filed", "period_end") for rows in (flows, stocks)]))
    return FiledRows(*(_one_per_period(rows.join(ends, on=["cik", "period_end"])) for rows in (flows, stocks)))


def of_statements(facts: pl.DataFrame, tags: Collection[str]) -> pl.DataFrame:
    """Facts of reports under any of ``tags``, which are named as in the tag map."""
    name = pl.when(pl.col("taxonomy") == "us-gaap").then("tag").otherwise(pl.lit(IFRS) + pl.col("tag"))
    reported = pl.col("taxonomy").is_in(["us-gaap", IFRS.rstrip(":")]) & pl.col("form").is_in(list(FORMS))
    return facts.filter(reported).with_columns(name.alias("tag")).filter(pl.col("tag").is_in(list(tags)))


def _of_statements(facts: pl.DataFrame) -> pl.DataFrame:
    """Facts of the tags that statements are read from: flows over a period, stocks on a day."""
    known = of_statements(facts, {*_FLOW_TAGS, *_STOCK_TAGS})
    is_instant = pl.col("period_start").is_null()
    return known.filter(
        pl.when(is_instant).then(pl.col("tag").is_in(_STOCK_TAGS)).otherwise(pl.col("tag").is_in(_FLOW_TAGS))
    )


def fault() -> pl.Expr:
    """Why a fact cannot be true; null where it can."""
    return (
        pl.when(pl.any_horizontal(pl.col("value", "filed", "period_end", "accession", "cik").is_null()))
        .then(pl.lit("missing_value"))
        .when(~pl.col("value").is_finite() | (pl.col("value").abs() > 9e18))
        .then(pl.lit("not_a_number"))
        .when(pl.col("filed") < pl.col("period_end"))
        .then(pl.lit("published_before_period_end"))
        .when(pl.col("period_start") > pl.col("period_end"))
        .then(pl.lit("period_ends_before_it_starts"))
    )


def _in_reporting_currency(facts: pl.DataFrame) -> pl.DataFrame:
    """Adds currency, a filing's most used one; its facts in others are translations for convenience."""
    is_money = pl.col("unit").str.contains("^[A-Z]{3}$")
    is_shares = pl.col("tag").is_in(list(_SHARE_TAGS))
    currency = (
        facts.filter(is_money)
        .group_by(*_FILING, pl.col("unit").alias("currency"))
        .len()
        .sort(*_FILING, "len", "currency", descending=[False] * 3 + [True, False])
        .unique(_FILING, keep="first", maintain_order=True)
        .drop("len")
    )
    unit = pl.when(is_shares).then(pl.lit("shares")).otherwise("currency")
    return facts.join(currency, on=_FILING).filter(pl.col("unit") == unit)


def _without_doubles(facts: pl.DataFrame) -> pl.DataFrame:
    """Of values that one filing gives for one tag and period the most exact; values as Int64."""
    whole = facts.with_columns(pl.col("value").round().cast(pl.Int64))
    key = [*_FILING, "tag", *_PERIOD]
    is_double = pl.struct(key).is_duplicated()
    zeros = pl.sum_horizontal(pl.col("value") % 10**count == 0 for count in range(1, _MOST_ZEROS + 1))
    exact = whole.filter(is_double).sort(*key, zeros, "value").unique(key, keep="first", maintain_order=True)
    return pl.concat([whole.filter(~is_double), exact])


def _fiscal_year_ends(facts: pl.DataFrame) -> pl.DataFrame:
    """The month in which each filing's fiscal year ends: its period's end, and which quarter it calls that.

    A filing that does not say keeps the month of the one before, at first December.
    """
    quarters_left = 4 - pl.col("fiscal_period").str.extract(r"^Q([1-4])$").cast(pl.Int64)
    left = pl.when(pl.col("fiscal_period") == "FY").then(0).otherwise(quarters_left)
    return (
        facts.group_by(_FILING)
        .agg(
            pl.col("period_end").filter(pl.col("period_start").is_not_null()).max(),
            pl.col("fiscal_period").drop_nulls().min(),
        )
        .sort(_FILING)
        .select(*_FILING, ((month(pl.col("period_end")) + 3 * left - 1) % 12 + 1).alias("fiscal_year_end"))
        .with_columns(pl.col("fiscal_year_end").forward_fill().over("cik").fill_null(12))
    )


def month(end: pl.Expr) -> pl.Expr:
    """The month that a period's end stands for: years of 52 weeks end up to ten days into the next one."""
    return (end - pl.duration(days=SAME_END_DAYS)).dt.month().cast(pl.Int64)


def _rows(facts: pl.DataFrame, tags: tuple[str, ...]) -> pl.DataFrame:
    index = [*_FILING, "currency", "fiscal_year_end", *_PERIOD]
    schema = {**{name: facts.schema[name] for name in index}, **dict.fromkeys(tags, pl.Int64())}
    if facts.is_empty():
        return pl.DataFrame(schema=schema)
    wide = facts.pivot(on="tag", index=index, values="value", aggregate_function="first")
    absent = [pl.lit(None, pl.Int64).alias(tag) for tag in tags if tag not in wide.columns]
    return wide.with_columns(absent).select(list(schema))


def period_kind() -> pl.Expr:
    """``period_kind``, a name in KIND_DAYS; null for a length that no period of a report has."""
    days = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    kinds = (pl.when(days.is_between(*limits)).then(pl.lit(kind)) for kind, limits in KIND_DAYS.items())
    return pl.coalesce(kinds).alias("period_kind")


def _any_of(concept: str) -> pl.Expr:
    readings = (FLOW_READINGS | STOCK_READINGS)[concept]
    return pl.any_horizontal(reading.value().is_not_null() for reading in readings)


def _report_dates(ends: pl.DataFrame) -> pl.DataFrame:
    """cik, period_end, report_date: of the ends within ten days the one that was filed first.

    Only earlier filings decide, so a later one never renames a period.
    """
    first = ends.group_by("cik", "period_end").agg(pl.col("filed").min())
    slot = pl.col("period_end").cast(pl.Int32) // (SAME_END_DAYS + 1)
    near = pl.concat(first.with_columns((slot + step).alias("_slot")) for step in (-1, 0, 1))
    return (
        first.with_columns(slot.alias("_slot"))
        .join(near, on=["cik", "_slot"], suffix="_near")
        .filter((pl.col("period_end") - pl.col("period_end_near")).dt.total_days().abs() <= SAME_END_DAYS)
        .sort("cik", "period_end", "filed_near", "period_end_near")
        .unique(["cik", "period_end"], keep="first", maintain_order=True)
        .select("cik", "period_end", pl.col("period_end_near").alias("report_date"))
    )


def _one_per_period(rows: pl.DataFrame) -> pl.DataFrame:
    """Of a filing's rows for one period the fullest; then the one that ends on the report_date."""
    key = [*_FILING, "period_kind", "report_date"]
    tags = [name for name in rows.columns if name in _FLOW_TAGS or name in _STOCK_TAGS]
    told = pl.sum_horizontal(pl.col(tag).is_null().cast(pl.Int32) for tag in tags)
    return rows.sort(*key, told, pl.col("period_end") != pl.col("report_date"), "period_end", "period_start").unique(
        key, keep="first", maintain_order=True
    )
