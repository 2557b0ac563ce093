"""What must hold for any members: order does not matter, halves make a whole, nights equal one run."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.contracts.fields import BUCKETS
from transforms.measures.segment_figures import SegmentFigure, segment_figures

SESSIONS = [date(2024, 1, 2) + timedelta(days=n) for n in range(3)]
FIGURES = [
    SegmentFigure("median", "number", "median", least=2),
    SegmentFigure("mean", "number", "mean"),
    SegmentFigure("share", "truth", "share", basis="number", without_basis="no_number"),
    SegmentFigure("cap_share", "truth", "cap_share"),
    SegmentFigure("ratio", "upper", "ratio", per="lower"),
]
KEY = ["session_date", "segment", "measure"]


@st.composite
def markets(draw: st.DrawFn) -> pl.DataFrame:
    """Members of a few sessions, some of them in two buckets by halves."""
    company = st.fixed_dictionaries(
        {
            "session_date": st.sampled_from(SESSIONS),
            "bucket": st.sampled_from(BUCKETS),
            "other": st.none() | st.sampled_from(BUCKETS),
            "cap_usd": st.integers(1, 10**13),
            "number": st.none() | st.floats(-1e6, 1e6),
            "truth": st.none() | st.booleans(),
            "upper": st.none() | st.integers(0, 10**12),
            "lower": st.none() | st.integers(1, 10**13),
        }
    )
    rows = []
    for drawn in draw(st.lists(company, min_size=1, max_size=40)):
        other = drawn.pop("other")
        is_half = other is not None and other != drawn["bucket"]
        rows.append(drawn | {"is_half": is_half, "is_counted": True})
        if is_half:
            rows.append(drawn | {"bucket": other, "is_half": True, "is_counted": False})
    schema = {
        "session_date": pl.Date,
        "bucket": pl.Enum(BUCKETS),
        "cap_usd": pl.Int64,
        "number": pl.Float64,
        "truth": pl.Boolean,
        "upper": pl.Int64,
        "lower": pl.Int64,
        "is_half": pl.Boolean,
        "is_counted": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema)


def figures(members: pl.DataFrame) -> pl.DataFrame:
    return segment_figures(members, "x", FIGURES).sort(KEY)


@settings(deadline=None, max_examples=40)
@given(members=markets(), seed=st.integers(0, 1000))
def test_the_order_of_members_does_not_matter(members: pl.DataFrame, seed: int) -> None:
    turned = members.sample(fraction=1.0, shuffle=True, seed=seed)
    assert figures(turned).equals(figures(members))


@settings(deadline=None, max_examples=30)
@given(members=markets())
def test_night_by_night_gives_what_one_run_gives(members: pl.DataFrame) -> None:
    nights = [figures(members.filter(session_date=day)) for day in SESSIONS]
    assert pl.concat(nights).sort(KEY).equals(figures(members))


@settings(deadline=None, max_examples=40)
@given(members=markets())
def test_a_value_is_null_exactly_with_a_reason(members: pl.DataFrame) -> None:
    rows = figures(members)
    assert rows.filter(pl.col("value").is_null() != pl.col("null_reason").is_not_null()).is_empty()
    assert rows.filter(pl.col("measure").is_in(["share", "cap_share"]) & ~pl.col("value").is_between(0, 1)).is_empty()


@settings(deadline=None, max_examples=40)
@given(members=markets())
def test_companies_by_halves_are_whole_in_the_total(members: pl.DataFrame) -> None:
    whole = members.filter("is_counted").with_columns(is_half=pl.lit(value=False))
    total = figures(members).filter(segment="total")
    assert total.equals(figures(whole).filter(segment="total"))
