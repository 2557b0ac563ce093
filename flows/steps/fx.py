"""Quotes and statements in other currencies than USD: when rates are asked for, which count, and lines without one."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import polars as pl

from flows.edge import ddl
from flows.edge.archive import Archive
from flows.edge.landing import LandedFile
from flows.edge.warehouse import reading
from flows.errors import SourceError
from flows.run import Run
from flows.sources import Source, files
from flows.steps.reader import Reader
from flows.steps.reading import read
from flows.steps.rejects import rejects_of
from transforms.contracts import table
from transforms.core.fx import CARRIED_DAYS, MINOR_UNITS, NO_RATES, USD, in_major_units, usd_rates, with_rate
from transforms.core.fx_rates import fx_rate_rows

ROLE: Final = "fx"
RowsOf = Callable[[LandedFile], pl.DataFrame | None]
STATEMENTS_REACH_BACK = timedelta(days=6 * 366)
"""Five years of statements are looked at on a session, and a period may begin a year before its end."""
_FOREIGN_STATEMENT = "select exists(select 1 from core.fundamentals where currency <> 'USD')"


def is_needed(run: Run, adapter: Source) -> bool:
    """Whether a source is asked at all: one of rates only for schemes, quotes or statements in another currency."""
    has_foreign_scheme = any(scheme.currency != USD for scheme in run.schemes.values())
    return adapter.roles != (ROLE,) or has_foreign_scheme or _has_foreign_quotes(run) or _has_foreign_statements(run)


def is_at_hand(run: Run, adapter: Source) -> bool:
    """Whether an archive has rates anyway, for statements in other currencies that nobody has read yet."""
    if adapter.roles != (ROLE,) or run.archive is None or not run.settings.sources_of("fundamentals"):
        return False
    return bool(adapter.archive_files(Archive(run.archive), ()))


def is_foreign() -> pl.Expr:
    """Lines in another currency than USD; a blank one means USD."""
    return pl.col("currency").fill_null(USD) != USD


def load_rates(run: Run, rows_of: RowsOf) -> pl.DataFrame:
    """RATES of the newest readable file; an archive's, whose day nobody noted, fills what that one lacks.

    ``rows_of``: the rows of a landed file, None where it cannot be read.
    """
    parts = []
    for name in run.settings.sources_of(ROLE):
        landed = run.landing.newest(name)
        dated = sorted((file for file in landed if file.vintage_date), key=lambda file: file.key, reverse=True)
        newest = next((rows for file in dated if (rows := rows_of(file)) is not None), None)
        undated = [rows_of(file) for file in landed if not file.vintage_date]
        found = [usd_rates(rows) for rows in (newest, *undated) if rows is not None]
        parts += [rates.with_columns(source=pl.lit(name)) for rates in found]
    if not parts:
        return NO_RATES.with_columns(source=pl.lit(None, pl.String))
    return pl.concat(parts).unique(["currency", "as_of"], keep="first", maintain_order=True)


def rates_read(run: Run, reader: Reader) -> pl.DataFrame:
    """RATES with their source; a file that cannot be read is marked and told."""
    enabled = set(run.settings.enabled_sources)
    return load_rates(run, lambda file: reader.rows(file) if file.source in enabled else None)


def changed_rates(run: Run, stored: pl.DataFrame, first: date, last: date | None) -> bool:
    """Whether what lies in landing says of the judged sessions anything else than the warehouse (core.fx_rates).

    A rate that came late, or that the publisher corrected, is about the past, and the sessions are judged again.
    """

    def rows_of(file: LandedFile) -> pl.DataFrame | None:
        try:
            return read(run, file)[0]
        except SourceError:  # the build marks the file and tells of it
            return None

    now = fx_rates(load_rates(run, rows_of), first, last)
    return not now.equals(stored.select(now.columns).cast(now.schema).sort(table("core.fx_rates").key))


def fx_rates(rates: pl.DataFrame, first: date, last: date | None) -> pl.DataFrame:
    """core.fx_rates: what sessions from the first to the last admitted one, and their statements, are stated by."""
    if last is None:
        return table("core.fx_rates").empty()
    used = rates.filter(pl.col("as_of").is_between(first - STATEMENTS_REACH_BACK, last))
    return fx_rate_rows(used)


def with_rates_only(wanted: pl.DataFrame, rates: pl.DataFrame, file: LandedFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quotes in USD or in a currency with a rate, prices in whole currencies; and the others, set aside with reasons.

    Taken as dollars their caps would be wrong without an error.
    """
    foreign = wanted.filter(is_foreign())
    if foreign.is_empty():
        return wanted, rejects_of(foreign, file.source, file="", field="", reason_code="", detail=pl.lit(""))
    placed = with_rate(in_major_units(foreign), rates)
    usable = placed.filter(pl.col("usd_per_unit").is_not_null()).select(wanted.columns)
    without = placed.filter(pl.col("usd_per_unit").is_null())
    known = rates["currency"].unique().implode()
    is_unknown = pl.lit(rates.height > 0) & ~pl.col("currency").is_in(known)
    rejects = rejects_of(
        without,
        file.source,
        file=file.name,
        field="currency",
        reason_code=pl.when(is_unknown).then(pl.lit("unknown_currency")).otherwise(pl.lit("no_fx_rate")),
        detail=pl.format("{} {}: {}", "close", "currency", _why(is_unknown, rates.is_empty())),
    )
    return pl.concat([wanted.filter(~is_foreign()), usable]), rejects


def _why(is_unknown: pl.Expr, is_without_rates: bool) -> pl.Expr:
    if is_without_rates:
        return pl.lit("there are no exchange rates to state its cap in USD")
    minor = ", ".join(MINOR_UNITS)
    return (
        pl.when(is_unknown)
        .then(pl.format("{} is no currency that has reference rates, nor one of {}", "currency", pl.lit(minor)))
        .when(pl.col("rate_as_of").is_null())
        .then(pl.lit("there is no rate by then"))
        .otherwise(pl.format("its newest rate is of {}, more than {} days before", "rate_as_of", pl.lit(CARRIED_DAYS)))
    )


def _has_foreign_quotes(run: Run) -> bool:
    if run.settings.sources_of("quotes")[0] != files.NAME:
        return False
    return any(_is_foreign_file(run, file) for file in run.landing.newest(files.NAME, "quotes"))


def _has_foreign_statements(run: Run) -> bool:
    """Whether a night before found any: the first one that does has no rates yet, and the next judges all again."""
    if not run.paths.warehouse.exists():
        return False
    with reading(run.paths.warehouse) as con:
        found = con.execute(_FOREIGN_STATEMENT).fetchone() if ddl.stored_fingerprint(con) == ddl.fingerprint() else None
    return bool(found and found[0])


def _is_foreign_file(run: Run, file: LandedFile) -> bool:
    try:
        rows, _ = read(run, file)
    except SourceError:  # staging tells why
        return False
    return bool(rows.select(is_foreign().any()).item())
