from datetime import date

import polars as pl
import pytest

from transforms.contracts.fields import SEGMENTS
from transforms.contracts.valuation import VALUATION_DAILY
from transforms.measures.company_fundamentals import KNOWN
from transforms.measures.statement_lines import LINES
from transforms.measures.valuation import valuation_daily

DAY = date(2024, 8, 30)


def segment_of(*companies: tuple[str, str, int, int | None]) -> pl.DataFrame:
    """Valuation of (id, bucket, cap, net income); equity is half the cap, revenue unknown."""
    members = pl.DataFrame(
        {
            "session_date": [DAY for _ in companies],
            "scheme_id": ["fixed_usd" for _ in companies],
            "company_id": [company[0] for company in companies],
            "bucket": [company[1] for company in companies],
            "cap_usd": [company[2] for company in companies],
        }
    )
    values = {
        "net_income_ttm_usd": pl.Series([company[3] for company in companies], dtype=pl.Int64),
        "net_income_quarter_usd": pl.lit(None, pl.Int64),
        "revenue_ttm_usd": pl.lit(None, pl.Int64),
        "total_equity_usd": pl.col("cap_usd") // 2,
        "income_period_end": pl.lit(date(2024, 6, 30)),
        "balance_period_end": pl.lit(date(2024, 3, 31)),
        "income_is_restated": pl.col("company_id") == "A",
        "balance_is_restated": pl.lit(value=False),
        "income_basis": pl.lit("quarters"),
        "source_entity": pl.col("company_id"),
        "income_source": pl.lit("simfin"),
        "balance_source": pl.lit("simfin"),
        "second_entity": pl.lit(None, pl.String),
    }
    known = members.select("session_date", "company_id", **{name: values[name] for name in KNOWN})
    return valuation_daily(
        members, known.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in LINES.items())
    )


def worth(*companies: tuple[str, int, int | None, int | None, int | None]) -> pl.DataFrame:
    """Valuation of small companies of (id, cap, debt, cash, operating income); A's balance is restated."""
    schema = {"company_id": pl.String} | dict.fromkeys(
        ("cap_usd", "debt_usd", "cash_usd", "operating_income_ttm_usd"), pl.Int64
    )
    rows = pl.DataFrame(list(companies), schema=schema, orient="row").with_columns(session_date=pl.lit(DAY))
    members = rows.select(
        "session_date", "company_id", "cap_usd", scheme_id=pl.lit("fixed_usd"), bucket=pl.lit("small")
    )
    told = {
        "income_period_end": pl.lit(date(2024, 6, 30)),
        "balance_period_end": pl.lit(date(2024, 3, 31)),
        "income_is_restated": pl.lit(value=False),
        "balance_is_restated": pl.col("company_id") == "A",
    }
    nothing = {name: pl.lit(None, dtype) for name, dtype in {**KNOWN, **LINES}.items() if name not in rows.columns}
    return valuation_daily(members, rows.drop("cap_usd").with_columns(**(nothing | told)))


def one(
    valuation: pl.DataFrame, segment: str, measure: str, convention: str, universe: str = "all"
) -> dict[str, object]:
    return valuation.filter(segment=segment, measure=measure, convention=convention, universe=universe).row(
        0, named=True
    )


def test_every_segment_measure_and_convention_has_a_row() -> None:
    valuation = segment_of(("A", "small", 100, 5))
    assert valuation.height == len(SEGMENTS) * 2 * 5 * 4
    assert valuation.schema == VALUATION_DAILY.polars_schema
    assert set(valuation["universe"]) == {"all", "non_financials"}


@pytest.mark.parametrize("convention", ["incl_losses", "excl_losses", "hybrid", "median"])
def test_a_company_without_earnings_data_is_on_neither_side(convention: str) -> None:
    with_it = segment_of(("A", "small", 100, 5), ("B", "small", 300, None))
    without = segment_of(("A", "small", 100, 5))

    row = one(with_it, "small", "pe", convention)
    assert row["value"] == one(without, "small", "pe", convention)["value"] == 20.0
    assert (row["cap_coverage"], row["count_coverage"], row["company_count"]) == (0.25, 0.5, 1)


