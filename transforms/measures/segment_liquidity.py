"""marts.liquidity_daily: the liquidity of companies by segment."""

from dataclasses import replace

import polars as pl

from transforms.contracts.liquidity import LIQUIDITY_DAILY, LIQUIDITY_MEASURES
from transforms.measures.segment_figures import SegmentFigure, segment_figures

_LEAST = {measure.name: measure.least for measure in LIQUIDITY_MEASURES}


def _median(measure: str) -> SegmentFigure:
    return SegmentFigure(measure, measure, "median", _LEAST[measure])


def _ratio(measure: str, column: str, per: str) -> SegmentFigure:
    return SegmentFigure(measure, column, "ratio", _LEAST[measure], per=per)


def _spread(measure: str) -> SegmentFigure:
    return replace(_median(measure), basis="ohlc_sessions", without_basis="no_ohlc")


LIQUIDITY_FIGURES = (
    _median("amihud_21"),
    _median("turnover_21"),
    _ratio("turnover_vw_21", "dollar_volume_21", "cap_usd"),
    _median("dollar_volume_21"),
    _ratio("zero_volume_share_21", "zero_volume_sessions", "volume_sessions"),
    _ratio("zero_return_share_21", "zero_return_sessions", "return_sessions"),
    _spread("spread_corwin_schultz_21"),
    _spread("spread_abdi_ranaldo_21"),
    _spread("spread_edge_21"),
)
"""What the columns of `company_liquidity` come to in a segment."""


def liquidity_daily(members: pl.DataFrame, scheme_id: str, sessions: pl.Series | None = None) -> pl.DataFrame:
    """marts.LIQUIDITY_DAILY of one scheme: one row per session, segment and measure, every one of them.

    ``members``: rows of companies in their buckets with the columns of `company_liquidity`; ``sessions``: see
    `segment_figures`.
    """
    return LIQUIDITY_DAILY.conform(segment_figures(members, scheme_id, LIQUIDITY_FIGURES, sessions))
