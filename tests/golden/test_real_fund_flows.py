"""Real counts of shares against real published flows, pair by pair; docs/fund_flows.md has the causes."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import Landing
from flows.market_calendar import all_sessions, sessions_between
from flows.sources import source
from transforms.core.fund_shares import closed_day_figures, fund_share_rows
from transforms.measures.evidence import of_flows
from transforms.measures.fund_flows import fund_flows_daily, segment_flows_daily

ETF = source("etf_flows")
COUNTRIES = ("EWJ", "EWY", "EWZ")
SATURDAY, FRIDAY, MONDAY, LAST = date(2026, 3, 28), date(2026, 3, 27), date(2026, 3, 30), date(2026, 3, 31)


@pytest.fixture(scope="module")
def staged(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    landing = Landing(tmp_path_factory.mktemp("funds") / "landing")
    found = {}
    for entry in ETF.archive_files(Archive(shared_data), []):
        file = land_archived(landing, Archive(shared_data), entry, ETF.licence, datetime(2026, 6, 1, tzinfo=UTC))
        found[file.dataset] = ETF.read(landing.read(file), file).rows
    return found


@pytest.fixture(scope="module")
def facts(staged: dict[str, pl.DataFrame]) -> pl.DataFrame:
    counts = [staged[name] for name in ("shares", "assets", "ishares_shares")]
    return fund_share_rows([staged["flows"]], counts, all_sessions(), source="etf_flows")


def made_of_counts(shared_data: Path) -> pl.DataFrame:
    """Of three funds each session's close and flow, as somebody made it of the issuer's counts."""
    folder = shared_data / "etf" / "ishares_country_shares"
    return pl.concat(
        pl.DataFrame(json.loads((folder / f"{fund}.json").read_text())["flows"]).select(
            fund=pl.lit(fund),
            session_date=pl.col("date").str.to_date(),
            close=pl.col("close"),
            told=pl.col("daily_flow").cast(pl.Float64),
        )
        for fund in COUNTRIES
    )


def derived(counts: pl.DataFrame, sessions: list[date]) -> pl.DataFrame:
    """Flows from these counts alone, by the product's own way."""
    rows = fund_share_rows([], [counts], all_sessions(), source="etf_flows")
    return fund_flows_daily(rows, sessions, all_sessions()).filter(pl.col("quality").is_in(["derived", "not_updated"]))


def test_an_issuers_counts_give_the_flows_that_were_made_of_them(
    shared_data: Path, staged: dict[str, pl.DataFrame]
) -> None:
    """627 pairs: 206 flows and 421 times none, nothing else; priced at the close, or from March at the NAV."""
    told = made_of_counts(shared_data)
    counts = staged["ishares_shares"].join(
        told.select("fund", "close", as_of="session_date"), on=["fund", "as_of"], how="left"
    )
    priced = counts.with_columns(nav=pl.coalesce("nav", "close")).drop("close")
    ours = derived(priced, sessions_between(date(2025, 7, 2), date(2026, 4, 30)))
    both = told.join(ours, on=["fund", "session_date"], how="left")
    assert both.height == 630
    lost = both.filter(pl.col("quality").is_null())
    assert set(lost["session_date"]) == {date(2026, 5, 1)}, "the day after the history's last"
    pairs = both.filter(pl.col("quality").is_not_null())
    moved = pairs.filter(pl.col("told") != 0)
    assert (pairs.height, moved.height) == (627, 206)
    assert set(moved["quality"]) == {"derived"}
    assert set(pairs.filter(pl.col("told") == 0)["quality"]) == {"not_updated"}
    apart = (moved["flow_usd"] / moved["told"] - 1).abs()
    assert apart.max() < 2e-4, "the closes are rounded to cents, the flows were not"
    with_nav = moved.filter(pl.col("session_date") >= date(2026, 3, 4))["flow_usd"].len()
    assert with_nav == 59