def test_losses_that_exceed_profits_give_no_multiple_but_a_yield() -> None:
    valuation = segment_of(("A", "small", 100, 5), ("B", "small", 100, -15))

    row = one(valuation, "small", "pe", "incl_losses")
    assert (row["value"], row["null_reason"], row["company_count"]) == (None, "sum_not_positive", 2)
    assert one(valuation, "small", "earnings_yield", "incl_losses")["value"] == -0.05
    assert one(valuation, "small", "pe", "excl_losses")["value"] == 20.0


def test_profits_that_equal_losses_give_no_multiple_and_a_zero_yield() -> None:
    valuation = segment_of(("A", "small", 100, 5), ("B", "small", 100, -5))
    assert one(valuation, "small", "pe", "incl_losses")["null_reason"] == "sum_not_positive"
    assert one(valuation, "small", "earnings_yield", "incl_losses")["value"] == 0.0


@pytest.mark.parametrize("convention", ["excl_losses", "hybrid", "median"])
@pytest.mark.parametrize("measure", ["pe", "earnings_yield"])
def test_a_segment_of_loss_makers_has_no_value_among_the_profitable(measure: str, convention: str) -> None:
    row = one(segment_of(("A", "nano", 100, -5)), "nano", measure, convention)
    assert (row["value"], row["null_reason"]) == (None, "no_positive_companies")
    assert (row["loss_share_count"], row["loss_share_cap"]) == (1.0, 1.0)


def test_an_empty_and_an_uncovered_segment_say_so() -> None:
    valuation = segment_of(("A", "small", 100, None))

    uncovered = one(valuation, "small", "pe", "median")
    assert (uncovered["value"], uncovered["null_reason"]) == (None, "no_coverage")
    assert (uncovered["cap_coverage"], uncovered["loss_share_count"]) == (0.0, None)
    empty = one(valuation, "mega", "pe", "median")
    assert (empty["value"], empty["null_reason"], empty["cap_coverage"]) == (None, "no_companies", None)


def test_smid_and_total_hold_their_buckets() -> None:
    valuation = segment_of(("A", "small", 100, 4), ("B", "mid", 200, 10), ("C", "mega", 900, 10))

    assert one(valuation, "smid", "pe", "incl_losses")["value"] == float(f"{300 / 14:.12g}")
    assert one(valuation, "smid", "pe", "median")["value"] == 22.5
    assert one(valuation, "total", "pe", "incl_losses")["value"] == 50.0
    assert one(valuation, "total", "pe", "median")["value"] == 25.0
    assert one(valuation, "total", "pe", "median")["company_count"] == 3


def test_equity_of_zero_or_less_counts_as_a_loss_for_price_to_book() -> None:
    valuation = segment_of(("A", "small", 1, 4), ("B", "small", 99, 10))  # equity 0 and 49
    row = one(valuation, "small", "pb", "excl_losses")
    assert row["value"] == float(f"{99 / 49:.12g}")
    assert (row["loss_share_count"], row["loss_share_cap"], row["median_report_age_days"]) == (
        0.5,
        0.01,
        152.0,
    )
    assert one(valuation, "small", "pb", "incl_losses")["value"] == float(f"{100 / 49:.12g}")


def test_the_restated_share_counts_the_covered_companies() -> None:
    valuation = segment_of(("A", "small", 100, 4), ("B", "small", 100, 4), ("C", "small", 100, None))
    assert one(valuation, "small", "pe", "median")["restated_share"] == 0.5
    assert one(valuation, "small", "pb", "median")["restated_share"] == 0.0


def test_sums_are_exact_beyond_the_digits_of_a_float() -> None:
    huge = 9_007_199_254_740_993  # 2^53 + 1, which a float cannot hold
    valuation = segment_of(*((f"C{number}", "mega", huge, 1) for number in range(3)))
    assert one(valuation, "mega", "pe", "incl_losses")["value"] == float(f"{float(huge):.12g}")


