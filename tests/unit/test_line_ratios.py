"""Depositary ratios as they are published: underlying shares per depositary share, and since when that is stated."""

from datetime import date

import polars as pl

from transforms.core.line_counts import LINE_COUNTS, OWN_RATIOS
from transforms.core.line_ratios import line_ratios, stated_ratios

NAMED, SUPPLIED, TITLED = date(2024, 1, 2), date(2024, 2, 5), date(2024, 3, 31)
NO_OWN = pl.DataFrame(schema=OWN_RATIOS)
NO_FILED = pl.DataFrame(schema=LINE_COUNTS)
EQUITY = pl.DataFrame(
    {
        "line": [1, 4, 7],
        "symbol": ["ADS", "OLD", "PLAIN"],
        "ads_ratio": [4.0, 2.0, None],
        "ads_ratio_from": [NAMED, None, NAMED],
    },
    schema_overrides={"ads_ratio_from": pl.Date},
)


def filed(line: int, ratio: float | None, since: date | None) -> pl.DataFrame:
    row = {"line": line, "filed_ads_ratio": ratio, "filed_ads_ratio_from": since}
    return pl.DataFrame([{name: row.get(name) for name in LINE_COUNTS}], LINE_COUNTS)


def own(symbol: str, ratio: float) -> pl.DataFrame:
    return pl.DataFrame([(symbol, ratio, SUPPLIED)], OWN_RATIOS, orient="row")


def test_what_the_name_says_and_a_date_without_a_ratio_says_nothing() -> None:
    assert line_ratios(EQUITY, NO_OWN, NO_FILED).rows() == [(4.0, NAMED), (2.0, None), (None, None)]


def test_the_operator_goes_before_the_name() -> None:
    found = line_ratios(EQUITY, pl.concat([own("OLD", 8.0), own("GONE", 3.0)]), NO_FILED)
    assert found.rows() == [(4.0, NAMED), (8.0, SUPPLIED), (None, None)]


def test_the_ratio_of_a_filed_count_goes_before_all() -> None:
    assert line_ratios(EQUITY, NO_OWN, filed(4, 13.0, TITLED)).rows()[1] == (13.0, TITLED)
    assert line_ratios(EQUITY, own("OLD", 8.0), filed(4, 8.0, SUPPLIED)).rows()[1] == (8.0, SUPPLIED)


def test_where_the_title_says_ordinary_shares_the_name_counts_no_more() -> None:
    assert line_ratios(EQUITY, NO_OWN, filed(1, None, None)).rows()[0] == (None, None)


def test_the_lines_that_came_in_stay_as_they_are() -> None:
    line_ratios(EQUITY, own("OLD", 8.0), filed(1, 13.0, TITLED))
    assert EQUITY["ads_ratio"].to_list() == [4.0, 2.0, None]


def test_what_is_stated_before_any_count_is_found() -> None:
    assert stated_ratios(EQUITY, NO_OWN).to_list() == [4.0, 2.0, None]
    assert stated_ratios(EQUITY, pl.concat([own("PLAIN", 5.0), own("GONE", 3.0)])).to_list() == [4.0, 2.0, 5.0]
