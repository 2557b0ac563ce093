"""Which security and which company a quoted line is: permanent ids through renames, reuse and several classes."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from math import exp, log
from typing import Any

import numpy as np
import polars as pl

from transforms.core.rows import NONE, Mask, Rows, constant, flags, gathered, rows_of, where, written, written_where_new
from transforms.core.security_types import EQUITY_TYPES
from transforms.core.vendor_counts import FACTOR_SCHEMA

Row = dict[str, Any]
Pair = tuple[Row, Row]
"""A line that is new, and a security that vanished."""

REGISTRY_SCHEMA: dict[str, pl.DataType] = {
    "security_id": pl.String(),
    "company_id": pl.String(),
    "symbol": pl.String(),
    "holds_symbol": pl.Boolean(),
    "exchange": pl.String(),
    "name_root": pl.String(),
    "security_type": pl.String(),
    "first_session": pl.Date(),
    "last_session": pl.Date(),
    "last_close": pl.Float64(),
    "last_volume": pl.Int64(),
    "last_cap_usd": pl.Int64(),
    **FACTOR_SCHEMA,
}
"""One row per security ever admitted: what the next session is compared with."""

REUSE_LOG_BREAK = 0.7
"""Price and cap both off by a factor of two on the day a name changes: another company took the symbol."""
RENAME_PRICE_TOLERANCE = 0.001
RENAME_CAP_TOLERANCE = 0.02
RENAME_ROOT_LOG_PRICE = 0.25
"""The previous close a renamed line reports may differ from the old line's close by a dividend or a late print."""
SHORTEST_ROOT = 2
"""A name of one letter or none says nothing about the company."""


@dataclass(frozen=True)
class SessionClock:
    """Where a session stands: its date, the session before, the last admitted one, and the oldest one still near."""

    session: date
    previous: date | None
    last_admitted: date | None
    near_from: date

    @property
    def has_near_admitted(self) -> bool:
        """An admitted session lies within the horizon, so comparing rules apply."""
        return self.last_admitted is not None and self.last_admitted >= self.near_from


_CARRIED = (
    "security_id",
    "company_id",
    "first_session",
    "last_session",
    "last_close",
    "last_volume",
    "last_cap_usd",
)
_TEXTS = ("symbol", "exchange", "name_root", "security_type")
_NUMBERS = {"last_close": "close", "last_volume": "volume", "last_cap_usd": "vendor_cap_usd"}
"""Columns of the registry that a line writes anew; of numbers with the line's column."""
_FRESH = ("symbol", "name_root", "security_type", "close", "previous_close", "vendor_cap_usd")
_PLACED = {name: REGISTRY_SCHEMA[name] for name in _CARRIED} | {"link_rule": pl.String(), "registry_row": pl.Int64()}


def empty_registry() -> pl.DataFrame:
    """The registry before the first session."""
    return pl.DataFrame(schema=REGISTRY_SCHEMA)


