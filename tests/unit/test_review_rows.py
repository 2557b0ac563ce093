"""The review file's rows: what gets in, in which order, and what it suggests."""

import shlex
from datetime import date
from typing import Any

import polars as pl
import pytest
import typer.main

from flows.cli import app
from flows.review_rows import FILINGS, OPEN_GAPS, REFUSED, REVIEW, UNMATCHED, WHAT, refused_session, review_rows
from flows.steps.decisions import CHOICES

LAST, EARLIER = date(2024, 3, 28), date(2024, 3, 4)
GAP: dict[str, Any] = {
    "session_date": LAST, "company_id": "C:A", "ticker": "A", "tier": "vendor_implied", "cap_usd": 4_000_000_000,
    "vendor_cap_usd": 1_000_000_000, "gap": 3.0, "quality": "single_source", "reason": "no second source",
    "flag": "vendor_jumped", "since": EARLIER, "sessions": 19,
}  # fmt: skip
HELD = {
    "flag": "held", "tier": None, "cap_usd": None, "gap": None, "quality": None, "reason": "ADM_JUMP",
    "candidate_cap_usd": 9_000_000_000, "last_cap_usd": 3_000_000_000,
}  # fmt: skip
DISPUTED = {"flag": "check_differs", "quality": "disputed", "gap": 0.0, "check_gap": 1.0}
APART = {"flag": "vendor_differs", "tier": "sec_single", "candidate_tier": "vendor_implied"}
FILING: dict[str, Any] = {
    "ticker": "F", "company_id": "C:F", "session_date": LAST, "since": EARLIER, "filed": "10-K 1 as of 2024-01-31",
    "reason_code": "jump", "shares": 500_000_000, "price": 10.0, "cap_usd": 50_000_000,
}  # fmt: skip


CORRECTION: dict[str, Any] = {
    "file": "files/corrections/current/x.csv", "row": 2, "source": "sec_edgar", "cik": 11, "symbol": None,
    "accession": "a-9", "as_of": None, "share_class": "all", "field": "shares",
}  # fmt: skip


def rows(
    *gaps: dict[str, Any],
    filings: list[dict[str, Any]] | None = None,
    refused: pl.DataFrame | None = None,
    unmatched: list[dict[str, Any]] | None = None,
) -> pl.DataFrame:
    told = review_rows(
        pl.DataFrame([{name: {**GAP, **gap}.get(name) for name in OPEN_GAPS} for gap in gaps], schema=OPEN_GAPS),
        pl.DataFrame(filings or [], schema=FILINGS),
        pl.DataFrame(schema=REFUSED) if refused is None else refused,
        pl.DataFrame(unmatched or [], schema=UNMATCHED, orient="row"),
        "run-1",
    )
    assert told.schema == REVIEW
    return told


def whats(*gaps: dict[str, Any]) -> list[str]:
    return rows(*gaps)["what"].to_list()


def test_a_held_company_is_shown_with_both_caps_and_the_decision() -> None:
    row = rows(HELD).row(0, named=True)
    assert (row["what"], row["ours_usd"], row["other_usd"], row["ratio"]) == ("held", 3_000_000_000, 9_000_000_000, 3.0)
    assert (row["since"], row["reason"], row["run_id"]) == (EARLIER, "ADM_JUMP", "run-1")
    assert row["suggestion"] == 'smallcaps decide accept-company --session 2024-03-28 --company A --reason "..."'


@pytest.mark.parametrize("flag", ["vendor_jumped", "vendor_lags_split"])
def test_a_count_is_shown_once_it_is_not_taken_for_more_than_five_sessions(flag: str) -> None:
    assert whats({"flag": flag, "sessions": 5}) == []
    row = rows({"flag": flag, "sessions": 6}).row(0, named=True)
    assert (row["what"], row["other_usd"], row["ratio"]) == ("vendor_count_not_taken", 1_000_000_000, 0.25)
    assert row["reason"] == f"{flag} for 6 sessions; no second source"


@pytest.mark.parametrize(("gap", "shown"), [(0.26, True), (0.24, False), (-0.21, True), (-0.19, False)])
def test_tiers_are_shown_beyond_a_quarter_either_way(gap: float, shown: bool) -> None:
    assert whats({**APART, "gap": gap, "candidate_cap_usd": 3_000_000_000}) == ["tiers_differ"] * shown


def test_disputed_caps_are_shown_above_two_billion() -> None:
    row = rows(DISPUTED).row(0, named=True)
    assert (row["what"], row["other_usd"], row["ratio"]) == ("disputed", 2_000_000_000, 0.5)
    assert whats({**DISPUTED, "cap_usd": 2_000_000_000}) == []