def test_relayed_counts_give_the_flows_that_were_published_with_them(staged: dict[str, pl.DataFrame]) -> None:
    """118 pairs with a price: 42 flows agree, 48 zeros are ours too, 28 are of a fund without published flows."""
    counts = staged["shares"].with_columns(as_of=pl.col("as_of").replace(SATURDAY, FRIDAY))
    ours = derived(counts, sessions_between(date(2025, 3, 6), LAST)).filter(
        pl.col("fund").ne("PSLV") | pl.col("session_date").lt(SATURDAY)
    )
    both = ours.join(
        staged["flows"].select("fund", session_date="as_of", told="flow_usd"), on=["fund", "session_date"], how="left"
    )
    without = both.filter(~pl.col("fund").is_in(staged["flows"]["fund"].unique().to_list()))
    with_told = both.join(without, on=["fund", "session_date"], how="anti")
    assert Counter(with_told["quality"]) == {"derived": 42, "not_updated": 48}
    assert set(with_told.filter(quality="not_updated")["told"]) == {0.0}
    moved = with_told.filter(quality="derived").with_columns(apart=(pl.col("flow_usd") / pl.col("told") - 1).abs())
    assert Counter(moved["session_date"]) == {MONDAY: 15, LAST: 27}
    assert moved.filter(session_date=MONDAY)["apart"].max() < 1e-9
    assert moved.filter(session_date=LAST)["apart"].max() < 3e-3, "the price of that day is one taken before the close"
    assert set(without["fund"]) == {"PSLV"}


def test_published_flows_of_two_funds_are_not_those_of_their_issuers_counts(
    shared_data: Path, staged: dict[str, pl.DataFrame]
) -> None:
    """EWJ and EWZ until 27 March: no published flow is a change of the issuer's count, on that day or beside it."""
    change = pl.col("shares").diff().over("fund")
    changes = (
        staged["ishares_shares"]
        .sort("fund", "as_of")
        .with_columns(change=change)
        .with_columns(pl.col("change").shift(by).over("fund").alias(f"shifted {by}") for by in (-1, 1))
        .join(made_of_counts(shared_data).rename({"session_date": "as_of"}), on=["fund", "as_of"])
    )
    flows = staged["flows"].filter(pl.col("fund").is_in(["EWJ", "EWZ"]) & (pl.col("as_of") < SATURDAY))
    both = flows.join(changes, on=["fund", "as_of"])
    known, blank = both.filter(pl.col("flow_usd").is_not_null()), both.filter(pl.col("flow_usd").is_null())
    for name in ("change", "shifted -1", "shifted 1"):
        agrees = (pl.col(name) * pl.col("close") / pl.col("flow_usd") - 1).abs() < 0.02
        assert known.filter(agrees).is_empty()
    assert known.height == 26
    assert known.filter((pl.col("change") < 0) & (pl.col("flow_usd") > 0)).height == 3, "not even the sign"
    moved = blank.filter(pl.col("change") != 0)
    assert (blank.height, moved.height) == (92, 45), "a blank is no zero: half the time the count had moved"


def test_zeros_and_blanks_fall_into_classes(staged: dict[str, pl.DataFrame]) -> None:
    flows, open_days = staged["flows"], set(all_sessions())
    blanks = flows.filter(pl.col("flow_usd").is_null())
    kinds = Counter(
        "holiday"
        if day not in open_days
        else "not out yet"
        if day > LAST
        else "first count"
        if day == MONDAY
        else "blank"
        for day in blanks["as_of"]
    )
    assert kinds == {"holiday": 153, "not out yet": 102, "first count": 12, "blank": 633}
    moves = (
        staged["shares"]
        .filter(pl.col("as_of") >= SATURDAY)
        .sort("fund", "as_of")
        .with_columns(change=pl.col("shares").diff().over("fund"))
        .filter(pl.col("change") != 0)
    )
    days: dict[str, list[date]] = dict(moves.group_by("fund").agg("as_of").rows())
    zeros = flows.filter(pl.col("flow_usd") == 0)
    classes = Counter(
        (
            day,
            "moved before" if any(d < day for d in days.get(fund, [])) else "moves later" if fund in days else "never",
        )
        for fund, day in zeros.select("fund", "as_of").rows()
    )
    assert classes == {
        (MONDAY, "moves later"): 18,
        (MONDAY, "never"): 6,
        (LAST, "moved before"): 3,
        (LAST, "moves later"): 4,
        (LAST, "never"): 17,
    }
    assert flows.height - blanks.height - zeros.height == 2418


