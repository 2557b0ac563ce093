"""Which registrant of the SEC a company was, and since when, by the CIK of its lines."""

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

REGISTRANTS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "cik": pl.Int64(),
    "link_from": pl.Date(),
    "link_to": pl.Date(),
    "is_first": pl.Boolean(),
}
"""One row per company and run of sessions under one CIK: link_to is the day on which the next registrant takes its
place, null for the last. The first one was the company before its first session, too."""


def registrants(securities: pl.DataFrame) -> pl.DataFrame:
    """REGISTRANTS from rows of core.securities; of two CIKs that begin on one day the lower counts."""
    lines = securities.filter(pl.col("cik").is_not_null() & pl.col("security_type").is_in(EQUITY_TYPES))
    begun = (
        lines.select("company_id", "cik", link_from="valid_from")
        .sort("company_id", "link_from", "cik")
        .unique(["company_id", "link_from"], keep="first", maintain_order=True)
    )
    is_new = pl.col("cik").ne_missing(pl.col("cik").shift(1).over("company_id"))
    return (
        begun.filter(is_new)
        .with_columns(
            link_to=pl.col("link_from").shift(-1).over("company_id"),
            is_first=pl.col("link_from") == pl.col("link_from").min().over("company_id"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in REGISTRANTS.items())
    )


def since_linked(rows: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """`of_companies` without a successor's own filings before it took the company's place: they are about itself."""
    return of_companies(rows, links).filter(pl.col("is_first") | (pl.col("known_on") >= pl.col("link_from")))


def of_companies(rows: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Rows of registrants (cik, known_on) as those of companies, while that registrant was the company."""
    was = pl.col("link_to").is_null() | (pl.col("known_on") < pl.col("link_to"))
    return rows.join(links, on="cik", how="inner").filter(was)
