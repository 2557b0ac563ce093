"""Market capitalisation: lines to companies, share classes counted once, tiers of sources.

price x shares = cap. Where no count as of a date is known, the vendor's cap is used and the shares are cap / price,
labelled as derived.
"""

from datetime import date
from math import fsum, log
from typing import Any

import numpy as np
import polars as pl

from transforms.core.rows import NONE, Rows, constant, flags, floats, masked, rows_of, where, written
from transforms.core.security_types import EQUITY_TYPES

SAME_COUNT = 0.005
"""Implied counts of two classes this close are one count of the whole company, printed on both lines."""
SAME_CAP = 0.05
CONVERSION_RATIO = 20.0
"""Equal caps on counts this far apart: classes convertible at a fixed ratio (Berkshire A and B, 1:1500)."""
NO_FILE_CAPS = pl.DataFrame(schema={"symbol": pl.String, "cap_usd": pl.Int64, "as_of": pl.Date})
NO_FILE_COUNTS = pl.DataFrame(schema={"symbol": pl.String, "shares": pl.Int64, "as_of": pl.Date})
"""Caps and counts that an operator supplies: none."""
_PIE_COLUMNS = ("company_id", "symbol", "tier", "shares", "line_cap_usd", "first_session", "count_factor")
DERIVED_SHARES = "derived: cap / price"
GIVEN_BY_CLASS = frozenset({"files_shares", "sec_class", "sec_single"})
"""Tiers that give a line the count of its own class: they add up."""
_LINE_COLUMNS = (
    "security_id",
    "company_id",
    "symbol",
    "first_session",
    "close",
    "volume",
    "followed_cap_usd",
    "count_factor",
    "factor_cause",
    "is_refused_count",
    "is_restored_count",
    "return_price",
    "is_multi_day",
)
_COUNT_COLUMNS = ("cik", "security_type", "ads_ratio", "ads_ratio_from", "operating_from")
"""What the counts that companies file are found by."""
_COMPANY_COLUMNS = (
    "company_id",
    "security_id",
    "symbol",
    "close",
    "volume",
    "class_cap_usd",
    "class_convention",
    "shares_as_of",
    "shares_source",
    "tier",
    "return_price",
    "is_multi_day",
    "is_refused_count",
    "is_restored_count",
)
COMPANY_CAPS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "cap_usd": pl.Int64(),
    "ticker": pl.String(),
    "security_id": pl.String(),
    "price": pl.Float64(),
    "shares": pl.Float64(),
    "shares_as_of": pl.Date(),
    "shares_source": pl.String(),
    "tier": pl.String(),
    "line_count": pl.UInt32(),
    "uncapped_lines": pl.UInt32(),
    "return_price": pl.Float64(),
    "is_multi_day": pl.Boolean(),
    "dollar_volume_usd": pl.Int64(),
    "is_refused_count": pl.Boolean(),
    "is_restored_count": pl.Boolean(),
}
"""What `company_caps` gives: one row per company; ``is_refused_count``: the vendor's count of a line jumped today and
is not taken; ``is_restored_count``: one is right again."""


def equity_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines whose caps are a company's, with ``line``, the row among all, and ``vendor_shares``, the vendor's count."""
    kind = lines["security_type"]
    at = where(np.logical_or.reduce([flags(kind == name) for name in EQUITY_TYPES]))
    equity = lines[[name for name in (*_LINE_COLUMNS, *_COUNT_COLUMNS) if name in lines.columns]][at]
    shares = (equity["followed_cap_usd"] / equity["close"]).alias("vendor_shares")
    return equity.hstack([pl.Series("line", at), shares])


def line_caps(
    equity: pl.DataFrame, file_caps: pl.DataFrame, file_counts: pl.DataFrame, filed: pl.DataFrame
) -> pl.DataFrame:
    """Cap of every equity line: tier, cap in whole USD, shares, their date and source.

    ``equity``: of `equity_lines`. ``file_caps``: symbol, cap_usd, as_of. ``file_counts``: symbol, shares, as_of (newest
    known on the session). ``filed``: LINE_COUNTS. In this order: a count the operator supplies, a cap the operator
    supplies, a count the company filed, the vendor's figure.
    """
    lines = equity[[*_LINE_COLUMNS, "line"]]
    if file_caps.is_empty() and file_counts.is_empty() and filed.is_empty():
        return lines.hstack(_vendor_caps(lines))
    return _with_supplied(lines, file_caps, file_counts, filed)


def _vendor_caps(equity: pl.DataFrame) -> list[pl.Series]:
    cap = equity["followed_cap_usd"]
    return [
        masked(constant("tier", "vendor_implied", equity.height), flags(cap > 0)),
        cap.alias("line_cap_usd"),
        (cap / equity["close"]).alias("shares"),
        constant("shares_as_of", None, equity.height, pl.Date()),
        _shares_source(equity),
    ]


def _shares_source(equity: pl.DataFrame) -> pl.Series:
    """Where the vendor's count is not taken as it stands, by what it is multiplied and why."""
    told = constant("shares_source", DERIVED_SHARES, equity.height)
    changed = where(flags(equity["factor_cause"].is_not_null()))
    if not changed.size:
        return told
    factors = equity[["count_factor", "factor_cause"]][changed].iter_rows()
    return told.scatter(pl.Series(changed), [f"{DERIVED_SHARES} x {factor:.6g}, {cause}" for factor, cause in factors])


