"""A whole warehouse made by hand: six companies, one per bucket, two published sessions and a refused one.

InnovateTech is the plain case that must always hold: 20,000,000 shares at 25 make a cap of 500,000,000, a small cap.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from flows.edge.builds import Build
from flows.paths import DataPaths
from transforms.contracts import BY_NAME, Column, table
from transforms.contracts.fields import BUCKETS
from transforms.contracts.marts import TABLES_OF_MEASURES
from transforms.core.fund_prices import RETURNS
from transforms.measures.benchmark_registry import COMPARISONS
from transforms.measures.benchmarks import benchmark_daily, benchmark_rows
from transforms.measures.catalogue import measure_rows
from transforms.measures.forward_returns import forward_returns
from transforms.measures.reconciliation import CAP_GAPS
from transforms.measures.regime import regime_daily
from transforms.measures.risk import risk_daily
from transforms.measures.size_portfolios import FOLLOWED, SEATS, Formed, size_portfolios
from transforms.measures.small_vs_micro import small_vs_micro
from transforms.measures.thesis import EVIDENCE, thesis_claims, thesis_daily

FIRST, SECOND, REFUSED = date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)
PUBLISHED = (FIRST, SECOND)
SESSIONS = (FIRST, SECOND, REFUSED)
NOON = datetime(2024, 1, 4, 12, tzinfo=UTC)
SHA = "a" * 64
COMPANIES = {  # symbol: bucket, shares, price
    "NANO": ("nano", 10_000_000, 2.5),
    "MICR": ("micro", 10_000_000, 10.0),
    "INNO": ("small", 20_000_000, 25.0),
    "MIDC": ("mid", 50_000_000, 100.0),
    "LARG": ("large", 500_000_000, 100.0),
    "MEGA": ("mega", 10_000_000_000, 300.0),
}
MARTS_FROM_WORK = (
    "segment_daily",
    "valuation_daily",
    "valuation_spread_daily",
    "sector_neutral_daily",
    "fund_flows_daily",
    "segment_flows_daily",
    "filer_category_daily",
    "fragility_daily",
    "information_daily",
    "scheme_breakpoints",
    "scheme_agreement",
    "size_portfolios_daily",
    "size_portfolios_monthly",
    "risk_daily",
    "regime_daily",
    "forward_returns",
    "thesis_daily",
    "thesis_claims",
    "measures",
    "liquidity_daily",
    "small_vs_micro",
    "size_portfolio_comparison",
    "benchmarks",
    "benchmark_daily",
)
Frames = dict[str, pl.DataFrame]
_EMPTY: dict[str, Any] = {
    "VARCHAR": "x",
    "DATE": FIRST,
    "TIMESTAMPTZ": NOON,
    "BIGINT": 1,
    "HUGEINT": 0,
    "INTEGER": 0,
    "DOUBLE": 1.0,
    "BOOLEAN": False,
    "VARCHAR[]": [],
}


def rows(name: str, *given: Mapping[str, Any]) -> pl.DataFrame:
    """A frame of the table's shape; what a row leaves out is null where it may be, else a plain value."""
    contract = table(name)
    unknown = {key for row in given for key in row} - set(contract.column_names)
    assert not unknown, f"{name} has no columns {unknown}"
    filled = [{column.name: row.get(column.name, _plain(column)) for column in contract} for row in given]
    return pl.DataFrame(filled, schema=contract.polars_schema)


def empty(name: str) -> pl.DataFrame:
    return table(name).empty()


def company_id(symbol: str) -> str:
    return f"C:{symbol}~20240102"


def security_id(symbol: str) -> str:
    return f"{symbol}~20240102"


def quoted_at(day: date) -> datetime:
    """When the quotes of a session are out."""
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


def cap(symbol: str) -> int:
    _, shares, price = COMPANIES[symbol]
    return int(shares * price)


_SCHEME = {
    "scheme_id": "fixed_usd",
    "effective_from": date(1900, 1, 1),
    "currency": "USD",
    "kind": "money",
    "covers_everybody": True,
    "rule": '{"caps": {"nano": [0, 50000000], "micro": [50000000, 300000000], "small": [300000000, 2000000000],'
    ' "mid": [2000000000, 10000000000], "large": [10000000000, 200000000000], "mega": [200000000000, null]}}',
}
TOTAL_CAP = sum(cap(symbol) for symbol in COMPANIES)


