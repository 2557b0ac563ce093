"""Admission rules: companies one by one, then the session; thresholds at their edges."""

from datetime import date, timedelta
from math import exp, log
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import rules
from expectations.admission import (
    Check,
    SessionFacts,
    judge_session,
    refusing,
)
from expectations.companies import is_admitted, judge_companies
from transforms.core.company_state import COMPANY_STATE_SCHEMA, empty_company_state, next_state, recalled

D0, D1 = date(2024, 1, 8), date(2024, 1, 9)
NEAR = date(2024, 1, 2)
B = 1_000_000_000


def companies(
    *rows: tuple[str, int, float | None],
    dollar_volume: int | None = 10_000_000,
    tier: str = "vendor_implied",
    price: float = 10.0,
    is_restored: bool = False,
) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (company, company, cap, cap / price, growth, dollar_volume, tier, False, is_restored)
            for company, cap, growth in rows
        ],
        schema={
            "company_id": pl.String,
            "ticker": pl.String,
            "cap_usd": pl.Int64,
            "shares": pl.Float64,
            "return_price": pl.Float64,
            "dollar_volume_usd": pl.Int64,
            "tier": pl.String,
            "is_refused_count": pl.Boolean,
            "is_restored_count": pl.Boolean,
        },
        orient="row",
    )


