"""Who moved between buckets, and where companies of a bucket were a period later, from memberships made by hand."""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl
import pytest

from flows.edge import sql_files
from flows.edge.builds import Build
from tests.sql.hand_made import rows

D = date
FILES = {file.name: file for file in sql_files.read_folder(sql_files.MARTS)}
DAYS = [D(2024, 1, day) for day in (2, 3, 4, 5, 8)]
HALF_UP, UP, BACK, GONE = "half of it moves up", "moved up", "its half comes back", "back after an absence"


def memberships(table: str, scheme: str = "ours") -> pl.DataFrame:
    """core.bucket_memberships of lines: company | bucket | weight | first and last day of January | raw, reason."""
    told = []
    for line in table.strip().splitlines():
        company, bucket, weight, span, raw, reason = (part.strip() for part in line.split("|"))
        first, last = (int(day) if day.strip() else None for day in span.split("-"))
        told.append(
            {"company_id": company, "scheme_id": scheme, "bucket": bucket.rstrip("*"), "raw_bucket": raw,
             "weight": float(weight), "is_counted": not bucket.endswith("*"), "basis_used": "full",
             "valid_from": D(2024, 1, first or 0), "valid_to": last and D(2024, 1, last), "reason": reason}
        )  # fmt: skip
    return rows("core.bucket_memberships", *told)


def caps(companies: Sequence[str], days: Sequence[date]) -> pl.DataFrame:
    return rows(
        "core.market_caps",
        *[
            {"session_date": day, "company_id": name, "cap_usd": 7, "cap_local": 7}
            for day in days
            for name in companies
        ],
    )


def migrations(
    build: Build, table: str, days: Sequence[date] = DAYS, *, is_always_quoted: bool = False
) -> list[tuple[object, ...]]:
    """Day, company, from, to, weight and reason of the migrations of these days."""
    given = memberships(table)
    build.replace("core.bucket_memberships", given)
    everybody = caps(given["company_id"].unique().to_list(), DAYS)
    on_day = pl.col("session_date").is_between("valid_from", pl.col("valid_to").fill_null(DAYS[-1]))
    quoted = everybody.join(given.select("company_id", "valid_from", "valid_to"), on="company_id").filter(on_day)
    kept = everybody if is_always_quoted else everybody.join(quoted, on=["session_date", "company_id"], how="semi")
    build.replace("core.market_caps", kept, DAYS)
    published = rows("ops.sessions", *[{"session_date": day, "status": "published"} for day in DAYS])
    build.replace("ops.sessions", published, DAYS)
    build.run_marts(days, [FILES["migrations"]])
    found = build.query("from marts.migrations order by session_date, company_id, from_bucket, to_bucket")
    assert set(found["scheme_id"]) <= {"ours"}
    columns = ("company_id", "from_bucket", "to_bucket", "weight", "reason")
    return found.select(pl.col("session_date").dt.day(), *columns).rows()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            """
            a | small | 1 | 2-3 | small | initial
            a | mid   | 1 | 4-  | mid   | moved up
            """,
            [(4, "a", "small", "mid", 1.0, UP)],
        ),
        (
            """
            a | small | 1   | 2-3 | small | initial
            a | small | 0.5 | 4-4 | mid   | half of it moves up
            a | mid*  | 0.5 | 4-4 | mid   | half of it moves up
            a | mid   | 1   | 5-  | mid   | moved up
            """,
            [(4, "a", "small", "mid", 0.5, HALF_UP), (5, "a", "small", "mid", 0.5, UP)],
        ),
        (
            """
            a | small | 1   | 2-3 | small | initial
            a | small | 0.5 | 4-4 | mid   | half of it moves up
            a | mid*  | 0.5 | 4-4 | mid   | half of it moves up
            a | small | 1   | 5-  | small | its half comes back
            """,
            [(4, "a", "small", "mid", 0.5, HALF_UP), (5, "a", "mid", "small", 0.5, BACK)],
        ),
        (
            """
            a | small | 0.5 | 2-2 | mid   | half of it moves up
            a | mid*  | 0.5 | 2-2 | mid   | half of it moves up
            a | large | 1   | 3-  | large | moved up
            """,
            [(3, "a", "mid", "large", 0.5, UP), (3, "a", "small", "large", 0.5, UP)],
        ),
        (
            """
            a | small | 1 | 2-2 | small | initial
            a | mid   | 1 | 5-  | mid   | back after an absence
            """,
            [(5, "a", "small", "mid", 1.0, GONE)],
        ),
        (
            """
            a | small | 1 | 2-2 | small | initial
            a | small | 1 | 5-  | small | back after an absence
            """,
            [],
        ),
        (
            """
            a | small | 1 | 2-2 | small | initial
            a | small | 1 | 3-  | mid   | stays in the band
            """,
            [],
        ),
        (
            """
            a | small | 0.5 | 2-2 | mid   | half of it moves up
            a | mid*  | 0.5 | 2-2 | mid   | half of it moves up
            a | small | 0.5 | 3-  | large | half of it moves up
            a | mid*  | 0.5 | 3-  | large | half of it moves up
            """,
            [],
        ),
        (
            """
            a | small | 1 | 2-2 | small | initial
            b | small | 1 | 2-2 | small | initial
            a | mid   | 1 | 3-  | mid   | reinitialised
            b | small | 1 | 3-  | small | reinitialised
            """,
            [(3, "a", "small", "mid", 1.0, "reinitialised")],
        ),
        ("a | mid | 1 | 3- | mid | newcomer", [(3, "a", "none", "mid", 1.0, "newcomer")]),
        ("a | mid | 1 | 2-3 | mid | initial", []),
    ],
    ids=[
        "a whole move",
        "half of it, then the rest",
        "half of it, which comes back",
        "both halves into a third bucket",
        "a jump while it was away",
        "away and back",
        "the raw bucket alone",
        "halves that wait",
        "begun anew",
        "a newcomer",
        "one that left",
    ],
)
def test_who_moved(table: str, expected: list[tuple[object, ...]], build_on: Callable[[], Build]) -> None:
    assert migrations(build_on(), table) == expected


