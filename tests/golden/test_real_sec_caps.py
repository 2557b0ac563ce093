"""Caps of every session of 2024 by the recorded companyfacts: Apple, NVIDIA through its split, Alphabet.

The walk over the vendor's own lines of four symbols. What came out, in billions of US dollars; ``vendor`` is its cap
against ours (of Alphabet: our cap, which is the vendor's of GOOG counted once, against price x balance sheet):

| session | AAPL | vendor | NVDA | vendor | Alphabet | price x balance sheet |
|---|---|---|---|---|---|---|
| 2024-03-28 | 2,648.0 | 0.00 % | 2,258.9 | 0.00 % | 1,893.0 | 1,897.2 (+0.22 %) |
| 2024-06-07 | 3,019.1 | 0.00 % | 2,973.8 | 0.00 % | 2,174.4 | 2,178.4 (+0.19 %) |
| 2024-06-10 | 2,961.3 | 0.00 % | 2,996.0 | -0.01 % | 2,182.8 | 2,186.9 (+0.19 %) |
| 2024-06-28 | 3,229.7 | 0.00 % | 3,039.1 | -0.01 % | 2,266.7 | 2,270.9 (+0.19 %) |
| 2024-09-30 | 3,542.6 | 0.00 % | 2,978.9 | 0.00 % | 2,058.1 | 2,060.1 (+0.10 %) |
| 2024-12-31 | 3,785.3 | 0.00 % | 3,288.8 | 0.00 % | 2,331.2 | 2,335.6 (+0.19 %) |

Over all 252 sessions the vendor differs from the filed count by 0.85 % (AAPL) and 1.63 % (NVDA) at most, on the days
between a filing and the vendor's reading of it, and by nothing on the median day.
"""

import gzip
import json
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from flows.market_calendar import all_sessions, sessions_between
from flows.sources import source
from flows.steps.stage import Catalogue, Evidence, _numbered
from flows.walk import Calendar, Memory, Staged, Verdict, judge
from tests.golden.quoted_and_filed import Filed, Quote, Recorded, published
from tests.vendors.sec_documents import OfClass, landed
from transforms.core.reported_counts import book_of
from transforms.staging.descriptions import of_reference
from transforms.staging.nasdaq_screener import stage_history, stage_reference
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_tickers import TICKERS

CIKS = {"AAPL": 320193, "NVDA": 1045810, "GOOG": 1652044, "GOOGL": 1652044}
FACTS = "sec_edgar/recorded/api/xbrl/companyfacts/CIK{:010}.json.gz"


def facts(folder: Path, cik: int) -> pl.DataFrame:
    path = folder / FACTS.format(cik)
    if not path.is_file():
        pytest.skip("recorded companyfacts are absent")
    rows = source("sec_edgar").read(path.read_bytes(), landed("companyfacts", f"{cik:010}", path)).rows
    return rows.with_columns(known_on="filed")


def lines_of(folder: Path, year: int) -> dict[date, pl.DataFrame]:
    history = folder / "nasdaq_screener" / "history"
    is_one = pl.col("symbol").str.strip_chars().is_in(list(CIKS))
    raw = pl.scan_parquet(history / f"quotes_{year}.parquet").filter(is_one).collect()
    reference = pl.scan_parquet(history / "reference_intervals.parquet").filter(is_one).collect()
    described = of_reference(stage_history(raw, file="h").rows, stage_reference(reference, file="r").rows)
    latest = folder / "sec_edgar" / "company_tickers_exchange" / "2024-12-31.json.gz"
    rows = [row for row in json.loads(gzip.decompress(latest.read_bytes()))["data"] if row[2] in CIKS]
    tickers = pl.DataFrame([(*row, date(2024, 12, 31)) for row in rows], schema=TICKERS, orient="row")
    evidence = Evidence(tickers=tickers.with_columns(seen_from=pl.lit(None, pl.Date)))
    numbered = _numbered(described, Catalogue(evidence))
    parts = numbered.partition_by("session_date", as_dict=True)
    return {session: lines.drop("session_date") for (session,), lines in parts.items()}


