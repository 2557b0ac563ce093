"""The daily index of filings by form: one row per filing and filer."""

from typing import Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.model import Staged
from transforms.staging.sec_rejects import Fault, refuse_if_changed, split
from transforms.staging.sec_source import SEC

FORM_INDEX: Final[dict[str, pl.DataType]] = {
    "form": pl.String(),
    "company_name": pl.String(),
    "cik": pl.Int64(),
    "filed": pl.Date(),
    "path": pl.String(),
    "accession": pl.String(),
}
"""A filing of several filers has a row for each. filed may lie before the day of the index."""

_HEADER = r"^Form Type\s+Company Name"
_RULE = r"^-{20,}\s*$"
_LINE = r"^(?<head>\S.*?)\s+(?<cik>\d{1,10})\s+(?<filed>\d{8}|\d{4}-\d{2}-\d{2})\s+(?<path>edgar/data/\S+)\s*$"
_ACCESSION = r"(\d{10}-\d{2}-\d{6})\.txt$"


def stage_form_index(lines: pl.Series, *, file: str) -> Staged:
    """The index (columns `FORM_INDEX`) from the lines of the file.

    The width of the first column is taken from the rows: the live header breaks within `CIK` and its labels stand
    elsewhere than the values below them.

    Raises:
        BadInput: no header with a rule of dashes below it, or more than 2 % of a thousand lines cannot be read.
    """
    raw = _below_the_rule(lines, file)
    parsed = raw.with_columns(pl.col("line").str.extract_groups(_LINE).alias("part")).unnest("part")
    if raw.is_empty():
        return Staged(pl.DataFrame(schema=FORM_INDEX))
    width = _first_column(parsed["head"])
    rows = parsed.select(
        pl.col("head").str.slice(0, width).str.strip_chars().alias("form"),
        pl.col("head").str.slice(width).str.strip_chars().alias("company_name"),
        pl.col("cik").cast(pl.Int64),
        pl.col("filed").str.replace_all("-", "").str.to_date("%Y%m%d", strict=False),
        "path",
        pl.col("path").str.extract(_ACCESSION).alias("accession"),
        "line",
    )
    line = pl.col("line").str.slice(0, 200)
    faults = (
        Fault("line", "not_a_row", pl.col("path").is_null(), line),
        Fault("Date Filed", "not_a_date", pl.col("filed").is_null(), line),
        Fault("File Name", "not_an_accession", pl.col("accession").is_null(), pl.col("path")),
        Fault("Form Type", "missing_value", pl.col("form") == "", line),
    )
    staged = split(rows, faults, pl.col("line").str.slice(0, 60), file=file)
    return refuse_if_changed(Staged(staged.rows.select(list(FORM_INDEX)), staged.rejects), file=file)


def _below_the_rule(lines: pl.Series, file: str) -> pl.DataFrame:
    frame = pl.DataFrame({"line": lines}).with_row_index("at")
    header = frame.filter(pl.col("line").str.contains(_HEADER))
    if header.is_empty():
        raise BadInput(SEC, file, "Form Type", "the file is no form index: it has no header")
    rule = frame.filter(pl.col("line").str.contains(_RULE) & (pl.col("at") > header["at"][0]))
    if rule.is_empty():
        raise BadInput(SEC, file, "-", "the form index has no rule of dashes below its header; it is cut off")
    return frame.filter((pl.col("at") > rule["at"][0]) & (pl.col("line").str.strip_chars() != "")).drop("at")


def _first_column(heads: pl.Series) -> int:
    """Where most rows' company names begin: after the first run of two blanks or more."""
    starts = heads.str.extract(r"^(\S.*?\s{2,})\S").str.len_chars().drop_nulls()
    return int(starts.mode().min()) if len(starts) else 0  # type: ignore[arg-type]