def core() -> Frames:
    """Every core table; share_counts, fundamentals and macro hold one row each."""
    return {
        "core.securities": rows("core.securities", *[_security(s) for s in COMPANIES]),
        "core.quotes": rows("core.quotes", *[_quote(s, day) for day in PUBLISHED for s in COMPANIES]),
        "core.security_caps": rows(
            "core.security_caps", *[_line(s, day) for day in PUBLISHED for s in COMPANIES]
        ),
        "core.market_caps": rows("core.market_caps", *[_cap(s, day) for day in PUBLISHED for s in COMPANIES]),
        "core.bucket_schemes": rows("core.bucket_schemes", _SCHEME),
        "core.bucket_memberships": rows("core.bucket_memberships", *[_membership(s) for s in COMPANIES]),
        "core.share_counts": rows(
            "core.share_counts",
            {"company_id": company_id("INNO"), "share_class": "all", "as_of": FIRST, "known_at": NOON,
             "shares": 20_000_000, "source": "files", "quality": "reported"},
        ),
        "core.fundamentals": rows(
            "core.fundamentals",
            {"company_id": company_id("INNO"), "concept": "net_income", "period_start": date(2023, 7, 1),
             "period_end": date(2023, 9, 30), "known_at": NOON, "vintage_date": FIRST, "value": 1e7,
             "source": "simfin"},
        ),
        "core.free_float": rows(
            "core.free_float",
            {"company_id": company_id("INNO"), "as_of": date(2023, 6, 30), "known_at": NOON, "source": "sec_edgar",
             "float_value_usd": 400_000_000, "float_share": 0.8, "kind": "estimate"},
        ),
        "core.per_share_facts": rows(
            "core.per_share_facts",
            {"company_id": company_id("INNO"), "concept": "eps_diluted", "period_start": date(2023, 10, 1),
             "period_end": date(2023, 12, 31), "known_at": NOON, "filed": SECOND, "value": 0.5, "split_ratio": 1.0,
             "value_today": 0.5, "source": "sec_edgar"},
        ),
        "core.filer_categories": rows(
            "core.filer_categories",
            {"company_id": company_id("INNO"), "valid_from": FIRST, "category": "non_accelerated",
             "is_smaller_reporting": True, "known_at": NOON, "source": "sec_edgar"},
        ),
        "core.fund_shares": rows(
            "core.fund_shares",
            {"fund": "IWM", "as_of": FIRST, "known_at": NOON, "flow_usd": 1e8, "vintage_date": FIRST},
        ),
        "core.fund_prices": rows(
            "core.fund_prices",
            *[{"fund": "IWM", "session_date": day, "close": close, "source": "etf_flows", "vintage_date": SECOND,
               "known_at": quoted_at(day), "file_sha256": SHA} for day, close in ((FIRST, 200.0), (SECOND, 199.0))],
        ),
        "core.macro": rows(
            "core.macro", {"series": "DGS10", "as_of": FIRST, "known_at": NOON, "value": 4.0}
        ),
        "core.positions": rows(
            "core.positions",
            {"contract": "239742", "category": "leveraged", "as_of": FIRST, "known_at": NOON, "long_contracts": 60_000,
             "short_contracts": 90_000, "spread_contracts": 5_000, "open_interest": 450_000, "source": "cftc",
             "licence": "public-domain"},
        ),
        "core.reference_portfolios": rows(
            "core.reference_portfolios",
            {"as_of": FIRST, "portfolio": "lo30", "weighting": "vw", "return": -0.0039, "source": "french",
             "release": SHA[:12], "vintage_date": FIRST, "known_at": NOON},
        ),
    }  # fmt: skip


