"""The SEC's and Nasdaq's own files: what their oddities become. Skips where the files are absent."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import source
from flows.sources.sec_edgar_scan import kept_document
from transforms.staging import Staged
from transforms.staging.sec_tags import KEPT_TAGS

D = date
Read = dict[tuple[str, str], Staged]
FACTS_FOLDER = "sec_edgar/recorded/api/xbrl/companyfacts"


def everything(name: str, data: Path, folder: Path) -> Read:
    adapter, archive, landing = source(name), Archive(data), Landing(folder)
    found = {}
    for file in adapter.archive_files(archive, []):
        landed = land_archived(landing, archive, file, adapter.licence, datetime(2026, 1, 2, tzinfo=UTC))
        found[file.dataset, file.key] = adapter.read(landing.read(landed), landed)
    return found


@pytest.fixture(scope="module")
def sec(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    if not (shared_data / FACTS_FOLDER).is_dir():
        pytest.skip("recorded replies of the SEC are absent")
    return everything("sec_edgar", shared_data, tmp_path_factory.mktemp("sec"))


@pytest.fixture(scope="module")
def directory(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    if not (shared_data / "nasdaqtrader").is_dir():
        pytest.skip("Nasdaq's directory files are absent")
    return everything("nasdaq_directory", shared_data, tmp_path_factory.mktemp("directory"))


def test_every_recorded_file_is_read(sec: Read) -> None:
    counts = pl.DataFrame({"dataset": [dataset for dataset, _ in sec]}).group_by("dataset").len()
    assert dict(counts.iter_rows()) == {
        "submissions": 29,
        "submissions_more": 4,
        "companyfacts": 3,
        "company_tickers_exchange": 6,
        "fsds_sub": 4,
    }
    rejects = pl.concat([staged.rejects for staged in sec.values()])
    assert rejects.select("entity", "reason_code", "detail").rows() == [
        (
            "1045810 dei:EntityPublicFloat 0001045810-11-000031",
            "ends_after_filed",
            "2011-08-01 filed 2011-05-27",
        )
    ]


def facts_of(sec: Read, cik: str, tag: str) -> pl.DataFrame:
    return sec["companyfacts", cik].rows.filter(pl.col("tag") == tag)


def test_companyfacts_has_no_counts_of_a_company_with_classes(sec: Read) -> None:
    assert facts_of(sec, "0001652044", "EntityCommonStockSharesOutstanding").is_empty()
    assert facts_of(sec, "0000320193", "EntityCommonStockSharesOutstanding").height > 50


def test_a_count_stays_on_its_old_basis_until_the_filing_after_the_split(sec: Read) -> None:
    counts = facts_of(sec, "0001045810", "EntityCommonStockSharesOutstanding").sort("filed")
    before, after = (counts.filter(pl.col("filed") < D(2024, 6, 10)), counts.filter(pl.col("filed") > D(2024, 6, 10)))
    assert after["value"][0] / before["value"][-1] == pytest.approx(10, rel=0.01)
    assert after["filed"][0] == D(2024, 8, 28)


def test_splits_as_filed(sec: Read) -> None:
    ratios = facts_of(sec, "0000320193", "StockholdersEquityNoteStockSplitConversionRatio1")
    assert {(D(2014, 6, 6), 7.0), (D(2020, 8, 28), 4.0)} <= set(ratios.select("period_end", "value").iter_rows())


def test_the_quick_reader_keeps_what_a_whole_parse_keeps(shared_data: Path, sec: Read) -> None:
    assert sec
    for path in sorted((shared_data / FACTS_FOLDER).glob("*.gz")):
        content = gzip.decompress(path.read_bytes())
        whole = orjson.loads(content)["facts"]
        wanted = {
            taxonomy: {name: tag for name, tag in tags.items() if name in KEPT_TAGS.get(taxonomy, ())}
            for taxonomy, tags in whole.items()
        }
        found = kept_document(content)
        assert "entityName" not in found, "the whole document was parsed"
        assert found["facts"] == wanted


def test_submissions(sec: Read) -> None:
    apple = sec["submissions", "0000320193"].rows.row(0, named=True)
    assert (apple["name"], apple["tickers"], apple["fiscal_year_end"]) == ("Apple Inc.", ["AAPL"], "0926")
    assert apple["former_names"][0]["name"] == "APPLE INC"
    annual = [filing["filed"] for filing in apple["filings"] if filing["form"] == "10-K"]
    assert D(2025, 10, 31) in annual
    person = sec["submissions", "0000315090"].rows.row(0, named=True)
    assert (person["entity_type"], person["tickers"], person["filings"]) == ("other", [], [])
    preferred = sec["submissions", "0001465740"].rows.row(0, named=True)
    assert "TWO-PC" in preferred["tickers"]


def test_an_odd_document_whose_number_is_text_without_zeros(shared_data: Path) -> None:
    path = shared_data / "sec_edgar" / "company_submission.json.gz"
    if not path.is_file():
        pytest.skip("company_submission.json.gz is absent")
    file = LandedFile(
        "sec_edgar",
        "submissions",
        "0001318605",
        None,
        None,
        "0" * 64,
        path,
        1,
        "u",
        200,
        datetime(2026, 1, 2, tzinfo=UTC),
        "public-domain",
    )
    (tesla,) = source("sec_edgar").read(path.read_bytes(), file).rows.to_dicts()
    assert (tesla["cik"], tesla["tickers"]) == (1318605, ["TSLA"])
    assert tesla["filings"]


def test_tickers_of_every_day(sec: Read) -> None:
    for key, (with_exchange, without) in {"2024-12-31": (9860, 178), "2026-05-29": (10141, 224)}.items():
        rows = sec["company_tickers_exchange", key].rows
        assert (rows["exchange"].count(), rows["exchange"].null_count()) == (with_exchange, without)
        assert rows["vintage_date"].unique().to_list() == [date.fromisoformat(key)]


def test_filers_categories(sec: Read) -> None:
    assert sec["fsds_sub", "2021q1_sub"].rows["filer_category"].null_count() == 108  # as many have none there
    assert sec["fsds_sub", "20250404_dailyzip"].rows["filer_category"].null_count() == 12  # the daily ones have none


def test_directory(directory: Read) -> None:
    rows = pl.concat([staged.rows for staged in directory.values()])
    assert sum(staged.rejects.height for staged in directory.values()) == 0
    assert rows["vintage_date"].unique().to_list() == [D(2025, 8, 11)]
    assert rows.filter("is_test").height == 33
    assert dict(rows.group_by("exchange").len().iter_rows()) == {
        "nasdaq": 5032,
        "nyse": 2893,
        "arca": 2415,
        "bats": 1025,
        "amex": 308,
        "iex": 3,
        "chicago": 1,
    }


def test_the_dialect_is_the_screeners(directory: Read, shared_data: Path) -> None:
    ours = set(directory["otherlisted", "2025-08-11"].rows["symbol_vendor"])
    folder = shared_data / "nasdaq_screener" / "daily" / "2026-01-02"
    symbols = {
        row["symbol"].strip()
        for path in folder.glob("*_full_tickers.json*")
        for row in orjson.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    }
    odd = {symbol for symbol in symbols if not symbol.isalpha()}
    if not odd:
        pytest.skip("the screener's files of 2026-01-02 are absent")
    assert len(odd & ours) > 0.95 * len(odd)  # listings of five months after the directory make the rest


@pytest.mark.parametrize("start", ["", "data_"])
@pytest.mark.parametrize("listing", ["nasdaqlisted", "otherlisted"])
def test_broken_directory_files_are_refused(listing: str, start: str, shared_data: Path) -> None:
    path = shared_data / "nasdaqtrader" / "broken" / f"{start}{listing}.txt"
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    file = LandedFile(
        "nasdaq_directory",
        listing,
        "2025-08-11",
        None,
        None,
        "0" * 64,
        path,
        1,
        "u",
        200,
        datetime(2026, 1, 2, tzinfo=UTC),
        "internal-only",
    )
    with pytest.raises(SourceError, match=r"web page|not the footer"):
        source("nasdaq_directory").read(path.read_bytes(), file)
