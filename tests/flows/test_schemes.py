"""Bucket schemes over the tiny market: enabled, changed, wrong, and an analyst's own one on published history."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows import cli
from flows.edge.scheme_files import SHIPPED
from tests.flows.conftest import ALL_SESSIONS, BASE_SESSIONS, Site, lighten_gate
from tests.vendors.market import SESSIONS, Market, companies
from tests.vendors.market_facts import write_facts
from tests.vendors.market_faults import cap_times
from transforms.contracts import table

HELD = companies(7, "small")[0]
FIXED = "fixed_usd"
OWN = """
id = "own"
title = "Our own: by halves, every month"
provider = "us"
region = "US"
currency = "USD"
basis = "float"

[[versions]]
effective_from = 2020-01-01
origin = { source = "our paper", retrieved_on = 2026-01-02, confidence = "own" }
reviews = { months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }

[versions.rule]
kind = "shares"
covered = { large = 0.70, mid = 0.85, small = 0.98, micro = 1.0 }
bands = { kind = "packets", share = 0.0005, core = 0.0001 }
"""
TRIED = (
    "core.bucket_schemes",
    "core.bucket_memberships",
    "marts.scheme_breakpoints",
    "marts.segment_daily",
    "marts.valuation_daily",
    "marts.migrations",
    "marts.transition_matrix",
)


def own_scheme(folder: Path, text: str = OWN) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def enable(patch: pytest.MonkeyPatch, names: str, folder: Path | None = None) -> None:
    patch.setenv("SMALLCAPS_SCHEMES", names)
    if folder is not None:
        patch.setenv("SMALLCAPS_SCHEMES_DIR", str(folder))


@pytest.fixture(scope="module")
def turn_of_the_year(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Twelve sessions with a review on 2 January, at whose month's end one company is held back; never changed."""
    site = Site(tmp_path_factory.mktemp("schemes"))
    site.market.write(site.archive, ALL_SESSIONS, {SESSIONS[5]: [cap_times(17.3, HELD.symbol)]})
    write_facts(site.market, site.archive, ALL_SESSIONS)
    with pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        site.use(patch)
        own_scheme(site.root / "own")
        enable(patch, f"{FIXED} crsp_like nyse_quantile own", site.root / "own")
        outcome = site.backfill(ALL_SESSIONS[0], ALL_SESSIONS[-1])
    assert outcome.exit_code == 0, outcome.one_line
    return site


def test_a_review_moved_companies_by_halves(turn_of_the_year: Site) -> None:
    """Else the tests below would prove nothing."""
    assert SESSIONS[5] == date(2024, 12, 31)
    site = turn_of_the_year
    moved = site.rows("marts.migrations", "session_date", "weight", scheme_id="own")
    assert set(moved.rows()) == {(date(2025, 1, 2), 0.5)}
    reviews = site.rows("marts.scheme_breakpoints", "session_date", "rank_session", scheme_id="own").unique().sort("*")
    assert reviews.rows() == [(SESSIONS[0], SESSIONS[0]), (date(2025, 1, 2), SESSIONS[5])]
    assert site.rows("marts.transition_matrix", scheme_id="own")["session_date"].unique().to_list() == [
        date(2025, 1, 2)
    ]
    held = site.rows("ops.quarantine", "session_date", "entity")
    assert (SESSIONS[5], f"C:{HELD.symbol}~20241223") in held.rows()


