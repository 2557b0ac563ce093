"""What must hold for any facts: order does not matter, the future does not matter, nights equal one run."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import event, given, settings
from hypothesis import strategies as st

from transforms.core.fundamentals import Statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states
from transforms.measures.spreads import valuation_spread_daily
from transforms.measures.statement_lines import entity_lines, with_statement_lines
from transforms.measures.valuation import valuation_daily

ORIGIN = date(2022, 1, 3)
COMPANIES = ("A", "B", "C", "D")
QUARTER_ENDS = [date(2021 + n // 4, *((3, 31), (6, 30), (9, 30), (12, 31))[n % 4]) for n in range(8)]
SESSIONS = [ORIGIN + timedelta(days=90 * n) for n in range(6)]

FLOWS = ("net_income_common", "revenue", "operating_income", "interest_expense_net", "operating_cash_flow",
         "capital_expenditure")  # fmt: skip
STOCKS = ("total_equity", "total_assets", "total_liabilities", "current_assets", "current_liabilities",
          "retained_earnings", "cash_and_short_term_investments", "short_term_debt", "long_term_debt")  # fmt: skip
_SCHEMA = {
    "source": pl.String,
    "source_entity": pl.String,
    "period_kind": pl.String,
    "report_date": pl.Date,
    "publish_date": pl.Date,
    "vintage_date": pl.Date,
    "currency": pl.String,
    **dict.fromkeys((*FLOWS, *STOCKS), pl.Int64),
}
numbers = st.integers(-(10**12), 10**12)
amounts = st.tuples(st.integers(0, 20), numbers).map(lambda pair: None if pair[0] == 7 else pair[1])
details = st.fixed_dictionaries(
    {
        "delay_days": st.integers(0, 200),
        "vintage_date": st.integers(0, 9).map(
            lambda n: {3: date(2021, 7, 28), 4: date(2022, 9, 1)}.get(n, date(2025, 9, 22))
        ),
        **dict.fromkeys((*FLOWS, "total_equity", "cash_and_short_term_investments", "long_term_debt"), amounts),
    }
)


@st.composite
def fact_lists(draw: st.DrawFn) -> list[dict[str, object]]:
    """Facts of a few companies with most quarters there, so that trailing years come about, and some gaps."""
    facts: list[dict[str, object]] = []
    for company in draw(st.lists(st.sampled_from(COMPANIES), min_size=1, max_size=2, unique=True)):
        year_end = draw(st.sampled_from([6, 12]))
        annual_ends = [end for end in QUARTER_ENDS if end.month == year_end]
        wanted = [("quarter", end) for end in QUARTER_ENDS] + [("annual", end) for end in annual_ends]
        missing = draw(st.sets(st.sampled_from(wanted), max_size=5))
        again = draw(st.lists(st.sampled_from(wanted), max_size=5))
        for kind, end in [*(cell for cell in wanted if cell not in missing), *again]:
            fact = {"source_entity": company, "period_kind": kind, "report_date": end, "currency": "USD"}
            facts.append(fact | draw(details))
    return facts


def versions(facts: list[dict[str, object]]) -> pl.DataFrame:
    schema = _SCHEMA | {"delay_days": pl.Int64}
    return (
        pl.DataFrame(facts, schema=schema)
        .with_columns((pl.col("report_date") + pl.duration(days=pl.col("delay_days"))).alias("publish_date"))
        .filter(pl.col("publish_date") <= pl.col("vintage_date"))
        .unique(["source_entity", "period_kind", "report_date", "vintage_date"], keep="first", maintain_order=True)
        .drop("delay_days")
    )


def statements(frame: pl.DataFrame) -> Statements:
    quarters = frame.filter(pl.col("period_kind") == "quarter")
    return Statements(income=frame.drop(STOCKS), balance=quarters.drop(FLOWS))


LINKS = pl.DataFrame(
    {
        "company_id": [f"C:{name}" for name in COMPANIES],
        "source_entity": COMPANIES,
        "valid_from": [ORIGIN] * 4,
        "rule_rank": [0] * 4,
    }
)
CAPS = pl.DataFrame({"session_date": SESSIONS}, schema={"session_date": pl.Date}).join(
    pl.DataFrame({"company_id": [f"C:{name}" for name in COMPANIES], "cap_usd": [10, 20, 30, 40]}),
    how="cross",
)
MEMBERS = CAPS.with_columns(
    pl.lit("fixed_usd").alias("scheme_id"),
    pl.when(pl.col("cap_usd") < 25).then(pl.lit("small")).otherwise(pl.lit("large")).alias("bucket"),
)


def known(frame: pl.DataFrame, caps: pl.DataFrame = CAPS, last: date | None = None) -> pl.DataFrame:
    """By states of the caps' own sessions, or of a run that goes on until `last`."""
    sessions = caps["session_date"].to_list()
    span = (min(sessions), last or max(sessions))
    told = statements(frame)
    narrow = company_fundamentals_asof(caps, LINKS, entity_states(told, *span))
    return with_statement_lines(narrow, entity_lines(told, *span)).sort("session_date", "company_id")


