"""Landing: write-once, idempotent, safe between writers, and honest about what was served last."""

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.edge.landing import SIDECAR, LandedFile, Landing
from flows.errors import SourceError, UsageError

calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def put(landing: Landing, payload: bytes = b"bytes", **changes: Any) -> LandedFile:
    given = {
        "source": "nasdaq_screener",
        "dataset": "daily/nyse",
        "key": "2026-01-02",
        "session_date": date(2026, 1, 2),
        "vintage_date": None,
        "url": "https://vendor.test/stocks?exchange=NYSE",
        "status": 200,
        "licence": "restricted",
        "landed_at": NOON,
        "suffix": ".json.gz",
    }
    return landing.put(payload, **(given | changes))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def test_names_the_file_by_its_content_and_keeps_a_sidecar(landing: Landing) -> None:
    file = put(landing, etag='"a"', last_modified="yesterday")
    sha256 = hashlib.sha256(b"bytes").hexdigest()
    folder = landing.root / "nasdaq_screener/daily/nyse/2026-01-02"
    assert file.path == folder / f"{sha256}.json.gz"
    assert file.path.read_bytes() == b"bytes"
    assert file.name == f"nasdaq_screener/daily/nyse/2026-01-02/{sha256}.json.gz"
    assert json.loads((folder / f"{sha256}.json.gz{SIDECAR}").read_text()) == {
        "source": "nasdaq_screener",
        "dataset": "daily/nyse",
        "key": "2026-01-02",
        "session_date": "2026-01-02",
        "vintage_date": None,
        "sha256": sha256,
        "size_bytes": 5,
        "url": "https://vendor.test/stocks?exchange=NYSE",
        "status": 200,
        "landed_at": "2026-01-02T12:00:00+00:00",
        "licence": "restricted",
        "etag": '"a"',
        "last_modified": "yesterday",
        "fault": None,
    }
    assert landing.files("nasdaq_screener") == [file]
    assert landing.read(file) == b"bytes"


def test_landed_bytes_cannot_be_written_again(landing: Landing) -> None:
    file = put(landing)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o444
    inode = file.path.stat().st_ino
    put(landing, landed_at=NOON + timedelta(hours=1))
    assert file.path.stat().st_ino == inode


def test_the_same_bytes_again_are_the_same_file_with_its_first_sidecar(landing: Landing) -> None:
    first = put(landing)
    again = put(landing, landed_at=NOON + timedelta(days=3), url="archive:elsewhere")
    assert again == first
    assert landing.files("nasdaq_screener") == [first]


def test_the_same_bytes_under_another_key_are_another_file(landing: Landing) -> None:
    put(landing)
    other = put(landing, key="2026-01-05", session_date=date(2026, 1, 5))
    assert [file.key for file in landing.files("nasdaq_screener")] == ["2026-01-02", "2026-01-05"]
    assert other.session_date == date(2026, 1, 5)


def test_newest_is_the_content_served_last(landing: Landing) -> None:
    a = put(landing, b"A", landed_at=NOON)
    b = put(landing, b"B", landed_at=NOON + timedelta(hours=1))
    assert landing.newest("nasdaq_screener", "daily/nyse") == [b]
    put(landing, b"A", landed_at=NOON + timedelta(hours=2))
    assert landing.newest("nasdaq_screener") == [a]
    assert landing.files("nasdaq_screener") == [a, b]
    put(landing, b"B", landed_at=NOON + timedelta(hours=3))
    assert landing.newest("nasdaq_screener") == [b]


@calm
@given(st.lists(st.sampled_from([b"A", b"B", b"C"]), min_size=1, max_size=8))
def test_newest_is_always_the_last_put(tmp_path_factory: pytest.TempPathFactory, served: list[bytes]) -> None:
    landing = Landing(tmp_path_factory.mktemp("landing"))
    for position, payload in enumerate(served):
        put(landing, payload, landed_at=NOON + timedelta(minutes=position))
    (newest,) = landing.newest("nasdaq_screener")
    assert landing.read(newest) == served[-1]
    assert len(landing.files("nasdaq_screener")) == len(set(served))


def test_one_newest_per_dataset_and_key(landing: Landing) -> None:
    for dataset in ("daily/nyse", "daily/amex"):
        for key in ("2026-01-05", "2026-01-02"):
            put(landing, dataset=dataset, key=key)
    assert [(file.dataset, file.key) for file in landing.newest("nasdaq_screener")] == [
        ("daily/amex", "2026-01-02"),
        ("daily/amex", "2026-01-05"),
        ("daily/nyse", "2026-01-02"),
        ("daily/nyse", "2026-01-05"),
    ]
    assert len(landing.files("nasdaq_screener", "daily/amex")) == 2
    assert landing.files("nasdaq_screener", "daily") == []
    assert landing.files("simfin") == []


def test_a_file_marked_unreadable_does_not_hide_the_good_one(landing: Landing) -> None:
    good = put(landing, b"good", landed_at=NOON)
    page = put(landing, b"<html>", landed_at=NOON + timedelta(hours=1))
    for _ in range(2):
        landing.mark_unreadable(page, "a web page", NOON + timedelta(hours=1))
    assert landing.newest("nasdaq_screener") == [good]
    assert landing.newest("nasdaq_screener", include_unreadable=True) == [page]
    assert landing.read(page) == b"<html>"
    assert [event["detail"] for event in landing.events("unreadable")] == ["a web page"]