def test_who_lost_its_seat_went_out_and_who_gets_one_again_came_in(build_on: Callable[[], Build]) -> None:
    table = """
    a | small | 1 | 2-3 | small | initial
    a | mid   | 1 | 5-  | mid   | newcomer
    """
    assert migrations(build_on(), table, is_always_quoted=True) == [
        (4, "a", "small", "none", 1.0, "lost its seat at the review"),
        (5, "a", "none", "mid", 1.0, "newcomer"),
    ]


FROM_DAY_TO_DAY = """
a | small | 1 | 2-2 | small | initial
a | mid   | 1 | 3-3 | mid   | moved up
a | large | 1 | 4-  | large | moved up
b | mid   | 1 | 3-  | mid   | newcomer
"""


def test_a_night_tells_its_own_moves_alone(build_on: Callable[[], Build]) -> None:
    assert migrations(build_on(), FROM_DAY_TO_DAY, [D(2024, 1, 4)]) == [(4, "a", "mid", "large", 1.0, UP)]


def test_schemes_know_nothing_of_each_other(build_on: Callable[[], Build]) -> None:
    build = build_on()
    theirs = memberships("a | mega | 1 | 3- | mega | initial", scheme="theirs")
    build.replace("core.bucket_memberships", pl.concat([memberships("a | small | 1 | 2- | small | initial"), theirs]))
    build.replace("core.market_caps", caps(["a"], DAYS), DAYS)
    build.run_marts(DAYS, [FILES["migrations"]])
    assert build.query("from marts.migrations").is_empty()


YEAR = [D(2024, 6, 28), D(2024, 9, 27), D(2024, 9, 30), D(2024, 12, 30), D(2024, 12, 31), D(2025, 1, 2), D(2025, 4, 1)]
INTERVALS = [
    # company, bucket, first and last session, counted
    ("stays", "small", YEAR[0], None, True),
    ("moves", "small", YEAR[0], YEAR[3], True),
    ("moves", "mid", YEAR[4], None, True),
    ("there and back", "small", YEAR[0], YEAR[2], True),
    ("there and back", "mid", YEAR[3], YEAR[3], True),
    ("there and back", "small", YEAR[4], None, True),
    ("leaves", "small", YEAR[0], YEAR[3], True),
    ("comes", "mid", YEAR[3], None, True),
    ("by halves", "small", YEAR[4], None, True),
    ("by halves", "mid", YEAR[4], None, False),
]


