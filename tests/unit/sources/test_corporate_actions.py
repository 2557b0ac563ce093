"""The public list of splits: a file a year, from an archive alone."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from transforms.staging import Staged
from transforms.staging.splits import SPLITS

LIST = source("corporate_actions")
ANET = {"symbol": "ANET", "name": "Arista Networks, Inc.", "date": "2024-12-03", "ratioNew": 4, "ratioOld": 1}


def landed(tmp_path: Path, document: object) -> tuple[bytes, LandedFile]:
    payload = json.dumps(document).encode()
    told: dict[str, Any] = {
        "session_date": None,
        "vintage_date": None,
        "url": "u",
        "status": 200,
        "licence": "attribution",
    }
    return payload, Landing(tmp_path / "landing").put(
        payload,
        source="corporate_actions",
        dataset="splits",
        key="2024",
        landed_at=datetime(2025, 1, 3, tzinfo=UTC),
        suffix=".json",
        **told,
    )


def read(tmp_path: Path, *entries: dict[str, object]) -> Staged:
    return LIST.read(*landed(tmp_path, {"year": 2024, "splits": entries}))


def test_a_split_and_a_reverse_split(tmp_path: Path) -> None:
    reverse = {
        **ANET,
        "symbol": "BRK.B",
        "ratioNew": 1,
        "ratioOld": 8,
        "exchange": "NYSE",
        "source": "https://x",
        "notes": "",
    }
    staged = read(tmp_path, ANET, reverse)
    assert staged.rows.schema == pl.Schema(SPLITS)
    assert staged.rows.rows() == [
        ("ANET", "Arista Networks, Inc.", date(2024, 12, 3), 4.0, None, None),
        ("BRK/B", "Arista Networks, Inc.", date(2024, 12, 3), 0.125, "https://x", "NYSE"),
    ]


@pytest.mark.parametrize(
    ("odd", "field", "code"),
    [
        ({"date": "03.12.2024"}, "date", "not_a_date"),
        ({"ratioOld": 0}, "ratioOld", "not_positive"),
        ({"ratioNew": 1.5}, "ratioNew", "not_a_number"),
        ({"symbol": None}, "symbol", "missing_value"),
    ],
)
def test_an_entry_that_cannot_be_read_is_one_reject(
    tmp_path: Path, odd: dict[str, object], field: str, code: str
) -> None:
    staged = read(tmp_path, ANET, {**ANET, "symbol": "ODD", **odd})
    assert staged.rows["symbol"].to_list() == ["ANET"]
    assert staged.rejects.select("field", "reason_code").rows() == [(field, code)]


def test_two_ratios_for_one_day_are_both_set_aside(tmp_path: Path) -> None:
    staged = read(tmp_path, ANET, {**ANET, "ratioNew": 3})
    assert staged.rows.is_empty()
    assert staged.rejects["reason_code"].to_list() == ["duplicate_key"] * 2


@pytest.mark.parametrize("document", [[], {"year": 2024}, {"splits": [1]}, {"splits": [{**ANET, "factor": 4}]}])
def test_another_format_is_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(SourceError, match="corporate_actions/splits/2024"):
        LIST.read(*landed(tmp_path, document))


def test_a_year_without_splits_is_a_year(tmp_path: Path) -> None:
    assert read(tmp_path).rows.is_empty()


def test_the_archive_serves_the_years_of_the_sessions(tmp_path: Path) -> None:
    folder = tmp_path / "corporate_actions" / "data"
    folder.mkdir(parents=True)
    for year in (2022, 2023, 2024):
        (folder / f"{year}.json").write_text("{}")
    keys = [
        [file.key for file in LIST.archive_files(Archive(tmp_path), [day])]
        for day in (date(2024, 1, 3), date(2024, 2, 1))
    ]
    assert keys == [["2023", "2024"], ["2024"]]
    assert LIST.requests_for(date(2024, 1, 3), vintage_date=date(2024, 1, 4), settings=SourceSettings()) == []


def test_the_real_list_is_read_whole(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "corporate_actions" / "data").glob("*.json"))
    staged = [LIST.read(*landed(tmp_path, json.loads(file.read_text()))) for file in files]
    assert sum(part.rows.height for part in staged) == 136
    assert sum(part.rejects.height for part in staged) == 0
