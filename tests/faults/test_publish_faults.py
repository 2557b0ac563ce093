"""Killed at any moment, or out of disk: the published file stays whole, and the next run goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows.edge import warehouse
from flows.edge.builds import Build
from flows.edge.scheme_files import SHIPPED
from flows.paths import CHECKOUT, DataPaths
from flows.what_if import try_scheme
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND

KILLED_AT_EACH_STEP = '''
"""Publishes build b of a copied data folder again and again, killed before its 1st, 2nd, 3rd ... file operation."""
import os, signal, subprocess, sys
from pathlib import Path
from flows.edge import warehouse
from flows.paths import DataPaths

template, work = Path(sys.argv[1]), Path(sys.argv[2])
STEPS = {"os.rename", "os.link", "os.remove", "os.chmod", "os.rmdir", "os.symlink"}
for step in range(1, 100):
    root = work / f"{step:02d}"
    subprocess.run(["cp", "-a", str(template), str(root)], check=True)
    pid = os.fork()
    if pid == 0:
        seen = 0
        def before(event, args):
            global seen
            seen += event in STEPS
            if event in STEPS and seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(before)
        paths = DataPaths(root)
        warehouse.publish(paths, paths.build("b"), keep=2)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    print(step, "killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)
    if not os.WIFSIGNALED(status):
        break
'''
KILLED_WHILE_BUILDING = """
import os, signal, sys
from pathlib import Path
from flows.edge.builds import Build
from flows.edge.scheme_files import SHIPPED
from flows.paths import DataPaths
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND

paths = DataPaths(Path(sys.argv[1]))
build = Build.start(paths, "killed", paths.warehouse)
hand_made.fill(build, hand_made.everything("killed"))
if sys.argv[2] == "after commit":
    build.commit()
if sys.argv[2] == "after close":
    build.close()
os.kill(os.getpid(), signal.SIGKILL)
"""
OUT_OF_DISK = """
import resource, sys
from pathlib import Path
import polars as pl
from flows.edge.builds import Build
from flows.edge.scheme_files import SHIPPED
from flows.errors import SmallcapsError
from flows.paths import DataPaths
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, SECOND

paths = DataPaths(Path(sys.argv[1]))
limit = paths.warehouse.stat().st_size + 512 * 1024
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
quotes = hand_made.core()["core.quotes"]
many = pl.concat([quotes.with_columns(security_id=pl.lit(f"S{n}")) for n in range(60_000)])
names = ["open", "high", "low", "close"]
prices = [(pl.int_range(pl.len()).hash(seed) / 1e6).alias(name) for seed, name in enumerate(names)]
many = many.with_columns(prices)  # two dozen megabytes that no compression makes smaller
try:
    with Build.start(paths, "big", paths.warehouse) as build:
        build.replace("core.quotes", many, hand_made.SESSIONS)
        build.close()
except SmallcapsError as error:
    print(error.one_line)
    sys.exit(7)
"""

TRIAL_OUT_OF_DISK = """
import resource, sys
from datetime import date
from pathlib import Path
from flows.errors import SmallcapsError
from flows.paths import DataPaths
from flows.what_if import try_scheme
from flows.edge.scheme_files import SHIPPED

paths, out = DataPaths(Path(sys.argv[1])), Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    try_scheme(paths, SHIPPED / "fixed_usd.toml", date(2024, 1, 1), date(2024, 12, 31), out)
except SmallcapsError as error:
    print(error.one_line)
    sys.exit(7)
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def published(tmp_path: Path) -> DataPaths:
    """A data folder with two published warehouses, z and the current a."""
    paths = DataPaths(tmp_path / "data")
    for run_id in "za":
        base = paths.warehouse if paths.warehouse.exists() else None
        warehouse.publish(paths, hand_made.closed_build(paths.root, run_id, on=base))
    return paths


def runs(paths: DataPaths) -> set[str]:
    return set(warehouse.query(paths, "select run_id from ops.publications")["run_id"])


def publish(paths: DataPaths, run_id: str) -> None:
    with Build.start(paths, run_id, paths.warehouse) as build:
        build.replace("ops.publications", hand_made.publication(run_id, build.base_run_id))
        build.close()
    warehouse.publish(paths, build.path)


def test_killed_before_any_step_of_publishing(published: DataPaths, tmp_path: Path) -> None:
    hand_made.closed_build(published.root, "b", on=published.warehouse)
    work = tmp_path / "work"
    work.mkdir()

    told = run(KILLED_AT_EACH_STEP, published.root, work)

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[-1].endswith("ended 0"), "the last round runs to its end"
    assert len(lines) > 4, "several steps were tried"
    seen = set()
    for root in sorted(work.iterdir()):
        paths = DataPaths(root)
        found = runs(paths)
        assert found in ({"z", "a"}, {"z", "a", "b"}), f"{root.name}: the published file is old or new"
        seen.add(len(found))
        assert warehouse.query(paths, "select count(*) as n from core.quotes").item() == 12

        publish(paths, "c")

        assert runs(paths) == found | {"c"}, f"{root.name}: the next run goes on from there"
        assert warehouse.rollback(paths).run_id in ("a", "b")
        assert runs(paths) == found, f"{root.name}: and can be taken back"
    assert seen == {2, 3}, "kills came before and after the swap"


@pytest.mark.parametrize("moment", ["before commit", "after commit", "after close"])
def test_killed_while_building(moment: str, published: DataPaths) -> None:
    before = published.warehouse.read_bytes()

    assert run(KILLED_WHILE_BUILDING, published.root, moment).returncode == -9

    assert published.warehouse.read_bytes() == before
    assert published.build("killed").exists()
    publish(published, "next")
    assert not list(published.builds.glob("killed*")), "the next run removes what was left behind"
    assert runs(published) == {"z", "a", "next"}


def test_a_full_disk_while_building(published: DataPaths) -> None:
    before = published.warehouse.read_bytes()

    ended = run(OUT_OF_DISK, published.root)

    assert ended.returncode == 7, ended.stderr
    assert "No room for the build" in ended.stdout
    assert "free disk space" in ended.stdout
    assert published.warehouse.read_bytes() == before
    assert not list(published.builds.glob("big*"))
    assert runs(published) == {"z", "a"}


def test_a_full_disk_while_a_scheme_is_tried_leaves_the_trial_before(published: DataPaths, tmp_path: Path) -> None:
    out = tmp_path / "trials" / "one.duckdb"
    try_scheme(published, SHIPPED / "fixed_usd.toml", FIRST, SECOND, out)
    before = out.read_bytes()

    ended = run(TRIAL_OUT_OF_DISK, published.root, out)

    assert ended.returncode == 7, ended.stderr
    assert "free disk space" in ended.stdout
    assert out.read_bytes() == before
    assert [path.name for path in out.parent.iterdir()] == ["one.duckdb"]