@settings(deadline=None, max_examples=30)
@given(facts=fact_lists(), cut=st.sampled_from(SESSIONS))
def test_facts_published_after_a_session_change_nothing_on_it(facts: list[dict[str, object]], cut: date) -> None:
    frame = versions(facts)
    until = CAPS.filter(pl.col("session_date") <= cut)
    by_then = known(frame.filter(pl.col("publish_date") <= cut), until)
    assert known(frame, until).equals(by_then)
    assert known(frame, until, last=SESSIONS[-1]).equals(by_then)


@settings(deadline=None, max_examples=30)
@given(facts=fact_lists(), seed=st.integers(0, 1000))
def test_neither_the_order_of_facts_nor_of_companies_matters(facts: list[dict[str, object]], seed: int) -> None:
    frame = versions(facts)
    fundamentals = known(frame)
    assert known(shuffled(frame, seed), shuffled(CAPS, seed)).equals(fundamentals)

    turned = valuation_daily(shuffled(MEMBERS, seed), shuffled(fundamentals, seed))
    assert turned.equals(valuation_daily(MEMBERS, fundamentals))


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)


@settings(deadline=None, max_examples=20)
@given(facts=fact_lists(), split=st.integers(1, len(SESSIONS) - 1))
def test_night_by_night_gives_what_one_run_gives(facts: list[dict[str, object]], split: int) -> None:
    frame = versions(facts)
    whole = valuation_daily(MEMBERS, known(frame))
    spreads = valuation_spread_daily(whole)

    published = valuation_spread_daily(whole.filter(pl.col("session_date") < SESSIONS[split]))
    for session in SESSIONS[split:]:
        is_session = pl.col("session_date") == session
        night = valuation_daily(MEMBERS.filter(is_session), known(frame, CAPS.filter(is_session)))
        assert night.equals(whole.filter(is_session))
        published = pl.concat([published, valuation_spread_daily(night, published)])
    assert published.sort(spreads.columns[:5]).equals(spreads.sort(spreads.columns[:5]))


@settings(deadline=None, max_examples=30)
@given(facts=fact_lists())
def test_a_multiple_is_never_negative_and_null_exactly_with_a_reason(facts: list[dict[str, object]]) -> None:
    valuation = valuation_daily(MEMBERS, known(versions(facts)))
    multiples = valuation.filter(pl.col("measure") != "earnings_yield")
    assert multiples.filter(pl.col("value") <= 0).is_empty()
    assert valuation.filter(pl.col("value").is_null() != pl.col("null_reason").is_not_null()).is_empty()


