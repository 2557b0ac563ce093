"""Which security and which company a quoted line is: permanent ids through renames, reuse and several classes."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from transforms.core.count_memory import FACTOR_SCHEMA
from transforms.core.new_listings import listed
from transforms.core.renames import RENAME_PRICE_TOLERANCE, Row, broke, gap, other_registrant, renamed
from transforms.core.rows import NONE, Mask, Rows, constant, flags, gathered, rows_of, where, written, written_where_new

REMEMBERED: dict[str, pl.DataType] = {
    **FACTOR_SCHEMA,
    "ads_ratio": pl.Float64(),
    "ads_ratio_from": pl.Date(),
    "operating_from": pl.Date(),
}
"""What is remembered of a line's count, of how many shares it stands for, and since when it is no shell's."""
REGISTRY_SCHEMA: dict[str, pl.DataType] = {
    "security_id": pl.String(),
    "company_id": pl.String(),
    "symbol": pl.String(),
    "holds_symbol": pl.Boolean(),
    "exchange": pl.String(),
    "name_root": pl.String(),
    "security_type": pl.String(),
    "cik": pl.Int64(),
    "first_session": pl.Date(),
    "last_session": pl.Date(),
    "last_close": pl.Float64(),
    "last_volume": pl.Int64(),
    "last_cap_usd": pl.Int64(),
    **REMEMBERED,
}
"""One row per security ever admitted: what the next session is compared with."""


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
_FRESH = ("symbol", "exchange", "name_root", "security_type", "cik", "close", "previous_close", "vendor_cap_usd")
_PLACED = {name: REGISTRY_SCHEMA[name] for name in _CARRIED} | {"link_rule": pl.String(), "registry_row": pl.Int64()}


def empty_registry() -> pl.DataFrame:
    """The registry before the first session."""
    return pl.DataFrame(schema=REGISTRY_SCHEMA)


def resolve(lines: pl.DataFrame, registry: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """Lines in their order with security_id, company_id, link_rule and its last admitted values (``last_*``).

    ``registry_row`` is the security's row in the registry, NONE for one that is new. A symbol keeps its security while
    it is quoted, unless another registrant (CIK) took it; after a gap only under the same name. A line that is new
    while another one vanished is the same security renamed, when the names agree, or when previous close and cap both
    do, or when both are of one registrant.
    """
    holders = where(flags(registry["holds_symbol"]))
    held_by = _holders(lines["symbol"], registry["symbol"], holders)
    is_same, is_same_by_name = _is_same(lines, registry, held_by, clock)
    known = np.where(is_same, held_by, NONE)
    securities, rules = registry, constant("link_rule", "symbol", lines.height)
    rows, fresh = known, where(~is_same)
    if fresh.size:
        placed = _place(lines, fresh, where(~is_same_by_name), registry, held_by, clock)
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


def _is_same(lines: pl.DataFrame, registry: pl.DataFrame, held_by: Rows, clock: SessionClock) -> tuple[Mask, Mask]:
    """Whether the holder of a line's symbol is the line's security; and whether it is when no CIK is looked at.

    It is by its name, else by what is near and unbroken.
    """
    is_held = held_by != NONE
    root, exchange = gathered(registry, ["name_root", "exchange"], held_by)
    is_same = is_held & ~flags(root != lines["name_root"])  # a name unknown on either side contradicts nothing
    # Bed Bath & Beyond was two companies under one symbol and name, years apart, on two exchanges.
    is_elsewhere = _is_stale(registry, held_by, clock) & flags(exchange != lines["exchange"])
    doubtful = where(is_held & (~is_same | is_elsewhere | _is_other_registrant(lines, registry, held_by)))
    is_same_by_name = is_same.copy()
    if doubtful.size:
        pairs = list(zip(lines[doubtful].to_dicts(), registry[held_by[doubtful]].to_dicts(), strict=True))
        named = is_same[doubtful].tolist()
        by_name = [_continues(line, old, clock, same_name=name) for (line, old), name in zip(pairs, named, strict=True)]
        is_same_by_name[doubtful] = by_name
        is_same[doubtful] = [
            _is_registrants(line, old, clock, by_name=name) for (line, old), name in zip(pairs, by_name, strict=True)
        ]
    return is_same, is_same_by_name


def _is_stale(registry: pl.DataFrame, rows: Rows, clock: SessionClock) -> Mask:
    """Whether the security at each row was last seen beyond the horizon; false where there is no row."""
    is_old = flags(registry["last_session"] < clock.near_from)
    return (rows != NONE) & is_old[rows] if registry.height else np.zeros(rows.size, dtype=np.bool_)


def _is_other_registrant(lines: pl.DataFrame, registry: pl.DataFrame, held_by: Rows) -> Mask:
    """Whether the CIKs of line and holder are both known and differ."""
    if lines["cik"].null_count() == lines.height:
        return np.zeros(lines.height, dtype=np.bool_)
    (known,) = gathered(registry, ["cik"], held_by)
    return flags(known != lines["cik"])


def _continues(line: Row, old: Row, clock: SessionClock, *, same_name: bool) -> bool:
    """Under a new name, or elsewhere: if seen within the horizon, and not both price and cap at another level."""
    return (same_name or bool(old["last_session"] >= clock.near_from)) and not broke(line, old)


def _is_registrants(line: Row, old: Row, clock: SessionClock, *, by_name: bool) -> bool:
    """What CIKs say about a doubtful holder, where both are known.

    Of another registrant only where the vendor's previous close is the holder's last one: a company that reorganises
    under a new registrant keeps symbol and price (Pinnacle Financial, 2026-01-02). One CIK for both proves nothing: the
    old Biohaven's name agrees with that of the new one, which took its symbol (2022-10-04).
    """
    if other_registrant(line, old):
        moved = gap(line["previous_close"], old["last_close"])
        return bool(old["last_session"] >= clock.near_from) and moved is not None and moved <= RENAME_PRICE_TOLERANCE
    return by_name


def _place(
    lines: pl.DataFrame, fresh: Rows, unknown: Rows, registry: pl.DataFrame, held_by: Rows, clock: SessionClock
) -> pl.DataFrame:
    """Securities of the lines at ``fresh``, renamed ones and new ones, in their order.

    ``unknown``: the lines that are new when no CIK is looked at.
    """
    # A dozen lines: plain Python is clearer here, and many times faster than joins of small frames.
    new = lines[fresh][list(_FRESH)].to_dicts()
    plain = new if np.array_equal(fresh, unknown) else lines[unknown][list(_FRESH)].to_dicts()
    displaced = _displaced(registry, held_by[fresh], clock)
    found = renamed(new, plain, _vanished(registry, held_by, clock), displaced)
    rest = [line for line in new if line["symbol"] not in found]
    founded = listed(rest, registry, clock.session, clock.near_from)
    placed = [found.get(line["symbol"]) or {**founded[line["symbol"]], "registry_row": NONE} for line in new]
    return pl.DataFrame(placed, schema=_PLACED, orient="row")


def _displaced(registry: pl.DataFrame, held_by: Rows, clock: SessionClock) -> list[Row]:
    """Securities quoted within the horizon whose symbol another registrant has today."""
    rows = held_by[held_by != NONE]
    rows = rows[~_is_stale(registry, rows, clock)]
    return registry[rows].hstack([pl.Series("registry_row", rows)]).to_dicts() if rows.size else []


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
    numbers["last_session"] = constant("last_session", session, known.size)
    after = written(after, rows, numbers)
    noted = known[flags(resolved["is_noted"])[known]]
    if noted.size:
        remembered = resolved[list(REMEMBERED)][noted]
        after = written(after, at[noted], {name: remembered[name] for name in REMEMBERED})
    after = written_where_new(after, rows, {name: today[name] for name in _TEXTS})
    told = where(flags(resolved["cik"].is_not_null()[known]))  # a line that does not prove its CIK takes none back
    if told.size:
        after = written_where_new(after, rows[told], {"cik": resolved["cik"][known][told]})
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
        cik="cik",
        first_session=pl.lit(session),
        last_session=pl.lit(session),
        last_close="close",
        last_volume="volume",
        last_cap_usd="vendor_cap_usd",
        **{name: pl.col(name) for name in REMEMBERED},
    )
