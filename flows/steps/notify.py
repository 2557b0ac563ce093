"""notify: tell somebody how a run ended. The last step of every run; it never fails one."""

import logging
from pathlib import Path

from flows.alert import NOT_GOOD, Alert, AlertKind, FailingRows, alert_kind
from flows.edge.alerts import send_alert
from flows.edge.run_records import write_record
from flows.paths import DataPaths
from flows.run_record import AlertOutcome, RunRecord, RunStatus, SessionVerdict
from flows.settings import Settings

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
    wrong here is logged and written into the record: the run's own error stays the one that is seen.
    """
    try:
        kind = alert_kind(record, before)
        if kind is not None:
            alert = alert_for(record, paths, kind, failing=failing, last_good_session=last_good_session)
            record.alerts.append(deliver(settings, alert))
        write_record(paths, record)
    except Exception:
        log.exception("Run %s could not tell anybody how it ended", record.run_id)


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
    failing: FailingRows | None = None,
    last_good_session: str = "",
) -> Alert:
    """The message about one finished run, from its record."""
    about = [verdict.session_date for verdict in _refused(record)] or record.asked_sessions
    return Alert(
        kind=kind,
        headline=record.error or _headline(record),
        run_id=record.run_id,
        run_kind=record.kind,
        session=about[0] if len(set(about)) == 1 else "",
        rule_codes=_rule_codes(record),
        counts=_counts(record),
        failing=failing,
        last_good_session=last_good_session,
        look_at=_look_at(record, paths),
        next_step=record.next_step,
    )


def _headline(record: RunRecord) -> str:
    if record.degraded_sources:
        sources = "; ".join(f"{name}: {reason.rstrip('. ')}" for name, reason in record.degraded_sources.items())
        return f"Published without fresh data of {sources}. The last known values are carried forward."
    if record.status is RunStatus.PUBLISHED:
        return "Published again: all is well."
    return f"The run ended as {record.status}."


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