def test_nights_equal_a_backfill_and_a_rebuild(
    turn_of_the_year: Site, new_site: Callable[[str, Market], Site], monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    expected = turn_of_the_year.hashes()
    nights = new_site("nights", turn_of_the_year.market)
    enable(monkeypatch, f"{FIXED} crsp_like nyse_quantile own", turn_of_the_year.root / "own")
    shutil.copytree(turn_of_the_year.archive, nights.archive)
    assert nights.backfill(SESSIONS[0], SESSIONS[3]).exit_code == 0
    assert [nights.nightly(session).exit_code for session in ALL_SESSIONS[4:]] == [0] * 8
    assert differing(nights.hashes(), expected) == []
    for name in ("ops.scheme_seats", "ops.scheme_markets"):
        assert nights.rows(name).equals(turn_of_the_year.rows(name)), name
    assert nights.rebuild().exit_code == 0
    assert differing(nights.hashes(), expected) == []


def differing(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    assert found.keys() == expected.keys()
    return [name for name, value in found.items() if value != expected[name]]


def test_schemes_that_are_enabled_changed_and_disabled_begin_with_history(
    site: Site, monkeypatch: pytest.MonkeyPatch, light_gate: None
) -> None:
    folder = site.root / "own"
    enable(monkeypatch, FIXED)
    assert site.night(SESSIONS[5]).exit_code == 0
    alone = site.hashes()
    assert set(site.rows("core.bucket_memberships")["scheme_id"]) == {FIXED}

    changed = OWN.replace("large = 0.70", "large = 0.60")
    for number, (names, text) in enumerate(((f"{FIXED} own", OWN), (f"{FIXED} own", changed)), start=6):
        own_scheme(folder, text)
        enable(monkeypatch, names, folder)
        outcome = site.night(SESSIONS[number])
        assert outcome.exit_code == 0, outcome.one_line
        segments = site.rows("marts.segment_daily", scheme_id="own", segment="total")
        assert segments["session_date"].to_list() == list(SESSIONS[: number + 1])
        rule = site.rows("core.bucket_schemes", scheme_id="own")["rule"].item()
        assert ('"large": 0.6,' in rule) is (text is changed)
        published = site.hashes()
        assert site.rebuild().exit_code == 0
        assert differing(site.hashes(), published) == []

    enable(monkeypatch, FIXED)
    assert site.night(SESSIONS[8]).exit_code == 0
    assert set(site.rows("core.bucket_memberships")["scheme_id"]) == {FIXED}
    assert set(site.rows("marts.segment_daily")["scheme_id"]) == {FIXED}
    assert site.hashes().keys() == alone.keys()


WRONG = OWN.replace("large = 0.70", "large = 1.70")


@pytest.mark.parametrize(
    ("names", "text", "told"),
    [
        (f"{FIXED},owm", OWN, "There is no scheme owm."),
        (f"{FIXED},own", WRONG, "own.toml: versions.0.rule.covered.large: 1.7 is no part of the market"),
        (FIXED, WRONG, "own.toml: versions.0.rule.covered.large: 1.7 is no part of the market"),
        ("own", OWN, "fixed_usd is not among them"),
        (f"{FIXED},own", None, "is no folder"),
    ],
    ids=["unknown", "wrong file", "wrong file that is not enabled", "without fixed_usd", "no folder"],
)
def test_a_wrong_list_or_file_ends_before_anything_is_fetched(
    new_site: Callable[[str, Market], Site],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    names: str,
    text: str | None,
    told: str,
) -> None:
    site = new_site("wrong", Market())
    site.serve(SESSIONS[0])
    folder = site.root / "own"
    if text is not None:
        own_scheme(folder, text)
    enable(monkeypatch, names, folder)
    assert cli.run(["nightly", "--session", SESSIONS[0].isoformat()]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "Next: " in line
    assert not site.paths.landing.exists()


@pytest.fixture
def published(turn_of_the_year: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return turn_of_the_year.copy_to(tmp_path / "tried").use(monkeypatch)


def tried(site: Site, file: Path, *more: str, first: date = SESSIONS[0], last: date = ALL_SESSIONS[-1]) -> int:
    return cli.run(["scheme", "try", str(file), "--from", str(first), "--to", str(last), *more])


def rows_of(path: Path, name: str, scheme: str) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(f"from {name} where scheme_id = ?", [scheme]).pl().sort(table(name).key)


@pytest.mark.parametrize("scheme", [FIXED, "crsp_like", "nyse_quantile", "own"])
def test_a_trial_of_a_published_scheme_is_what_is_published(
    published: Site, scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published.digest()
    folder = published.root / "own" if scheme == "own" else SHIPPED
    out = published.root / "trials" / "one.duckdb"
    assert tried(published, folder / f"{scheme}.toml", "--out", str(out)) == 0, capsys.readouterr().err
    assert "12 sessions" in capsys.readouterr().out
    for name in TRIED:
        expected = rows_of(published.paths.warehouse, name, scheme)
        assert rows_of(out, name, scheme).equals(expected), name
    assert published.digest() == before


def test_a_trial_replaces_a_trial_and_nothing_else(published: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = published.root / "own" / "own.toml"
    foreign = published.root / "notes.duckdb"
    foreign.write_bytes(b"not ours")
    database = published.root / "other.duckdb"
    duckdb.connect(str(database)).close()
    before = {path: path.read_bytes() for path in (published.paths.warehouse, foreign, database)}
    beside = published.paths.root / "schemes" / f"own-{SESSIONS[4]}-{SESSIONS[6]}.unfinished"
    beside.parent.mkdir()
    beside.write_bytes(b"not ours")
    for path, content in before.items():
        assert tried(published, file, "--out", str(path)) == 4
        assert path.name in capsys.readouterr().err
        assert path.read_bytes() == content

    own = published.paths.root / "schemes" / f"own-{SESSIONS[4]}-{SESSIONS[6]}.duckdb"
    for text in (OWN, OWN.replace("large = 0.70", "large = 0.60")):
        own_scheme(file.parent, text)
        assert tried(published, file, first=SESSIONS[4], last=SESSIONS[6]) == 0
    assert '"large": 0.6,' in rows_of(own, "core.bucket_schemes", "own")["rule"].item()
    assert sorted(path.name for path in own.parent.iterdir()) == [own.name, beside.name]
    assert beside.read_bytes() == b"not ours"


def test_a_trial_within_history_knows_nothing_from_before_it(published: Site) -> None:
    """Its first session is the first one of all: nobody comes from nowhere because the trial began later."""
    out = published.root / "late.duckdb"
    assert tried(published, published.root / "own" / "own.toml", "--out", str(out), first=SESSIONS[4]) == 0
    matrix = rows_of(out, "marts.transition_matrix", "own")
    assert set(matrix["period"]) == {"quarter", "year"}
    assert set(matrix["from_session"]) == {SESSIONS[4]}
    assert matrix.filter(pl.col("from_bucket") == "none")["company_count"].sum() <= 2


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2025, 2, 3), date(2025, 2, 4)), (BASE_SESSIONS[1], BASE_SESSIONS[0])],
    ids=["nothing published", "backwards"],
)
def test_a_trial_of_no_session_is_exit_4(
    published: Site, first: date, last: date, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(published, published.root / "own" / "own.toml", first=first, last=last) == 4
    assert f"No session from {first} to {last} is published." in capsys.readouterr().err
    assert not (published.paths.root / "schemes").exists()


def test_a_trial_whose_folder_cannot_be_made_is_exit_4(published: Site, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = published.root / "a file"
    blocked.write_text("no folder", encoding="utf-8")
    out = blocked / "trial.duckdb"
    assert tried(published, published.root / "own" / "own.toml", "--out", str(out)) == 4
    assert "Name another file with --out." in capsys.readouterr().err
