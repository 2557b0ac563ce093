"""Euro reference rates: from the bank's zip to one row per currency and day."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from tests.vendors.ecb import rates_zip, zipped
from transforms.staging import Staged

D = date
NOW = datetime(2026, 1, 5, tzinfo=UTC)
NAME = "ecb_rates"
HEAD = "Date,USD,GBP,BGN,\n"


def landed(tmp_path: Path, payload: bytes, dataset: str = "eurofxref-hist") -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source=NAME,
        dataset=dataset,
        key="2026-01-05",
        session_date=None,
        vintage_date=D(2026, 1, 5),
        url="u",
        status=200,
        licence="attribution",
        landed_at=NOW,
        suffix=".zip",
    )


def parsed(tmp_path: Path, payload: bytes) -> Staged:
    return source(NAME).read(payload, landed(tmp_path, payload))


def test_rates_by_hand(tmp_path: Path) -> None:
    text = HEAD + "2026-01-05,1.1664,0.8676,N/A,\n2026-01-02,1.1721,0.8719, 1.9558,\n"
    staged = parsed(tmp_path, zipped(text))
    assert set(staged.rows.rows()) == {
        ("USD", D(2026, 1, 5), 1.1664),
        ("USD", D(2026, 1, 2), 1.1721),
        ("GBP", D(2026, 1, 5), 0.8676),
        ("GBP", D(2026, 1, 2), 0.8719),
        ("BGN", D(2026, 1, 5), None),
        ("BGN", D(2026, 1, 2), 1.9558),
    }
    assert staged.rejects.height == 0


@pytest.mark.parametrize(
    ("payload", "field", "word"),
    [
        (b"", "body", "empty"),
        (b"<html>busy</html>", "body", "web page"),
        (b"PK no zip", "body", "zip"),
        (rates_zip({D(2026, 1, 2): {"USD": "1.1", "GBP": "0.8"}})[:90], "body", "zip"),
        (zipped(HEAD + "2026-01-02,1.1,0.8,2,\n", "other.csv"), "body", "other.csv"),
        (zipped(HEAD + "2026-01-05,1.1,0.8,2,\n2026-01-02,1.1"), "body", "2 of 5 cells"),
        (zipped("Day,USD,\n2026-01-02,1.1,\n"), "Date", "missing"),
        (zipped("Date,GBP,\n2026-01-02,0.8,\n"), "USD", "missing"),
        (zipped("Date,USD,Comment,\n2026-01-02,1.1,x,\n"), "Comment", "unknown column"),
        (zipped(HEAD), "-", "no rows"),
        (zipped(HEAD + "2.1.2026,1.1,0.8,2,\n"), "Date", "not_a_date"),
        (zipped(HEAD + "2026-01-02,1.1,-0.8,2,\n"), "rate", "not_a_number"),
        (zipped(HEAD + "2026-01-02,1.1,0,2,\n"), "rate", "not_positive"),
    ],
)
def test_file_of_another_shape_is_refused(tmp_path: Path, payload: bytes, field: str, word: str) -> None:
    file = landed(tmp_path, payload)
    with pytest.raises(SourceError, match=word) as caught:
        source(NAME).read(payload, file)
    assert (caught.value.source, caught.value.file, caught.value.field) == (NAME, file.name, field)


def test_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown dataset"):
        source(NAME).read(b"x", landed(tmp_path, b"x", "eurofxref-daily"))


def days(first: D, count: int) -> list[D]:
    return [D.fromordinal(first.toordinal() + number) for number in range(count)]


def test_a_slipped_decimal_and_a_word_are_rejects_and_a_new_level_costs_one_day(tmp_path: Path) -> None:
    rows = {day: {"USD": "1.1", "GBP": "0.8", "SEK": "11"} for day in days(D(2026, 1, 1), 120)}
    rows[D(2026, 2, 1)]["GBP"] = "8.0"  # this day, and the next one against it
    rows[D(2026, 3, 1)]["SEK"] = "eleven"
    for day in days(D(2026, 4, 1), 30):
        rows[day]["SEK"] = "30"
    staged = parsed(tmp_path, rates_zip(rows))
    assert sorted(staged.rejects.select("entity", "field", "reason_code").rows()) == [
        ("2026-02-01 GBP", "GBP", "rate_jump"),
        ("2026-02-02 GBP", "GBP", "rate_jump"),
        ("2026-03-01 SEK", "rate", "not_a_number"),
        ("2026-04-01 SEK", "SEK", "rate_jump"),
    ]
    assert staged.rows.height == 3 * 120 - 4


def test_a_day_that_stands_twice(tmp_path: Path) -> None:
    lines = "".join(f"{day},1.1,0.8,N/A,\n" for day in days(D(2026, 1, 1), 200))
    staged = parsed(tmp_path, zipped(HEAD + lines + "2026-01-01,1.1,0.9,N/A,\n"))
    assert staged.rows.filter(as_of=D(2026, 1, 1), currency="USD").height == 1
    assert staged.rows.filter(as_of=D(2026, 1, 1), currency="GBP").height == 0
    assert set(staged.rejects["reason_code"]) == {"duplicate_row", "duplicate_key"}


def test_request_and_archive(tmp_path: Path) -> None:
    known = source(NAME)
    (request,) = known.requests_for(D(2026, 1, 2), vintage_date=D(2026, 1, 5), settings=SourceSettings())
    assert request.http.redacted_url == "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
    assert (request.key, request.is_conditional) == ("2026-01-05", True)
    path = tmp_path / "ecb_fx" / "eurofxref-hist.zip"
    path.parent.mkdir()
    path.write_bytes(b"x")
    (file,) = known.archive_files(Archive(tmp_path), [])
    assert (file.dataset, file.key, file.vintage_date) == ("eurofxref-hist", "undated", None)


def test_real_rates(shared_data: Path, tmp_path: Path) -> None:
    archive, landing, known = Archive(shared_data), Landing(tmp_path / "landing"), source(NAME)
    (entry,) = known.archive_files(archive, [])
    file = land_archived(landing, archive, entry, known.licence, NOW)
    staged = known.read(landing.read(file), file)
    assert staged.rejects.height == 0
    assert staged.rows["as_of"].min() == D(1999, 1, 4)
    assert staged.rows["currency"].n_unique() == 41
    assert staged.rows.filter(as_of=D(2026, 3, 24), currency="GBP")["per_euro"].to_list() == [0.86541]
    assert staged.rows.filter(as_of=D(2026, 3, 24), currency="RUB")["per_euro"].to_list() == [None]