def _with_supplied(
    equity: pl.DataFrame, file_caps: pl.DataFrame, file_counts: pl.DataFrame, filed: pl.DataFrame
) -> pl.DataFrame:
    """The vendor's figures, written over where there is better, from the least trusted source to the most."""
    capped = equity.hstack(_vendor_caps(equity))
    lines = np.full(int(equity["line"].max() or 0) + 1, NONE)  # type: ignore[arg-type]
    lines[equity["line"].to_numpy()] = np.arange(equity.height)
    of_filed = filed.filter(pl.col("filed_shares") > 0)
    capped = _counted_by(
        capped,
        lines[of_filed["line"].to_numpy()],
        of_filed["filed_shares"],
        {"tier": "filed_tier", "shares_as_of": "filed_as_of", "shares_source": "filed_source"},
        of_filed,
    )
    capped = _capped_by_files(capped, file_caps) if file_caps.height else capped
    return _counted_by_files(capped, file_counts) if file_counts.height else capped


def _capped_by_files(capped: pl.DataFrame, file_caps: pl.DataFrame) -> pl.DataFrame:
    supplied = file_caps.filter(pl.col("cap_usd") > 0)
    at = rows_of(supplied["symbol"], capped["symbol"])
    rows, known = at[at != NONE], supplied.filter(pl.Series(at != NONE))
    values = {
        "tier": constant("tier", "files_cap", known.height),
        "shares_as_of": constant("shares_as_of", None, known.height, pl.Date()),
        "shares_source": constant("shares_source", DERIVED_SHARES, known.height),
        "line_cap_usd": known["cap_usd"],
        "shares": known["cap_usd"] / capped["close"][rows],
    }
    return written(capped, rows, values)


def _counted_by_files(capped: pl.DataFrame, file_counts: pl.DataFrame) -> pl.DataFrame:
    supplied = file_counts.filter(pl.col("shares") > 0)
    at = rows_of(supplied["symbol"], capped["symbol"])
    known = supplied.filter(pl.Series(at != NONE)).with_columns(
        tier=pl.lit("files_shares"), shares_source=pl.lit("files: share_counts")
    )
    names = {"tier": "tier", "shares_as_of": "as_of", "shares_source": "shares_source"}
    return _counted_by(capped, at[at != NONE], known["shares"], names, known)


def _counted_by(
    capped: pl.DataFrame, rows: Rows, shares: pl.Series, names: dict[str, str], told: pl.DataFrame
) -> pl.DataFrame:
    """Lines at the rows with caps by these counts, and what is told of them (column to its name there)."""
    if not rows.size:
        return capped
    cap = (capped["close"][rows] * shares).round().cast(pl.Int64)
    texts = {name: told[column] for name, column in names.items()}
    return written(capped, rows, {**texts, "line_cap_usd": cap, "shares": shares.cast(pl.Float64)})


