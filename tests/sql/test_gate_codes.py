"""Which codes fail on which bad data: exactly those, and no other."""

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime

import polars as pl
import pytest

from expectations.gate import GateResult
from flows.edge.builds import Build
from flows.edge.quality import gate_build
from tests.sql import hand_made
from transforms.contracts import table

Mutate = Callable[[pl.DataFrame], pl.DataFrame]
INNO = pl.col("company_id") == hand_made.company_id("INNO")
INNO_LINE = pl.col("security_id") == hand_made.security_id("INNO")
SMALL = pl.col("segment") == "small"


def put(column: str, value: object, where: pl.Expr) -> Mutate:
    def change(frame: pl.DataFrame) -> pl.DataFrame:
        put_in = pl.lit(value, dtype=frame.schema[column])
        return frame.with_columns(pl.when(where).then(put_in).otherwise(pl.col(column)).alias(column))

    return change


def without(where: pl.Expr) -> Mutate:
    return lambda frame: frame.filter(~where)


def twice(where: pl.Expr) -> Mutate:
    return lambda frame: pl.concat([frame, frame.filter(where)])


def more(*rows: dict[str, object]) -> Mutate:
    def add(frame: pl.DataFrame) -> pl.DataFrame:
        name = next(n for n, t in hand_made.BY_NAME.items() if t.column_names == frame.columns)
        return pl.concat([frame, hand_made.rows(name, *rows)])

    return add


