"""The vendors' own files end to end: few sessions each, chosen for what is odd in them (see the data's README)."""

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.flows.conftest import Site
from tests.vendors.market import Market

MakeSite = Callable[[str, Market], Site]
QUOTES_ALONE = {"FUNDAMENTALS": "[]", "MACRO": "[]", "FUND_FLOWS": "[]"}


@pytest.fixture
def real(shared_data: Path, new_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Site]:
    """A site on the real archive. Quotes alone: fundamentals are staged for seconds and have tests of their own."""

    def make(name: str) -> Site:
        site = new_site(name, Market())
        monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(shared_data))
        for role, sources in QUOTES_ALONE.items():
            monkeypatch.setenv(f"SMALLCAPS_SOURCES__{role}", sources)
        return site

    return make


def started(site: Site, first: date, last: date) -> Site:
    outcome = site.backfill(first, last)
    assert outcome.exit_code == 0, outcome.one_line
    return site


@pytest.mark.usefixtures("light_gate")
def test_first_days_of_2026_and_a_reverse_split_whose_count_lags(real: Callable[[str], Site]) -> None:
    """AMCR, 2026-01-15: one share for five; the cap stands at 102 G$ for a day, between 20 and 19."""
    site = started(real("january"), date(2026, 1, 2), date(2026, 1, 14))
    assert [status for status, _ in site.verdicts().values()] == ["published"] * 9
    session = date(2026, 1, 15)
    assert site.nightly(session).exit_code == 0
    caps = site.rows("core.market_caps", ticker="AMCR")
    assert caps["session_date"].to_list()[-1] == session
    assert caps["cap_usd"].max() < 25e9
    assert caps["shares_source"].to_list()[-1] == "derived: cap / price x 0.2, lags_split"
    (split,) = site.rows("core.splits", symbol="AMCR").to_dicts()
    assert (split["ex_date"], split["ratio"], split["evidence"]) == (session, 0.2, "declared")
    totals = site.rows("marts.segment_daily", segment="total", scheme_id="fixed_usd")
    steps = totals["market_cap_usd"].cast(float).pct_change().abs().drop_nulls()
    assert totals.height == 10
    assert steps.max() < 0.03


@pytest.mark.usefixtures("light_gate")
def test_stale_file_of_one_exchange_is_refused(real: Callable[[str], Site]) -> None:
    """2026-02-04: Nasdaq's file is that of the day before, byte for byte; the others moved."""
    site = started(real("stale"), date(2026, 2, 2), date(2026, 2, 3))
    before = site.digest()
    outcome = site.nightly(date(2026, 2, 4))
    assert outcome.exit_code == 2
    assert "ADM_REPEATED nasdaq" in outcome.summary
    assert site.digest() == before
    assert site.nightly(date(2026, 2, 5)).exit_code == 0
    assert site.verdicts()[date(2026, 2, 4)][0] == "refused"


@pytest.mark.usefixtures("light_gate")
def test_missing_sessions_stay_missing_and_the_return_runs_over_them(real: Callable[[str], Site]) -> None:
    site = started(real("missing"), date(2026, 2, 17), date(2026, 2, 18))
    for missing, after in ((date(2026, 2, 19), date(2026, 2, 20)), (date(2026, 2, 24), date(2026, 2, 25))):
        assert site.nightly(missing).exit_code == 3
        assert site.nightly(after).exit_code == 0
        assert site.verdicts()[missing] == ("missing", [])
        flags = site.rows("core.market_caps", session_date=after)["is_multi_day"]
        assert flags.mean() > 0.98


@pytest.mark.usefixtures("light_gate")
@pytest.mark.parametrize(
    ("first", "session", "ticker", "cause"),
    [
        (date(2026, 3, 10), date(2026, 3, 11), "MU", "jumped_without_split"),
        (date(2026, 3, 23), date(2026, 3, 24), "FUBO", "lags_split"),
    ],
)
def test_one_wrong_count_moves_no_cap(
    real: Callable[[str], Site], first: date, session: date, ticker: str, cause: str
) -> None:
    """MU: 2.4e12 for 0.47e12 USD, five times the shares. FUBO: a reverse split whose count follows later."""
    site = started(real("march"), first, first)
    assert site.nightly(session).exit_code == 0
    caps = site.rows("core.market_caps", ticker=ticker).sort("session_date")
    assert caps["session_date"].to_list() == [first, session]
    assert caps["cap_usd"][1] / caps["cap_usd"][0] - 1 == pytest.approx(caps["return_price"][1], abs=1e-3)
    assert caps["shares_source"][1].endswith(cause)


