"""What must hold of fragility for any statements: the unit of money and the order of rows do not matter."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.contracts.fragility import FRAGILITY_DAILY, INFORMATION_DAILY
from transforms.measures.company_fragility import INFORMED, company_fragility, fragility_and_information
from transforms.measures.company_fundamentals import KNOWN
from transforms.measures.company_traits import NOT_TOLD, with_traits
from transforms.measures.statement_lines import LINES

START, DAY = date(2022, 1, 3), date(2024, 8, 30)
MONEY = [name for name, dtype in {**KNOWN, **LINES}.items() if dtype == pl.Int64()]
amounts = st.none() | st.integers(-(10**9), 10**9)
companies = st.fixed_dictionaries(
    {
        "cap_usd": st.integers(1, 10**9),
        "bucket": st.sampled_from(["micro", "small", "mid"]),
        "sector": st.sampled_from(["Finance", "Technology", None]),
        "first_session": st.dates(START, DAY),
        "income_period_end": st.none() | st.dates(date(2023, 6, 1), date(2024, 7, 1)),
        "lag": st.integers(1, 60),
        **dict.fromkeys(MONEY, amounts),
    }
)
markets = st.lists(companies, min_size=1, max_size=40)


def known(market: list[dict[str, object]]) -> pl.DataFrame:
    schema = {"cap_usd": pl.Int64, "bucket": pl.String, "sector": pl.String, "first_session": pl.Date,
              "income_period_end": pl.Date, "lag": pl.Int64, **dict.fromkeys(MONEY, pl.Int64)}  # fmt: skip
    rows = pl.DataFrame(market, schema=schema).with_row_index("number")
    others = {name: pl.lit(None, dtype) for name, dtype in {**KNOWN, **LINES, **INFORMED}.items() if name not in schema}
    return rows.with_columns(
        session_date=pl.lit(DAY),
        company_id=pl.format("C:{}", "number"),
        **others
        | {
            "income_publish_date": pl.col("income_period_end") + pl.duration(days=pl.col("lag")),
            "balance_period_end": pl.col("income_period_end"),
        },
    )


def securities(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "company_id", "sector", "first_session", valid_from="first_session", security_type=pl.lit("common")
    )


def fragility(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    return company_fragility(with_traits(rows.drop("sector", "first_session"), told, NOT_TOLD), START)


def measured(rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Both tables of measures as one, published."""
    members = pl.concat([rows.select("bucket", "cap_usd"), fragility(rows, told)], how="horizontal")
    fragile, informed = fragility_and_information(members, "fixed_usd")
    return pl.concat([FRAGILITY_DAILY.conform(fragile), INFORMATION_DAILY.conform(informed)])


@settings(deadline=None, max_examples=40)
@given(market=markets, seed=st.integers(0, 1000))
def test_neither_the_order_of_companies_nor_of_securities_matters(market: list[dict[str, object]], seed: int) -> None:
    rows = known(market)
    told = securities(rows)
    turned = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    assert measured(turned, told.reverse()).equals(measured(rows, told))


@settings(deadline=None, max_examples=40)
@given(market=markets, unit=st.sampled_from([2, 7, 1000]))
def test_the_unit_of_money_does_not_matter(market: list[dict[str, object]], unit: int) -> None:
    rows = known(market)
    told = securities(rows)
    scaled = rows.with_columns(pl.col("cap_usd", *MONEY) * unit)
    assert_frame_equal(fragility(scaled, told), fragility(rows, told), rel_tol=1e-9)
    assert_frame_equal(measured(scaled, told), measured(rows, told), rel_tol=1e-9)


@settings(deadline=None, max_examples=40)
@given(market=markets)
def test_shares_are_shares_and_null_exactly_with_a_reason(market: list[dict[str, object]]) -> None:
    rows = known(market)
    published = measured(rows, securities(rows))
    shares = published.filter(pl.col("measure").str.ends_with("_share"))["value"].drop_nulls()
    assert shares.is_between(0, 1).all()
    assert published.filter(pl.col("value").is_null() != pl.col("null_reason").is_not_null()).is_empty()


@settings(deadline=None, max_examples=40)
@given(market=markets, later=st.integers(1, 400))
def test_securities_that_come_later_change_nothing(market: list[dict[str, object]], later: int) -> None:
    rows = known(market)
    told = securities(rows)
    after = DAY + timedelta(days=later)
    coming = told.with_columns(sector=pl.lit("Finance"), first_session=pl.lit(after), valid_from=pl.lit(after))
    assert fragility(rows, pl.concat([told, coming])).equals(fragility(rows, told))
