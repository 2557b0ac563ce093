"""The command line. Each command asks a plain function, prints what it returned, and ends with its exit code.

No Prefect server is needed: the flows are thin wrappers around the same functions. What a command needs is
imported inside it, so that `smallcaps --help` answers at once.
"""

import shlex
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import console
from flows.cli_options import Archive, DataDir, Day, From, Session, To, as_date, paths_of, settings_of
from flows.cli_schemes import schemes
from flows.cli_sources import doctor, sources
from flows.errors import SmallcapsError, UsageError

if TYPE_CHECKING:
    from flows.edge.warehouse_status import Status
    from flows.paths import DataPaths
    from flows.run_record import RunOutcome, RunRecord

app = typer.Typer(
    name="smallcaps",
    help="A warehouse of market-size segments that refreshes itself every night.",
    epilog="Exit codes: 0 published or nothing to do, 1 crash, 2 refused, 3 source failed or data missing, "
    "4 configuration or usage, 5 another run holds the writer lock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(schemes, name="scheme")
app.command()(sources)
app.command()(doctor)

DEMO_FOLDER = Path("data") / "demo"


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more, and show tracebacks.")] = False,
) -> None:
    """Run the warehouse and ask it."""
    console.VERBOSE.set(verbose)


@app.command()
def demo(
    data_dir: Annotated[
        Path, typer.Option("--data-dir", help="Where the demo may live; made anew each time.")
    ] = DEMO_FOLDER,
) -> None:
    """Show it all on a simulated market: two years, a good night, a refused one. No keys, no internet."""
    from flows.demo import demo_market, run_demo, work

    market = demo_market()
    with console.bar(work(market)) as tell:
        shown = run_demo(data_dir, market, tell)
    console.say(f"\nThe backfill. {shown.backfill.summary}")
    console.say(f"\nThe first night (exit code {shown.good_night.exit_code}). {shown.good_night.summary}")
    console.say(f"\nThe second night (exit code {shown.refused_night.exit_code}). The alert, as received:\n")
    console.say("\n".join(f"    {line}".rstrip() for line in shown.alert.splitlines()))
    console.say(f"\nThe segments in the published file, session {shown.last_session}; a made-up market:\n")
    console.show_table(shown.segments)
    command = shlex.join([sys.argv[0], "sql", "--data-dir", str(shown.paths.root), "from marts.segment_daily limit 8"])
    console.show_facts({**shown.places, "ask it": command})
    if shown.shortcomings:
        console.complain(f"The demo did not go as it should: {'; '.join(shown.shortcomings)}.")
        raise typer.Exit(1)


@app.command()
def nightly(session: Session = None, archive: Archive = None, data_dir: DataDir = None) -> None:
    """Fetch one session, check it and publish it."""
    settings = settings_of(data_dir, archive)
    with console.progress("nightly"):
        from flows.nightly import run_nightly

        outcome = run_nightly(session=session, archive=settings.archive, data_dir=settings.data_dir)
    _end(outcome)


@app.command()
def backfill(
    start: From,
    end: To,
    archive: Archive = None,
    data_dir: DataDir = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 if a session was refused.")] = False,
) -> None:
    """Judge and publish every session of a range, oldest first."""
    if start > end:
        raise UsageError(f"--from {start} lies after --to {end}.", next_step="Swap the two dates.")
    settings = settings_of(data_dir, archive)
    with console.progress("backfill"):
        from flows.backfill import run_backfill

        outcome = run_backfill(
            from_date=start,
            to_date=end,
            archive=settings.archive,
            data_dir=settings.data_dir,
            strict=strict,
        )
    _end(outcome)


@app.command()
def rebuild(data_dir: DataDir = None) -> None:
    """Build the whole warehouse again, from landing alone."""
    settings = settings_of(data_dir)
    with console.progress("rebuild"):
        from flows.backfill import run_rebuild

        outcome = run_rebuild(data_dir=settings.data_dir)
    _end(outcome)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help='Such as "select * from marts.segment_daily".')],
    data_dir: DataDir = None,
) -> None:
    """Ask the published warehouse; a table on a terminal, CSV in a pipe."""
    from flows.edge import warehouse

    console.show_rows(warehouse.query(paths_of(data_dir), query))


