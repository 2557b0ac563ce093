"""The page of a hand-made warehouse: whole, well formed, self-contained; no text of a vendor becomes markup."""

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
import vl_convert

from flows import cli
from flows.edge import chart_script as chart_script_module
from flows.edge import reports, warehouse
from flows.edge.chart_script import chart_script
from flows.edge.reports import KEEP_PAGES, write_page
from flows.errors import SmallcapsError, UsageError
from flows.paths import DataPaths
from flows.report import charts
from flows.report.contents import read_contents
from flows.report.page import render
from flows.report.sections import SECTIONS
from flows.steps.report import make_page
from tests.sql import hand_made
from tests.sql.hand_made import FIRST, REFUSED, SECOND, Frames, rows

EVIL = "</script><!--<script>alert(1)</script>\"'&"
VOID = {"meta", "br", "hr", "img", "link", "input"}
KEYS = ["segments", "thesis", "valuation", "schemes", "drawdown", "flows", "micro", "quality", "sources"]


class Page(HTMLParser):
    """Every tag balanced; attributes and the text outside of scripts and styles are kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.opened[-1] if self.opened else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside != "style":
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


Change = Callable[[Frames], Frames]


def at_the_median(frames: Frames) -> Frames:
    """The hand-made valuations as medians: the sum with losses is not drawn."""
    named = ("marts.valuation_daily", "marts.valuation_spread_daily")
    return frames | {name: frames[name].with_columns(convention=pl.lit("median")) for name in named}


def published(root: Path, change: Change = at_the_median) -> DataPaths:
    paths = DataPaths(root)
    warehouse.publish(paths, hand_made.closed_build(root, "run-1", change=change))
    return paths


def page_of(paths: DataPaths, session: date | None = None, script: str = "window.vegaEmbed = 0") -> str:
    with warehouse.reading(paths.warehouse) as con:
        contents = read_contents(lambda sql: con.execute(sql).pl(), session)
    return render(contents, datetime(2024, 1, 4, 13, 5, tzinfo=UTC), script)


def test_rows_held_back_and_companies_held_back_have_different_names(tmp_path: Path) -> None:
    def held(frames: Frames) -> Frames:
        reject = {"session_date": SECOND, "source": "simfin", "reason_code": "STAGE_KEY", "status": "held"}
        return frames | {"ops.quarantine": rows("ops.quarantine", *[reject | {"entity": name} for name in "AB"])}

    text = Page(page_of(published(tmp_path / "two", held))).text
    assert "0 companies held back;" in text
    assert "Rows held back, of all sources: 2" in text
    none = Page(page_of(published(tmp_path / "none"))).text
    assert "No row of any source was held back on this session." in none


def test_notes_and_axes_say_how_to_read_the_lines(tmp_path: Path) -> None:
    text = page_of(published(tmp_path))
    assert text.count(charts.NOT_PUBLISHED) == 2
    assert '"title":"Against the highest level so far (%)"' in text


def test_page_is_whole_and_loads_nothing(tmp_path: Path) -> None:
    page = Page(page_of(published(tmp_path), script=chart_script(tmp_path)))
    assert [value for tag, name, value in page.attributes if (tag, name) == ("section", "id")] == KEYS
    assert len(SECTIONS) == len(KEYS)
    assert page.values("src") == []
    assert page.values("href") == [f"#{key}" for key in KEYS]
    assert "default-src 'none'" in "".join(page.values("content"))
    assert "en" in page.values("lang")
    assert "width=device-width, initial-scale=1" in page.values("content")
    assert "@import" not in page.text
    assert "url(" not in page.text
    assert "session 2024-01-03" in page.text
    assert "Run run-1; published 2024-01-04 12:00 UTC; this page made 2024-01-04 13:05 UTC." in page.text
    assert "small from 300 mn USD" in page.text
    assert "1 small company: 500.0 mn USD" in page.text
    assert "<th scope" not in page.text
    labels = page.values("aria-label")
    assert any("highest level so far, by session, 2024-01-02 to 2024-01-03" in label for label in labels)


def test_no_text_of_a_vendor_becomes_markup(tmp_path: Path) -> None:
    def poisoned(frames: Frames) -> Frames:
        held = {
            "session_date": SECOND,
            "entity": EVIL,
            "source": EVIL,
            "reason_code": EVIL,
            "detail": EVIL,
            "status": "held",
        }
        valuations = frames["marts.valuation_daily"].with_columns(null_reason=pl.lit(EVIL))
        sessions = frames["ops.sessions"].with_columns(is_degraded=True, degraded_sources=[EVIL])
        funds = frames["marts.fund_flows_daily"].with_columns(fund=pl.col("fund") + EVIL)
        return frames | {
            "ops.quarantine": rows("ops.quarantine", held),
            "marts.valuation_daily": valuations,
            "marts.fund_flows_daily": funds,
            "ops.sessions": sessions,
            "ops.licences": frames["ops.licences"].with_columns(terms=pl.lit(EVIL), licence=pl.lit(EVIL)),
            "ops.checks": rows(
                "ops.checks",
                {"run_id": "run-1", "session_date": SECOND, "rule_code": EVIL, "subject": EVIL, "outcome": "failed",
                 "observed": EVIL},
            ),
        }  # fmt: skip

    text = page_of(published(tmp_path, poisoned))
    assert "alert(1)</script>" not in text
    page = Page(text)
    assert page.text.count(EVIL) >= 10
    assert len(page.scripts) == 3
    assert not any("alert" in script for script in page.scripts)


def test_a_text_in_chart_data_cannot_leave_its_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(charts.CONVENTIONS, "median", EVIL)
    page = Page(page_of(published(tmp_path)))
    assert len(page.scripts) == 3
    assert "\\u003c/script\\u003e" in page.scripts[0]


def test_scripts_are_made_safe_to_stand_in_a_page(tmp_path: Path) -> None:
    page = Page(page_of(published(tmp_path), script='a = "</script><b>"; c = "<!--"'))
    assert 'a = "<\\/script><b>"; c = "<\\!--"' in page.scripts


def test_degraded_night_says_so_and_another_does_not(tmp_path: Path) -> None:
    def degraded(frames: Frames) -> Frames:
        sessions = frames["ops.sessions"].with_columns(is_degraded=True, degraded_sources=["treasury"])
        return frames | {"ops.sessions": sessions}

    assert "without fresh data of treasury" in page_of(published(tmp_path / "late", degraded))
    assert "Degraded:" not in page_of(published(tmp_path / "good"))


def _all_null(frames: Frames) -> Frames:
    """Every value of a mart that may be null is; percentages that may not be are left as they are."""
    key = {"session_date", "segment", "null_reason", "measure", "convention"}
    return {
        name: frame.with_columns(
            pl.lit(None, dtype).alias(column)
            for column, dtype in frame.schema.items()
            if dtype.is_float() and column not in key
        )
        if name.startswith("marts.")
        else frame
        for name, frame in frames.items()
    }


def _no_measures(frames: Frames) -> Frames:
    emptied = (
        "marts.valuation_daily",
        "marts.valuation_spread_daily",
        "marts.fund_flows_daily",
        "marts.segment_flows_daily",
    )
    return frames | {name: frames[name].clear() for name in emptied}


@pytest.mark.parametrize("change", [_all_null, _no_measures], ids=["all_null", "no_facts"])
def test_page_of_a_session_of_which_little_is_known(tmp_path: Path, change: Change) -> None:
    page = Page(page_of(published(tmp_path, change)))
    for title in ("large ones is unknown", "funds of small companies is unknown"):
        assert title in page.text
    assert "0.0 bn" not in page.text
    assert "nan" not in page.text.lower().replace("nano", "").replace("finan", "")
    assert '"valuation-' not in page.scripts[0]


def test_null_returns_are_unknown_in_every_cell(tmp_path: Path) -> None:
    text = page_of(published(tmp_path, _all_null))
    (row,) = re.findall(r'<tr><th scope="row" class="text">small</th>(.*?)</tr>', text)[:1]
    assert re.findall(r"<td>(.*?)</td>", row) == ["1", "0.5", *["unknown"] * 7]


def test_first_session_alone(tmp_path: Path) -> None:
    page = Page(page_of(published(tmp_path), FIRST))
    assert "below their high is unknown" in page.text
    assert "chart-drawdown" not in "".join(page.values("id"))


def test_pages_lie_beside_each_other_and_the_latest_is_of_the_last_session(tmp_path: Path) -> None:
    paths = published(tmp_path)
    last = make_page(paths)
    assert last == paths.reports / "report-2024-01-03.html"
    latest = paths.latest_report.read_text(encoding="utf-8")
    assert latest == last.read_text(encoding="utf-8")
    assert "session 2024-01-03</h1>" in latest
    assert make_page(paths, FIRST).name == "report-2024-01-02.html"
    assert paths.latest_report.read_text(encoding="utf-8") == latest


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        (REFUSED, "Session 2024-01-04 was not published: refused ADM_TOTAL."),
        (date(2023, 12, 29), "Session 2023-12-29 is not in the published file."),
    ],
)
def test_session_that_was_not_published_is_wrong_usage(tmp_path: Path, session: date, reason: str) -> None:
    paths = published(tmp_path)
    with pytest.raises(UsageError) as error:
        make_page(paths, session)
    assert error.value.message == reason
    assert not paths.report(session).exists()


def test_report_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data-dir", str(tmp_path)]
    assert cli.run(["report", *data]) == 4
    assert "Nothing is published yet. Next: Run: smallcaps backfill" in capsys.readouterr().err
    paths = published(tmp_path)
    assert cli.run(["report", *data]) == 0
    assert capsys.readouterr().out == f"{paths.report(SECOND)}\n"
    assert cli.run(["report", "--session", str(FIRST), *data]) == 0
    assert capsys.readouterr().out == f"{paths.report(FIRST)}\n"
    assert cli.run(["report", "--session", str(REFUSED), *data]) == 4
    assert "smallcaps check --session 2024-01-04" in capsys.readouterr().err


def test_only_refused_sessions_are_no_report(tmp_path: Path) -> None:
    def refused(frames: Frames) -> Frames:
        return frames | {"ops.sessions": frames["ops.sessions"].with_columns(status=pl.lit("refused"))}

    with pytest.raises(UsageError, match="No session is published"):
        make_page(published(tmp_path, refused))


def test_pages_made_last_are_kept(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    days = [SECOND + timedelta(days=at) for at in range(KEEP_PAGES + 3)]
    for day in days:
        write_page(paths, day, "new", is_last=True)
    old = write_page(paths, FIRST, "asked for", is_last=False)
    kept = sorted(path.name for path in paths.reports.glob("report-*.html"))
    assert len(kept) == KEEP_PAGES
    assert old.name in kept
    assert f"report-{days[-1]}.html" in kept
    assert f"report-{days[3]}.html" not in kept
    assert paths.latest_report.read_text() == "new"


def test_a_reader_never_sees_half_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = DataPaths(tmp_path)
    write_page(paths, SECOND, "whole", is_last=True)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reports.os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device") as raised:
        write_page(paths, SECOND, "half", is_last=True)
    assert raised.value.one_line == (
        f"Cannot write report-{SECOND}.html into {paths.reports}: No space left on device. "
        "Next: Check free space and the file system of the data folder."
    )
    assert sorted(path.name for path in paths.reports.iterdir()) == ["latest.html", f"report-{SECOND}.html"]
    assert {path.read_text() for path in paths.reports.iterdir()} == {"whole"}


def test_script_is_kept_and_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outdated = tmp_path / ".vega-lite-5.8-by-1.7.0.js"
    outdated.write_text("old")
    made = chart_script(tmp_path)
    assert "window.vegaEmbed" in made
    assert not outdated.exists()
    monkeypatch.setattr(chart_script_module, "_bundle", lambda: pytest.fail("made again"))
    assert chart_script(tmp_path) == made


def test_a_panic_of_the_script_maker_is_an_error_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        pass

    def panic(**_: object) -> str:
        raise PanicException("no module")

    monkeypatch.setattr(vl_convert, "javascript_bundle", panic)
    chart_script_module._bundle.cache_clear()
    with pytest.raises(SmallcapsError, match="no module"):
        chart_script(tmp_path)
    assert list(tmp_path.iterdir()) == []


def drawn(path: Path) -> list[str]:
    """The places of charts on a page, as a browser leaves them."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium to draw the charts with")
    result = subprocess.run(  # noqa: S603 (a browser on our own page)
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         f"--user-data-dir={path.parent / 'profile'}", "--virtual-time-budget=8000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return re.split(r'(?=<div class="chart)', result.stdout.partition("<noscript")[0])[1:]


@pytest.mark.parametrize("script", ["throw new Error('no bundle')", "(((", "window.vegaEmbed = 0"])
def test_every_place_of_a_chart_says_so_where_the_script_does_not_load(tmp_path: Path, script: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(published(tmp_path), script=script), encoding="utf-8")
    shown = drawn(path)
    assert len(shown) >= 3
    assert all("This chart could not be drawn." in place for place in shown)


def test_every_chart_draws_in_a_browser_without_a_network(tmp_path: Path) -> None:
    path = make_page(published(tmp_path))
    asked = Page(path.read_text(encoding="utf-8"))
    places = [value for value in asked.values("id") if value.startswith("chart-")]
    assert len(places) >= 3
    shown = drawn(path)
    assert len(shown) == len(places)
    for place, chart in zip(places, shown, strict=True):
        assert f'id="{place}"' in chart
        assert re.search(r'<g class="mark-(line|rect|symbol)[^>]*>\s*(<g[^>]*>\s*)*<path', chart), (
            f"{place} shows no data"
        )