def test_a_body_that_broke_off_is_kept_and_never_read(landing: Landing) -> None:
    good = put(landing, b"whole", landed_at=NOON)
    half = put(landing, b"wh", landed_at=NOON + timedelta(hours=1), fault="broke off after 2 of 5 bytes")
    assert half.path.read_bytes() == b"wh"
    assert landing.newest("nasdaq_screener", include_unreadable=True) == [good]
    with pytest.raises(SourceError, match="broke off after 2 of 5 bytes"):
        landing.read(half)


def test_changed_or_lost_bytes_are_noticed(landing: Landing) -> None:
    file = put(landing)
    file.path.chmod(0o644)
    file.path.write_bytes(b"other")
    with pytest.raises(SourceError, match="do not match their hash"):
        landing.read(file)
    with pytest.raises(SourceError, match="do not match their hash"):
        put(landing)
    file.path.unlink()
    with pytest.raises(SourceError, match="missing"):
        landing.read(file)


def test_damaged_sidecar_is_noticed(landing: Landing) -> None:
    file = put(landing)
    sidecar = file.path.with_name(file.path.name + SIDECAR)
    sidecar.chmod(0o644)
    sidecar.write_text("{")
    with pytest.raises(SourceError, match="sidecar is damaged"):
        landing.files("nasdaq_screener")


def test_a_crash_between_bytes_and_sidecar_is_healed_by_the_next_put(landing: Landing) -> None:
    file = put(landing)
    file.path.with_name(file.path.name + SIDECAR).unlink()
    assert landing.files("nasdaq_screener") == []
    put(landing)
    assert landing.files("nasdaq_screener") == [file]


def test_leftovers_of_a_crash_are_no_files(landing: Landing) -> None:
    file = put(landing)
    (file.path.parent / ".tmp-1-abc").write_bytes(b"half")
    assert landing.files("nasdaq_screener") == [file]
    assert landing.newest("nasdaq_screener") == [file]


def test_many_writers_at_once_make_one_file(landing: Landing) -> None:
    payload = os.urandom(200_000)
    with ThreadPoolExecutor(16) as pool:
        minutes = [timedelta(minutes=minute) for minute in range(32)]
        files = list(pool.map(lambda minute: put(landing, payload, landed_at=NOON + minute), minutes))
    assert len(set(files)) == 1
    assert landing.files("nasdaq_screener") == [files[0]]
    assert landing.read(files[0]) == payload
    assert not list(files[0].path.parent.glob(".tmp-*"))


@pytest.mark.parametrize("name", ["../x", "a/../b", "/etc", "", "a b", ".hidden", "a//b", "a\\b", "a\n"])
def test_names_that_leave_the_folder_are_refused(landing: Landing, name: str) -> None:
    for place in ("source", "dataset", "key"):
        with pytest.raises(UsageError, match="cannot be a folder"):
            put(landing, **{place: name})
    with pytest.raises(UsageError, match="suffix"):
        put(landing, suffix=f"/{name}")
    assert not landing.root.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(landing: Landing) -> None:
    landing.root.mkdir()
    landing.root.chmod(0o555)
    with pytest.raises(UsageError, match="Cannot write") as caught:
        put(landing)
    assert "--data-dir" in caught.value.next_step


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("in the way")
    with pytest.raises(UsageError, match="Cannot write"):
        put(Landing(tmp_path / "landing"))


def test_instants_need_a_zone(landing: Landing) -> None:
    with pytest.raises(ValueError, match="time zone"):
        put(landing, landed_at=datetime(2026, 1, 2))  # noqa: DTZ001


def test_events_are_appended_in_order_and_once(landing: Landing) -> None:
    later, earlier = NOON + timedelta(microseconds=1), NOON
    landing.append_event("decision", {"subject": "2026-02-04", "reason": "größer"}, later)
    landing.append_event("decision", {"subject": "2026-01-15"}, earlier)
    landing.append_event("decision", {"subject": "2026-01-15"}, earlier)
    landing.append_event("other", {}, earlier)
    assert landing.events("decision") == [
        {"kind": "decision", "at": "2026-01-02T12:00:00+00:00", "subject": "2026-01-15"},
        {
            "kind": "decision",
            "at": "2026-01-02T12:00:00.000001+00:00",
            "subject": "2026-02-04",
            "reason": "größer",
        },
    ]
    assert landing.events("nothing") == []
    assert len(list((landing.root / "events" / "decision").iterdir())) == 2


def test_events_of_one_instant_all_stay(landing: Landing) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: landing.append_event("decision", {"n": number}, NOON), range(40)))
    assert sorted(int(str(event["n"])) for event in landing.events("decision")) == list(range(40))


def test_event_cannot_claim_another_time(landing: Landing) -> None:
    with pytest.raises(ValueError, match="'at'"):
        landing.append_event("decision", {"at": "yesterday"}, NOON)
