"""Liquidity of companies over 21 sessions, worked by hand, and what it comes to in a segment."""

import math
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.contracts.liquidity import LIQUIDITY_DAILY, LIQUIDITY_MEASURES, WINDOW
from transforms.measures.company_liquidity import COMPANY_LIQUIDITY, company_liquidity
from transforms.measures.segment_liquidity import LIQUIDITY_FIGURES, liquidity_daily

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(30)]
SCHEMA = {
    "session_date": pl.Date,
    "company_id": pl.String,
    "return_price": pl.Float64,
    "dollar_volume_usd": pl.Int64,
    "cap_usd": pl.Int64,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "line_return": pl.Float64,
}
SPREADS = ["spread_corwin_schultz_21", "spread_abdi_ranaldo_21", "spread_edge_21"]
CAP = 1_000_000_000


def row(day: int, company: str = "a", **told: Any) -> dict[str, Any]:
    usual = {"return_price": 0.01, "dollar_volume_usd": 2_000_000, "cap_usd": CAP, "close": 10.0, "line_return": 0.0}
    return {"session_date": DAYS[day], "company_id": company} | usual | told


def quoted(day: int, company: str = "a", **told: Any) -> dict[str, Any]:
    """A session with prices, whose closes are above and below the mid of 10 in turn."""
    close = (10.1, 9.9, 9.9, 10.1)[day % 4]
    before = (10.1, 9.9, 9.9, 10.1)[(day - 1) % 4]
    prices = {"open": 10.2 - close + 9.8, "high": 10.3, "low": 9.7, "close": close, "line_return": close / before - 1}
    return row(day, company, **(prices | told))


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def last(rows: pl.DataFrame, company: str = "a") -> dict[str, Any]:
    """Figures of the last session."""
    found = company_liquidity(rows, rows["session_date"].max())  # type: ignore[arg-type]
    assert found.schema == pl.Schema(COMPANY_LIQUIDITY)
    return found.filter(company_id=company).row(0, named=True)


def test_the_window_is_the_session_and_the_twenty_before() -> None:
    rows = [row(n) for n in range(25)]
    rows[3] |= {"dollar_volume_usd": 10**12}  # the 22nd from the end
    assert last(frame(*rows))["dollar_volume_21"] == 2_000_000
    rows[4] |= {"dollar_volume_usd": 23_000_000}
    assert last(frame(*rows))["dollar_volume_21"] == 3_000_000
    assert last(frame(*rows))["volume_sessions"] == WINDOW


def test_amihud_is_the_mean_of_return_over_volume_without_sessions_of_no_volume() -> None:
    # Ten of 1 % on 2 million, eleven of -3 % on 1 million; one of them has no volume and is left out.
    rows = [row(n) for n in range(10)]
    rows += [row(n, return_price=-0.03, dollar_volume_usd=1_000_000) for n in range(10, 20)]
    rows += [row(20, return_price=-0.03, dollar_volume_usd=0)]
    found = last(frame(*rows))
    assert found["amihud_21"] == pytest.approx((10 * 0.005 + 10 * 0.03) / 20, rel=1e-12)
    assert (found["zero_volume_sessions"], found["volume_sessions"]) == (1, 21)


def test_amihud_needs_ten_sessions_on_which_something_traded() -> None:
    rows = [row(n, dollar_volume_usd=0 if n < 12 else 1_000_000) for n in range(21)]
    found = last(frame(*rows))
    assert found["amihud_21"] is None
    assert found["zero_volume_sessions"] == 12
    rows[0] |= {"dollar_volume_usd": 1_000_000}
    assert last(frame(*rows))["amihud_21"] == pytest.approx(0.01, rel=1e-12)


def test_turnover_is_the_mean_volume_over_the_cap_of_the_session() -> None:
    rows = [row(n, cap_usd=17) for n in range(20)] + [row(20, dollar_volume_usd=23_000_000)]
    found = last(frame(*rows))
    assert found["dollar_volume_21"] == 3_000_000
    assert found["turnover_21"] == pytest.approx(0.003, rel=1e-12)


