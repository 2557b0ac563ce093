"""CFTC: reports from the API and from yearly files, and what is asked for."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, cftc, source
from flows.sources.model import Answer, Asking
from tests.vendors.cftc import FIGURES, api_page, api_row, text_line, year_zip
from transforms.contracts.positions import CATEGORIES
from transforms.staging import Staged

D = date
NOW = datetime(2024, 6, 14, 22, tzinfo=UTC)
TODAY = NOW.date()
PAGE, YEAR = "gpe5-46if/1", "fut_fin_txt_2024"
JUNE, EARLIER = "2024-06-11", "2024-06-04"


def landed(tmp_path: Path, dataset: str, payload: bytes, vintage: date | None = TODAY) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="cftc",
        dataset=dataset,
        key=TODAY.isoformat(),
        session_date=None,
        vintage_date=vintage,
        url="u",
        status=200,
        licence="public-domain",
        landed_at=NOW,
        suffix=".json" if "/" in dataset else ".zip",
    )


def parsed(tmp_path: Path, dataset: str, payload: bytes) -> Staged:
    return source("cftc").read(payload, landed(tmp_path, dataset, payload))


def test_both_forms_give_the_same_rows(tmp_path: Path) -> None:
    api = parsed(tmp_path, PAGE, api_page([api_row("239742", EARLIER), api_row("13874+", JUNE)]))
    text = parsed(tmp_path, YEAR, year_zip([text_line("13874+", JUNE), text_line("239742", EARLIER)], "f_year.txt"))
    order = ["contract", "category"]
    assert api.rows.sort(order).equals(text.rows.sort(order))
    assert api.rejects.height == text.rejects.height == 0
    assert api.rows.select("contract", "as_of").unique().sort("contract").rows() == [
        ("13874+", D(2024, 6, 11)),
        ("239742", D(2024, 6, 4)),
    ]
    russell = api.rows.filter(contract="239742")
    told = {row["category"]: row for row in russell.iter_rows(named=True)}
    assert tuple(told) == CATEGORIES
    leveraged = told["leveraged"]
    assert (leveraged["long_contracts"], leveraged["short_contracts"], leveraged["spread_contracts"]) == (100, 550, 30)
    assert told["nonreportable"]["spread_contracts"] is None
    assert {row["open_interest"] for row in told.values()} == {FIGURES["open_interest"]}
    assert {(row["vintage_date"], row["source"]) for row in told.values()} == {(TODAY, "cftc")}


def test_markets_are_told_by_code_never_by_name(tmp_path: Path) -> None:
    payload = year_zip([text_line("239777", JUNE), text_line("239742", JUNE), text_line("043602", JUNE)])
    assert parsed(tmp_path, YEAR, payload).rows["contract"].unique().to_list() == ["239742"]


def test_a_page_without_rows_is_the_end(tmp_path: Path) -> None:
    assert parsed(tmp_path, PAGE, b"[]").rows.height == 0


GOOD = [api_row("239742", f"2024-{month:02}-{day:02}") for month in range(1, 6) for day in range(1, 15)]
FIELD = "lev_money_positions_long"


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        (api_row("239742", "2024-06-01", **{FIELD: "many"}), "long_contracts", "not_a_number"),
        (api_row("239742", "2024-06-01", **{FIELD: None}), "as_of", "missing_value"),
        (api_row("239742", "2024-06-01", **{FIELD: "1001"}), "as_of", "beyond_open_interest"),
        (api_row("239742", "2024-06-18"), "as_of", "after_vintage"),
        (api_row("239742", "2024-05-14", **{FIELD: "7"}), "category", "duplicate_key"),
    ],
)
def test_a_row_that_cannot_be_is_set_aside(tmp_path: Path, bad: dict[str, str], field: str, reason: str) -> None:
    staged = parsed(tmp_path, PAGE, api_page([*GOOD, bad]))
    assert {row[3:5] for row in staged.rejects.rows()} >= {(field, reason)}
    assert staged.rows.height + staged.rejects.height == 5 * (len(GOOD) + 1)


@pytest.mark.parametrize(
    ("dataset", "payload", "field", "word"),
    [
        (PAGE, b'{"message": "Query timed out"}', "body", "Query timed out"),
        (PAGE, b"[1, 2]", "body", "no list of rows"),
        (PAGE, b"<html>busy</html>", "body", "web page"),
        (PAGE, api_page([api_row("239742", JUNE, **{FIELD: None})]), FIELD, "missing"),
        (
            PAGE,
            api_page([api_row("239742", JUNE, futonly_or_combined="Combined")]),
            "FutOnly_or_Combined",
            "futures only",
        ),
        (PAGE, api_page([api_row("239742", "11 June")]), "day", "not_a_date"),
        (YEAR, b"", "body", "empty"),
        (YEAR, b"PK broken", "body", "zip"),
        (YEAR, year_zip([text_line("043602", JUNE)]), "CFTC_Contract_Market_Code", "none of the contracts"),
        (YEAR, year_zip([text_line("239742", JUNE)]).replace(b"PK\x05\x06", b"PK\x05\x07"), "body", "zip"),
        ("cot/1", b"[]", "dataset", "unknown dataset"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, dataset: str, payload: bytes, field: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        parsed(tmp_path, dataset, payload)
    assert (caught.value.source, caught.value.field) == ("cftc", field)


def test_without_the_day_of_the_download_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not known"):
        source("cftc").read(b"[]", landed(tmp_path, PAGE, b"[]", None))


@dataclass
class Answers:
    """Answers by dataset, landed as served; what else is asked is not there."""

    landing: Landing
    bodies: dict[str, bytes]
    asked: list[Request] = field(default_factory=list)

    def fetch(self, request: Request) -> Answer:
        self.asked.append(request)
        if request.dataset not in self.bodies:
            return Answer(is_absent=True)
        about = {"session_date": None, "vintage_date": TODAY, "url": "u", "status": 200, "landed_at": NOW}
        told = {"source": "cftc", "dataset": request.dataset, "key": request.key, "suffix": request.suffix}
        return Answer(self.landing.put(self.bodies[request.dataset], licence="public-domain", **told, **about))  # type: ignore[arg-type]

    def follow_up(self, first: date, last: date) -> str:
        known = source("cftc").follow_up
        assert known is not None
        return known(Asking(self.landing, self.fetch, SourceSettings(), TODAY, NOW, first, last))

    @property
    def datasets(self) -> list[str]:
        return [request.dataset for request in self.asked]


def test_a_night_asks_for_half_a_year_of_both_markets(tmp_path: Path) -> None:
    answers = Answers(Landing(tmp_path), {PAGE: api_page([api_row("239742", JUNE)])})
    assert answers.follow_up(TODAY, TODAY) == ""
    [request] = answers.asked
    assert request.http.params["$where"] == (
        "cftc_contract_market_code in ('239742', '13874A', '13874+')"
        " and report_date_as_yyyy_mm_dd >= '2023-12-15T00:00:00.000'"
    )
    assert (request.http.params["$limit"], request.http.params["$offset"]) == ("1000", "0")
    assert request.http.url == "https://publicreporting.cftc.gov/resource/gpe5-46if.json"


def test_a_full_page_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cftc, "PAGE_SIZE", 2)
    full = api_page([api_row("239742", JUNE), api_row("13874A", JUNE)])
    answers = Answers(Landing(tmp_path), {PAGE: full, "gpe5-46if/2": full, "gpe5-46if/3": b"[]"})
    assert answers.follow_up(TODAY, TODAY) == ""
    assert [request.http.params["$offset"] for request in answers.asked] == ["0", "2", "4"]


def test_pages_without_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cftc, "PAGE_SIZE", 1)
    monkeypatch.setattr(cftc, "MOST_PAGES", 3)
    one = api_page([api_row("239742", JUNE)])
    answers = Answers(Landing(tmp_path), {f"gpe5-46if/{page}": one for page in range(1, 9)})
    assert "more than 3 pages" in answers.follow_up(TODAY, TODAY)


def test_a_backfill_asks_once_for_the_years_before(tmp_path: Path) -> None:
    year = {name: year_zip([text_line("239742", EARLIER)]) for name in ("fut_fin_txt_2022", "fut_fin_txt_2023")}
    answers = Answers(Landing(tmp_path), {PAGE: b"[]", **year})
    assert answers.follow_up(D(2022, 7, 1), TODAY) == "cftc: there is no file of 2021"
    assert answers.datasets == [PAGE, "fut_fin_txt_2021", "fut_fin_txt_2022", "fut_fin_txt_2023"]
    assert answers.asked[1].http.url == "https://www.cftc.gov/files/dea/history/fut_fin_txt_2021.zip"
    answers.asked.clear()
    answers.follow_up(D(2022, 7, 1), TODAY)
    assert answers.datasets == [PAGE, "fut_fin_txt_2021"], "what lies in landing is not asked for again"


def test_an_answer_that_cannot_be_read_is_told_and_marked(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    answers = Answers(landing, {PAGE: b'{"message": "Internal error"}'})
    assert "Internal error" in answers.follow_up(TODAY, TODAY)
    assert landing.newest("cftc") == []


def test_archive_has_every_vintage(tmp_path: Path) -> None:
    for name in (
        *("2024-06-14/fut_fin_txt_2024.zip", "2024-06-14/gpe5-46if_2.json", "2024-06-14/gpe5-46if_x.json"),
        *("2024-06-21/fut_fin_txt_2024.zip", "notes/fut_fin_txt_2024.zip", "2024-06-21/dea_fut_2024.zip"),
    ):
        path = tmp_path / "cftc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    files = source("cftc").archive_files(Archive(tmp_path), [TODAY])
    assert [(file.dataset, file.key, file.vintage_date) for file in files] == [
        ("fut_fin_txt_2024", "2024-06-14", D(2024, 6, 14)),
        ("gpe5-46if/2", "2024-06-14", D(2024, 6, 14)),
        ("fut_fin_txt_2024", "2024-06-21", D(2024, 6, 21)),
    ]


def test_sides_of_the_simulated_reports_add_up() -> None:
    from flows.simulated.macro import positions
    from flows.simulated.market import Market

    told = positions(Market(D(2024, 1, 2), D(2024, 3, 28)))
    sums = told.group_by("contract", "report").agg(
        pl.col("open").first(),
        long=pl.col("long").sum() + pl.col("spread").sum(),
        short=pl.col("short").sum() + pl.col("spread").sum(),
    )
    assert sums.filter((pl.col("long") != pl.col("open")) | (pl.col("short") != pl.col("open"))).height == 0
    assert told["long"].min() >= 0 <= told["short"].min()
