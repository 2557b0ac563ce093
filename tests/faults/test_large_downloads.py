"""Files too large for memory: straight into landing, whole or absent, whatever happens on the way."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import PIPE

import pytest

from flows.edge import fetch
from flows.edge.archive import Archive
from flows.edge.fetch import Request, land_archived, land_live
from flows.edge.http import HttpClient, HttpLimits, HttpRequest
from flows.edge.landing import Landing
from flows.edge.rate_limit import HostRateLimit
from flows.errors import MissingData, SourceError, UsageError
from tests.vendors.loopback import Answer, Vendor, gzipped, vendor_server

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 2, 23, tzinfo=UTC)
BODY = bytes(range(256)) * 4000
"""1 MB."""
NOBODY = 2**22 + 5
"""Above the largest process id that Linux gives."""


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_server() as running:
        yield running


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def client(**limits: float) -> HttpClient:
    chosen = {"read_s": 2.0, "deadline_s": 5.0, "max_attempts": 2, "backoff_s": 0.01, **limits}
    return HttpClient(HttpLimits(**chosen), HostRateLimit(default_per_second=10_000))  # type: ignore[arg-type]


def bulk(url: str, **http: object) -> Request:
    return Request(
        source="sec",
        dataset="bulk",
        key="2026-01-02",
        session_date=None,
        vintage_date=date(2026, 1, 2),
        suffix=".zip",
        licence="public-domain",
        http=HttpRequest(url, headers={"Accept-Encoding": "identity"}, **http),  # type: ignore[arg-type]
        is_conditional=True,
        is_large=True,
    )


def leftovers(landing: Landing) -> list[Path]:
    return list(landing.root.rglob(".tmp-*"))


def test_lands_as_a_small_file_does(vendor: Vendor, landing: Landing, tmp_path: Path) -> None:
    request = bulk(vendor.serve("/bulk", Answer(BODY, etag='"v1"')))
    file = land_live(client(), landing, request, NOW)
    small = land_live(client(), Landing(tmp_path / "other"), replace(request, is_large=False), NOW)
    assert file is not None
    assert small is not None
    assert replace(file, path=small.path) == small
    assert landing.proven_path(file).read_bytes() == BODY
    assert landing.read(file) == BODY
    assert file.path.stat().st_mode & 0o777 == 0o444
    assert leftovers(landing) == []
    assert vendor.asked[0].headers["Accept-Encoding"] == "identity"


def test_is_never_whole_in_memory(vendor: Vendor, landing: Landing) -> None:
    """The server holds its 40 MB before the measurement begins."""
    request = bulk(vendor.serve("/bulk", Answer(BODY * 40)))
    tracemalloc.start()
    try:
        file = land_live(client(), landing, request, NOW)
        assert file is not None
        landing.proven_path(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert file.size_bytes == 40 * len(BODY)
    assert most < 8_000_000


def test_nothing_new_leaves_nothing(vendor: Vendor, landing: Landing) -> None:
    tomorrow = {"key": "2026-01-03", "vintage_date": date(2026, 1, 3)}
    request = bulk(vendor.serve("/bulk", Answer(BODY, etag='"v1"')))
    assert land_live(client(), landing, request, NOW) is not None
    assert land_live(client(), landing, replace(request, **tomorrow), NOW) is None  # type: ignore[arg-type]
    vendor.serve("/bulk", Answer(BODY))  # a server without conditions
    assert land_live(client(), landing, replace(request, **tomorrow), NOW) is None  # type: ignore[arg-type]
    assert len(landing.files("sec")) == 1
    assert leftovers(landing) == []


def test_body_that_breaks_off_is_evidence_and_the_next_attempt_counts(vendor: Vendor, landing: Landing) -> None:
    half = Answer(BODY[:300_000], declared_length=len(BODY))
    request = bulk(vendor.serve("/bulk", half))
    with pytest.raises(SourceError, match=f"broke off after 300000 of {len(BODY)} bytes"):
        land_live(client(), landing, request, NOW)
    (evidence,) = landing.files("sec")
    assert evidence.path.read_bytes() == half.body
    assert landing.newest("sec") == []
    with pytest.raises(SourceError, match="broke off"):
        landing.proven_path(evidence)
    vendor.serve("/bulk", half, Answer(BODY))
    assert land_live(client(), landing, request, NOW) is not None
    assert leftovers(landing) == []


def test_what_is_refused_leaves_nothing(vendor: Vendor, landing: Landing) -> None:
    url = vendor.serve("/bulk", Answer(BODY))
    for request, word in (
        (bulk(url, max_bytes=len(BODY) - 1), "larger than the limit"),
        (bulk(vendor.serve("/coded", gzipped(BODY))), "not asked for"),
        (bulk(vendor.serve("/busy", Answer(BODY, status=503))), "HTTP 503"),
        (bulk(vendor.serve("/slow", Answer(BODY, drip_s=0.05)), deadline_s=0.4), r"not finished within 0\.4 s"),
    ):
        with pytest.raises(SourceError, match=word):
            land_live(client(), landing, request, NOW)
    vendor.serve("/chunked", Answer(BODY, is_chunked=True))  # says no length: refused while it comes
    with pytest.raises(SourceError, match="larger than the limit"):
        land_live(client(), landing, bulk(f"{vendor.url}/chunked", max_bytes=1000), NOW)
    until = time.monotonic() + 5
    while leftovers(landing) and time.monotonic() < until:  # the thread that was given up notices at its next byte
        time.sleep(0.05)
    assert leftovers(landing) == []
    assert landing.files("sec") == []


def test_has_a_deadline_of_its_own(vendor: Vendor, landing: Landing) -> None:
    request = bulk(vendor.serve("/bulk", Answer(b"x" * 20, drip_s=0.05)), deadline_s=30.0)
    assert land_live(client(deadline_s=0.3), landing, request, NOW) is not None


def test_more_than_is_free_is_refused_before_the_first_byte(vendor: Vendor, landing: Landing) -> None:
    petabytes = 10**18
    request = bulk(vendor.serve("/bulk", Answer(b"x", declared_length=petabytes)), max_bytes=2 * petabytes)
    with pytest.raises(UsageError, match=r"bytes, and [0-9]+ are free") as caught:
        land_live(client(), landing, request, NOW)
    assert "Make room" in caught.value.next_step
    assert leftovers(landing) == []
    assert len(vendor.asked) == 1


def test_a_disk_that_is_full_on_the_way(vendor: Vendor, landing: Landing) -> None:
    request = bulk(vendor.serve("/bulk", Answer(BODY)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(UsageError, match="Cannot write bulk-2026-01-02 into"):
            land_live(client(), landing, request, NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert leftovers(landing) == []
    assert landing.files("sec") == []


def test_bytes_that_changed_on_disk_are_noticed(vendor: Vendor, landing: Landing) -> None:
    request = bulk(vendor.serve("/bulk", Answer(BODY)))
    file = land_live(client(), landing, request, NOW)
    assert file is not None
    file.path.chmod(0o644)
    file.path.write_bytes(BODY[:-1] + b"?")
    with pytest.raises(SourceError, match="do not match their hash"):
        landing.proven_path(file)
    with pytest.raises(SourceError, match="do not match their hash"):
        land_live(client(), landing, replace(request, is_conditional=False), NOW + timedelta(hours=1))
    file.path.unlink()
    with pytest.raises(SourceError, match="missing"):
        landing.proven_path(file)


LANDING = """
import sys
from pathlib import Path
from tests.faults.test_large_downloads import NOW, bulk, client
from flows.edge.fetch import land_live
from flows.edge.landing import Landing

