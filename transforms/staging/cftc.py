"""CFTC, Traders in Financial Futures, futures only: one row per contract, category of trader and report date."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from transforms.contracts.positions import CATEGORIES, CONTRACTS
from transforms.staging.casting import Field, cast_rows, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.model import Staged, no_rejects

SOURCE: Final = "cftc"
POSITIONS: Final[dict[str, pl.DataType]] = {
    "contract": pl.String(),
    "as_of": pl.Date(),
    "category": pl.String(),
    "long_contracts": pl.Int64(),
    "short_contracts": pl.Int64(),
    "spread_contracts": pl.Int64(),
    "open_interest": pl.Int64(),
    "vintage_date": pl.Date(),
    "source": pl.String(),
}
"""vintage_date is the day of the download; spread_contracts is null for nonreportable positions."""
FUTURES_ONLY: Final = "futonly"
CODE, DAY, KIND, OPEN = "contract", "day", "kind", "open_interest"
_SIDES: Final = ("long", "short", "spread")
_WHO: Final = dict(zip(CATEGORIES, ("dealer", "asset_mgr", "lev_money", "other_rept", "nonrept"), strict=True))


def _api() -> dict[str, str]:
    """Ours to the API's names, which put `_all` behind some of them and not behind others."""
    names = {CODE: "cftc_contract_market_code", DAY: "report_date_as_yyyy_mm_dd", OPEN: "open_interest_all"}
    for category, who in _WHO.items():
        end = "_all" if who in ("dealer", "nonrept") else ""
        for side in _sides(category):
            names[f"{category} {side}"] = f"{who}_positions_{side}{end}"
    return names | {KIND: "futonly_or_combined"}


def _sides(category: str) -> tuple[str, ...]:
    """What is small enough not to be reported has no spreads."""
    return _SIDES[:2] if category == "nonreportable" else _SIDES


API_FIELDS: Final[Mapping[str, str]] = _api()
_PREFIX: Final = {"dealer": "Dealer", "asset_mgr": "Asset_Mgr", "lev_money": "Lev_Money", "other_rept": "Other_Rept"}
TEXT_FIELDS: Final[Mapping[str, str]] = {
    CODE: "CFTC_Contract_Market_Code",
    DAY: "As_of_Date_In_Form_YYMMDD",
    OPEN: "Open_Interest_All",
    KIND: "FutOnly_or_Combined",
    **{
        f"{category} {side}": f"{_PREFIX.get(who, 'NonRept')}_Positions_{side.capitalize()}_All"
        for category, who in _WHO.items()
        for side in _sides(category)
    },
}
"""Ours to the names in the yearly text files. Their date in six digits has kept its name, the other one has not."""


def stage_api_rows(raw: pl.DataFrame, *, vintage_date: date, file: str) -> Staged:
    """One page of the API (columns `POSITIONS`), contracts of `CONTRACTS` only; an empty page has no rows.

    Raises:
        BadInput: a field is missing, options are among the positions, or more than 2 % cannot be read.
    """
    day = pl.col(DAY).str.replace(r"T00:00:00(\.0+)?$", "")
    return _stage(_named(raw, API_FIELDS, file), day, vintage_date, file)


def stage_text_rows(raw: pl.DataFrame, *, vintage_date: date, file: str) -> Staged:
    """One yearly text file (columns `POSITIONS`), contracts of `CONTRACTS` only.

    Raises:
        BadInput: as `stage_api_rows`, or none of the contracts is among its rows.
    """
    named = _named(raw, TEXT_FIELDS, file)
    if named.is_empty():
        expected = ", ".join(CONTRACTS)
        raise BadInput(SOURCE, file, TEXT_FIELDS[CODE], f"none of the contracts {expected} is among {raw.height} rows")
    day = pl.col(DAY).str.replace(r"^(\d{2})(\d{2})(\d{2})$", "20$1-$2-$3")
    return _stage(named, day, vintage_date, file)


def _named(raw: pl.DataFrame, fields: Mapping[str, str], file: str) -> pl.DataFrame:
    """Rows of our contracts under our names, as trimmed text."""
    for column in fields.values():
        if column not in raw.columns:
            raise BadInput(SOURCE, file, column, f"column is missing; the file has {', '.join(raw.columns[:8])} ...")
    named = raw.select(pl.col(column).str.strip_chars().alias(name) for name, column in fields.items())
    return named.filter(pl.col(CODE).is_in(list(CONTRACTS)))


def _stage(named: pl.DataFrame, day: pl.Expr, vintage_date: date, file: str) -> Staged:
    kinds = named[KIND].str.to_lowercase().unique().drop_nulls()
    if other := [kind for kind in kinds if kind != FUTURES_ONLY]:
        raise BadInput(SOURCE, file, "FutOnly_or_Combined", f"{other[0]!r}: expected positions in futures only")
    long = _by_category(named.with_columns(day.alias(DAY)))
    fields = (
        Field(DAY, "as_of", "iso_date", required=True),
        *(Field(f"{side}_contracts", f"{side}_contracts", "count") for side in _SIDES),
        Field(OPEN, OPEN, "count"),
    )
    entity = pl.concat_str(CODE, "category", pl.col(DAY).fill_null(""), separator=" ")
    staged = cast_rows(long, fields, entity, source=SOURCE, file=file)
    rows = staged.rows.with_columns(vintage_date=pl.lit(vintage_date, pl.Date), source=pl.lit(SOURCE))
    is_unfit, why = _unfit(vintage_date)
    unfit = rows.filter(is_unfit).select(
        source="source",
        file=pl.lit(file),
        entity=pl.concat_str(CODE, "category", pl.col("as_of").dt.to_string(), separator=" "),
        field=pl.lit("as_of"),
        reason_code=why,
        detail=pl.format("{} of {}", "long_contracts", OPEN).fill_null("blank"),
    )
    kept = Staged(rows.filter(~is_unfit).select(*POSITIONS), pl.concat([no_rejects(), staged.rejects, unfit]))
    unique = drop_duplicates(kept, ("contract", "as_of", "category"), source=SOURCE, file=file)
    return refuse_if_rotten(unique, source=SOURCE, file=file)


def _by_category(named: pl.DataFrame) -> pl.DataFrame:
    parts = [
        named.select(
            CODE,
            DAY,
            OPEN,
            pl.lit(category).alias("category"),
            *(
                (pl.col(f"{category} {side}") if side in _sides(category) else pl.lit(None, pl.String)).alias(
                    f"{side}_contracts"
                )
                for side in _SIDES
            ),
        )
        for category in CATEGORIES
    ]
    return pl.concat(parts)


def _unfit(vintage_date: date) -> tuple[pl.Expr, pl.Expr]:
    """Rows that cannot be: of a day after the download, without a figure, or with more contracts than are open."""
    is_late = pl.col("as_of") > vintage_date
    is_blank = pl.any_horizontal(pl.col("long_contracts", "short_contracts", OPEN).is_null())
    is_beyond = pl.max_horizontal("long_contracts", "short_contracts") > pl.col(OPEN)
    why = (
        pl.when(is_late)
        .then(pl.lit("after_vintage"))
        .when(is_blank)
        .then(pl.lit("missing_value"))
        .otherwise(pl.lit("beyond_open_interest"))
    )
    return is_late | is_blank | is_beyond.fill_null(value=False), why
