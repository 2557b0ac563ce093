"""Casting: every row in is one row out or one reject; what people write is what comes back."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.staging import BadInput, Staged
from transforms.staging.casting import Field, cast_rows, drop_duplicates, refuse_if_rotten

calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

FIELDS = (
    Field("symbol", "symbol", "text", required=True),
    Field("lastsale", "close", "price", required=True),
    Field("netchange", "net_change", "number"),
    Field("volume", "volume", "count"),
    Field("marketCap", "cap_usd", "whole_usd"),
    Field("ipoyear", "ipo_year", "year"),
    Field("day", "day", "iso_date"),
)
GOOD = {
    "symbol": "A",
    "lastsale": "$1.50",
    "netchange": "-0.25",
    "volume": "10",
    "marketCap": "1500.00",
    "ipoyear": "1999",
    "day": "2026-01-02",
}


def cast(*rows: dict[str, str | None]) -> Staged:
    columns = [field.raw for field in FIELDS]
    raw = pl.DataFrame([GOOD | row for row in rows], schema=dict.fromkeys(columns, pl.String), orient="row")
    return cast_rows(raw, FIELDS, pl.col("symbol"), source="s", file="f")


def value(column: str, field: str, text: str) -> object:
    staged = cast({field: text})
    assert staged.rejects.height == 0, staged.rejects
    return staged.rows[column][0]


@calm
@given(st.decimals("0.0001", "999999999", places=4), st.booleans())
def test_price_round_trip(price: float, with_sign: bool) -> None:
    assert value("close", "lastsale", f"{'$' if with_sign else ''}{price}") == float(price)


@calm
@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_number_round_trip(number: float) -> None:
    assert value("net_change", "netchange", f"{number:.12f}") == float(f"{number:.12f}")
    assert value("net_change", "netchange", repr(number)) == number


@calm
@given(st.integers(0, 10**15 - 1))
def test_count_round_trip(count: int) -> None:
    assert value("volume", "volume", str(count)) == count
    assert value("volume", "volume", f"{count}.0") == count


@calm
@given(st.integers(1, 10**15 - 1))
def test_whole_usd_round_trip_is_exact(dollars: int) -> None:
    assert value("cap_usd", "marketCap", f"{dollars}.00") == dollars


@calm
@given(st.dates(date(1000, 1, 1)))
def test_date_round_trip(day: date) -> None:
    assert value("day", "day", day.isoformat()) == day


@pytest.mark.parametrize(
    ("field", "column", "text", "expected"),
    [
        ("lastsale", "close", "$743500.00", 743500.0),
        ("lastsale", "close", "$480000.09999999998", 480000.1),
        ("lastsale", "close", " $0.0001 ", 0.0001),
        ("netchange", "net_change", "0.00", 0.0),
        ("netchange", "net_change", "", None),
        ("volume", "volume", "", None),
        ("marketCap", "cap_usd", "0.00", None),
        ("marketCap", "cap_usd", "", None),
        ("marketCap", "cap_usd", "31566678809.00", 31_566_678_809),
        ("marketCap", "cap_usd", "1.50", 2),
        ("ipoyear", "ipo_year", "", None),
        ("symbol", "symbol", "ECC           ", "ECC"),
        ("symbol", "symbol", "BRK/A", "BRK/A"),
        ("symbol", "symbol", "ABR^D", "ABR^D"),
    ],
)
def test_worked_examples(field: str, column: str, text: str, expected: object) -> None:
    assert value(column, field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("symbol", "", "missing_value"),
        ("symbol", "   ", "missing_value"),
        ("lastsale", "", "missing_value"),
        ("lastsale", "NA", "not_a_number"),
        ("lastsale", "$", "not_a_number"),
        ("lastsale", "1,234.50", "not_a_number"),
        ("lastsale", "-1.00", "not_a_number"),
        ("lastsale", "$0.00", "not_positive"),
        ("lastsale", "inf", "not_a_number"),
        ("lastsale", "nan", "not_a_number"),
        ("lastsale", "1e5", "not_a_number"),
        ("lastsale", "12.", "not_a_number"),
        ("lastsale", "\u0661\u0662", "not_a_number"),
        ("netchange", "UNCH", "not_a_number"),
        ("netchange", "-", "not_a_number"),
        ("netchange", "1e999", "not_a_number"),
        ("volume", "1.5", "not_a_number"),
        ("volume", "-3", "not_a_number"),
        ("marketCap", "1.2B", "not_a_number"),
        ("marketCap", "9" * 16, "not_a_number"),
        ("ipoyear", "99", "not_a_number"),
        ("day", "01/02/2026", "not_a_date"),
        ("day", "2026-02-30", "not_a_date"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_value(field: str, text: str, code: str) -> None:
    staged = cast({field: text}, {})
    assert staged.rows.height == 1
    assert staged.rejects.rows() == [
        ("s", "f", "" if field == "symbol" else "A", field, code, "" if field == "symbol" else text.strip())
    ]


TEXT = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["1", "$2.5", "-3", "0.00", "x", " ", "1999"]))


@calm
@given(st.lists(st.fixed_dictionaries({field.raw: TEXT for field in FIELDS}), max_size=20))
def test_no_row_is_lost_or_doubled(rows: list[dict[str, str | None]]) -> None:
    staged = cast(*rows)
    assert staged.rows.height + staged.rejects.height == len(rows)
    assert staged.rows["symbol"].null_count() == staged.rows["close"].null_count() == 0
    assert (staged.rows["close"] > 0).all()
    unique = drop_duplicates(staged, ("symbol", "day"), source="s", file="f")
    assert unique.rows.height + unique.rejects.height == len(rows)
    assert not unique.rows.select(pl.struct("symbol", "day").is_duplicated().any()).item()


@calm
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("12")), max_size=12), st.randoms())
def test_duplicates_do_not_depend_on_order(rows: list[tuple[str, str]], random: object) -> None:
    def kept(given: list[tuple[str, str]]) -> list[tuple[object, ...]]:
        frame = pl.DataFrame(given, schema={"key": pl.String, "value": pl.String}, orient="row")
        return sorted(drop_duplicates(Staged(frame), ("key",), source="s", file="f").rows.rows())

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert kept(shuffled) == kept(rows)
    alone = {key for key, _ in rows if len({v for k, v in rows if k == key}) == 1}
    assert {key for key, _ in kept(rows)} == alone


def test_equal_rows_count_once_and_differing_rows_not_at_all() -> None:
    frame = pl.DataFrame({"key": ["a", "a", "b", "b", "c"], "value": [1, 1, 1, 2, 3]})
    staged = drop_duplicates(Staged(frame), ("key",), source="s", file="f", differing="duplicate_symbol")
    assert staged.rows.rows() == [("a", 1), ("c", 3)]
    assert staged.rejects.select("entity", "reason_code").rows() == [
        ("a", "duplicate_row"),
        ("b", "duplicate_symbol"),
        ("b", "duplicate_symbol"),
    ]


def test_two_percent_of_rejects_pass_and_more_do_not() -> None:
    good, bad = [{}] * 98, [{"volume": "x"}] * 2
    assert refuse_if_rotten(cast(*good, *bad), source="s", file="f").rows.height == 98
    with pytest.raises(BadInput, match="3 of 100 rows cannot be read, most often not_a_number: 'A' has 'x'") as e:
        refuse_if_rotten(cast(*good[:97], *bad, {"volume": "x"}), source="s", file="f")
    assert (e.value.source, e.value.file, e.value.field) == ("s", "f", "volume")