@settings(deadline=None, max_examples=20)
@given(facts=fact_lists())
def test_the_vectorised_rule_agrees_with_the_rule_as_it_is_told(facts: list[dict[str, object]]) -> None:
    told = statements(versions(facts))
    for row in known(versions(facts)).iter_rows(named=True):
        entity, day = row["source_entity"], row["session_date"]
        balance = visible(told.balance, entity, "quarter", day)
        newest = max(balance, default=None)
        equity = balance[newest]["total_equity"] if newest and is_fresh(newest, day) else None
        assert row["total_equity_usd"] == equity
        assert (row["income_period_end"], row["net_income_ttm_usd"]) == year_as_told(told.income, entity, day)
        if row["income_period_end"] is not None:
            before = year_before_as_told(told.income, entity, day, row["income_period_end"])
            assert row["operating_income_year_before_usd"] == before
            event(f"year before known: {before is not None}")
        event(f"trailing year known: {row['net_income_ttm_usd'] is not None}, basis {row['income_basis']}")


Facts = dict[date, dict[str, Any]]


def visible(frame: pl.DataFrame, entity: str, kind: str, day: date) -> Facts:
    """Of each period's publications by the day: the latest download by the day, else the earliest later one."""
    periods: dict[date, list[dict[str, Any]]] = {}
    for fact in frame.filter(source_entity=entity, period_kind=kind).iter_rows(named=True):
        if fact["publish_date"] <= day:
            periods.setdefault(fact["report_date"], []).append(fact)
    chosen: Facts = {}
    for period, published in periods.items():
        ordered = sorted(published, key=lambda fact: fact["vintage_date"])
        downloaded = [fact for fact in ordered if fact["vintage_date"] <= day]
        chosen[period] = downloaded[-1] if downloaded else ordered[0]
    return chosen


def is_fresh(period_end: date, day: date) -> bool:
    return bool(day <= pl.select(pl.lit(period_end).dt.offset_by("15mo")).item())


def year_as_told(income: pl.DataFrame, entity: str, day: date) -> tuple[date | None, int | None]:
    """Period end and net income of the trailing year, in plain words; all quarters are calendar quarters."""
    quarters, annuals = periods_as_told(income, entity, day, "net_income_common")
    candidates: list[tuple[date, int, int | None]] = []
    if quarters:
        last_four = _quarters_back_from(max(quarters), 4)
        if all(quarter in quarters for quarter in last_four):
            candidates.append((max(quarters), 1, _sum([quarters[quarter] for quarter in last_four])))
    if annuals:
        candidates.append((max(annuals), 0, annuals[max(annuals)]))
    if not candidates:
        return None, None
    period_end, _, value = max(candidates, key=lambda candidate: candidate[:2])
    return (period_end, value) if is_fresh(period_end, day) else (None, None)


def year_before_as_told(income: pl.DataFrame, entity: str, day: date, period_end: date) -> int | None:
    """Operating income of the year that ended a year before: its quarters, or else its annual figure."""
    quarters, annuals = periods_as_told(income, entity, day, "operating_income")
    end = period_end.replace(year=period_end.year - 1)
    four = _quarters_back_from(end, 4) if end in QUARTER_ENDS else [date.min]
    if all(quarter in quarters for quarter in four):
        return _sum([quarters[quarter] for quarter in four])
    return annuals.get(end)


def periods_as_told(
    income: pl.DataFrame, entity: str, day: date, line: str
) -> tuple[dict[date, int | None], dict[date, int | None]]:
    """The line of every quarter, a missing fourth one as the year less the other three, and of every year."""
    quarters = {end: fact[line] for end, fact in visible(income, entity, "quarter", day).items()}
    annuals = {end: fact[line] for end, fact in visible(income, entity, "annual", day).items()}
    reported = dict(quarters)
    for end, value in annuals.items():
        nine_months = _quarters_back_from(end, 4)[1:]
        if end not in reported and all(quarter in reported for quarter in nine_months):
            quarters[end] = _sum([value, *(-reported[q] if reported[q] is not None else None for q in nine_months)])
    return quarters, annuals


def _quarters_back_from(end: date, count: int) -> list[date]:
    place = QUARTER_ENDS.index(end)
    return QUARTER_ENDS[place::-1][:count] if place >= count - 1 else [date.min] * count


def _sum(values: list[int | None]) -> int | None:
    return None if any(value is None for value in values) else sum(value for value in values if value is not None)
