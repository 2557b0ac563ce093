"""Filed counts on the lines of a session: which line carries which class, in shares of today.

Unlisted classes are counted at the price of the company's first listed class, times what one of them converts into.
A depositary share's company is counted in ordinary shares, and the line in depositary ones.
"""

from datetime import date
from typing import Any

import polars as pl

from transforms.core.conversions import Ratios, conversion_ratios, converted_into
from transforms.core.depositary import ratio_of_title
from transforms.core.split_register import ratio_between

MAX_AGE_DAYS = 250
"""Two quarters and the slowest filers of quarterly reports."""
MAX_AGE_DAYS_ANNUAL = 500
"""A year and the slowest filers of annual reports alone, as foreign companies are."""
ANNUAL_FORMS = ("20-F", "20-F/A", "40-F", "40-F/A")

LINE_COUNTS: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "filed_shares": pl.Float64(),
    "filed_as_of": pl.Date(),
    "filed_source": pl.String(),
    "filed_tier": pl.String(),
    "filed_ads_ratio": pl.Float64(),
    "filed_ads_ratio_from": pl.Date(),
}
"""One row per line that a filed count stands on. ``filed_ads_ratio``: what the count of ordinary shares was divided by,
null where the line is no depositary share."""

NO_LINE_COUNTS = pl.DataFrame(schema=LINE_COUNTS)

OWN_RATIOS: dict[str, pl.DataType] = {"symbol": pl.String(), "ratio": pl.Float64(), "valid_from": pl.Date()}
"""Underlying shares per depositary share as the operator supplies them, valid on the session since valid_from."""

Row = dict[str, Any]


def line_counts(
    lines: pl.DataFrame, current: pl.DataFrame, splits: pl.DataFrame, session: date, own: pl.DataFrame | None = None
) -> pl.DataFrame:
    """LINE_COUNTS of the session.

    ``lines``: equity lines with line, cik, security_id, symbol, security_type, first_session, ads_ratio (ordinary
    shares per depositary share by the quotes' name, null where unknown) and ads_ratio_from. ``current``: of
    `filed_counts`. ``own``: OWN_RATIOS. Whether a line is a depositary share, and its ratio, the operator decides, then
    the title on the cover page, then the quotes' name. Nothing is said of a company whose lines and classes do not
    meet: a listed class without a count, several lines and one count, a depositary share whose ratio nobody states, a
    count too old.
    """
    fresh = _fresh(current, session)
    supplied = pl.DataFrame(schema=OWN_RATIOS) if own is None else own
    met = _titled(lines.filter(pl.col("cik").is_not_null()), fresh, supplied)
    if met.is_empty():
        return NO_LINE_COUNTS
    is_alone = ~pl.col("cik").is_duplicated()
    ratios = conversion_ratios(session)
    alone = _alone(met.filter(is_alone), fresh, ratios)
    several = _several(met.filter(~is_alone), fresh, ratios)
    return _in_shares_of_today(pl.concat([alone, several]), met, splits, session)


def fresh_until() -> pl.Expr:
    """Last day on which the count of a filing (as_of, form) is used."""
    days = pl.when(pl.col("form").is_in(ANNUAL_FORMS)).then(MAX_AGE_DAYS_ANNUAL).otherwise(MAX_AGE_DAYS)
    return pl.col("as_of") + pl.duration(days=days)


def _fresh(current: pl.DataFrame, session: date) -> pl.DataFrame:
    return current.filter((fresh_until() >= session) & (pl.col("as_of") <= session))


