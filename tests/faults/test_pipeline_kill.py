"""A night killed without warning, wherever it is: what is published stays whole, and the next night makes it good."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.run_record import RunStatus
from tests.flows.conftest import Site
from tests.vendors.market import SESSIONS

FIRST, LAST, NIGHT = SESSIONS[0], SESSIONS[1], SESSIONS[2]
DEADLINE_S = 60.0
QUOTES_ALONE = {f"SMALLCAPS_SOURCES__{role}": "[]" for role in ("FUNDAMENTALS", "MACRO", "FUND_FLOWS")}

# Nights of the session argv[1], one forked process for each "point=site" of argv[2:], since the imports take
# longest. Each stops for good at its point and waits there to be killed.
STOPPING = """
import os, sys, time
from datetime import date
from pathlib import Path
import flows.engine as engine
import flows.pipeline as pipeline
from flows.nightly import run_nightly

def stop(*_, **__):
    Path("stopped").touch()
    time.sleep(70)
    sys.exit("nobody came")

def then_stop(work):
    return lambda *given: stop(work(*given))

def night(point, root):
    os.chdir(root)
    os.environ["SMALLCAPS_DATA_DIR"] = root + "/data"
    os.environ["SMALLCAPS_ARCHIVE"] = root + "/archive"
    pipeline.gate = lambda run, build, *_: build.commit()
    if point == "landed":
        pipeline.make_plan = stop
    if point == "filled":
        pipeline.finish = stop
    if point == "gated":
        pipeline.gate = then_stop(pipeline.gate)
    if point == "closed":
        pipeline.publish = stop
    if point == "published":
        engine.notify = stop
    outcome = run_nightly(date.fromisoformat(sys.argv[1]), None, None)
    Path("ended").write_text(outcome.one_line)

for given in sys.argv[2:]:
    point, _, root = given.partition("=")
    child = os.fork()
    if not child:
        night(point, root)
        os._exit(1)
    print(point, child, flush=True)
sys.stdin.read()
"""
BEFORE_THE_SWAP = ("landed", "filled", "gated", "closed")
AFTER_THE_SWAP = "published"
"""Within the swap: see `test_publish_faults`."""


@contextmanager
def _quotes_alone(site: Site) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUOTES_ALONE.items():
            patch.setenv(name, value)
        patch.setattr("flows.pipeline.gate", lambda run, build, *_: build.commit())
        yield site.use(patch)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two sessions published, the third one's files served."""
    site = Site(tmp_path_factory.mktemp("kill") / "before")
    site.market.write(site.archive, [FIRST, LAST, NIGHT])
    with _quotes_alone(site):
        assert site.backfill(FIRST, LAST).exit_code == 0
    return site


@pytest.fixture(scope="module")
def undisturbed(before: Site) -> dict[str, str]:
    """Contents after a night that nobody killed."""
    site = before.copy_to(before.root.parent / "undisturbed")
    with _quotes_alone(site):
        assert site.nightly(NIGHT).exit_code == 0
    return site.hashes()


@pytest.fixture(scope="module")
def killed(before: Site) -> dict[str, Site]:
    """A copy of the site for each point, where its night was killed with SIGKILL."""
    sites = {point: before.copy_to(before.root.parent / point) for point in (*BEFORE_THE_SWAP, AFTER_THE_SWAP)}
    with _stopping(sites) as nights:
        deadline = time.monotonic() + DEADLINE_S
        for point, site in sites.items():
            while not (site.root / "stopped").exists():
                ended = site.root / "ended"
                assert not ended.exists(), f"the night to be killed when {point} ended: {ended.read_text()}"
                assert time.monotonic() < deadline, f"the night to be killed when {point} never came to it"
                time.sleep(0.02)
            os.kill(nights[point], signal.SIGKILL)
    return sites


@contextmanager
def _stopping(sites: dict[str, Site]) -> Iterator[dict[str, int]]:
    """Nights under way, point to process id; whatever is left of them at the end is killed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SMALLCAPS_")}
    schemes = next(iter(sites.values())).schemes
    own = {
        "SMALLCAPS_SCHEMES": schemes,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "OPENBLAS_NUM_THREADS": "1",
    }
    parent = subprocess.Popen(  # noqa: S603 (our own interpreter and text)
        [sys.executable, "-c", STOPPING, NIGHT.isoformat(), *(f"{point}={site.root}" for point, site in sites.items())],
        env=inherited | QUOTES_ALONE | own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    nights = dict(parent.stdout.readline().split() for _ in sites)
    try:
        yield {point: int(process) for point, process in nights.items()}
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate(timeout=10)


@pytest.mark.parametrize("point", BEFORE_THE_SWAP)
def test_killed_before_the_swap(point: str, killed: dict[str, Site], before: Site, undisturbed: dict[str, str]) -> None:
    site = killed[point]
    assert site.digest() == before.digest()
    assert list(site.verdicts()) == [FIRST, LAST]
    with _quotes_alone(site):
        outcome = site.nightly(NIGHT)
    assert outcome.exit_code == 0, outcome.one_line
    assert site.hashes() == undisturbed
    assert _leftovers(site) == []


def test_killed_after_the_swap(killed: dict[str, Site], undisturbed: dict[str, str]) -> None:
    site = killed[AFTER_THE_SWAP]
    assert site.hashes() == undisturbed
    with _quotes_alone(site):
        outcome = site.nightly(NIGHT)
        assert outcome.exit_code == 0, outcome.one_line
        assert site.record(outcome).status is RunStatus.NOTHING_TO_DO
        assert site.hashes() == undisturbed
        assert site.rebuild().exit_code == 0
    assert site.hashes() == undisturbed
    assert _leftovers(site) == []


def _leftovers(site: Site) -> list[str]:
    """Unfinished builds, logs and files aside, which the run after a kill clears away."""
    finished = {path.name for path in site.paths.builds.glob("*.duckdb")}
    in_builds = sorted(path.name for path in site.paths.builds.iterdir() if path.name not in finished)
    aside = sorted(path.name for path in site.paths.root.glob("warehouse.duckdb.*"))
    return [*in_builds, *aside]
