"""What is told of caps whose sources differ, or could: one case per flag."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.measures.reconciliation import CAP_GAPS, cap_gaps

D1, D2, FEBRUARY = date(2024, 1, 2), date(2024, 1, 3), date(2024, 2, 1)
CAP = {
    "session_date": D2, "company_id": "C:A", "cap_usd": 1_000, "shares": 100.0, "check_shares": None,
    "tier": "vendor_implied", "quality": "single_source", "previous_session": D1,
}  # fmt: skip
LINE = {"session_date": D2, "company_id": "C:A", "vendor_cap_usd": 1_000, "class_cap_usd": 1_000, "factor_cause": None}
CANDIDATE = {"session_date": D2, "company_id": "C:A", "tier": "vendor_implied", "cap_usd": 1_000}
HELD = {"session_date": D2, "company_id": "C:A", "ticker": "A", "cap_usd": 1_000, "reason": "ADM_JUMP"}
_TYPES: dict[str, Any] = {"check_shares": pl.Int64, "factor_cause": pl.String, "previous_session": pl.Date}


def frame(plain: dict[str, Any], rows: list[dict[str, Any]]) -> pl.DataFrame:
    made = pl.DataFrame([{**plain, **row} for row in rows or [{}]], schema_overrides=_typed(plain))
    return made if rows else made.clear()


def _typed(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: kind for name, kind in _TYPES.items() if name in plain}


def told(
    caps: list[dict[str, Any]],
    lines: list[dict[str, Any]] | None = None,
    candidates: list[dict[str, Any]] | None = None,
    held: list[dict[str, Any]] | None = None,
) -> pl.DataFrame:
    found = cap_gaps(
        frame(CAP, caps),
        frame(LINE, [{}] if lines is None else lines),
        frame(CANDIDATE, candidates or []),
        frame(HELD, held or []),
    )
    assert found.schema == CAP_GAPS
    return found


def one(found: pl.DataFrame) -> dict[str, Any]:
    assert found.height == 1
    return found.row(0, named=True)


def test_a_cap_with_nothing_beside_it_is_not_told() -> None:
    assert told([{}]).is_empty()
    assert told([{"quality": "trusted", "check_shares": 101}]).is_empty()


def test_a_disputed_count_is_told_with_its_gap_to_the_average() -> None:
    row = one(told([{"quality": "disputed", "check_shares": 80, "previous_session": None}]))
    assert (row["flag"], row["check_gap"], row["gap"], row["vendor_cap_usd"]) == ("check_differs", 0.25, 0.0, 1_000)


@pytest.mark.parametrize(
    ("cause", "flag"), [("lags_split", "vendor_lags_split"), ("jumped_without_split", "vendor_jumped")]
)
def test_a_count_that_is_not_taken_is_told_with_the_vendors_own_cap(cause: str, flag: str) -> None:
    row = one(told([{"quality": "disputed", "check_shares": 80}], [{"vendor_cap_usd": 250, "factor_cause": cause}]))
    assert (row["flag"], row["vendor_cap_usd"], row["gap"]) == (flag, 250, 3.0)


def test_lines_that_add_nothing_say_nothing_of_the_company() -> None:
    twin = {"vendor_cap_usd": 900, "class_cap_usd": 0, "factor_cause": "lags_split"}
    assert told([{}], [{}, twin]).is_empty()
    disputed = one(told([{"quality": "disputed", "check_shares": 80, "previous_session": None}], [{}, twin]))
    assert (disputed["vendor_cap_usd"], disputed["flag"]) == (1_000, "check_differs")


@pytest.mark.parametrize(
    ("beside", "flag"), [(1_040, "agrees"), (960, "agrees"), (1_060, "vendor_differs"), (500, "vendor_differs")]
)
def test_another_tier_agrees_within_five_percent(beside: int, flag: str) -> None:
    cap = {"tier": "sec_single", "quality": "trusted", "previous_session": None}
    row = one(told([cap], candidates=[{"cap_usd": beside}]))
    assert (row["flag"], row["candidate_tier"], row["candidate_cap_usd"]) == (flag, "vendor_implied", beside)
    assert row["vendor_cap_usd"] == beside
    assert row["gap"] == pytest.approx(1_000 / beside - 1, abs=1e-12)


@pytest.mark.parametrize(
    ("cap", "beside", "flag"),
    [
        ({"tier": "sec_single", "quality": "trusted"}, [{}], "agrees"),
        ({"quality": "disputed", "check_shares": 80}, [], "check_differs"),
    ],
)
def test_what_changes_by_the_quarter_is_told_on_a_companys_first_session_of_a_month(
    cap: dict[str, Any], beside: list[dict[str, Any]], flag: str
) -> None:
    days = [{"session_date": D2, "previous_session": D1}, {"session_date": FEBRUARY, "previous_session": D2}]
    candidates = [{**one, "session_date": day["session_date"]} for one in beside for day in days]
    found = told([{**cap, **day} for day in days], candidates=candidates)
    assert found.select("session_date", "flag").rows() == [(FEBRUARY, flag)]


def test_a_tier_that_differs_is_told_every_session() -> None:
    found = told([{"tier": "sec_single", "previous_session": D1}], candidates=[{"cap_usd": 500}])
    assert found["flag"].to_list() == ["vendor_differs"]


def test_of_several_sources_the_most_trusted_is_the_candidate() -> None:
    row = one(told([{"tier": "files_shares"}], candidates=[{"cap_usd": 500}, {"tier": "sec_single", "cap_usd": 800}]))
    assert (row["candidate_tier"], row["candidate_cap_usd"], row["vendor_cap_usd"]) == ("sec_single", 800, 500)
    assert row["gap"] == 0.25


def test_what_was_filed_is_told_beside_an_operators_cap_and_count() -> None:
    beside = [{"tier": "files_cap", "cap_usd": 1_010}, {"tier": "sec_class", "cap_usd": 990}, {"cap_usd": 1_020}]
    row = one(told([{"tier": "files_shares", "quality": "trusted", "previous_session": None}], candidates=beside))
    assert (row["candidate_tier"], row["candidate_cap_usd"]) == ("files_cap", 1_010)
    assert (row["filed_cap_usd"], row["vendor_cap_usd"], row["flag"]) == (990, 1_020, "agrees")


@pytest.mark.parametrize(
    ("own", "filing", "vendor", "flag"),
    [
        (1_010, 990, 500, "vendor_differs"),
        (1_010, 800, 1_000, "tier_differs"),
        (1_200, 990, 1_000, "tier_differs"),
        (1_010, 800, 500, "tier_differs"),
    ],
)
def test_every_tier_that_was_not_chosen_is_compared(own: int, filing: int, vendor: int, flag: str) -> None:
    beside = [{"tier": "files_cap", "cap_usd": own}, {"tier": "sec_single", "cap_usd": filing}, {"cap_usd": vendor}]
    row = one(told([{"tier": "files_shares", "quality": "trusted"}], candidates=beside))
    assert row["flag"] == flag


def test_a_held_company_has_the_cap_that_waits_and_no_gap() -> None:
    found = told(
        [{"company_id": "C:B"}], held=[{"cap_usd": 3_000}], lines=[{"vendor_cap_usd": 3_000, "class_cap_usd": 3_000}]
    )
    row = one(found)
    assert (row["company_id"], row["flag"], row["held_ticker"], row["held_reason"]) == ("C:A", "held", "A", "ADM_JUMP")
    assert (row["candidate_cap_usd"], row["vendor_cap_usd"], row["gap"], row["candidate_tier"]) == (
        3_000,
        3_000,
        None,
        None,
    )
