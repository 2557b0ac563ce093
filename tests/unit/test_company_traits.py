from datetime import date

import polars as pl

from transforms.contracts import table
from transforms.measures.company_traits import NOT_TOLD, listing_years, with_traits

FIRST, LATER = date(2024, 1, 2), date(2024, 6, 3)


def lines(*rows: tuple[str, str, str | None, date, str]) -> pl.DataFrame:
    """core.securities of (company, symbol, sector, valid_from, security_type)."""
    names = ("company_id", "symbol", "sector", "valid_from", "security_type")
    told = pl.DataFrame(rows, dict.fromkeys(names, pl.String) | {"valid_from": pl.Date}, orient="row")
    contract = table("core.securities")
    return told.select(
        told[column.name] if column.name in names else pl.lit(None, column.polars_type).alias(column.name)
        for column in contract
    )


def sectors(securities: pl.DataFrame, *days: tuple[date, str]) -> list[tuple[str | None, bool]]:
    rows = pl.DataFrame(days, {"session_date": pl.Date, "company_id": pl.String}, orient="row")
    found = with_traits(rows, securities, NOT_TOLD)
    assert found.select("session_date", "company_id").equals(rows)
    return found.select("sector", "is_financial").rows()


def test_the_sector_is_the_one_told_by_the_session() -> None:
    securities = lines(("A", "A", "Technology", FIRST, "common"), ("A", "A", "Finance", LATER, "common"))
    days = ((LATER, "A"), (date(2024, 6, 2), "A"), (FIRST, "A"))
    assert sectors(securities, *days) == [("Finance", True), ("Technology", False), ("Technology", False)]


def test_a_company_whose_sector_nobody_tells_is_not_financial() -> None:
    securities = lines(("A", "A", None, FIRST, "common"), ("B", "B", "Finance", LATER, "common"))
    assert sectors(securities, (FIRST, "A"), (FIRST, "B"), (FIRST, "C")) == [(None, False)] * 3


def test_a_preferred_share_tells_nothing_of_its_company() -> None:
    securities = lines(("A", "A", "Energy", FIRST, "common"), ("A", "A^B", "Finance", LATER, "preferred"))
    assert sectors(securities, (LATER, "A")) == [("Energy", False)]


def test_the_first_session_is_that_of_any_equity_line() -> None:
    securities = lines(("A", "A", None, LATER, "common"), ("A", "A.B", None, FIRST, "common")).with_columns(
        first_session="valid_from"
    )
    rows = pl.DataFrame([(LATER, "A")], {"session_date": pl.Date, "company_id": pl.String}, orient="row")
    assert with_traits(rows, securities, NOT_TOLD)["first_session"].to_list() == [FIRST]


def test_the_year_of_listing_is_the_first_that_an_equity_line_tells() -> None:
    attributes = pl.DataFrame(
        {
            "attributes_id": [0, 1, 2, 3, 4],
            "security_type": ["common", "common", "preferred", "common", "common"],
            "ipo_year": [2004, 1998, 1980, None, 2025],
        },
        schema_overrides={"attributes_id": pl.UInt32, "ipo_year": pl.Int32},
    )
    quoted = pl.DataFrame(
        {
            "session_date": [FIRST] * 5,
            "company_id": ["A", "A", "A", "B", "C"],
            "attributes_id": [0, 1, 2, 3, 4],
        },
        schema_overrides={"attributes_id": pl.UInt32},
    )
    # A preferred share tells nothing, and a year that has not come yet is an error.
    assert listing_years(quoted, attributes).rows() == [(FIRST, "A", 1998)]
