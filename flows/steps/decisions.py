"""An operator's decisions: landed as events, so that a rebuild knows them, and read back by session."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import polars as pl

from flows.edge.landing import Landing
from flows.errors import UsageError
from flows.walk import Decision
from transforms.contracts import table

KIND = "decision"
Choice = Literal["accept_session", "reject_session", "accept_company"]


CHOICES: dict[str, Choice] = {
    "accept-session": "accept_session",
    "reject-session": "reject_session",
    "accept-company": "accept_company",
}


def checked(choice: str, company: str) -> Choice:
    """The choice as it is landed.

    Raises:
        UsageError: there is no such choice, or it needs a company and none was given, or the other way round.
    """
    if choice not in CHOICES:
        raise UsageError(f"There is no decision {choice!r}.", next_step=f"Choose from {', '.join(CHOICES)}.")
    if (choice == "accept-company") != bool(company):
        raise UsageError(f"{choice} and --company do not fit.", next_step="Give --company with accept-company only.")
    return CHOICES[choice]


def land_decision(landing: Landing, choice: Choice, session: date, company: str, reason: str, at: datetime) -> None:
    """Land one decision. It counts from the next run on; of two about one session the later one stands."""
    payload = {"choice": choice, "session": session.isoformat(), "company": company, "reason": reason}
    landing.append_event(KIND, payload, at)


def decisions(landing: Landing) -> pl.DataFrame:
    """ops.decisions: every landed decision, oldest first."""
    rows = [
        {
            "decided_at": datetime.fromisoformat(str(event["at"])),
            "kind": event["choice"],
            "subject": " ".join(part for part in (str(event["session"]), str(event["company"])) if part),
            "reason": event["reason"],
        }
        for event in landing.events(KIND)
    ]
    return pl.DataFrame(rows, schema=table("ops.decisions").polars_schema)


def by_session(told: pl.DataFrame) -> dict[date, Decision]:
    """What holds for each session."""
    found: dict[date, Decision] = {}
    for kind, subject in told.sort("decided_at").select("kind", "subject").iter_rows():
        day, _, company = subject.partition(" ")
        session = date.fromisoformat(day)
        before = found.get(session, Decision())
        found[session] = _after(before, kind, company)
    return found


def _after(before: Decision, kind: str, company: str) -> Decision:
    if kind == "accept_company":
        return Decision(before.accept, before.reject, before.companies | {company})
    return Decision(kind == "accept_session", kind == "reject_session", before.companies)


def about(told: pl.DataFrame, sessions: Sequence[date]) -> bool:
    """Whether a decision is about one of these sessions."""
    return not set(by_session(told)).isdisjoint(sessions)
