"""The SEC's real facts, where they are there: published figures, and agreement with SimFin's."""

import gzip
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from transforms.core.fundamentals import Statements, collect_statements
from transforms.core.sec_facts import rejected_facts
from transforms.core.sec_statements import QUARTER_GAP_DAYS, sec_statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states, joined_states
from transforms.measures.statement_lines import entity_lines, with_statement_lines
from transforms.staging.sec_facts import FACTS
from transforms.staging.simfin import stage_statements

AAPL, NVDA, GOOGL = "CIK0000320193", "CIK0001045810", "CIK0001652044"
SIMFIN = {AAPL: "111052", NVDA: "172199", GOOGL: "18"}
_OF_FILING = ("accn", "form", "filed", "fy", "fp")
BANKS_AND_INSURERS = {  # CIK: revenue and net income to common shares of the first quarter of 2010, in millions
    70858: (31_969, 2_834),  # Bank of America
    831001: (25_421, 4_428),  # Citigroup
    19617: (27_671, 2_974),  # JPMorgan Chase
    72971: (21_448, 2_372),  # Wells Fargo
    91576: (1_075, -96),  # KeyCorp
    4962: (6_606, 885),  # American Express: before what belongs to participating shares
    1099219: (13_190, 805),  # MetLife
    4977: (5_065, 636),  # Aflac
    5272: (16_330, 294),  # AIG: a fifth of the income goes to the Treasury's preferred shares
    1067983: (32_037, 3_633),  # Berkshire Hathaway
}


def companyfacts(path: Path) -> pl.DataFrame:
    """One recorded reply as facts."""
    told = json.loads(gzip.decompress(path.read_bytes()))
    cik = int(told["cik"])
    rows = [
        (cik, taxonomy, tag, unit, *(fact.get(key) for key in ("start", "end", "val", *_OF_FILING)))
        for taxonomy, tags in told["facts"].items()
        for tag, described in tags.items()
        for unit, facts in described["units"].items()
        for fact in facts
    ]
    texts = {name: pl.String() if dtype == pl.Date else dtype for name, dtype in FACTS.items()}
    return pl.DataFrame(rows, schema=texts, orient="row", strict=False).with_columns(
        pl.col("period_start", "period_end", "filed").str.to_date()
    )


@pytest.fixture(scope="module")
def facts(shared_data: Path) -> pl.DataFrame:
    folder = shared_data / "sec_edgar" / "recorded" / "api" / "xbrl" / "companyfacts"
    return pl.concat([companyfacts(path) for path in sorted(folder.glob("*.json.gz"))])


@pytest.fixture(scope="module")
def filed(facts: pl.DataFrame) -> Statements:
    return sec_statements(facts)


@pytest.fixture(scope="module")
def simfin(shared_data: Path) -> Statements:
    staged = []
    for statement in ("income", "balance"):
        with zipfile.ZipFile(shared_data / "simfin" / "2025-09-22" / f"us-{statement}-quarterly.zip") as archive:
            payload = archive.read(f"us-{statement}-quarterly.csv")
        raw = pl.read_csv(io.BytesIO(payload), separator=";", infer_schema=False)
        vintage = date(2025, 9, 22)
        rows = stage_statements(raw, statement=statement, variant="quarterly", vintage_date=vintage, file="").rows  # type: ignore[arg-type]
        staged.append(rows.filter(pl.col("source_entity").is_in(list(SIMFIN.values()))))
    return collect_statements(staged)


def known(days: list[date], *parts: tuple[Statements, str]) -> pl.DataFrame:
    """What the sources knew of the three companies on each of the days."""
    states, links = [], []
    for statements, source in parts:
        gap = {"gap_days": QUARTER_GAP_DAYS} if source == "sec_edgar" else {}
        states.append(entity_states(statements, min(days), max(days), **gap))
        entities = list(SIMFIN) if source == "sec_edgar" else list(SIMFIN.values())
        links.append(pl.DataFrame({"company_id": list(SIMFIN), "source_entity": entities}).with_columns(
            valid_from=pl.lit(date(2010, 1, 4)), rule_rank=pl.lit(0), source=pl.lit(source)
        ))  # fmt: skip
    caps = pl.DataFrame({"session_date": days}, schema={"session_date": pl.Date}).join(
        pl.DataFrame({"company_id": list(SIMFIN), "cap_usd": [3, 2, 1]}), how="cross"
    )
    return company_fundamentals_asof(caps, pl.concat(links), joined_states(*states)).sort("company_id", "session_date")


