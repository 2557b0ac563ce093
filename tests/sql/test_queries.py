"""What analysts ask: each query runs, and answers what its header asks."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.edge import sql_files
from flows.edge.warehouse import reading
from flows.steps.base import MONTHS
from tests.sql import hand_made
from transforms.core.cap_quality import AGREES, AGREES_IN_PERIOD, DIFFERS
from transforms.core.period_counts import LOOKBACK_MONTHS, MONTHLY_COUNTS, monthly_counts

QUERIES = {file.name: file for file in sql_files.read_folder(sql_files.QUERIES)}


def answer(path: Path, name: str) -> pl.DataFrame:
    with reading(path) as con:
        return con.execute(QUERIES[name].text).pl()


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_runs_and_says_what_it_asks(name: str, good: Path) -> None:
    assert QUERIES[name].header["question"].endswith("?")
    assert answer(good, name).width > 1


def test_the_discount_of_small_caps_shows_with_its_coverage(good: Path) -> None:
    found = answer(good, "small_against_large").filter(pl.col("measure") == "pe")

    assert found["discount_pct"].to_list() == [-20.0, -20.0]
    assert "small_cap_coverage" in found.columns


def test_refused_sessions_name_their_rules(good: Path) -> None:
    found = answer(good, "refused_sessions").select("session_date", "status", "rule_code")

    assert found.rows() == [(hand_made.REFUSED, "refused", "ADM_TOTAL")]


def test_concentration_counts_the_ten_largest(good: Path) -> None:
    newest = answer(good, "concentration").row(0, named=True)

    assert newest["top_ten_pct"] == 100.0, "there are only six companies"
    assert newest["mega_pct"] == round(100 * hand_made.cap("MEGA") / hand_made.TOTAL_CAP, 2)


def test_flows_on_breakout_needs_a_high_and_outflows(good: Path, tmp_path: Path) -> None:
    def outflows(frames: hand_made.Frames) -> hand_made.Frames:
        flows = frames["marts.segment_flows_daily"]
        frames["marts.segment_flows_daily"] = flows.with_columns(
            flow_60d_known_usd=pl.lit(-1e9), known_sessions_60d=pl.lit(54, pl.Int32)
        )
        return frames

    def around_a_review(frames: hand_made.Frames) -> hand_made.Frames:
        flows = outflows(frames)["marts.segment_flows_daily"]
        frames["marts.segment_flows_daily"] = flows.with_columns(
            is_reconstitution=pl.col("session_date") == hand_made.FIRST
        )
        return frames

    assert answer(good, "flows_on_breakout").is_empty()
    leaving = hand_made.closed_build(tmp_path, "leaving", change=outflows)
    assert answer(leaving, "flows_on_breakout").height == 2
    reviewed = hand_made.closed_build(tmp_path / "reviewed", "reviewed", change=around_a_review)
    assert answer(reviewed, "flows_on_breakout").height == 1


def test_a_cap_is_traced_to_the_file_it_was_served_in(good: Path) -> None:
    found = answer(good, "where_a_cap_comes_from").filter(pl.col("ticker") == "INNO")

    assert found["quote_file_sha256"].item() == hand_made.SHA
    assert found["landed_at"].item() is not None


def test_tiers_that_differ_say_since_when(good: Path) -> None:
    found = answer(good, "where_tiers_differ")

    assert found.select("ticker", "flag", "check_gap_pct", "last_session_without").rows() == [
        ("MICR", "vendor_jumped", 25.0, hand_made.FIRST)
    ]


def test_queries_cannot_write(good: Path) -> None:
    with reading(good) as con, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        con.execute("delete from core.quotes")


def test_counts_agree_as_they_stand_and_accounted_for(tmp_path: Path) -> None:
    verdicts = [("trusted", AGREES), ("trusted", AGREES_IN_PERIOD), ("disputed", DIFFERS)]

    def judge(frames: hand_made.Frames) -> hand_made.Frames:
        caps, securities = frames["core.market_caps"], frames["core.securities"]
        told = dict(zip(caps["ticker"].unique().sort(), verdicts, strict=False))
        frames["core.market_caps"] = caps.with_columns(
            *(
                pl.col("ticker")
                .replace_strict({name: values[at] for name, values in told.items()}, default=pl.col(column))
                .alias(column)
                for at, column in enumerate(("quality", "reason"))
            )
        )
        frames["core.securities"] = securities.with_columns(country=pl.lit("United States"))
        return frames

    found = answer(hand_made.closed_build(tmp_path, "judged", change=judge), "agreement_of_counts")
    assert found["companies"].sum() == 3
    assert (found["companies"] * found["as_they_stand_pct"]).sum() == 100
    assert (found["companies"] * found["accounted_pct"]).sum() == 200
    assert found.select("over_the_period", "last_reported_quarter", "differ").sum().row(0) == (1, 0, 1)


def test_the_months_that_a_run_starts_from_are_those_of_the_caps(good: Path) -> None:
    with reading(good) as con:
        caps = con.execute("from core.market_caps").pl()
        months = con.execute(MONTHS, [LOOKBACK_MONTHS]).pl()
    assert months.equals(monthly_counts(caps))
    assert months.schema == MONTHLY_COUNTS
    assert months.height >= 6
