"""Free float: what a filing says, compared with the cap of its day; every odd value with its reason."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from flows.market_calendar import all_sessions
from transforms.contracts import table
from transforms.core.free_float import CAPS, cap_days, filed_floats, free_float, newest_shares, supplied_floats
from transforms.staging.files import FREE_FLOAT
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_facts import FACTS

D = date
AS_OF, FILED = D(2023, 6, 30), D(2024, 2, 28)
LAST = D(2024, 12, 31)
INNO = "C:INNO~20220103"
KNOWN = {"known_on": pl.Date()}


def securities(*rows: tuple[str, str, int, date, date | None]) -> pl.DataFrame:
    """company_id, symbol, cik, valid_from and valid_to of common shares."""
    told = [
        {"security_id": f"{symbol}~", "company_id": company, "symbol": symbol, "cik": cik, "security_type": "common",
         "valid_from": first, "valid_to": last}
        for company, symbol, cik, first, last in rows
    ]  # fmt: skip
    schema = table("core.securities").polars_schema
    return pl.DataFrame(told, schema={name: schema[name] for name in told[0]})


ONE = securities((INNO, "INNO", 7, D(2022, 1, 3), None))


def facts(*rows: dict[str, Any]) -> pl.DataFrame:
    plain = {"cik": 7, "taxonomy": "dei", "tag": "EntityPublicFloat", "unit": "USD", "period_end": AS_OF,
             "accession": "a-1", "form": "10-K", "filed": FILED, "known_on": FILED}  # fmt: skip
    return pl.DataFrame([plain | row for row in rows], schema={**FACTS, **KNOWN})


def covers(*rows: dict[str, Any]) -> pl.DataFrame:
    plain = {"cik": 7, "accession": "a-1", "form": "10-K", "filed": FILED, "known_on": FILED, "share_class": "",
             "public_float_as_of": AS_OF}  # fmt: skip
    return pl.DataFrame([plain | row for row in rows], schema={**COVER, **KNOWN})


def caps(cap_usd: int, session: date = AS_OF, *, ticker: str = "INNO", price: float = 25.0) -> pl.DataFrame:
    return pl.DataFrame([(INNO, AS_OF, session, ticker, price, cap_usd)], schema=CAPS, orient="row")


def told(value: float, cap_usd: int | None = 500_000_000) -> dict[str, Any]:
    """The row of one fact beside a cap."""
    floats = filed_floats(covers(), facts({"value": value}), ONE, LAST)
    return free_float(floats, caps(cap_usd) if cap_usd else caps(1).clear()).row(0, named=True)


def test_innovatetech_is_four_fifths_free() -> None:
    row = told(400_000_000.0)
    assert (row["company_id"], row["as_of"], row["float_value_usd"], row["cap_usd"]) == (
        INNO,
        AS_OF,
        400_000_000,
        500_000_000,
    )
    assert (row["float_share"], row["kind"], row["status"], row["reason_code"]) == (0.8, "estimate", "accepted", None)
    assert (row["source"], row["accession"], row["form"]) == ("sec_edgar", "a-1", "10-K")
    assert row["known_at"] == datetime(2024, 2, 29, 4, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "cap_usd", "kept", "share", "kind", "status", "reason"),
    [
        (0.0, 500_000_000, 0, None, "reported", "accepted", "zero"),
        (4e8, None, 400_000_000, None, "reported", "accepted", "no_cap_on_that_day"),
        (5e8, 500_000_000, 500_000_000, 1.0, "estimate", "accepted", None),
        (5.25e8, 500_000_000, 525_000_000, 1.0, "estimate", "accepted", "capped_at_one"),
        (5.26e8, 500_000_000, 526_000_000, None, "reported", "accepted", "above_cap"),
        (2.4e10, 500_000_000, 24_000_000_000, None, "reported", "accepted", "above_cap"),
        (4e11, 500_000_000, 400_000_000_000, None, "reported", "refused", "scaled_by_a_thousand"),
        (4e5, 500_000_000, 400_000, None, "reported", "refused", "scaled_by_a_thousand"),
        (5.25e5, 500_000_000, 525_000, None, "reported", "refused", "scaled_by_a_thousand"),
        (4e6, 500_000_000, 4_000_000, 0.008, "estimate", "accepted", None),
        (4e17, 500_000_000, None, None, "reported", "refused", "impossible"),
        (-4e8, 500_000_000, None, None, "reported", "refused", "impossible"),
    ],
)
def test_a_value_against_the_cap(
    value: float, cap_usd: int | None, kept: int | None, share: float | None, kind: str, status: str, reason: str | None
) -> None:
    row = told(value, cap_usd)
    assert (row["float_value_usd"], row["float_share"]) == (kept, share)
    assert (row["kind"], row["status"], row["reason_code"]) == (kind, status, reason)


def test_an_amendment_is_a_row_of_its_own_and_both_stand_under_their_day() -> None:
    again = {"value": 4.1e8, "accession": "a-2", "form": "10-K/A", "known_on": D(2024, 4, 30)}
    rows = free_float(filed_floats(covers(), facts({"value": 4e8}, again), ONE, LAST), caps(500_000_000))
    assert rows.select("accession", "form", "float_share").rows() == [("a-1", "10-K", 0.8), ("a-2", "10-K/A", 0.82)]


def test_what_became_known_first_counts_and_nothing_after_the_last_session() -> None:
    page = covers({"public_float": 4e8, "known_on": D(2024, 2, 28)})
    later = facts({"value": 4.2e8, "known_on": D(2024, 3, 4)})
    assert filed_floats(page, later, ONE, LAST)["value"].to_list() == [4e8]
    assert filed_floats(covers(), later, ONE, D(2024, 3, 3)).is_empty()


def test_a_total_on_every_row_of_a_cover_is_one_value() -> None:
    classes = [{"share_class": name, "public_float": 4e8} for name in ("CommonClassAMember", "CommonClassBMember")]
    floats = filed_floats(covers(*classes), facts().clear(), ONE, LAST)
    assert floats.select("value", "is_by_class").rows() == [(4e8, False)]


def test_values_by_class_are_summed_and_give_no_share() -> None:
    classes = [{"share_class": "CommonClassAMember", "public_float": 3e8},
               {"share_class": "CommonClassBMember", "public_float": 1e8}]  # fmt: skip
    row = free_float(filed_floats(covers(*classes), facts().clear(), ONE, LAST), caps(500_000_000)).row(0, named=True)
    assert (row["float_value_usd"], row["float_share"], row["reason_code"]) == (400_000_000, None, "by_class")


def test_the_companys_own_total_goes_before_a_sum_over_classes() -> None:
    classes = [{"share_class": "A", "public_float": 3e8}, {"share_class": "B", "public_float": 1e8}]
    floats = filed_floats(covers(*classes), facts({"value": 4.5e8}), ONE, LAST)
    assert floats.select("value", "is_by_class").rows() == [(4.5e8, False)]


def test_of_several_days_in_one_filing_the_newest_counts() -> None:
    rows = facts({"value": 1e8, "period_end": D(2022, 6, 30)}, {"value": 4e8})
    assert filed_floats(covers(), rows, ONE, LAST).select("as_of", "value").rows() == [(AS_OF, 4e8)]


def test_another_unit_or_tag_says_nothing() -> None:
    rows = facts({"value": 4e8, "unit": "CAD"}, {"value": 4e8, "tag": "EntityCommonStockSharesOutstanding"})
    assert filed_floats(covers(), rows, ONE, LAST).is_empty()


def test_a_successors_filings_before_it_took_the_place_are_not_the_companys() -> None:
    both = securities((INNO, "INNO", 7, D(2022, 1, 3), D(2024, 3, 1)), (INNO, "INNO", 8, D(2024, 3, 4), None))
    rows = facts(
        {"value": 4e8},
        {"value": 1e8, "cik": 8, "accession": "b-1"},
        {"value": 2e8, "accession": "a-9", "known_on": D(2024, 3, 5)},
        {"value": 3e8, "cik": 8, "accession": "b-2", "known_on": D(2024, 3, 5)},
    )
    assert filed_floats(covers(), rows, both, LAST)["accession"].to_list() == ["a-1", "b-2"]


@pytest.mark.parametrize(
    ("as_of", "first", "last"),
    [
        (D(2023, 6, 30), D(2023, 6, 23), D(2023, 6, 30)),  # a Friday with a session, and the five before it
        (D(2024, 6, 30), D(2024, 6, 24), D(2024, 6, 28)),  # a Sunday: the five sessions before it
        (D(1999, 12, 31), None, None),  # before the calendar
    ],
)
def test_days_of_caps(as_of: date, first: date | None, last: date | None) -> None:
    asked = pl.DataFrame({"company_id": [INNO], "as_of": [as_of]})
    days = cap_days(asked, all_sessions())["session_date"]
    assert (days.min(), days.max()) == (first, last)
    assert days.len() == (0 if first is None else 6 if last == as_of else 5)


def test_the_newest_cap_of_the_days_counts() -> None:
    both = pl.concat([caps(400_000_000, D(2023, 6, 27)), caps(500_000_000, D(2023, 6, 29))])
    row = free_float(filed_floats(covers(), facts({"value": 4e8}), ONE, LAST), both).row(0, named=True)
    assert (row["cap_session"], row["float_share"]) == (D(2023, 6, 29), 0.8)


def supplied(**given: Any) -> pl.DataFrame:
    row = {"symbol": "INNO", "as_of": AS_OF, "known_at": D(2023, 7, 3)} | given
    return supplied_floats(pl.DataFrame([row], schema=FREE_FLOAT), ONE, LAST)


@pytest.mark.parametrize(
    ("given", "ticker", "value", "share", "reason"),
    [
        ({"float_shares": 16_000_000}, "INNO", 400_000_000, 0.8, None),
        ({"float_share": 0.6}, "INNO", 300_000_000, 0.6, None),
        ({"float_share": 0.6, "float_shares": 16_000_000}, "INNO", 400_000_000, 0.6, None),
        ({"float_shares": 16_000_000}, "INNO/A", None, None, "another_line"),
        ({"float_shares": 30_000_000}, "INNO", 750_000_000, None, "above_cap"),
    ],
)
def test_own_figures(
    given: dict[str, Any], ticker: str, value: int | None, share: float | None, reason: str | None
) -> None:
    row = free_float(supplied(**given), caps(500_000_000, ticker=ticker)).row(0, named=True)
    assert (row["kind"], row["source"], row["accession"]) == ("supplied", "files", "")
    assert (row["float_value_usd"], row["float_share"], row["reason_code"]) == (value, share, reason)


def test_a_share_needs_no_cap() -> None:
    row = free_float(supplied(float_share=0.6), caps(1).clear()).row(0, named=True)
    assert (row["float_share"], row["float_value_usd"], row["reason_code"]) == (0.6, None, None)


def test_own_figures_count_from_the_day_they_are_known() -> None:
    assert supplied(float_share=0.6, known_at=D(2025, 1, 2)).is_empty()
    assert supplied(float_share=0.6, known_at=None)["known_on"].to_list() == [AS_OF]


def accepted(share: float | None, as_of: date = AS_OF, known: date = FILED, **more: Any) -> dict[str, Any]:
    """A row of core.free_float."""
    at = datetime(known.year, known.month, known.day, 23, tzinfo=UTC)
    plain = {"company_id": INNO, "as_of": as_of, "known_at": at, "source": "sec_edgar", "accession": "a-1"}
    return {**plain, "float_share": share, "status": "accepted", **more}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([accepted(0.8)], 0.8),
        ([accepted(0.8), accepted(0.7, D(2024, 6, 28))], 0.7),
        ([accepted(0.7, D(2024, 6, 28)), accepted(0.8, known=D(2024, 12, 2))], 0.7),
        ([accepted(0.8), accepted(0.6, known=D(2024, 3, 1), accession="a-0")], 0.6),
        ([accepted(0.8), accepted(0.7, D(2024, 6, 28), status="refused")], 0.8),
        ([accepted(0.8), accepted(None, D(2024, 6, 28))], 0.8),
        ([accepted(0.8, D(2022, 12, 2))], 0.8),
        ([accepted(0.8, D(2022, 12, 1))], None),
        ([], None),
    ],
    ids=["one", "of a newer day", "of an older day told later", "told again", "refused", "no share", "760 days",
         "761 days", "none"],
)  # fmt: skip
def test_the_newest_share_that_was_accepted_counts(rows: list[dict[str, Any]], expected: float | None) -> None:
    """On 31 December 2024; 760 days before is 2 December 2022."""
    schema = table("core.free_float").polars_schema
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema)
    assert dict(newest_shares(frame, LAST).iter_rows()) == ({} if expected is None else {INNO: expected})