def state(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [
        {
            "anchor_session": D0,
            "last_seen": D0,
            "drift_log": 0.0,
            "pending_cap_usd": None,
            "pending_streak": None,
            **row,
        }
        for row in rows
    ]
    return pl.DataFrame(filled, schema=COMPANY_STATE_SCHEMA)


def judged_by(caps: pl.DataFrame, memory: pl.DataFrame, near_from: date = NEAR) -> pl.DataFrame:
    return judge_companies(recalled(caps, memory), near_from)


def verdict(cap: int, growth: float | None, known: dict[str, Any] | None, **volume: int) -> str:
    memory = state({"company_id": "a", **known}) if known else empty_company_state()
    return str(judged_by(companies(("a", cap, growth), **volume), memory)["verdict"].item())


@pytest.mark.parametrize(
    ("gap", "expected"), [(0.299, "admitted"), (-0.299, "admitted"), (0.301, "jump"), (-0.301, "jump")]
)
def test_a_cap_must_move_with_its_price(gap: float, expected: str) -> None:
    cap = round(10 * B * 1.05 * exp(gap))
    assert verdict(cap, 0.05, {"anchor_cap_usd": 10 * B}) == expected


def test_a_fall_by_half_is_no_jump() -> None:
    assert verdict(5 * B, -0.5, {"anchor_cap_usd": 10 * B}) == "admitted"


def test_amcor_on_its_reverse_split() -> None:
    """2026-01-15: price x5 with the old count, cap 102 for 20 billion, price return 0.1 %."""
    assert verdict(101_937_174_995, 0.001, {"anchor_cap_usd": 20_359_734_680}) == "jump"


def walked(caps: list[int], anchor: int, dollar_volume: int = 10_000_000) -> list[str]:
    """Verdicts over sessions at a price that does not move."""
    memory = state({"company_id": "a", "anchor_cap_usd": anchor})
    found = []
    for number, cap in enumerate(caps):
        day = D1 + timedelta(days=number)
        judged = judged_by(companies(("a", cap, 0.0), dollar_volume=dollar_volume), memory, day - timedelta(days=7))
        memory = next_state(judged, is_admitted(judged), memory, day)
        found.append(judged["verdict"].item())
    return found


def test_a_wrong_figure_goes_and_the_company_is_back_at_once() -> None:
    """Micron, 2026-03-11 to 13: 2.4e12 for 0.47e12, three sessions."""
    assert walked([2400 * B] * 3 + [470 * B], 470 * B) == ["jump"] * 3 + ["admitted"]


def test_a_small_step_is_confirmed_by_five_sessions() -> None:
    assert walked([15 * B] * 6, 10 * B) == ["jump"] * 4 + ["confirmed", "admitted"]


def test_a_small_companys_doubling_is_confirmed_by_five_sessions() -> None:
    assert walked([300_000_000] * 5, 90_000_000) == ["jump"] * 4 + ["confirmed"]


def test_a_large_companys_wide_step_waits_a_quarter() -> None:
    """PACCAR stood at 910 for 37 billion for 60 sessions."""
    assert walked([910 * B] * 60 + [37 * B], 37 * B, dollar_volume=150_000_000) == ["jump"] * 60 + ["admitted"]


def test_after_a_quarter_it_must_trade_like_its_size() -> None:
    quiet = walked([60 * B] * 64, 20 * B, dollar_volume=10_000_000)
    busy = walked([60 * B] * 64, 20 * B, dollar_volume=200_000_000)
    assert quiet[-1] == "jump"
    assert busy[62:] == ["confirmed", "admitted"]


@pytest.mark.parametrize(("tier", "expected"), [("vendor_implied", "confirmed"), ("files_shares", "jump")])
def test_a_depositary_lines_count_that_is_right_again_confirms_its_level_at_once(tier: str, expected: str) -> None:
    """AstraZeneca, 2024-02-09: half its cap until then, and the count it had had before."""
    memory = state({"company_id": "a", "anchor_cap_usd": 97 * B, "anchor_tier": tier})
    again = companies(("a", 193 * B, 0.0), is_restored=True, tier=tier)
    assert judged_by(again, memory)["verdict"].item() == expected


def test_a_level_that_wanders_is_not_confirmed() -> None:
    assert walked([15 * B, 18 * B, 15 * B, 18 * B, 15 * B, 18 * B], 10 * B) == ["jump"] * 6


def test_returns_while_held_are_added_up() -> None:
    """Held at 100 for a day; the price falls 40 % meanwhile; 62 is then near what the anchor is worth."""
    memory = state({"company_id": "a", "anchor_cap_usd": 10 * B})
    first = judged_by(companies(("a", 100 * B, -0.2)), memory)
    memory = next_state(first, is_admitted(first), memory, D1)
    second = judged_by(companies(("a", 6_200_000_000, -0.25)), memory)
    assert (first["verdict"].item(), second["verdict"].item()) == ("jump", "admitted")
    assert memory["drift_log"].item() == pytest.approx(log(0.8))


def market(*, odd_cap: int, odd_volume: int) -> pl.DataFrame:
    ordinary = companies(*((f"c{i}", 5 * B, None) for i in range(400)))
    odd = companies(("odd", odd_cap, None), dollar_volume=odd_volume)
    return pl.concat([ordinary, odd])


@pytest.mark.parametrize(
    ("cap", "volume", "expected"),
    [
        (15_262 * B, 30_000_000, "first_level"),  # LATAM, 2024-07-25
        (60 * B, 5 * B, "admitted"),  # Arm on its first day
        (60 * B, 1_000_000, "first_level"),
        (1 * B, 100, "admitted"),  # not among the ranks that matter
    ],
)
def test_a_first_appearance_is_judged_by_its_level(cap: int, volume: int, expected: str) -> None:
    judged = judged_by(market(odd_cap=cap, odd_volume=volume), empty_company_state())
    assert judged.filter(pl.col("company_id") == "odd")["verdict"].item() == expected


def test_a_count_that_no_company_has_is_never_confirmed() -> None:
    """Steel Partners, 2024-01-10: 1,705 shares for 42 sessions; a small company's new level is confirmed after five."""
    for memory, expected in (
        (empty_company_state(), "first_level"),
        (state({"company_id": "a", "anchor_cap_usd": 850_000_000}), "jump"),
    ):
        for number in range(8):
            day = D1 + timedelta(days=number)
            judged = judged_by(companies(("a", 63_800, 0.0), price=37.4), memory, day - timedelta(days=7))
            memory = next_state(judged, is_admitted(judged), memory, day)
            assert judged["verdict"].item() == expected
    own = companies(("a", 63_800, 0.0), price=37.4, tier="files_shares")
    assert judged_by(own, empty_company_state())["verdict"].item() == "admitted"


@pytest.mark.parametrize("volume", [None, 1_000_000])
def test_who_supplies_a_count_vouches_for_its_level(volume: int | None) -> None:
    """InnovateTech AG from the operator's own files, which need not have volumes."""
    own = companies(("own", 60 * B, None), dollar_volume=volume, tier="files_shares")
    judged = judged_by(own, empty_company_state())
    assert judged["verdict"].item() == "admitted"


def test_who_was_away_longer_than_the_horizon_appears_anew() -> None:
    long_ago = {"anchor_cap_usd": 1 * B, "last_seen": date(2023, 6, 1), "anchor_session": date(2023, 6, 1)}
    assert verdict(3 * B, None, long_ago) == "admitted"


@given(st.lists(st.integers(min_value=10**6, max_value=10**12), min_size=1, max_size=8), st.randoms())
def test_the_order_of_companies_decides_nothing(caps: list[int], random: Any) -> None:
    rows = [(f"c{i}", cap, 0.01) for i, cap in enumerate(caps)]
    memory = state(*({"company_id": f"c{i}", "anchor_cap_usd": 10**9} for i in range(len(caps))))
    shuffled = list(rows)
    random.shuffle(shuffled)
    left, right = (
        dict(judged_by(companies(*order), memory).select("company_id", "verdict").rows()) for order in (rows, shuffled)
    )
    assert left == right


LAST = pl.DataFrame({"exchange": ["nyse"] * 100, "last_session": [D0] * 100})
FACTS = SessionFacts(D1, D0, can_compare=True, is_next_session=True)


def session_lines(
    rows: int = 100, repeated: int = 0, agreeing: int | None = None, exchange: str = "nyse"
) -> pl.DataFrame:
    agree = rows if agreeing is None else agreeing
    return pl.DataFrame(
        {
            "exchange": [exchange] * rows,
            "close": [10.0 if i < repeated else 11.0 for i in range(rows)],
            "volume": [5] * rows,
            "last_close": [10.0] * rows,
            "last_volume": [5] * rows,
            "last_session": [D0] * rows,
            "previous_close": [10.0 if i < agree else 12.0 for i in range(rows)],
        }
    )


def checks(lines: pl.DataFrame, judged: pl.DataFrame | None = None, facts: SessionFacts = FACTS) -> dict[str, Check]:
    memory = state(*({"company_id": f"c{i}", "anchor_cap_usd": 10 * B} for i in range(100)))
    caps = judged if judged is not None else companies(*((f"c{i}", 10 * B, 0.0) for i in range(100)))
    found = judge_session(lines, judged_by(caps, memory), LAST, memory, facts)
    return {check.rule.code: check for check in found}


def test_a_quiet_day_passes_everything() -> None:
    found = checks(session_lines())
    assert {check.outcome for check in found.values()} == {"passed"}
    assert refusing(list(found.values())) == []


@pytest.mark.parametrize(("rows", "outcome"), [(90, "passed"), (89, "failed"), (110, "passed"), (111, "failed")])
def test_rows_per_exchange(rows: int, outcome: str) -> None:
    assert checks(session_lines(rows))["ADM_ROWS"].outcome == outcome


def test_a_missing_exchange_refuses() -> None:
    assert refusing(list(checks(session_lines(exchange="amex")).values()))[0] == "ADM_EXCHANGES"


@pytest.mark.parametrize(("repeated", "outcome"), [(30, "passed"), (31, "failed")])
def test_repeated_prices(repeated: int, outcome: str) -> None:
    assert checks(session_lines(repeated=repeated))["ADM_REPEATED"].outcome == outcome


@pytest.mark.parametrize(
    ("agreeing", "chain", "late"),
    [(90, "passed", "passed"), (60, "passed", "failed"), (25, "passed", "failed"), (24, "failed", "failed")],
)
def test_previous_closes(agreeing: int, chain: str, late: str) -> None:
    found = checks(session_lines(agreeing=agreeing))
    assert (found["ADM_CHAIN"].outcome, found["ADM_CHAIN_LATE"].outcome) == (chain, late)
    assert ("ADM_CHAIN" in refusing(list(found.values()))) == (chain == "failed")


def test_a_source_without_changes_has_no_previous_closes_to_judge() -> None:
    lines = session_lines().with_columns(previous_close=pl.lit(None, pl.Float64))
    found = checks(lines)
    assert (found["ADM_CHAIN"].outcome, found["ADM_CHAIN_LATE"].outcome) == ("not_applicable", "not_applicable")


@pytest.mark.parametrize(("jumping", "outcome"), [(5, "passed"), (6, "failed")])
def test_what_quarantine_would_take_out(jumping: int, outcome: str) -> None:
    caps = companies(*((f"c{i}", (30 if i < jumping else 10) * B, 0.0) for i in range(100)))
    assert checks(session_lines(), caps)["ADM_QUARANTINE_WEIGHT"].outcome == outcome


@pytest.mark.parametrize(("growth", "outcome"), [(1.029, "passed"), (1.031, "failed"), (0.969, "failed")])
def test_the_total_must_move_with_the_return(growth: float, outcome: str) -> None:
    caps = companies(*((f"c{i}", round(10 * B * growth), 0.0) for i in range(100)))
    assert checks(session_lines(), caps)["ADM_TOTAL"].outcome == outcome


def test_a_market_that_falls_with_its_prices_passes() -> None:
    caps = companies(*((f"c{i}", round(10 * B * 0.8), -0.2) for i in range(100)))
    assert checks(session_lines(), caps)["ADM_TOTAL"].outcome == "passed"


def test_who_comes_back_from_quarantine_is_no_new_money() -> None:
    """Alphabet, 2022-07-20: held for a day, 2 % of the market, back at its old level."""
    memory = state(
        *({"company_id": f"c{i}", "anchor_cap_usd": 10 * B} for i in range(20)),
        {
            "company_id": "back",
            "anchor_cap_usd": 40 * B,
            "anchor_session": D0 - timedelta(days=3),
            "pending_cap_usd": 80 * B,
            "pending_streak": 1,
        },
    )
    caps = companies(*((f"c{i}", 10 * B, 0.0) for i in range(20)), ("back", 40 * B, 0.0))
    found = {c.rule.code: c for c in judge_session(session_lines(), judged_by(caps, memory), LAST, memory, FACTS)}
    assert found["ADM_TOTAL"].outcome == "passed"


def test_large_companies_that_vanish_show_in_the_total() -> None:
    caps = companies(*((f"c{i}", 10 * B, 0.0) for i in range(96)))
    assert checks(session_lines(), caps)["ADM_TOTAL"].outcome == "failed"


def test_without_a_near_session_nothing_is_passed() -> None:
    found = checks(session_lines(), facts=SessionFacts(D1, None, can_compare=False, is_next_session=False))
    assert {check.outcome for code, check in found.items() if code != "ADM_NO_COMPANY"} == {"not_applicable"}


def test_a_session_that_admits_no_company_is_refused() -> None:
    memory = state(*({"company_id": f"c{i}", "anchor_cap_usd": 10 * B} for i in range(3)))
    caps = companies(*((f"c{i}", 100 * B, 0.0) for i in range(3)), dollar_volume=None)
    found = judge_session(session_lines(), judged_by(caps, memory), LAST, memory, FACTS)
    told = next(check for check in found if check.rule is rules.NO_COMPANY)
    assert told.refuses
    assert told.observed == "0 of 3 companies admitted, volumes known of 0"


def test_after_a_missing_session_the_chain_cannot_be_judged() -> None:
    found = checks(session_lines(), facts=SessionFacts(D1, D0, can_compare=True, is_next_session=False))
    assert found["ADM_CHAIN"].outcome == "not_applicable"
    assert found["ADM_ROWS"].outcome == "passed"


def test_a_company_held_after_a_while_is_not_judged_by_its_old_anchor() -> None:
    """Not seen for weeks, held at its first level: the next session finds no anchor, and judges the level again."""
    memory = state({"company_id": "a", "anchor_cap_usd": 900 * B, "last_seen": D0 - timedelta(days=40)})
    held = judged_by(companies(("a", 900 * B, 0.0), dollar_volume=1), memory)
    assert held["verdict"].item() == "first_level"
    after = next_state(held, is_admitted(held), memory, D1)
    assert after["anchor_cap_usd"].to_list() == [None]
    again = judged_by(companies(("a", 900 * B, 0.0), dollar_volume=1), after)
    assert again["verdict"].item() == "first_level"


def test_every_rule_has_a_code_and_a_reason() -> None:
    codes = [rule.code for rule in rules.ADMISSION_RULES]
    assert len(codes) == len(set(codes))
    assert all(len(rule.why) > 40 for rule in rules.ADMISSION_RULES)
