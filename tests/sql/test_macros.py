"""What an analyst is answered about a session, given what could be known at a moment."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.edge import ddl, loading, macros, sql_files
from tests.sql import hand_made
from transforms.contracts import table
from transforms.core.fx import CARRIED_DAYS, MINOR_UNITS, UNITS_IN_MAJOR

START = datetime(2024, 1, 1, tzinfo=UTC)
SESSION = date(2024, 1, 20)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables and the macros."""
    opened = duckdb.connect()
    opened.execute("set timezone = 'UTC'")
    ddl.apply(opened)
    macros.apply(opened, macros.read_macros())
    yield opened
    opened.close()


def ask(con: duckdb.DuckDBPyConnection, name: str, rows: list[Row], moment: datetime) -> pl.DataFrame:
    """What the macro answers about SESSION where its table has just these rows."""
    contract = table(name)
    con.execute(f"truncate {name}")
    loading.insert(con, contract, hand_made.rows(name, *rows))
    found = con.execute(f"from {name}_as_of(?::date, ?::timestamptz)", [SESSION, moment]).pl()
    return contract.conform(found)


def day(number: int) -> date:
    return START.date() + timedelta(days=number)


def noon(number: int) -> datetime:
    return START + timedelta(days=number, hours=12)


def test_of_counts_the_newest_that_was_public(con: duckdb.DuckDBPyConnection) -> None:
    told = [(2, 3, 100), (2, 9, 101), (5, 8, 200), (12, 14, 300), (25, 26, 400)]
    rows = [{"as_of": day(about), "known_at": noon(known), "shares": shares} for about, known, shares in told]
    answers = {number: ask(con, "core.share_counts", rows, noon(number))["shares"].to_list() for number in range(30)}

    assert answers[2] == []
    assert answers[7] == [100]
    assert answers[8] == [200]
    assert answers[9] == [200], "what corrects an older count is not the newest count"
    assert answers[14] == answers[29] == [300], "a count about a later day is none for this session"


def counted(about: int, known: int, accession: str, **others: Any) -> Row:
    """A count of a filing, or the operator's own where the filing has no accession."""
    origin = {"source": "sec_edgar" if accession else "files", "quality": "class" if accession else "reported"}
    return {"as_of": day(about), "known_at": noon(known), "accession": accession, **origin, **others}


def shares_by_class(con: duckdb.DuckDBPyConnection, rows: list[Row], number: int) -> dict[str, int]:
    """Class to count, as the macro answers at noon of a day."""
    answer = ask(con, "core.share_counts", rows, noon(number))
    assert answer.select("company_id", "share_class").is_unique().all()
    assert answer.select("as_of", "accession").unique().height <= 1
    return dict(answer.select("share_class", "shares").iter_rows())


def test_every_class_of_the_newest_filing_and_none_of_an_older_one(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        counted(2, 4, "F-1", share_class="A", shares=100),
        counted(2, 4, "F-1", share_class="B", shares=10),
        counted(9, 11, "F-2", share_class="A", shares=130),
        counted(9, 11, "F-2", share_class="C", shares=7),
        counted(15, 18, "F-3", share_class="all", shares=140, quality="single"),
    ]

    assert shares_by_class(con, rows, 10) == {"A": 100, "B": 10}
    assert shares_by_class(con, rows, 17) == {"A": 130, "C": 7}, (
        "class B is no more: its old count would add to the new"
    )
    assert shares_by_class(con, rows, 18) == {"all": 140}


def test_a_refused_count_is_not_told_and_hides_none(con: duckdb.DuckDBPyConnection) -> None:
    refused = {"status": "refused", "reason_code": "placeholder", "quality": "single"}
    rows = [
        counted(2, 4, "F-1", share_class="A", shares=100),
        counted(9, 11, "F-2", share_class="all", shares=1, **refused),
    ]

    assert shares_by_class(con, rows, 12) == {"A": 100}
    assert shares_by_class(con, rows[1:], 12) == {}


def test_an_operators_counts_of_one_date_stand_beside_no_filing(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        counted(9, 11, "F-2", share_class="A", shares=130),
        counted(12, 12, "", share_class="A", shares=150),
        counted(12, 13, "", share_class="B", shares=9),
        counted(12, 14, "", share_class="A", shares=155),
    ]

    assert shares_by_class(con, rows, 11) == {"A": 130}
    assert shares_by_class(con, rows, 12) == {"A": 150}
    assert shares_by_class(con, rows, 13) == {"A": 150, "B": 9}
    assert shares_by_class(con, rows, 14) == {"A": 155, "B": 9}, "put right under the same date"


