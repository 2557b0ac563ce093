"""Reference rates of the European Central Bank: one row per currency and day, in units of the currency per euro."""

from typing import Final

import polars as pl

from transforms.staging.casting import Field, cast_rows, check_columns, drop_duplicates, refuse_if_rotten
from transforms.staging.errors import BadInput
from transforms.staging.model import REJECT_COLUMNS, Staged

SOURCE: Final = "ecb_rates"
ECB_RATES: Final[dict[str, pl.DataType]] = {"currency": pl.String(), "as_of": pl.Date(), "per_euro": pl.Float64()}
"""per_euro: units of the currency for one euro; null where the bank has none for the day (N/A)."""
MOST_IN_A_DAY: Final = 2.0
"""No rate doubles or halves from one publication to the next: the Turkish lira of 2001-02-22 moved by 1.68, the
Icelandic krona of 2008 by 1.35, and redenominations (TRL, TRY) have columns of their own. A slipped decimal does."""
NEXT_DAYS: Final = 7
"""A publication this many days before is the one before; Easter and Christmas leave gaps of five. Iceland's next rate
after 2008 came in 2018."""
_CURRENCY = r"^[A-Z]{3}$"
_NO_RATE = ("N/A", "")


def stage_ecb_rates(raw: pl.DataFrame, *, file: str) -> Staged:
    """One row per currency and day (columns `ECB_RATES`), from the wide file: a day a row, a currency a column.

    A rate that is no number, not above zero, stands twice with two values, or doubles or halves at once is a reject.

    Raises:
        BadInput: no Date or USD column, a column that is no currency, or more than 2 % of the rates unreadable.
    """
    named = _without_trailing_comma(raw)
    check_columns(named, ("Date", "USD"), named.columns, source=SOURCE, file=file)
    currencies = [column for column in named.columns if column != "Date"]
    strange = pl.Series(currencies).filter(~pl.Series(currencies).str.contains(_CURRENCY))
    if strange.len():
        raise BadInput(SOURCE, file, str(strange[0]), "unknown column; expected a currency such as 'GBP'")
    long = named.unpivot(index="Date", variable_name="currency", value_name="rate")
    text = pl.col("rate").str.strip_chars()
    blanked = long.with_columns(pl.when(~text.is_in(_NO_RATE)).then(text).alias("rate"))
    fields = (Field("Date", "as_of", "iso_date", required=True), Field("rate", "per_euro", "price"))
    entity = pl.format("{} {}", pl.col("Date").fill_null("-"), "currency")
    staged = cast_rows(blanked, fields, entity, source=SOURCE, file=file)
    rows = Staged(staged.rows.select(*ECB_RATES), staged.rejects)
    unique = drop_duplicates(rows, ("currency", "as_of"), source=SOURCE, file=file)
    return refuse_if_rotten(_without_jumps(unique, file), source=SOURCE, file=file)


def _without_trailing_comma(raw: pl.DataFrame) -> pl.DataFrame:
    """Every line ends with a comma, which makes a last column without name and content."""
    last = raw.columns[-1]
    return raw.drop(last) if not last and raw[last].is_null().all() else raw


def _without_jumps(staged: Staged, file: str) -> Staged:
    """Rates apart by more than `MOST_IN_A_DAY` from the publication before are set aside, and the one before holds.

    Compared is what was published, so a wrong day costs that day and the next, and a new level a single one.
    """
    known = staged.rows.filter(pl.col("per_euro").is_not_null()).sort("currency", "as_of")
    before = pl.col("per_euro").shift(1).over("currency")
    days = (pl.col("as_of") - pl.col("as_of").shift(1).over("currency")).dt.total_days()
    moved = (pl.col("per_euro") / before).log().abs()
    told = known.with_columns(before=before, jumps=(days <= NEXT_DAYS) & (moved > pl.lit(MOST_IN_A_DAY).log()))
    jumps = told.filter("jumps")
    rejects = jumps.select(
        source=pl.lit(SOURCE),
        file=pl.lit(file),
        entity=pl.format("{} {}", "as_of", "currency"),
        field="currency",
        reason_code=pl.lit("rate_jump"),
        detail=pl.format("{} per euro, {} the publication before", "per_euro", "before"),
    ).cast(pl.Schema(REJECT_COLUMNS))
    kept = staged.rows.join(jumps, on=["currency", "as_of"], how="anti", maintain_order="left")
    return Staged(kept, pl.concat([staged.rejects, rejects]))
