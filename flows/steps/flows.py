"""Fund flows, macro series and positions of a run: the small tables that are written anew each time."""

from typing import NamedTuple

import polars as pl

from flows.edge.builds import Build
from flows.market_calendar import all_sessions
from flows.run import Run
from flows.steps.build import Progress
from flows.steps.degraded import degraded_sessions
from flows.steps.facts import Facts
from transforms.contracts import table
from transforms.core.fund_shares import fund_share_rows
from transforms.core.fundamentals import known_at
from transforms.measures.fund_flows import fund_flows_daily, segment_flows_daily
from transforms.measures.fund_registry import PUBLICATION_SESSIONS

SOURCE = "etf_flows"


class Flows(NamedTuple):
    """Rows of core.macro, core.positions, marts.segment_flows_daily, core.fund_shares, as known by the last session."""

    macro: pl.DataFrame
    positions: pl.DataFrame
    segments: pl.DataFrame
    funds: pl.DataFrame


def write_flows(run: Run, build: Build, progress: Progress, facts: Facts) -> Flows:
    """core.macro, core.positions, core.fund_shares and the frames of the two flow marts, as known by the last session.

    The marts are written for all sessions: a flow that was published late fills its own day.
    """
    last = progress.last_admitted
    if last is None:
        names = ("core.macro", "core.positions", "marts.segment_flows_daily", "core.fund_shares")
        return Flows(*(table(name).empty() for name in names))
    with run.timed("transform"):
        by_then = pl.col("known_at") <= known_at(pl.lit(last, pl.Date))
        macro, positions = facts.macro.filter(by_then), facts.positions.filter(by_then)
        figures = fund_share_rows(
            [facts.fund_flows],
            [facts.fund_shares],
            all_sessions(),
            source=SOURCE,
            publication_sessions=PUBLICATION_SESSIONS,
        )
        funds = figures.filter(by_then)
        sessions = [*progress.base.admitted, *progress.admitted]
        sources = set(run.settings.sources_of("fund_flows"))
        degraded = degraded_sessions(run, sessions)
        carried = [session for session in sessions if sources & set(degraded.get(session, ()))]
        flows = fund_flows_daily(funds, sessions, all_sessions(), carried_forward=carried)
        segments = segment_flows_daily(flows)
    with run.timed("build"):
        run.count("core.macro", build.replace("core.macro", macro))
        run.count("core.positions", build.replace("core.positions", positions))
        run.count("core.fund_shares", build.replace("core.fund_shares", funds))
        build.work("fund_flows_daily", flows)
        build.work("segment_flows_daily", segments)
    return Flows(macro, positions, segments, funds)
