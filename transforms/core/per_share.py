"""core.per_share_facts: earnings per share as filed, and in shares of the last session.

A report restates its figures per share for the splits before it, so a figure is in the shares of its filing's day, and
splits with an ex-date strictly after that day divide it. A count of shares is of its own as-of date instead.
Source: companyfacts of SEC EDGAR.
"""

from datetime import date

import polars as pl

from transforms.contracts.per_share import PER_SHARE_FACTS
from transforms.core.fundamentals import known_at
from transforms.core.registrants import registrants, since_linked
from transforms.core.sec_facts import fault, of_statements, period_kind
from transforms.core.sec_tag_map import PER_SHARE_TAGS
from transforms.core.security_types import EQUITY_TYPES
from transforms.staging.sec_source import SEC

MOST_GAP_DAYS = 10
"""A split during a longer absence shows in no price: Ampio's one for fifteen, 2022-11-09, while it was halted."""
_PERIOD = ["company_id", "concept", "period_start", "period_end", "currency"]


def per_share_facts(facts: pl.DataFrame, securities: pl.DataFrame, splits: pl.DataFrame, last: date) -> pl.DataFrame:
    """core.PER_SHARE_FACTS of facts (FACTS with ``known_on``) known by ``last``, the last admitted session.

    ``securities``: rows of core.securities. ``splits``: company_id, ex_date and ratio, without withdrawn ones.
    A filing that repeats what the one before it said, in the same shares, is left out.
    """
    filed = _filed(facts.filter(pl.col("known_on") <= pl.lit(last, pl.Date)))
    placed = since_linked(filed, registrants(securities))
    restated = _with_ratios(placed, securities, splits, last).sort(*_PERIOD, "filed", "known_on", "accession")
    told = pl.struct("value", "split_ratio")
    is_repeated = told.eq_missing(told.shift(1).over(_PERIOD)) & pl.col("filed").shift(1).over(_PERIOD).is_not_null()
    return PER_SHARE_FACTS.conform(
        restated.filter(~is_repeated).with_columns(
            known_at=known_at(pl.col("known_on")),
            value_today=pl.col("value") / pl.col("split_ratio"),
            source=pl.lit(SEC),
        )
    )


def _filed(facts: pl.DataFrame) -> pl.DataFrame:
    """One row per filing, concept, period and currency, under the best tag that the filing has."""
    named = of_statements(facts, list(PER_SHARE_TAGS)).filter(fault().is_null())
    concepts = pl.DataFrame(
        [(tag, concept, rank) for tag, told in PER_SHARE_TAGS.items() for concept, rank in told],
        {"tag": pl.String, "concept": pl.String, "rank": pl.Int8},
        orient="row",
    )
    key = ["cik", "accession", "concept", "period_start", "period_end", "currency"]
    return (
        named.with_columns(currency=pl.col("unit").str.extract("^([A-Z]{3})/shares$"), period_kind=period_kind())
        .filter(pl.col("currency").is_not_null() & pl.col("period_kind").is_not_null())
        .join(concepts, on="tag")
        .sort(*key, "rank", "value")
        .unique(key, keep="first", maintain_order=True)
    )


def _with_ratios(rows: pl.DataFrame, securities: pl.DataFrame, splits: pl.DataFrame, last: date) -> pl.DataFrame:
    """Adds ``split_ratio``, null where the splits since the filing are not all known to be those of its shares."""
    filings = rows.select("company_id", "filed").unique()
    since = (
        filings.join(splits, on="company_id")
        .filter((pl.col("ex_date") > pl.col("filed")) & (pl.col("ex_date") <= pl.lit(last, pl.Date)))
        .group_by("company_id", "filed")
        .agg(pl.col("ratio").sort_by("ex_date").product())
    )
    is_told = pl.col("quoted_from") <= pl.col("filed")
    ratios = (
        filings.join(_quoted(securities), on="company_id", how="left")
        .join(since, on=["company_id", "filed"], how="left")
        .select("company_id", "filed", split_ratio=pl.when(is_told).then(pl.col("ratio").fill_null(1.0)))
    )
    return rows.join(ratios, on=["company_id", "filed"])


def _quoted(securities: pl.DataFrame) -> pl.DataFrame:
    """company_id and ``quoted_from``: since when it has been quoted without a gap, in shares of its own, until now."""
    lines = securities.filter(pl.col("security_type").is_in(EQUITY_TYPES)).sort("company_id", "valid_from")
    until = pl.col("valid_to").fill_null(pl.lit(date.max, pl.Date)).cum_max().shift(1).over("company_id")
    is_after_gap = ((pl.col("valid_from") - until).dt.total_days() > MOST_GAP_DAYS).fill_null(value=True)
    return (
        lines.with_columns(begun=pl.when(is_after_gap).then("valid_from"))
        .group_by("company_id")
        .agg(
            quoted_from=pl.col("begun").max(),
            is_quoted=pl.col("valid_to").is_null().any(),
            is_depositary=(pl.col("security_type") == "depositary_share").any(),
        )
        .filter(pl.col("is_quoted") & ~pl.col("is_depositary"))
        .select("company_id", "quoted_from")
    )
