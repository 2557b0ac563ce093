"""One good warehouse per test session, and cheap builds on top of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.edge.builds import Build
from flows.paths import DataPaths
from tests.sql import hand_made


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed build of the hand-made warehouse, never changed."""
    return hand_made.closed_build(tmp_path_factory.mktemp("good"), "good")


@pytest.fixture
def build_on(good: Path, tmp_path: Path) -> Iterator[Callable[[], Build]]:
    """Opens a build on the good warehouse; closed and removed after the test."""
    opened: list[Build] = []

    def open_build() -> Build:
        opened.append(Build.start(DataPaths(tmp_path), f"run-{len(opened)}", good))
        return opened[-1]

    yield open_build
    for build in opened:
        build.abort()