def resolve(lines: pl.DataFrame, registry: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """Lines in their order with security_id, company_id, link_rule and its last admitted values (``last_*``).

    ``registry_row`` is the security's row in the registry, NONE for one that is new. A symbol keeps its security
    while it is quoted; after a gap only under the same name. A line that is new while another one vanished is the
    same security renamed, when the names agree, or when previous close and cap both do.
    """
    holders = where(flags(registry["holds_symbol"]))
    held_by = _holders(lines["symbol"], registry["symbol"], holders)
    known = np.where(_is_same(lines, registry, held_by, clock), held_by, NONE)
    securities, rules = registry, constant("link_rule", "symbol", lines.height)
    rows, fresh = known, where(known == NONE)
    if fresh.size:
        placed = _place(lines[fresh], registry, held_by, clock)
        securities = pl.concat([registry[list(_CARRIED)], placed[list(_CARRIED)]], rechunk=True)
        rules = rules.scatter(pl.Series(fresh), placed["link_rule"])
        rows, known = known.copy(), known.copy()
        rows[fresh] = np.arange(registry.height, securities.height)
        known[fresh] = placed["registry_row"].to_numpy()
    return lines.hstack([*gathered(securities, _CARRIED, rows), rules, pl.Series("registry_row", known)])


def _holders(symbols: pl.Series, held: pl.Series, holders: Rows) -> Rows:
    """Row of the security that holds each symbol; NONE where none does."""
    at = rows_of(symbols, held[holders])
    return np.where(at == NONE, NONE, holders[at]) if holders.size else at


def _is_same(lines: pl.DataFrame, registry: pl.DataFrame, held_by: Rows, clock: SessionClock) -> Mask:
    """Whether the holder of a line's symbol is the line's security: by its name, else by what is near and unbroken."""
    is_held = held_by != NONE
    (known_root,) = gathered(registry, ["name_root"], held_by)
    is_same = is_held & ~flags(known_root != lines["name_root"])  # a name unknown on either side contradicts nothing
    doubtful = where(is_held & ~is_same)
    if doubtful.size:
        is_same[doubtful] = [
            _is_unbroken(line, old, clock)
            for line, old in zip(lines[doubtful].to_dicts(), registry[held_by[doubtful]].to_dicts(), strict=True)
        ]
    return np.asarray(is_same)


def _is_unbroken(line: Row, old: Row, clock: SessionClock) -> bool:
    """Under a new name, but seen within the horizon, and not both price and cap at another level."""
    price, cap = _gap(line["previous_close"], old["last_close"]), _gap(line["vendor_cap_usd"], old["last_cap_usd"])
    broke = price is not None and price > REUSE_LOG_BREAK and cap is not None and cap > REUSE_LOG_BREAK
    return bool(old["last_session"] >= clock.near_from and not broke)


def _place(fresh: pl.DataFrame, registry: pl.DataFrame, held_by: Rows, clock: SessionClock) -> pl.DataFrame:
    """Securities of lines whose symbol no known security holds: renamed ones and new ones, in the lines' order."""
    # A dozen lines: plain Python is clearer here, and many times faster than joins of small frames.
    lines = fresh[list(_FRESH)].to_dicts()
    renamed = _renamed(lines, _vanished(registry, held_by, clock))
    listed = _listed([line for line in lines if line["symbol"] not in renamed], registry, clock)
    placed = [renamed.get(line["symbol"]) or listed[line["symbol"]] for line in lines]
    return pl.DataFrame(placed, schema=_PLACED, orient="row")


def _vanished(registry: pl.DataFrame, held_by: Rows, clock: SessionClock) -> list[Row]:
    """Securities of the last admitted session whose symbol is not quoted today."""
    if clock.last_admitted is None:
        return []
    is_gone = flags(registry["holds_symbol"]) & (
        registry["last_session"].to_numpy() == np.datetime64(clock.last_admitted)
    )
    is_gone[held_by[held_by != NONE]] = False
    gone = where(is_gone)
    return registry[gone].hstack([pl.Series("registry_row", gone)]).to_dicts()


def update_registry(registry: pl.DataFrame, resolved: pl.DataFrame, session: date) -> pl.DataFrame:
    """The registry after an admitted session: today's lines write their rows; a reused symbol has a new holder.

    Rows stay where they are, new securities are added below.
    """
    at = resolved["registry_row"].to_numpy()
    known, fresh = where(at != NONE), where(at == NONE)
    today, rows = resolved[[*_TEXTS, *_NUMBERS.values()]][known], at[known]
    moved = resolved["symbol"].filter(resolved["link_rule"] != "symbol")
    after = registry if moved.is_empty() else _without_holders(registry, moved, rows)
    numbers = {name: today[column] for name, column in _NUMBERS.items()}
    numbers |= {name: resolved[name][known] for name in FACTOR_SCHEMA}
    numbers["last_session"] = constant("last_session", session, known.size)
    after = written(after, rows, numbers)
    after = written_where_new(after, rows, {name: today[name] for name in _TEXTS})
    return pl.concat([after, _registered(resolved[fresh], session)], rechunk=True) if fresh.size else after


def _without_holders(registry: pl.DataFrame, moved: pl.Series, rows: Rows) -> pl.DataFrame:
    """Whoever held a symbol that moved holds it no more; the securities at ``rows`` are quoted, and hold theirs."""
    holds = registry["holds_symbol"] & ~registry["symbol"].is_in(moved.implode())
    return registry.with_columns(holds.scatter(pl.Series(rows), values=True))


def _registered(fresh: pl.DataFrame, session: date) -> pl.DataFrame:
    return fresh.select(
        "security_id",
        "company_id",
        "symbol",
        holds_symbol=pl.lit(value=True),
        exchange="exchange",
        name_root=pl.col("name_root").fill_null(""),
        security_type="security_type",
        first_session=pl.lit(session),
        last_session=pl.lit(session),
        last_close="close",
        last_volume="volume",
        last_cap_usd="vendor_cap_usd",
        **{name: pl.col(name) for name in FACTOR_SCHEMA},
    )


def _renamed(fresh: list[Row], vanished: list[Row]) -> dict[str, Row]:
    """Symbol to the vanished security a line is: by name and price, else by price and cap; only unique pairs count."""
    named = _unique_pairs(_of_one_name(fresh, vanished), "renamed_same_name")
    taken = {security["security_id"] for security in named.values()}
    rest = [line for line in fresh if line["symbol"] not in named]
    left = [old for old in vanished if old["security_id"] not in taken]
    return named | _unique_pairs(_of_one_price_and_cap(rest, left), "renamed_same_price_and_cap")


def _of_one_name(fresh: list[Row], vanished: list[Row]) -> list[Pair]:
    """Pairs of one type and name, the old price near where the line says it was, or not told."""
    known: dict[tuple[str, str], list[Row]] = {}
    for old in vanished:
        known.setdefault((old["security_type"], old["name_root"]), []).append(old)
    return [
        (line, old)
        for line in fresh
        if line["name_root"]
        for old in known.get((line["security_type"], line["name_root"]), [])
        if (_gap(line["previous_close"], old["last_close"]) or 0.0) <= RENAME_ROOT_LOG_PRICE
    ]


def _of_one_price_and_cap(fresh: list[Row], vanished: list[Row]) -> list[Pair]:
    """Pairs of one type whose previous close and cap are both where the old security left them."""
    by_price = sorted((old for old in vanished if old["last_cap_usd"]), key=lambda old: old["last_close"])
    prices = [old["last_close"] for old in by_price]
    width = exp(RENAME_PRICE_TOLERANCE)
    return [
        (line, old)
        for line in fresh
        if line["previous_close"] and line["vendor_cap_usd"]
        for old in by_price[
            bisect_left(prices, line["previous_close"] / width) : bisect_right(prices, line["previous_close"] * width)
        ]
        if line["security_type"] == old["security_type"] and _moved_together(line, old)
    ]


def _moved_together(line: Row, old: Row) -> bool:
    """The cap grew since as the price did."""
    growth = log(line["vendor_cap_usd"] / old["last_cap_usd"]) - log(line["close"] / line["previous_close"])
    return abs(growth) <= RENAME_CAP_TOLERANCE


def _unique_pairs(pairs: list[Pair], rule: str) -> dict[str, Row]:
    """Symbol to security of the pairs neither side of which is in another pair."""
    lines = Counter(line["symbol"] for line, _ in pairs)
    olds = Counter(old["security_id"] for _, old in pairs)
    return {
        line["symbol"]: {**old, "link_rule": rule}
        for line, old in pairs
        if lines[line["symbol"]] == 1 and olds[old["security_id"]] == 1
    }


def _listed(fresh: list[Row], registry: pl.DataFrame, clock: SessionClock) -> dict[str, Row]:
    """Symbol to a new security; the company is one already listed under the name, else the first of today's lines."""
    stamp = f"{clock.session:%Y%m%d}"
    companies = _companies(registry, {line["name_root"] for line in fresh if line["name_root"]}, clock)
    founded: dict[str, str] = {}
    listed = {}
    for line in sorted(fresh, key=lambda line: (line["security_type"] not in EQUITY_TYPES, line["symbol"])):
        root, symbol = line["name_root"] or "", line["symbol"]
        own = founded.setdefault(root if len(root) >= SHORTEST_ROOT else symbol, f"C:{symbol}~{stamp}")
        listed[symbol] = {
            "security_id": f"{symbol}~{stamp}",
            "company_id": companies.get(root, own),
            "link_rule": "listed_line_of_known_company" if root in companies else "listed",
            "registry_row": NONE,
        }
    return listed


def _companies(registry: pl.DataFrame, roots: Collection[str], clock: SessionClock) -> dict[str, str]:
    """Name root to the company whose equity was listed first under it, of those quoted within the horizon."""
    if not roots:
        return {}
    known = registry.filter(
        pl.col("name_root").is_in(list(roots))
        & pl.col("security_type").is_in(EQUITY_TYPES)
        & (pl.col("last_session") >= pl.lit(clock.near_from))
    )
    rows = known.sort("first_session", "symbol", descending=True).select("name_root", "company_id").rows()
    return dict(rows)  # the last one of a name counts, which is the one listed first


def _gap(left: float | None, right: float | None) -> float | None:
    """Absolute log ratio of two prices; None where one is not known."""
    return abs(log(left / right)) if left and right else None
