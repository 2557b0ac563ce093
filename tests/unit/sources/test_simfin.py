"""SimFin: zips that lie are refused, whole ones reach their parser, every vintage is served."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import MissingData, SourceError
from flows.sources import SourceSettings, source

SIMFIN = source("simfin")
VINTAGE = date(2025, 9, 22)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
KEY = "k3y-0123456789"


def landed(tmp_path: Path, payload: bytes, dataset: str = "us-income-quarterly") -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="simfin",
        dataset=dataset,
        key=VINTAGE.isoformat(),
        session_date=None,
        vintage_date=VINTAGE,
        url="u",
        status=200,
        licence="internal-only",
        landed_at=NOW,
        suffix=".zip",
    )


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b"", "empty"),
        (b"<!doctype html><p>Please log in", "web page"),
        (b'{"error": "invalid key"}', "damaged zip"),
        (zipped("us-income-quarterly.csv", b"a;b\n" * 50)[:-40], "damaged zip"),
        (zipped("us-income-annual.csv", b"a;b\n1;2\n"), "expected only 'us-income-quarterly.csv'"),
        (zipped("us-income-quarterly.csv", b"\0" * 30_000_000), "expands more than"),
        (zipped("us-income-quarterly.csv", b""), "empty"),
        (zipped("us-income-quarterly.csv", b"Ticker;SimFinId\nA;1;2\n"), "not a CSV"),
        (zipped("us-income-quarterly.csv", b"Ticker;SimFinId\nA;1\n"), "missing"),
    ],
    ids=["empty", "html", "json", "cut", "member", "bomb", "empty csv", "ragged", "columns"],
)
def test_bad_zip_is_refused(tmp_path: Path, payload: bytes, word: str) -> None:
    file = landed(tmp_path, payload)
    with pytest.raises(SourceError, match=word) as caught:
        SIMFIN.read(payload, file)
    assert (caught.value.source, caught.value.file) == ("simfin", file.name)


def test_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown dataset 'us-cashflow-annual'"):
        SIMFIN.read(b"PK", landed(tmp_path, b"PK", "us-cashflow-annual"))


def test_requests_carry_the_key_as_a_secret_header() -> None:
    requests = SIMFIN.requests_for(VINTAGE, vintage_date=VINTAGE, settings=SourceSettings(simfin_api_key=KEY))
    assert [request.dataset for request in requests] == [
        "us-income-quarterly",
        "us-income-annual",
        "us-balance-quarterly",
        "us-balance-annual",
        "us-companies",
    ]
    assert requests[0].http.redacted_url == (
        "https://prod.simfin.com/api/bulk-download/s3?dataset=income&variant=quarterly&market=us"
    )
    assert requests[0].http.secret_headers == {"Authorization": f"api-key {KEY}"}
    assert all(request.is_conditional for request in requests)
    assert KEY not in repr(requests)


def test_without_a_key() -> None:
    with pytest.raises(MissingData, match="API key") as caught:
        SIMFIN.requests_for(VINTAGE, vintage_date=VINTAGE, settings=SourceSettings())
    assert "SMALLCAPS_SIMFIN_API_KEY" in caught.value.next_step


def test_real_vintages(shared_data: Path, tmp_path: Path) -> None:
    archive, landing = Archive(shared_data), Landing(tmp_path / "landing")
    entries = SIMFIN.archive_files(archive, [date(2022, 1, 3)])
    assert [(entry.key, entry.dataset) for entry in entries] == [
        ("2021-07-28", "us-income-annual"),
        ("2021-07-28", "us-balance-annual"),
        ("2025-01-12", "us-income-annual"),
        ("2025-01-12", "us-balance-annual"),
        ("2025-01-12", "us-companies"),
        ("2025-05-14", "us-income-quarterly"),
        ("2025-09-22", "us-income-quarterly"),
        ("2025-09-22", "us-balance-quarterly"),
    ]
    for entry in entries:
        file = land_archived(landing, archive, entry, SIMFIN.licence, NOW)
        assert SIMFIN.read(landing.read(file), file).rows.height > 5000
