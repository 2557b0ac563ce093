from datetime import date

import polars as pl
import pytest

from transforms.contracts.valuation import SECTOR_NEUTRAL_DAILY
from transforms.measures.sector_neutral import sector_neutral_daily
from transforms.measures.valuation import BASES

DAY = date(2024, 8, 30)
SCHEMA = {"bucket": pl.String, "sector": pl.String, "cap_usd": pl.Int64, "net_income_ttm_usd": pl.Int64}


def members(*groups: tuple[str, str | None, int, int | None], each: int = 3) -> pl.DataFrame:
    """So many companies of every (bucket, sector, cap, net income); nothing else is known of them."""
    rows = pl.DataFrame([group for group in groups for _ in range(each)], SCHEMA, orient="row")
    unknown = {basis.column for basis in BASES} | {basis.worth for basis in BASES}
    return rows.with_columns(
        session_date=pl.lit(DAY), **{name: pl.lit(None, pl.Int64) for name in unknown - set(rows.columns)}
    )


def one(rows: pl.DataFrame, segment: str = "small", convention: str = "incl_losses") -> dict[str, object]:
    return (
        sector_neutral_daily(rows, "fixed_usd")
        .filter(segment=segment, measure="pe", convention=convention)
        .row(0, named=True)
    )


# Small: three quarters of its cap in technology at 20, a quarter in energy at 8; large: the other way round at 25, 10.
MIXED = members(
    ("small", "Technology", 300, 15), ("small", "Energy", 100, 12), ("large", "Technology", 1000, 40),
    ("large", "Energy", 3000, 300),
)  # fmt: skip


def test_sectors_that_are_a_fifth_cheaper_are_so_whatever_the_mix() -> None:
    row = one(MIXED)
    # Small costs 400 / 27; large with its mix 400 / (300 x 4 % + 100 x 10 %) = 400 / 22, and with its own 4000 / 340.
    assert row["value"] == float(f"{400 / 27:.12g}")
    assert row["large_value"] == float(f"{400 / 22:.12g}")
    assert row["discount"] == pytest.approx(22 / 27 - 1, abs=1e-12)
    assert row["plain_discount"] == pytest.approx((400 / 27) / (4000 / 340) - 1, abs=1e-12)
    assert (row["sector_count"], row["company_count"], row["cap_coverage"]) == (2, 6, 1.0)


def test_a_sector_that_large_caps_do_not_have_is_not_compared() -> None:
    rows = pl.concat([MIXED, members(("small", "Utilities", 100, 5), ("small", None, 100, 5))])
    row = one(rows)
    assert row["discount"] == one(MIXED)["discount"]
    assert row["cap_coverage"] == pytest.approx(4 / 6)


def test_two_companies_are_no_sector() -> None:
    rows = pl.concat([MIXED, members(("small", "Utilities", 100, 5), ("large", "Utilities", 100, 5), each=2)])
    assert one(rows)["sector_count"] == 2


def test_less_than_half_of_the_covered_cap_is_too_few() -> None:
    rows = pl.concat([MIXED, members(("small", "Utilities", 500, 5))])
    row = one(rows)
    assert (row["discount"], row["value"], row["null_reason"]) == (None, None, "too_few")
    assert one(MIXED, "nano")["null_reason"] == "too_few"


def test_losses_of_a_sector_are_in_the_sum_and_left_out_without_losses() -> None:
    rows = pl.concat([MIXED, members(("large", "Energy", 3000, -400))])
    assert one(rows)["null_reason"] == "sum_not_positive"  # energy's yield is below zero, and outweighs technology's
    assert one(rows, convention="excl_losses")["discount"] == one(MIXED)["discount"]


def test_small_and_mid_are_summed_before_they_are_compared() -> None:
    parts = MIXED.with_columns(
        bucket=pl.when((pl.col("bucket") == "small") & (pl.col("sector") == "Energy"))
        .then(pl.lit("mid"))
        .otherwise("bucket")
    )
    assert one(parts, "smid")["discount"] == one(MIXED)["discount"]
    assert one(parts, "total")["sector_count"] == 2


def test_neither_order_nor_the_unit_of_money_matters() -> None:
    whole = sector_neutral_daily(MIXED, "fixed_usd")
    turned = sector_neutral_daily(MIXED.sample(fraction=1, shuffle=True, seed=3), "fixed_usd")
    assert turned.equals(whole)
    thousands = MIXED.with_columns(pl.col("cap_usd", "net_income_ttm_usd") * 1000)
    assert sector_neutral_daily(thousands, "fixed_usd").equals(whole)


def test_every_segment_but_large_has_a_row_of_every_multiple() -> None:
    rows = sector_neutral_daily(MIXED, "fixed_usd")
    assert rows.height == 7 * 4 * 2
    assert rows.schema == SECTOR_NEUTRAL_DAILY.polars_schema
    assert rows.filter(pl.col("discount").is_null() == pl.col("null_reason").is_null()).is_empty()