@pytest.mark.parametrize(
    ("company", "day", "net_income", "revenue", "equity"),
    [
        (AAPL, date(2012, 10, 31), 41_733, 156_508, 118_210),  # fiscal 2012, of 53 weeks before
        (AAPL, date(2019, 10, 31), 55_256, 260_174, 90_488),  # the tag of revenue changed a year before
        (AAPL, date(2025, 10, 31), 112_010, 416_161, 73_733),
        (NVDA, date(2023, 2, 24), 4_368, 26_974, 22_101),
        (NVDA, date(2024, 2, 21), 29_760, 60_922, 42_978),
        (NVDA, date(2025, 2, 26), 72_880, 130_497, 79_327),
        (GOOGL, date(2016, 2, 11), 15_826, 74_989, 120_331),  # less the payment to class C of 2015
        (GOOGL, date(2024, 1, 31), 73_795, 307_394, 283_379),
        (GOOGL, date(2026, 2, 5), 132_170, 402_836, 415_265),
    ],
)
def test_years_as_published(
    filed: Statements, company: str, day: date, net_income: int, revenue: int, equity: int
) -> None:
    row = known([day], (filed, "sec_edgar")).filter(company_id=company).row(0, named=True)
    told = (row["net_income_ttm_usd"], row["revenue_ttm_usd"], row["total_equity_usd"])
    assert told == (net_income * 10**6, revenue * 10**6, equity * 10**6)


@pytest.mark.parametrize(
    ("company", "day", "operating_cash_flow", "capital_expenditure"),
    [
        (AAPL, date(2012, 10, 31), 50_856, 8_295),
        (AAPL, date(2019, 10, 31), 69_391, 10_495),
        (NVDA, date(2024, 2, 21), 28_090, 1_069),
        (NVDA, date(2025, 2, 26), 64_089, 3_236),
        (GOOGL, date(2024, 1, 31), 101_746, 32_251),
    ],
)
def test_cash_flows_of_years_as_published(
    filed: Statements, company: str, day: date, operating_cash_flow: int, capital_expenditure: int
) -> None:
    """Reports of quarters have the year to date alone, so that three of the four quarters are differences."""
    lines = entity_lines(filed, day, day, QUARTER_GAP_DAYS)
    row = with_statement_lines(known([day], (filed, "sec_edgar")), lines).filter(company_id=company).row(0, named=True)
    told = (row["operating_cash_flow_ttm_usd"], row["capital_expenditure_ttm_usd"])
    assert told == (operating_cash_flow * 10**6, capital_expenditure * 10**6)


def test_trailing_years_are_simfins_wherever_both_know_the_same_quarters(filed: Statements, simfin: Statements) -> None:
    days = pl.date_range(date(2021, 1, 4), date(2024, 10, 25), eager=True).to_list()
    both = known(days, (filed, "sec_edgar")).join(
        known(days, (simfin, "simfin")), on=["session_date", "company_id"], suffix="_simfin"
    )
    compared = both.filter(pl.col("net_income_ttm_usd_simfin").is_not_null())
    assert compared.height == 3 * 1391
    for line in ("revenue_ttm_usd", "total_equity_usd"):
        assert compared[line].equals(compared[f"{line}_simfin"].alias(line))
    gap = (compared["net_income_ttm_usd"] - compared["net_income_ttm_usd_simfin"]).abs()
    assert set(compared.filter(gap > 0)["company_id"]) == {NVDA}  # its rounded quarters do not add up to its year
    assert gap.max() == 1_000_000