def count_classes_once(lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``class_cap_usd`` and ``class_convention``: what each line adds to its company's cap; and ``is_alone``.

    Lines of one company whose implied counts agree carry the whole company's count each: one of them stands for all.
    Lines with counts of their own add up. Counts given per class, by ``files`` or by filings, always do.
    """
    has_cap = flags(lines["line_cap_usd"] > 0)
    is_shared = flags(lines["company_id"].is_duplicated())
    cap = masked(lines["line_cap_usd"].alias("class_cap_usd"), has_cap)
    convention = constant("class_convention", "single_line", lines.height)
    convention = convention.zip_with(pl.Series(has_cap), pl.Series(["no_cap"]))
    several = where(has_cap & is_shared)
    if several.size:
        # Few companies have several lines: only their rows are written again.
        pies = _pies(lines[list(_PIE_COLUMNS)][several].hstack([pl.Series("row", several)]))
        cap = cap.scatter(pies["row"], pies["class_cap_usd"])
        convention = convention.scatter(pies["row"], pies["class_convention"])
    return lines.hstack([cap, convention, pl.Series("is_alone", ~is_shared)])


def _pies(several: pl.DataFrame) -> pl.DataFrame:
    """row, class_cap_usd, class_convention: a company's lines grouped into pies of one count each.

    The line listed first stands for its pie; a company with one capped line is a pie of its own.
    """
    # A hundred lines or so: plain Python is clearer here, and several times faster than window expressions.
    decided = [row for lines in _by_company(several).values() for row in _pies_of(lines)]
    schema = {"row": pl.UInt32, "class_cap_usd": pl.Int64, "class_convention": pl.String}
    return pl.DataFrame(decided, schema=schema, orient="row")


def _by_company(lines: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines.to_dicts():
        found.setdefault(line["company_id"], []).append(line)
    return found


def _listing(line: dict[str, Any]) -> tuple[date, str]:
    """What orders a company's lines: the one listed first stands for it."""
    return line["first_session"] or date.max, line["symbol"]


def _pies_of(lines: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    """(row, class cap, convention) of one company's capped lines."""
    pies: list[list[dict[str, Any]]] = []
    for line in sorted(lines, key=lambda line: (_as_shown(line), line["symbol"])):
        is_given = line["tier"] in GIVEN_BY_CLASS
        if pies and not is_given and _as_shown(line) / _as_shown(pies[-1][-1]) - 1 <= SAME_COUNT:
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
        first = min(pie, key=_listing)
        own = "single_line" if len(lines) == 1 else "own_class"
        convention = "whole_company" if len(pie) > 1 else own
        decided += [(line["row"], line["line_cap_usd"] if line is first else 0, convention) for line in pie]
    return decided


def _as_shown(line: dict[str, Any]) -> float:
    """The vendor's own count: a split of one class (CENTA, 2024-02-09) leaves the company's count on both lines."""
    shares = float(line["shares"])
    return shares / line["count_factor"] if line["tier"] == "vendor_implied" else shares


def _converts(smaller: dict[str, Any], larger: dict[str, Any]) -> bool:
    """Equal caps on counts far apart: the two are convertible at a fixed ratio, and one pie."""
    if {smaller["tier"], larger["tier"]} & GIVEN_BY_CLASS:
        return False
    cap_gap = larger["line_cap_usd"] / smaller["line_cap_usd"] - 1
    return cap_gap <= SAME_CAP and abs(log(larger["shares"] / smaller["shares"])) >= log(CONVERSION_RATIO)


def company_caps(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per company with a cap: cap_usd, primary line, shares, tier, price return, dollar volume.

    The primary line is the one listed first. The company's return is that of its lines, weighted by what each added
    to the cap before the return. Dollar volume is over all its equity lines.
    """
    is_alone = flags(lines["is_alone"])
    alone = lines[list(_COMPANY_COLUMNS)][where(is_alone & flags(lines["class_cap_usd"] > 0))]
    cap, price = alone["class_cap_usd"], alone["close"]
    # Half dollars to the even one, as `round` does where lines are pooled.
    volume = np.rint(floats(price) * floats(alone["volume"]))
    columns = {
        **{name: alone[name] for name in COMPANY_CAPS if name in alone.columns},
        "cap_usd": cap,
        "ticker": alone["symbol"],
        "price": price,
        "shares": cap / price,
        "line_count": constant("line_count", 1, alone.height, pl.UInt32()),
        "uncapped_lines": constant("uncapped_lines", 0, alone.height, pl.UInt32()),
        "dollar_volume_usd": pl.Series(volume, nan_to_null=True).cast(pl.Int64),
    }
    single = pl.DataFrame([columns[name].alias(name) for name in COMPANY_CAPS])
    return pl.concat([single, _pooled(lines[where(~is_alone)])])


def _pooled(lines: pl.DataFrame) -> pl.DataFrame:
    by_company = _by_company(lines[[*_COMPANY_COLUMNS, "first_session"]])
    pooled = [_pool(company, members) for company, members in sorted(by_company.items())]
    return pl.DataFrame([row for row in pooled if row["cap_usd"] > 0], schema=COMPANY_CAPS, orient="row")


def _pool(company: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """One company of several lines, as a row of COMPANY_CAPS; its cap is 0 where no line has one."""
    adding = sorted((line for line in lines if line["class_cap_usd"]), key=_listing)
    cap = sum(line["class_cap_usd"] for line in adding)
    if not cap:
        return {"cap_usd": 0}
    first, volumes = adding[0], [line["close"] * line["volume"] for line in lines if line["volume"] is not None]
    return {
        "company_id": company,
        "cap_usd": cap,
        "ticker": first["symbol"],
        "security_id": first["security_id"],
        "price": first["close"],
        "shares": cap / first["close"],
        "shares_as_of": first["shares_as_of"],
        "shares_source": first["shares_source"],
        "tier": first["tier"],
        "line_count": len(adding),
        "uncapped_lines": len([line for line in lines if line["class_convention"] == "no_cap"]),
        "return_price": _pooled_return([line for line in adding if line["return_price"] is not None]),
        "is_multi_day": any(line["is_multi_day"] for line in lines),
        "dollar_volume_usd": sum(round(volume) for volume in volumes) if volumes else None,
        **{name: any(line[name] for line in adding) for name in ("is_refused_count", "is_restored_count")},
    }


def _pooled_return(lines: list[dict[str, Any]]) -> float | None:
    """The return of lines together, weighted by what each was worth before it."""
    if len(lines) <= 1:
        return lines[0]["return_price"] if lines else None
    before = fsum(line["class_cap_usd"] / (1 + line["return_price"]) for line in lines)
    return float(sum(line["class_cap_usd"] for line in lines) / before - 1)
