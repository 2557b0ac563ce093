"""Titles by hand: what they say where all is known, and where it is not."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.edge import ddl
from flows.report import charts, figures, findings
from flows.report.contents import Contents, read_contents
from flows.report.sections import SECTIONS
from flows.report.sections.schemes import schemes
from flows.report.sections.thesis import micro, thesis
from flows.report.sections.valuation import valuation
from transforms.measures.drawdown import drawdown_daily

DAY = date(2024, 12, 31)
BEFORE = DAY - timedelta(days=1)


@pytest.fixture(scope="module")
def nothing() -> Contents:
    """A published session of which nothing else is known."""
    with duckdb.connect() as con:
        ddl.apply(con)
        con.execute(
            "insert into ops.sessions (session_date, status, is_degraded, rule_codes, degraded_sources, row_count, "
            "company_count, quarantined_count, run_id) "
            "values (date '2024-12-31', 'published', false, [], [], 0, 0, 0, 'run-1')"
        )
        return read_contents(lambda sql: con.execute(sql).pl())


def rows(like: pl.DataFrame, *given: dict[str, Any]) -> pl.DataFrame:
    """A frame of that shape; what a row leaves out is null."""
    return pl.DataFrame([{name: row.get(name) for name in like.columns} for row in given], schema=like.schema)


SMALL = {"session_date": DAY, "segment": "small", "company_count": 1372, "market_cap_usd": 1_241_291_532_872}


@pytest.mark.parametrize(
    ("known", "title"),
    [
        (
            {"cap_share": 0.01699, "return_price_vw": 0.002097, "multi_day_count": 0},
            "1,372 small companies: 1,241.3 bn USD, 1.7 % of the market, up 0.21 % on the day",
        ),
        (
            {"cap_share": 0.01699, "return_price_vw": -0.01, "multi_day_count": 1370},
            "1,372 small companies: 1,241.3 bn USD, 1.7 % of the market, down 1.00 % since their last session",
        ),
        (
            {"cap_share": 0.01699, "return_price_vw": 0.00001, "multi_day_count": 0},
            "1,372 small companies: 1,241.3 bn USD, 1.7 % of the market, unchanged on the day",
        ),
        ({}, "1,372 small companies: 1,241.3 bn USD, unknown of the market, their return is unknown"),
        ({"company_count": 0}, "No small company was admitted on this session"),
    ],
)
def test_title_of_the_segments(nothing: Contents, known: dict[str, Any], title: str) -> None:
    told = replace(nothing, segments=rows(nothing.segments, SMALL | known))
    assert findings.about_segments(told) == title


SPREAD = {"session_date": DAY, "convention": "median", "value": 20.456, "large_value": 27.659, "discount": -0.2604}
COST = "Small companies that earn cost 20.5 times their earnings at the median, large ones 27.7: 26.0 %"


@pytest.mark.parametrize(
    ("known", "title"),
    [
        (
            {"percentile": 0.2222, "history_sessions": 252, "history_start": date(2024, 1, 2)},
            f"{COST} less; they were as cheap or cheaper on 22 % of 252 sessions since 2024-01-02",
        ),
        (
            {"discount": 0.26, "percentile": 1.0, "history_sessions": 1, "history_start": DAY},
            f"{COST} more; there is no history yet to compare that with",
        ),
        (
            {"discount": -0.0004, "percentile": 0.002, "history_sessions": 500, "history_start": DAY},
            f"{COST[:-6]}less than 0.1 % less; they were as cheap or cheaper on less than 1 % of 500 sessions "
            "since 2024-12-31",
        ),
        (
            {"discount": 0.0, "percentile": 0.998, "history_sessions": 500, "history_start": DAY},
            f"{COST[:-6]}the same; they were as cheap or cheaper on more than 99 % of 500 sessions since 2024-12-31",
        ),
        ({"discount": None}, "What small companies cost against large ones is unknown on this session"),
        ({"session_date": BEFORE}, "What small companies cost against large ones is unknown on this session"),
        ({"convention": "hybrid"}, "What small companies cost against large ones is unknown on this session"),
    ],
)
def test_title_of_the_valuation(nothing: Contents, known: dict[str, Any], title: str) -> None:
    told = replace(nothing, spreads=rows(nothing.spreads, SPREAD | {"history_sessions": 0} | known))
    assert findings.about_valuation(told) == title


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.9, 0.0, 0.51, 1.0), ", but on 3 of these sessions fundamentals come from files downloaded later"),
        ((0.9, 0.0, None, 1.0), ""),
        ((0.5, 0.5, 0.5, 0.5), ""),
    ],
)
@pytest.mark.parametrize("segment", ["small", "large"])
def test_valuation_tells_of_hindsight_where_it_prevails(
    nothing: Contents, shares: tuple[float | None, ...], told: str, segment: str
) -> None:
    """A fifth session has no discount: it is not compared."""
    days = [DAY - timedelta(days=back) for back in range(5)]
    history = {"percentile": 0.25, "history_sessions": 4, "history_start": days[3]}
    known = [SPREAD | history | {"session_date": day} for day in days[:4]]
    spreads = rows(nothing.spreads, *known, SPREAD | {"session_date": days[4], "discount": None, "history_sessions": 0})
    coverage = [
        {"session_date": day, "segment": segment, "restated_share": share}
        for day, share in zip(days, (*shares, 1.0), strict=True)
    ]
    contents = replace(nothing, spreads=spreads, coverage=rows(nothing.coverage, *coverage))
    assert findings.about_valuation(contents).endswith(f" on 25 % of 4 sessions since 2024-12-28{told}")
    late = sum(share is not None and share > 0.5 for share in shares)
    assert f"on {late} of the 4 sessions that the percentile compares" in valuation(contents).source


def test_valuation_without_fundamentals_says_why_and_draws_nothing(nothing: Contents) -> None:
    covered = rows(nothing.valuations, {"segment": "small", "convention": "median", "cap_coverage": 0.0})
    coverage = rows(nothing.coverage, {"session_date": DAY, "segment": "small", "cap_coverage": 0.0})
    told = replace(nothing, valuations=covered, coverage=coverage)
    assert findings.about_valuation(told).endswith(
        "is unknown on this session: none has fundamentals that are new enough"
    )
    assert charts.coverage(told) is None
    some = replace(told, coverage=coverage.with_columns(cap_coverage=0.5))
    assert charts.coverage(some) is not None


@pytest.mark.parametrize(
    ("returns", "title"),
    [
        ((None, 0.10, -0.062), "Small companies stand 6.2 % below their high of 2024-12-30"),
        ((None, -0.05), "Small companies stand 5.0 % below their level of 2024-12-30, where the history starts"),
        ((None, 0.10, -0.0004), "Small companies stand less than 0.1 % below their high of 2024-12-30"),
        ((None, -0.10, 0.20), "Small companies stand at their high since 2024-12-29"),
        ((None, 0.10, None), "How far small companies stand below their high is unknown on this session"),
        ((None,), "How far small companies stand below their high is unknown on this session"),
        ((), "How far small companies stand below their high is unknown on this session"),
    ],
)
def test_title_of_the_drawdown(nothing: Contents, returns: tuple[float | None, ...], title: str) -> None:
    frame = pl.DataFrame(
        {
            "session_date": [DAY - timedelta(days=len(returns) - 1 - at) for at in range(len(returns))],
            "return_price_vw": returns,
        },
        schema={"session_date": pl.Date, "return_price_vw": pl.Float64},
    ).with_columns(scheme_id=pl.lit("fixed_usd"), segment=pl.lit("small"))
    assert findings.about_drawdown(replace(nothing, drawdowns=drawdown_daily(frame))) == title


FLOW = {"session_date": DAY, "segment": "small", "quality": "complete"}


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (
            [{"flow_usd": 1e8, "flow_20d_usd": -2.5e9}],
            "Funds of small companies lost 2.5 bn USD over twenty sessions",
        ),
        (
            [{"session_date": BEFORE, "flow_usd": 1e8, "flow_20d_usd": 253_950_000.0}, {"flow_usd": 5e7}],
            "Funds of small companies took in 253.9 mn USD over twenty sessions to 2024-12-30, the last known",
        ),
        (
            [{"flow_usd": -4.2e6, "quality": "partial"}],
            "Funds of small companies lost 4.2 mn USD in one session, partly known",
        ),
        (
            [{"segment": "large", "flow_usd": 1.0, "flow_20d_usd": 1.0}],
            "What went into funds of small companies is unknown",
        ),
        (
            [{"session_date": date(2024, 12, 2), "flow_usd": 1e8, "flow_20d_usd": 3e9}, {"flow_usd": 5e7}],
            "Funds of small companies took in 3.0 bn USD over twenty sessions to 2024-12-02, the last known",
        ),
        (
            [{"session_date": date(2024, 11, 29), "flow_usd": 1e8, "flow_20d_usd": 3e9}, {"flow_usd": 5e7}],
            "Funds of small companies took in 50.0 mn USD in one session",
        ),
        (
            [{"session_date": date(2024, 11, 29), "flow_usd": 1e8, "flow_20d_usd": 3e9}],
            "What went into funds of small companies is unknown since 2024-11-29, the last session with a known flow",
        ),
        ([{"quality": "missing"}], "What went into funds of small companies is unknown"),
        ([], "What went into funds of small companies is unknown"),
    ],
)
def test_title_of_the_flows(nothing: Contents, given: list[dict[str, Any]], title: str) -> None:
    told = replace(nothing, flows=rows(nothing.flows, *[FLOW | row for row in given]))
    assert findings.about_flows(told) == title


def test_title_of_the_quality(nothing: Contents) -> None:
    day = {"session_date": DAY, "is_degraded": False, "rule_codes": [], "degraded_sources": [], "run_id": "run-1"}
    sessions = rows(
        nothing.sessions,
        day | {"session_date": BEFORE, "status": "refused", "quarantined_count": 0},
        day | {"status": "published", "quarantined_count": 1},
    )
    total = rows(nothing.segments, {"segment": "total", "quarantined_cap_usd": 3_000_000_000})
    passed, failed = ({"rule_code": "A", "outcome": outcome, "is_gate": False} for outcome in ("passed", "failed"))
    told = replace(nothing, sessions=sessions, segments=total, checks=rows(nothing.checks, passed, passed))
    end = "1 company (3.0 bn USD) held back; 1 of the last 2 sessions not published"
    assert findings.about_quality(told) == f"All 2 checks that could be made passed; {end}"
    warned = replace(told, checks=rows(nothing.checks, passed, failed))
    assert findings.about_quality(warned) == f"1 check did not pass, 1 did; {end}"
    assert findings.about_quality(nothing) == (
        "What the checks found is unknown; 0 companies held back; 0 of the last 1 session not published"
    )


def test_title_of_the_sources(nothing: Contents) -> None:
    licences = {"nasdaq_screener": "restricted", "simfin": "internal-only", "treasury": "public-domain", "files": "own"}
    every = rows(nothing.sources, *[{"source": name, "licence": licence} for name, licence in licences.items()])
    free = every.filter(pl.col("source").is_in(["treasury", "files"]))
    assert findings.about_sources(nothing) == "Which sources this page rests on is unknown"
    assert (
        findings.about_sources(replace(nothing, sources=every))
        == "Not to be passed on: nasdaq_screener, simfin forbid it"
    )
    assert findings.about_sources(replace(nothing, sources=free)) == "No source of this page forbids passing it on"


def test_where_nothing_is_known_no_figure_and_no_chart_is_made_up(nothing: Contents) -> None:
    sections = [make(nothing) for make in SECTIONS]
    assert [section.charts for section in sections] == [()] * len(sections)
    cells = "".join(
        section.body for section in sections if section.key in {"segments", "valuation", "drawdown", "flows"}
    )
    assert "<td>0" not in cells
    assert "<td>unknown</td>" in cells


def test_numbers_as_people_read_them() -> None:
    assert figures.percent(None) == figures.number(None) == figures.billions(None) == figures.dollars(None) == "unknown"
    assert figures.moved(None) == figures.day(None) == figures.instant(None) == "unknown"
    assert figures.percent(-0.000001, 2) == "0.00 %"
    assert figures.percent(0.0) == "0.0 %"
    assert figures.number(-1234.5, 1) == "-1,234.5"
    assert [figures.dollars(value) for value in (999, -4.2e6, 1e9, 601_309_462_963)] == [
        "999 USD", "-4.2 mn USD", "1.0 bn USD", "601.3 bn USD",
    ]  # fmt: skip
    assert [figures.dollars(value) for value in (999_960_000, 999_940_000, -999_960_000, 999_999.6, 999_999.4)] == [
        "1.0 bn USD", "999.9 mn USD", "-1.0 bn USD", "1.0 mn USD", "999,999 USD",
    ]  # fmt: skip
    assert [figures.sized(value) for value in (0.0, 0.0004, 0.0006, 0.9994, 0.9996, 1.0)] == [
        "0.0 %", "less than 0.1 %", "0.1 %", "99.9 %", "more than 99.9 %", "100.0 %",
    ]  # fmt: skip


def test_unknown_days_stay_in_the_chart_as_unknown(nothing: Contents) -> None:
    given = [FLOW | {"session_date": BEFORE, "flow_usd": 1e9}, FLOW | {"quality": "missing"}]
    chart = charts.flows(replace(nothing, flows=rows(nothing.flows, *given)), "small")
    assert chart is not None
    assert chart.specification["datasets"]["rows"] == [
        {"session_date": "2024-12-30T12:00:00", "quality": "complete", "flow": 1.0},
        {"session_date": "2024-12-31T12:00:00", "quality": "missing", "flow": None},
    ]
    assert "2024-12-30 to 2024-12-31" in chart.description


def test_a_long_history_is_thinned_to_weeks_and_keeps_its_last_session(nothing: Contents) -> None:
    days = [DAY - timedelta(days=at) for at in range(charts.MOST_SESSIONS + 1)]
    long = rows(nothing.spreads, *[SPREAD | {"session_date": day, "history_sessions": 1} for day in days])
    whole, thinned = (
        charts.valuation(replace(nothing, spreads=frame)) for frame in (long.head(charts.MOST_SESSIONS), long)
    )
    assert whole is not None
    assert thinned is not None
    assert len(whole.specification["datasets"]["rows"]) == charts.MOST_SESSIONS
    kept = [row["session_date"] for row in thinned.specification["datasets"]["rows"]]
    assert 110 < len(kept) < 120
    assert kept[-1] == "2024-12-31T12:00:00"


@pytest.mark.parametrize(
    ("discounts", "title"),
    [
        ([], "What small companies cost against large ones is unknown under every scheme"),
        ([None, None], "What small companies cost against large ones is unknown under every scheme"),
        ([-0.31], "Under the one scheme that tells, small companies cost 31.0 % less than large ones"),
        (
            [-0.31, None, 0.02, -0.1],
            "Small companies are cheaper than large ones under 2 of 3 schemes: from -31.0 % to 2.0 % at the median",
        ),
    ],
)
def test_under_how_many_rules_small_is_cheap(nothing: Contents, discounts: list[float | None], title: str) -> None:
    told = rows(nothing.schemes, *[{"scheme_id": str(n), "discount": one} for n, one in enumerate(discounts)])
    assert findings.about_schemes(replace(nothing, schemes=told)) == title


def test_a_scheme_tells_its_limit_of_the_last_review_or_its_fixed_one(nothing: Contents) -> None:
    fixed = {"scheme_id": "fixed_usd", "is_fixed": True, "fixed_from": 3e8}
    reviewed = {"scheme_id": "ranks", "is_fixed": False, "small_from_usd": 1.49e8,
                "reviewed_on": BEFORE}  # fmt: skip
    body = schemes(replace(nothing, schemes=rows(nothing.schemes, fixed, reviewed))).body
    assert "300.0 mn USD" in body
    assert "every session" in body
    assert "149.0 mn USD" in body
    assert BEFORE.isoformat() in body


CLAIM = {"statement": "Small caps are cheap.", "measure": "P/E", "comparison": "at_most"}
COMPARISON = {"small": 20.0, "micro": 30.0, "ratio": 1.5}


@pytest.mark.parametrize(
    ("held", "title"),
    [
        ((True, True, False, None), "Of the 4 claims of the thesis 2 hold and 1 does not; 1 cannot be told"),
        ((True, False, False), "Of the 3 claims of the thesis 1 holds and 2 do not"),
        ((None,), "No claim of the thesis can be told on this session"),
        ((), "No claim of the thesis can be told on this session"),
    ],
)
def test_title_of_the_thesis(nothing: Contents, held: tuple[bool | None, ...], title: str) -> None:
    told = replace(nothing, claims=rows(nothing.claims, *[CLAIM | {"holds": one} for one in held]))
    assert findings.about_thesis(told) == title


@pytest.mark.parametrize(
    ("unit", "value", "threshold", "shown"),
    [
        ("fraction", -0.2488, -0.25, ("-24.9 %", "at most -25.0 %")),
        ("fraction a year", -0.094, 0.0, ("-9.4 % a year", "at most 0.0 % a year")),
        ("percent", 2.844, 3.5, ("2.84 %", "at most 3.50 %")),
        ("USD", -1.25e9, 0.0, ("-1.2 bn USD", "at most 0 USD")),
        ("sessions", 748.0, 504.0, ("748 sessions", "at most 504 sessions")),
        ("correlation", 0.857, 0.9, ("0.86", "at most 0.90")),
        ("multiple", 34.56, 30.0, ("34.6", "at most 30.0")),
        ("standard deviations", -0.514, 0.0, ("-0.51 standard deviations", "at most 0.00 standard deviations")),
    ],
)
def test_a_claim_is_shown_in_its_unit(
    nothing: Contents, unit: str, value: float, threshold: float, shown: tuple[str, str]
) -> None:
    claim = CLAIM | {"unit": unit, "value": value, "threshold": threshold, "holds": True, "percentile": 0.031}
    body = thesis(replace(nothing, claims=rows(nothing.claims, claim))).body
    for cell in (*shown, "yes", "3 %"):
        assert f">{cell}</td>" in body


def test_a_claim_without_a_value_says_why(nothing: Contents) -> None:
    claim = CLAIM | {"unit": "USD", "threshold": 0.0, "null_reason": "no_data"}
    body = thesis(replace(nothing, claims=rows(nothing.claims, claim))).body
    assert ">unknown (no data)</td>" in body
    assert body.count(">unknown</td>") == 4


def test_small_beside_micro_and_what_cannot_be_told(nothing: Contents) -> None:
    told = rows(
        nothing.against_micro,
        COMPARISON | {"row": "cap", "small": 905e6, "micro": 147e6, "ratio": 0.1624, "micro_is_worse": True},
        {"row": "age", "null_reason": "history_too_short"},
        COMPARISON | {"row": "volatility", "small": 0.208, "micro": 0.216, "micro_is_worse": False},
    )
    contents = replace(nothing, against_micro=told)
    assert (
        findings.about_micro(contents)
        == "Micro companies are worse than small ones in 1 of 2 respects that can be measured"
    )
    body = micro(contents).body
    for cell in ("905.0 mn USD", "147.0 mn USD", "0.16", "yes", "unknown (history too short)", "20.8 %", "no"):
        assert f">{cell}</td>" in body
    assert findings.about_micro(nothing) == "How micro companies compare with small ones is unknown on this session"