def test_a_relayed_zero_was_an_outflow_of_the_issuer(staged: dict[str, pl.DataFrame]) -> None:
    """EWJ on 30 March: the relay's count moved a session after the issuer's. So a relayed zero is no zero."""
    own = staged["ishares_shares"].filter(pl.col("fund") == "EWJ").sort("as_of")
    relayed = staged["shares"].filter(pl.col("fund") == "EWJ").sort("as_of")
    change = {
        name: dict(frame.select("as_of", pl.col("shares").diff()).rows())
        for name, frame in (("own", own), ("relayed", relayed))
    }
    assert change["own"][MONDAY] == change["relayed"][LAST] == -6_600_000
    assert change["relayed"][MONDAY] == 0


def test_the_largest_flow_is_large_is_kept_and_came_back(facts: pl.DataFrame) -> None:
    """IVV, 16 March: 3.3 % of assets, in the week of the quarterly review; within ten sessions more came back."""
    told = fund_flows_daily(facts, sessions_between(date(2026, 3, 2), LAST), all_sessions()).filter(fund="IVV")
    row = told.filter(session_date=date(2026, 3, 16)).row(0, named=True)
    assert (row["quality"], row["marks"]) == ("reported", "reconstitution")
    assets = facts.filter((pl.col("fund") == "IVV") & (pl.col("aum_usd") > 0))["aum_usd"].item()
    assert row["flow_usd"] / assets == pytest.approx(-0.0333, abs=1e-4)
    span = told.filter(pl.col("session_date").is_between(date(2026, 3, 11), date(2026, 3, 26)))
    out = span.filter(pl.col("session_date") <= date(2026, 3, 17))["flow_usd"].sum()
    back = span.filter(pl.col("session_date") > date(2026, 3, 17))["flow_usd"].sum()
    assert (out, back) == (pytest.approx(-48.7e9, rel=1e-3), pytest.approx(61.2e9, rel=1e-3))
    returned = told.filter(session_date=date(2026, 3, 24)).row(0, named=True)
    assert returned["marks"] == "reconstitution, round_trip"


def test_days_without_a_session_are_told(staged: dict[str, pl.DataFrame]) -> None:
    told = closed_day_figures(staged["shares"], all_sessions(), source="etf_flows", file="f")
    assert Counter(told["detail"])["2026-03-28"] == 39
    assert set(told["reason_code"]) == {"not_a_session"}


def test_the_claim_is_filled_at_the_end_of_march_and_without_data_at_the_end_of_2024(facts: pl.DataFrame) -> None:
    segments = segment_flows_daily(fund_flows_daily(facts, [LAST], all_sessions()))
    told = of_flows(segments).row(0, named=True)
    assert told["value"] == pytest.approx(-4.146e9, rel=1e-3)
    assert told["source"] == "marts.segment_flows_daily: 58 of 60 sessions known"
    unknown = fund_flows_daily(facts, sessions_between(date(2026, 1, 5), LAST), all_sessions()).filter(
        (pl.col("fund") == "IWM") & pl.col("flow_usd").is_null()
    )
    assert unknown.select("session_date", "quality").rows() == [
        (date(2026, 1, 27), "missing"),
        (MONDAY, "not_updated"),
    ]
    assert facts.filter(pl.col("as_of") <= date(2024, 12, 31)).is_empty()
