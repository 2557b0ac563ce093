"""From lines to company caps: classes counted once, tiers in their order."""

from typing import Any

import polars as pl
import pytest

from transforms.core.caps import company_caps, count_classes_once, equity_lines, line_caps
from transforms.core.line_counts import LINE_COUNTS

NO_CAPS = pl.DataFrame(schema={"symbol": pl.String, "cap_usd": pl.Int64, "as_of": pl.Date})
NO_COUNTS = pl.DataFrame(schema={"symbol": pl.String, "shares": pl.Int64, "as_of": pl.Date})
NO_FILED = pl.DataFrame(schema=LINE_COUNTS)


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [
        {
            "company_id": "C:X~20240102",
            "security_id": f"{row['symbol']}~20240102",
            "security_type": "common",
            "first_session": None,
            "volume": 1_000,
            "return_price": None,
            "is_multi_day": False,
            "followed_cap_usd": row["vendor_cap_usd"],
            "count_factor": 1.0,
            "factor_cause": None,
            "is_refused_count": False,
            "is_restored_count": False,
            **row,
        }
        for row in rows
    ]
    return pl.DataFrame(
        filled,
        schema_overrides={
            "vendor_cap_usd": pl.Int64,
            "followed_cap_usd": pl.Int64,
            "factor_cause": pl.String,
            "first_session": pl.Date,
            "return_price": pl.Float64,
        },
    )


def caps(frame: pl.DataFrame, file_caps: pl.DataFrame = NO_CAPS, counts: pl.DataFrame = NO_COUNTS) -> dict[str, Any]:
    lined = line_caps(equity_lines(frame), file_caps, counts, NO_FILED)
    return company_caps(count_classes_once(lined)).row(0, named=True)


def test_one_line_is_the_company() -> None:
    row = caps(lines({"symbol": "A", "close": 50.0, "vendor_cap_usd": 5_000_000_000}))
    assert (row["cap_usd"], row["shares"], row["tier"]) == (5_000_000_000, 100_000_000.0, "vendor_implied")
    assert row["shares_source"] == "derived: cap / price"
    assert row["dollar_volume_usd"] == 50_000


def test_a_split_of_one_class_leaves_the_companys_count_on_both_lines() -> None:
    """Central Garden, 2024-02-09: a class A share for four; 54.1 million on both lines until the 20th."""
    count = {"vendor_cap_usd": 2_165_000_000, "company_id": "CENT"}
    split = count | {"symbol": "CENTA", "close": 37.0, "count_factor": 1.25, "factor_cause": "lags_split"}
    row = caps(
        lines(
            count | {"symbol": "CENT", "close": 43.3, "vendor_cap_usd": 2_342_530_000},
            split | {"vendor_cap_usd": 2_001_700_000, "followed_cap_usd": 2_502_125_000},
        )
    )
    assert (row["ticker"], row["cap_usd"], row["line_count"]) == ("CENT", 2_342_530_000, 1)


def test_a_count_that_is_not_taken_says_so() -> None:
    row = caps(
        lines(
            {
                "symbol": "A",
                "close": 50.0,
                "vendor_cap_usd": 5_000_000_000,
                "followed_cap_usd": 1_000_000_000,
                "count_factor": 0.2,
                "factor_cause": "lags_split",
            }
        )
    )
    assert (row["cap_usd"], row["shares"]) == (1_000_000_000, 20_000_000.0)
    assert row["shares_source"] == "derived: cap / price x 0.2, lags_split"


def test_equal_implied_counts_are_one_pie() -> None:
    """GOOG and GOOGL on 2022-03-31: both lines carry the whole company's 660,971,321 shares."""
    row = caps(
        lines(
            {"symbol": "GOOGL", "close": 2781.35, "vendor_cap_usd": 1_838_392_583_663},
            {"symbol": "GOOG", "close": 2792.99, "vendor_cap_usd": 1_846_086_289_840},
        )
    )
    assert row["cap_usd"] == 1_846_086_289_840
    assert row["ticker"] == "GOOG"