# Worth 100 + 60 - 10 = 150, 200 + 0 - 50 = 150 and 100 + 20 - 20 = 100.
EARNS_15, EARNS_10, LOSES_5 = ("A", 100, 60, 10, 15), ("B", 200, 0, 50, 10), ("C", 100, 20, 20, -5)


@pytest.mark.parametrize(
    ("convention", "value", "companies"),
    [("incl_losses", 400 / 20, 3), ("excl_losses", 300 / 25, 2), ("hybrid", 400 / 25, 3), ("median", 12.5, 2)],
)
def test_the_enterprise_value_is_cap_and_debt_without_cash(convention: str, value: float, companies: int) -> None:
    row = one(worth(EARNS_15, EARNS_10, LOSES_5), "small", "ev_ebit", convention)
    assert (row["value"], row["null_reason"], row["company_count"]) == (value, None, companies)
    assert (row["loss_share_count"], row["loss_share_cap"]) == (float(f"{1 / 3:.12g}"), 0.25)
    assert (row["restated_share"], row["median_report_age_days"]) == (float(f"{1 / 3:.12g}"), 61.0)


@pytest.mark.parametrize("unknown", [("D", 600, None, 5, 40), ("D", 600, 5, None, 40), ("D", 600, 5, 5, None)])
def test_a_company_whose_debt_cash_or_operating_income_is_unknown_is_on_neither_side(
    unknown: tuple[str, int, int | None, int | None, int | None],
) -> None:
    row = one(worth(EARNS_15, EARNS_10, unknown), "small", "ev_ebit", "incl_losses")
    assert (row["value"], row["company_count"]) == (12.0, 2)
    assert row["cap_coverage"] == float(f"{300 / 900:.12g}")


@pytest.mark.parametrize("convention", ["incl_losses", "excl_losses", "hybrid", "median"])
def test_more_cash_than_caps_and_debt_is_no_multiple(convention: str) -> None:
    row = one(worth(("A", 100, 0, 300, 10)), "small", "ev_ebit", convention)
    assert (row["value"], row["null_reason"]) == (None, "worth_not_positive")


def test_losses_from_operations_have_the_conventions_of_net_losses() -> None:
    valuation = worth(("A", 100, 0, 0, 10), ("B", 100, 0, 0, -10))
    assert one(valuation, "small", "ev_ebit", "incl_losses")["null_reason"] == "sum_not_positive"
    assert one(valuation, "small", "ev_ebit", "median")["value"] == 10.0
    assert one(worth(("B", 100, 0, 0, -10)), "small", "ev_ebit", "median")["null_reason"] == "no_positive_companies"


def test_schemes_do_not_mix() -> None:
    members = pl.DataFrame(
        {
            "session_date": [DAY, DAY],
            "scheme_id": ["b_scheme", "a_scheme"],
            "company_id": ["A", "A"],
            "bucket": ["small", "mid"],
            "cap_usd": [100, 100],
        }
    )
    known = pl.DataFrame(
        {"session_date": [DAY], "company_id": ["A"], "net_income_ttm_usd": [5]},
    ).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in {**KNOWN, **LINES}.items() if name != "net_income_ttm_usd"
    )
    valuation = valuation_daily(members, known)

    assert valuation.filter(scheme_id="a_scheme", segment="mid", measure="pe")["value"].to_list() == [20.0] * 8
    assert valuation.filter(scheme_id="b_scheme", segment="small", measure="pe")["value"].to_list() == [20.0] * 8
    assert valuation.filter(scheme_id="b_scheme", segment="mid", measure="pe")["value"].null_count() == 8


def test_no_members_give_no_rows() -> None:
    members = pl.DataFrame(
        schema={
            "session_date": pl.Date,
            "scheme_id": pl.String,
            "company_id": pl.String,
            "bucket": pl.String,
            "cap_usd": pl.Int64,
        }
    )
    known = pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, **KNOWN, **LINES})
    assert valuation_daily(members, known).equals(VALUATION_DAILY.empty())
