"""Kenneth French's size portfolios: from the library's zip to one row per day, portfolio and weighting."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.simulated.market import Market
from flows.simulated.portfolios import portfolios_zip as simulated_zip
from flows.sources import source
from flows.sources.french import FILE, SIZE_DAILY, is_due, release_of
from tests.vendors import french
from tests.vendors.french import COLUMNS, EQUAL, HEADER, VALUE, level, portfolios_zip, row, zipped
from transforms.contracts.reference_portfolios import PORTFOLIOS
from transforms.staging.french import stage_size_portfolios

D = date
NOW = datetime(2026, 8, 30, tzinfo=UTC)
NAME = "french"
DOWNLOADED = D(2026, 8, 30)
FIRST, SECOND = D(2026, 7, 30), D(2026, 7, 31)
RISING: list[float | None] = [number / 10 for number in range(len(COLUMNS))]


def landed(tmp_path: Path, payload: bytes, dataset: str = SIZE_DAILY) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source=NAME,
        dataset=dataset,
        key="2026-08-30",
        session_date=None,
        vintage_date=DOWNLOADED,
        url="u",
        status=200,
        licence="attribution",
        landed_at=NOW,
        suffix=".zip",
    )


def read(tmp_path: Path, payload: bytes) -> pl.DataFrame:
    staged = source(NAME).read(payload, landed(tmp_path, payload))
    assert staged.rejects.height == 0
    return staged.rows


def figures(rows: pl.DataFrame, day: date, weighting: str) -> dict[str, float | None]:
    found = rows.filter(as_of=day, weighting=weighting).select("portfolio", "return")
    return dict(found.iter_rows())


def test_both_tables_by_hand(tmp_path: Path) -> None:
    value = {FIRST: RISING, SECOND: level(-0.39)}
    rows = read(tmp_path, portfolios_zip(value, {FIRST: level(9.99), SECOND: level(None)}))
    assert rows.height == 2 * 2 * 18
    small = figures(rows, FIRST, "vw")
    assert list(small) == list(PORTFOLIOS)
    assert (small["lo30"], small["hi30"], small["q1"], small["q5"]) == (0.0, 0.002, 0.003, 0.007)
    assert (small["d01"], small["d10"]) == (0.008, 0.017)
    assert set(figures(rows, SECOND, "vw").values()) == {-0.0039}
    assert set(figures(rows, FIRST, "ew").values()) == {0.0999}
    assert set(figures(rows, SECOND, "ew").values()) == {None}
    assert rows.select("vintage_date", "source").unique().rows() == [(DOWNLOADED, NAME)]


@pytest.mark.parametrize("title", [VALUE, "  Value Weighted Returns -- Daily", "  Value Weight Returns -- Daily"])
@pytest.mark.parametrize("member", [french.MEMBER, "Portfolios_Formed_on_ME_daily.csv"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_spellings_that_the_library_has_used(tmp_path: Path, title: str, member: str, ends: str) -> None:
    text = french.text({FIRST: RISING}).replace(VALUE, title).replace("\n", ends)
    rows = read(tmp_path, zipped(("\ufeff" + text).encode(), member))
    assert figures(rows, FIRST, "vw")["d10"] == 0.017


def test_only_the_first_table_counts_beside_the_equal_weighted_one(tmp_path: Path) -> None:
    """As in the monthly file: yearly returns, counts of companies and average sizes follow."""
    counts = f"  Number of Firms in Portfolios\n{HEADER}\n{row(FIRST, level(77.0))}"
    yearly = (
        f"  Average Value Weighted Returns -- Annual\n{HEADER}\n{row(FIRST, level(55.0)).replace('20260730', '2026')}"
    )
    text = french.text({FIRST: RISING}).replace(french.COPYRIGHT, f"{yearly}\n\n{counts}\n\n{french.COPYRIGHT}")
    rows = read(tmp_path, zipped(text))
    assert rows.height == 18
    assert figures(rows, FIRST, "vw")["d10"] == 0.017


def test_both_codes_are_missing_and_a_file_may_end_with_its_last_row(tmp_path: Path) -> None:
    line = row(SECOND, RISING).replace("    1.70", "    -999").replace("    1.60", "  -99.99")
    rows = read(tmp_path, zipped(f"{VALUE}\n{HEADER}\n{line}"))
    told = figures(rows, SECOND, "vw")
    assert (told["d10"], told["d09"], told["d08"]) == (None, None, 0.015)


ONE = french.text({FIRST: RISING, SECOND: level(-0.39)})
LINE = row(SECOND, level(-0.39))
LONG = {FIRST - timedelta(days=back): level(0.01 if back % 2 else -0.01) for back in range(40, 0, -1)}
BAD = {
    "empty": (b"", "body", "empty"),
    "web page": (b"<html>busy</html>", "body", "web page"),
    "no zip": (b"PK no zip", "body", "zip"),
    "cut zip": (zipped(ONE)[:150], "body", "zip"),
    "other member": (zipped(ONE, "F-F_Research_Data_Factors_daily.csv"), "body", "F-F_Research"),
    "web page in a zip": (zipped("<!DOCTYPE html><html></html>"), "body", "web page"),
    "latin": (zipped(b"\xe9" + ONE.encode()), "body", "UTF-8"),
    "no table": (zipped(french.PREAMBLE), VALUE.strip(), "another title"),
    "monthly": (zipped(ONE.replace("Daily", "Monthly")), VALUE.strip(), "another title"),
    "equal first": (zipped(french.table(EQUAL, {FIRST: RISING}) + "\n\n" + ONE), VALUE.strip(), "another title"),
    "untitled first": (zipped(f"{HEADER}\n{LINE}\n\n{ONE}"), VALUE.strip(), "another title"),
    "other column": (zipped(ONE.replace("Med 40", "Med 50")), "Med 50", "expected"),
    "order": (zipped(ONE.replace("Lo 30,Med 40", "Med 40,Lo 30")), VALUE.strip(), "expected"),
    "no rows": (zipped(f"{VALUE}\n{HEADER}\n\n{french.COPYRIGHT}"), VALUE.strip(), "no rows"),
    "cell short": (zipped(ONE.replace(LINE, LINE.rpartition(",")[0])), VALUE.strip(), "row 2 has 19 of 20 cells"),
    "cut day": (zipped(f"{VALUE}\n{HEADER}\n{LINE}\n202608"), VALUE.strip(), "row 2 has 1 of 20 cells"),
    "cell more": (zipped(ONE.replace(LINE, LINE + ",    0.10")), VALUE.strip(), "row 2 has 21 of 20 cells"),
    "month": (zipped(ONE.replace("20260731,", "202607,")), "date", "'202607' is no day"),
    "no such day": (zipped(ONE.replace("20260731,", "20260732,")), "date", "'20260732' is no day"),
    "falls": (zipped(ONE.replace("20260731,", "20260729,")), "date", "does not follow"),
    "twice": (zipped(ONE.replace("20260731,", "20260730,")), "date", "does not follow"),
    "tomorrow": (zipped(ONE.replace("20260731,", "20260831,")), "date", "later than the download"),
    "one fraction": (zipped(ONE.replace("    1.70", "  0.0170")), "Hi 10", "percent"),
    "fractions": (portfolios_zip(LONG), "Lo 30", "fractions"),
    "cut figure": (zipped(ONE.replace("    1.70", "     1.7")), "Hi 10", "percent"),
    "blank": (zipped(ONE.replace("    1.70", "        ")), "Hi 10", "percent"),
    "word": (zipped(ONE.replace("    1.70", "     nan")), "Hi 10", "percent"),
    "all lost": (zipped(ONE.replace("    1.70", " -100.00")), "Hi 10", "percent"),
    "too much": (zipped(ONE.replace("    1.70", "  500.00")), "Hi 10", "percent"),
    "other days": (portfolios_zip({FIRST: RISING, SECOND: RISING}, {FIRST: RISING}), EQUAL.strip(), "other days"),
}


@pytest.mark.parametrize(("payload", "field", "word"), BAD.values(), ids=BAD)
def test_file_of_another_shape_is_refused(tmp_path: Path, payload: bytes, field: str, word: str) -> None:
    file = landed(tmp_path, payload)
    with pytest.raises(SourceError, match=word) as caught:
        source(NAME).read(payload, file)
    assert (caught.value.source, caught.value.file, caught.value.field) == (NAME, file.name, field)


def test_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown dataset"):
        source(NAME).read(b"x", landed(tmp_path, b"x", "ME_Breakpoints"))


@given(
    st.lists(
        st.lists(st.none() | st.integers(-9998, 20000), min_size=18, max_size=18),
        min_size=1,
        max_size=19,
    )
)
def test_what_is_written_is_read_and_no_table_leaks_into_the_other(table: list[list[int | None]]) -> None:
    """Hundredths of a percent, each one back as a fraction; the second table's figures have another sign."""
    days = [D(2020, 1, 1) + timedelta(days=number) for number in range(len(table))]
    value = {
        day: [None if cell is None else cell / 100 for cell in cells] for day, cells in zip(days, table, strict=True)
    }
    rows = stage_size_portfolios(
        french.text(value, {day: level(1.0) for day in days}), vintage_date=None, file="f"
    ).rows
    assert rows.group_by("weighting").len().sort("weighting").rows() == [("ew", 18 * len(days)), ("vw", 18 * len(days))]
    for day, cells in zip(days, table, strict=True):
        told = figures(rows, day, "vw")
        assert [told[name] for name in PORTFOLIOS] == [
            None if cell is None else pytest.approx(cell / 10_000, abs=1e-15) for cell in cells
        ]
    assert rows.filter(weighting="ew")["return"].unique().to_list() == [0.01]