def test_of_two_sources_the_filings_go_first_and_simfin_fills_alphabets_first_months(
    filed: Statements, simfin: Statements, shared_data: Path
) -> None:
    days = [date(2024, 9, 3), date(2025, 6, 2)]
    row = known(days, (filed, "sec_edgar"), (simfin, "simfin"))
    assert row["income_source"].unique().to_list() == ["sec_edgar"]
    stopped = Statements(filed.income.filter(pl.col("publish_date") < date(2022, 1, 1)), filed.balance)
    row = known(days[:1], (stopped, "sec_edgar"), (simfin, "simfin"))
    assert row.select("income_source", "balance_source").unique().rows() == [("simfin", "sec_edgar")]
    assert row.filter(company_id=AAPL)["net_income_ttm_usd"].item() == 101_956_000_000


def test_averages_stay_as_filed_until_a_filing_restates_them(filed: Statements) -> None:
    year = filed.income.filter(source_entity=NVDA, period_kind="annual", report_date=date(2024, 1, 28))
    assert year.select("publish_date", "shares_basic").rows() == [
        (date(2024, 2, 21), 2_469_000_000),
        (date(2025, 2, 26), 24_690_000_000),
    ]


def test_what_was_filed_later_changes_no_version_of_before(facts: pl.DataFrame, filed: Statements) -> None:
    for day in (date(2010, 2, 1), date(2015, 6, 30), date(2020, 11, 3), date(2024, 9, 3)):
        then = sec_statements(facts.filter(pl.col("filed") <= day))
        assert then.income.equals(filed.income.filter(pl.col("publish_date") <= day))
        assert then.balance.equals(filed.balance.filter(pl.col("publish_date") <= day))
    assert rejected_facts(facts).is_empty()


@pytest.fixture(scope="module")
def early(shared_data: Path) -> Statements:
    """Every statement that was filed with XBRL in the second quarter of 2010: mostly large companies."""
    with zipfile.ZipFile(shared_data / "sec_edgar" / "financial_statement_data_sets" / "2010q2.zip") as archive:
        sub, num = (
            pl.read_csv(
                io.BytesIO(archive.read(f"{name}.txt")), separator="\t", infer_schema=False, quote_char=None
            )
            for name in ("sub", "num")
        )  # fmt: skip
    end, quarters = pl.col("ddate").str.to_date("%Y%m%d"), pl.col("qtrs").cast(pl.Int64)
    start = end.dt.offset_by(pl.format("-{}mo", quarters * 3)).dt.month_end() + pl.duration(days=1)
    whole = num.filter(pl.col("segments").is_null() & pl.col("coreg").is_null() & pl.col("value").is_not_null())
    return sec_statements(
        whole.join(sub.select("adsh", "cik", "form", "filed", "fy", "fp"), on="adsh").select(
            pl.col("cik").cast(pl.Int64),
            pl.col("version").str.extract("^(us-gaap|ifrs-full)/").fill_null("own").alias("taxonomy"),
            "tag",
            pl.col("uom").alias("unit"),
            pl.when(quarters > 0).then(start).alias("period_start"),
            end.alias("period_end"),
            pl.col("value").cast(pl.Float64),
            pl.col("adsh").alias("accession"),
            "form",
            pl.col("filed").str.to_date("%Y%m%d"),
            pl.col("fy").cast(pl.Int32).alias("fiscal_year"),
            pl.col("fp").alias("fiscal_period"),
        )
    )


def test_banks_and_insurers_as_published(early: Statements) -> None:
    quarter = early.income.filter(period_kind="quarter", report_date=date(2010, 3, 31))
    told = {
        int(entity[3:]): (round(revenue / 1e6), round(earned / 1e6))
        for entity, revenue, earned in quarter.select("source_entity", "revenue", "net_income_common").iter_rows()
        if int(entity[3:]) in BANKS_AND_INSURERS
    }
    assert told == BANKS_AND_INSURERS


def test_most_companies_of_a_whole_quarter_are_read(early: Statements) -> None:
    quarter = early.income.filter(period_kind="quarter", report_date=date(2010, 3, 31))
    assert quarter.height == 411
    assert quarter["revenue"].null_count() <= 15
    sheets = early.balance.filter(report_date=date(2010, 3, 31))
    assert sheets.height == 432
    assert sheets["total_equity"].null_count() <= 5