def _over_time(segments: pl.DataFrame) -> Frames:
    """Marts over time, by the transforms: on two sessions they say little but that there are too few."""
    nobody = [Formed(FIRST, pl.DataFrame(schema=SEATS))]
    portfolios = size_portfolios(nobody, pl.DataFrame(schema=FOLLOWED), PUBLISHED, [])
    return {
        "marts.size_portfolios_daily": portfolios,
        "marts.size_portfolios_monthly": portfolios,
        "marts.risk_daily": risk_daily(segments, FIRST),
        "marts.liquidity_daily": rows("marts.liquidity_daily", *_measures("amihud_21", 0.5)),
        "marts.small_vs_micro": small_vs_micro(
            segments,
            {
                name: empty(f"marts.{name}")
                for name in ("risk_daily", "liquidity_daily", "fragility_daily", "information_daily")
            },
        ),
        "marts.regime_daily": regime_daily(segments, FIRST),
        "marts.forward_returns": forward_returns(segments, FIRST),
        "marts.thesis_daily": thesis_daily(pl.DataFrame(schema=EVIDENCE), PUBLISHED, empty("marts.thesis_daily")),
        "marts.thesis_claims": thesis_claims(),
        "marts.measures": measure_rows(TABLES_OF_MEASURES),
        "marts.benchmarks": benchmark_rows(COMPARISONS),
        "marts.benchmark_daily": benchmark_daily(segments, pl.DataFrame(schema=RETURNS), COMPARISONS, SESSIONS),
    }


def work() -> Frames:
    """The frames that transforms would compute, keyed by mart."""
    segments = rows("marts.segment_daily", *[r for day in PUBLISHED for r in _segments(day)])
    return _over_time(segments) | {
        "marts.segment_daily": segments,
        "marts.valuation_daily": rows(
            "marts.valuation_daily", *[r for day in PUBLISHED for r in _valuations(day)]
        ),
        "marts.valuation_spread_daily": rows(
            "marts.valuation_spread_daily", *[r for day in PUBLISHED for r in _spreads(day)]
        ),
        "marts.sector_neutral_daily": rows(
            "marts.sector_neutral_daily",
            *[{"session_date": day, "scheme_id": "fixed_usd", "measure": "pe", "convention": "excl_losses",
               "segment": "small", "null_reason": "too_few"} for day in PUBLISHED],
        ),
        "marts.fund_flows_daily": rows(
            "marts.fund_flows_daily",
            *[r for day in PUBLISHED for r in (
                {"session_date": day, "fund": "IWM", "segment": "small", "flow_usd": 1e8, "assets_usd": 5e10,
                 "flow_pct_assets": 0.002, "quality": "reported", "as_of": day},
                {"session_date": day, "fund": "IJR", "segment": "small", "quality": "missing"},
            )],
        ),
        "marts.segment_flows_daily": rows(
            "marts.segment_flows_daily",
            *[{"session_date": day, "segment": "small", "fund_count": 1, "flow_usd": 1e8,
               "flow_pct_assets": 0.002, "quality": "partial"} for day in PUBLISHED],
        ),
        "work.cap_gaps": gaps(),
        "marts.scheme_breakpoints": empty("marts.scheme_breakpoints"),
        "marts.scheme_agreement": empty("marts.scheme_agreement"),
        "marts.size_portfolio_comparison": rows(
            "marts.size_portfolio_comparison",
            *[{"period": period, "portfolio": "lo30", "weighting": "vw", "session_count": 2,
               "null_reason": "too_few_sessions"} for period in ("2024", "all")],
        ),
        "marts.filer_category_daily": rows(
            "marts.filer_category_daily", *[r for day in PUBLISHED for r in _categories(day)]
        ),
        "marts.fragility_daily": rows("marts.fragility_daily", *_measures("unprofitable_share", 0.5)),
        "marts.information_daily": rows("marts.information_daily", *_measures("report_age_days", 90.0)),
    }  # fmt: skip


def gaps(*more: Mapping[str, Any]) -> pl.DataFrame:
    """What is to reconcile: on the second session the vendor's count of MICR is not taken; and these rows."""
    jumped = {"session_date": SECOND, "company_id": company_id("MICR"), "vendor_cap_usd": cap("MICR"), "gap": 0.0,
                "check_gap": 0.25, "flag": "vendor_jumped"}  # fmt: skip
    filled = [{name: row.get(name) for name in CAP_GAPS} for row in (jumped, *more)]
    return pl.DataFrame(filled, schema=CAP_GAPS)


