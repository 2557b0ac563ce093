"""What was checked, what did not pass, what was held back, and which sessions are not there."""

import polars as pl

from flows.report import findings
from flows.report.contents import Contents
from flows.report.figures import UNKNOWN, dollars, number
from flows.report.markup import paragraph, table
from flows.report.section import Section

_OUTCOMES = ("passed", "failed", "errored", "not_applicable")
_JUDGES = {False: "admission of this session", True: "gate of the published build"}


def quality(contents: Contents) -> Section:
    """The night's checks, held companies and missing sessions as tables."""
    return Section(
        key="quality",
        name="Data quality",
        title=findings.about_quality(contents),
        body=_checks(contents) + _not_passed(contents) + _held(contents) + _degraded(contents) + _missed(contents),
        source="Admission judges a session; the gate judges a whole build before it is published. Held back: left out "
        "of the session. The title counts companies; the table counts rows of all sources, also of funds. "
        "Tables ops.checks, ops.quarantine, ops.sessions.",
    )


def _checks(contents: Contents) -> str:
    counts = contents.checks.group_by("is_gate", "outcome").len()
    found = {(is_gate, outcome): count for is_gate, outcome, count in counts.iter_rows()}
    judged = {is_gate for is_gate, _ in found}
    rows = [
        [name, *(number(found.get((is_gate, outcome), 0) if is_gate in judged else None) for outcome in _OUTCOMES)]
        for is_gate, name in _JUDGES.items()
    ]
    return table("Checks by outcome", ("Judged by", "Passed", "Failed", "Could not run", "Not applicable"), rows)


def _not_passed(contents: Contents) -> str:
    bad = contents.checks.filter(pl.col("outcome").is_in(["failed", "errored"]))
    if bad.is_empty():
        return ""
    columns = ("rule_code", "subject", "severity", "outcome", "observed", "expected")
    rows = [[UNKNOWN if cell is None else cell for cell in row] for row in bad.select(columns).iter_rows()]
    header = ("Rule", "Subject", "Severity", "Outcome", "Observed", "Expected")
    return table("Checks that did not pass", header, rows, text_columns=range(1, 6))


def _held(contents: Contents) -> str:
    if contents.held.is_empty():
        return paragraph("No row of any source was held back on this session.")
    rows = [
        [row["entity"], row["source"], row["reason_code"], dollars(row["last_cap_usd"]), row["detail"]]
        for row in contents.held.iter_rows(named=True)
    ]
    total = contents.held["total"].item(0)
    caption = f"Rows held back, of all sources: {total:,}" + (f", the largest {len(rows)}" if total > len(rows) else "")
    return table(caption, ("Entity", "Source", "Rule", "Last admitted cap", "Why"), rows, text_columns=(1, 2, 4))


def _degraded(contents: Contents) -> str:
    late = contents.recent.filter("is_degraded").explode("degraded_sources").group_by("degraded_sources").len()
    named = ", ".join(f"{name} ({count})" for name, count in late.sort("degraded_sources").iter_rows())
    return paragraph(f"Sources that failed in {contents.recent_span}, with the number of sessions: {named or 'none'}.")


def _missed(contents: Contents) -> str:
    missed = contents.recent.filter(pl.col("status") != "published")
    if missed.is_empty():
        return paragraph(f"No session of {contents.recent_span} is missing or was refused.")
    rows = [
        [row["session_date"].isoformat(), row["status"], " ".join(row["rule_codes"]) or "none"]
        for row in missed.iter_rows(named=True)
    ]
    return table(f"Not published in {contents.recent_span}", ("Session", "Status", "Rules"), rows, text_columns=(1, 2))
