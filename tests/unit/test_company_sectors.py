from datetime import date

import polars as pl

from transforms.contracts import table
from transforms.measures.company_sectors import with_sectors

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
    found = with_sectors(rows, securities)
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