@app.command()
def status(data_dir: DataDir = None) -> None:
    """What is published, and how the last run ended."""
    from flows.edge.run_records import latest_record
    from flows.edge.warehouse_status import status as warehouse_status

    paths = paths_of(data_dir)
    console.show_facts(_published_facts(warehouse_status(paths)) | _run_facts(latest_record(paths)))


@app.command()
def report(
    session: Annotated[
        date | None,
        typer.Option("--session", parser=as_date, metavar="DATE", help="A published session; else the last one."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the HTML page about a published session, and say where it lies."""
    from flows.steps.report import make_page

    console.say(str(make_page(paths_of(data_dir), session)))


@app.command()
def rollback(
    to: Annotated[str | None, typer.Option("--to", metavar="RUN_ID", help="Else the build before.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Publish an earlier build again."""
    from flows.edge import warehouse
    from flows.edge.clock import utc_now
    from flows.edge.lock import writer_lock
    from flows.run_record import new_run_id

    paths = paths_of(data_dir)
    with writer_lock(paths, new_run_id("rollback", utc_now())):
        build = warehouse.rollback(paths, to)
    console.say(f"Published again: the build of run {build.run_id}. Who reopens {paths.warehouse} sees it.")


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="The older build or warehouse file.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The newer one.")],
) -> None:
    """What changed between two builds: table, key, old, new."""
    from flows.edge.diff import diff as differences

    frame = differences(before, after)
    if frame.is_empty():
        console.say("No difference.")
    else:
        console.show_rows(frame)


@app.command()
def check(session: Day, data_dir: DataDir = None) -> None:
    """The verdict about a session, and what every check of it found."""
    from flows.edge import warehouse

    paths = paths_of(data_dir)
    day = session.isoformat()
    verdict = warehouse.query(paths, SESSION_VERDICT.format(day=day)) if paths.warehouse.exists() else None
    if verdict is None or verdict.is_empty():
        _tell_from_record(paths, session)
        return
    console.show_rows(verdict)
    console.show_rows(warehouse.query(paths, SESSION_CHECKS.format(day=day)))
    if paths.review.exists():
        console.note(f"Companies and counts to review: {paths.review} (docs/runbooks/review-caps.md).")


def _tell_from_record(paths: "DataPaths", session: date) -> None:
    """A run that published nothing leaves its verdicts in its record only.

    Raises:
        UsageError: no run has judged the session.
    """
    from flows.edge.run_records import latest_verdict

    found = latest_verdict(paths, session)
    if found is None:
        raise UsageError(
            f"No run has judged {session}.",
            next_step=f"Run: smallcaps backfill --from {session} --to {session}",
        )
    record, verdict = found
    console.show_facts(
        {
            "session": session,
            "status": f"{verdict.status}, not in the published file",
            "rules": list(verdict.rule_codes),
            "detail": verdict.detail,
            "run": f"{record.run_id}: {record.status}",
            "next step": record.next_step,
            "to review": record.review_path,
            "run record": str(paths.run_record(record.run_id)),
        }
    )


