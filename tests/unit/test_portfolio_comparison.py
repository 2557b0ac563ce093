"""Our portfolios formed on size beside a reference's, by hand and against numpy."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sql import hand_made
from transforms.contracts.reference_portfolios import NO_VARIATION, SIZE_PORTFOLIO_COMPARISON, TOO_FEW
from transforms.measures.portfolio_comparison import OURS, size_portfolio_comparison

D = date
START, NEW_YEAR = D(2024, 9, 2), D(2026, 1, 1)
Series = dict[date, float | None]


def ours(*, portfolio: str = "lo30", weighting: str = "vw", **given: Series) -> pl.DataFrame:
    """Our returns; keywords name portfolios beside the first, ``returns`` is that of ``portfolio``."""
    named = {portfolio if name == "returns" else name: series for name, series in given.items()}
    rows = [
        {"session_date": day, "portfolio": name, "weighting": weighting, "return": value, "company_count": 9}
        for name, series in named.items()
        for day, value in series.items()
    ]
    return pl.DataFrame(rows, schema={**OURS, "company_count": pl.Int32})


def reference(series: dict[str, Series], vintage: date = NEW_YEAR, release: str = "a" * 12) -> pl.DataFrame:
    return hand_made.rows(
        "core.reference_portfolios",
        *[
            {
                "as_of": day,
                "portfolio": name,
                "weighting": "vw",
                "return": value,
                "source": "french",
                "release": release,
                "vintage_date": vintage,
            }
            for name, figures in series.items()
            for day, value in figures.items()
        ],
    )


def days(count: int, start: date = START) -> list[date]:
    return [start + timedelta(days=number) for number in range(count)]


def swing(count: int, size: float = 0.01, start: date = START) -> Series:
    """Up and down by turns."""
    return {day: size if number % 2 else -size for number, day in enumerate(days(count, start))}


def only(rows: pl.DataFrame, period: str, portfolio: str = "lo30") -> dict[str, Any]:
    return rows.filter(period=period, portfolio=portfolio, weighting="vw").row(0, named=True)


def test_by_hand() -> None:
    """Ours is his and 0.001 more a day; on every tenth day it is 0.002 more."""
    his = swing(100)
    mine = {day: value + (0.002 if number % 10 == 9 else 0.001) for number, (day, value) in enumerate(his.items())}  # type: ignore[operator]
    row = only(size_portfolio_comparison(ours(returns=mine), reference({"lo30": his})), "2024")
    assert row["session_count"] == 100
    assert row["return_sum"] == pytest.approx(0.11, abs=1e-12)
    assert row["reference_return_sum"] == 0.0
    assert row["difference"] == pytest.approx(0.11, abs=1e-12)
    # ninety days of 0.001 and ten of 0.002: mean 0.0011, squares (90 * 0.0001^2 + 10 * 0.0009^2) / 99
    assert row["tracking_error"] == pytest.approx(((90 * 1e-8 + 10 * 81e-8) / 99) ** 0.5, rel=1e-9)
    assert 0.999 < row["correlation"] < 1
    assert (row["release"], row["null_reason"]) == ("a" * 12, None)


def test_years_and_all_and_sessions_of_one_side() -> None:
    his = swing(200)
    mine: Series = {**his, D(2024, 9, 2): None, D(2025, 6, 1): 0.05}
    his[D(2024, 9, 3)] = None
    his[D(2024, 8, 30)] = 0.07
    rows = size_portfolio_comparison(ours(returns=mine), reference({"lo30": his}))
    counts = dict(rows.filter(portfolio="lo30").select("period", "session_count").iter_rows())
    assert counts == {"2024": 119, "2025": 79, "all": 198}
    assert only(rows, "all")["difference"] == 0.0


def test_below_sixty_sessions_nothing_has_a_value() -> None:
    his = swing(300)
    short, enough = (
        size_portfolio_comparison(ours(returns=swing(count)), reference({"lo30": his})) for count in (59, 60)
    )
    row = only(short, "2024")
    values = ("correlation", "return_sum", "reference_return_sum", "difference", "tracking_error")
    assert {row[name] for name in values} == {None}
    assert (row["session_count"], row["null_reason"]) == (59, TOO_FEW)
    row = only(enough, "2024")
    assert (row["session_count"], row["null_reason"], row["correlation"]) == (60, None, pytest.approx(1.0))


def test_a_year_that_the_reference_has_not_reached() -> None:
    mine = {**swing(80), **swing(80, start=D(2026, 1, 2))}
    rows = size_portfolio_comparison(ours(returns=mine), reference({"lo30": swing(80)}))
    assert only(rows, "2026") | {"session_count": 0, "null_reason": TOO_FEW, "release": None} == only(rows, "2026")
    assert only(rows, "all")["session_count"] == 80


def test_returns_that_do_not_move_have_no_correlation() -> None:
    still: Series = dict.fromkeys(days(80), 0.0)
    row = only(size_portfolio_comparison(ours(returns=still), reference({"lo30": swing(80)})), "2024")
    assert (row["correlation"], row["null_reason"]) == (None, NO_VARIATION)
    assert row["tracking_error"] == pytest.approx(0.01 * (80 / 79) ** 0.5)


def test_smb_is_small_less_big_of_both_sides_and_ours_is_not_read() -> None:
    his = {"lo30": swing(80, 0.03), "hi30": swing(80, 0.01)}
    mine = ours(lo30=swing(80, 0.02), hi30=swing(80, 0.01), smb=swing(80, 9.0))
    row = only(size_portfolio_comparison(mine, reference(his)), "all", "smb")
    assert (row["session_count"], row["correlation"]) == (80, pytest.approx(1.0))
    assert row["tracking_error"] == pytest.approx(0.01 * (80 / 79) ** 0.5)  # 0.01 against 0.02


def test_smb_needs_both_legs() -> None:
    his = {"lo30": swing(80), "hi30": swing(70)}
    rows = size_portfolio_comparison(ours(lo30=swing(80), hi30=swing(75)), reference(his))
    assert only(rows, "all", "smb")["session_count"] == 70
    alone = size_portfolio_comparison(ours(lo30=swing(80)), reference(his))
    assert "smb" not in alone["portfolio"].to_list()


def test_the_newest_release_counts_and_is_named() -> None:
    first = reference({"lo30": swing(80, 0.01)}, D(2026, 1, 1), "a" * 12)
    second = reference({"lo30": {START: 0.5}}, D(2026, 2, 1), "b" * 12)
    mine = ours(returns={**swing(80), **swing(80, start=D(2025, 2, 1))})
    both = pl.concat([second, first, reference({"lo30": swing(80, start=D(2025, 2, 1))})])
    rows = size_portfolio_comparison(mine, both)
    assert only(rows, "2024")["reference_return_sum"] == pytest.approx(0.51)
    assert {period: only(rows, period)["release"] for period in ("2024", "2025", "all")} == {
        "2024": "b" * 12,
        "2025": "a" * 12,
        "all": "b" * 12,
    }


def test_nothing_to_compare_is_no_row() -> None:
    nobody, nothing = pl.DataFrame(schema=OURS), SIZE_PORTFOLIO_COMPARISON.empty()
    assert size_portfolio_comparison(nobody, reference({"lo30": swing(80)})).equals(nothing)
    assert size_portfolio_comparison(ours(returns=swing(80)), reference({})).equals(nothing)


def test_two_references_are_not_mixed() -> None:
    his = reference({"lo30": swing(80)})
    two = pl.concat([his, his.with_columns(source=pl.lit("other"))])
    with pytest.raises(ValueError, match="one reference at a time"):
        size_portfolio_comparison(ours(returns=swing(80)), two)


RETURN = st.integers(-2000, 2000).map(lambda cents: cents / 10_000)


@given(st.lists(st.tuples(RETURN, RETURN), min_size=60, max_size=90), st.randoms(use_true_random=False))
def test_numpy_says_the_same_and_the_order_of_rows_does_not_matter(
    pairs: list[tuple[float, float]], random: Any
) -> None:
    at = days(len(pairs))
    mine = ours(returns=dict(zip(at, (pair[0] for pair in pairs), strict=True)))
    his = reference({"lo30": dict(zip(at, (pair[1] for pair in pairs), strict=True))})
    rows = size_portfolio_comparison(mine, his)
    seed = random.randint(0, 10_000)
    shuffled = size_portfolio_comparison(
        mine.sample(fraction=1, shuffle=True, seed=seed), his.sample(fraction=1, shuffle=True, seed=seed + 1)
    )
    assert shuffled.equals(rows)
    x, y = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    row = only(rows, "2024")
    assert row["return_sum"] == pytest.approx(x.sum(), abs=1e-9)
    assert row["difference"] == pytest.approx((x - y).sum(), abs=1e-9)
    assert row["tracking_error"] == pytest.approx((x - y).std(ddof=1), abs=1e-9)
    if x.std() > 1e-6 and y.std() > 1e-6:
        assert row["correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    assert only(rows, "all") | {"period": "2024"} == row