def test_of_one_date_the_filing_published_last_then_the_higher_accession(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        counted(9, 11, "F-2", share_class="A", shares=1),
        counted(9, 11, "F-3", share_class="A", shares=2),
        counted(9, 13, "F-1", share_class="A", shares=3),
        counted(9, 15, "", share_class="A", shares=4),
    ]

    assert [shares_by_class(con, rows, number) for number in (12, 14, 16)] == [{"A": 2}, {"A": 3}, {"A": 4}]


def test_companies_are_answered_each_by_its_own_filing(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        counted(2, 4, "F-1", company_id="C:A", shares=100),
        counted(9, 11, "F-2", company_id="C:B", shares=200),
    ]

    assert sorted(ask(con, "core.share_counts", rows, noon(12))["shares"]) == [100, 200]


def fact(known: int, vintage: int, value: float, **others: Any) -> Row:
    row = {"period_start": date(2023, 10, 1), "period_end": date(2023, 12, 31), "known_at": noon(known)}
    return {**row, "vintage_date": day(vintage), "value": value, **others}


def test_of_vintages_the_last_one_downloaded_by_then(con: duckdb.DuckDBPyConnection) -> None:
    rows = [fact(3, 4, 1.0), fact(3, 10, 2.0), fact(3, 15, 3.0)]
    answers = {n: ask(con, "core.fundamentals", rows, noon(n))["value"].to_list() for n in range(20)}

    assert answers[2] == [], "it was not published"
    assert answers[3] == [1.0], "published; the first download that tells of it came later"
    assert answers[10] == [1.0], "a download counts from the end of its day in New York"
    assert answers[11] == [2.0]
    assert answers[16] == [3.0]


def test_a_restatement_counts_from_its_publication(con: duckdb.DuckDBPyConnection) -> None:
    rows = [fact(3, 4, 1.0), fact(9, 12, 2.0)]

    assert ask(con, "core.fundamentals", rows, noon(8))["value"].to_list() == [1.0]
    assert ask(con, "core.fundamentals", rows, noon(13))["value"].to_list() == [2.0]


def test_a_period_that_ends_after_the_session_is_not_told(con: duckdb.DuckDBPyConnection) -> None:
    later = fact(25, 26, 1.0, period_end=date(2024, 1, 21))

    assert ask(con, "core.fundamentals", [later], noon(40)).is_empty()


days = st.integers(0, 30)
counts = st.lists(
    st.builds(
        lambda about, delay, accession, share_class, status: counted(
            about, about + delay, accession, company_id="C:A~20240102", share_class=share_class, status=status
        ),
        days, st.integers(0, 10), st.sampled_from(["", "F-1", "F-2"]), st.sampled_from(["A", "B"]),
        st.sampled_from(["accepted", "accepted", "refused"]),
    ),
    max_size=8,
    unique_by=lambda row: (row["as_of"], row["known_at"], row["accession"], row["share_class"]),
)  # fmt: skip
facts = st.lists(
    st.builds(
        lambda known, delay, value, concept: fact(known, known + delay, float(value), concept=concept),
        days, st.integers(0, 10), st.integers(0, 3), st.sampled_from(["revenue", "total_equity"]),
    ),
    max_size=8,
    unique_by=lambda row: (row["concept"], row["known_at"], row["vintage_date"]),
)  # fmt: skip


@given(counts, days)
def test_counts_known_later_change_no_answer(con: duckdb.DuckDBPyConnection, rows: list[Row], number: int) -> None:
    moment = noon(number)
    public = [row for row in rows if row["known_at"] <= moment]

    answer = ask(con, "core.share_counts", rows, moment)
    assert answer.sort("share_class").equals(ask(con, "core.share_counts", public, moment).sort("share_class"))
    assert answer.select("as_of", "accession").unique().height <= 1, "one filing"
    usable = [row for row in public if row["status"] == "accepted" and row["as_of"] <= SESSION]
    newest = max((row["as_of"] for row in usable), default=None)
    assert answer["as_of"].max() == newest