def transitions(build: Build, sessions: Sequence[date] = YEAR, refused: Sequence[date] = ()) -> pl.DataFrame:
    told = [
        {"company_id": who, "scheme_id": "ours", "bucket": bucket, "valid_from": first, "valid_to": last,
         "is_counted": counted, "weight": 1.0 if who != "by halves" else 0.5}
        for who, bucket, first, last, counted in INTERVALS
    ]  # fmt: skip
    build.replace("core.bucket_memberships", rows("core.bucket_memberships", *told))
    verdicts = [{"session_date": day, "status": "refused" if day in refused else "published"} for day in YEAR]
    build.replace("ops.sessions", rows("ops.sessions", *verdicts), [*YEAR, *DAYS])
    build.run_marts(sessions, [FILES["transition_matrix"]])
    return build.query("from marts.transition_matrix order by session_date, period, from_bucket, to_bucket")


def of_period(found: pl.DataFrame, session: date, period: str) -> dict[tuple[str, str], tuple[int, float]]:
    mine = found.filter((pl.col("session_date") == session) & (pl.col("period") == period))
    columns = ("from_bucket", "to_bucket", "company_count", "company_share")
    return {(one, other): (count, share) for one, other, count, share in mine.select(columns).rows()}


def test_where_companies_were_a_quarter_later(build_on: Callable[[], Build]) -> None:
    """From 30 September to 31 December; told on the first session of the new year."""
    found = transitions(build_on())
    told = of_period(found, D(2025, 1, 2), "quarter")
    assert told == {
        ("small", "small"): (2, 0.5),
        ("small", "mid"): (1, 0.25),
        ("small", "none"): (1, 0.25),
        ("none", "mid"): (1, 0.5),
        ("none", "small"): (1, 0.5),
    }
    ends = found.filter(session_date=D(2025, 1, 2), period="quarter").select("from_session", "to_session").unique()
    assert ends.rows() == [(D(2024, 9, 30), D(2024, 12, 31))]


def test_a_year_begins_with_the_first_session_where_nothing_is_older(build_on: Callable[[], Build]) -> None:
    found = transitions(build_on()).filter(period="year")
    assert found.select("session_date", "from_session", "to_session").unique().rows() == [
        (D(2025, 1, 2), D(2024, 6, 28), D(2024, 12, 31))
    ]


def test_periods_that_are_over(build_on: Callable[[], Build]) -> None:
    found = transitions(build_on()).select("session_date", "period", "from_session", "to_session")
    assert found.unique(maintain_order=True).rows() == [
        (D(2024, 9, 27), "quarter", D(2024, 6, 28), D(2024, 6, 28)),
        (D(2024, 12, 30), "quarter", D(2024, 6, 28), D(2024, 9, 30)),
        (D(2025, 1, 2), "quarter", D(2024, 9, 30), D(2024, 12, 31)),
        (D(2025, 1, 2), "year", D(2024, 6, 28), D(2024, 12, 31)),
        (D(2025, 4, 1), "quarter", D(2024, 12, 31), D(2025, 1, 2)),
    ]


def test_a_refused_session_ends_no_period(build_on: Callable[[], Build]) -> None:
    found = transitions(build_on(), refused=[D(2024, 12, 31), D(2025, 1, 2)])
    told = found.filter(period="year").select("session_date", "to_session").unique().rows()
    assert told == [(D(2025, 4, 1), D(2024, 12, 30))]


def test_a_night_within_a_period_tells_nothing_and_the_first_of_the_next_all(build_on: Callable[[], Build]) -> None:
    whole = transitions(build_on())
    assert transitions(build_on(), [D(2024, 12, 31)]).is_empty()
    night = transitions(build_on(), [D(2025, 1, 2)])
    assert night.equals(whole.filter(pl.col("session_date") == D(2025, 1, 2)))
