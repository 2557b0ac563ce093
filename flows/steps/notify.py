"""notify: tell somebody how a run ended. The last step of every run; it never fails one."""

import logging
from collections.abc import Sequence
from pathlib import Path

from flows.alert import Alert, AlertKind, FailingRows, alert_kind
from flows.edge.alerts import send_alert
from flows.edge.run_records import earlier_records, write_record
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus, SessionVerdict
from flows.settings import Settings
from flows.troubles import NOT_GOOD, back_again, failed_streak, missing_streak

MOST_NAMED = 10
log = logging.getLogger(__name__)


def notify(
    settings: Settings,
    paths: DataPaths,
    record: RunRecord,
    *,
    before: RunStatus | None = None,
    failing: FailingRows | None = None,
    last_good_session: str = "",
) -> None:
    """Send the alert that the end of this run is worth, and store record and outcome.

    `before` is how the run before this one ended; `failing` the rows that broke a rule. Whatever goes
    wrong here is logged: the run's own error stays the one that is seen. The record is stored also where nobody could
    be told, and somebody is told also where the records of earlier runs are of no use.
    """
    try:
        kind = alert_kind(record, before)
        if kind is not None:
            alert = _alert_with_history(record, paths, kind, failing, last_good_session)
            record.alerts.append(deliver(settings, alert))
    except Exception:
        log.exception("Run %s could not tell anybody how it ended", record.run_id)
    finally:
        _store(paths, record)


def _store(paths: DataPaths, record: RunRecord) -> None:
    try:
        write_record(paths, record)
    except Exception:
        log.exception("Run %s could not store its record", record.run_id)


def _alert_with_history(
    record: RunRecord, paths: DataPaths, kind: AlertKind, failing: FailingRows | None, last_good_session: str
) -> Alert:
    """The message with since when; without it where what earlier runs have left cannot be used."""
    try:
        earlier = earlier_records(paths, record.run_id)
        return alert_for(record, paths, kind, earlier=earlier, failing=failing, last_good_session=last_good_session)
    except Exception:
        log.exception("Run %s tells nothing of earlier runs: their records cannot be used", record.run_id)
        return alert_for(record, paths, kind, failing=failing, last_good_session=last_good_session)


def deliver(settings: Settings, alert: Alert) -> AlertOutcome:
    """Send to the configured channels; says so where there is none."""
    if not settings.alert_urls:
        log.warning("No alert channel is set (SMALLCAPS_ALERT_URLS): %s. %s", alert.title, alert.headline)
    return send_alert(alert, settings.alert_urls)


def alert_for(
    record: RunRecord,
    paths: DataPaths,
    kind: AlertKind,
    *,
    earlier: Sequence[RunRecord] = (),
    failing: FailingRows | None = None,
    last_good_session: str = "",
) -> Alert:
    """The message about one finished run, from its record and those of the runs before it, newest first."""
    asked = record.asked_sessions
    return Alert(
        kind=kind,
        headline=record.error or _headline(record, earlier),
        run_id=record.run_id,
        run_kind=record.kind,
        session=asked[0] if len(asked) == 1 else "",
        about=f"{record.kind} {asked[0]} to {asked[-1]}" if len(asked) > 1 else "",
        rule_codes=_rule_codes(record),
        counts=_counts(record),
        failing=failing,
        last_good_session=last_good_session,
        look_at=_look_at(record, paths),
        next_step=record.next_step,
    )


def _headline(record: RunRecord, earlier: Sequence[RunRecord]) -> str:
    """What a run without an error has to tell: what is missing since when, what is well again, what was refused."""
    told = [_first_sentences(record, earlier)]
    told += [
        f"{name} delivers again; it was missing in {streak}." for name, streak in back_again(record, earlier).items()
    ]
    if failed := failed_streak(earlier):
        told.append(f"Before this, nothing had been published in {failed}.")
    if refused := _refused(record):
        named = [f"{verdict.session_date} {' '.join(verdict.rule_codes)}".strip() for verdict in refused]
        told.append(f"Refused: {'; '.join(named[:MOST_NAMED])}{' ...' if len(named) > MOST_NAMED else ''}.")
    return " ".join(told)


def _first_sentences(record: RunRecord, earlier: Sequence[RunRecord]) -> str:
    if record.degraded_sources:
        sources = "; ".join(_missing(name, reason, earlier) for name, reason in record.degraded_sources.items())
        return f"Published without fresh data of {sources}. The last known values are carried forward."
    if record.status is RunStatus.PUBLISHED:
        return "Published again: all is well."
    return f"The run ended as {record.status}."


def _missing(name: str, reason: str, earlier: Sequence[RunRecord]) -> str:
    """One source with its reason and, from the second run on, since when."""
    before = missing_streak(name, earlier)
    since = f" (since {before.first}, now {before.runs + 1} runs in a row)" if before else ""
    return f"{name}{since}: {reason.rstrip('. ')}"


def _rule_codes(record: RunRecord) -> tuple[str, ...]:
    of_gate = record.gate.get("rule_codes", ())
    gate_codes = [str(code) for code in of_gate] if isinstance(of_gate, list | tuple) else []
    of_sessions = [code for verdict in _refused(record) for code in verdict.rule_codes]
    return tuple(dict.fromkeys([*of_sessions, *gate_codes]))


def _refused(record: RunRecord) -> list[SessionVerdict]:
    """Refused sessions that were asked for: a night that judges the past anew has nothing new to tell of it."""
    return [verdict for verdict in record.sessions_with("refused") if verdict.session_date in record.asked_sessions]


def _counts(record: RunRecord) -> dict[str, int]:
    """Rows per stage, and sessions by status where the run judged more than one."""
    counts = dict(record.rows_per_stage)
    if len(record.sessions) > 1:
        for status in ("published", "refused", "missing"):
            counts[f"sessions {status}"] = len(record.sessions_with(status))
    return counts


def _look_at(record: RunRecord, paths: DataPaths) -> dict[str, str]:
    places = {"run record": paths.run_record(record.run_id)}
    if record.report_path is not None:
        places["report"] = Path(record.report_path)
    if record.status in NOT_GOOD:
        places |= {"failing checks": paths.quality, "rows set aside": paths.quarantine}
    return {what: str(path.absolute()) for what, path in places.items()} | {
        "published file": f"{paths.warehouse.absolute()} ({_state(record)})"
    }


def _state(record: RunRecord) -> str:
    return "untouched" if record.published_path is None else "replaced"