def test_archive_has_vintages_and_a_file_without_a_date(tmp_path: Path) -> None:
    """Another release in the place of the undated file is one more, and the first one stays."""
    root, known, landing = tmp_path / "archive", source(NAME), Landing(tmp_path / "landing")
    (root / "french" / "2026-08-30").mkdir(parents=True)
    (root / "french" / "arch-8.0.0_frenchdata.csv.gz").write_bytes(b"another file")
    assert known.archive_files(Archive(root), [FIRST]) == []
    (root / "french" / "2026-08-30" / FILE).write_bytes(portfolios_zip({FIRST: RISING}))
    for figure in (0.5, 0.6):
        (root / "french" / FILE).write_bytes(portfolios_zip({FIRST: level(figure)}))
        for entry in known.archive_files(Archive(root), [FIRST]):
            land_archived(landing, Archive(root), entry, known.licence, NOW)
    files = landing.newest(NAME)
    assert [file.vintage_date for file in files] == [D(2026, 8, 30), None, None]
    assert [file.key for file in files[1:]] == sorted(f"undated-{release_of(file)}" for file in files[1:])
    told = {known.read(landing.read(file), file).rows["return"].max() for file in files}
    assert told == {0.017, 0.005, 0.006}


def event(asked_on: str, newest_day: str) -> dict[str, object]:
    return {"asked_on": asked_on, "newest_day": newest_day}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (D(2026, 9, 1), False),
        (D(2026, 9, 14), False),
        (D(2026, 9, 15), True),  # two weeks after August
        (D(2026, 12, 24), True),
    ],
)
def test_asked_when_the_next_month_could_be_out(today: date, expected: bool) -> None:
    assert is_due([event("2026-08-30", "2026-07-31")], today) is expected


def test_asked_at_first_and_weekly_while_a_month_is_late() -> None:
    assert is_due([], D(2026, 9, 1))
    late = [event("2026-08-30", "2026-07-31"), event("2026-09-15", "2026-07-31")]
    assert [is_due(late, D(2026, 9, day)) for day in (16, 21, 22)] == [False, False, True]
    assert not is_due([*late, event("2026-09-22", "2026-08-31")], D(2026, 10, 14))
    assert is_due([event("2025-12-20", "2025-11-28")], D(2026, 1, 15))


def test_the_simulated_library_writes_the_same_form(tmp_path: Path) -> None:
    market = Market(D(2025, 5, 1), D(2025, 9, 30), companies=90)
    payload = simulated_zip(market, D(2025, 8, 25))
    rows = read(tmp_path, payload)
    assert rows["as_of"].max() == D(2025, 7, 31)
    assert rows["as_of"].min() == market.sessions[1]
    assert rows["return"].null_count() == 0
    assert rows.height == 36 * (market.position(D(2025, 7, 31)))
    assert simulated_zip(market, D(2025, 6, 19)) == b""
    assert simulated_zip(market, D(2025, 8, 25)) == payload
