"""Claims 5, 8, 9 and 12, worked by hand: which value was known, which series stands in, and what is too old."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.contracts.positions import POSITIONS
from transforms.measures import macro_evidence
from transforms.measures.macro_evidence import MacroSeries, of_macro, of_positions

D0 = date(2024, 3, 1)
Row = tuple[str, str, date, datetime, float, date]


def day(number: int) -> date:
    return D0 + timedelta(days=number)


def at(number: int) -> datetime:
    """The evening of a day; sessions close in the same moment."""
    return datetime.combine(day(number), datetime.min.time(), UTC) + timedelta(hours=22)


def value(series: str, source: str, about: int, known: int, figure: float, vintage: int = 0) -> Row:
    return series, source, day(about), at(known), figure, day(vintage)


def macro(*rows: Row) -> pl.DataFrame:
    schema = {"series": pl.String, "source": pl.String, "as_of": pl.Date, "known_at": pl.Datetime("us", "UTC"),
              "value": pl.Float64, "vintage_date": pl.Date}  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row")


def closes(*numbers: int) -> pl.DataFrame:
    schema = {"session_date": pl.Date, "known_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame([(day(number), at(number)) for number in numbers], schema, orient="row")


def of(frame: pl.DataFrame, claim: str, *columns: str) -> list[tuple[Any, ...]]:
    return frame.filter(pl.col("claim") == claim).sort("session_date").select(columns).rows()


def test_a_value_counts_once_it_is_out_and_until_it_is_old() -> None:
    spread = [value("BAMLH0A0HYM2", "fred", 0, 1, 3.1), value("BAMLH0A0HYM2", "fred", 1, 2, 3.3)]
    real = [value("DFII10", "fred", 0, 0, 2.0), value("UST_REAL_10Y", "treasury", 1, 1, -0.1)]
    found = of_macro(macro(*spread, *real), closes(0, 1, 2, 47))
    assert of(found, "08_low_spreads", "session_date", "value", "as_of") == [
        (day(1), 3.1, day(0)),
        (day(2), 3.3, day(1)),
    ]
    assert of(found, "12_negative_real_yield", "value", "source") == [
        (2.0, "core.macro: DFII10, fred"),
        (-0.1, "core.macro: UST_REAL_10Y, treasury"),
        (-0.1, "core.macro: UST_REAL_10Y, treasury"),
    ]


def test_a_revision_of_an_older_day_is_not_the_newest_value() -> None:
    week = [value("NFCI", "chicago_fed", 0, 5, -0.50), value("NFCI", "chicago_fed", 7, 12, -0.40, 12)]
    revised = [value("NFCI", "chicago_fed", 0, 13, -0.45, 13), value("NFCI", "chicago_fed", 7, 19, -0.42, 19)]
    found = of_macro(macro(*week, *revised), closes(5, 12, 13, 18, 19))
    assert of(found, "09_liquidity", "value") == [(-0.50,), (-0.40,), (-0.40,), (-0.40,), (-0.42,)]


def test_of_sources_with_one_series_name_each_stands_alone() -> None:
    rows = (
        value("NFCI", "fred", 9, 9, 0.9),
        value("NFCI", "chicago_fed", 7, 9, -0.5),
        value("ANFCI", "fred", 9, 9, 0.1),
    )
    found = of_macro(macro(*rows), closes(9))
    assert of(found, "09_liquidity", "value", "source") == [(-0.5, "core.macro: NFCI, chicago_fed")]
    alone = of_macro(macro(value("ANFCI", "fred", 9, 9, 0.1)), closes(9))
    [(figure, measure)] = of(alone, "09_liquidity", "value", "own_measure")
    assert (figure, measure) == (0.1, "Chicago Fed adjusted national financial conditions index")


@pytest.fixture
def short_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four values make a lowest fifth."""
    credit = MacroSeries("OFR_FSI_CREDIT", "ofr", "credit part", fewest=4)
    first = macro_evidence.SERIES["08_low_spreads"][0]
    monkeypatch.setitem(macro_evidence.SERIES, "08_low_spreads", (first, credit))


def test_a_series_that_stands_in_has_the_lowest_fifth_of_its_own_values(short_histories: None) -> None:
    figures = (5.0, 4.0, 3.0, 2.0, 1.0, 0.0)
    rows = [value("OFR_FSI_CREDIT", "ofr", number, number + 2, figure) for number, figure in enumerate(figures)]
    revised = value("OFR_FSI_CREDIT", "ofr", 5, 8, 9.0, 8)
    found = of_macro(macro(*rows, revised), closes(4, 5, 6, 7, 8))
    assert of(found, "08_low_spreads", "session_date", "value", "own_threshold") == [
        (day(5), 2.0, 2.0),  # 5 4 3 2: of four values one is a fifth at least
        (day(6), 1.0, 1.0),  # 5 4 3 2 1
        (day(7), 0.0, 1.0),  # 5 4 3 2 1 0: two of six
        (day(8), 9.0, 2.0),  # 5 4 3 2 1 9: as it was restated, once
    ]


def test_the_spread_itself_goes_before_what_stands_in(short_histories: None) -> None:
    credit = [value("OFR_FSI_CREDIT", "ofr", number, number, 1.0) for number in range(60)]
    found = of_macro(macro(*credit, value("BAMLH0A0HYM2", "fred", 3, 4, 3.2)), closes(3, 4, 48, 49))
    assert of(found, "08_low_spreads", "value", "own_threshold") == [(1.0, 1.0), (3.2, None), (3.2, None), (1.0, 1.0)]


def positions(*rows: tuple[str, str, int, int, int, int, int]) -> pl.DataFrame:
    """contract, category, day of the report, day it was known, long, short, open interest."""
    told = [
        {"contract": contract, "category": category, "as_of": day(about), "known_at": at(known), "long_contracts": long,
         "short_contracts": short, "spread_contracts": None, "open_interest": total, "vintage_date": day(known),
         "source": "cftc", "licence": "public-domain"}
        for contract, category, about, known, long, short, total in rows
    ]  # fmt: skip
    return pl.DataFrame(told, POSITIONS.polars_schema)


def test_net_position_of_managers_and_leveraged_funds_over_open_interest() -> None:
    """(150 - 60 + 40 - 210) / 400 = -0.2; of the S&P 500 and of dealers nothing counts."""
    rows = [
        ("239742", "asset_manager", 0, 3, 150, 60, 400), ("239742", "leveraged", 0, 3, 40, 210, 400),
        ("239742", "dealer", 0, 3, 200, 20, 400), ("13874A", "asset_manager", 0, 3, 900, 100, 2000),
        ("239742", "asset_manager", 7, 10, 100, 60, 400), ("239742", "leveraged", 7, 10, 100, 40, 400),
    ]  # fmt: skip
    found = of_positions(positions(*rows), closes(2, 3, 9, 10))
    assert of(found, "05_underweight", "session_date", "as_of", "value") == [
        (day(3), day(0), pytest.approx(-0.2)),
        (day(9), day(0), pytest.approx(-0.2)),
        (day(10), day(7), pytest.approx(0.25)),
    ]


def test_a_report_is_too_old_after_three_weeks_and_says_so() -> None:
    rows = [("239742", "asset_manager", 0, 3, 150, 60, 400), ("239742", "leveraged", 0, 3, 40, 210, 400)]
    found = of_positions(positions(*rows), closes(21, 22))
    assert of(found, "05_underweight", "value", "null_reason") == [(pytest.approx(-0.2), None), (None, "stale")]
    assert of_positions(positions(), closes(21)).height == 0
