"""Standings and floats of filers: nothing from the future, nothing by the order of rows, nobody lost or doubled."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_filer_categories import covers, data_sets, standing
from tests.unit.test_free_float import covers as float_covers
from tests.unit.test_free_float import facts, securities
from transforms.core.filer_categories import filer_categories, filer_states
from transforms.core.free_float import CAPS, filed_floats, free_float
from transforms.measures.filer_categories import filer_category_daily

START = date(2024, 1, 1)
TEXTS = ("Large Accelerated Filer", "Accelerated Filer", "Non-accelerated Filer", "Smaller Reporting Company")
COMPANIES = securities(("C:A", "A", 1, START, None), ("C:B", "B", 2, START, None))
days = st.integers(0, 900).map(lambda number: START + timedelta(number))
Row = dict[str, Any]


@st.composite
def filings(draw: st.DrawFn, most: int = 6) -> list[Row]:
    """Filings of two registrants, some of them known here only later, of distinct numbers."""
    rows = []
    for number in range(draw(st.integers(0, most))):
        filed = draw(days)
        late = draw(st.sampled_from([0, 0, 3, 200]))
        rows.append({"cik": draw(st.sampled_from([1, 2])), "accession": f"a-{number}", "filed": filed,
                     "known_on": filed + timedelta(late), "filer_category": draw(st.sampled_from(TEXTS))})  # fmt: skip
    return rows


words = st.lists(
    st.fixed_dictionaries(
        {"cik": st.sampled_from([1, 2]), "seen_from": days, "filer_category": st.sampled_from(TEXTS)}
    ),
    max_size=5,
)


def known(rows: list[Row], name: str, by: date) -> list[Row]:
    return [row for row in rows if row[name] <= by]


@given(pages=filings(), listed=filings(), seen=words, by=days)
def test_no_standing_looks_ahead(pages: list[Row], listed: list[Row], seen: list[Row], by: date) -> None:
    whole = filer_states(covers(*pages), data_sets(*listed), standing(*seen))
    then = filer_states(
        covers(*known(pages, "known_on", by)),
        data_sets(*known(listed, "known_on", by)),
        standing(*known(seen, "seen_from", by)),
    )
    assert then.equals(whole.filter(pl.col("known_on") <= by))


@given(pages=filings(), seen=words, turned=st.randoms(use_true_random=False))
def test_order_of_rows_decides_nothing(pages: list[Row], seen: list[Row], turned: Any) -> None:
    whole = filer_states(covers(*pages), data_sets(), standing(*seen))
    turned.shuffle(pages)
    turned.shuffle(seen)
    assert filer_states(covers(*pages), data_sets(), standing(*seen)).equals(whole)


@given(pages=filings(), seen=words, caps=st.lists(st.integers(1, 10**12), min_size=6, max_size=6))
def test_categories_add_up_to_the_segment(pages: list[Row], seen: list[Row], caps: list[int]) -> None:
    sessions = [START + timedelta(number) for number in (0, 450, 900)]
    categories = filer_categories(filer_states(covers(*pages), data_sets(), standing(*seen)), COMPANIES, sessions[-1])
    members = pl.DataFrame(
        {
            "session_date": sessions * 2,
            "company_id": ["C:A"] * 3 + ["C:B"] * 3,
            "bucket": ["small"] * 3 + ["mega"] * 3,
            "cap_usd": caps,
        }
    ).with_columns(scheme_id=pl.lit("fixed_usd"))
    rows = filer_category_daily(members, categories)
    for number, session in enumerate(sessions):
        of_day = rows.filter(session_date=session)
        sums = {name: of_day.filter(segment=name)["market_cap_usd"].sum() for name in ("small", "smid", "total")}
        assert sums == {"small": caps[number], "smid": caps[number], "total": caps[number] + caps[number + 3]}
        assert of_day.filter(segment="total")["company_count"].sum() == 2


@given(pages=filings(), by=days, values=st.lists(st.floats(0, 1e12), min_size=6, max_size=6))
def test_no_float_looks_ahead(pages: list[Row], by: date, values: list[float]) -> None:
    rows = [
        {**row, "value": value, "period_end": row["filed"] - timedelta(200)}
        for row, value in zip(pages, values, strict=False)
    ]
    for row in rows:
        del row["filer_category"]
    end = START + timedelta(2000)
    caps = pl.DataFrame(schema=CAPS)
    whole = free_float(filed_floats(float_covers(), facts(*rows), COMPANIES, end), caps)
    then = free_float(filed_floats(float_covers(), facts(*known(rows, "known_on", by)), COMPANIES, end), caps)
    limited = free_float(filed_floats(float_covers(), facts(*rows), COMPANIES, by), caps)
    assert then.equals(limited)
    assert set(then["accession"]) == {row["accession"] for row in rows if row["known_on"] <= by}
    assert then.equals(whole.join(then.select("accession"), on="accession", how="semi"))
