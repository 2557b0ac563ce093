"""The archive: files instead of the network, bytes as they are."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from flows.edge.archive import Archive, dated
from flows.errors import MissingData


def test_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no archive folder") as caught:
        Archive(tmp_path / "nowhere")
    assert caught.value.exit_code == 3
    assert "--archive" in caught.value.next_step


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("x")
    with pytest.raises(MissingData):
        Archive(tmp_path / "archive")


def test_serves_bytes_as_they_are_and_hides_the_machine(tmp_path: Path) -> None:
    packed = gzip.compress(b"[]")
    (tmp_path / "daily").mkdir()
    (tmp_path / "daily" / "nyse.json.gz").write_bytes(packed)
    archive = Archive(tmp_path)
    file = archive.file("daily/nyse.json.gz", source="s", dataset="d", key="k")
    assert archive.read(file) == packed
    assert (file.suffix, file.url) == (".json.gz", "archive:daily/nyse.json.gz")
    assert archive.has("daily/nyse.json.gz")
    assert not archive.has("daily")
    assert (archive.folders("."), archive.names("daily")) == (["daily"], ["nyse.json.gz"])
    assert (archive.folders("absent"), archive.names("absent")) == ([], [])


def test_file_that_is_gone(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(MissingData, match=r"a\.csv cannot be read"):
        archive.read(archive.file("a.csv", source="s", dataset="d", key="k"))


def test_only_iso_dates_count_as_vintages() -> None:
    assert dated(["2026-01-02", "broken-2021-01-30", "2026-13-01", "20260103x"]) == [("2026-01-02", date(2026, 1, 2))]
