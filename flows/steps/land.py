"""land: ask every source for its files and lay the bytes down unread."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from flows.edge.archive import Archive, ArchiveFile
from flows.edge.clock import new_york_today, utc_now
from flows.edge.fetch import Request, land_archived, land_live, last_landed
from flows.edge.http import HttpClient, HttpLimits
from flows.edge.rate_folder import rate_folder
from flows.errors import AbsentFile, Blocked, MissingData, SmallcapsError, SourceError
from flows.market_calendar import is_under_way, last_completed
from flows.run import Run
from flows.settings import Settings, state_home
from flows.sources import Source, SourceSettings, rate_limit, source
from flows.sources.model import Answer, Asking, SecLimits
from flows.steps.fx import is_at_hand, is_needed

log = logging.getLogger(__name__)
ASKED = "asked"
"""Kind of the landed events that say which sessions were asked for; a rebuild covers those."""
SIMULATED = "simulated"
"""Kind of the landed event that says that no figure of this landing is real."""


@dataclass
class Landed:
    """What landing achieved for which sessions: files by source, and the optional sources that failed, with reasons."""

    sessions: tuple[date, ...] = ()
    files: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def land(run: Run, sessions: Sequence[date]) -> Landed:
    """Land the files of every enabled source for these sessions.

    Raises:
        SmallcapsError: a required source failed, or has nothing for the last session of a night.
    """
    landed = Landed(tuple(sessions))
    for name in run.settings.enabled_sources:
        adapter = source(name)
        if not is_needed(run, adapter) and not is_at_hand(run, adapter):
            continue
        try:
            landed.files[name], missing = _land_source(run, adapter, sessions)
            if missing:
                landed.failures[name] = missing
                log.warning("%s gave a part only: %s", name, missing)
        except SmallcapsError as error:
            if name in run.settings.required_sources:
                raise
            landed.failures[name] = error.message
            log.warning("%s failed, its last known values are carried forward: %s", name, error.message)
    run.count("landed_files", sum(landed.files.values()))
    return landed


def note_asked(run: Run, sessions: Sequence[date]) -> None:
    """Land which sessions were asked for, so that a rebuild knows its range."""
    span = {"run_id": run.run_id, "first": sessions[0].isoformat(), "last": sessions[-1].isoformat()}
    run.landing.append_event(ASKED, span, utc_now())


def asked_range(run: Run) -> tuple[date, date] | None:
    """First and last session ever asked for; None before the first run."""
    events = run.landing.events(ASKED)
    if not events:
        return None
    firsts = [date.fromisoformat(str(event["first"])) for event in events]
    lasts = [date.fromisoformat(str(event["last"])) for event in events]
    return min(firsts), max(lasts)


def _land_source(run: Run, adapter: Source, sessions: Sequence[date]) -> tuple[int, str]:
    """How many files were landed, and what is missing although the source answered."""
    folder = _folder_of(run, adapter)
    if folder is None:
        return _land_live(run, adapter, sessions)
    files = adapter.archive_files(Archive(folder), sessions)
    if not files:
        _nothing_there(run, adapter, sessions)
    for file in files:
        _land_file(run, adapter, folder, file)
    return len(files), ""


def _folder_of(run: Run, adapter: Source) -> Path | None:
    """`files` always comes from its own folder; the others from the archive, if one is given."""
    if adapter.name == "files" and run.settings.files_dir is not None:
        return run.settings.files_dir
    return run.archive


def _land_file(run: Run, adapter: Source, folder: Path, file: ArchiveFile) -> None:
    land_archived(run.landing, Archive(folder), file, adapter.licence, utc_now())


def _land_live(run: Run, adapter: Source, sessions: Sequence[date]) -> tuple[int, str]:
    session = sessions[-1]
    now = utc_now()
    for asked in sessions if run.kind == "backfill" else [session]:
        adapter.check_history(asked, last_completed(now))
    if adapter.history == "none" and is_under_way(now):
        raise MissingData(
            f"{adapter.name} has no history and a session is under way: what it shows is no longer {session}.",
            next_step="Run after the close, or use --archive with files of that day.",
        )
    settings, today = source_settings(run.settings), new_york_today()
    requests = adapter.requests_for(session, vintage_date=today, settings=settings)
    http = run.settings.http
    limits = HttpLimits(
        connect_s=http.connect_s,
        read_s=http.read_s,
        deadline_s=http.deadline_s,
        max_attempts=http.max_attempts,
        backoff_s=http.backoff_s,
        max_backoff_s=http.max_backoff_s,
    )
    folder = rate_folder(run.settings.rate_dir, state_home())
    client = HttpClient(limits, rate_limit(settings, http.requests_per_second, folder))
    answers = [land_live(client, run.landing, request, utc_now()) for request in requests]
    count = sum(answer is not None for answer in answers)
    if adapter.follow_up is None:
        return count, ""
    more: list[Request] = []
    asking = Asking(run.landing, partial(_answer, run, client, more), settings, today, now, sessions[0], session)
    missing = adapter.follow_up(asking)
    return count + len(more), missing


def _answer(run: Run, client: HttpClient, landed: list[Request], request: Request) -> Answer:
    """What a source said to one request; a request that brought something new joins ``landed``.

    Raises:
        Blocked: the source turns us away.
    """
    try:
        file = land_live(client, run.landing, request, utc_now())
    except Blocked:
        raise
    except AbsentFile:
        return Answer(is_absent=True)
    except SourceError as error:
        return Answer(failure=error.message)
    if file is None:
        return Answer(last_landed(run.landing, request))
    landed.append(request)
    return Answer(file)


def _nothing_there(run: Run, adapter: Source, sessions: Sequence[date]) -> None:
    """A source without any file: an error for a night, and for an optional source; a gap in a backfill is none."""
    if adapter.is_supplement and adapter.name not in run.settings.required_sources:
        return
    if run.kind == "nightly" or adapter.name not in run.settings.required_sources:
        raise MissingData(
            f"The archive has no file of {adapter.name} for {sessions[-1]}.",
            next_step="Put the file there and run again; the session stays missing until then.",
        )


def source_settings(settings: Settings) -> SourceSettings:
    """What sources may know of the settings."""
    key, fred_key = settings.simfin_api_key, settings.fred_api_key
    contact = f"{settings.http.user_agent} {settings.http.contact}".strip()
    return SourceSettings(
        base_urls=dict(settings.base_urls),
        simfin_api_key=key.get_secret_value() if key else None,
        fred_api_key=fred_key.get_secret_value() if fred_key else None,
        user_agent=contact,
        contact=settings.http.contact,
        sec=SecLimits(**settings.sec.model_dump()),
    )
