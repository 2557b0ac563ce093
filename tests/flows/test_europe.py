"""European schemes through the pipeline: places kept by rank, in euros and pounds, from the operator's own files."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.simulated.europe import LONDON, XETRA, EuropeanMarket, Jump, Listing
from tests.flows.conftest import Site, lighten_gate
from tests.vendors.market import Market

FIRST, RANKED, REVIEWED = date(2025, 2, 24), date(2025, 2, 28), date(2025, 3, 24)
"""The places of March are those of the caps at the end of February, from the Monday after the third Friday on."""
CRASHED_DAX, CRASHED_FTSE, RISEN_FTSE = "GABK", "LADQ", ("LAEF", "LAEG")
"""The 37th German company; the 95th British one, the 110th and the 111th."""
EXACT = (
    Listing(XETRA, "INNO", "INNOVATETECH AG", 25.0, 20_000_000, moves=False),
    Listing(XETRA, "EXAC", "Exact Grenz SE", 0.4, 5_000_000_000, moves=False),
    Listing(XETRA, "LESS", "Less Grenz SE", 1.0, 1_999_999_999, moves=False),
    Listing(LONDON, "BARC", "Barclays PLC ORD 25P", 405.25, 1_380_000_000, moves=False),
)
MARKET = EuropeanMarket(
    FIRST,
    REVIEWED,
    german=75,
    british=125,
    elsewhere=0,
    beside=EXACT,
    jumps=(
        Jump(CRASHED_DAX, date(2025, 2, 26), 0.01),
        Jump(CRASHED_FTSE, date(2025, 2, 26), 0.1),
        *(Jump(symbol, date(2025, 2, 26), 10.0) for symbol in RISEN_FTSE),
    ),
)
SCHEMES = "fixed_usd fixed_eur dax_like ftse_like stoxx_like"
SETTINGS = {
    "SCHEMES": SCHEMES,
    "REQUIRED_SOURCES": '["files"]',
    "SOURCES__QUOTES": '["files"]',
    "SOURCES__SHARE_COUNTS": '["files"]',
    **{f"SOURCES__{role}": "[]" for role in ("CAPS", "FUNDAMENTALS", "MACRO", "FUND_FLOWS", "SPLITS", "REFERENCE")},
}
MEMBERS = """
select
    memberships.scheme_id,
    memberships.bucket,
    caps.session_date,
    caps.ticker,
    memberships.basis_used
from core.bucket_memberships as memberships
inner join core.market_caps as caps
    on
        memberships.company_id = caps.company_id
        and caps.session_date between memberships.valid_from and coalesce(memberships.valid_to, date '9999-12-31')
"""

MOVES = """
select
    moves.scheme_id,
    moves.session_date,
    caps.ticker,
    moves.from_bucket,
    moves.to_bucket,
    moves.reason
from marts.migrations as moves
inner join core.market_caps as caps
    on moves.company_id = caps.company_id and moves.session_date = caps.session_date
"""


def _site(root: Path, patch: pytest.MonkeyPatch) -> Site:
    site = Site(root, Market()).use(patch)
    for name, value in SETTINGS.items():
        patch.setenv(f"SMALLCAPS_{name}", value)
    lighten_gate(patch)
    return site


def _backfilled(site: Site, last: date) -> Site:
    write_files(site.archive, MARKET.files(last))
    outcome = site.backfill(FIRST, last)
    assert outcome.exit_code == 0, outcome.one_line
    return site


@pytest.fixture(scope="module")
def europe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A month of the market, backfilled; never changed."""
    with pytest.MonkeyPatch.context() as patch:
        yield _backfilled(_site(tmp_path_factory.mktemp("europe") / "once", patch), REVIEWED)


@pytest.fixture
def moved(europe: Site) -> Callable[[str, str], list[tuple[object, ...]]]:
    """The moves of a company under a scheme: session_date, from_bucket, to_bucket, reason."""

    def of(scheme: str, symbol: str) -> list[tuple[object, ...]]:
        found = europe.query(MOVES).filter(pl.col("scheme_id") == scheme, pl.col("ticker") == symbol)
        return found.select("session_date", "from_bucket", "to_bucket", "reason").rows()

    return of


def test_counts_are_kept_or_filled_as_far_as_there_are_companies(europe: Site) -> None:
    """78 German companies fill the 40 places of DAX and 38 of MDAX's 50; 126 British ones 100 and 26 of 250."""
    counts = europe.query(MEMBERS).filter(pl.col("scheme_id").is_in(["dax_like", "ftse_like", "stoxx_like"]))
    for day in (FIRST, RANKED, REVIEWED):
        found = counts.filter(pl.col("session_date") == day).group_by("scheme_id", "bucket").len()
        assert set(found.rows()) == {
            ("dax_like", "large", 40),
            ("dax_like", "mid", 38),
            ("ftse_like", "large", 100),
            ("ftse_like", "mid", 26),
            ("stoxx_like", "large", 200),
            ("stoxx_like", "mid", 4),
        }


