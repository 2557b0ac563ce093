"""Market capitalisation: lines to companies, share classes counted once, tiers of sources.

price x shares = cap. Until a count as of a date is known, the vendor's cap is used as it stands and the shares are
cap / price, labelled as derived.
"""

from datetime import date
from math import log
from typing import Any

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

SAME_COUNT = 0.005
"""Implied counts of two classes this close are one count of the whole company, printed on both lines."""
SAME_CAP = 0.05
CONVERSION_RATIO = 20.0
"""Equal caps on counts this far apart: classes convertible at a fixed ratio (Berkshire A and B, 1:1500)."""
_PIE_COLUMNS = ("row", "company_id", "symbol", "tier", "shares", "line_cap_usd", "first_session")
DERIVED_SHARES = "derived: cap / price"


def line_caps(lines: pl.DataFrame, file_caps: pl.DataFrame, file_counts: pl.DataFrame) -> pl.DataFrame:
    """Cap candidates of every equity line: tier, cap in whole USD, shares, their date and source.

    ``file_caps``: symbol, cap_usd, as_of. ``file_counts``: symbol, shares, as_of (newest known on the session).
    A count the operator supplies comes before a cap the operator supplies, that before the vendor's figure.
    """
    equity = lines.lazy().filter(pl.col("security_type").is_in(EQUITY_TYPES))
    joined = _with_supplied(equity, file_caps, file_counts)
    counted = (pl.col("close") * pl.col("file_shares")).round().cast(pl.Int64)
    vendor_shares = pl.col("vendor_cap_usd") / pl.col("close")
    tier = (
        pl.when(counted > 0)
        .then(pl.lit("files_shares"))
        .when(pl.col("file_cap") > 0)
        .then(pl.lit("files_cap"))
        .when(pl.col("vendor_cap_usd") > 0)
        .then(pl.lit("vendor_implied"))
    )
    return (
        joined.with_columns(tier=tier)
        .with_columns(
            line_cap_usd=pl.when(pl.col("tier") == "files_shares")
            .then(counted)
            .when(pl.col("tier") == "files_cap")
            .then(pl.col("file_cap"))
            .otherwise(pl.col("vendor_cap_usd")),
            shares=pl.when(pl.col("tier") == "files_shares")
            .then(pl.col("file_shares").cast(pl.Float64))
            .when(pl.col("tier") == "files_cap")
            .then(pl.col("file_cap") / pl.col("close"))
            .otherwise(vendor_shares),
            shares_as_of=pl.when(pl.col("tier") == "files_shares").then(pl.col("file_shares_as_of")),
            shares_source=pl.when(pl.col("tier") == "files_shares")
            .then(pl.lit("files: share_counts"))
            .otherwise(pl.lit(DERIVED_SHARES)),
        )
        .drop("file_shares", "file_shares_as_of", "file_cap")
        .collect()
    )


def _with_supplied(lines: pl.LazyFrame, file_caps: pl.DataFrame, file_counts: pl.DataFrame) -> pl.LazyFrame:
    """Lines with file_shares, file_shares_as_of and file_cap; null where the operator supplied nothing."""
    if file_caps.is_empty() and file_counts.is_empty():
        return lines.with_columns(
            file_shares=pl.lit(None, pl.Int64), file_shares_as_of=pl.lit(None, pl.Date), file_cap=pl.lit(None, pl.Int64)
        )
    counts = file_counts.lazy().select("symbol", file_shares="shares", file_shares_as_of="as_of")
    caps = file_caps.lazy().select("symbol", file_cap="cap_usd")
    return lines.join(counts, on="symbol", how="left").join(caps, on="symbol", how="left")


