"""What more knowledge of registrants may change: only securities that have a line whose CIK became known."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.core.identity import REMEMBERED, SessionClock, empty_registry, resolve, update_registry

FIRST = date(2024, 1, 8)
Line = tuple[str, str, str, int, int]
"""Symbol, name root, type, price and cap."""
Known = dict[tuple[str, str], int]
"""CIK of a symbol under a name: what a ticker map tells."""

LINES = st.tuples(
    st.sampled_from("ABCDE"),
    st.sampled_from(["alpha", "beta", "gamma"]),
    st.sampled_from(["common", "spac"]),
    st.sampled_from([10, 20, 50]),
    st.sampled_from([100, 200, 900]),
)
SESSIONS = st.lists(st.lists(LINES, min_size=1, max_size=5, unique_by=lambda line: line[0]), min_size=2, max_size=5)
SINGLE_CLASS_SESSIONS = st.lists(
    st.lists(LINES, min_size=1, max_size=3, unique_by=(lambda line: line[0], lambda line: line[1])),
    min_size=2,
    max_size=5,
)
"""No two lines of a session have one name: where a map names one of several classes, the others' renames may follow."""
MAPS = st.dictionaries(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from(["alpha", "beta", "gamma"])), st.sampled_from([1, 2, 3])
)


def walked(sessions: list[list[Line]], known: Known) -> pl.DataFrame:
    """Session, symbol, cik and security of every line."""
    registry, last, found = empty_registry(), None, []
    for number, lines in enumerate(sessions):
        session = FIRST + timedelta(days=number)
        frame = pl.DataFrame(
            {
                "symbol": [line[0] for line in lines],
                "exchange": ["nyse"] * len(lines),
                "name_root": [line[1] for line in lines],
                "security_type": [line[2] for line in lines],
                "cik": [known.get(line[:2]) for line in lines],
                "close": [float(line[3]) for line in lines],
                "previous_close": [float(line[3]) for line in lines],
                "volume": [100] * len(lines),
                "vendor_cap_usd": [line[4] for line in lines],
            },
            schema_overrides={"cik": pl.Int64},
        )
        resolved = resolve(frame, registry, SessionClock(session, last, last, session - timedelta(days=3)))
        unknown = [pl.lit(None, dtype).alias(name) for name, dtype in REMEMBERED.items()]
        unknown.append(pl.lit(value=False).alias("is_noted"))
        registry = update_registry(registry, resolved.with_columns(unknown), session)
        found.append(resolved.select(pl.lit(session).alias("session"), "symbol", "cik", "security_id"))
        last = session
    return pl.concat(found)


@given(SINGLE_CLASS_SESSIONS, MAPS)
def test_a_ticker_map_changes_no_security_that_it_does_not_name(sessions: list[list[Line]], known: Known) -> None:
    plain, told = walked(sessions, {}), walked(sessions, known)
    both = plain.with_columns(told=told["security_id"], told_cik=told["cik"])
    unnamed = both.filter(pl.col("told_cik").is_null().all().over("security_id"))
    assert unnamed["security_id"].equals(unnamed["told"], check_names=False)


@given(SESSIONS, MAPS)
def test_no_two_lines_of_a_session_are_one_security(sessions: list[list[Line]], known: Known) -> None:
    told = walked(sessions, known)
    assert not told.select("session", "security_id").is_duplicated().any()
