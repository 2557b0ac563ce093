"""Which optional sources failed for which sessions: landed as events, so that a rebuild marks what a night marked."""

from collections.abc import Mapping, Sequence
from datetime import date

from flows.edge.clock import utc_now
from flows.run import Run

DEGRADED = "degraded"
Degraded = Mapping[date, tuple[str, ...]]
"""Session to the optional sources that failed when it was last asked for; sessions without any are left out."""


def note_degraded(run: Run, sessions: Sequence[date], failures: Mapping[str, str]) -> None:
    """Land how asking for these sessions went, also when all went well: that takes back an earlier failure."""
    span = {"run_id": run.run_id, "first": sessions[0].isoformat(), "last": sessions[-1].isoformat()}
    run.landing.append_event(DEGRADED, {**span, "failures": dict(failures)}, utc_now())


def degraded_sessions(run: Run, sessions: Sequence[date]) -> Degraded:
    """What the newest event about each session says."""
    spans = [
        (date.fromisoformat(str(event["first"])), date.fromisoformat(str(event["last"])), _names(event))
        for event in reversed(run.landing.events(DEGRADED))
    ]
    newest = {
        session: next((names for first, last, names in spans if first <= session <= last), ()) for session in sessions
    }
    return {session: names for session, names in newest.items() if names}


def _names(event: Mapping[str, object]) -> tuple[str, ...]:
    failures = event["failures"]
    return tuple(sorted(failures)) if isinstance(failures, dict) else ()
