"""Rate limits on a clock of our own."""

import fcntl
import os
import stat
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from subprocess import PIPE

import pytest

from flows import sources
from flows.edge.rate_folder import rate_folder
from flows.edge.rate_limit import HostRateLimit
from flows.edge.shared_rate import SharedRate
from flows.errors import UsageError
from flows.settings import Settings, state_home
from flows.sources import SourceSettings
from tests.vendors.loopback import Answer, vendor_server

CHECKOUT = Path(__file__).resolve().parents[2]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_spaces_one_host_and_not_another() -> None:
    clock = Clock()
    limit = HostRateLimit({"a": 2.0}, default_per_second=0.5, clock=clock, sleep=clock.sleep)
    times = []
    for host in ("a", "a", "b", "a", "b"):
        limit.wait(host)
        times.append(clock.now)
    assert times == [100.0, 100.5, 100.5, 101.0, 102.5]


def test_does_not_save_up_turns() -> None:
    clock = Clock()
    limit = HostRateLimit({"a": 1.0}, clock=clock, sleep=clock.sleep)
    limit.wait("a")
    clock.now += 60
    limit.wait("a")
    limit.wait("a")
    assert clock.now == 161.0


def test_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        HostRateLimit({"a": 0})


def shared(tmp_path: Path, clock: Clock, per_second: float = 8.0) -> SharedRate:
    return SharedRate(tmp_path / "rate" / "sec.json", per_second, clock=clock, sleep=clock.sleep)


def test_two_users_of_one_file_share_its_turns(tmp_path: Path) -> None:
    clock = Clock()
    one, other = shared(tmp_path, clock), shared(tmp_path, clock)
    limit = HostRateLimit(shared={"www.test": one, "data.test": other}, clock=clock, sleep=clock.sleep)
    times = []
    for host in ("www.test", "data.test", "www.test", "data.test"):
        limit.wait(host)
        times.append(clock.now)
    assert times == [100.0, 100.125, 100.25, 100.375]


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"next_free": "x"}', '{"next_free": NaN}', "\0" * 20, "[" * 9999])
def test_a_damaged_file_costs_one_interval(tmp_path: Path, text: str) -> None:
    clock = Clock()
    (tmp_path / "rate").mkdir()
    (tmp_path / "rate" / "sec.json").write_text(text)
    shared(tmp_path, clock).wait()
    assert clock.now == 100.125
    shared(tmp_path, clock).wait()
    assert clock.now == 100.25


@pytest.mark.parametrize(("set_to", "waited"), [(-1_000_000, 0.125), (1_000_000, 0), (99, 1.125)])
def test_a_clock_that_was_set_holds_nobody_up(tmp_path: Path, set_to: float, waited: float) -> None:
    """Far back: the file is not believed; far forth: the turn has long come; a little back: waited for."""
    clock = Clock()
    shared(tmp_path, clock).wait()
    clock.now = set_to
    shared(tmp_path, clock).wait()
    assert clock.now - set_to == pytest.approx(waited)


def test_a_process_that_holds_the_file_forever_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    shared(tmp_path, clock).wait()
    monkeypatch.setattr("flows.edge.shared_rate._LOCK_WITHIN_S", 0.05)
    with (tmp_path / "rate" / "sec.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="Another process has held"):
            shared(tmp_path, clock).wait()
    shared(tmp_path, clock).wait()


def test_folder_of_the_shared_rate_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "rate").write_text("in the way")
    with pytest.raises(UsageError, match="Cannot write"):
        shared(tmp_path, Clock()).wait()


def test_only_its_user_may_read_and_write_a_budget(tmp_path: Path) -> None:
    shared(tmp_path, Clock()).wait()
    assert stat.S_IMODE((tmp_path / "rate").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "rate" / "sec.json").stat().st_mode) == 0o600


def test_a_budget_that_is_a_link_to_somewhere_else_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "rate").mkdir()
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "rate" / "sec.json").symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError, match="Cannot write") as caught:
        shared(tmp_path, Clock()).wait()
    assert "SMALLCAPS_RATE_DIR" in caught.value.next_step
    assert (tmp_path / "precious").read_text() == "kept"


