"""What the exchanges' directory says about a described line's type."""

from datetime import date

import polars as pl
import pytest

from transforms.core.directory_types import with_directory
from transforms.core.security_types import classify
from transforms.staging.nasdaq_directory import DIRECTORY

SEEN = date(2025, 8, 11)
TOLD = ("symbol", "symbol_vendor", "name", "exchange", "is_etf", "is_test", "financial_status", "vintage_date")
LISTED = pl.DataFrame(
    [
        ("SPY", "SPY", "SPDR S&P 500 ETF Trust", "arca", True, False, None, SEEN),
        ("ZVZZT", "ZVZZT", "NASDAQ TEST STOCK", "nasdaq", False, True, None, SEEN),
        ("CBO", "CBO", "CBO (Listing Market NYSE Networks A/E) Common Stock", "nyse", False, True, None, SEEN),
        ("SONY", "SONY", "Sony Group Corporation American Depositary Shares", "nyse", False, False, None, SEEN),
        ("META", "META", "Roundhill Ball Metaverse ETF", "arca", True, False, None, date(2021, 7, 1)),
        ("AVDL", "AVDL", "Avadel Pharmaceuticals plc American Depositary Shares", "nasdaq", False, False, "N", SEEN),
    ],
    schema={name: DIRECTORY[name] for name in TOLD},
    orient="row",
)


@pytest.mark.parametrize(
    ("symbol", "name", "security_type", "rule"),
    [
        ("SPY", "SPDR S&P 500", "fund", "directory_etf"),
        ("ZVZZT", "NASDAQ TEST STOCK", "test", "directory_test"),
        # A test issue's symbol under the name of a company.
        ("CBO", "Cboe Global Markets Inc. Common Stock", "common", "name_common"),
        # The screener's name is bare: the title decides.
        ("SONY", "Sony Group Corporation", "depositary_share", "directory_american_depositary"),
        # An earlier or later title decides nothing about a name that says what it is.
        ("AVDL", "Avadel Pharmaceuticals plc Ordinary Share", "common", "name_common"),
        # A fund had the symbol before.
        ("META", "Meta Platforms Inc. Class A Common Stock", "common", "name_common"),
        ("AAPL", "Apple Inc. Common Stock", "common", "name_common"),
    ],
)
def test_the_directory_decides_where_it_says_more(symbol: str, name: str, security_type: str, rule: str) -> None:
    line = pl.DataFrame(
        {"symbol": [symbol], "name": [name], "industry": [None]}, schema_overrides={"industry": pl.String}
    )
    typed = with_directory(classify(line), LISTED)
    assert typed.select("security_type", "type_rule").row(0) == (security_type, rule)


def test_without_a_directory_names_decide() -> None:
    line = pl.DataFrame({"symbol": ["SPY"], "name": ["SPDR S&P 500"], "industry": ["x"]})
    typed = classify(line)
    assert with_directory(typed, LISTED.clear()).equals(typed)
