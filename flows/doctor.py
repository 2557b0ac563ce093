"""What an operator's sources are like: set up, reachable, licensed for what, fresh; and what is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.edge import warehouse
from flows.edge.clock import new_york_date
from flows.edge.http import HttpRequest
from flows.edge.http_exchange import Timeouts
from flows.edge.landing import Landing
from flows.edge.probe import probe
from flows.errors import SmallcapsError
from flows.market_calendar import last_completed
from flows.paths import DataPaths
from flows.roles import ROLES
from flows.settings import Settings
from flows.sources import SOURCES, Source
from flows.steps.land import source_settings

Ask = Callable[[HttpRequest], str]
"""Why a source does not answer; empty where it does."""
READY, NOT_SET_UP, UNREACHABLE, NOT_ASKED = "ready", "not set up", "unreachable", "not asked"
_UNASKED = {True: "Asked only for what is due.", False: "Serves files alone."}
_WITHOUT_DATA = """
select claim from marts.thesis_daily
where session_date = (select max(session_date) from marts.thesis_daily) and null_reason = 'no_data'
order by claim
"""


@dataclass(frozen=True)
class Examined:
    """One enabled source. ``state``: READY, NOT_SET_UP, UNREACHABLE, or NOT_ASKED where nothing goes over the network.

    ``landed``: the day in New York on which its newest file was landed; ``broken``: the newest files that could not
    be read.
    """

    source: str
    roles: tuple[str, ...]
    is_required: bool
    state: str
    detail: str
    licence: str
    landed: date | None
    broken: int
    next_step: str


@dataclass(frozen=True)
class Diagnosis:
    """What is enabled, roles that nobody serves, and claims of the thesis that the last session had no data for."""

    examined: list[Examined]
    roles_without_source: list[str]
    claims_without_data: list[str]

    @property
    def is_sound(self) -> bool:
        """Whether a night could run: every required source is set up, and answers if it was asked."""
        return all(one.state in (READY, NOT_ASKED) for one in self.examined if one.is_required)


def examine(settings: Settings, now: datetime, ask: Ask | None = None) -> Diagnosis:
    """Examine every enabled source; ``ask`` is told the first request of each, or nothing is asked."""
    paths = DataPaths(settings.data_dir)
    landing = Landing(paths.landing)
    return Diagnosis(
        [_examined(SOURCES[name], settings, landing, now, ask) for name in settings.enabled_sources],
        [role for role in ROLES if not settings.sources_of(role)],
        _claims_without_data(paths),
    )


def over_the_network(settings: Settings) -> Ask:
    """Ask for the head of an answer, once, for no longer than the settings' read timeout."""
    timeouts = Timeouts(settings.http.connect_s, settings.http.read_s)
    return lambda request: probe(request, timeouts)


def known_sources(settings: Settings) -> pl.DataFrame:
    """One row per known source: source, serves, enabled_for, history, licence, address, terms."""
    rows = [
        {
            "source": name,
            "serves": " ".join(known.roles),
            "enabled_for": " ".join(role for role in ROLES if name in settings.sources_of(role)),
            "history": known.history,
            "licence": known.licence,
            "address": HttpRequest(settings.base_urls.get(name, known.base_url or "")).redacted_url,
            "terms": known.terms,
        }
        for name, known in sorted(SOURCES.items())
    ]
    return pl.DataFrame(rows)


def as_frame(examined: list[Examined]) -> pl.DataFrame:
    """One row per examined source, in words."""
    rows = [
        {
            "source": one.source,
            "roles": " ".join(one.roles),
            "state": one.state + (" (required)" if one.is_required else ""),
            "licence": one.licence,
            "landed": one.landed,
            "broken": one.broken,
            "detail": one.detail,
            "next_step": one.next_step,
        }
        for one in examined
    ]
    schema = dict.fromkeys(("source", "roles", "state", "licence"), pl.String) | {"landed": pl.Date, "broken": pl.Int64}
    return pl.DataFrame(rows, schema | dict.fromkeys(("detail", "next_step"), pl.String))


def _examined(adapter: Source, settings: Settings, landing: Landing, now: datetime, ask: Ask | None) -> Examined:
    state, detail, next_step = _state(adapter, settings, now, ask)
    files = landing.newest(adapter.name, include_unreadable=True)
    readable = {file.file_id for file in landing.newest(adapter.name)}
    landed = max((file.landed_at for file in files), default=None)
    return Examined(
        adapter.name,
        tuple(role for role in ROLES if adapter.name in settings.sources_of(role)),
        adapter.name in settings.required_sources,
        state,
        detail,
        adapter.licence,
        new_york_date(landed) if landed else None,
        sum(file.file_id not in readable for file in files),
        next_step,
    )


def _state(adapter: Source, settings: Settings, now: datetime, ask: Ask | None) -> tuple[str, str, str]:
    """State, why, and what to do."""
    session = last_completed(now)
    try:
        requests = adapter.requests_for(session, vintage_date=new_york_date(now), settings=source_settings(settings))
    except SmallcapsError as error:
        return NOT_SET_UP, error.message, error.next_step
    if adapter.name == "files" and settings.files_dir is not None:
        is_there = settings.files_dir.is_dir()
        missing = f"There is no folder {settings.files_dir}."
        return (READY, "", "") if is_there else (NOT_SET_UP, missing, "Correct SMALLCAPS_FILES_DIR.")
    if ask is None or settings.archive is not None or not requests:
        return NOT_ASKED, "" if requests else _UNASKED[adapter.follow_up is not None], ""
    failure = ask(requests[0].http)
    if not failure:
        return READY, "", ""
    return UNREACHABLE, failure, f"See docs/sources/{adapter.name}.md; the address is {requests[0].http.redacted_url}."


def _claims_without_data(paths: DataPaths) -> list[str]:
    if not paths.warehouse.exists():
        return []
    return warehouse.query(paths, _WITHOUT_DATA)["claim"].to_list()