BY_THE_RATIO = """
with bounds as (
    select * from (values (0, 5e7), (1, 3e8), (2, 2e9), (3, 1e10), (4, 2e11)) as bound (place, usd)
), splits as (
    select splits.ex_date, caps.company_id, abs(ln(splits.ratio)) as size
    from core.splits as splits
    inner join core.security_caps as caps
        on splits.security_id = caps.security_id and splits.ex_date = caps.session_date
    where splits.status <> 'withdrawn'
), steps as (
    select *, (1 + return_price) * lag(cap_usd) over (
        partition by company_id order by session_date
    ) as expected_usd
    from core.market_caps
)
select ticker, session_date, cap_usd, expected_usd,
    (select count(*) from bounds where cap_usd >= usd)
    <> (select count(*) from bounds where expected_usd >= usd) as moves
from steps inner join splits using (company_id)
where session_date between ex_date and ex_date + 30
    and abs(ln(cap_usd / expected_usd)) > 0.095
    and abs(abs(ln(cap_usd / expected_usd)) - size) < 0.1
"""


@pytest.mark.usefixtures("light_gate")
def test_no_split_moves_a_bucket_in_the_weeks_in_which_the_vendor_lost_its_splits(real: Callable[[str], Site]) -> None:
    """From 2023-05-26 the vendor gave old counts, and some that had their split twice, for weeks."""
    site = started(real("summer"), date(2023, 5, 8), date(2023, 6, 30))
    splits = site.rows("core.splits")
    assert splits.filter(splits["ex_date"] >= date(2023, 5, 9)).height > 60
    found = site.query(BY_THE_RATIO)
    assert found.filter("moves").is_empty(), found.filter("moves")
    caps = {row["ticker"]: row for row in site.rows("core.market_caps", session_date=date(2023, 6, 30)).to_dicts()}
    millions = {ticker: round(caps[ticker]["shares"] / 1e6, 2) for ticker in ("FLGC", "GTE", "SDIG", "MEDS", "CHDN")}
    assert millions == {"FLGC": 6.94, "GTE": 33.31, "SDIG": 5.1, "MEDS": 0.67, "CHDN": 74.87}


def test_days_of_wrong_totals_are_refused(real: Callable[[str], Site]) -> None:
    """2023-12-05 and 06: the market's total goes 64, 185, 109, 64 trillion dollars. With the whole gate."""
    site = started(real("december"), date(2023, 12, 4), date(2023, 12, 7))
    verdicts = site.verdicts()
    assert {session: status for session, (status, _) in verdicts.items()} == {
        date(2023, 12, 4): "published",
        date(2023, 12, 5): "refused",
        date(2023, 12, 6): "refused",
        date(2023, 12, 7): "published",
    }
    for day in (5, 6):
        assert "ADM_QUARANTINE_WEIGHT" in verdicts[date(2023, 12, day)][1]


def test_broken_files_of_2021_are_named_and_kept(
    shared_data: Path, real: Callable[[str], Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two JSON documents in one file, as it was served; the error says where the second one begins."""
    site = real("broken")
    session = date(2021, 2, 12)
    archive = tmp_path / "archive"
    folder = archive / f"nasdaq_screener/daily/{session}"
    folder.mkdir(parents=True)
    for file in (shared_data / f"nasdaq_screener/daily/{session}").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    broken = shared_data / "nasdaq_screener/broken-2021-01-30/nyse_49ffd9dd_unparseable.json.gz"
    target = next(folder.glob("nyse_full_tickers.json*"))
    payload = broken.read_bytes()
    target.write_bytes(payload if target.suffix == ".gz" else gzip.decompress(payload))
    monkeypatch.setenv("SMALLCAPS_ARCHIVE", str(archive))
    outcome = site.nightly(session)
    assert outcome.exit_code == 3
    for part in ("nasdaq_screener", f"daily/nyse/{session}", "field body", "JSON", "line", "column"):
        assert part in outcome.one_line
    assert not site.paths.warehouse.exists()
    landed = [file for file in site.paths.landing.rglob(f"nyse/{session}/*") if not file.name.endswith(".meta.json")]
    assert [file.read_bytes() for file in landed] == [target.read_bytes()]


@pytest.mark.usefixtures("light_gate")
def test_a_declared_split_whose_previous_close_was_not_adjusted(real: Callable[[str], Site]) -> None:
    """ANET, 2024-12-04: four for one, a change of -74.6 % against the old close, and the count a session late."""
    site = started(real("anet"), date(2024, 12, 2), date(2024, 12, 3))
    for session in (date(2024, 12, 4), date(2024, 12, 5)):
        assert site.nightly(session).exit_code == 0
    caps = site.rows("core.market_caps", ticker="ANET")
    assert caps["cap_usd"].is_between(129e9, 135e9).to_list() == [True] * 4
    assert caps["return_price"].drop_nulls().abs().max() < 0.03
    names = ("ex_date", "ratio", "evidence", "status", "declared_source")
    split = (date(2024, 12, 4), 4.0, "declared", "confirmed", "corporate_actions")
    assert site.rows("core.splits", *names, symbol="ANET").rows() == [split]