def test_places_go_by_the_truth(europe: Site) -> None:
    """DAX by float cap in euros, or by the full one where nobody told the float; FTSE by full cap in pounds."""
    truth = MARKET.quotes.filter(pl.col("session_date") == FIRST).with_columns(
        float_cap=pl.col("cap_local") * pl.col("float_share").fill_null(1.0)
    )
    members = europe.query(MEMBERS).filter(pl.col("session_date") == FIRST, pl.col("bucket") == "large")
    breakpoints = europe.rows("marts.scheme_breakpoints", session_date=FIRST, bucket="large")
    for scheme, exchange, cap, count in (
        ("dax_like", "xetra", "float_cap", 40),
        ("ftse_like", "lse", "cap_local", 100),
    ):
        ranked = truth.filter(pl.col("exchange") == exchange).sort(cap, descending=True).head(count)
        assert set(members.filter(pl.col("scheme_id") == scheme)["ticker"]) == set(ranked["symbol"])
        told = breakpoints.filter(pl.col("scheme_id") == scheme).row(0, named=True)
        assert told["cap_lower"] == pytest.approx(ranked[cap][-1], abs=1)
        rates = MARKET.rates.filter(pl.col("day") == FIRST).row(0, named=True)
        per_euro = {"EUR": 1.0, "GBP": rates["GBP"]}[told["currency"]]
        assert told["cap_lower_usd"] == pytest.approx(told["cap_lower"] * rates["USD"] / per_euro)
    untold = set(truth.filter(pl.col("float_share").is_null())["symbol"])
    bases = members.filter(pl.col("scheme_id") == "dax_like").select("ticker", "basis_used").rows()
    assert {basis for symbol, basis in bases if symbol in untold} == {"full"}
    assert {basis for symbol, basis in bases if symbol not in untold} == {"float"}


def test_reviews_rank_the_month_before_and_count_from_the_monday(europe: Site) -> None:
    days = europe.query("select distinct scheme_id, session_date, rank_session from marts.scheme_breakpoints")
    schemes = ("dax_like", "ftse_like", "stoxx_like")
    assert set(days.rows()) == {(scheme, *when) for scheme in schemes for when in ((FIRST, FIRST), (REVIEWED, RANKED))}


def test_a_crash_leaves_dax_by_the_fast_exit(moved: Callable[[str, str], list[tuple[object, ...]]]) -> None:
    assert moved("dax_like", CRASHED_DAX) == [(REVIEWED, "large", "mid", "moved down: fast exit")]


def test_ftse_changes_one_for_one(europe: Site, moved: Callable[[str, str], list[tuple[object, ...]]]) -> None:
    """Who fell below place 110 makes room for the best outsider; for the other riser the worst member has to go."""
    assert moved("ftse_like", CRASHED_FTSE) == [(REVIEWED, "large", "mid", "moved down: exit")]
    risen = [moved("ftse_like", symbol)[0] for symbol in RISEN_FTSE]
    ups = [(REVIEWED, "mid", "large", f"moved up: {swap}") for swap in ("entry", "exit")]
    assert sorted(risen, key=str) == ups
    moves = europe.rows("marts.migrations", "from_bucket", "to_bucket", "reason", scheme_id="ftse_like").rows()
    downs = [("large", "mid", f"moved down: {swap}") for swap in ("entry", "exit")]
    assert sorted(moves) == sorted([*downs, *(up[1:] for up in ups)])


def test_limits_in_euros_hold_on_any_rate(europe: Site) -> None:
    """At exactly 2,000,000,000 EUR a company is mid on every session, with a euro less it is small."""
    found = europe.query(MEMBERS).filter(pl.col("ticker").is_in(["INNO", "EXAC", "LESS"]))
    buckets = found.filter(pl.col("scheme_id") == "fixed_eur").group_by("ticker", "bucket").len()
    days = len(MARKET.sessions)
    assert set(buckets.rows()) == {("INNO", "small", days), ("EXAC", "mid", days), ("LESS", "small", days)}
    in_usd = found.filter((pl.col("scheme_id") == "fixed_usd") & (pl.col("ticker") == "INNO"))
    assert set(in_usd["bucket"]) == {"small"}
    caps = europe.rows("core.market_caps", "cap_local", "currency", ticker="INNO")
    assert set(caps.rows()) == {(500_000_000, "EUR")}
    assert set(europe.rows("core.market_caps", "fx_rate", ticker="INNO").to_series()) != {1.0}


def test_pence_are_pounds(europe: Site) -> None:
    caps = europe.rows("core.market_caps", "price", "cap_local", "currency", ticker="BARC")
    assert set(caps.rows()) == {(4.0525, 5_592_450_000, "GBP")}


def test_nights_end_as_a_backfill_and_a_rebuild_do(
    europe: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The review falls into the second night."""
    once = europe.hashes()
    nights = _backfilled(_site(tmp_path / "nights", monkeypatch), date(2025, 3, 20))
    for session in MARKET.sessions[-2:]:
        write_files(nights.archive, MARKET.files(session))
        outcome = nights.nightly(session)
        assert outcome.exit_code == 0, outcome.one_line
    by_nights = nights.hashes()
    assert nights.rebuild().exit_code == 0
    assert nights.hashes() == by_nights
    tables = [name for name in once if name.startswith(("marts.", "core.bucket", "core.market_caps"))]
    assert {name: by_nights[name] for name in tables} == {name: once[name] for name in tables}
