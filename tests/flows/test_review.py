"""The review file: there after every run that publishes and every refused night, whole, and right."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import cli
from flows.run_record import RunStatus
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site
from tests.vendors.market import SESSIONS, Market, companies
from tests.vendors.market_faults import cap_times

NIGHT = SESSIONS[12]
LAST = ALL_SESSIONS[-1]
SMALL, MID = companies(7, "small")[0].symbol, companies(7, "mid")[0].symbol
JUMPED_FOR = 7

pytestmark = pytest.mark.usefixtures("light_gate")


def read(path: Path) -> list[dict[str, str]]:
    """The rows as a spreadsheet reads them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def about(site: Site, what: str) -> dict[str, dict[str, str]]:
    return {row["ticker"]: row for row in read(site.paths.review) if row["what"] == what}


def test_a_market_without_trouble_leaves_a_file_without_trouble(base_site: Site) -> None:
    rows = read(base_site.paths.review)
    assert {row["what"] for row in rows} <= {"disputed"}
    assert base_site.paths.review.read_bytes().startswith(b"\xef\xbb\xbfticker,company_id,session_date,what,")


def test_what_a_run_leaves_open_is_in_the_file(
    new_site: Callable[[str, Market], Site], capsys: pytest.CaptureFixture[str]
) -> None:
    """A count that doubles without a split for seven sessions, and on the last a cap that jumps by no simple ratio."""
    site = new_site("open", Market())
    doubled = {session: (cap_times(2, SMALL),) for session in ALL_SESSIONS[-JUMPED_FOR:]}
    site.market.write(site.archive, ALL_SESSIONS, {**doubled, LAST: (cap_times(2, SMALL), cap_times(1.83, MID))})
    outcome = site.backfill(ALL_SESSIONS[0], LAST)
    assert outcome.exit_code == 0, outcome.one_line

    small = about(site, "vendor_count_not_taken")[SMALL]
    cap = site.rows("core.market_caps", "cap_usd", ticker=SMALL, session_date=LAST).item()
    assert (int(small["ours_usd"]), float(small["ratio"])) == (cap, pytest.approx(2, rel=1e-6))
    assert (small["session_date"], small["since"]) == (str(LAST), str(ALL_SESSIONS[-JUMPED_FOR]))
    mid = about(site, "held")[MID]
    before = site.rows("core.market_caps", "cap_usd", ticker=MID, session_date=ALL_SESSIONS[-2]).item()
    assert (int(mid["ours_usd"]), mid["since"]) == (before, str(LAST))
    assert f"accept-company --session {LAST} --company {MID}" in mid["suggestion"]
    flags = site.rows("marts.cap_reconciliation", "ticker", "flag", session_date=LAST)
    assert {(SMALL, "vendor_jumped"), (MID, "held")} <= set(flags.iter_rows())
    assert {row["run_id"] for row in read(site.paths.review)} == {outcome.run_id}
    assert site.record(outcome).review_path == str(site.paths.review)

    assert cli.run(["status"]) == 0
    assert str(site.paths.review) in capsys.readouterr().out
    assert cli.run(["check", "--session", str(LAST)]) == 0
    assert str(site.paths.review) in capsys.readouterr().err

    assert cli.run(["decide", "accept-company", "--session", str(LAST), "--company", MID, "--reason", "a merger"]) == 0
    site.serve(NIGHT, cap_times(2, SMALL), cap_times(1.83, MID))
    assert site.nightly(NIGHT).exit_code == 0
    assert MID not in about(site, "held")
    assert about(site, "vendor_count_not_taken")[SMALL]["session_date"] == str(NIGHT)


def test_a_refused_night_is_in_the_file_with_its_suspects(site: Site) -> None:
    night = SESSIONS[5]
    outcome = site.night(night, cap_times(2.37))
    assert site.record(outcome).status is RunStatus.REFUSED
    first = read(site.paths.review)[0]
    assert (first["what"], first["session_date"], first["run_id"]) == ("session_refused", str(night), outcome.run_id)
    assert "ADM_QUARANTINE_WEIGHT" in first["reason"]
    assert f"accept-session --session {night}" in first["suggestion"]
    suspects = about(site, "suspect")
    assert len(suspects) == 10
    assert {round(float(row["ratio"]), 1) for row in suspects.values()} <= {2.3, 2.4, 2.5}

    assert site.night(SESSIONS[6]).exit_code == 0
    assert not {"session_refused", "suspect"} & {row["what"] for row in read(site.paths.review)}


def test_a_review_file_that_fails_is_told_and_the_night_is_published(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("no file")

    before = site.paths.review.read_bytes()
    monkeypatch.setattr("flows.steps.review.write_review", fail)
    outcome = site.night(SESSIONS[5])
    assert outcome.exit_code == 0
    assert site.record(outcome).review_error == "ZeroDivisionError: no file."
    assert site.paths.review.read_bytes() == before
    assert site.verdicts()[SESSIONS[5]] == ("published", [])
    assert site.verdicts()[BASE_SESSIONS[-1]] == ("published", [])
