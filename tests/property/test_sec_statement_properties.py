"""What must hold for any filings: what was filed later changes nothing before, and order does not matter."""

from datetime import date, timedelta

import polars as pl
from hypothesis import event, given, settings
from hypothesis import strategies as st

from transforms.core.fundamentals import Statements
from transforms.core.sec_statements import QUARTER_GAP_DAYS, sec_statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states, joined_states
from transforms.staging.sec_facts import FACTS

FIRST, LAST = date(2021, 1, 1), date(2024, 12, 31)
ENDS = [date(2021 + n // 4, *((3, 31), (6, 30), (9, 30), (12, 31))[n % 4]) for n in range(12)]
STARTS = [date(2021 + n // 4, 1 + 3 * (n % 4), 1) for n in range(12)]
TAGS = ("NetIncomeLossAvailableToCommonStockholdersBasic", "NetIncomeLoss", "ProfitLoss", "Revenues", "SalesRevenueNet")
SHEET = ("Assets", "StockholdersEquity", "MinorityInterest", "LiabilitiesAndStockholdersEquity")
SPANS = {"quarter": 1, "half": 2, "nine": 3, "year": 4, "balance": 0}


@st.composite
def filings(draw: st.DrawFn) -> pl.DataFrame:
    """Filings over three years: mostly what a company files, with gaps, repetitions, restatements and odd dates."""
    rows: list[dict[str, object]] = []
    for number, end in enumerate(ENDS):
        filed = end + timedelta(days=draw(st.integers(0, 80)))
        for again in range(draw(st.sampled_from([1, 1, 0, 1, 1, 2]))):
            filed += timedelta(days=300 * again)
            rows += draw(reports(number, filed, f"{number}-{again}"))
    return pl.DataFrame(rows, schema=FACTS)


@st.composite
def reports(draw: st.DrawFn, number: int, filed: date, accession: str) -> list[dict[str, object]]:
    tags = {"NetIncomeLoss", *draw(st.sets(st.sampled_from(TAGS)))}
    seed = draw(st.integers(0, 1000))
    period = draw(st.sampled_from(["Q1", "Q2", "Q3", "FY", None]))
    moved = draw(st.sampled_from([0, 0, 0, 3, -4]))
    unit = draw(st.sampled_from(["USD"] * 6 + ["EUR"]))
    rows: list[dict[str, object]] = []
    for place in {number, *draw(st.sets(st.sampled_from([max(number - 4, 0), max(number - 1, 0)])))}:
        for span in sorted(set(SPANS) - draw(st.sets(st.sampled_from(sorted(SPANS)), max_size=2))):
            first = place - SPANS[span] + 1
            if first < 0 or (SPANS[span] in (2, 3) and first % 4):
                continue
            for tag in SHEET if span == "balance" else sorted(tags):
                rows.append(
                    {
                        "cik": 7,
                        "taxonomy": "us-gaap",
                        "tag": tag,
                        "unit": unit,
                        "period_start": None if span == "balance" else STARTS[first],
                        "period_end": ENDS[place] + timedelta(days=moved),
                        "value": float((seed + 37 * len(rows)) % 101 - 50),
                        "accession": accession,
                        "form": "10-Q",
                        "filed": filed,
                        "fiscal_year": 2021,
                        "fiscal_period": period,
                    }
                )
    return rows


def until(told: Statements, day: date) -> Statements:
    limit = pl.col("publish_date") <= day
    return Statements(told.income.filter(limit), told.balance.filter(limit))


def days_after(earliest: int) -> st.SearchStrategy[date]:
    return st.integers(earliest, (LAST - FIRST).days).map(lambda count: FIRST + timedelta(days=count))


@settings(max_examples=20)
@given(facts=filings(), day=days_after(60))
def test_what_is_filed_after_a_day_changes_no_version_of_that_day(facts: pl.DataFrame, day: date) -> None:
    before = sec_statements(facts.filter(pl.col("filed") <= day))
    whole = sec_statements(facts)
    event(f"versions later: {whole.income.height > before.income.height}")
    assert until(whole, day).income.equals(before.income)
    assert until(whole, day).balance.equals(before.balance)


@settings(max_examples=12)
@given(facts=filings(), day=days_after(450))
def test_what_is_filed_after_a_day_changes_nothing_known_on_it(facts: pl.DataFrame, day: date) -> None:
    by_then = known(facts.filter(pl.col("filed") <= day), day, day)
    event(f"trailing year known: {by_then['net_income_ttm_usd'].is_not_null().any()}")
    assert known(facts, day, day).equals(by_then)
    assert known(facts, day, LAST).equals(by_then)


def known(facts: pl.DataFrame, day: date, last: date) -> pl.DataFrame:
    """Of two sources of the company; the second knows a part of what the first does, with other values."""
    filed = sec_statements(facts)
    other = pl.col("net_income_common") * 2
    third = pl.col("report_date").dt.month() != 6
    bought = Statements(
        filed.income.filter(third).with_columns(other, source_entity=pl.lit("1"), source=pl.lit("simfin")),
        filed.balance.filter(third).with_columns(source_entity=pl.lit("1"), source=pl.lit("simfin")),
    )
    states = joined_states(entity_states(filed, day, last, QUARTER_GAP_DAYS), entity_states(bought, day, last))
    caps = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "cap_usd": [1000]})
    links = pl.DataFrame(
        {
            "company_id": ["C:A"] * 2,
            "source_entity": ["CIK0000000007", "1"],
            "valid_from": [FIRST] * 2,
            "rule_rank": [0] * 2,
            "source": ["sec_edgar", "simfin"],
        }
    )
    return company_fundamentals_asof(caps, links, states)


@settings(max_examples=12)
@given(facts=filings(), seed=st.integers(0, 1000))
def test_the_order_of_facts_does_not_matter(facts: pl.DataFrame, seed: int) -> None:
    turned = facts.sample(fraction=1.0, shuffle=True, seed=seed)
    one, other = sec_statements(facts), sec_statements(turned)
    assert one.income.equals(other.income)
    assert one.balance.equals(other.balance)


@settings(max_examples=12)
@given(facts=filings())
def test_a_period_has_one_version_a_day_and_no_two_ends_lie_close(facts: pl.DataFrame) -> None:
    told = sec_statements(facts)
    for frame in (told.income, told.balance):
        assert frame.select("source_entity", "period_kind", "report_date", "vintage_date").is_unique().all()
        ends = frame.sort("period_kind", "report_date").unique(["period_kind", "report_date"], maintain_order=True)
        gaps = ends.select(pl.col("report_date").diff().over("period_kind").dt.total_days())["report_date"]
        assert (gaps.drop_nulls() > 10).all()
