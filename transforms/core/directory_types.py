"""Types that the exchanges' own directory of listed securities decides. Source: Nasdaq Trader symbol directory."""

import polars as pl

from transforms.core.company_names import NAME_OVERLAP, begin_alike, overlap, words
from transforms.core.security_types import AMERICAN_DEPOSITARY, BARE_NAME

_KEY = ["symbol", "name"]


def with_directory(typed: pl.DataFrame, directory: pl.DataFrame) -> pl.DataFrame:
    """Typed descriptions with security_type and type_rule of the directory, where it says more than the name.

    ``typed``: symbol, name, security_type, type_rule. ``directory``: DIRECTORY, any vintages. Its flags decide: a test
    issue is no security, a listed fund is a fund. Where the screener's name is bare, the title decides whether it is a
    depositary share. Symbols are used again: the title's company must be the line's. As with CIKs, what a security is
    called in a later vintage may name an earlier line.
    """
    if directory.is_empty() or typed.is_empty():
        return typed
    listed = directory.select(
        symbol=pl.col("symbol_vendor").str.strip_chars(),
        title="name",
        is_etf="is_etf",
        is_test="is_test",
        is_depositary=pl.col("name").str.contains(AMERICAN_DEPOSITARY),
    ).unique()
    near = overlap(words("name"), words("title")) >= NAME_OVERLAP
    told = (
        typed.select(_KEY)
        .unique()
        .join(listed, on="symbol")
        .filter(near.fill_null(value=False) | begin_alike("name", "title").fill_null(value=False))
        .group_by(_KEY)
        .agg(pl.col("is_etf", "is_test", "is_depositary").any())
    )
    decided = (
        pl.when("is_test")
        .then(pl.lit("directory_test"))
        .when("is_etf")
        .then(pl.lit("directory_etf"))
        .when(pl.col("is_depositary") & (pl.col("type_rule") == BARE_NAME))
        .then(pl.lit("directory_american_depositary"))
    )
    types = {"directory_test": "test", "directory_etf": "fund", "directory_american_depositary": "depositary_share"}
    return (
        typed.join(told, on=_KEY, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(decided=decided)
        .with_columns(
            security_type=pl.coalesce(
                pl.col("decided").replace_strict(types, default=None, return_dtype=pl.String), "security_type"
            ),
            type_rule=pl.coalesce("decided", "type_rule"),
        )
        .select(typed.columns)
    )
