"""Splits that a source declares: which one is due on a session's lines, and which splits seen they confirm.

A declared date is the ex-date or the last days before it, so it moves no price by itself: `splits.with_splits` decides.
"""

from datetime import date, timedelta

import polars as pl

from transforms.core.rows import constant, gathered, rows_of

DECLARED: dict[str, pl.DataType] = {
    "symbol": pl.String(),
    "declared_on": pl.Date(),
    "ratio": pl.Float64(),
    "known_on": pl.Date(),
    "source": pl.String(),
}
"""One row per split and source, sources in order of precedence; ratio: new shares for one old."""
FILED_RATIOS: dict[str, pl.DataType] = {
    "cik": pl.Int64(),
    "known_on": pl.Date(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "accession": pl.String(),
    "ratio": pl.Float64(),
}
"""Ratios that companies filed, sorted by known_on; some file new for old, some old for new."""
DUE: dict[str, pl.DataType] = {"declared_ratio": pl.Float64(), "declared_age": pl.Int64()}

DUE_DAYS = 5
"""A list's date may lie before a weekend and a holiday; an operator's split may lie ahead, where its price shows it."""
SAME_DAYS = 7
"""How far a declared date may lie from the ex-date that the price showed."""
REMEMBERED_DAYS = 14
"""For how long a declared split may confirm one that was seen; sessions may be refused or missing meanwhile."""
APPLIED_DAYS = 10
"""Within these days a split of the same ratio is the same split."""
FILED_DAYS = 120
"""The report of the quarter of a split, by the slowest filers."""
PERIOD_DAYS = 31
"""How far from the period that a filed ratio is about the ex-date may lie."""
_RATIO_TOLERANCE = 1e-6
_FILED_BY = pl.lit("sec_edgar ") + pl.col("accession")


def near(declared: pl.DataFrame, session: date) -> pl.DataFrame:
    """Rows of DECLARED that say something about a session and were known by its end."""
    since, until = session - timedelta(days=REMEMBERED_DAYS), session + timedelta(days=DUE_DAYS)
    return declared.filter(pl.col("declared_on").is_between(since, until) & (pl.col("known_on") <= session))


def of_filings(filed: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """DECLARED of the ratios that companies filed for a day about the session, and were known by its end.

    ``filed``: FILED_RATIOS; one that is about a quarter says no day. ``lines``: symbol, cik, close, last_close. Whether
    a ratio is new for old or old for new, the close tells: it is taken the way in which it moved.
    """
    days = session - timedelta(days=DUE_DAYS), session + timedelta(days=DUE_DAYS)
    is_of_day = pl.col("period_start").is_null() | (pl.col("period_start") == pl.col("period_end"))
    told = filed.filter((pl.col("known_on") <= session) & pl.col("period_end").is_between(*days) & is_of_day)
    if told.is_empty():
        return no_declared()
    ratio = pl.max_horizontal("ratio", 1 / pl.col("ratio"))
    is_split_up = pl.col("last_close") >= pl.col("close")
    return (
        told.join(lines.select("symbol", "cik", "close", "last_close"), on="cik", maintain_order="left")
        .with_columns(ratio=pl.when(is_split_up).then(ratio).otherwise(1 / ratio))
        .select("symbol", "ratio", "known_on", declared_on="period_end", source=_FILED_BY)
        .select(pl.col(name).cast(dtype) for name, dtype in DECLARED.items())
    )


def due(lines: pl.DataFrame, declared: pl.DataFrame, splits: pl.DataFrame, session: date) -> list[pl.Series]:
    """DUE of each line: the ratio declared for these days and the days since its date; null where none is.

    ``lines``: symbol, security_id. ``declared``: of `near`. A split that ``splits`` has already is due no more.
    """
    open_ones = declared if declared.is_empty() else _open(lines, declared, splits, session)
    if open_ones.is_empty():
        return [constant(name, None, lines.height, dtype) for name, dtype in DUE.items()]
    found = gathered(open_ones, ("ratio", "age"), rows_of(lines["symbol"], open_ones["symbol"]))
    return [column.cast(dtype).alias(name) for column, (name, dtype) in zip(found, DUE.items(), strict=True)]


def _open(lines: pl.DataFrame, declared: pl.DataFrame, splits: pl.DataFrame, session: date) -> pl.DataFrame:
    """One row per symbol: of several declared splits that are due the nearest, and of equals the first source's."""
    age = (pl.lit(session) - pl.col("declared_on")).dt.total_days()
    return (
        declared.with_columns(age=age)
        .filter(pl.col("age") <= DUE_DAYS)
        .join(lines.select("symbol", "security_id"), on="symbol", maintain_order="left")
        .join(_recent(splits, session), on="security_id", how="left", maintain_order="left")
        .filter(~_is_same_ratio(pl.col("seen_ratio")).any().over("symbol", "declared_on", "source"))
        .sort(pl.col("age").abs(), maintain_order=True)
        .unique("symbol", keep="first", maintain_order=True)
    )


def _recent(splits: pl.DataFrame, session: date) -> pl.DataFrame:
    since = session - timedelta(days=APPLIED_DAYS)
    kept = splits.filter((pl.col("ex_date") >= since) & pl.col("withdrawn_on").is_null())
    return kept.select("security_id", seen_ratio="ratio")


def _is_same_ratio(seen: pl.Expr) -> pl.Expr:
    return ((seen / pl.col("ratio") - 1).abs() <= _RATIO_TOLERANCE).fill_null(value=False)


def confirmed(
    splits: pl.DataFrame, declared: pl.DataFrame, filed: pl.DataFrame, lines: pl.DataFrame, session: date
) -> pl.DataFrame:
    """The register with ``declared_source`` and ``confirmed_on`` of the splits that are declared or filed by now.

    ``declared``: of `near`. ``filed``: FILED_RATIOS that became known. ``lines``: symbol, cik, security_id. A split
    that has a source keeps it; one that is confirmed keeps the day.
    """
    if declared.is_empty() and filed.is_empty():
        return splits
    is_open = pl.col("declared_source").is_null() & pl.col("withdrawn_on").is_null()
    open_ones = splits.filter(is_open).select("security_id", "ex_date", seen_ratio="ratio")
    if open_ones.is_empty():
        return splits
    told = pl.concat([_by_list(open_ones, declared, lines, session), _by_filing(open_ones, filed, lines)])
    if told.is_empty():
        return splits
    key = ["security_id", "ex_date"]
    joined = splits.join(told.unique(key, keep="first", maintain_order=True), on=key, how="left", maintain_order="left")
    return joined.with_columns(
        declared_source=pl.coalesce("declared_source", "told_by"),
        confirmed_on=pl.coalesce("confirmed_on", "told_on"),
    ).drop("told_by", "told_on")


def _by_list(open_ones: pl.DataFrame, declared: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    days = (pl.col("declared_on") - pl.col("ex_date")).dt.total_days().abs()
    return (
        declared.join(lines.select("symbol", "security_id"), on="symbol", maintain_order="left")
        .join(open_ones, on="security_id", maintain_order="left")
        .filter(_is_same_ratio(pl.col("seen_ratio")) & (days <= SAME_DAYS))
        .select("security_id", "ex_date", told_by="source", told_on=pl.lit(session, pl.Date))
    )


def _by_filing(open_ones: pl.DataFrame, filed: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    since = (pl.col("known_on") - pl.col("ex_date")).dt.total_days()
    first = pl.coalesce("period_start", "period_end") - pl.duration(days=PERIOD_DAYS)
    last = pl.col("period_end") + pl.duration(days=PERIOD_DAYS)
    is_same = _is_same_ratio(pl.col("seen_ratio")) | _is_same_ratio(1 / pl.col("seen_ratio"))
    return (
        filed.join(lines.select("cik", "security_id"), on="cik", maintain_order="left")
        .join(open_ones, on="security_id", maintain_order="left")
        .filter(is_same & since.is_between(0, FILED_DAYS) & pl.col("ex_date").is_between(first, last))
        .select("security_id", "ex_date", told_by=_FILED_BY, told_on=pl.col("known_on"))
    )


def unseen(
    declared: pl.DataFrame, splits: pl.DataFrame, securities: pl.DataFrame, last_session: date | None
) -> pl.DataFrame:
    """Declared splits that the price never showed, while the security was quoted: security_id, symbol and the rest.

    ``securities``: security_id, symbol, valid_from, valid_to. A split is unseen a week after its date, when the
    security was quoted before it and still is, under the same symbol.
    """
    day = pl.col("declared_on")
    until = pl.col("valid_to").fill_null(pl.lit(last_session, pl.Date))
    is_quoted = (pl.col("valid_from") < day) & (until >= day + pl.duration(days=SAME_DAYS))
    held = declared.join(securities.select("symbol", "security_id", "valid_from", "valid_to"), on="symbol").filter(
        is_quoted & (pl.col("known_on") <= pl.lit(last_session, pl.Date))
    )
    near_one = splits.filter(pl.col("withdrawn_on").is_null()).select(
        "security_id", seen_ratio="ratio", seen_on="ex_date"
    )
    is_seen = _is_same_ratio(pl.col("seen_ratio")) & ((pl.col("seen_on") - day).dt.total_days().abs() <= SAME_DAYS)
    seen = held.join(near_one, on="security_id").filter(is_seen.fill_null(value=False))
    taken = splits.select("security_id", declared_on="ex_date")
    return (
        held.join(seen, on=["security_id", "declared_on", "ratio"], how="anti")
        .join(taken, on=["security_id", "declared_on"], how="anti")
        .unique(["security_id", "declared_on"], keep="first", maintain_order=True)
        .select("security_id", "symbol", "ratio", ex_date="declared_on", declared_source="source")
    )


def filed_ratios(facts: pl.DataFrame, tag: str) -> pl.DataFrame:
    """FILED_RATIOS of facts (FACTS rows with ``known_on``)."""
    told = facts.filter((pl.col("tag") == tag) & (pl.col("value") > 0)).with_columns(ratio="value")
    return told.select(pl.col(name).cast(dtype) for name, dtype in FILED_RATIOS.items()).sort(*FILED_RATIOS)


def no_declared() -> pl.DataFrame:
    """When no source declares a split."""
    return pl.DataFrame(schema=DECLARED)


def no_filed_ratios() -> pl.DataFrame:
    """When no company files one."""
    return pl.DataFrame(schema=FILED_RATIOS)
