"""Statements from filed facts: tags, quarters, versions, periods, on filings made by hand."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from transforms.core.fundamentals import FLOW_CONCEPTS, STOCK_CONCEPTS, Statements, fundamentals_rows
from transforms.core.sec_facts import FORMS, rejected_facts
from transforms.core.sec_statements import QUARTER_GAP_DAYS, sec_statements
from transforms.core.sec_tag_map import FLOW_READINGS, IFRS, READINGS, STOCK_READINGS, Reading, tags_of
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states
from transforms.staging.sec_facts import FACTS
from transforms.staging.sec_tags import KEPT_TAGS

ACME = "CIK0000000007"
Q1 = (date(2023, 1, 1), date(2023, 3, 31))
Q2 = (date(2023, 4, 1), date(2023, 6, 30))
Q3 = (date(2023, 7, 1), date(2023, 9, 30))
H1 = (date(2023, 1, 1), date(2023, 6, 30))
NINE = (date(2023, 1, 1), date(2023, 9, 30))
YEAR = (date(2023, 1, 1), date(2023, 12, 31))
MAY, AUGUST, NOVEMBER, FEBRUARY = date(2023, 5, 4), date(2023, 8, 3), date(2023, 11, 2), date(2024, 2, 20)
Period = tuple[date | None, date]


def filing(
    filed: date,
    *periods: tuple[Period, dict[str, float]],
    form: str = "10-Q",
    fp: str | None = "Q1",
    unit: str = "USD",
    taxonomy: str = "us-gaap",
    accession: str | None = None,
    cik: int = 7,
) -> pl.DataFrame:
    """The facts of one filing: for each period its tags with their values."""
    rows = [
        {
            "cik": cik,
            "taxonomy": taxonomy,
            "tag": tag,
            "unit": "shares" if "Shares" in tag and "Income" not in tag else unit,
            "period_start": start,
            "period_end": end,
            "value": float(value),
            "accession": accession or f"{cik}-{filed}",
            "form": form,
            "filed": filed,
            "fiscal_year": filed.year,
            "fiscal_period": fp,
        }
        for (start, end), tags in periods
        for tag, value in tags.items()
    ]
    return pl.DataFrame(rows, schema=FACTS)


def read(*filings: pl.DataFrame) -> Statements:
    return sec_statements(pl.concat(filings))


def income(told: Statements, kind: str, end: date) -> list[dict[str, object]]:
    return told.income.filter(period_kind=kind, report_date=end).sort("publish_date").to_dicts()


def plain(net_income: float, revenue: float = 100) -> dict[str, float]:
    return {"NetIncomeLoss": net_income, "Revenues": revenue}


def known(told: Statements, *days: date) -> list[dict[str, object]]:
    caps = pl.DataFrame({"session_date": days, "company_id": ["C:A"] * len(days), "cap_usd": [1000] * len(days)})
    links = pl.DataFrame(
        {"company_id": ["C:A"], "source_entity": [ACME], "valid_from": [date(2020, 1, 2)], "rule_rank": [0]}
    ).with_columns(source=pl.lit("sec_edgar"))
    states = entity_states(told, min(days), max(days), QUARTER_GAP_DAYS)
    return company_fundamentals_asof(caps, links, states).sort("session_date").to_dicts()


def net_income(told: Statements, day: date) -> object:
    return known(told, day)[0]["net_income_ttm_usd"]


# --- the tag map


def test_every_concept_has_a_reading_and_every_reading_a_reason() -> None:
    assert {reading.concept for reading in READINGS} == {*FLOW_CONCEPTS, *STOCK_CONCEPTS}
    assert all(reading.why and reading.tags for reading in READINGS)
    assert len({(reading.concept, reading.used) for reading in READINGS}) == len(READINGS)


def test_the_page_shows_the_tag_map_as_it_is() -> None:
    page = Path(__file__).parents[2] / "docs" / "sources"
    text = "".join(path.read_text() for path in sorted(page.glob("sec_edgar*.md")))
    missing = [reading for reading in READINGS if not any(_tells(line, reading) for line in text.splitlines())]
    assert not missing


def _tells(line: str, reading: Reading) -> bool:
    named = all(f"`{tag}`" in line for tag in reading.used)
    return (
        named and line.startswith(f"| {reading.concept} |") and f"| {reading.filer} |" in line and reading.why in line
    )


@pytest.mark.parametrize(
    ("tags", "revenue", "earned"),
    [
        ({"Revenues": 100, "RevenueFromContractWithCustomerExcludingAssessedTax": 90, "NetIncomeLoss": 7}, 100, 7),
        ({"RevenueFromContractWithCustomerExcludingAssessedTax": 90, "ProfitLoss": 7}, 90, 7),
        ({"SalesRevenueNet": 80, "NetIncomeLoss": 7, "ProfitLoss": 9}, 80, 7),
        ({"SalesRevenueGoodsNet": 60, "SalesRevenueServicesNet": 30, "NetIncomeLoss": 7}, 90, 7),
        ({"NetIncomeLoss": 7, "NetIncomeLossAvailableToCommonStockholdersBasic": 5}, None, 5),
        ({"NetIncomeLoss": 7, "PreferredStockDividendsIncomeStatementImpact": 2}, None, 5),
        ({"ProfitLoss": 9, "NetIncomeLossAttributableToNoncontrollingInterest": 3}, None, 6),
    ],
    ids=["total and part", "contracts", "before 2018", "goods and services", "common", "preferred", "minorities"],
)
def test_an_ordinary_company(tags: dict[str, float], revenue: int | None, earned: int) -> None:
    row = income(read(filing(MAY, (Q1, tags))), "quarter", Q1[1])[0]
    assert (row["revenue"], row["net_income_common"]) == (revenue, earned)


def test_a_bank_earns_interest_margin_and_fees() -> None:
    tags = {"InterestIncomeExpenseNet": 60, "NoninterestIncome": 40, "Revenues": 130, "NetIncomeLoss": 20}
    row = income(read(filing(MAY, (Q1, tags))), "quarter", Q1[1])[0]
    assert (row["revenue"], row["interest_expense_net"]) == (100, 60)
    total = tags | {"RevenuesNetOfInterestExpense": 99}
    assert income(read(filing(MAY, (Q1, total))), "quarter", Q1[1])[0]["revenue"] == 99


def test_an_insurer_earns_premiums_and_income_of_investments() -> None:
    tags = {"PremiumsEarnedNet": 80, "NetInvestmentIncome": 15, "RealizedInvestmentGainsLosses": -5, "NetIncomeLoss": 9}
    assert income(read(filing(MAY, (Q1, tags))), "quarter", Q1[1])[0]["revenue"] == 90
    assert income(read(filing(MAY, (Q1, tags | {"Revenues": 93}))), "quarter", Q1[1])[0]["revenue"] == 93


def test_statements_by_international_rules_keep_their_currency() -> None:
    tags = {"Revenue": 100, "ProfitLoss": 9, "ProfitLossAttributableToOwnersOfParent": 8}
    told = read(filing(FEBRUARY, (YEAR, tags), form="20-F", fp="FY", unit="EUR", taxonomy="ifrs-full"))
    row = income(told, "annual", YEAR[1])[0]
    assert (row["revenue"], row["net_income_common"], row["currency"]) == (100, 8, "EUR")
    assert net_income(told, date(2024, 3, 1)) is None


def test_a_translation_for_convenience_is_no_report_in_dollars() -> None:
    own = filing(FEBRUARY, (YEAR, plain(70)), ((None, YEAR[1]), {"Assets": 900}), form="20-F", fp="FY", unit="CNY")
    told = read(own, filing(FEBRUARY, (YEAR, plain(10)), form="20-F", fp="FY", unit="USD"))
    assert told.income.select("currency", "net_income_common").rows() == [("CNY", 70)]


def test_a_balance_has_total_assets_and_the_parents_equity() -> None:
    sheet = {"Assets": 900, "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest": 300}
    opening = ((None, date(2023, 1, 2)), {"StockholdersEquity": 299})
    told = read(filing(MAY, (Q1, plain(7)), ((None, Q1[1]), sheet | {"MinorityInterest": 40}), opening))
    assert told.balance.select("report_date", "fiscal_period", "total_equity").rows() == [(Q1[1], "Q1", 260)]


# --- quarters


def test_a_year_of_filings_gives_four_quarters_and_the_fourth_from_nine_months() -> None:
    told = read(
        filing(MAY, (Q1, plain(1))),
        filing(AUGUST, (Q2, plain(2)), (H1, plain(3, 200)), fp="Q2"),
        filing(NOVEMBER, (Q3, plain(4)), (NINE, plain(7, 300)), fp="Q3"),
        filing(FEBRUARY, (YEAR, plain(15, 450)), form="10-K", fp="FY"),
        filing(date(2024, 5, 2), ((date(2024, 1, 1), date(2024, 3, 31)), plain(16))),
    )
    assert net_income(told, FEBRUARY) == 15
    row = known(told, date(2024, 5, 2))[0]
    assert (row["net_income_ttm_usd"], row["revenue_ttm_usd"], row["income_basis"]) == (2 + 4 + 8 + 16, 450, "quarters")
    assert (row["income_source"], row["balance_source"]) == ("sec_edgar", None)


def test_the_year_less_nine_months_needs_no_three_quarters() -> None:
    told = read(
        filing(NOVEMBER, (Q3, plain(4)), (NINE, plain(7)), fp="Q3"),
        filing(FEBRUARY, (YEAR, plain(15)), form="10-K", fp="FY"),
        filing(date(2024, 5, 2), ((date(2024, 1, 1), date(2024, 3, 31)), plain(16)), (Q1, plain(1)), fp="Q1"),
        filing(date(2024, 8, 1), ((date(2024, 4, 1), date(2024, 6, 30)), plain(32)), (Q2, plain(2)), fp="Q2"),
    )
    assert net_income(told, date(2024, 8, 1)) == 4 + 8 + 16 + 32


def test_cash_flows_are_of_the_year_to_date_beside_quarters_of_income() -> None:
    def flow(earned: float, flowed: float, spent: float) -> dict[str, float]:
        tags = ("NetCashProvidedByUsedInOperatingActivities", "PaymentsToAcquirePropertyPlantAndEquipment")
        return plain(earned) | dict(zip(tags, (flowed, spent), strict=True))

    told = read(
        filing(MAY, (Q1, flow(1, 10, 1))),
        filing(AUGUST, (Q2, plain(2)), (H1, flow(3, -5, 3)), fp="Q2"),
        filing(NOVEMBER, (Q3, plain(4)), (NINE, flow(7, 20, 6)), fp="Q3"),
        filing(FEBRUARY, (YEAR, flow(15, 18, 10)), form="10-K", fp="FY"),
    )
    quarters = [income(told, "quarter", quarter[1])[0] for quarter in (Q1, Q2, Q3)]
    assert [row["operating_cash_flow"] for row in quarters] == [10, -15, 25]
    assert [row["capital_expenditure"] for row in quarters] == [1, 2, 3]
    assert [row["net_income_common"] for row in quarters] == [1, 2, 4]


def test_quarters_of_a_filer_of_years_to_date_are_their_differences() -> None:
    told = read(
        filing(MAY, (Q1, plain(1, 10))),
        filing(AUGUST, (H1, plain(3, 30)), fp="Q2"),
        filing(NOVEMBER, (NINE, plain(7, 60)), fp="Q3"),
        filing(FEBRUARY, (YEAR, plain(15, 100)), form="10-K", fp="FY"),
    )
    second, third = income(told, "quarter", Q2[1])[0], income(told, "quarter", Q3[1])[0]
    assert (second["net_income_common"], second["revenue"], second["publish_date"]) == (2, 20, AUGUST)
    assert (third["net_income_common"], third["period_start"], third["fiscal_period"]) == (4, Q3[0], "Q3")
    assert third["shares_basic"] is None
    assert known(told, FEBRUARY)[0]["income_basis"] == "quarters"
    assert net_income(told, FEBRUARY) == 15


def test_a_restated_first_half_changes_the_derived_quarter_from_its_filing_on() -> None:
    amended = date(2023, 12, 1)
    told = read(
        filing(MAY, (Q1, plain(1))),
        filing(AUGUST, (H1, plain(3)), fp="Q2"),
        filing(NOVEMBER, (NINE, plain(7)), fp="Q3"),
        filing(amended, (H1, plain(5)), form="10-Q/A", fp="Q2"),
    )
    versions = [(row["publish_date"], row["net_income_common"]) for row in income(told, "quarter", Q3[1])]
    assert versions == [(NOVEMBER, 4), (amended, 2)]


def test_a_filed_quarter_goes_before_a_derived_one() -> None:
    told = read(filing(MAY, (Q1, plain(1))), filing(AUGUST, (H1, plain(3)), (Q2, {"NetIncomeLoss": 9}), fp="Q2"))
    row = income(told, "quarter", Q2[1])[0]
    assert (row["net_income_common"], row["revenue"]) == (9, 0)  # revenue only to date: 100 - 100


def test_years_of_52_weeks_and_quarters_of_12_and_16_weeks_follow_each_other() -> None:
    start, filings = date(2022, 1, 30), []
    for number, weeks in enumerate((16, 12, 12, 12) * 2):
        end = start + timedelta(weeks=weeks) - timedelta(days=1)
        filings.append(filing(end + timedelta(days=20), ((start, end), plain(2**number)), fp=f"Q{number % 4 + 1}"))
        start = end + timedelta(days=1)
    told = read(*filings)
    assert net_income(told, start + timedelta(days=30)) == 16 + 32 + 64 + 128
    assert told.income["fiscal_period"].to_list() == ["Q1", "Q2", "Q3", "Q4"] * 2


def test_two_ends_of_one_period_are_one_period() -> None:
    called = (date(2023, 1, 1), date(2023, 4, 2))
    told = read(filing(MAY, (called, plain(1))), filing(date(2024, 5, 2), (Q1, plain(3))))
    assert told.income.select("report_date", "publish_date", "net_income_common").rows() == [
        (called[1], MAY, 1),
        (called[1], date(2024, 5, 2), 3),
    ]


# --- versions


def test_a_restatement_counts_from_its_filing_on_and_a_repetition_is_no_version() -> None:
    told = read(
        filing(MAY, (Q1, plain(1))),
        filing(date(2023, 6, 1), (Q1, plain(1))),
        filing(date(2023, 7, 1), (Q1, plain(2)), form="10-Q/A"),
    )
    rows = income(told, "quarter", Q1[1])
    assert [(row["publish_date"], row["vintage_date"], row["net_income_common"]) for row in rows] == [
        (MAY, MAY, 1),
        (date(2023, 7, 1), date(2023, 7, 1), 2),
    ]
    links = pl.DataFrame({"company_id": ["C:A"], "source_entity": [ACME]})
    assert not fundamentals_rows(told, links)["restated_vintage"].any()


def test_an_amended_year_replaces_the_year() -> None:
    year = filing(FEBRUARY, (YEAR, plain(15)), form="10-K", fp="FY")
    amended = filing(date(2024, 4, 1), (YEAR, plain(12)), form="10-K/A", fp="FY")
    before, after = known(read(year, amended), date(2024, 3, 28), date(2024, 4, 1))
    assert (before["net_income_ttm_usd"], after["net_income_ttm_usd"]) == (15, 12)


def test_a_line_that_a_later_filing_leaves_out_keeps_its_value() -> None:
    told = read(filing(MAY, (Q1, plain(1))), filing(date(2024, 5, 2), (Q1, {"NetIncomeLoss": 2})))
    assert [row["revenue"] for row in income(told, "quarter", Q1[1])] == [100, 100]


def test_a_worse_tag_replaces_a_better_one_only_when_the_company_changed_tags() -> None:
    common = {"NetIncomeLossAvailableToCommonStockholdersBasic": 5, "NetIncomeLoss": 7}
    note = filing(FEBRUARY, (YEAR, common), (Q1, {"NetIncomeLoss": 7}), form="10-K", fp="FY")
    assert len(income(read(filing(MAY, (Q1, common)), note), "quarter", Q1[1])) == 1
    changed = filing(FEBRUARY, (Q1, {"NetIncomeLoss": 8}), form="10-K", fp="FY")
    rows = income(read(filing(MAY, (Q1, common)), changed), "quarter", Q1[1])
    assert [row["net_income_common"] for row in rows] == [5, 8]


def test_a_company_that_changes_tags_leaves_no_gap_and_counts_nothing_twice() -> None:
    old, new = "SalesRevenueNet", "RevenueFromContractWithCustomerExcludingAssessedTax"
    told = read(
        filing(MAY, (Q1, {old: 10, "NetIncomeLoss": 1})),
        filing(AUGUST, (Q2, {old: 20, "NetIncomeLoss": 1}), fp="Q2"),
        filing(NOVEMBER, (Q3, {new: 30, "NetIncomeLoss": 1}), fp="Q3"),
        filing(FEBRUARY, (YEAR, {new: 100, old: 100, "NetIncomeLoss": 4}), form="10-K", fp="FY"),
    )
    assert known(told, FEBRUARY)[0]["revenue_ttm_usd"] == 100


def test_a_part_never_replaces_the_sum() -> None:
    cash = "CashAndCashEquivalentsAtCarryingValue"
    sheet = (None, Q1[1])
    told = read(
        filing(MAY, (sheet, {"Assets": 900, cash: 50, "MarketableSecuritiesCurrent": 30})),
        filing(AUGUST, (sheet, {"Assets": 901, cash: 50})),
    )
    assert told.balance["cash_and_short_term_investments"].to_list() == [80, 80]


def test_of_two_values_in_one_filing_the_exact_one_counts() -> None:
    rounded = filing(MAY, (Q1, {"NetIncomeLoss": 1_235_000_000, "Revenues": 5}))
    exact = filing(MAY, (Q1, {"NetIncomeLoss": 1_234_567_000}))
    for facts in ((rounded, exact), (exact, rounded)):
        assert read(*facts).income["net_income_common"].to_list() == [1_234_567_000]


def test_a_new_fiscal_year_goes_on_from_its_transition_period() -> None:
    december, march = date(2023, 12, 31), date(2024, 3, 31)
    told = read(
        filing(date(2023, 2, 1), ((date(2022, 10, 1), date(2022, 12, 31)), plain(1))),
        filing(MAY, (Q1, plain(2)), fp="Q2"),
        filing(AUGUST, (Q2, plain(4)), fp="Q3"),
        filing(NOVEMBER, ((date(2022, 10, 1), date(2023, 9, 30)), plain(15)), (Q3, plain(8)), form="10-K", fp="FY"),
        filing(FEBRUARY, ((date(2023, 10, 1), december), plain(16)), form="10-KT", fp="FY"),
        filing(date(2024, 5, 2), ((date(2024, 1, 1), march), plain(32))),
    )
    assert net_income(told, FEBRUARY) == 2 + 4 + 8 + 16
    assert net_income(told, date(2024, 5, 2)) == 4 + 8 + 16 + 32
    labels = told.income.filter(period_kind="quarter").sort("report_date").select("fiscal_year", "fiscal_period").rows()
    assert labels == [(2023, "Q1"), (2023, "Q2"), (2023, "Q3"), (2023, "Q4"), (2023, "Q4"), (2024, "Q1")]


@pytest.mark.parametrize(
    ("end", "fp", "label"),
    [
        (date(2022, 12, 31), "Q1", (2023, "Q1")),  # a year that ends in September
        (date(2024, 4, 28), "Q1", (2025, "Q1")),  # in January
        (date(2023, 4, 2), "Q1", (2023, "Q1")),  # a quarter that ends in the next month
        (date(2023, 3, 31), None, (2023, "Q1")),  # a filing that does not say
    ],
)
def test_labels_come_from_the_period(end: date, fp: str | None, label: tuple[int, str]) -> None:
    told = read(filing(end + timedelta(days=30), ((end - timedelta(days=90), end), plain(1)), fp=fp))
    assert told.income.select("fiscal_year", "fiscal_period").row(0) == label


# --- what is left out


def test_facts_filed_before_their_period_ends_and_no_numbers_are_rejected_with_a_reason() -> None:
    early = filing(date(2023, 3, 1), (Q1, {"NetIncomeLoss": 5}))
    endless = filing(MAY, (Q1, {"NetIncomeLoss": float("inf")}), accession="a")
    facts = pl.concat([early, endless, filing(AUGUST, (Q1, plain(7)))])
    assert sec_statements(facts).income["net_income_common"].to_list() == [7]
    told = rejected_facts(facts).select("entity", "file", "field", "reason_code").rows()
    assert told == [
        (ACME, "7-2023-03-01", "NetIncomeLoss", "published_before_period_end"),
        (ACME, "a", "NetIncomeLoss", "not_a_number"),
    ]


def test_proxies_other_taxonomies_and_odd_lengths_are_no_statements() -> None:
    proxy = filing(MAY, (YEAR, plain(9)), form="DEF 14A")
    dei = filing(MAY, (Q1, plain(9)), taxonomy="dei")
    month = filing(MAY, ((date(2023, 3, 1), Q1[1]), plain(9)))
    shares = filing(MAY, (Q1, {"NetIncomeLoss": 5}), unit="pure")
    told = read(proxy, dei, month, shares)
    assert told.income.is_empty()
    assert "DEF 14A" not in FORMS


def test_no_facts_give_empty_frames_of_the_same_shape() -> None:
    empty, told = read(pl.DataFrame(schema=FACTS)), read(filing(MAY, (Q1, plain(1))))
    assert empty.income.is_empty()
    assert (empty.income.schema, empty.balance.schema) == (told.income.schema, told.balance.schema)


def test_companies_do_not_influence_each_other() -> None:
    one, two = filing(MAY, (Q1, plain(1))), filing(MAY, (Q1, plain(2)), cik=8)
    apart = pl.concat([read(one).income, read(two).income])
    assert read(two, one).income.equals(apart)


def test_every_tag_that_is_read_is_kept() -> None:
    kept = KEPT_TAGS["us-gaap"] | {f"{IFRS}{tag}" for tag in KEPT_TAGS["ifrs-full"]}
    assert not {*tags_of(FLOW_READINGS), *tags_of(STOCK_READINGS)} - kept
