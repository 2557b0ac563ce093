"""The staging cache: made once per file and parser, whole or absent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.landing import LandedFile, Landing
from flows.edge.staging_store import StagingStore
from transforms.staging import Staged


def landed(root: Path, key: str = "2026-02-03") -> LandedFile:
    return Landing(root / "landing").put(
        b"same bytes",
        source="nasdaq_screener",
        dataset="daily/nasdaq",
        key=key,
        session_date=date.fromisoformat(key),
        vintage_date=None,
        url="u",
        status=200,
        licence="restricted",
        landed_at=datetime(2026, 2, 3, tzinfo=UTC),
        suffix=".json",
    )


class Maker:
    """Counts how often it is asked."""

    def __init__(self, day: date = date(2026, 2, 3)) -> None:
        self.calls = 0
        reject = {
            "source": "s",
            "file": "f",
            "entity": "X",
            "field": "close",
            "reason_code": "r",
            "detail": "",
        }
        rows = pl.DataFrame({"session_date": [day], "close": [1.5]}, schema_overrides={"session_date": pl.Date})
        self.staged = Staged(rows, pl.DataFrame([reject]))

    def __call__(self) -> Staged:
        self.calls += 1
        return self.staged


def same(one: Staged, other: Staged) -> bool:
    return one.rows.equals(other.rows) and one.rejects.equals(other.rejects)


def test_makes_once_and_then_reads(tmp_path: Path) -> None:
    store, file, make = StagingStore(tmp_path / "staging"), landed(tmp_path), Maker()
    first = store.get_or_make(file, "1", make)
    second = StagingStore(tmp_path / "staging").get_or_make(file, "1", make)
    assert make.calls == 1
    assert same(first, make.staged)
    assert same(second, make.staged)


def test_another_parser_makes_again(tmp_path: Path) -> None:
    store, file, make = StagingStore(tmp_path / "staging"), landed(tmp_path), Maker()
    for version in ("1", "2", "1"):
        store.get_or_make(file, version, make)
    assert make.calls == 2


def test_same_bytes_of_two_sessions_are_two_entries(tmp_path: Path) -> None:
    """The vendor served 2026-02-03 again on 2026-02-04: the rows must carry the date they were asked for."""
    store = StagingStore(tmp_path / "staging")
    third, fourth = Maker(date(2026, 2, 3)), Maker(date(2026, 2, 4))
    store.get_or_make(landed(tmp_path), "1", third)
    second = store.get_or_make(landed(tmp_path, "2026-02-04"), "1", fourth)
    assert second.rows["session_date"].to_list() == [date(2026, 2, 4)]


@pytest.mark.parametrize("name", ["rows.parquet", "rejects.parquet"])
def test_damaged_entry_is_made_anew(tmp_path: Path, name: str) -> None:
    store, file, make = StagingStore(tmp_path / "staging"), landed(tmp_path), Maker()
    store.get_or_make(file, "1", make)
    (entry,) = (tmp_path / "staging").rglob(name)
    entry.write_bytes(b"PAR1 damaged")
    assert same(store.get_or_make(file, "1", make), make.staged)
    assert same(store.get_or_make(file, "1", make), make.staged)
    assert make.calls == 2


def test_entry_without_one_of_its_files_is_made_anew(tmp_path: Path) -> None:
    store, file, make = StagingStore(tmp_path / "staging"), landed(tmp_path), Maker()
    store.get_or_make(file, "1", make)
    next((tmp_path / "staging").rglob("rejects.parquet")).unlink()
    assert same(store.get_or_make(file, "1", make), make.staged)


def test_failure_leaves_no_entry(tmp_path: Path) -> None:
    store, file = StagingStore(tmp_path / "staging"), landed(tmp_path)

    def fail() -> Staged:
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        store.get_or_make(file, "1", fail)
    assert list((tmp_path / "staging").rglob("*.parquet")) == []


def test_many_at_once(tmp_path: Path) -> None:
    store, file, make = StagingStore(tmp_path / "staging"), landed(tmp_path), Maker()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: store.get_or_make(file, "1", make), range(24)))
    assert all(same(result, make.staged) for result in results)
    assert list((tmp_path / "staging").rglob(".tmp-*")) == []


def test_version_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parser version"):
        StagingStore(tmp_path).get_or_make(landed(tmp_path), "../1", Maker())
