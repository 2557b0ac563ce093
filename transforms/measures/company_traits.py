"""What each company is on a session: its sector, since when it is quoted, the year in which it was listed."""

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

FINANCIAL_SECTORS = ("Finance", "Financials", "Financial Services", "Real Estate")
"""As Nasdaq's screener and other vendors call them: division H of the SIC, finance, insurance and real estate."""
TRAITS: dict[str, pl.DataType] = {
    "sector": pl.String(),
    "is_financial": pl.Boolean(),
    "first_session": pl.Date(),
    "listing_year": pl.Int32(),
}
NOT_TOLD = pl.DataFrame(schema={"session_date": pl.Date, "company_id": pl.String, "listing_year": pl.Int32})
"""`listing_years` where no description is at hand: no valuation rests on them."""
_IS_EQUITY = pl.col("security_type").is_in(EQUITY_TYPES)


def with_traits(rows: pl.DataFrame, securities: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (session_date, company_id) in their order with TRAITS, as told by the session.

    ``securities``: core.securities. Of equity lines that begin on one day with different sectors the first by alphabet
    counts, and the company is financial if any of them is. A company whose sector nobody tells is not financial.
    ``first_session``: the first admitted one of any of its equity lines. ``listed``: see `listing_years`.
    """
    equities = securities.filter(_IS_EQUITY)
    companies = pl.Enum(pl.concat([rows["company_id"], equities["company_id"]]).unique().sort())
    # Ids as numbers: over millions of rows joins are several times faster.
    code = pl.col("company_id").cast(companies).to_physical().alias("_company")
    sectors = (
        equities.group_by(code, "valid_from")
        .agg(pl.col("sector").min(), is_financial=pl.col("sector").is_in(FINANCIAL_SECTORS).any())
        .sort("valid_from")
    )
    firsts = equities.group_by(code).agg(pl.col("first_session").min())
    return (
        rows.with_columns(code)
        .with_row_index("_row")
        .sort("session_date")
        .join_asof(sectors, left_on="session_date", right_on="valid_from", by="_company", check_sortedness=False)
        .join(firsts, on="_company", how="left")
        .join(listed, on=["session_date", "company_id"], how="left")
        .sort("_row")
        .drop("_row", "_company", "valid_from")
        .with_columns(pl.col("is_financial").fill_null(value=False))
    )


def listing_years(lines: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """session_date, company_id and listing_year: the first year of listing that the session's equity lines tell.

    ``lines``: session_date, company_id, attributes_id of quoted lines. ``attributes``: attributes_id, security_type and
    ipo_year as the vendor describes them. A year after the session's is not believed.
    """
    told = attributes.filter(_IS_EQUITY & pl.col("ipo_year").is_not_null()).select("attributes_id", "ipo_year")
    return (
        lines.select("session_date", "company_id", "attributes_id")
        .join(told, on="attributes_id")
        .filter(pl.col("ipo_year") <= pl.col("session_date").dt.year())
        .group_by("session_date", "company_id")
        .agg(listing_year=pl.col("ipo_year").min().cast(pl.Int32))
    )