def test_the_folder_told_goes_before_the_users_own(tmp_path: Path) -> None:
    assert rate_folder(tmp_path / "told", tmp_path) == tmp_path / "told"
    assert rate_folder(None, tmp_path / "state") == tmp_path / "state" / "smallcaps" / "rate"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that this user would have among temporary files; not made yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"smallcaps-rate-{os.getuid()}"


def test_without_a_home_that_can_be_written_the_budget_lies_among_temporary_files(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rate_folder(None, None) == temporary
    (temporary.parent / "file").touch()
    assert rate_folder(None, temporary.parent / "file") == temporary
    home = temporary.parent / "home"
    home.mkdir()
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != home)  # root may write everywhere
    assert rate_folder(None, home / ".local" / "state") == temporary
    temporary.mkdir()
    assert rate_folder(None, None) == temporary


@pytest.mark.parametrize("whose", ["a_link", "another_users"])
def test_a_temporary_folder_that_somebody_else_made_is_not_used(
    temporary: Path, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if whose == "a_link":
        (temporary.parent / "elsewhere").mkdir()
        temporary.symlink_to(temporary.parent / "elsewhere")
    else:
        uid = os.getuid() + 1
        temporary.with_name(f"smallcaps-rate-{uid}").mkdir()
        monkeypatch.setattr(os, "getuid", lambda: uid)
    with pytest.raises(UsageError, match="not a folder of this user") as caught:
        rate_folder(None, None)
    assert "SMALLCAPS_RATE_DIR" in caught.value.next_step


def test_the_state_of_a_user_is_where_xdg_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tmp_path.is_relative_to(state_home().parent), "the tests' own: conftest"  # type: ignore[union-attr]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert state_home() == tmp_path / "state"
    monkeypatch.setenv("HOME", str(tmp_path))
    for unusable in ("", "relative/to/where"):
        monkeypatch.setenv("XDG_STATE_HOME", unusable)
        assert state_home() == tmp_path / ".local" / "state"


def test_two_data_folders_of_a_user_share_the_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each is granted, as the limiter notes it: never two turns closer than the interval."""
    clock, granted = Clock(), []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(sources, "SharedRate", partial(SharedRate, clock=clock, sleep=clock.sleep))
    settings = [Settings(data_dir=tmp_path / name) for name in ("one", "other")]
    folders = [rate_folder(own.rate_dir, state_home()) for own in settings]
    limits = [sources.rate_limit(SourceSettings(), shared_folder=folder) for folder in folders]
    for limit, host in product(limits, ("www.sec.gov", "data.sec.gov", "www.sec.gov")):
        limit.wait(host)
        granted.append(clock.now)
    assert granted == [100 + turn / 8 for turn in range(6)]
    assert [file.name for file in folders[0].iterdir()] == ["sec_edgar.json"]


ASKING = """
import sys
from pathlib import Path
from flows.edge.http import HttpClient, HttpLimits, HttpRequest
from flows.edge.rate_limit import HostRateLimit
from flows.edge.shared_rate import SharedRate

url, file, per_second, count = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
client = HttpClient(HttpLimits(), HostRateLimit(shared={"127.0.0.1": SharedRate(file, per_second)}))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(count):
    client.fetch(HttpRequest(url), source="sec", file="f")
"""


def test_three_processes_together_keep_to_one_limit(tmp_path: Path) -> None:
    """Each alone would be done in a third of the time; a request may be up to a tenth of a second late."""
    per_second, each, late_s = 20.0, 8, 0.1
    with vendor_server() as vendor, ExitStack() as stack:
        url = vendor.serve("/x", Answer(b"{}"))
        command = [sys.executable, "-c", ASKING, url, str(tmp_path / "rate.json"), str(per_second), str(each)]
        processes = [
            stack.enter_context(
                subprocess.Popen(command, cwd=CHECKOUT, stdin=PIPE, stdout=PIPE, text=True)  # noqa: S603
            )
            for _ in range(3)
        ]
        try:
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            for process in processes:
                process.wait(timeout=30)
        finally:
            for process in processes:
                process.kill()
        at = sorted(asked.at for asked in vendor.asked)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(at) == 3 * each
    assert at[-1] - at[0] >= (3 * each - 1) / per_second - late_s
    for window_s in (0.25, 0.5, 1.0):
        most = max(sum(start <= moment < start + window_s for moment in at) for start in at)
        assert most <= (window_s + late_s) * per_second + 1, (window_s, most)