@app.command()
def decide(
    choice: Annotated[str, typer.Argument(help="accept-session, reject-session or accept-company.")],
    session: Day,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever asks later.")],
    company: Annotated[str, typer.Option("--company", help="Company id or ticker, for accept-company.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Land a decision about a session or a company; the next run (nightly, backfill, rebuild) follows it."""
    from flows.edge.clock import utc_now
    from flows.edge.landing import Landing
    from flows.steps.decisions import checked, land_decision

    landing = Landing(paths_of(data_dir).landing)
    land_decision(landing, checked(choice, company), session, company, reason, utc_now())
    console.say(f"Landed: {choice} {session} {company}".strip() + ". It counts from the next run on.")


@app.command("alert-test")
def alert_test(data_dir: DataDir = None) -> None:
    """Send a test message to every alert channel."""
    from flows.alert import Alert, AlertKind
    from flows.edge.alerts import send_alert
    from flows.edge.clock import utc_now
    from flows.run_record import new_run_id

    settings = settings_of(data_dir)
    if not settings.alert_urls:
        raise UsageError("No alert channel is set.", next_step="Set SMALLCAPS_ALERT_URLS (see .env.example).")
    alert = Alert(
        kind=AlertKind.TEST,
        headline="This is a test: alerts of smallcaps arrive here.",
        run_id=new_run_id("alert-test", utc_now()),
        run_kind="alert-test",
        next_step="Nothing.",
    )
    outcome = send_alert(alert, settings.alert_urls)
    if outcome.error:
        raise UsageError(
            f"{outcome.delivered} of {outcome.channels} alert channels took the message: {outcome.error}.",
            next_step="Correct these URLs in SMALLCAPS_ALERT_URLS.",
        )
    console.say(f"{outcome.delivered} of {outcome.channels} alert channels took the message.")


@app.command()
def watch(
    most_behind: Annotated[
        int, typer.Option("--most-behind", min=0, help="Completed sessions that may be unpublished.")
    ] = 1,
    data_dir: DataDir = None,
) -> None:
    """Tell somebody, once, when the published file is stale or a run was cut off."""
    settings = settings_of(data_dir)
    with console.progress("watch"):
        from flows.watch import run_watch

        outcome = run_watch(settings.data_dir, most_behind=most_behind)
    _end(outcome)


INTERRUPTED = 130
SESSION_VERDICT = """
select session_date, status, is_degraded, rule_codes, run_id
from ops.sessions where session_date = date '{day}'
"""
SESSION_CHECKS = """
select rule_code, subject, severity, outcome, observed, expected, failing_rows
from ops.checks where session_date = date '{day}'
order by outcome, rule_code, subject
"""


def _published_facts(state: "Status") -> dict[str, object]:
    """What the published file holds, as names and values."""
    if state.run_id is None:
        return {"published": "nothing yet"}
    return {
        "published by": f"{state.run_id}, {state.closed_at:%Y-%m-%d %H:%M} UTC",
        "sessions": f"{state.first_published} to {state.last_published}",
        "recently not published": [f"{day.session_date} {day.status}" for day in state.not_published],
        "recently degraded": [str(day.session_date) for day in state.degraded],
        "rows": {name: count for name, count in state.row_counts.items() if count},
        "size": f"{state.size_bytes / 1e6:,.1f} MB",
        "builds kept": [build.run_id + (" (published)" if build.is_current else "") for build in state.kept],
    }


def _run_facts(record: "RunRecord | None") -> dict[str, object]:
    """How the last run ended, as names and values."""
    if record is None:
        return {"last run": "none yet"}
    return {
        "last run": f"{record.run_id}: {record.status}, exit code {record.exit_code}",
        "last error": record.error,
        "report": record.report_path,
        "report error": record.report_error,
        "to review": record.review_path,
        "review error": record.review_error,
        "next step": record.next_step,
    }


def _end(outcome: "RunOutcome") -> None:
    """Say on one line how the run ended; a failure on stderr."""
    if outcome.exit_code:
        console.complain(outcome.one_line)
        raise typer.Exit(outcome.exit_code)
    console.say(outcome.one_line)


def run(arguments: list[str]) -> int:
    """One command; returns its exit code. The last line on stderr says what failed and what to do next."""
    try:
        result: object = app(args=arguments, prog_name="smallcaps", standalone_mode=False)
    except SmallcapsError as error:
        console.complain(error.one_line, error)
        return error.exit_code
    except typer.TyperException as error:
        console.complain(f"{error.format_message()} Next: smallcaps --help", error)
        return UsageError.exit_code
    except Exception as error:
        what = f"Crashed: {type(error).__name__}: {error}."
        console.complain(f"{what} Next: run it again with --verbose for the traceback.", error)
        return 1
    if result == INTERRUPTED:
        console.complain("Interrupted; what was published stays as it was.")
    return result if isinstance(result, int) else 0


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
