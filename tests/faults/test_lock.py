import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.edge.lock import prepare_data_folder, writer_lock
from flows.errors import LockHeld, UsageError
from flows.paths import DataPaths

HOLD = """
import sys
from pathlib import Path
from flows.edge.lock import writer_lock
from flows.paths import DataPaths
with writer_lock(DataPaths(Path(sys.argv[1])), "first-run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path / "data")


@pytest.fixture
def holder(paths: DataPaths):  # type: ignore[no-untyped-def]
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and text)
        [sys.executable, "-c", HOLD, str(paths.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_second_run_is_told_who_holds_it(paths: DataPaths, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(LockHeld) as caught, writer_lock(paths, "second-run"):
        pytest.fail("two writers at once")
    assert caught.value.exit_code == 5
    assert f"run first-run, process {holder.pid}, since 2" in str(caught.value)
    assert json.loads(paths.lock.read_text(encoding="utf-8"))["run_id"] == "first-run"


def test_killed_run_gives_it_back(paths: DataPaths, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(timeout=10)
    with writer_lock(paths, "second-run"):
        assert json.loads(paths.lock.read_text(encoding="utf-8")) == {
            "run_id": "second-run",
            "pid": os.getpid(),
            "since": json.loads(paths.lock.read_text(encoding="utf-8"))["since"],
        }


def test_released_when_the_block_fails_and_says_nothing_afterwards(paths: DataPaths) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(paths, "first-run"):
        raise ZeroDivisionError
    assert paths.lock.read_text(encoding="utf-8") == ""
    with writer_lock(paths, "second-run"):
        pass


def test_holder_that_has_not_written_yet(paths: DataPaths) -> None:
    with writer_lock(paths, "first-run"):
        paths.lock.write_text("", encoding="utf-8")
        with pytest.raises(LockHeld, match="just started"), writer_lock(paths, "second-run"):
            pytest.fail("two writers at once")


def test_two_data_folders_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with writer_lock(DataPaths(tmp_path / "a"), "one"), writer_lock(DataPaths(tmp_path / "b"), "two"):
        pass


def test_prepare_creates_every_folder_and_leaves_no_probe(paths: DataPaths) -> None:
    prepare_data_folder(paths)
    prepare_data_folder(paths)
    assert sorted(paths.root.iterdir()) == sorted(paths.folders())


def test_file_in_the_way_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        prepare_data_folder(DataPaths(tmp_path / "data"))
    assert caught.value.exit_code == 4
    assert "--data-dir" in caught.value.one_line


def test_lock_that_cannot_be_opened_is_a_usage_error(paths: DataPaths) -> None:
    paths.lock.mkdir(parents=True)
    with pytest.raises(UsageError, match=r"cannot be written: is a directory"), writer_lock(paths, "run"):
        pytest.fail("no lock was taken")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission_is_a_usage_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="permission denied"):
        prepare_data_folder(DataPaths(tmp_path / "data"))
