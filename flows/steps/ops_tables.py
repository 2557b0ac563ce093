"""ops tables of a run: verdicts, checks, fetches, licences, the run itself."""

from collections.abc import Collection, Sequence

import polars as pl

from flows.edge.clock import utc_now
from flows.edge.landing import LandedFile, Landing
from flows.run import Run
from flows.sources import SOURCES
from flows.steps.admit import JudgedSession
from flows.steps.degraded import Degraded
from flows.steps.land import SIMULATED
from transforms.contracts import table

VERSION = "0.1.0"
MADE_UP = "Made up by the simulated market of smallcaps: no figure is real."


def sessions(run: Run, judged: Sequence[JudgedSession], degraded: Degraded) -> pl.DataFrame:
    """ops.sessions: one row per judged session."""
    rows = [
        {
            "session_date": item.session,
            "status": item.status,
            "is_degraded": item.session in degraded and item.status == "published",
            "rule_codes": item.rule_codes,
            "degraded_sources": list(degraded.get(item.session, ())) if item.status == "published" else [],
            "row_count": item.row_count,
            "company_count": item.company_count,
            "quarantined_count": item.quarantined_count,
            "market_cap_usd": item.market_cap_usd,
            "run_id": run.run_id,
        }
        for item in judged
    ]
    return pl.DataFrame(rows, schema=table("ops.sessions").polars_schema)


def admission_checks(run: Run, judged: Sequence[JudgedSession]) -> pl.DataFrame:
    """ops.checks of admission: one row per session, rule and subject."""
    rows = [
        {
            "run_id": run.run_id,
            "session_date": item.session,
            "rule_code": check.rule.code,
            "subject": check.subject,
            "severity": check.rule.severity,
            "outcome": check.outcome,
            "observed": check.observed,
            "expected": check.expected,
            "failing_rows": check.failing_rows,
        }
        for item in judged
        for check in item.checks
    ]
    return pl.DataFrame(rows, schema=table("ops.checks").polars_schema)


def fetches(files: Sequence[LandedFile], in_use: Collection[LandedFile]) -> pl.DataFrame:
    """ops.fetches: one row per landed file; ``in_use`` are those that the tables were made from."""
    used = {file.name for file in in_use}
    rows = [
        {
            "source": file.source,
            "dataset": file.dataset,
            "file_key": file.key,
            "sha256": file.sha256,
            "url": file.url,
            "size_bytes": file.size_bytes,
            "landed_at": file.landed_at,
            "licence": file.licence,
            "is_in_use": file.name in used,
        }
        for file in files
    ]
    return pl.DataFrame(rows, schema=table("ops.fetches").polars_schema)


def licences(landing: Landing) -> pl.DataFrame:
    """ops.licences: one row per registered source; of a simulated market nothing is a vendor's own."""
    is_simulated = bool(landing.events(SIMULATED))
    rows = [
        {
            "source": adapter.name,
            "licence": "own" if is_simulated else adapter.licence,
            "roles": list(adapter.roles),
            "history": adapter.history,
            "terms": MADE_UP if is_simulated else adapter.terms,
            "is_simulated": is_simulated,
        }
        for adapter in SOURCES.values()
    ]
    return pl.DataFrame(rows, schema=table("ops.licences").polars_schema)


def runs(run: Run) -> pl.DataFrame:
    """ops.runs: this run."""
    row = {
        "run_id": run.run_id,
        "kind": run.kind,
        "first_session": run.asked[0] if run.asked else None,
        "last_session": run.asked[-1] if run.asked else None,
        "started_at": run.started_at,
        "code_version": VERSION,
    }
    return pl.DataFrame([row], schema=table("ops.runs").polars_schema)


def publications(run: Run, base_run_id: str | None, first: object, last: object) -> pl.DataFrame:
    """ops.publications: this build, about to be published."""
    row = {
        "run_id": run.run_id,
        "build_closed_at": utc_now(),
        "base_run_id": base_run_id,
        "first_session": first,
        "last_session": last,
    }
    return pl.DataFrame([row], schema=table("ops.publications").polars_schema)
