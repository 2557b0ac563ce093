"""Which registrant of the SEC a described line is: its CIK, where ticker and name both say so. Source: SEC EDGAR."""

import polars as pl

from transforms.core.company_names import NAME_OVERLAP, begin_alike, numbers, overlap, words
from transforms.staging.sec_submissions import SUBMISSIONS

NAMES: dict[str, pl.DataType] = {name: SUBMISSIONS[name] for name in ("cik", "name", "former_names")}
"""What registrants are and were called (submissions), one row per registrant."""
KNOWN_NAMES: dict[str, pl.DataType] = {
    "ticker": pl.String(),
    "cik": pl.Int64(),
    "company_name": pl.String(),
    "listed_on": pl.List(pl.String()),
}

_KEY = ["symbol", "exchange", "name"]
_MAP_EXCHANGES = {"nasdaq": "Nasdaq", "nyse": "NYSE", "amex": "NYSE"}
"""What the map calls the screener's exchanges: NYSE American stands under NYSE."""
_CLASS_DIALECT = {
    # screener to SEC: preferreds, warrants, units, rights, then classes of shares
    r"(\^|\.PR)([A-Z]?)$": "-P$2",
    r"[./]WS?([./]?([A-Z]))?$": "-WT$2",
    r"[./]U$": "-UN",
    r"[./]R$": "-RI",
    r"[./]([A-Z])$": "-$1",
}


def known_names(tickers: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Every name a registrant had in any vintage of the map or in its submissions, per ticker (KNOWN_NAMES).

    ``tickers``: TICKERS. ``names``: NAMES. ``listed_on``: exchanges of that ticker in any vintage.
    """
    held = tickers.group_by(ticker=pl.col("symbol").str.strip_chars().str.to_uppercase(), cik="cik").agg(
        listed_on=pl.col("exchange").filter(pl.col("exchange").is_in(list(_MAP_EXCHANGES.values()))).unique().sort(),
    )
    former = names.explode("former_names").select("cik", pl.col("former_names").struct.field("name"))
    called = pl.concat([tickers.select("cik", "name"), names.select("cik", "name"), former]).drop_nulls().unique()
    known = held.join(called.rename({"name": "company_name"}), on="cik")
    return known.select(KNOWN_NAMES.keys()).cast(pl.Schema(KNOWN_NAMES))


def ciks(descriptions: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The CIK of each description in its order, null where not proven (name `cik`, Int64).

    ``descriptions``: symbol (screener's dialect), exchange, name. ``known``: see `known_names`. A ticker alone proves
    nothing, because tickers are used again: the name must agree with one that the registrant of the ticker had, the
    numerals in it too (shells of one sponsor inherit each other's tickers), and the exchange must be one the map ever
    told for the ticker, if it told any (Bed Bath & Beyond was two companies under one ticker and name). Identity is
    undated: a later map may name an earlier line, as the line's name says who it is; figures never come that way.
    Of several registrants that agree the one whose name is nearest counts; of two equally near ones (a successor under
    the same name and ticker) neither: which of them the line was is not told.
    """
    if descriptions.is_empty() or known.is_empty():
        return pl.Series("cik", [None], pl.Int64).new_from_index(0, descriptions.height)
    distinct = descriptions.select(_KEY).unique().filter(pl.col("name").is_not_null())
    candidates = pl.concat(
        [
            distinct.with_columns(ticker=ticker, rank=pl.lit(rank))
            for rank, ticker in enumerate((_sec_ticker(), _base_ticker()))
        ]
    ).join(known, on="ticker")
    own = words("name")
    near = overlap(own, words("company_name"))
    on_map = pl.col("exchange").replace_strict(_MAP_EXCHANGES, default=None, return_dtype=pl.String)
    agreed = candidates.with_columns(near=near, alike=begin_alike("name", "company_name")).filter(
        (pl.col("near") >= NAME_OVERLAP) | (pl.col("near").is_not_null() & pl.col("alike")),
        numbers("name").list.sort() == numbers("company_name").list.sort(),
        (pl.col("listed_on").list.len() == 0) | on_map.is_in(pl.col("listed_on")).fill_null(value=True),
    )
    order = 2 * pl.col("rank") - pl.col("near")
    best = (
        agreed.filter(order == order.min().over(_KEY))
        .group_by(_KEY)
        .agg(pl.col("cik").unique())
        .filter(pl.col("cik").list.len() == 1)
        .with_columns(pl.col("cik").list.first())
    )
    return descriptions.select(_KEY).join(
        best.select(*_KEY, "cik"), on=_KEY, how="left", nulls_equal=True, maintain_order="left"
    )["cik"]


def _sec_ticker() -> pl.Expr:
    """The symbol as the SEC writes it: `BRK/B` is `BRK-B`, `ABR^D` is `ABR-PD`."""
    ticker = pl.col("symbol").str.strip_chars().str.to_uppercase()
    for pattern, written in _CLASS_DIALECT.items():
        ticker = ticker.str.replace(pattern, written)
    return ticker


def _base_ticker() -> pl.Expr:
    """The symbol without its suffix: the map leaves many preferreds and warrants out."""
    return pl.col("symbol").str.strip_chars().str.to_uppercase().str.replace(r"[\^./].*$", "")
