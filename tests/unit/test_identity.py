"""Permanent ids through renames, reuse, gaps and several classes."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.core.identity import REMEMBERED, SessionClock, empty_registry, resolve, update_registry

D1, D2, D3 = date(2024, 1, 8), date(2024, 1, 9), date(2024, 1, 10)


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [
        {
            "exchange": "nasdaq",
            "security_type": "common",
            "name_root": row["symbol"].lower(),
            "volume": 100,
            "vendor_cap_usd": 1_000_000_000,
            "previous_close": row["close"],
            "cik": None,
            "is_noted": False,
            **dict.fromkeys(REMEMBERED),
            **row,
        }
        for row in rows
    ]
    overrides = {"vendor_cap_usd": pl.Int64, "previous_close": pl.Float64, "cik": pl.Int64, **REMEMBERED}
    return pl.DataFrame(filled, schema_overrides=overrides)


def clock(session: date, last: date | None, previous: date | None = None) -> SessionClock:
    return SessionClock(session, previous or last, last, near_from=session - timedelta(days=7))


def after(
    frame: pl.DataFrame, session: date, registry: pl.DataFrame | None = None, last: date | None = None
) -> pl.DataFrame:
    known = registry if registry is not None else empty_registry()
    return update_registry(known, resolve(frame, known, clock(session, last)), session)


def ids(frame: pl.DataFrame) -> dict[str, tuple[str, str, str]]:
    return {row["symbol"]: (row["security_id"], row["company_id"], row["link_rule"]) for row in frame.to_dicts()}


def test_a_symbol_keeps_its_security() -> None:
    registry = after(lines({"symbol": "AAA", "close": 10.0}), D1)
    found = ids(resolve(lines({"symbol": "AAA", "close": 11.0}), registry, clock(D2, D1)))
    assert found["AAA"] == ("AAA~20240108", "C:AAA~20240108", "symbol")


def test_two_classes_are_two_securities_of_one_company() -> None:
    frame = lines(
        {"symbol": "GOOGL", "close": 10.0, "name_root": "alphabetinc"},
        {"symbol": "GOOG", "close": 10.1, "name_root": "alphabetinc"},
    )
    found = ids(resolve(frame, empty_registry(), clock(D1, None)))
    assert found["GOOG"][1] == found["GOOGL"][1] == "C:GOOG~20240108"


def test_a_new_class_joins_its_company() -> None:
    registry = after(lines({"symbol": "UAA", "close": 10.0, "name_root": "underarmour"}), D1)
    both = lines(
        {"symbol": "UAA", "close": 10.0, "name_root": "underarmour"},
        {"symbol": "UA", "close": 9.0, "name_root": "underarmour"},
    )
    assert ids(resolve(both, registry, clock(D2, D1)))["UA"] == (
        "UA~20240109",
        "C:UAA~20240108",
        "listed_line_of_known_company",
    )


def test_a_renamed_symbol_under_the_same_name_stays_the_security() -> None:
    """FB became META on 2022-06-09; the company was called Meta Platforms before."""
    registry = after(lines({"symbol": "FB", "close": 196.64, "name_root": "metaplatforms"}), D1)
    renamed = lines({"symbol": "META", "close": 184.0, "previous_close": 196.64, "name_root": "metaplatforms"})
    assert ids(resolve(renamed, registry, clock(D2, D1)))["META"] == (
        "FB~20240108",
        "C:FB~20240108",
        "renamed_same_name",
    )


def test_symbol_and_name_may_change_together_if_price_and_cap_agree() -> None:
    registry = after(lines({"symbol": "OLD", "close": 33.3, "vendor_cap_usd": 3_330_000_000}), D1)
    renamed = lines({"symbol": "NEW", "close": 36.63, "previous_close": 33.3, "vendor_cap_usd": 3_663_000_000})
    assert ids(resolve(renamed, registry, clock(D2, D1)))["NEW"][2] == "renamed_same_price_and_cap"


def test_a_rename_is_seen_where_the_price_rounds_differently() -> None:
    """New York Community Bancorp became Flagstar on 2024-10-28."""
    registry = after(lines({"symbol": "NYCB", "close": 33.349, "vendor_cap_usd": 3_334_900_000}), D1)
    renamed = lines({"symbol": "FLG", "close": 33.351, "previous_close": 33.351, "vendor_cap_usd": 3_335_100_000})
    assert ids(resolve(renamed, registry, clock(D2, D1)))["FLG"][2] == "renamed_same_price_and_cap"


def test_of_two_lines_at_one_price_neither_is_the_old_one() -> None:
    registry = after(lines({"symbol": "OLD", "close": 33.3, "vendor_cap_usd": 3_330_000_000}), D1)
    twins = lines(
        *({"symbol": name, "close": 33.3, "vendor_cap_usd": 3_330_000_000, "name_root": name} for name in ("N1", "N2"))
    )
    rules = {rule for _, _, rule in ids(resolve(twins, registry, clock(D2, D1))).values()}
    assert rules == {"listed"}


def test_a_listing_at_another_price_is_no_rename() -> None:
    registry = after(lines({"symbol": "OLD", "close": 33.3, "vendor_cap_usd": 3_330_000_000}), D1)
    other = lines({"symbol": "NEW", "close": 20.0, "previous_close": 18.0, "vendor_cap_usd": 500_000_000})
    assert ids(resolve(other, registry, clock(D2, D1)))["NEW"] == ("NEW~20240109", "C:NEW~20240109", "listed")


def test_a_reused_symbol_is_another_security() -> None:
    """BBBY went in May 2023 and came back in 2025 as another company."""
    registry = after(lines({"symbol": "BBBY", "close": 0.08, "name_root": "bedbathbeyond"}), D1)
    later = date(2025, 8, 29)
    reused = lines({"symbol": "BBBY", "close": 10.0, "name_root": "overstockcom"})
    resolved = resolve(reused, registry, clock(later, later - timedelta(days=1)))
    assert ids(resolved)["BBBY"] == ("BBBY~20250829", "C:BBBY~20250829", "listed")
    holders = update_registry(registry, resolved, later)
    assert holders.filter("holds_symbol")["security_id"].to_list() == ["BBBY~20250829"]


def test_a_symbol_reused_without_a_gap_shows_in_price_and_cap() -> None:
    registry = after(
        lines({"symbol": "PARA", "close": 11.0, "vendor_cap_usd": 7_000_000_000, "name_root": "paramount"}), D1
    )
    reused = lines({"symbol": "PARA", "close": 2.0, "vendor_cap_usd": 90_000_000, "name_root": "parabellum"})
    assert ids(resolve(reused, registry, clock(D2, D1)))["PARA"][0] == "PARA~20240109"


def test_a_halt_under_the_same_name_changes_nothing() -> None:
    registry = after(lines({"symbol": "HALT", "close": 10.0}), D1)
    later = date(2024, 3, 1)
    back = resolve(lines({"symbol": "HALT", "close": 7.0}), registry, clock(later, later - timedelta(days=1)))
    assert ids(back)["HALT"][0] == "HALT~20240108"


def test_a_new_name_under_the_same_symbol_is_the_same_security() -> None:
    registry = after(lines({"symbol": "SQ", "close": 80.0, "name_root": "square"}), D1)
    named = resolve(lines({"symbol": "SQ", "close": 81.0, "name_root": "blockinc"}), registry, clock(D2, D1))
    assert ids(named)["SQ"] == ("SQ~20240108", "C:SQ~20240108", "symbol")


def test_the_order_of_rows_decides_nothing() -> None:
    registry = after(lines({"symbol": "A", "close": 1.0}, {"symbol": "B", "close": 2.0}), D1)
    today = lines(
        {"symbol": "C", "close": 3.0, "name_root": "twin"},
        {"symbol": "B", "close": 2.0},
        {"symbol": "D", "close": 4.0, "name_root": "twin"},
    )
    assert ids(resolve(today, registry, clock(D2, D1))) == ids(resolve(today.reverse(), registry, clock(D2, D1)))


def test_after_a_refused_session_the_registry_is_still_that_of_the_last_admitted_one() -> None:
    registry = after(lines({"symbol": "FB", "close": 196.64, "name_root": "metaplatforms"}), D1)
    renamed = lines({"symbol": "META", "close": 184.0, "previous_close": 190.0, "name_root": "metaplatforms"})
    assert ids(resolve(renamed, registry, clock(D3, D1, previous=D2)))["META"][0] == "FB~20240108"