def test_a_mean_volume_is_rounded_down_to_whole_dollars() -> None:
    rows = [row(n, dollar_volume_usd=1) for n in range(20)] + [row(20, dollar_volume_usd=21)]
    found = last(frame(*rows))
    assert found["dollar_volume_21"] == 1
    assert found["turnover_21"] == pytest.approx(41 / 21 / CAP, rel=1e-12)


def test_sessions_without_a_move_are_counted_among_those_with_a_return() -> None:
    rows = [row(n, return_price=0.0 if n % 3 == 0 else 0.01) for n in range(21)]
    rows[1] |= {"return_price": None}
    found = last(frame(*rows))
    assert (found["zero_return_sessions"], found["return_sessions"]) == (7, 20)


def test_with_fewer_than_ten_sessions_nothing_is_known() -> None:
    nine = last(frame(*(quoted(n) for n in range(9))))
    assert {name for name, value in nine.items() if value is not None} == {
        "session_date",
        "company_id",
        "ohlc_sessions",
    }
    ten = last(frame(*(quoted(n) for n in range(10))))
    assert {name for name, value in ten.items() if value is None} == set(SPREADS), "ten sessions are nine pairs"
    eleven = last(frame(*(quoted(n) for n in range(11))))
    assert {name for name, value in eleven.items() if value is None} == set()


def test_unknown_volumes_and_returns_are_not_zero() -> None:
    rows = [row(n, dollar_volume_usd=None if n < 12 else 5, return_price=None if n < 11 else 0.0) for n in range(21)]
    found = last(frame(*rows))
    assert found["dollar_volume_21"] is None
    assert found["zero_volume_sessions"] is None
    assert (found["zero_return_sessions"], found["return_sessions"]) == (10, 10)


def test_a_company_has_rows_on_its_own_sessions_only() -> None:
    rows = [row(n) for n in range(21)] + [row(n, "b") for n in range(20)] + [row(20, "c")]
    found = company_liquidity(frame(*rows), DAYS[19])
    assert found.select("session_date", "company_id").rows() == [
        (DAYS[19], "a"),
        (DAYS[19], "b"),
        (DAYS[20], "a"),
        (DAYS[20], "c"),
    ]
    assert company_liquidity(frame(*rows), DAYS[21]).schema == pl.Schema(COMPANY_LIQUIDITY)


def test_a_company_with_two_rows_on_a_session_is_refused() -> None:
    with pytest.raises(ValueError, match="two rows"):
        company_liquidity(frame(row(0), row(0)), DAYS[0])


def test_abdi_ranaldo_by_hand() -> None:
    # Every close is the same distance from mids that do not move.
    distance = math.log(10.1) - (math.log(10.3) + math.log(9.9)) / 2
    rows = [quoted(n, open=10.0, high=10.3, low=9.9, close=10.1, line_return=0.0) for n in range(21)]
    assert last(frame(*rows))["spread_abdi_ranaldo_21"] == pytest.approx(2 * abs(distance), rel=1e-9)


