"""Which vanished security a new line is: by name and price, by price and cap, or by the registrant's CIK."""

from bisect import bisect_left, bisect_right
from collections import Counter
from math import exp, log
from typing import Any

from transforms.core.security_types import EQUITY_TYPES

Row = dict[str, Any]
Pair = tuple[Row, Row]
"""A line that is new, and a security that vanished."""

REUSE_LOG_BREAK = 0.7
"""Price and cap both off by a factor of two on the day a name changes: another company took the symbol."""
RENAME_PRICE_TOLERANCE = 0.001
RENAME_CAP_TOLERANCE = 0.02
RENAME_ROOT_LOG_PRICE = 0.25
"""The previous close a renamed line reports may differ from the old line's close by a dividend or a late print."""


def renamed(fresh: list[Row], unknown: list[Row], vanished: list[Row], displaced: list[Row]) -> dict[str, Row]:
    """Symbol to the security a line is; only unique pairs count.

    ``unknown``: lines that are new by symbol and name, paired by name, price and cap. ``fresh``: lines that are new
    when CIKs are known, too; ``displaced``: securities whose symbol another registrant took. CIKs undo a pair of two
    registrants and pair what is left, and add nothing to what name, price and cap see: so evidence about one line
    never changes which security a line without any is.
    """
    lines = {line["symbol"]: line for line in fresh}
    plain = _by_name_price_and_cap(unknown, vanished)
    kept = {
        symbol: old for symbol, old in plain.items() if symbol in lines and not other_registrant(lines[symbol], old)
    }
    taken = {old["security_id"] for old in kept.values()}
    left = [line for symbol, line in lines.items() if symbol not in kept]
    free = [old for old in [*vanished, *displaced] if old["security_id"] not in taken]
    return kept | _unique_pairs(_of_one_cik(left, free), "renamed_same_cik")


def other_registrant(line: Row, old: Row) -> bool:
    """Both CIKs are known and differ."""
    return line["cik"] is not None and old["cik"] is not None and line["cik"] != old["cik"]


def broke(line: Row, old: Row) -> bool:
    """Price and cap are both at another level than where the security was left."""
    price, cap = gap(line["previous_close"], old["last_close"]), gap(line["vendor_cap_usd"], old["last_cap_usd"])
    return price is not None and price > REUSE_LOG_BREAK and cap is not None and cap > REUSE_LOG_BREAK


def gap(left: float | None, right: float | None) -> float | None:
    """Absolute log ratio of two prices; None where one is not known."""
    return abs(log(left / right)) if left and right else None


def _by_name_price_and_cap(fresh: list[Row], vanished: list[Row]) -> dict[str, Row]:
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
        if (gap(line["previous_close"], old["last_close"]) or 0.0) <= RENAME_ROOT_LOG_PRICE
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


def _of_one_cik(fresh: list[Row], free: list[Row]) -> list[Pair]:
    """Pairs of one registrant, both equity; a shell may have become an operating company, which is a name's change."""
    known: dict[int, list[Row]] = {}
    for old in free:
        if old["cik"] is not None and old["security_type"] in (*EQUITY_TYPES, "spac"):
            known.setdefault(old["cik"], []).append(old)
    return [
        (line, old)
        for line in fresh
        if line["cik"] is not None
        for old in _nearest(line, known.get(line["cik"], []))
        if (line["security_type"] in EQUITY_TYPES or line["security_type"] == old["security_type"])
        and not broke(line, old)
    ]


def _nearest(line: Row, classes: list[Row]) -> list[Row]:
    """Of several classes that vanished the one nearest in price; none where a second is less than twice as far."""
    price = line["previous_close"] or line["close"]
    far = sorted(((gap(price, old["last_close"]) or 0.0, old) for old in classes), key=lambda pair: pair[0])
    return [far[0][1]] if far and (len(far) == 1 or 2 * far[0][0] < far[1][0]) else []


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
