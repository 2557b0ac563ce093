"""No look-ahead in the walk: what becomes known after a session changes nothing in it, whatever it says."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, product

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.market_calendar import all_sessions
from flows.walk import Calendar, Memory, Staged, Verdict, walk
from transforms.core.declared_splits import DECLARED, FILED_RATIOS, near
from transforms.core.reported_counts import BOOK

CALENDAR = Calendar(all_sessions())
SESSIONS = [session for session in all_sessions() if session >= date(2024, 3, 4)][:7]
STEADY = 8

# symbol, name root, security type, registrant, depositary ratio, shares, price
LINES = [
    ("AAA", "alpha", "common", 1, None, 40e6, 25.0),
    ("BBA", "beta", "common", 2, None, 60e6, 30.0),
    ("BBB", "beta", "common", 2, None, 20e6, 29.0),
    ("CCC", "gamma", "depositary_share", 3, 10.0, 9e6, 80.0),
]
CLASSES = {1: [("", None)], 2: [("ClassA", "BBA"), ("ClassB", "BBB")], 3: [("", None)]}
SHARES = {1: 40e6, 2: 40e6, 3: 90e6}


@dataclass(frozen=True)
class Event:
    """What happens to a line on a session: a split, how the vendor's count moves, and whether somebody declared it."""

    split: float = 1.0
    count: float = 1.0
    is_declared: bool = False


@dataclass(frozen=True)
class Report:
    """What a company files: days from the first session to the day it is known, and to the day of its count."""

    cik: int
    known: int
    age: int
    factor: float
    form: str


EVENTS = st.builds(
    Event, st.sampled_from([1.0, 1.0, 1.0, 2.0, 10.0, 1 / 30]), st.sampled_from([1.0, 1.0, 2.0, 1.07]), st.booleans()
)
REPORTS = st.lists(
    st.builds(
        Report,
        cik=st.sampled_from(sorted(CLASSES)),
        known=st.integers(-40, 14),
        age=st.integers(0, 300),
        factor=st.sampled_from([1.0, 1.02, 0.9, 10.0, 0.001, 1e-7, 1 / 30]),
        form=st.sampled_from(["10-Q", "20-F"]),
    ),
    max_size=10,
)
HISTORIES = st.dictionaries(
    st.tuples(st.sampled_from([line[0] for line in LINES]), st.sampled_from(SESSIONS[1:])), EVENTS, max_size=5
)


def book(reports: list[Report]) -> pl.DataFrame:
    """BOOK of the reports; of a company with classes each class has half of the count."""
    rows = []
    for number, report in enumerate(reports):
        known_on = SESSIONS[0] + timedelta(days=report.known)
        classes = CLASSES[report.cik]
        for share_class, symbol in classes:
            rows.append(
                {
                    "cik": report.cik,
                    "known_on": known_on,
                    "as_of": known_on - timedelta(days=report.age),
                    "accession": f"{number:04}-{report.known}",
                    "form": report.form,
                    "basis": "class" if len(classes) > 1 else "single",
                    "share_class": share_class,
                    "symbol": symbol,
                    "title": None,
                    "shares": round(SHARES[report.cik] * report.factor / len(classes)),
                }
            )
    return pl.DataFrame(rows, schema=BOOK).sort("known_on", "cik", "as_of", "accession", "share_class")


def staged(
    history: dict[tuple[str, date], Event], known: pl.DataFrame, ratios: pl.DataFrame | None = None
) -> list[Staged]:
    """The sessions' lines, as the vendor would serve them through these events; ``ratios``: all that are filed."""
    filed = filed_ratios(history) if ratios is None else ratios
    return [
        Staged(
            session,
            lines_of(history, number),
            declared_splits=declared(history, session),
            filed_ratios=filed,
            book=known,
        )
        for number, session in enumerate(SESSIONS)
    ]


def filed_ratios(history: dict[tuple[str, date], Event]) -> pl.DataFrame:
    """Ratios of splits as companies file them, on the ex-date or three days later."""
    ciks = {line[0]: line[3] for line in LINES}
    rows = [
        {
            "cik": ciks[symbol],
            "known_on": day + timedelta(days=0 if event.is_declared else 3),
            "period_end": day,
            "accession": f"{symbol}-{day}",
            "ratio": event.split,
        }
        for (symbol, day), event in history.items()
        if event.split != 1.0
    ]
    return pl.DataFrame([{name: row.get(name) for name in FILED_RATIOS} for row in rows], FILED_RATIOS).sort(
        "known_on", "accession"
    )


def declared(history: dict[tuple[str, date], Event], session: date) -> pl.DataFrame:
    """Splits that a list tells of, as far as it says something about the session."""
    told = [
        {"symbol": symbol, "declared_on": day, "ratio": event.split, "known_on": day, "source": "a list"}
        for (symbol, day), event in history.items()
        if event.is_declared
    ]
    return near(pl.DataFrame(told, DECLARED), session)


