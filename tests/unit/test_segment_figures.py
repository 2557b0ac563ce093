"""Figures of companies by segment, worked by hand."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.contracts.measures import Measure, measures_table
from transforms.measures.segment_figures import SegmentFigure, segment_figures

D1, D2 = date(2024, 1, 2), date(2024, 1, 3)
SCHEMA = {
    "session_date": pl.Date,
    "bucket": pl.Enum(BUCKETS),
    "cap_usd": pl.Int64,
    "is_half": pl.Boolean,
    "is_counted": pl.Boolean,
    "spread": pl.Float64,
    "is_thin": pl.Boolean,
    "zero_days": pl.Int64,
    "days": pl.Int64,
}


def members(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


# The last company is in small and mid by halves, and counted in small.
MARKET = members(
    (D1, "small", 100, False, True, 0.01, True, 3, 21),
    (D1, "small", 201, False, True, 0.04, False, 0, 20),
    (D1, "small", 299, False, True, None, None, None, 21),
    (D1, "mid", 1_000, False, True, 0.02, False, 1, 21),
    (D1, "mega", 9_000, False, True, 0.001, False, 0, 21),
    (D1, "small", 401, True, True, 0.05, True, 5, 21),
    (D1, "mid", 401, True, False, 0.05, True, 5, 21),
)


def told(figure: SegmentFigure, rows: pl.DataFrame = MARKET, **more: Any) -> dict[str, tuple[Any, Any, Any]]:
    """Value, observations and null_reason by segment, of the one session."""
    found = segment_figures(rows, "fixed_usd", [figure], **more)
    assert found["segment"].sort().to_list() == sorted(SEGMENTS)
    return {row["segment"]: (row["value"], row["observations"], row["null_reason"]) for row in found.to_dicts()}


def test_a_median_is_of_counted_companies_that_are_known() -> None:
    by_segment = told(SegmentFigure("spread", "spread", "median"))
    assert by_segment["small"] == (0.04, 3, None)
    assert by_segment["mid"] == (0.02, 1, None)
    assert by_segment["smid"] == (pytest.approx(0.03, rel=1e-15), 4, None)
    assert by_segment["total"] == (0.02, 5, None)
    assert by_segment["nano"] == (None, 0, "too_few")


def test_a_mean_has_every_company_once() -> None:
    by_segment = told(SegmentFigure("spread", "spread", "mean"))
    assert by_segment["small"] == (pytest.approx(0.10 / 3, rel=1e-15), 3, None)
    assert by_segment["smid"] == (pytest.approx(0.12 / 4, rel=1e-15), 4, None)
    assert by_segment["total"] == (pytest.approx(0.121 / 5, rel=1e-15), 5, None)


def test_a_mean_of_very_small_numbers_keeps_its_digits() -> None:
    tiny = MARKET.with_columns(pl.col("spread") * 1e-7)
    assert told(SegmentFigure("spread", "spread", "mean"), tiny)["total"][0] == pytest.approx(2.42e-9, rel=1e-9)


def test_a_share_is_of_the_companies_that_are_known() -> None:
    by_segment = told(SegmentFigure("thin", "is_thin", "share"))
    assert by_segment["small"] == (2 / 3, 3, None)
    assert by_segment["mid"] == (0.0, 1, None)
    assert by_segment["total"] == (2 / 5, 5, None)


def test_a_share_by_cap_has_either_half_of_a_company() -> None:
    by_segment = told(SegmentFigure("thin", "is_thin", "cap_share"))
    # 401 is 201 where it is counted and 200 where it is not.
    assert by_segment["small"] == ((100 + 201) / (100 + 201 + 201), 3, None)
    assert by_segment["mid"] == (200 / 1_200, 1, None)
    assert by_segment["smid"] == (501 / 1_702, 4, None)
    assert by_segment["total"] == (501 / 10_702, 5, None)


def test_a_ratio_has_both_sides_of_the_companies_where_both_are_known() -> None:
    by_segment = told(SegmentFigure("zero", "zero_days", "ratio", per="days"))
    # The half: 5 days are 3 and 2, 21 days are 11 and 10. The company without zero_days is on neither side.
    assert by_segment["small"] == ((3 + 0 + 3) / (21 + 20 + 11), 3, None)
    assert by_segment["mid"] == ((1 + 2) / (21 + 10), 1, None)
    assert by_segment["total"] == (9 / 104, 5, None)


def test_caps_may_be_a_side_of_a_ratio() -> None:
    by_segment = told(SegmentFigure("days_per_cap", "days", "ratio", per="cap_usd"))
    assert by_segment["mega"] == (21 / 9_000, 1, None)


def test_a_ratio_over_nothing_has_no_value() -> None:
    nothing = MARKET.with_columns(days=pl.lit(0, pl.Int64))
    assert told(SegmentFigure("zero", "zero_days", "ratio", per="days"), nothing)["small"] == (None, 3, "sum_is_zero")


def test_too_few_companies_are_said_to_be_so() -> None:
    by_segment = told(SegmentFigure("spread", "spread", "median", least=4))
    assert by_segment["small"] == (None, 3, "too_few")
    assert by_segment["smid"][1:] == (4, None)


def test_without_what_it_is_made_of_a_figure_says_what_is_missing() -> None:
    bare = MARKET.with_columns(
        spread=pl.lit(None, pl.Float64),
        days=pl.when(pl.col("bucket").cast(pl.String) == "mega").then("days"),
    )
    figure = SegmentFigure("spread", "spread", "median", basis="days", without_basis="no_ohlc")
    by_segment = told(figure, bare)
    assert by_segment["small"] == (None, 0, "no_ohlc")
    assert by_segment["mega"] == (None, 0, "too_few")
    assert by_segment["total"] == (None, 0, "too_few")
    assert by_segment["nano"] == (None, 0, "too_few"), "an empty segment lacks companies"


@pytest.mark.parametrize("statistic", ["median", "mean"])
def test_what_is_not_a_number_is_not_known(statistic: Any) -> None:
    odd = MARKET.with_columns(
        spread=pl.Series([float("nan"), 0.04, float("inf"), 0.02, 0.001, 0.05, 0.05]),
    )
    assert told(SegmentFigure("spread", "spread", statistic), odd)["small"] == (pytest.approx(0.045), 2, None)


def test_sessions_without_members_have_rows_too() -> None:
    sessions = pl.Series([D1, D2])
    found = segment_figures(MARKET, "fixed_usd", [SegmentFigure("spread", "spread", "median")], sessions)
    assert found.filter(session_date=D2).select("value", "observations", "null_reason").unique().rows() == [
        (None, 0, "too_few")
    ]
    assert found.height == 2 * len(SEGMENTS)
    nobody = segment_figures(MARKET.clear(), "fixed_usd", [SegmentFigure("thin", "is_thin", "share")], sessions)
    assert nobody.height == 2 * len(SEGMENTS)


def test_members_of_whom_nobody_said_so_are_whole() -> None:
    whole = MARKET.filter("is_counted").with_columns(is_half=pl.lit(value=False))
    figures = [SegmentFigure("spread", "spread", "mean"), SegmentFigure("thin", "is_thin", "cap_share")]
    assert keyed(segment_figures(whole.drop("is_half", "is_counted"), "x", figures)).equals(
        keyed(segment_figures(whole, "x", figures))
    )


def test_sessions_do_not_mix_and_the_rows_are_those_of_a_table_of_measures() -> None:
    later = MARKET.with_columns(session_date=pl.lit(D2), spread=pl.col("spread") * 2)
    figures = [SegmentFigure("spread", "spread", "median"), SegmentFigure("thin", "is_thin", "share")]
    measures = tuple(Measure(figure.measure, "", "", "") for figure in figures)
    rows = measures_table("figures_daily", "figures", "none", measures).conform(
        segment_figures(pl.concat([later, MARKET]), "fixed_usd", figures)
    )
    assert rows.height == 2 * len(SEGMENTS) * 2
    assert rows.filter(session_date=D1, segment="small", measure="spread")["value"].to_list() == [0.04]
    assert rows.filter(session_date=D2, segment="small", measure="spread")["value"].to_list() == [0.08]


def keyed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("session_date", "segment", "measure")