def count_classes_once(lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``class_cap_usd`` and ``class_convention``: what each line adds to its company's cap.

    Lines of one company whose implied counts agree carry the whole company's count each: one of them stands for all.
    Lines with counts of their own add up. Counts given per class by ``files`` always add up.
    """
    has_cap = (lines["line_cap_usd"] > 0).fill_null(value=False)
    company = lines["company_id"]
    shared = (has_cap & company.is_duplicated()).arg_true()
    marked = lines.with_columns(
        class_cap_usd=pl.when(has_cap).then(pl.col("line_cap_usd")),
        class_convention=pl.when(has_cap).then(pl.lit("single_line")).otherwise(pl.lit("no_cap")),
    )
    if shared.is_empty():
        return marked
    pies = _pies(marked[shared].with_columns(row=shared))
    # Few companies have several lines: only their rows are written again.
    return marked.with_columns(
        marked[name].scatter(pies["row"], pies[name]) for name in ("class_cap_usd", "class_convention")
    )


def _pies(several: pl.DataFrame) -> pl.DataFrame:
    """row, class_cap_usd, class_convention: a company's lines grouped into pies of one count each.

    The line listed first stands for its pie; a company with one capped line is a pie of its own.
    """
    # A hundred lines or so: plain Python is clearer here, and several times faster than window expressions.
    by_company: dict[str, list[dict[str, Any]]] = {}
    for line in several.select(_PIE_COLUMNS).iter_rows(named=True):
        by_company.setdefault(line["company_id"], []).append(line)
    decided = [row for lines in by_company.values() for row in _pies_of(lines)]
    schema = {"row": pl.UInt32, "class_cap_usd": pl.Int64, "class_convention": pl.String}
    return pl.DataFrame(decided, schema=schema, orient="row")


def _pies_of(lines: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    """(row, class cap, convention) of one company's capped lines."""
    pies: list[list[dict[str, Any]]] = []
    for line in sorted(lines, key=lambda line: (line["shares"], line["symbol"])):
        is_given = line["tier"] == "files_shares"
        if pies and not is_given and line["shares"] / pies[-1][-1]["shares"] - 1 <= SAME_COUNT:
            pies[-1].append(line)
        else:
            pies.append([line])
    merged: list[list[dict[str, Any]]] = []
    for pie in sorted(pies, key=lambda pie: (pie[0]["line_cap_usd"], pie[0]["symbol"])):
        if merged and _converts(merged[-1][-1], pie[0]):
            merged[-1].extend(pie)
        else:
            merged.append(pie)
    decided = []
    for pie in merged:
        first = min(pie, key=lambda line: (line["first_session"] or date.max, line["symbol"]))
        own = "single_line" if len(lines) == 1 else "own_class"
        convention = "whole_company" if len(pie) > 1 else own
        decided += [(line["row"], line["line_cap_usd"] if line is first else 0, convention) for line in pie]
    return decided


def _converts(smaller: dict[str, Any], larger: dict[str, Any]) -> bool:
    """Equal caps on counts far apart: the two are convertible at a fixed ratio, and one pie."""
    if "files_shares" in (smaller["tier"], larger["tier"]):
        return False
    cap_gap = larger["line_cap_usd"] / smaller["line_cap_usd"] - 1
    return cap_gap <= SAME_CAP and abs(log(larger["shares"] / smaller["shares"])) >= log(CONVERSION_RATIO)


def company_caps(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per company with a cap: cap_usd, primary line, shares, tier, price return, dollar volume.

    The primary line is the one listed first. The company's return is that of its lines, weighted by what each added
    to the cap before the return. Dollar volume is over all its equity lines.
    """
    volume = (pl.col("close") * pl.col("volume")).round().cast(pl.Int64)
    is_alone = lines["company_id"].is_unique()
    alone = lines.lazy().filter(is_alone & (pl.col("class_cap_usd") > 0))
    single = alone.select(
        "company_id",
        cap_usd="class_cap_usd",
        ticker="symbol",
        security_id="security_id",
        price="close",
        shares=pl.col("class_cap_usd") / pl.col("close"),
        shares_as_of="shares_as_of",
        shares_source="shares_source",
        tier="tier",
        line_count=pl.lit(1, pl.UInt32),
        uncapped_lines=pl.lit(0, pl.UInt32),
        return_price="return_price",
        is_multi_day="is_multi_day",
        dollar_volume_usd=volume,
    )
    return pl.concat([single, _pooled(lines.filter(~is_alone), volume)]).collect()


def _pooled(lines: pl.DataFrame, volume: pl.Expr) -> pl.LazyFrame:
    adding = (pl.col("class_cap_usd") > 0).fill_null(value=False)
    known = adding & pl.col("return_price").is_not_null()
    weight = pl.col("class_cap_usd") / (1 + pl.col("return_price"))
    first = {
        "ticker": "symbol",
        "security_id": "security_id",
        "price": "close",
        "shares_as_of": "shares_as_of",
        "shares_source": "shares_source",
        "tier": "tier",
    }
    return (
        lines.lazy()
        .sort("company_id", "first_session", "symbol", nulls_last=True)
        .group_by("company_id", maintain_order=True)
        .agg(
            pl.col("class_cap_usd").sum().alias("cap_usd"),
            *(pl.col(column).filter(adding).first().alias(name) for name, column in first.items()),
            line_count=adding.sum(),
            uncapped_lines=(pl.col("class_convention") == "no_cap").sum(),
            return_price=pl.when(known.sum() == 1)
            .then(pl.col("return_price").filter(known).first())
            .when(known.sum() > 1)
            .then(pl.col("class_cap_usd").filter(known).sum() / weight.filter(known).sum() - 1),
            is_multi_day=pl.col("is_multi_day").any(),
            dollar_volume_usd=volume.sum(),
        )
        .filter(pl.col("cap_usd") > 0)
        .with_columns(shares=pl.col("cap_usd") / pl.col("price"))
        .select(
            "company_id",
            "cap_usd",
            "ticker",
            "security_id",
            "price",
            "shares",
            "shares_as_of",
            "shares_source",
            "tier",
            "line_count",
            "uncapped_lines",
            "return_price",
            "is_multi_day",
            "dollar_volume_usd",
        )
    )