def ops(run_id: str = "run-1") -> Frames:
    """Every ops table that is written before the gate."""
    verdicts = [(FIRST, "published", []), (SECOND, "published", []), (REFUSED, "refused", ["ADM_TOTAL"])]
    return {
        "ops.sessions": rows(
            "ops.sessions",
            *[{"session_date": day, "status": status, "rule_codes": codes, "degraded_sources": [],
               "row_count": 6, "company_count": 6 if status == "published" else 0,
               "market_cap_usd": TOTAL_CAP, "run_id": run_id} for day, status, codes in verdicts],
        ),
        "ops.runs": rows("ops.runs", {"run_id": run_id, "kind": "backfill", "started_at": NOON}),
        "ops.fetches": rows(
            "ops.fetches",
            {"source": "nasdaq_screener", "dataset": "daily/nasdaq", "file_key": "2024-01-03", "sha256": SHA,
             "landed_at": NOON, "is_in_use": True},
        ),
        "ops.licences": rows("ops.licences", {"source": "nasdaq_screener", "history": "days", "roles": ["quotes"]}),
    }  # fmt: skip


def everything(run_id: str = "run-1") -> Frames:
    """All frames of a good warehouse; tables of admission's memory get one plain row each."""
    frames = {**core(), **work(), **ops(run_id)}
    written_later = ("ops.checks", "ops.publications", "ops.schema_version")
    for name, contract in BY_NAME.items():
        is_asked = contract.schema == "ops" and not contract.may_be_empty and name not in written_later
        if is_asked and name not in frames:
            frames[name] = rows(name, {})
    return frames


def fill(build: Build, frames: Frames) -> None:
    """Write all frames into a build as a run does, marts through sql/marts."""
    for name, frame in frames.items():
        if name.startswith(("marts.", "work.")):
            build.work(name.partition(".")[2], frame)
        else:
            build.replace(name, frame, SESSIONS)
    build.run_marts(SESSIONS)


def publication(run_id: str, base_run_id: str | None = None, closed_at: datetime = NOON) -> pl.DataFrame:
    return rows("ops.publications", {"run_id": run_id, "base_run_id": base_run_id, "build_closed_at": closed_at})


def closed_build(
    root: Path, run_id: str, *, on: Path | None = None, change: Callable[[Frames], Frames] = lambda f: f
) -> Path:
    """The path of a closed build of the good warehouse, after `change`."""
    paths = DataPaths(root)
    with Build.start(paths, run_id, on) as build:
        fill(build, change(everything(run_id)))
        build.replace("ops.publications", publication(run_id, build.base_run_id))
        return build.close()


def _plain(column: Column) -> Any:
    if column.nullable:
        return None
    return column.values[0] if column.values else _EMPTY[column.type]


def _security(symbol: str) -> dict[str, Any]:
    return {
        "security_id": security_id(symbol),
        "company_id": company_id(symbol),
        "symbol": symbol,
        "exchange": "nasdaq",
        "name": f"{symbol} Inc. Common Stock",
        "sector": "Technology",
        "security_type": "common",
        "valid_from": FIRST,
        "first_session": FIRST,
        "last_session": SECOND,
    }


def _quote(symbol: str, day: date) -> dict[str, Any]:
    return {
        "session_date": day,
        "security_id": security_id(symbol),
        "symbol": symbol,
        "exchange": "nasdaq",
        "close": COMPANIES[symbol][2],
        "volume": 1_000,
        "currency": "USD",
        "source": "nasdaq_screener",
        "known_at": quoted_at(day),
    }


def _line(symbol: str, day: date) -> dict[str, Any]:
    return {
        "session_date": day,
        "security_id": security_id(symbol),
        "company_id": company_id(symbol),
        "price": COMPANIES[symbol][2],
        "vendor_cap_usd": cap(symbol),
        "class_cap_usd": cap(symbol),
    }


