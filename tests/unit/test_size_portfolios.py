"""Portfolios formed on size, worked by hand."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.contracts.size_portfolios import DECILES, PORTFOLIOS
from transforms.exact import RETURN_SCALE
from transforms.measures.size_portfolios import (
    FOLLOWED,
    QUOTED,
    SEATS,
    Formed,
    delisted,
    followed,
    formed,
    size_portfolios,
)
from transforms.schemes.market import MARKET

JUNE, JULY, NEXT = date(2024, 6, 28), date(2024, 7, 1), date(2024, 7, 2)
M = 1_000_000


def market(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"session_date": JUNE, "currency": "USD", "price_usd": 10.0, "exchange": "nyse", "security_type": "common"}
    usual["country"] = "United States"
    return pl.DataFrame([usual | row for row in rows], schema=MARKET)


def nyse(count: int) -> list[dict[str, Any]]:
    """Companies of 1 to so many million dollars."""
    return [{"company_id": f"N{number:03}", "cap_usd": number * M} for number in range(1, count + 1)]


def deciles(seats: pl.DataFrame) -> dict[str, str]:
    return dict(seats.select("company_id", "decile").iter_rows())


def test_percentiles_are_those_of_the_nyse_and_all_companies_are_sorted_by_them() -> None:
    """Of 101 companies of 1 to 101 million the tenth percentile is 11 million: exactly that is below it."""
    found = deciles(
        formed(
            market(
                *nyse(101),
                {"company_id": "at", "cap_usd": 11 * M, "exchange": "nasdaq"},
                {"company_id": "above", "cap_usd": 11 * M + 1, "exchange": "nasdaq"},
                {"company_id": "tiny", "cap_usd": 1, "exchange": "amex"},
                {"company_id": "giant", "cap_usd": 10**13, "exchange": "nasdaq"},
            )
        )
    )
    assert (found["at"], found["above"], found["tiny"], found["giant"]) == ("d01", "d02", "d01", "d10")
    assert [found[f"N{number:03}"] for number in (11, 12, 31, 32, 91, 92)] == ["d01", "d02", "d03", "d04", "d09", "d10"]


def test_only_american_common_stocks_are_in_and_who_has_no_country() -> None:
    others = [
        {"company_id": "adr", "cap_usd": 5 * M, "security_type": "depositary_share"},
        {"company_id": "spac", "cap_usd": 5 * M, "security_type": "spac"},
        {"company_id": "fund", "cap_usd": 5 * M, "security_type": "fund"},
        {"company_id": "german", "cap_usd": 5 * M, "country": "Germany"},
        {"company_id": "untold", "cap_usd": 5 * M, "country": None},
    ]
    assert set(deciles(formed(market(*nyse(40), *others)))) == {f"N{number:03}" for number in range(1, 41)} | {"untold"}


def test_too_few_companies_on_the_nyse_form_nothing() -> None:
    assert formed(market(*nyse(19))).is_empty()
    assert formed(market(*nyse(20))).height == 20


def seats(**of: str) -> pl.DataFrame:
    return pl.DataFrame([(name, decile, JUNE, False) for name, decile in of.items()], SEATS, orient="row")


def rows(*told: tuple[date, str, int, float, float | None]) -> pl.DataFrame:
    """FOLLOWED of session, company, weight, return since the last session, return of the session."""
    fixed = [
        (day, name, weight, round(gain * RETURN_SCALE), None if alone is None else round(alone * RETURN_SCALE), False)
        for day, name, weight, gain, alone in told
    ]
    return pl.DataFrame(fixed, FOLLOWED, orient="row")


def value(frame: pl.DataFrame, portfolio: str, weighting: str = "vw", column: str = "return", day: date = JULY) -> Any:
    found = frame.filter(session_date=day, portfolio=portfolio, weighting=weighting)
    return found[column].item()


HELD = [Formed(JULY, seats(a="d01", b="d03", c="d10", d="d10"))]
MOVES = rows(
    (JULY, "a", 100, 0.10, 0.10),
    (JULY, "b", 300, -0.02, -0.02),
    (JULY, "c", 1000, 0.01, 0.01),
    (JULY, "x", 9, 9.0, 9.0),
)


def test_returns_are_weighted_by_the_caps_before_and_smb_is_small_less_large() -> None:
    found = size_portfolios(HELD, MOVES, [JULY], [])
    assert value(found, "lo30") == pytest.approx((100 * 0.10 - 300 * 0.02) / 400)
    assert value(found, "lo30", "ew") == pytest.approx((0.10 - 0.02) / 2)
    assert value(found, "d01") == pytest.approx(0.10)
    assert value(found, "hi30") == pytest.approx(0.01)
    assert value(found, "smb") == pytest.approx((100 * 0.10 - 300 * 0.02) / 400 - 0.01)
    assert (value(found, "lo30", column="company_count"), value(found, "lo30", column="market_cap_usd")) == (2, 400)
    assert value(found, "smb", column="company_count") == 3
    assert value(found, "market") == pytest.approx((100 * 0.10 - 300 * 0.02 + 1000 * 0.01) / 1400)
    assert (value(found, "med40"), value(found, "med40", column="null_reason")) == (None, "no_companies")
    without_large = size_portfolios(HELD, MOVES.filter(pl.col("company_id") != "c"), [JULY], [])
    assert (value(without_large, "smb"), value(without_large, "smb", column="null_reason")) == (None, "no_companies")
    assert value(found, "lo30", column="null_reason") is None
    assert found.height == 2 * (len(PORTFOLIOS) + 2)
    assert set(found["formed_on"]) == {JUNE}


def test_a_term_counts_from_its_session_on() -> None:
    moves = rows((JULY, "a", 100, 0.10, 0.10), (NEXT, "a", 110, 0.20, 0.20))
    terms = [Formed(JULY, seats(a="d01")), Formed(NEXT, seats(a="d02").with_columns(formed_on=pl.lit(JULY)))]
    found = size_portfolios(terms, moves, [JULY, NEXT], [])
    assert (value(found, "d01"), value(found, "d02")) == (0.10, None)
    assert (value(found, "d01", day=NEXT), value(found, "d02", day=NEXT)) == (None, 0.20)
    assert value(found, "d02", column="formed_on", day=NEXT) == JULY


def test_after_missing_sessions_the_session_alone_is_told_beside_the_whole_way() -> None:
    moves = rows((JULY, "c", 1000, 0.05, 0.01), (JULY, "d", 1000, 0.03, None))
    found = size_portfolios(HELD, moves, [JULY], [JULY])
    assert value(found, "hi30") == pytest.approx(0.01)
    assert value(found, "hi30", column="return_since_last") == pytest.approx(0.04)
    assert value(found, "hi30", column="is_multi_day")
    untold = size_portfolios(HELD, moves.filter(company_id="d"), [JULY], [JULY])
    assert (value(untold, "hi30"), value(untold, "hi30", column="null_reason")) == (None, "untold_close")
    assert value(untold, "hi30", column="return_since_last") == pytest.approx(0.03)


CAPS = {
    "session_date": pl.Date,
    "company_id": pl.String,
    "ticker": pl.String,
    "previous_session": pl.Date,
    "previous_cap_usd": pl.Int64,
    "return_price": pl.Float64,
    "is_multi_day": pl.Boolean,
}


def test_followed_are_those_with_a_cap_on_the_last_admitted_session() -> None:
    caps = pl.DataFrame(
        [
            (JULY, "a", "A", JUNE, 100, 0.05, True),
            (JULY, "b", "B", date(2024, 6, 20), 100, 0.05, True),
            (JULY, "new", "N", None, None, None, False),
            (JULY, "c", "C", JUNE, 50, 0.02, False),
        ],
        CAPS,
        orient="row",
    )
    one_day = pl.DataFrame({"session_date": [JULY], "ticker": ["A"], "return_session": [0.01]})
    previous = pl.DataFrame({"session_date": [JULY], "last_admitted": [JUNE]})
    found = followed(caps, one_day, previous).select("company_id", "weight", "gain", "session_gain").sort("company_id")
    unit = RETURN_SCALE // 100
    assert found.rows() == [("a", 100, 5 * unit, unit), ("c", 50, 2 * unit, 2 * unit)]


DAYS = [JULY + timedelta(days=number) for number in range(12)]


def quoted(*told: tuple[str, int, int | None, float]) -> pl.DataFrame:
    return pl.DataFrame(told, QUOTED, orient="row")


def test_a_company_goes_on_the_tenth_session_without_a_quote() -> None:
    found = delisted(
        quoted(("penny", 0, 80, 0.5), ("bought", 0, 900, 30.0), ("there", 0, 5, 1.0), ("there", 9, 5, 1.0)), DAYS
    )
    told = found.select("session_date", "company_id", "weight", "gain").sort("company_id").rows()
    assert told == [(DAYS[10], "bought", 900, 0), (DAYS[10], "penny", 80, -3 * RETURN_SCALE // 10)]


def test_absence_is_counted_over_the_edge_of_a_chunk_and_told_once() -> None:
    """Last quoted on the third session before: seven more sessions make ten; eleven before it has gone already."""
    found = delisted(quoted(("a", -3, 10, 0.5), ("gone", -11, 10, 0.5), ("doubted", -3, None, 0.5)), DAYS)
    assert found.select("session_date", "company_id").rows() == [(DAYS[7], "a")]
    assert delisted(quoted(("a", -3, 10, 0.5)), DAYS[:7]).is_empty()


@given(st.permutations(range(12)), st.integers(min_value=1, max_value=1000))
def test_neither_order_nor_the_unit_of_the_caps_matters(order: list[int], scale: int) -> None:
    names = [f"c{number}" for number in range(12)]
    held = [Formed(JULY, seats(**{name: DECILES[number % 10] for number, name in enumerate(names)}))]
    told = [(JULY, name, 7 * number + 1, number / 70 - 0.05, None) for number, name in enumerate(names)]
    before = size_portfolios(held, rows(*told), [JULY], [])
    shuffled = [told[number] for number in order]
    scaled = [(day, name, weight * scale, gain, alone) for day, name, weight, gain, alone in shuffled]
    assert size_portfolios(held, rows(*shuffled), [JULY], []).equals(before)
    same = ["session_date", "portfolio", "weighting", "return_since_last"]
    assert size_portfolios(held, rows(*scaled), [JULY], []).select(same).equals(before.select(same))
