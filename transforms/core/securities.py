"""core.securities: what each listed line was called and was, by validity interval."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.core import SECURITIES
from transforms.core.delistings import DELISTING
from transforms.core.intervals import fold

ATTRIBUTES = (
    "company_id",
    "symbol",
    "exchange",
    "name",
    "security_type",
    "type_rule",
    "country",
    "sector",
    "industry",
)


def securities(
    base: pl.DataFrame, observed: pl.DataFrame, attributes: pl.DataFrame, last: Sequence[date]
) -> pl.DataFrame:
    """All rows of core.securities after new sessions.

    ``base``: the table so far. ``observed``: security_id, session_date, company_id, attributes_id.
    ``attributes``: attributes_id, cik and ATTRIBUTES without company_id. ``last``: admitted sessions, from the last one
    behind ``base`` on. A security's attributes hold until others are seen; absence for a session changes nothing but
    ``valid_to``. A CIK opens no interval: where it is not known, that of the intervals before counts, or else of those
    after. Delistings stay empty: see `delistings`.
    """
    if observed.is_empty():
        return base
    # Only changes matter, so strings are compared once per run of one attribute row, not once per session.
    runs = fold(
        _no_runs(),
        observed.select("security_id", "session_date", "company_id", "attributes_id"),
        key="security_id",
        values=("company_id", "attributes_id"),
        admitted=last,
        breaks_on_gap=False,
    ).join(attributes, on="attributes_id", how="left")
    newest = base.sort("security_id", "valid_from").unique("security_id", keep="last", maintain_order=True)
    told = pl.concat(
        [
            newest.select("security_id", *ATTRIBUTES, "cik", "valid_from", last_seen=pl.col("last_session")),
            runs.select("security_id", *ATTRIBUTES, "cik", "valid_from", "last_seen"),
        ]
    ).sort("security_id", "valid_from")
    merged = _merge_equal(told)
    older = base.join(newest.select("security_id", "valid_from"), on=["security_id", "valid_from"], how="anti")
    return _finished(
        pl.concat([older.select(merged.columns[:-1]).with_columns(last_seen=older["valid_to"]), merged]), last[-1]
    )


def _no_runs() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "security_id": pl.String,
            "company_id": pl.String,
            "attributes_id": pl.UInt32,
            "valid_from": pl.Date,
            "last_seen": pl.Date,
        }
    )


def _merge_equal(told: pl.DataFrame) -> pl.DataFrame:
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("security_id", *ATTRIBUTES))
    return (
        told.with_columns(run=(~same.fill_null(value=False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("security_id", *ATTRIBUTES).first(),
            pl.col("cik").drop_nulls().last(),
            pl.col("valid_from").first(),
            pl.col("last_seen").last(),
        )
        .drop("run")
    )


def _finished(intervals: pl.DataFrame, last_admitted: date) -> pl.DataFrame:
    is_open = pl.col("last_seen") == pl.lit(last_admitted)
    return (
        intervals.sort("security_id", "valid_from")
        .with_columns(pl.col("cik").forward_fill().backward_fill().over("security_id"))
        .with_columns(
            first_session=pl.col("valid_from").min().over("security_id"),
            last_session=pl.col("last_seen").max().over("security_id"),
            valid_to=pl.when(~is_open).then(pl.col("last_seen")),
            **{name: pl.lit(None, dtype) for name, dtype in DELISTING.items()},
        )
        .select(SECURITIES.column_names)
        .sort(SECURITIES.key)
    )