@given(facts, days)
def test_facts_known_later_change_no_answer(con: duckdb.DuckDBPyConnection, rows: list[Row], number: int) -> None:
    """Nor does a download that came later, where an earlier one had told of the fact."""
    moment = noon(number)
    public = [row for row in rows if row["known_at"] <= moment]
    had = {row["concept"] for row in public if row["vintage_date"] < moment.date()}
    known = [row for row in public if row["vintage_date"] < moment.date() or row["concept"] not in had]

    answer = ask(con, "core.fundamentals", rows, moment)
    assert answer.equals(ask(con, "core.fundamentals", public, moment))
    assert answer.equals(ask(con, "core.fundamentals", known, moment))
    assert sorted(answer["concept"]) == sorted({row["concept"] for row in public}), "one answer each"


def test_a_macro_without_a_key_in_its_header_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = sql_files.parse("lacking", "-- purpose: x\n-- grain: y\n-- owner: z\n\nselect 1 as one")
    monkeypatch.setattr(sql_files, "read_folder", lambda _: [lacking])

    with pytest.raises(ValueError, match=r"sql/macros/lacking.sql: the header lacks parameters"):
        macros.read_macros()


PUBLISHED = {"USD": 1.25, "GBP": 0.8, "SEK": 11.0, "ZAR": 20.0, "ILS": 4.0}
"""Units for a euro on one day."""


@pytest.fixture
def rates(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """core.fx_rates of one day, and of the pound a newer rate."""
    told = {"EUR": 1.25, **{name: 1.25 / units for name, units in PUBLISHED.items() if name != "USD"}}
    rows = [
        {"currency": name, "as_of": day(10), "known_at": noon(10), "usd_per_unit": rate, "source": "ecb_rates"}
        for name, rate in told.items()
    ]
    newer = {"currency": "GBP", "as_of": day(12), "known_at": noon(12), "usd_per_unit": 2.0, "source": "ecb_rates"}
    con.execute("truncate core.fx_rates")
    loading.insert(con, table("core.fx_rates"), hand_made.rows("core.fx_rates", *rows, newer))
    return con


def exchange(con: duckdb.DuckDBPyConnection, given: str, into: str, on: date) -> list[tuple[Any, ...]]:
    return con.execute("select rate, as_of from core.exchange_rate(?, ?, ?::date)", [given, into, on]).fetchall()


@pytest.mark.parametrize(
    ("given", "into", "rate"),
    [
        ("GBP", "SEK", 13.75),  # 11 / 0.8, through the euro
        ("SEK", "GBP", 0.8 / 11),
        ("GBp", "SEK", 0.1375),  # pence
        ("GBX", "GBP", 0.01),
        ("GBP", "GBp", 100.0),
        ("ZAc", "USD", 0.000625),  # cents: 1.25 / 20 / 100
        ("ILA", "ILS", 0.01),
        ("ILS", "USD", 0.3125),
        ("ILA", "EUR", 0.0025),
        ("EUR", "USD", 1.25),
        ("USD", "EUR", 0.8),
    ],
)
def test_crosses_and_minor_units(rates: duckdb.DuckDBPyConnection, given: str, into: str, rate: float) -> None:
    assert exchange(rates, given, into, day(10)) == [(pytest.approx(rate, rel=1e-12), day(10))]


def test_an_exchange_rate_is_the_newest_by_the_day_and_no_older_than_a_week(rates: duckdb.DuckDBPyConnection) -> None:
    assert exchange(rates, "GBP", "SEK", day(9)) == []
    assert exchange(rates, "GBP", "USD", day(11)) == [(pytest.approx(1.5625), day(10))]
    assert exchange(rates, "GBP", "USD", day(12)) == [(pytest.approx(2.0), day(12))]
    assert exchange(rates, "GBP", "SEK", day(17)) == [(pytest.approx(2.0 * 11 / 1.25), day(10))]
    assert exchange(rates, "GBP", "SEK", day(18)) == [], "the krona's rate is eight days old"
    assert exchange(rates, "GBP", "XXX", day(12)) == []
    assert exchange(rates, "USD", "USD", day(12)) == [(1.0, None)]


def test_the_macro_knows_the_minor_units_that_quotes_may_have(rates: duckdb.DuckDBPyConnection) -> None:
    for minor, major in MINOR_UNITS.items():
        assert exchange(rates, minor, major, day(12)) == [(pytest.approx(1 / UNITS_IN_MAJOR), ANY)]
    assert CARRIED_DAYS == 7
