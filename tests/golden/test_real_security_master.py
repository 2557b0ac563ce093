"""The real history of lines whose identity is known: reuse, renames, and a company out of a shell."""

import gzip
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.market_calendar import all_sessions
from flows.steps.stage import Catalogue, Evidence, _numbered
from flows.walk import Calendar, Memory, Staged, judge
from transforms.staging.descriptions import Described, of_quotes, of_reference
from transforms.staging.nasdaq_screener import EXCHANGES, stage_daily, stage_history, stage_reference
from transforms.staging.sec_tickers import TICKERS

PAIRS = {
    2022: [date(2022, 2, 16), date(2022, 2, 17), date(2022, 6, 8), date(2022, 6, 9)],
    2023: [date(2023, 5, 1), date(2023, 5, 2)],
    2024: [date(2024, 3, 25), date(2024, 3, 26), date(2024, 12, 30), date(2024, 12, 31)],
}
LATER = date(2026, 1, 2)
EARLIER: list[tuple[int, str, str, str, date]] = [
    (813828, "ViacomCBS Inc.", "VIAC", "Nasdaq", date(2022, 1, 3)),
    (813828, "ViacomCBS Inc.", "VIACA", "Nasdaq", date(2022, 1, 3)),
    (1849635, "Digital World Acquisition Corp.", "DWAC", "Nasdaq", date(2024, 3, 1)),
]
"""As maps of that time had them; the maps at hand begin at the end of 2024."""


def tickers(folder: Path) -> pl.DataFrame:
    """The real ticker maps, all vintages."""
    rows = list(EARLIER)
    for file in sorted((folder / "sec_edgar" / "company_tickers_exchange").glob("*.json.gz")):
        vintage = date.fromisoformat(file.name.removesuffix(".json.gz"))
        rows += [(int(row[0]), *row[1:4], vintage) for row in json.loads(gzip.decompress(file.read_bytes()))["data"]]
    return pl.DataFrame(rows, schema=TICKERS, orient="row").with_columns(seen_from=pl.lit(None, pl.Date))


def quotes(folder: Path) -> list[Described]:
    """Quotes of the sessions, oldest first."""
    screener = folder / "nasdaq_screener"
    reference = stage_reference(pl.read_parquet(screener / "history" / "reference_intervals.parquet"), file="r").rows
    found = []
    for year, days in PAIRS.items():
        rows = pl.scan_parquet(screener / "history" / f"quotes_{year}.parquet").filter(pl.col("date").is_in(days))
        found.append(of_reference(stage_history(rows.collect(), file="h").rows, reference))
    parts = []
    for exchange in EXCHANGES:
        (file,) = (screener / "daily" / LATER.isoformat()).glob(f"{exchange}_*.json.gz")
        raw = pl.DataFrame(json.loads(gzip.decompress(file.read_bytes())), infer_schema_length=None)
        parts.append(stage_daily(raw, exchange=exchange, session_date=LATER, file=file.name).rows)
    return [*found, of_quotes(pl.concat(parts))]


@pytest.fixture(scope="module", params=[True, False], ids=["with_ciks", "without_ciks"])
def walked(request: pytest.FixtureRequest, shared_data: Path) -> tuple[bool, pl.DataFrame]:
    """Whether ticker maps were known, and session, symbol, security, company and type of every line."""
    evidence = Evidence(tickers=tickers(shared_data)) if request.param else Evidence()
    catalogue, calendar, memory, found = Catalogue(evidence), Calendar(all_sessions()), Memory.empty(), []
    for part in quotes(shared_data):
        days = _numbered(part, catalogue).unique(["session_date", "symbol"]).partition_by("session_date", as_dict=True)
        for (session,), lines in sorted(days.items()):
            verdict, memory = judge(Staged(session, lines.drop("session_date")), memory, calendar)
            assert verdict.lines is not None, (session, verdict.rule_codes)
            columns = ("symbol", "security_id", "company_id", "security_type", "link_rule")
            found.append(verdict.lines.select(pl.lit(session).alias("session"), *columns))
    return request.param, pl.concat(found)


def of(lines: pl.DataFrame, day: date, symbol: str) -> dict[str, str]:
    """The line of a symbol on a session."""
    return lines.row(by_predicate=(pl.col("session") == day) & (pl.col("symbol") == symbol), named=True)


def test_facebook_became_meta(walked: tuple[bool, pl.DataFrame]) -> None:
    _, lines = walked
    assert of(lines, date(2022, 6, 9), "META")["security_id"] == of(lines, date(2022, 6, 8), "FB")["security_id"]


def test_viacom_became_paramount_which_only_the_cik_tells(walked: tuple[bool, pl.DataFrame]) -> None:
    """Name and symbols changed together, and the vendor's net change of that day is the whole price."""
    knows_ciks, lines = walked
    for old, new in (("VIAC", "PARA"), ("VIACA", "PARAA")):
        before, after = of(lines, date(2022, 2, 16), old), of(lines, date(2022, 2, 17), new)
        assert (after["security_id"] == before["security_id"]) is knows_ciks
    para, paraa = (of(lines, date(2022, 2, 17), symbol)["company_id"] for symbol in ("PARA", "PARAA"))
    assert para == paraa


def test_the_second_bed_bath_and_beyond_is_overstock(walked: tuple[bool, pl.DataFrame]) -> None:
    knows_ciks, lines = walked
    first, second = of(lines, date(2023, 5, 2), "BBBY"), of(lines, LATER, "BBBY")
    assert second["security_id"] != first["security_id"]
    assert second["company_id"] != first["company_id"]
    beyond = of(lines, date(2024, 12, 31), "BYON")
    assert (second["security_id"] == beyond["security_id"]) is knows_ciks


def test_trump_media_is_the_company_of_its_shell(walked: tuple[bool, pl.DataFrame]) -> None:
    knows_ciks, lines = walked
    shell, company = of(lines, date(2024, 3, 25), "DWAC"), of(lines, date(2024, 3, 26), "DJT")
    assert (shell["security_type"], company["security_type"]) == ("spac", "common")
    assert (company["security_id"] == shell["security_id"]) is knows_ciks
    assert (company["company_id"] == shell["company_id"]) is knows_ciks
    if knows_ciks:
        assert company["link_rule"] == "renamed_same_cik"


def test_google_is_one_company_and_two_banks_of_one_name_are_two(walked: tuple[bool, pl.DataFrame]) -> None:
    knows_ciks, lines = walked
    day = date(2022, 2, 16)
    assert of(lines, day, "GOOG")["company_id"] == of(lines, day, "GOOGL")["company_id"]
    north_carolina, puerto_rico = of(lines, day, "FBNC"), of(lines, day, "FBP")
    assert (north_carolina["company_id"] != puerto_rico["company_id"]) is knows_ciks