def _cap(symbol: str, day: date) -> dict[str, Any]:
    _, shares, price = COMPANIES[symbol]
    return {
        "session_date": day,
        "company_id": company_id(symbol),
        "ticker": symbol,
        "price": price,
        "shares": float(shares),
        "shares_source": "derived: cap / price",
        "cap_usd": cap(symbol),
        "currency": "USD",
        "cap_local": cap(symbol),
        "tier": "vendor_implied",
        "quality": "single_source",
        "reason": "one source",
        "known_at": quoted_at(day),
    }


def _membership(symbol: str) -> dict[str, Any]:
    bucket = COMPANIES[symbol][0]
    return {
        "company_id": company_id(symbol),
        "scheme_id": "fixed_usd",
        "bucket": bucket,
        "raw_bucket": bucket,
        "weight": 1.0,
        "is_counted": True,
        "basis_used": "full",
        "valid_from": FIRST,
        "reason": "initial",
    }


def _segments(day: date) -> list[dict[str, Any]]:
    members = {bucket: [s for s, (b, *_) in COMPANIES.items() if b == bucket] for bucket in BUCKETS}
    members["smid"] = members["small"] + members["mid"]
    members["total"] = list(COMPANIES)
    return [
        {
            "session_date": day,
            "scheme_id": "fixed_usd",
            "segment": segment,
            "company_count": len(symbols),
            "market_cap_usd": sum(cap(symbol) for symbol in symbols),
            "cap_share": sum(cap(symbol) for symbol in symbols) / TOTAL_CAP,
            "return_price_vw": 0.0,
            "turnover": 0.01,
            "dollar_volume_usd": 1_000 * len(symbols),
        }
        for segment, symbols in members.items()
    ]


def _categories(day: date) -> list[dict[str, Any]]:
    """InnovateTech is a smaller reporting company; of the others nobody knows."""
    found = []
    for segment in _segments(day):
        is_inno = segment["segment"] in ("small", "smid", "total")
        known = {"company_count": 1, "market_cap_usd": cap("INNO")} if is_inno else {}
        rest = {name: segment[name] - known.get(name, 0) for name in ("company_count", "market_cap_usd")}
        key = {name: segment[name] for name in ("session_date", "scheme_id", "segment")}
        small = {"smaller_reporting_count": 1, "smaller_reporting_cap_usd": cap("INNO")} if is_inno else {}
        found += [
            {**key, "category": "large_accelerated"},
            {**key, "category": "accelerated"},
            {**key, "category": "non_accelerated", **known, **small},
            {**key, "category": "unknown", **rest, "smaller_reporting_unknown_count": rest["company_count"]},
        ]
    return found


def _measures(measure: str, value: float) -> list[dict[str, Any]]:
    """A measure that small companies have, and nano ones are too few for."""
    told = {"small": (value, None), "nano": (None, "too_few")}
    return [
        {"session_date": day, "scheme_id": "fixed_usd", "segment": segment, "measure": measure, "observations": 9,
         "value": value, "null_reason": reason}
        for day in PUBLISHED for segment, (value, reason) in told.items()
    ]  # fmt: skip


def _valuations(day: date) -> list[dict[str, Any]]:
    values = [("small", "pe", 20.0), ("small", "earnings_yield", 0.05), ("large", "pe", 25.0),
              ("large", "earnings_yield", 0.04), ("nano", "pe", None)]  # fmt: skip
    return [
        {
            "session_date": day,
            "scheme_id": "fixed_usd",
            "segment": segment,
            "universe": "all",
            "measure": measure,
            "convention": "incl_losses",
            "value": value,
            "null_reason": None if value else "no_coverage",
            "median_report_age_days": 90.0,
        }
        for segment, measure, value in values
    ]


def _spreads(day: date) -> list[dict[str, Any]]:
    values = [("pe", 20.0, 25.0, -0.2), ("earnings_yield", 0.05, 0.04, 0.25)]
    return [
        {
            "session_date": day,
            "scheme_id": "fixed_usd",
            "universe": "all",
            "measure": measure,
            "convention": "incl_losses",
            "segment": "small",
            "value": value,
            "large_value": large,
            "discount": discount,
            "percentile": 1.0,
            "premium_sessions": 0,
            "history_start": FIRST,
            "history_sessions": 1,
        }
        for measure, value, large, discount in values
    ]
