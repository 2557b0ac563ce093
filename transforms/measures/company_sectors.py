"""Which sector each company is in on a session, and whether it is a financial one."""

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

FINANCIAL_SECTORS = ("Finance", "Financials", "Financial Services", "Real Estate")
"""As Nasdaq's screener and other vendors call them: division H of the SIC, finance, insurance and real estate."""


def with_sectors(rows: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (session_date, company_id) in their order with ``sector`` and ``is_financial``, as told by the session.

    ``securities``: core.securities. Of equity lines that begin on one day with different sectors the first by alphabet
    counts, and the company is financial if any of them is. A company whose sector nobody tells is not financial.
    """
    equities = securities.filter(pl.col("security_type").is_in(EQUITY_TYPES))
    companies = pl.Enum(pl.concat([rows["company_id"], equities["company_id"]]).unique().sort())
    # Ids as numbers: over millions of rows joins are several times faster.
    code = pl.col("company_id").cast(companies).to_physical().alias("_company")
    told = (
        equities.group_by(code, "valid_from")
        .agg(pl.col("sector").min(), is_financial=pl.col("sector").is_in(FINANCIAL_SECTORS).any())
        .sort("valid_from")
    )
    return (
        rows.with_columns(code)
        .with_row_index("_row")
        .sort("session_date")
        .join_asof(told, left_on="session_date", right_on="valid_from", by="_company", check_sortedness=False)
        .sort("_row")
        .drop("_row", "_company", "valid_from")
        .with_columns(pl.col("is_financial").fill_null(value=False))
    )