def _titled(lines: pl.DataFrame, fresh: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Lines of companies with a fresh count, with ``is_ads`` and ads_ratio, the operator's first."""
    titles = (
        fresh.filter(pl.col("symbol").is_not_null() & pl.col("title").is_not_null())
        .unique(["cik", "symbol"], keep="first", maintain_order=True)
        .select("cik", "symbol", "title", titled_on="as_of")
    )
    met = lines.join(fresh.select("cik").unique(), on="cik", how="semi", maintain_order="left")
    supplied = own.select("symbol", own_ratio="ratio", own_from="valid_from")
    told = met.join(titles, on=["cik", "symbol"], how="left", maintain_order="left").join(
        supplied, on="symbol", how="left", maintain_order="left"
    )
    stated = ratio_of_title(pl.col("title"))
    return told.with_columns(
        is_ads=pl.coalesce(
            pl.when(pl.col("own_ratio").is_not_null()).then(pl.lit(value=True)),
            is_depositary(pl.col("title")),
            pl.col("security_type") == "depositary_share",
        ),
        ads_ratio=pl.coalesce("own_ratio", stated, "ads_ratio"),
        ads_ratio_from=pl.when(pl.col("own_ratio").is_not_null())
        .then("own_from")
        .when(stated.is_not_null())
        .then("titled_on")
        .otherwise("ads_ratio_from"),
    )


def is_depositary(title: pl.Expr) -> pl.Expr:
    """Whether a security's title says that it is a depositary share; null where there is no title."""
    return title.str.contains(r"(?i)deposit[ao]ry|\bADSs?\b|\bADRs?\b")


def _alone(lines: pl.DataFrame, fresh: pl.DataFrame, ratios: Ratios) -> pl.DataFrame:
    """Companies of one line: all classes are counted at its price, in depositary shares where it is one.

    Where the line is the class that the others are parts of, they are counted in its shares.
    """
    # Of depositary shares a cover page gives title and symbol; the count is that of the shares behind them.
    is_told = (pl.col("basis") == "single") | is_depositary(pl.col("title")).fill_null(value=False)
    is_counted = pl.col("shares").is_not_null() | is_told
    totals = fresh.group_by("cik").agg(
        shares=(pl.col("shares") * converted_into(ratios)).sum(),
        is_whole=is_counted.all() & pl.col("shares").is_not_null().any(),
        **{name: pl.col(name).first() for name in ("as_of", "accession", "basis")},
    )
    listed = fresh.filter(pl.col("symbol").is_not_null()).unique(["cik", "symbol"], keep="first", maintain_order=True)
    units = listed.select("cik", "symbol", units=converted_into(ratios))
    per_line = pl.when("is_ads").then(pl.col("ads_ratio")).otherwise(pl.col("units").fill_null(1.0))
    return (
        lines.join(totals, on="cik")
        .join(units, on=["cik", "symbol"], how="left", maintain_order="left")
        .filter("is_whole")
        .select("line", "as_of", "accession", "basis", shares=pl.col("shares") / per_line)
        .filter(pl.col("shares").is_not_null())
    )


_FOUND: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "as_of": pl.Date(),
    "accession": pl.String(),
    "basis": pl.String(),
    "shares": pl.Float64(),
}


def _several(lines: pl.DataFrame, fresh: pl.DataFrame, ratios: Ratios) -> pl.DataFrame:
    """Companies of several lines: each line its class, by symbol; unlisted classes with the line listed first."""
    classes = _by_cik(fresh.filter(pl.col("basis") == "class").join(lines, on="cik", how="semi"))
    found = [
        row for cik, rows in _by_cik(lines).items() if cik in classes for row in _matched(rows, classes[cik], ratios)
    ]
    return pl.DataFrame(found, schema=_FOUND, orient="row")


def _by_cik(frame: pl.DataFrame) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in frame.to_dicts():
        found.setdefault(row["cik"], []).append(row)
    return found


def _matched(lines: list[Row], classes: list[Row], ratios: Ratios) -> list[Row]:
    """Rows of _FOUND; none where a line has no class of its own with a count."""
    by_symbol = {row["symbol"]: row for row in classes if row["symbol"]}
    pairs = [(line, by_symbol.get(line["symbol"])) for line in sorted(lines, key=_listing)]
    if any(own is None or own["shares"] is None or line["is_ads"] for line, own in pairs):
        return []
    listed = {own["share_class"] for _, own in pairs if own}
    unlisted = [row for row in classes if row["share_class"] not in listed]
    if any(row["shares"] is None for row in unlisted if row["symbol"]):
        return []
    first = pairs[0][1]
    into = {row["share_class"]: ratios.get((row["cik"], row["share_class"]), 1.0) for row in classes}
    extra = sum((row["shares"] or 0) * into[row["share_class"]] for row in unlisted)
    extra /= into[first["share_class"]] if first else 1.0
    return [
        {name: own[name] for name in ("as_of", "accession", "basis")}
        | {"line": line["line"], "shares": float(own["shares"]) + (extra if number == 0 else 0.0)}
        for number, (line, own) in enumerate(pairs)
        if own
    ]


def _listing(line: Row) -> tuple[date, str]:
    return line["first_session"] or date.max, line["symbol"]


def _in_shares_of_today(found: pl.DataFrame, lines: pl.DataFrame, splits: pl.DataFrame, session: date) -> pl.DataFrame:
    """A depositary share's ratio stands for the splits before it was stated: they may have changed the ratio alone."""
    names = ("line", "security_id", "is_ads", "ads_ratio", "ads_ratio_from")
    placed = found.join(lines.select(names), on="line", maintain_order="left")
    since = pl.when("is_ads").then(pl.max_horizontal("as_of", "ads_ratio_from")).otherwise("as_of")
    asked = placed.select("security_id", as_of=since, session_date=pl.lit(session, pl.Date))
    ratio = ratio_between(splits, asked)["split_ratio"]
    tier = pl.when(pl.col("basis") == "class").then(pl.lit("sec_class")).otherwise(pl.lit("sec_single"))
    told = {
        "line": pl.col("line"),
        "filed_shares": pl.col("shares") * ratio,
        "filed_as_of": pl.col("as_of"),
        "filed_source": pl.lit("sec_edgar ") + pl.col("accession"),
        "filed_tier": tier,
        "filed_ads_ratio": pl.when("is_ads").then("ads_ratio"),
        "filed_ads_ratio_from": pl.when("is_ads").then("ads_ratio_from"),
    }
    return placed.select(column.cast(LINE_COUNTS[name]).alias(name) for name, column in told.items())
