"""Cover pages out of the SEC's Financial Statement and Notes data sets: the bulk way to counts by class."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.model import Staged
from transforms.staging.sec_cover import COVER_FACTS, stage_cover
from transforms.staging.sec_source import SEC

NOTES_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "sub": ("adsh", "cik", "form", "filed"),
    "num": ("adsh", "tag", "version", "ddate", "uom", "dimh", "iprx", "value", "coreg", "datp"),
    "txt": ("adsh", "tag", "version", "ddate", "dimh", "iprx", "value", "coreg"),
    "dim": ("dimhash", "segments"),
}
"""The columns that are read of each member, by the SEC's names; the members have more, in any order."""

_CLASS = r"^ClassOfStock=([^=;]+);?$"
_COREGISTRANT = pl.col("coreg").is_not_null() & (pl.col("coreg") != "")


def stage_notes(members: Mapping[str, pl.DataFrame], *, file: str) -> Staged:
    """Rows by class (columns of `sec_cover.COVER`) from the members' rows as text.

    `num` and `txt` may be cut down to the cover page's tags. Facts of co-registrants are left out: their numbers are
    those of another filer.

    Raises:
        BadInput: a member lacks one of `NOTES_COLUMNS`.
    """
    for name, columns in NOTES_COLUMNS.items():
        for column in columns:
            if column not in members[name].columns:
                raise BadInput(SEC, f"{file} {name}.tsv", column, "column is missing")
    numbers = members["num"].filter(~_COREGISTRANT.fill_null(value=False))
    texts = members["txt"].filter(~_COREGISTRANT.fill_null(value=False))
    facts = pl.concat(
        [
            numbers.select("adsh", "tag", "dimh", "iprx", "value", _exact_day().alias("end"), unit="uom"),
            texts.select(
                "adsh", "tag", "dimh", "iprx", "value", _day("ddate").alias("end"), unit=pl.lit(None, pl.String)
            ),
        ]
    )
    first = facts.sort(pl.col("iprx").cast(pl.Int64, strict=False), maintain_order=True).unique(
        ["adsh", "tag", "dimh", "end"], keep="first", maintain_order=True
    )
    filings = members["sub"].select(
        "adsh", pl.col("cik").cast(pl.Int64, strict=False), "form", _day("filed").alias("filed")
    )
    named = first.join(filings, on="adsh").join(
        members["dim"].select("dimhash", "segments").unique("dimhash"), left_on="dimh", right_on="dimhash", how="left"
    )
    rows = named.select(
        "cik", "form", "filed", "tag", "end", "unit", "value", _share_class().alias("share_class"), accession="adsh"
    )
    return stage_cover(rows.select(list(COVER_FACTS)).cast(pl.Schema(COVER_FACTS)), file=file)


def _share_class() -> pl.Expr:
    """The member's local name; empty without an axis, null for another axis.

    The data sets cut `Statement`, `Axis` and `Member` off the names, so that `Member` is put back.
    """
    segments = pl.col("segments").fill_null("")
    is_plain = pl.col("dimh").is_in(["0x00000000", "0x0000000000000000"]) | (pl.col("dimh") == "")
    no_axis = is_plain.fill_null(value=True) | (pl.col("segments") == "").fill_null(value=False)
    return pl.when(no_axis).then(pl.lit("")).otherwise(segments.str.extract(_CLASS) + "Member")


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.to_date("%Y%m%d", strict=False)


def _exact_day() -> pl.Expr:
    """The fact's own day: `ddate` is its nearest month end, `datp` the days between as a share of a month.

    Whose month the share is of is not said; of the month of `ddate` and the one after it the one counts that makes a
    whole number of days.
    """
    rounded = _day("ddate")
    share = pl.col("datp").cast(pl.Float64, strict=False).fill_null(0.0)
    own = share * rounded.dt.month_end().dt.day()
    following = share * rounded.dt.offset_by("1d").dt.month_end().dt.day()
    is_own = (own - own.round(0)).abs() <= (following - following.round(0)).abs()
    days = pl.when(is_own).then(own).otherwise(following).round(0).cast(pl.Int64)
    return rounded + pl.duration(days=days)