FILED = {
    "AAPL": [
        (date(2023, 11, 3), 15_552_752_000),
        (date(2024, 2, 2), 15_441_881_000),
        (date(2024, 5, 3), 15_334_082_000),
        (date(2024, 8, 2), 15_204_137_000),
        (date(2024, 11, 1), 15_115_823_000),
    ],
    "NVDA": [
        (date(2023, 11, 21), 2_470_000_000),
        (date(2024, 2, 21), 2_500_000_000),
        (date(2024, 5, 29), 2_460_000_000),
        (date(2024, 6, 10), 24_600_000_000),  # ten for one: the count of 24 May in shares of the day
        (date(2024, 8, 28), 24_530_000_000),
        (date(2024, 11, 20), 24_490_000_000),
    ],
}
"""By hand from the cover pages: the day since when a count is known, and the count."""
SESSIONS = sessions_between(date(2024, 1, 1), date(2024, 12, 31))


def count_of(symbol: str, session: date) -> int:
    """The count by hand that was known on a session."""
    return [shares for since, shares in FILED[symbol] if since <= session][-1]


@dataclass(frozen=True)
class Walked:
    """The year's companies (session_date, ticker, cap_usd, tier, price, return_price), with the vendor's cap.

    ``facts``: the recorded companyfacts. ``splits``: the register after the year.
    """

    rows: pl.DataFrame
    facts: pl.DataFrame
    splits: pl.DataFrame

    def of(self, ticker: str) -> pl.DataFrame:
        return self.rows.filter(pl.col("ticker") == ticker).sort("session_date")


def walk_lines(lines: dict[date, pl.DataFrame], book: pl.DataFrame) -> tuple[list[Verdict], Memory]:
    memory, verdicts = Memory.empty(), []
    for session in sorted(set(lines) & set(all_sessions())):
        verdict, memory = judge(Staged(session, lines[session], book=book), memory, Calendar(all_sessions()))
        assert verdict.status == "published", (session, verdict.rule_codes)
        verdicts.append(verdict)
    return verdicts, memory


def companies_of(verdict: Verdict) -> pl.DataFrame:
    assert verdict.companies is not None
    assert verdict.lines is not None
    shown = verdict.lines.select("vendor_cap_usd", ticker="symbol")
    columns = ("ticker", "cap_usd", "tier", "price", "return_price", "verdict")
    told = verdict.companies.select(pl.lit(verdict.session).alias("session_date"), *columns)
    return told.join(shown, on="ticker", how="left")


@pytest.fixture(scope="module")
def walked(shared_data: Path) -> Walked:
    known = pl.concat([facts(shared_data, cik) for cik in sorted(set(CIKS.values()))])
    book = book_of(pl.DataFrame(schema={**COVER, "known_on": pl.Date}), known)
    verdicts, memory = walk_lines(lines_of(shared_data, 2024), book)
    return Walked(pl.concat([companies_of(verdict) for verdict in verdicts]), known, memory.splits)


@pytest.mark.parametrize(("symbol", "most"), [("AAPL", 0.009), ("NVDA", 0.017)])
def test_every_sessions_cap_is_price_times_the_filed_count(walked: Walked, symbol: str, most: float) -> None:
    rows = walked.of(symbol)
    assert rows["session_date"].to_list() == SESSIONS
    by_hand = [round(price * count_of(symbol, day)) for day, price in rows.select("session_date", "price").iter_rows()]
    assert rows["cap_usd"].to_list() == by_hand
    assert set(rows["tier"]) == {"sec_single"}
    assert set(rows["verdict"]) == {"admitted"}
    gap = (rows["vendor_cap_usd"] / rows["cap_usd"] - 1).abs()
    assert gap.max() < most
    assert gap.median() < 1e-6


