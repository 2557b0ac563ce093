"""Operating companies that came out of a shell: since when, and which filed counts are still the shell's.

A cover page from before the merger counts the shares of the shell, a tenth of the company's or less; the registrant
(CIK) is the same, so nothing else tells them apart.
"""

from datetime import date

import polars as pl

from transforms.core.count_memory import FACTOR_SCHEMA
from transforms.core.rows import NONE, constant, gathered
from transforms.core.security_types import EQUITY_TYPES

SHELL = "spac"
OF_SHELL = "of_shell"
"""Why a count is refused that became known after the merger and counts a day before it."""


def with_operating_from(
    lines: pl.DataFrame, registry: pl.DataFrame, counts: pl.DataFrame, session: date
) -> pl.DataFrame:
    """Add ``operating_from``: the session on which a line was a shell's no more; null where no shell was seen.

    ``lines``: of `identity.resolve`, with last_shares, last_operating_from and FACTOR_SCHEMA under ``last_<name>``.
    ``counts``: `filed_counts.CURRENT` of the last admitted session. A security is compared with its type on that
    session; a new one, of a registrant that had listed nothing but a shell, comes out of that. What the vendor counted
    of the shell is forgotten: 300 million after 25 is no jump.
    """
    (before,) = gathered(registry, ["security_type"], lines["registry_row"].to_numpy())
    was_shell = (before == SHELL).fill_null(value=False)
    is_equity = lines["security_type"].is_in(EQUITY_TYPES)
    is_out = is_equity & (was_shell | _is_new_line_of_shell(lines, registry, counts, is_equity))
    since = constant("operating_from", session, lines.height)
    after = lines.hstack([since.zip_with(is_out, lines["last_operating_from"]).alias("operating_from")])
    if not is_out.any():
        return after
    shells = ("last_shares", *(f"last_{name}" for name in FACTOR_SCHEMA))
    return after.with_columns(pl.when(~is_out).then(pl.col(name)).alias(name) for name in shells)


def _is_new_line_of_shell(
    lines: pl.DataFrame, registry: pl.DataFrame, counts: pl.DataFrame, is_equity: pl.Series
) -> pl.Series:
    """Whether a line is the first of an operating company whose shell is in the registry as another security.

    Maps of tickers name no shell that merged before the first of them: the symbol on its cover page tells whose it was.
    """
    ciks = lines["cik"].filter(is_equity & (lines["registry_row"] == NONE)).drop_nulls()
    if ciks.is_empty():
        return constant("is_new", value=False, height=lines.height)
    ours = registry.filter(registry["cik"].is_in(ciks.implode()))
    filed = counts.filter(counts["cik"].is_in(ciks.implode()) & counts["symbol"].is_not_null())
    shells = registry["symbol"].filter(registry["security_type"] == SHELL)
    by_symbol = filed["cik"].filter(filed["symbol"].is_in(shells.implode()))
    of_shells = pl.concat([ours["cik"].filter(ours["security_type"] == SHELL), by_symbol])
    of_companies = ours["cik"].filter(ours["security_type"].is_in(EQUITY_TYPES))
    out = of_shells.filter(~of_shells.is_in(of_companies.implode()))
    return (lines["registry_row"] == NONE) & lines["cik"].is_in(out.implode()).fill_null(value=False)


def without_shells(counts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Filed counts (`filed_counts.CURRENT`) but those of the shells that today's companies came out of.

    They are no measure for the next count either: it would be a jump.
    """
    is_shells = are_of_shells(counts, lines)
    return counts.filter(~is_shells) if is_shells.any() else counts


def refused_of_shells(decided: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """`filed_counts.DECIDED` with what counts a shell refused, such as its last report filed after the merger."""
    is_shells = are_of_shells(decided, lines) & (decided["status"] == "accepted")
    if not is_shells.any():
        return decided
    return decided.with_columns(
        status=pl.when(is_shells).then(pl.lit("refused")).otherwise("status"),
        reason_code=pl.when(is_shells).then(pl.lit(OF_SHELL)).otherwise("reason_code"),
    )


def are_of_shells(counts: pl.DataFrame, lines: pl.DataFrame) -> pl.Series:
    """Whether each count is as of a day before a line of its registrant came out of a shell."""
    out = lines["operating_from"].is_not_null() & lines["cik"].is_not_null()
    if counts.is_empty() or not out.any():
        return constant("is_shells", value=False, height=counts.height)
    since = lines.filter(out).group_by("cik").agg(pl.col("operating_from").max())
    told = counts.select("cik", "as_of").join(since, on="cik", how="left", maintain_order="left")
    return (told["as_of"] < told["operating_from"]).fill_null(value=False)