def test_counts_of_their_own_add_up() -> None:
    row = caps(
        lines(
            {"symbol": "NWSA", "close": 20.0, "vendor_cap_usd": 7_600_000_000},
            {"symbol": "NWS", "close": 20.5, "vendor_cap_usd": 3_900_000_000},
        )
    )
    assert row["cap_usd"] == 11_500_000_000


def test_tracking_stocks_are_two_pies_of_two_lines() -> None:
    row = caps(
        lines(
            {"symbol": "FWONA", "close": 63.13, "vendor_cap_usd": 14_649_628_488},
            {"symbol": "FWONK", "close": 69.84, "vendor_cap_usd": 16_206_717_149},
            {"symbol": "LSXMA", "close": 45.71, "vendor_cap_usd": 15_213_577_525},
            {"symbol": "LSXMK", "close": 45.73, "vendor_cap_usd": 15_220_234_089},
        )
    )
    assert row["cap_usd"] == 14_649_628_488 + 15_213_577_525


def test_convertible_classes_are_one_pie() -> None:
    """Berkshire: equal caps on counts 1:1500 apart."""
    row = caps(
        lines(
            {"symbol": "BRK/A", "close": 743_500.0, "vendor_cap_usd": 1_070_000_000_000},
            {"symbol": "BRK/B", "close": 495.0, "vendor_cap_usd": 1_068_000_000_000},
        )
    )
    assert row["cap_usd"] == 1_070_000_000_000


def test_a_line_without_a_cap_adds_nothing_and_is_counted() -> None:
    row = caps(
        lines(
            {"symbol": "HEI", "close": 153.54, "vendor_cap_usd": 20_862_323_502},
            {"symbol": "HEI/A", "close": 126.83, "vendor_cap_usd": None},
        )
    )
    assert (row["cap_usd"], row["uncapped_lines"]) == (20_862_323_502, 1)


def test_preferreds_and_warrants_are_no_part_of_a_company() -> None:
    frame = lines(
        {"symbol": "T", "close": 20.0, "vendor_cap_usd": 140_000_000_000},
        {"symbol": "TBB", "close": 24.0, "vendor_cap_usd": 170_000_000_000, "security_type": "note"},
    )
    assert caps(frame)["cap_usd"] == 140_000_000_000


def test_price_times_shares_comes_before_the_vendors_figure() -> None:
    """InnovateTech AG: 25 EUR x 20,000,000 shares is 500,000,000, whatever the vendor says."""
    counts = pl.DataFrame({"symbol": ["INN"], "shares": [20_000_000], "as_of": [None]}, schema=NO_COUNTS.schema)
    row = caps(lines({"symbol": "INN", "close": 25.0, "vendor_cap_usd": 9_999}), counts=counts)
    assert (row["cap_usd"], row["shares"], row["tier"]) == (500_000_000, 20_000_000.0, "files_shares")
    assert row["shares_source"] == "files: share_counts"


def test_a_supplied_cap_comes_before_the_vendors() -> None:
    supplied = pl.DataFrame({"symbol": ["INN"], "cap_usd": [400], "as_of": [None]}, schema=NO_CAPS.schema)
    row = caps(lines({"symbol": "INN", "close": 25.0, "vendor_cap_usd": 9_999}), supplied)
    assert (row["cap_usd"], row["tier"]) == (400, "files_cap")


def test_the_return_of_two_classes_is_weighted_by_what_each_was_worth() -> None:
    row = caps(
        lines(
            {"symbol": "A", "close": 11.0, "vendor_cap_usd": 1_100, "return_price": 0.10},
            {"symbol": "B", "close": 9.0, "vendor_cap_usd": 2_700, "return_price": -0.10},
        )
    )
    assert row["return_price"] == pytest.approx((1_100 + 2_700) / (1_000 + 3_000) - 1)


def test_of_two_lines_without_volume_the_dollar_volume_is_unknown() -> None:
    row = caps(
        lines(
            {"symbol": "A", "close": 10.0, "vendor_cap_usd": 1_000_000_000, "volume": None},
            {"symbol": "B", "close": 20.0, "vendor_cap_usd": 500_000_000, "volume": None},
        )
    )
    assert row["dollar_volume_usd"] is None