land_live(client(read_s=60.0, deadline_s=60.0), Landing(Path(sys.argv[2])), bulk(sys.argv[1]), NOW)
"""


def test_a_kill_leaves_a_temporary_file_that_the_next_run_removes(vendor: Vendor, landing: Landing) -> None:
    url = vendor.serve("/bulk", Answer(BODY[:3000], drip_s=0.01))
    process = subprocess.Popen([sys.executable, "-c", LANDING, url, str(landing.root)], cwd=CHECKOUT, stderr=PIPE)  # noqa: S603
    try:
        until = time.monotonic() + 30
        while not leftovers(landing):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    (left,) = leftovers(landing)
    assert landing.files("sec") == []
    vendor.serve("/bulk", Answer(BODY))
    long_ago = time.time() - 700
    os.utime(left, (long_ago, long_ago))
    file = land_live(client(), landing, bulk(url), NOW)
    assert file is not None
    assert leftovers(landing) == []
    assert landing.proven_path(file).read_bytes() == BODY


@pytest.mark.parametrize(
    ("pid", "idle_s", "stays"),
    [(os.getpid(), 700, True), (os.getpid(), 90_000, False), (NOBODY, 60, True)],
    ids=["ours_at_work", "ours_for_a_day", "nobodys_just_now"],
)
def test_a_temporary_file_of_a_run_at_work_stays(landing: Landing, pid: int, idle_s: float, stays: bool) -> None:
    folder = landing.root / "sec" / "bulk"
    folder.mkdir(parents=True)
    left = folder / f".tmp-{pid}-{'0' * 16}"
    left.write_bytes(b"half")
    moment = time.time() - idle_s
    os.utime(left, (moment, moment))
    landing.aside_folder("sec", "bulk")
    assert left.exists() is stays


def test_large_file_of_an_archive_is_copied_piece_by_piece(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "bulk.zip").write_bytes(BODY)
    archive = Archive(tmp_path / "archive")
    named = archive.file("bulk.zip", source="sec", dataset="bulk", key="2026")
    monkeypatch.setattr(fetch, "LARGE_BYTES", len(BODY) - 1)
    monkeypatch.setattr(Archive, "read", None)
    file = land_archived(landing, archive, named, "public-domain", NOW)
    assert (file.sha256, file.size_bytes) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert land_archived(landing, archive, named, "public-domain", NOW) == file
    assert leftovers(landing) == []
    (tmp_path / "archive" / "bulk.zip").unlink()
    with pytest.raises(MissingData, match="cannot be read"):
        land_archived(landing, archive, named, "public-domain", NOW)


def test_a_secret_is_not_sent_for_a_body_that_nobody_searches(vendor: Vendor, landing: Landing) -> None:
    url = vendor.serve("/bulk", Answer(BODY))
    with pytest.raises(ValueError, match="cannot be searched"):
        land_live(client(), landing, bulk(url, secret_params={"key": "s3cr3t-0123456"}), NOW)
    assert vendor.asked == []
