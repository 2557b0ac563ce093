"""Data Docs: a page per suite and an index of all checks, readable without a network."""

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from expectations.gate import GateResult
from flows.edge import datadocs
from flows.edge.builds import Build
from flows.edge.quality import gate_build
from flows.errors import SmallcapsError
from flows.paths import DataPaths
from tests.sql import hand_made
from transforms.contracts import table

TABLES = [table(name) for name in ("core.quotes", "marts.segment_daily")]


@pytest.fixture
def failing(build_on: Callable[[], Build]) -> GateResult:
    build = build_on()
    segments = hand_made.work()["marts.segment_daily"]
    mega = pl.col("segment") == "mega"
    bad = segments.with_columns(cap_share=pl.when(mega).then(1.75).otherwise("cap_share"))
    build.replace("marts.segment_daily", bad, hand_made.SESSIONS)
    return gate_build(build, hand_made.SESSIONS, tables=TABLES)


def test_the_site(failing: GateResult, tmp_path: Path) -> None:
    index = datadocs.write_data_docs(DataPaths(tmp_path), failing)

    site = tmp_path / "quality" / failing.run_id
    assert index == site / "index.html"
    assert (tmp_path / "quality" / "latest").resolve() == site.resolve()
    text = index.read_text(encoding="utf-8")
    assert "bad data: GATE_RANGE, GATE_SEGMENT_SHARES" in text
    assert "1.75" in text
    pages = list(site.rglob("validations/**/*.html"))
    assert len(pages) == 4, "structure and content of two tables"
    for page in [index, *pages]:
        shown = page.read_text(encoding="utf-8")
        assert not re.search(r"https?://|<script|<link", shown), page
        for target in re.findall(r"href=[\"']([^\"'#]+)", shown):
            assert (page.parent / target).resolve().is_file(), f"{page}: {target}"


def test_a_page_that_was_not_rendered_is_told(
    failing: GateResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(failing.validator), "runs", property(lambda _: 5))

    with pytest.raises(SmallcapsError, match="show 4 of 5 validations"):
        datadocs.write_data_docs(DataPaths(tmp_path), failing)


def test_older_sites_go(failing: GateResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datadocs, "KEEP_RUNS", 2)
    for run_id in ("old", "older"):
        (tmp_path / "quality" / run_id).mkdir(parents=True)

    datadocs.write_data_docs(DataPaths(tmp_path), failing)

    left = [path for path in (tmp_path / "quality").iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(left) == 2
    assert (tmp_path / "quality" / "latest" / "index.html").is_file()