def test_nvidia_is_continuous_through_its_split(walked: Walked) -> None:
    rows = walked.of("NVDA")
    step = (rows["cap_usd"] / rows["cap_usd"].shift(1) / (1 + rows["return_price"]) - 1).abs()
    assert step.max() < 0.02
    assert step[SESSIONS.index(date(2024, 6, 10))] < 1e-4
    assert walked.splits.select("ex_date", "ratio").rows() == [(date(2024, 6, 10), 10.0)]


def test_alphabets_total_is_within_one_per_cent_of_its_balance_sheet(walked: Walked) -> None:
    """companyfacts have no count of a company with classes: the vendor shows the whole company on both lines."""
    tag = pl.col("tag") == "CommonStockSharesOutstanding"
    sheets = (
        walked.facts.filter(tag & (pl.col("cik") == CIKS["GOOG"]))
        .sort("period_end", "known_on")
        .unique("period_end", keep="first", maintain_order=True)
        .select("known_on", balance="value")
    )
    rows = walked.of("GOOG").join_asof(sheets.sort("known_on"), left_on="session_date", right_on="known_on")
    assert rows["session_date"].to_list() == SESSIONS
    assert walked.rows["ticker"].unique().sort().to_list() == ["AAPL", "GOOG", "NVDA"], "GOOGL is no company of its own"
    gap = (rows["cap_usd"] / (rows["price"] * rows["balance"]) - 1).abs()
    assert gap.max() < 0.005


def test_alphabets_classes_by_a_cover_page_made_here(shared_data: Path) -> None:
    """Each class at its own price: within one per cent of price x balance sheet, on real quotes."""
    filed = Filed(
        CIKS["GOOG"],
        date(2024, 4, 26),
        date(2024, 4, 18),
        (
            OfClass("CommonClassAMember", 5_874_000_000, "Class A Common Stock, $0.001 par value", "GOOGL"),
            OfClass("CommonClassBMember", 866_000_000),
            OfClass("CapitalClassCMember", 5_617_000_000, "Class C Capital Stock, $0.001 par value", "GOOG"),
        ),
    )
    empty = facts(shared_data, CIKS["GOOG"]).clear()
    days = sessions_between(date(2024, 4, 24), date(2024, 5, 1))
    lines = {day: rows for day, rows in lines_of(shared_data, 2024).items() if day in days}
    verdicts, _ = walk_lines(lines, book_of(filed.rows(), empty))
    rows = pl.concat([companies_of(verdict) for verdict in verdicts]).filter(ticker="GOOG").sort("session_date")
    assert rows["tier"].to_list() == ["vendor_implied"] * 2 + ["sec_class"] * 4
    assert rows["verdict"].to_list() == ["admitted"] * 6
    balance = 12_381_000_000  # 2024-03-31, known on the same day
    for cap, price in rows.select("cap_usd", "price").rows():
        assert cap / (price * balance) == pytest.approx(1, abs=0.01)
    for (before, _), (cap, growth) in pairwise(rows.select("cap_usd", "return_price").rows()):
        # Class A is a per cent cheaper than C, at whose price the vendor's count of the whole company stood before.
        assert cap / before / (1 + growth) == pytest.approx(1, abs=0.013)


def test_apple_of_2010_by_its_count_of_then(shared_data: Path) -> None:
    """All that Apple filed until 2026 is in the book: the cap of 2010 stands on the count of July 2010."""
    session = date(2010, 9, 27)
    quote = Quote("AAPL", "Apple Inc. Common Stock", 291.16, 4.78e12)
    seen = published(
        {session: [quote]},
        [Recorded(facts(shared_data, CIKS["AAPL"]))],
        [(CIKS["AAPL"], "Apple Inc.", "AAPL", "Nasdaq")],
    )
    assert seen.company("AAPL")["cap_usd"] == round(291.16 * 913_562_880)
    assert seen.company("AAPL")["shares_as_of"] == date(2010, 7, 9)
