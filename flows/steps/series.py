"""Measures over time, from what the chunks of a run and the sessions before it left: risk, regimes, the thesis."""

from datetime import date

import polars as pl

from flows.edge.builds import Build
from flows.market_calendar import known_at
from flows.run import Run
from flows.steps.build import Progress
from flows.steps.flows import Flows
from transforms.contracts import table
from transforms.contracts.marts import TABLES_OF_MEASURES
from transforms.measures import evidence
from transforms.measures.catalogue import measure_rows
from transforms.measures.forward_returns import forward_returns
from transforms.measures.macro_evidence import of_macro, of_positions
from transforms.measures.regime import regime_daily
from transforms.measures.risk import risk_daily
from transforms.measures.small_vs_micro import small_vs_micro, worse_share
from transforms.measures.thesis import thesis_claims, thesis_daily

_RETURNS = ("session_date", "scheme_id", "segment", "return_price_vw")
_PORTFOLIO_RETURNS = ("session_date", "portfolio", "weighting", "return")
_OF_SERIES = ("risk_daily", "regime_daily", "forward_returns", "small_vs_micro", "thesis_daily")


def write_series(run: Run, build: Build, progress: Progress, flows: Flows, portfolios: pl.DataFrame) -> None:
    """The frames of the marts over time, for the admitted sessions of this run; ``portfolios``: `portfolio_returns`."""
    build.work("measures", measure_rows(TABLES_OF_MEASURES))
    build.work("thesis_claims", thesis_claims())
    if not progress.admitted:
        for name in _OF_SERIES:
            build.work(name, table(f"marts.{name}").empty())
        return
    with run.timed("series"):
        for name, rows in _measured(build, progress, flows, portfolios).items():
            build.work(name, rows)


def _measured(build: Build, progress: Progress, flows: Flows, portfolios: pl.DataFrame) -> dict[str, pl.DataFrame]:
    first = progress.admitted[0]
    returns = segment_returns(build, progress)
    risk, forward = risk_daily(returns, first), forward_returns(returns, first)
    rows = progress.measured.rows
    of_chunks = {name: rows(name) for name in ("liquidity_daily", "fragility_daily", "information_daily")}
    against_micro = small_vs_micro(rows("segment_daily"), {"risk_daily": risk, **of_chunks})
    told = [
        evidence.of_claim("14_micro_is_worse", worse_share(against_micro)),
        evidence.of_highs(returns, first),
        evidence.of_forward_returns(forward),
        evidence.of_correlation(risk),
        *_evidence(progress, flows, portfolios),
    ]
    return {
        "risk_daily": risk,
        "regime_daily": regime_daily(returns, first),
        "forward_returns": forward,
        "small_vs_micro": against_micro,
        "thesis_daily": thesis_daily(
            pl.concat(told).filter(pl.col("session_date") >= first),
            progress.admitted,
            _before(build, "thesis_daily", table("marts.thesis_daily").column_names, first),
        ),
    }


def segment_returns(build: Build, progress: Progress) -> pl.DataFrame:
    """session_date, scheme_id, segment and return_price_vw of marts.segment_daily, all admitted sessions."""
    new = progress.measured.rows("segment_daily").select(_RETURNS)
    first = progress.admitted[0] if progress.admitted else date.max
    return pl.concat([_before(build, "segment_daily", _RETURNS, first), new])


def portfolio_returns(build: Build, progress: Progress) -> pl.DataFrame:
    """session_date, portfolio, weighting and return of marts.size_portfolios_daily, all admitted sessions."""
    new = progress.portfolios.rows("june").select(_PORTFOLIO_RETURNS)
    if not progress.admitted:
        return new
    return pl.concat([_before(build, "size_portfolios_daily", _PORTFOLIO_RETURNS, progress.admitted[0]), new])


def _evidence(progress: Progress, flows: Flows, portfolios: pl.DataFrame) -> list[pl.DataFrame]:
    """Claims that rest on other marts than risk."""
    return [
        evidence.of_flows(flows.segments),
        evidence.of_claim("07_concentration", progress.measured.largest_shares()),
        of_macro(flows.macro, known_at(progress.admitted)),
        of_positions(flows.positions, known_at(progress.admitted)),
        evidence.of_valuation(progress.measured.rows("valuation_daily"), progress.spreads),
        evidence.of_size_effect(portfolios, progress.admitted[0]),
    ]


def _before(build: Build, mart: str, columns: tuple[str, ...] | list[str], first: date) -> pl.DataFrame:
    """What the build still has of a mart from the sessions before this run's first."""
    names = ", ".join(f'"{name}"' for name in columns)
    rows = build.query(f"select {names} from marts.{mart} where session_date < date '{first}'")  # noqa: S608
    contract = table(f"marts.{mart}")
    return rows.select(pl.col(name).cast(contract[name].polars_type) for name in columns)