def test_agreement_is_not_shown() -> None:
    assert whats({"flag": "agrees", "quality": "trusted", "gap": 0.01, "candidate_cap_usd": 4_000_000_000}) == []


def test_a_refused_filing_is_shown_with_what_it_would_make() -> None:
    row = rows(filings=[FILING]).row(0, named=True)
    assert (row["what"], row["ours_usd"], row["other_usd"], row["ratio"]) == (
        "filing_refused", 50_000_000, 5_000_000_000, 100.0,
    )  # fmt: skip
    assert row["reason"] == "jump: 500000000 shares in 10-K 1 as of 2024-01-31"


def test_a_filing_of_a_company_without_a_cap_has_no_ratio() -> None:
    row = rows(filings=[{**FILING, "price": None, "cap_usd": None}]).row(0, named=True)
    assert (row["ours_usd"], row["other_usd"], row["ratio"]) == (None, None, None)


def test_the_largest_stand_first_and_a_wrong_check_makes_nothing_large() -> None:
    thousandfold = {**DISPUTED, "ticker": "D", "cap_usd": 3_000_000_000, "check_gap": -0.999}
    told = rows(thousandfold, {"ticker": "V"}, {**HELD, "ticker": "H"}, filings=[FILING])
    assert told["ticker"].to_list() == ["H", "V", "D", "F"]


def test_a_refused_session_stands_above_all_with_its_suspects() -> None:
    suspects = pl.DataFrame(
        {"ticker": ["S"], "verdict": ["jump"], "cap_usd": [8_000_000_000], "anchor_cap_usd": [4_000_000_000],
         "log_gap": [0.69]}
    )  # fmt: skip
    told = rows(HELD, refused=refused_session(LAST, ["ADM_TOTAL", "ADM_ROWS"], suspects))
    assert told["what"].to_list() == ["session_refused", "held", "suspect"]
    session = told.row(0, named=True)
    assert (session["reason"], session["session_date"]) == ("ADM_TOTAL ADM_ROWS", LAST)
    assert session["suggestion"] == 'smallcaps decide accept-session --session 2024-03-28 --reason "..."'
    assert told.row(2, named=True)["suggestion"].startswith(
        "smallcaps decide accept-company --session 2024-03-28 --company S"
    )


def test_lines_that_broke_a_rule_are_left_to_the_runs_own_file() -> None:
    lines = pl.DataFrame({"symbol": ["S"], "close": [1.0]})
    assert rows(refused=refused_session(LAST, ["ADM_REPEATED"], lines))["what"].to_list() == ["session_refused"]


def test_a_correction_that_names_no_fact_is_shown_above_all_caps() -> None:
    refused = refused_session(LAST, ["ADM_ROWS"], pl.DataFrame())
    told = rows(HELD, refused=refused, unmatched=[CORRECTION])
    assert told["what"].to_list() == ["session_refused", "correction_unmatched", "held"]
    row = told.row(1, named=True)
    assert row["reason"] == "files/corrections/current/x.csv row 2: sec_edgar has no shares of cik 11 in a-9"
    assert "cik = 11" in row["suggestion"]
    assert (row["ours_usd"], row["other_usd"], row["run_id"]) == (None, None, "run-1")


def test_an_unmatched_correction_is_named_by_all_that_it_says() -> None:
    told = {"cik": None, "symbol": "O'K", "as_of": "2024-04-26", "share_class": "CommonClassAMember"}
    row = rows(unmatched=[{**CORRECTION, **told}]).row(0, named=True)
    assert row["ticker"] == "O'K"
    assert row["reason"].endswith("no shares of O'K of CommonClassAMember in a-9 as of 2024-04-26")
    assert "symbol = 'O''K'" in row["suggestion"]


def test_every_suggestion_is_a_command_that_exists() -> None:
    suspects = pl.DataFrame({"ticker": ["S"], "verdict": ["jump"], "cap_usd": [2], "anchor_cap_usd": [1]})
    told = rows(
        HELD, {}, DISPUTED, {**APART, "candidate_cap_usd": 1}, filings=[FILING],
        unmatched=[CORRECTION, {**CORRECTION, "cik": None, "symbol": "O'K"}],
        refused=refused_session(LAST, ["ADM_TOTAL"], suspects),
    )  # fmt: skip
    assert told.height == 9
    assert set(told["what"]) == set(WHAT)
    commands = typer.main.get_command(app)
    for suggestion in told["suggestion"]:
        program, name, *arguments = shlex.split(suggestion)
        assert program == "smallcaps"
        command = commands.get_command(None, name)  # type: ignore[attr-defined]
        command.make_context(name, list(arguments))
        if name == "decide":
            assert arguments[0] in CHOICES