def lines_of(history: dict[tuple[str, date], Event], number: int) -> pl.DataFrame:
    quiet = [(f"Q{n}", f"quiet{n}", "common", None, None, 2e9, 100.0 + n) for n in range(STEADY)]
    rows = []
    for at, (symbol, root, kind, cik, ratio, shares, price) in enumerate([*LINES, *quiet]):
        events = [history.get((symbol, session), Event()) for session in SESSIONS[: number + 1]]
        splits = list(accumulate((event.split for event in events), lambda a, b: a * b))
        counts = list(accumulate((event.split * event.count for event in events), lambda a, b: a * b))
        closes = [price * (1 + 0.01 * ((day + at) % 3)) / split for day, split in enumerate(splits)]
        previous = closes[-2] * splits[-2] / splits[-1] if number else closes[-1]
        rows.append(
            {
                "symbol": symbol,
                "exchange": "nyse",
                "name_root": root,
                "security_type": kind,
                "cik": cik,
                "ads_ratio": ratio,
                "is_foreign": kind == "depositary_share",
                "close": closes[-1],
                "net_change": closes[-1] - previous,
                "volume": 1_000_000 + 1000 * number + at,
                "vendor_cap_usd": round(closes[-1] * shares * counts[-1]),
            }
        )
    return pl.DataFrame(rows, schema_overrides={"cik": pl.Int64, "ads_ratio": pl.Float64, "volume": pl.Int64})


def told(verdict: Verdict) -> dict[str, object]:
    """Everything that a verdict says, comparable."""
    frames = ("lines", "companies", "held", "broken", "counts", "runners_up")
    plain = {
        "session": verdict.session,
        "status": verdict.status,
        "codes": verdict.rule_codes,
        "checks": verdict.checks,
    }
    return plain | {name: _rows(getattr(verdict, name)) for name in frames}


def remembered(memory: Memory) -> dict[str, object]:
    names = ("registry", "companies", "splits", "counts")
    return {"last": memory.last_admitted} | {name: _rows(getattr(memory, name)) for name in names}


def _rows(frame: pl.DataFrame | None) -> object:
    return None if frame is None else (frame.columns, [repr(row) for row in frame.rows()])


@settings(max_examples=15)
@given(history=HISTORIES, reports=REPORTS, late=REPORTS, number=st.integers(0, len(SESSIONS) - 1))
def test_what_is_known_later_changes_no_earlier_session(
    history: dict[tuple[str, date], Event], reports: list[Report], late: list[Report], number: int
) -> None:
    day = SESSIONS[number]
    full = book([*reports, *late])
    known = full.filter(pl.col("known_on") <= day)
    ratios = filed_ratios(history)
    by_day = ratios.filter(pl.col("known_on") <= day)
    with_all, after_all = walk(iter(staged(history, full, ratios)[: number + 1]), Memory.empty(), CALENDAR)
    by_then, after_then = walk(iter(staged(history, known, by_day)[: number + 1]), Memory.empty(), CALENDAR)
    assert [told(verdict) for verdict in with_all] == [told(verdict) for verdict in by_then]
    assert remembered(after_all) == remembered(after_then)


@settings(max_examples=8)
@given(history=HISTORIES, later=HISTORIES, reports=REPORTS, number=st.integers(0, len(SESSIONS) - 2))
def test_what_happens_later_changes_no_earlier_session(
    history: dict[tuple[str, date], Event],
    later: dict[tuple[str, date], Event],
    reports: list[Report],
    number: int,
) -> None:
    """Other prices, splits and counts from the next session on."""
    other = {(s, d): e for (s, d), e in history.items() if d <= SESSIONS[number]}
    other |= {(s, d): e for (s, d), e in later.items() if d > SESSIONS[number]}
    one, _ = walk(iter(staged(history, book(reports))), Memory.empty(), CALENDAR)
    two, _ = walk(iter(staged(other, book(reports))), Memory.empty(), CALENDAR)
    assert [told(v) for v in one[: number + 1]] == [told(v) for v in two[: number + 1]]


def test_the_cases_reach_filed_counts_and_splits() -> None:
    """What the properties draw from is not empty of what they are about: filed tiers, splits, refused counts."""
    history = {("AAA", SESSIONS[3]): Event(10.0), ("CCC", SESSIONS[4]): Event(count=2.0)}
    reports = [Report(cik, -2, 5, factor, "20-F") for cik, factor in product(CLASSES, [1.0, 1e-7])]
    verdicts, memory = walk(iter(staged(history, book(reports[::2]))), Memory.empty(), CALENDAR)
    tiers = {tier for verdict in verdicts if verdict.companies is not None for tier in verdict.companies["tier"]}
    assert {verdict.status for verdict in verdicts} == {"published"}
    assert tiers == {"vendor_implied", "sec_single", "sec_class"}
    assert memory.splits["ratio"].to_list() == [10.0]
    assert memory.counts.height == 4