def test_corwin_schultz_by_hand() -> None:
    # Every day has the same range, and its close within it: alpha is the log range (see the estimators' own test).
    rows = [quoted(n, high=10.3, low=9.7) for n in range(21)]
    alpha = math.log(10.3 / 9.7)
    expected = 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha))
    assert last(frame(*rows))["spread_corwin_schultz_21"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("ratio", [2.0, 0.1, 1.05])
def test_a_split_in_the_window_changes_no_spread(ratio: float) -> None:
    whole = frame(*(quoted(n) for n in range(21)))
    prices = ["open", "high", "low", "close"]
    is_old = pl.col("session_date") < DAYS[12]
    split = whole.with_columns(pl.when(is_old).then(pl.col(*prices) * ratio).otherwise(pl.col(*prices)))
    for name in SPREADS:
        assert last(split)[name] == pytest.approx(last(whole)[name], rel=1e-9)
        assert last(whole)[name] > 0


def test_without_the_lines_return_a_pair_is_unknown() -> None:
    rows = [quoted(n) for n in range(21)]
    for n in range(10):
        rows[2 * n + 1] |= {"line_return": None}
    assert last(frame(*rows))["spread_abdi_ranaldo_21"] is not None
    rows[2] |= {"line_return": None}
    found = last(frame(*rows))
    assert [found[name] for name in SPREADS] == [None] * 3
    assert found["ohlc_sessions"] == 21


@pytest.mark.parametrize("wrong", [{"low": 10.05}, {"high": 9.95}, {"low": 0.0}, {"open": None}, {"open": 11.0}])
def test_prices_that_cannot_all_be_true_are_unknown(wrong: dict[str, Any]) -> None:
    rows = [quoted(n) for n in range(21)]
    rows[8] |= wrong
    assert last(frame(*rows))["ohlc_sessions"] == 20


def test_closes_alone_make_no_spread() -> None:
    found = last(frame(*(row(n) for n in range(21))))
    assert [found[name] for name in (*SPREADS, "ohlc_sessions")] == [None] * 4
    beside = last(frame(*(row(n) for n in range(21)), *(quoted(n, "b") for n in range(21))))
    assert beside == found


def members(companies: int, maker: Any = quoted) -> pl.DataFrame:
    rows = [
        maker(n, f"c{k:02d}", dollar_volume_usd=0 if n == k else 1_000_000 * (k + 1), return_price=0.01 * (n % 2))
        for k in range(companies)
        for n in range(21)
    ]
    return company_liquidity(frame(*rows), DAYS[20]).with_columns(
        cap_usd=pl.lit(CAP),
        bucket=pl.lit("small").cast(pl.Enum(BUCKETS)),
    )


def told(rows: pl.DataFrame, segment: str) -> dict[str, tuple[Any, Any, Any]]:
    part = rows.filter(segment=segment)
    return {item["measure"]: (item["value"], item["observations"], item["null_reason"]) for item in part.to_dicts()}


def test_a_segment_has_the_median_company_and_the_share_of_its_company_sessions() -> None:
    rows = liquidity_daily(members(11), "fixed_usd")
    assert rows.height == len(SEGMENTS) * len(LIQUIDITY_MEASURES)
    assert rows.schema == pl.Schema(LIQUIDITY_DAILY.polars_schema)
    small = told(rows, "small")
    # Company k trades k + 1 million a session, but nothing on one of the 21.
    assert small["dollar_volume_21"] == (5_714_285.0, 11, None)  # the sixth: 6 million x 20 / 21, rounded down
    assert small["turnover_21"][0] == pytest.approx(6 * 20 / 21 / 1_000, rel=1e-9)
    assert small["turnover_vw_21"][0] == pytest.approx(66 * 20 / 21 / 11 / 1_000, rel=1e-5)
    assert small["zero_volume_share_21"] == (pytest.approx(1 / 21, rel=1e-9), 11, None)
    assert small["zero_return_share_21"] == (pytest.approx(11 / 21, rel=1e-9), 11, None)
    assert small["spread_edge_21"][1:] == (11, None)
    assert told(rows, "smid") == small


def test_a_segment_with_fewer_than_ten_companies_says_so() -> None:
    small = told(liquidity_daily(members(9), "fixed_usd"), "small")
    assert set(small.values()) == {(None, 9, "too_few")}


def test_a_source_of_closes_says_that_it_has_no_opens_highs_and_lows() -> None:
    rows = liquidity_daily(members(11, row), "fixed_usd")
    small, nano = told(rows, "small"), told(rows, "nano")
    assert {small[name] for name in SPREADS} == {(None, 0, "no_ohlc")}
    assert small["amihud_21"][1:] == (11, None)
    assert {nano[name] for name in SPREADS} == {(None, 0, "too_few")}


def test_every_measure_has_its_figure() -> None:
    assert [figure.measure for figure in LIQUIDITY_FIGURES] == [measure.name for measure in LIQUIDITY_MEASURES]
    assert all(measure.formula and measure.unit and measure.source for measure in LIQUIDITY_MEASURES)
    assert {figure.least for figure in LIQUIDITY_FIGURES} == {10}
