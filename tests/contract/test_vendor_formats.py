"""The simulated vendors speak the real ones' language: committed patterns of the real files hold both to it."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.edge.loopback import Asked
from flows.simulated.market import Market
from flows.simulated.vendors import Vendors
from tests.vendors import patterns

SESSION = date(2024, 11, 26)
MARKET = Market(date(2024, 8, 1), date(2024, 11, 29), companies=100)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated vendors' archive, and one evening's live replies under the names of the archive."""
    root = tmp_path_factory.mktemp("simulated")
    vendors = Vendors(MARKET)
    write_files(root, vendors.archive(SESSION, (SESSION,)))
    browser = {"user-agent": "Mozilla/5.0"}
    replies = (
        (
            f"nasdaq_screener/daily/2026-01-{at:02}/{exchange}_full_tickers.json.gz",
            vendors.reply(Asked("GET", "/nasdaq", {"exchange": exchange.upper()}, browser), SESSION).body,
        )
        for at, exchange in enumerate(("nasdaq", "nyse", "amex"), start=1)
    )
    return write_files(root, replies)


@pytest.mark.parametrize("name", patterns.FORMATS)
def test_simulated_files_fit_the_real_pattern(simulated: Path, name: str) -> None:
    found = list(patterns.files(simulated, name))
    assert found
    assert [patterns.misfits(patterns.stored(name), frame) for frame in found] == [[]] * len(found)


@pytest.mark.parametrize("name", patterns.FORMATS)
def test_real_files_fit_the_stored_pattern(shared_data: Path, name: str) -> None:
    found = [patterns.sample(frame) for frame in patterns.files(shared_data, name, most=2)]
    assert found
    assert [patterns.misfits(patterns.stored(name), frame) for frame in found] == [[]] * len(found)


def test_a_pattern_tells_what_is_strange() -> None:
    pattern = patterns.pattern_of(pl.DataFrame({"lastsale": ["$1.00", "$12.50"], "marketCap": ["", "9.00"]}))
    assert patterns.misfits(pattern, pl.DataFrame({"lastsale": ["$3.25"], "marketCap": [""]})) == []
    assert patterns.misfits(pattern, pl.DataFrame({"lastsale": ["3.25"], "marketCap": [""]})) == ["lastsale: ['9.99']"]
    assert patterns.misfits(pattern, pl.DataFrame({"lastsale": [3.25], "marketCap": [""]}))[0].startswith("types")
    assert patterns.misfits(pattern, pl.DataFrame({"price": ["$3.25"]}))[0].startswith("columns")


def test_patterns_hold_no_value_of_a_file() -> None:
    """Only shapes: no digit but 9, no word."""
    for name in patterns.FORMATS:
        shapes = patterns.stored(name)["shapes"]
        assert isinstance(shapes, dict)
        for column, found in shapes.items():
            plain = [
                one for one in found if one not in {"text", "blank", "iso_date", "us_date", "long_decimal", "exponent"}
            ]
            assert [
                one for one in plain if any(c in "012345678" for c in one) or any(w in one for w in ("aa", "AA"))
            ] == [], column


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (Asked("GET", "/nasdaq", {"exchange": "NYSE"}, {"user-agent": "python-requests"}), 403),
        (Asked("GET", "/simfin", {"dataset": "income", "variant": "quarterly"}, {}), 401),
        (Asked("GET", "/simfin", {"dataset": "cashflow"}, {"authorization": "api-key simulated-key"}), 404),
        (Asked("GET", "/etf/other.csv"), 404),
        (Asked("GET", "/treasury/2024/all", {"type": "daily_treasury_real_yield_curve"}), 200),
    ],
)
def test_vendors_refuse_as_the_real_ones_do(asked: Asked, status: int) -> None:
    assert Vendors(MARKET).reply(asked, SESSION).status == status