def in_parts(*parts: tuple[str, float, bool]) -> Mutate:
    """InnovateTech in these buckets: weight, and whether it is counted there."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        told = [
            frame.filter(INNO).with_columns(bucket=pl.lit(bucket), weight=pl.lit(weight), is_counted=pl.lit(counted))
            for bucket, weight, counted in parts
        ]
        return pl.concat([frame.filter(~INNO), *told])

    return change


def version(known_hour: int, superseded_hour: int) -> dict[str, object]:
    """A version of InnovateTech's first cap, whose row in force is known from 21 o'clock on."""
    told = (hand_made.quoted_at(hand_made.FIRST).replace(hour=hour) for hour in (known_hour, superseded_hour))
    values = {"session_date": hand_made.FIRST, "company_id": hand_made.company_id("INNO"), "cap_usd": 1}
    return {**values, **dict(zip(("known_at", "superseded_at"), told, strict=True))}


def gate(build: Build, bad: dict[str, pl.DataFrame], tables: Collection[str] | None = None) -> GateResult:
    for name, frame in bad.items():
        build.replace(name, frame, hand_made.SESSIONS)
    return gate_build(build, hand_made.SESSIONS, tables=[table(name) for name in tables or bad])


CASES: dict[str, tuple[str, Mutate, set[str]]] = {
    "a negative price": ("core.quotes", put("close", -1.0, INNO_LINE), {"GATE_RANGE"}),
    "a price that is no number": ("core.quotes", put("close", float("nan"), INNO_LINE), {"GATE_RANGE"}),
    "no price": ("core.quotes", put("close", None, INNO_LINE), {"GATE_NOT_NULL"}),
    "an unknown class convention": ("core.security_caps", put("class_convention", "half", INNO_LINE), {"GATE_VALUES"}),
    "a quote twice": ("core.quotes", twice(INNO_LINE), {"GATE_KEY"}),
    "a quote known the day before": (
        "core.quotes",
        put("known_at", datetime(2024, 1, 1, tzinfo=UTC), INNO_LINE),
        {"GATE_KNOWN_BEFORE"},
    ),
    "a quote of an unknown security": (
        "core.quotes",
        put("security_id", "ZZZ~20240102", INNO_LINE),
        {"GATE_ORPHANS"},
    ),
    "a session without quotes": (
        "core.quotes",
        without(pl.col("session_date") == hand_made.SECOND),
        {"GATE_ADMITTED_PRESENT"},
    ),
    "no quotes at all": ("core.quotes", without(pl.lit(value=True)), {"GATE_ROWS", "GATE_ADMITTED_PRESENT"}),
    "a refused session with quotes": (
        "core.quotes",
        lambda f: pl.concat([f, f.head(1).with_columns(pl.lit(hand_made.REFUSED).alias("session_date"))]),
        {"GATE_REFUSED_ABSENT", "GATE_KNOWN_BEFORE"},
    ),
    "a cap of 35e12": (
        "core.market_caps",
        lambda f: f.with_columns(
            pl.when(INNO).then(35 * 10**12).otherwise(name).alias(name) for name in ("cap_usd", "cap_local")
        ).with_columns(pl.when(INNO).then(35e12 / 25).otherwise("shares").alias("shares")),
        {"GATE_CAP_LEVEL", "GATE_SEGMENT_CAPS", "GATE_LATEST_COMPLETE"},
    ),
    "a cap that is not price times shares": (
        "core.market_caps",
        put("shares", 20_200_000.0, INNO),
        {"GATE_CAP_IDENTITY"},
    ),
    "a company lost": (
        "core.market_caps",
        without(INNO),
        {"GATE_SEGMENT_CAPS", "GATE_ADMITTED_PRESENT", "GATE_LATEST_COMPLETE"},
    ),
    "two versions of a cap at once": (
        "core.cap_versions",
        more(version(18, 20), version(19, 21)),
        {"GATE_CAP_VERSIONS"},
    ),
    "a version that ends before the row in force begins": (
        "core.cap_versions",
        more(version(18, 20)),
        {"GATE_CAP_VERSIONS"},
    ),
    "a version that ends as it begins": (
        "core.cap_versions",
        more(version(21, 21)),
        {"GATE_CAP_VERSIONS"},
    ),
    "a cap known the day before": (
        "core.market_caps",
        put("known_at", datetime(2024, 1, 1, 21, tzinfo=UTC), INNO),
        {"GATE_KNOWN_BEFORE"},
    ),
    "a company in no bucket": ("core.bucket_memberships", without(INNO), {"GATE_MEMBERSHIP_COVERS"}),
    "a company in two buckets": (
        "core.bucket_memberships",
        lambda f: pl.concat([f, f.filter(INNO).with_columns(pl.lit("mid").alias("bucket"))]),
        {"GATE_MEMBERSHIP_COVERS", "GATE_MEMBERSHIP_OVERLAP"},
    ),
    "two intervals at once": (
        "core.bucket_memberships",
        lambda f: pl.concat([f, f.filter(INNO).with_columns(pl.lit(hand_made.SECOND).alias("valid_from"))]),
        {"GATE_MEMBERSHIP_COVERS", "GATE_MEMBERSHIP_OVERLAP"},
    ),
    "a company in three parts": (
        "core.bucket_memberships",
        in_parts(("micro", 0.25, False), ("small", 0.5, True), ("mid", 0.25, False)),
        {"GATE_MEMBERSHIP_OVERLAP"},
    ),
    "a half alone": (
        "core.bucket_memberships",
        in_parts(("small", 0.5, True)),
        {"GATE_MEMBERSHIP_COVERS", "GATE_MEMBERSHIP_OVERLAP"},
    ),
    "two halves, of which neither is counted": (
        "core.bucket_memberships",
        in_parts(("small", 0.5, False), ("mid", 0.5, False)),
        {"GATE_MEMBERSHIP_OVERLAP"},
    ),
    "two halves that both are counted": (
        "core.bucket_memberships",
        in_parts(("small", 0.5, True), ("mid", 0.5, True)),
        {"GATE_MEMBERSHIP_OVERLAP"},
    ),
    "two halves, of which one ends before the other": (
        "core.bucket_memberships",
        lambda f: in_parts(("small", 0.5, True), ("mid", 0.5, False))(f).with_columns(
            valid_to=pl.when(INNO & (pl.col("bucket") == "mid")).then(hand_made.FIRST).otherwise("valid_to")
        ),
        {"GATE_MEMBERSHIP_COVERS", "GATE_MEMBERSHIP_OVERLAP"},
    ),
    "a security twice at a time": (
        "core.securities",
        lambda f: pl.concat([f, f.filter(INNO_LINE).with_columns(pl.lit(hand_made.SECOND).alias("valid_from"))]),
        {"GATE_SECURITY_OVERLAP"},
    ),
    "a report published before its period ends": (
        "core.fundamentals",
        put("known_at", datetime(2023, 9, 1, tzinfo=UTC), pl.lit(value=True)),
        {"GATE_KNOWN_BEFORE"},
    ),
    "a segment lost": (
        "marts.segment_daily",
        without(pl.col("segment") == "nano"),
        {"GATE_SEGMENTS_COMPLETE", "GATE_SEGMENT_SHARES", "GATE_SEGMENT_SUMS", "GATE_FILER_CATEGORIES"},
    ),
    "a share above one": (
        "marts.segment_daily",
        put("cap_share", 1.5, pl.col("segment") == "mega"),
        {"GATE_RANGE", "GATE_SEGMENT_SHARES"},
    ),
    "a total that is not all": (
        "marts.segment_daily",
        put("cap_share", 0.99, pl.col("segment") == "total"),
        {"GATE_TOTAL_SHARE"},
    ),
    "a dollar too much in smid": (
        "marts.segment_daily",
        lambda f: f.with_columns(market_cap_usd=pl.col("market_cap_usd") + (pl.col("segment") == "smid")),
        {"GATE_SEGMENT_SUMS", "GATE_FILER_CATEGORIES"},
    ),
    "a company in two categories of filer": (
        "marts.filer_category_daily",
        put("company_count", 1, SMALL & (pl.col("category") == "accelerated")),
        {"GATE_FILER_CATEGORIES"},
    ),
    "a category of filer lost": (
        "marts.filer_category_daily",
        without(SMALL & (pl.col("category") == "non_accelerated")),
        {"GATE_FILER_CATEGORIES"},
    ),
    "a float above the whole company": (
        "core.free_float",
        put("float_share", 1.02, INNO),
        {"GATE_RANGE"},
    ),
    "a float known before its day": (
        "core.free_float",
        put("known_at", datetime(2023, 6, 1, tzinfo=UTC), INNO),
        {"GATE_KNOWN_BEFORE"},
    ),
    "earnings per share known before their period's end": (
        "core.per_share_facts",
        put("known_at", datetime(2023, 12, 30, tzinfo=UTC), INNO),
        {"GATE_KNOWN_BEFORE"},
    ),
    "an unknown segment": (
        "marts.segment_daily",
        put("segment", "tiny", pl.col("segment") == "smid"),
        {"GATE_VALUES", "GATE_SEGMENT_SUMS", "GATE_SEGMENT_SHARES", "GATE_FILER_CATEGORIES"},
    ),
    "a segment twice": (
        "marts.segment_daily",
        twice(pl.col("segment") == "nano"),
        {"GATE_KEY", "GATE_SEGMENT_SHARES", "GATE_SEGMENT_SUMS"},
    ),
    "a market that halves": (
        "marts.segment_daily",
        put("return_price_vw", -0.5, pl.col("segment") == "total"),
        {"GATE_SEGMENT_RETURN"},
    ),
    "all of a segment traded in a day": (
        "marts.segment_daily",
        put("turnover", 1.1, SMALL),
        {"GATE_TURNOVER"},
    ),
    "a yield that is not one over P/E": (
        "marts.valuation_daily",
        put("value", 0.06, SMALL & (pl.col("measure") == "earnings_yield")),
        {"GATE_YIELD_RECIPROCAL", "GATE_SPREAD_SOURCE"},
    ),
    "no value and no reason": (
        "marts.valuation_daily",
        put("null_reason", None, pl.col("segment") == "nano"),
        {"GATE_NULL_REASON"},
    ),
    "a measure in a row without value and reason": (
        "marts.risk_daily",
        put("null_reason", None, SMALL),
        {"GATE_NULL_REASON"},
    ),
    "a portfolio without a return and a reason": (
        "marts.size_portfolios_daily",
        put("null_reason", None, pl.col("portfolio") == "smb"),
        {"GATE_NULL_REASON"},
    ),
    "a claim with a value and a reason why it has none": (
        "marts.thesis_daily",
        put("value", 1.0, pl.col("claim") == "10_discount"),
        {"GATE_NULL_REASON"},
    ),
    "reports older than 15 months": (
        "marts.valuation_daily",
        put("median_report_age_days", 500.0, SMALL),
        {"GATE_REPORT_AGE"},
    ),
    "a discount that is not the ratio": (
        "marts.valuation_spread_daily",
        put("discount", -0.3, pl.col("measure") == "pe"),
        {"GATE_SPREAD_IDENTITY"},
    ),
    "no discount where both sides stand": (
        "marts.valuation_spread_daily",
        put("discount", None, pl.col("measure") == "pe"),
        {"GATE_SPREAD_IDENTITY"},
    ),
    "a history from the future": (
        "marts.valuation_spread_daily",
        put("history_start", date(2024, 1, 5), pl.lit(value=True)),
        {"GATE_HISTORY_START"},
    ),
    "a flow that was not updated, with a value": (
        "marts.fund_flows_daily",
        put("quality", "not_updated", pl.col("fund") == "IWM"),
        {"GATE_FLOW_QUALITY"},
    ),
    "a feed of funds that stands still": (
        "marts.fund_flows_daily",
        more(
            *(
                {"session_date": hand_made.FIRST, "fund": fund, "quality": "not_updated", "marks": "frozen_feed"}
                for fund in "ABC"
            )
        ),
        {"GATE_FUNDS_FROZEN"},
    ),
    "half a fund gone in a day": (
        "marts.fund_flows_daily",
        put("flow_pct_assets", -0.5, pl.col("fund") == "IWM"),
        {"GATE_FLOW_SIZE"},
    ),
    "a segment's flow that its funds do not have": (
        "marts.segment_flows_daily",
        put("flow_usd", 1e8 + 1, SMALL),
        {"GATE_SEGMENT_FLOWS"},
    ),
    "a sum over sessions in spite of a fund unknown": (
        "marts.segment_flows_daily",
        put("flow_5d_usd", 5e8, SMALL),
        {"GATE_SEGMENT_FLOWS"},
    ),
    "a company missing from caps_latest": (
        "marts.caps_latest",
        without(INNO),
        {"GATE_LATEST_COMPLETE"},
    ),
    "a cap without its file": (
        "marts.caps_latest",
        put("quote_file_sha256", None, INNO),
        {"GATE_LATEST_LINEAGE"},
    ),
    "fewer companies than ops.sessions counts": (
        "ops.sessions",
        put("company_count", 7, pl.col("status") == "published"),
        {"GATE_ADMITTED_PRESENT"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_data_fails_exactly_its_codes(case: str, good: object, build_on: Callable[[], Build]) -> None:
    name, mutate, expected = CASES[case]
    build = build_on()
    frame = build.query(f"from {name}")
    bad = mutate(table(name).conform(frame))

    result = gate(build, {name: bad})

    assert {*result.failed, *result.warned} == expected
    assert result.errored == ()
    assert set(result.samples["rule_code"]) == expected - {"GATE_ROWS"}, "each failure shows rows"


def test_two_halves_of_which_one_is_counted_pass(build_on: Callable[[], Build]) -> None:
    build = build_on()
    halves = in_parts(("small", 0.5, True), ("mid", 0.5, False))(build.query("from core.bucket_memberships"))

    assert gate(build, {"core.bucket_memberships": halves}).passed


def test_the_good_warehouse_passes_every_rule(build_on: Callable[[], Build]) -> None:
    build = build_on()

    result = gate_build(build, hand_made.SESSIONS)

    assert result.passed
    assert (result.failed, result.warned, result.errored) == ((), (), ())
    assert set(result.checks["outcome"]) == {"passed", "not_applicable"}
    assert build.query("select count(*) as n from ops.checks").item() == result.checks.height


def test_every_case_of_bad_data_is_seen_by_a_rule_and_every_rule_by_a_case() -> None:
    from expectations.gate_rules import GATE_RULES

    tested = {code for _, _, codes in CASES.values() for code in codes}
    # columns and empty suites are tested below: they cannot come from a frame of the contract's shape
    assert tested == set(GATE_RULES) - {"GATE_COLUMNS", "GATE_NOTHING_CHECKED"}
