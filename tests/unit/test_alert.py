import pytest

from flows.alert import Alert, AlertKind, FailingRows, alert_kind
from flows.run_record import RunRecord, RunStatus


def record_with(status: RunStatus) -> RunRecord:
    return RunRecord(run_id="r", kind="nightly", started_at="2026-01-15T23:15:00+00:00", status=status)


@pytest.mark.parametrize(
    ("status", "before", "kind"),
    [
        (RunStatus.REFUSED, RunStatus.PUBLISHED, AlertKind.FAILED),
        (RunStatus.FAILED, None, AlertKind.FAILED),
        (RunStatus.CRASHED, RunStatus.CRASHED, AlertKind.FAILED),
        (RunStatus.DEGRADED, RunStatus.PUBLISHED, AlertKind.DEGRADED),
        (RunStatus.DEGRADED, RunStatus.REFUSED, AlertKind.DEGRADED),
        (RunStatus.PUBLISHED, RunStatus.REFUSED, AlertKind.RECOVERED),
        (RunStatus.PUBLISHED, RunStatus.DEGRADED, AlertKind.RECOVERED),
        (RunStatus.PUBLISHED, RunStatus.PUBLISHED, None),
        (RunStatus.PUBLISHED, None, None),
        (RunStatus.NOTHING_TO_DO, RunStatus.REFUSED, None),
    ],
)
def test_when_somebody_is_told(status: RunStatus, before: RunStatus | None, kind: AlertKind | None) -> None:
    assert alert_kind(record_with(status), before) is kind


def test_message_as_a_person_reads_it() -> None:
    alert = Alert(
        kind=AlertKind.FAILED,
        headline="Session 2026-01-15\nwas refused.",
        run_id="20260115T231500Z-nightly-ab12",
        run_kind="nightly",
        session="2026-01-15",
        rule_codes=("A07",),
        counts={"staged": 7012, "quarantined": 1},
        failing=FailingRows.of(["symbol", "cap_usd", "why"], [("AMCR", 102_000_000_000, None)], total=1),
        last_good_session="2026-01-14",
        look_at={"run record": "data/runs/r.json", "failing checks": "data/quality"},
        next_step="Read docs/runbooks/admission-refused.md.",
    )
    assert alert.title == "smallcaps FAILED: session 2026-01-15 A07"
    assert alert.body == (
        "Session 2026-01-15 was refused.\n"
        "\n"
        "run                20260115T231500Z-nightly-ab12 (nightly)\n"
        "session            2026-01-15\n"
        "rules              A07\n"
        "counts             staged 7,012, quarantined 1\n"
        "last good session  2026-01-14\n"
        "\n"
        "Failing rows (1 of 1)\n"
        "symbol  cap_usd       why\n"
        "AMCR    102000000000\n"
        "\n"
        "Where to look\n"
        "run record      data/runs/r.json\n"
        "failing checks  data/quality\n"
        "\n"
        "What to do next: Read docs/runbooks/admission-refused.md.\n"
    )


def test_empty_parts_leave_no_trace() -> None:
    alert = Alert(AlertKind.TEST, "A test.", "r", "alert-test", failing=FailingRows.of(["a"], [], total=0))
    assert alert.body == "A test.\n\nrun  r (alert-test)\n"


def test_cells_are_short_and_on_one_line() -> None:
    rows = [("line\nbreak\tand tab", ""), ("x" * 41, ""), ("x" * 40, "y" * 241)]
    failing = FailingRows.of(["name", "why"], rows, total=3)
    assert failing.rows == (("line break and tab", ""), ("x" * 37 + "...", ""), ("x" * 40, "y" * 237 + "..."))


def test_at_most_ten_rows_and_the_true_total() -> None:
    failing = FailingRows.of(["n"], ((n,) for n in range(1_000)), total=1_000)
    assert [row[0] for row in failing.rows] == [str(n) for n in range(10)]
    assert failing.total == 1_000


def test_a_failing_row_of_the_gate_can_be_read_to_its_end() -> None:
    """The gate shows a row as one text, in the last column; what is before it stays short."""
    row = '{"session_date": "2026-01-09", "security_id": "IBM~20260102", "known_at": "2026-01-09 21:30:00+00:00"}'
    failing = FailingRows.of(["rule_code", "subject", "row"], [("GATE_KEY", "x" * 60, row)], total=1)
    assert failing.rows[0][2] == row
    assert len(failing.rows[0][1]) == 40
