"""What Apple, NVIDIA and Alphabet filed as their public float, beside the vendor's caps of those days."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.market_calendar import all_sessions
from tests.golden.test_real_sec_statements import companyfacts
from tests.unit.test_free_float import covers, securities
from transforms.core.free_float import CAPS, cap_days, filed_floats, free_float

D = date
CIKS = {"AAPL": 320193, "NVDA": 1045810, "GOOGL": 1652044}
COMPANIES = securities(*[(symbol, symbol, cik, D(2022, 1, 3), None) for symbol, cik in CIKS.items()])


@pytest.fixture(scope="module")
def floats(shared_data: Path) -> pl.DataFrame:
    """Every float that the three have filed, with the caps of 2022-24."""
    folder = shared_data / "sec_edgar" / "recorded" / "api" / "xbrl" / "companyfacts"
    history = shared_data / "nasdaq_screener" / "history"
    if not folder.is_dir() or not history.is_dir():
        pytest.skip("recorded replies of the SEC, or the history of quotes, are absent")
    facts = pl.concat([companyfacts(path) for path in sorted(folder.glob("*.json.gz"))])
    told = filed_floats(covers(), facts.with_columns(known_on="filed"), COMPANIES, D(2026, 12, 31))
    number = pl.col("lastsale", "marketCap").str.replace_all(r"[$,]", "").cast(pl.Float64, strict=False)
    quotes = (
        pl.scan_parquet([history / f"quotes_{year}.parquet" for year in (2022, 2023, 2024)])
        .filter(pl.col("symbol").str.strip_chars().is_in(list(CIKS)))
        .with_columns(number, pl.col("date").cast(pl.Date).alias("session_date"))
        .with_columns(pl.col("symbol").str.strip_chars().alias("company_id"))
        .collect()
    )
    days = cap_days(told, all_sessions()).join(quotes, on=["company_id", "session_date"])
    caps = days.with_columns(ticker="company_id", price="lastsale", cap_usd=pl.col("marketCap").cast(pl.Int64))
    return free_float(told, caps.select(list(CAPS)))


@pytest.mark.parametrize(
    ("symbol", "as_of", "value", "session", "share"),
    [
        ("AAPL", D(2022, 3, 25), 2_830_067_000_000, D(2022, 3, 25), 0.934),
        ("AAPL", D(2024, 3, 29), 2_628_553_000_000, D(2024, 3, 28), 0.993),  # Good Friday
        ("NVDA", D(2022, 7, 29), 434_370_000_000, D(2022, 7, 29), 0.957),
        ("NVDA", D(2023, 7, 28), 1_100_000_000_000, D(2023, 7, 28), 0.953),
        ("NVDA", D(2024, 7, 26), 2_700_000_000_000, D(2024, 7, 26), 0.971),
        ("GOOGL", D(2022, 6, 30), 1_256_100_000_000, D(2022, 6, 30), 0.875),  # the founders' shares are the rest
        ("GOOGL", D(2024, 6, 28), 2_000_000_000_000, D(2024, 6, 28), 0.889),
    ],
)
def test_a_known_float(floats: pl.DataFrame, symbol: str, as_of: date, value: int, session: date, share: float) -> None:
    row = floats.row(by_predicate=(pl.col("company_id") == symbol) & (pl.col("as_of") == as_of), named=True)
    assert (row["float_value_usd"], row["cap_session"], row["kind"]) == (value, session, "estimate")
    assert row["float_share"] == pytest.approx(share, abs=0.0006)


def test_nvidias_float_of_july_2024_is_known_seven_months_later(floats: pl.DataFrame) -> None:
    row = floats.row(by_predicate=pl.col("accession") == "0001045810-25-000023", named=True)
    assert row["known_at"] == datetime(2025, 2, 27, 4, 59, 59, tzinfo=UTC)


def test_days_without_a_cap_give_the_value_alone(floats: pl.DataFrame) -> None:
    before = floats.filter(~pl.col("as_of").is_between(D(2022, 1, 1), D(2024, 12, 31)))
    assert before.height > 40
    assert set(before["reason_code"]) == {"no_cap_on_that_day", "zero"}
    zero = before.filter(reason_code="zero").select("company_id", "as_of").unique()
    assert zero.rows() == [("GOOGL", D(2015, 6, 30))]  # Alphabet, before it took Google's place
    assert before["float_share"].null_count() == before.height
    assert before["float_value_usd"].null_count() == 0
