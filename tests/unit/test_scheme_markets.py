"""Whom a scheme ranks, and by which cap."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from flows.steps.buckets import _at_last_cap
from tests.unit.ranked_days import company, rows, scheme, version
from tests.unit.test_bucketing import CAP, HELD, LINE, securities
from transforms.schemes.market import listed, market_of
from transforms.schemes.model import Quantiles, Ranks, Scheme, Universe

D = date
DAY, NEXT = D(2024, 11, 29), D(2024, 12, 2)
MILLION = 1_000_000
TEN = Ranks("ranks", {"large": 10})
PLAIN = company(DAY, "plain", 500 * MILLION)
ODD = {
    "preferred": company(DAY, "preferred", 500 * MILLION, security_type="preferred"),
    "irish": company(DAY, "irish", 500 * MILLION, country="Ireland"),
    "nobody knows where": company(DAY, "nobody knows where", 500 * MILLION, country=None),
    "nasdaq": company(DAY, "nasdaq", 500 * MILLION, exchange="nasdaq"),
    "penny": company(DAY, "penny", 500 * MILLION, price_usd=0.99),
    "dollar": company(DAY, "dollar", 500 * MILLION, price_usd=1.0),
    "tiny": company(DAY, "tiny", 30 * MILLION - 1),
    "least": company(DAY, "least", 30 * MILLION),
}
EVERYBODY = {"plain", *ODD}


def ours(**more: Any) -> Scheme:
    return scheme(version(TEN), **more)


def among(of: Scheme, *told: dict[str, Any], rate: float | None = 1.0) -> dict[str, dict[str, Any]]:
    found = listed(of, of.versions[0].rule, rows(told), rate)
    return {row["company_id"]: row for row in found.to_dicts()}


@pytest.mark.parametrize(
    ("universe", "left_out"),
    [
        (Universe(), {"preferred"}),
        (Universe(security_types=()), set()),
        (Universe(security_types=(), countries=("United States",)), {"irish", "nobody knows where"}),
        (Universe(security_types=(), exchanges=("nyse",)), {"nasdaq"}),
        (Universe(security_types=(), least_price=1.0), {"penny"}),
        (Universe(security_types=(), least_cap=30e6), {"tiny"}),
        (Universe(("common",), ("United States",), ("nyse",), 1.0, 30e6), EVERYBODY - {"plain", "dollar", "least"}),
    ],
    ids=["plain", "all types", "country", "exchange", "price", "cap", "all filters"],
)
def test_a_universe_leaves_out_what_it_is_not_about(universe: Universe, left_out: set[str]) -> None:
    assert EVERYBODY - among(ours(universe=universe), PLAIN, *ODD.values()).keys() == left_out


@pytest.mark.parametrize(("rate", "there"), [(1.0, True), (1.25, False)])
def test_least_price_and_cap_are_in_the_scheme_s_currency(rate: float, *, there: bool) -> None:
    """1.20 dollars are 0.96 euros at 1.25 dollars for one."""
    euros = ours(currency="EUR", universe=Universe(least_price=1.0))
    assert bool(among(euros, company(DAY, "a", 500, price_usd=1.2), rate=rate)) is there
    euros = ours(currency="EUR", universe=Universe(least_cap=450))
    assert bool(among(euros, company(DAY, "a", 500), rate=rate)) is there


@pytest.mark.parametrize(
    ("basis", "share", "basis_cap", "used"),
    [("float", 0.4, 200.0, "float"), ("float", None, 500.0, "full"), ("full", 0.4, 500.0, "full"),
     ("float", 0.0, 0.0, "float")],
)  # fmt: skip
def test_the_float_covers_the_market_where_it_is_known(
    basis: str, share: float | None, basis_cap: float, used: str
) -> None:
    found = among(ours(basis=basis), company(DAY, "a", 500, float_share=share))["a"]
    assert (found["cap"], found["basis_cap"], found["basis_used"]) == (500.0, basis_cap, used)


def test_a_scheme_of_securities_ranks_the_primary_line() -> None:
    two_classes = company(DAY, "a", 500, line_cap_usd=300, float_share=0.5)
    assert among(ours(), two_classes)["a"]["cap"] == 500
    found = among(ours(level="security", basis="float"), two_classes)["a"]
    assert (found["cap"], found["basis_cap"]) == (300, 150)


def test_a_cap_in_the_scheme_s_own_currency_is_not_converted() -> None:
    """A rate rounds: 329 dollars for 300 euros are 300.27 euros at 1.0957."""
    euros = ours(currency="EUR")
    german = company(DAY, "german", 329, currency="EUR", cap_local=300)
    american = company(DAY, "american", 329)
    found = among(euros, german, american, rate=1.0957)
    assert found["german"]["cap"] == 300
    assert found["american"]["cap"] == pytest.approx(300.265, abs=0.001)


def test_without_a_rate_nobody_is_ranked() -> None:
    assert among(ours(currency="EUR"), PLAIN, rate=None) == {}


def test_turnover_is_a_year_s_volume_over_the_float() -> None:
    told = [
        company(DAY, "half", 500, dollar_volume_year_usd=250, float_share=0.5),
        company(DAY, "whole", 500, dollar_volume_year_usd=250),
        company(DAY, "young", 500),
    ]
    assert {name: row["turnover"] for name, row in among(ours(), *told).items()} == {
        "half": 1.0, "whole": 0.5, "young": None,
    }  # fmt: skip


def test_quantiles_are_of_one_exchange_and_sort_all() -> None:
    of = scheme(version(Quantiles("quantiles", "nyse", {"small": 0.5, "large": 1.0})))
    assert {name: row["is_on_exchange"] for name, row in among(of, PLAIN, ODD["nasdaq"]).items()} == {
        "plain": True, "nasdaq": False,
    }  # fmt: skip


def frame(schema: dict[str, pl.DataType], *told: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in told], schema)


PRICED = {name: dtype for name, dtype in LINE.items() if name != "close"} | {"price_usd": pl.Float64()}


def line(symbol: str, of: str, exchange: str, cap: int | None) -> dict[str, Any]:
    return {"session_date": DAY, "security_id": f"{symbol}~", "company_id": of, "symbol": symbol, "exchange": exchange,
            "price_usd": 5.0, "class_cap_usd": cap}  # fmt: skip


def cap(ticker: str, of: str, cap_usd: int) -> dict[str, Any]:
    return {"company_id": of, "ticker": ticker, "cap_usd": cap_usd, "currency": "USD", "cap_local": cap_usd,
            "fx_rate": 1.0}  # fmt: skip


def test_a_company_is_described_by_its_primary_line_as_it_was_that_day() -> None:
    described = pl.concat(
        [
            securities(["A", "B"]).with_columns(valid_to=pl.lit(DAY), country=pl.lit("Ireland")),
            securities(["A", "B"]).with_columns(valid_from=pl.lit(NEXT)),
        ]
    )
    lines = frame(PRICED, line("A", "two", "nyse", 300), line("B", "two", "nasdaq", None))
    floats = pl.DataFrame({"company_id": ["two"], "float_share": [0.8]})
    for primary, exchange, worth in (("A", "nyse", 300), ("B", "nasdaq", 0)):
        caps = frame(CAP, cap(primary, "two", 400))
        (row,) = market_of(DAY, caps, lines, described, [floats]).to_dicts()
        assert (row["exchange"], row["line_cap_usd"], row["country"], row["cap_usd"]) == (
            exchange, worth, "Ireland", 400,
        )  # fmt: skip
        assert (row["float_share"], row["earns"], row["dollar_volume_year_usd"]) == (0.8, None, None)


def test_who_is_held_back_has_its_last_cap_and_who_never_had_one_has_none() -> None:
    held = frame(
        HELD,
        {"session_date": DAY, "company_id": "jumped", "ticker": "J", "cap_usd": 9_000, "anchor_cap_usd": 500},
        {"session_date": DAY, "company_id": "new", "ticker": "N", "cap_usd": 7},
    )
    assert _at_last_cap(held).select("company_id", "ticker", "cap_usd").rows() == [("jumped", "J", 500)]
