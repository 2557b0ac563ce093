"""What a figure of companies comes to in every segment: medians, means, shares and ratios, blind to order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from transforms.contracts.fields import BUCKETS, SEGMENTS
from transforms.exact import fixed_point, ratio_of_totals
from transforms.measures.placement import as_whole, portion

Statistic = Literal["median", "mean", "share", "cap_share", "ratio"]
TOO_FEW = "too_few"
MEAN_SCALE = 10**18
"""Means are sums of whole 1e-18: values below 1e16 of 1e4 companies stay inside Int128, and 1e-9 keeps nine digits."""

_CELLS = 8
"""Buckets of one session, with room to spare."""
_SMID = [BUCKETS.index("small"), BUCKETS.index("mid")]


@dataclass(frozen=True)
class SegmentFigure:
    """One measure of segments, made of one column of companies; a null (or NaN) of the column is not known.

    ``median``, ``mean``: of the known values, each company once. ``share``: of the companies known, those true.
    ``cap_share``: of the caps of the companies known, that of those true. ``ratio``: total of ``column`` over total of
    ``per``, both whole numbers, over the companies where both are known; `sum_is_zero` where the lower one is.
    """

    measure: str
    column: str
    statistic: Statistic
    least: int = 1
    """With fewer companies known there is no value: `too_few`."""
    per: str = ""
    """What a ``ratio`` is set against."""
    basis: str = ""
    """What the column is made of: where no company of the segment has it, the reason is ``without_basis``."""
    without_basis: str = TOO_FEW


def segment_figures(
    members: pl.DataFrame, scheme_id: str, figures: Sequence[SegmentFigure], sessions: pl.Series | None = None
) -> pl.DataFrame:
    """One row per session, segment (every one of them) and figure, with the columns of a table of measures.

    ``members``: rows of companies in their buckets, of `Placement.place`: session_date, bucket, cap_usd, is_half and
    is_counted (taken as whole companies without the two), and the columns of the figures. ``sessions``: sessions that
    have rows even where the scheme has no member. ``observations``: companies known, each counted once. Either half
    of a company in two buckets has half of both sides of a ``cap_share`` and a ``ratio`` (see `portion`); all other
    figures are of counted rows alone. Sums are whole numbers (Int128) and medians are exact, so neither order nor
    threads change a bit.
    """
    days = members["session_date"] if sessions is None else pl.concat([sessions, members["session_date"]])
    rows = as_whole(members).select(_cell(), "cap_usd", "is_half", "is_counted", *_columns(members, figures))
    grid = pl.DataFrame({"day": days.unique().to_physical().cast(pl.Int64)}).join(
        pl.DataFrame({"segment": SEGMENTS}), how="cross"
    )
    keys = ["day", "segment"]
    wide = grid.join(_totals(rows, figures), on=keys, how="left").join(_medians(rows, figures), on=keys, how="left")
    return pl.concat(_measured(wide, figure, place) for place, figure in enumerate(figures)).select(
        pl.col("day").cast(pl.Int32).cast(pl.Date).alias("session_date"),
        pl.lit(scheme_id).alias("scheme_id"),
        pl.exclude("day"),
    )


def _cell() -> pl.Expr:
    """Session and bucket in one number: grouping millions of rows by it is several times faster."""
    bucket = pl.col("bucket").cast(pl.Enum(BUCKETS)).to_physical().cast(pl.Int64)
    return (pl.col("session_date").to_physical().cast(pl.Int64) * _CELLS + bucket).alias("cell")


def _columns(members: pl.DataFrame, figures: Sequence[SegmentFigure]) -> list[pl.Expr]:
    """Columns of the figures once each; a number that is not finite is not known."""
    named = (name for figure in figures for name in (figure.column, figure.per, figure.basis) if name)
    floats = {name for name, dtype in members.schema.items() if dtype.is_float()}
    return [
        pl.when(pl.col(name).is_finite()).then(pl.col(name)) if name in floats else pl.col(name)
        for name in dict.fromkeys(named)
        if name != "cap_usd"
    ]


def _totals(rows: pl.DataFrame, figures: Sequence[SegmentFigure]) -> pl.DataFrame:
    """Exact totals by day and segment: of the buckets, and of what these roll up to."""
    sums = [expression for place, figure in enumerate(figures) for expression in _sums(figure, place)]
    cells = rows.group_by("cell").agg(sums)
    return pl.concat(part.group_by("day", "segment").agg(pl.all().sum()) for part in _levels(cells))


def _levels(cells: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows with a ``cell``, by day and segment: as buckets, those in smid, all of them."""
    day, bucket = (pl.col("cell") // _CELLS).alias("day"), pl.col("cell") % _CELLS
    name = bucket.cast(pl.UInt8).cat.to(pl.Enum(BUCKETS)).cast(pl.String)
    labelled = [(name, cells), (pl.lit("smid"), cells.filter(bucket.is_in(_SMID))), (pl.lit("total"), cells)]
    return [part.select(day, label.alias("segment"), pl.exclude("cell")) for label, part in labelled]


def _sums(figure: SegmentFigure, place: int) -> list[pl.Expr]:
    """Totals of one figure: how many are known, how many have its basis, and both sides of its ratio."""
    value, is_counted = pl.col(figure.column), pl.col("is_counted")
    is_known = value.is_not_null()
    if figure.statistic == "ratio":
        is_known &= pl.col(figure.per).is_not_null()
    sums = [_count(is_known & is_counted).alias(f"known_{place}")]
    if figure.basis:
        sums.append(_count(pl.col(figure.basis).is_not_null() & is_counted).alias(f"based_{place}"))
    match figure.statistic:
        case "mean":
            upper = fixed_point(value.filter(is_counted), MEAN_SCALE).sum()
        case "share":
            upper = _count(value.cast(pl.Boolean) & is_counted)
        case "cap_share":
            upper = _whole("cap_usd", is_known & value.cast(pl.Boolean))
            sums.append(_whole("cap_usd", is_known).alias(f"lower_{place}"))
        case "ratio":
            upper = _whole(figure.column, is_known)
            sums.append(_whole(figure.per, is_known).alias(f"lower_{place}"))
        case "median":
            return sums
    return [*sums, upper.alias(f"upper_{place}")]


def _count(those: pl.Expr) -> pl.Expr:
    return those.sum().cast(pl.Int64)


def _whole(name: str, those: pl.Expr) -> pl.Expr:
    return portion(pl.col(name)).filter(those).cast(pl.Int128).sum()


def _medians(rows: pl.DataFrame, figures: Sequence[SegmentFigure]) -> pl.DataFrame:
    """Medians cannot be rolled up from buckets: one pass over each bucket, one over smid, one over all."""
    medians = [
        pl.col(figure.column).median().alias(f"median_{place}")
        for place, figure in enumerate(figures)
        if figure.statistic == "median"
    ]
    columns = {figure.column for figure in figures if figure.statistic == "median"}
    counted = rows.filter("is_counted").select("cell", *sorted(columns))
    own = counted.group_by("cell").agg(medians)
    bucket, day = pl.col("cell") % _CELLS, (pl.col("cell") // _CELLS).alias("day")
    wider = [("smid", counted.filter(bucket.is_in(_SMID))), ("total", counted)]
    return pl.concat(
        [_levels(own)[0]]
        + [
            part.group_by(day).agg(medians).select("day", pl.lit(label).alias("segment"), pl.exclude("day"))
            for label, part in wider
        ]
    )


def _measured(wide: pl.DataFrame, figure: SegmentFigure, place: int) -> pl.DataFrame:
    known = pl.col(f"known_{place}").fill_null(0)
    match figure.statistic:
        case "median":
            value = pl.col(f"median_{place}")
        case "mean":
            value = ratio_of_totals(pl.col(f"upper_{place}"), known, MEAN_SCALE)
        case "share":
            value = ratio_of_totals(pl.col(f"upper_{place}"), known)
        case _:
            value = ratio_of_totals(pl.col(f"upper_{place}"), pl.col(f"lower_{place}"))
    # An empty segment lacks companies, not what the figure is made of.
    lacks_basis = (pl.col(f"based_{place}") == 0) & (known == 0) if figure.basis else pl.lit(value=False)
    reason = (
        pl.when(lacks_basis)
        .then(pl.lit(figure.without_basis))
        .when(known < max(figure.least, 1))
        .then(pl.lit(TOO_FEW))
        .when(value.is_null())
        .then(pl.lit("sum_is_zero"))
    )
    return wide.select(
        "day",
        "segment",
        pl.lit(figure.measure).alias("measure"),
        pl.when(reason.is_null()).then(value).cast(pl.Float64).alias("value"),
        known.cast(pl.Int32).alias("observations"),
        reason.alias("null_reason"),
    )
