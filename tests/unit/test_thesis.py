"""The claims of the thesis, worked by hand: values, thresholds, histories, and what each rests on."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.contracts.thesis import CLAIM_IDS, CLAIMS, SCHEME
from transforms.measures import evidence
from transforms.measures.small_vs_micro import small_vs_micro, worse_share
from transforms.measures.thesis import EVIDENCE, thesis_claims, thesis_daily

DAYS = [date(2024, 1, 2) + timedelta(days=number) for number in range(6)]
NO_HISTORY = thesis_daily(
    pl.DataFrame(schema=EVIDENCE),
    DAYS[:1],
    pl.DataFrame(schema={"session_date": pl.Date, "value": pl.Float64, "claim": pl.String, "source": pl.String}),
).clear()


def told(claim: str, *values: float | None, days: list[date] = DAYS) -> pl.DataFrame:
    rows = pl.DataFrame(
        {"session_date": days[: len(values)], "value": values}, {"session_date": pl.Date, "value": pl.Float64}
    )
    return evidence.of_claim(claim, rows)


def of(frame: pl.DataFrame, claim: str, *columns: str) -> list[tuple[Any, ...]]:
    return frame.filter(pl.col("claim") == claim).sort("session_date").select(columns).rows()


def test_every_claim_has_a_row_each_session_and_says_why_it_has_no_value() -> None:
    found = thesis_daily(told("10_discount", -0.3), DAYS[:2], NO_HISTORY)
    assert found.height == 2 * len(CLAIMS) == 2 * 15
    assert (
        of(found, "05_underweight", "value", "holds", "null_reason", "history_start")
        == [(None, None, "no_data", None)] * 2
    )
    assert of(found, "10_discount", "value", "holds", "as_of", "null_reason") == [
        (-0.3, True, DAYS[0], None),
        (None, None, None, "no_data"),
    ]


@pytest.mark.parametrize(
    ("claim", "value", "holds"),
    [
        ("01_new_high", 0.0, True),
        ("01_new_high", -1e-9, False),
        ("10_discount", -0.25, True),
        ("10_discount", -0.2499, False),
        ("12_negative_real_yield", 0.0, False),
        ("12_negative_real_yield", -0.01, True),
        ("13_size_effect", 0.0, False),
        ("13_size_effect", 0.001, True),
    ],
)
def test_the_threshold_itself_falls_on_the_stated_side(claim: str, value: float, holds: bool) -> None:
    assert of(thesis_daily(told(claim, value), DAYS[:1], NO_HISTORY), claim, "holds") == [(holds,)]


def test_percentiles_are_against_the_past_alone_and_nights_equal_the_whole() -> None:
    values = (-0.2, -0.3, None, -0.1, -0.3, -0.4)
    whole = thesis_daily(told("10_discount", *values), DAYS, NO_HISTORY)
    ranks = of(whole, "10_discount", "percentile", "history_start", "history_sessions")
    assert ranks == [
        (1.0, DAYS[0], 1), (0.5, DAYS[0], 2), (None, DAYS[0], 2),
        (1.0, DAYS[0], 3), (0.5, DAYS[0], 4), (0.2, DAYS[0], 5),
    ]  # fmt: skip
    nights = NO_HISTORY
    for at, day in enumerate(DAYS):
        night = thesis_daily(told("10_discount", *values).filter(session_date=day), [day], nights)
        nights = pl.concat([nights, night])
        assert night.equals(whole.filter(session_date=day)), at


def test_every_claim_says_its_reason_and_its_source() -> None:
    rows = thesis_claims()
    assert rows["claim"].to_list() == sorted(CLAIM_IDS)
    assert all(rows[name].str.len_chars().min() > 5 for name in ("statement", "measure", "reason", "source"))


def returns(*values: float) -> pl.DataFrame:
    days = [DAYS[0] + timedelta(days=number) for number in range(len(values))]
    return pl.DataFrame({"session_date": days, "return_price_vw": values}).with_columns(
        scheme_id=pl.lit(SCHEME), segment=pl.lit("small")
    )


def test_highs_spells_and_depths() -> None:
    """Levels 1, 1.1, 0.88, 0.99, 1.188, 1.1286: a spell of two sessions 20 % deep, a high, and the next spell."""
    found = evidence.of_highs(returns(0.0, 0.1, -0.2, 0.125, 0.2, -0.05), DAYS[0])
    drawdowns = [value for (value,) in of(found, "01_new_high", "value")]
    assert drawdowns == pytest.approx([0, 0, -0.2, -0.1, 0, -0.05])
    assert of(found, "02_sideways", "session_date", "value") == [(DAYS[2], 1), (DAYS[3], 2), (DAYS[4], 2), (DAYS[5], 1)]
    assert [value for (value,) in of(found, "03_sell_off", "value")] == pytest.approx([-0.2, -0.2, -0.2, -0.05])


def test_the_ten_largest_of_twelve() -> None:
    caps = pl.DataFrame({"session_date": [DAYS[0]] * 12, "cap_usd": [10] * 10 + [5, 5]})
    assert evidence.largest_share(caps)["value"].item() == pytest.approx(100 / 110)


def test_another_series_has_a_history_of_its_own_and_the_first_goes_on_where_it_ended() -> None:
    spread, stress, none = ("core.macro: A, x", -1.0, None), ("core.macro: B, y", 5.0, 4.0), ("core.macro", None, None)
    told = [spread, (spread[0], -2.0, None), stress, none, (stress[0], 3.0, 4.0), (spread[0], -3.0, None)]
    rows = [(DAYS[at], "08_low_spreads", *one) for at, one in enumerate(told)]
    columns = {"session_date": pl.Date, "claim": pl.String, "source": pl.String, "value": pl.Float64}
    known = pl.DataFrame(rows, {**columns, "own_threshold": pl.Float64}, orient="row")
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in EVIDENCE.items() if name not in known.columns]
    evidence_rows = known.filter(pl.col("value").is_not_null()).with_columns(missing).select(*EVIDENCE)
    whole = thesis_daily(evidence_rows, DAYS, NO_HISTORY)
    columns_of_history = ("percentile", "history_start", "history_sessions", "threshold", "holds")
    assert of(whole, "08_low_spreads", *columns_of_history) == [
        (1.0, DAYS[0], 1, 3.5, True), (0.5, DAYS[0], 2, 3.5, True),
        (1.0, DAYS[2], 1, 4.0, False), (None, DAYS[2], 1, 3.5, None), (0.5, DAYS[2], 2, 4.0, True),
        (pytest.approx(1 / 3), DAYS[0], 3, 3.5, True),
    ]  # fmt: skip
    nights = NO_HISTORY
    for at, day in enumerate(DAYS):
        night = thesis_daily(evidence_rows.filter(session_date=day), [day], nights)
        nights = pl.concat([nights, night])
        assert night.equals(whole.filter(session_date=day)), at


def test_the_size_effect_is_a_mean_of_a_year_at_least() -> None:
    days = [DAYS[0] + timedelta(days=number) for number in range(253)]
    smb = pl.DataFrame({"session_date": days, "return": [0.001] * 252 + [-0.252]}).with_columns(
        portfolio=pl.lit("smb"), weighting=pl.lit("vw")
    )
    found = of(evidence.of_size_effect(smb, days[250]), "13_size_effect", "value", "null_reason")
    assert found[0] == (None, "too_few")
    assert [value for value, _ in found[1:]] == pytest.approx([0.252, 0.0], abs=1e-15)


def measured(measure: str, small: float | None, micro: float | None) -> pl.DataFrame:
    rows = [
        (DAYS[0], SCHEME, "small", measure, small, None),
        (DAYS[0], SCHEME, "micro", measure, micro, "too_few" if micro is None else None),
    ]
    schema = dict.fromkeys(("scheme_id", "segment", "measure"), pl.String)
    types = {"session_date": pl.Date, **schema, "value": pl.Float64, "null_reason": pl.String}
    return pl.DataFrame(rows, types, orient="row")


def test_small_against_micro_row_by_row() -> None:
    segments = pl.DataFrame(
        {
            "session_date": [DAYS[0]] * 2,
            "scheme_id": [SCHEME] * 2,
            "segment": ["small", "micro"],
            "market_cap_usd": [1000, 90],
            "company_count": [2, 3],
        }
    )
    found = small_vs_micro(
        segments,
        {
            "risk_daily": measured("volatility_252", 0.3, 0.2),
            "liquidity_daily": measured("amihud_21", 0.1, 0.4),
            "fragility_daily": pl.concat([measured("unprofitable_share", 0.4, 0.6), measured("age_years", 9.0, None)]),
            "information_daily": measured("filing_lag_days", 38.0, 39.0),
        },
    )
    rows = {row: told for row, *told in found.select("row", "small", "micro", "micro_is_worse", "null_reason").rows()}
    assert rows == {
        "cap": [500.0, 30.0, True, None],
        "age": [9.0, None, None, "too_few"],
        "liquidity": [0.1, 0.4, True, None],
        "volatility": [0.3, 0.2, False, None],
        "information": [38.0, 39.0, True, None],
        "risk": [0.4, 0.6, True, None],
    }
    assert worse_share(found).rows() == [(DAYS[0], 0.8, None)]
    assert found.filter(row="liquidity")["ratio"].item() == 4.0


@pytest.mark.parametrize(
    ("large", "smid", "mega", "discount", "giants"),
    [
        (0.64, 0.57, 0.84, (-0.3, None), (35.0, None)),
        (0.64, 0.39, 0.39, (None, "low_coverage"), (None, "low_coverage")),
        (0.39, 0.57, 0.40, (None, "low_coverage"), (35.0, None)),
    ],
)
def test_valuations_of_few_companies_prove_no_claim(
    large: float, smid: float, mega: float, discount: tuple[object, object], giants: tuple[object, object]
) -> None:
    shared = {"session_date": DAYS[0], "scheme_id": "fixed_usd", "universe": "all", "measure": "pe"}
    valued = [
        shared | {"segment": segment, "convention": convention, "value": 35.0, "cap_coverage": coverage}
        for segment, convention, coverage in (
            ("large", "excl_losses", large), ("smid", "excl_losses", smid), ("mega", "incl_losses", mega)
        )
    ]  # fmt: skip
    spread = shared | {"segment": "smid", "convention": "excl_losses", "discount": -0.3}
    found = evidence.of_valuation(
        pl.DataFrame(valued).with_columns(null_reason=pl.lit(None, pl.String)), pl.DataFrame([spread])
    )
    assert of(found, "10_discount", "value", "null_reason") == [discount]
    assert of(found, "11_dear_giants", "value", "null_reason") == [giants]
