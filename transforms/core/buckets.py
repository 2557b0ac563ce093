"""core.bucket_memberships: which bucket each company is in, by scheme and validity interval of admitted sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from transforms.contracts.schemes import BUCKET_MEMBERSHIPS
from transforms.schemes.seats import INITIAL, SEATS
from transforms.schemes.terms import Term

PIECES: dict[str, pl.DataType] = {**SEATS, "first": pl.Int32(), "last": pl.Int32()}
"""One row per company, bucket and run of sessions, from ``first`` to ``last`` (numbers of admitted sessions); reason is
null where the run begins for no review's sake."""
RUNS: dict[str, pl.DataType] = {"company_id": pl.String(), "first": pl.Int32(), "last": pl.Int32()}
"""One row per company and run of admitted sessions, one after the other, on which it has a cap."""
BY_ITS_CAP, BACK_AGAIN, FIRST_SEEN = "cap crossed a threshold", "back after an absence", "first appearance"
_VALUES = ("weight", "is_counted", "raw_bucket", "basis_used")


@dataclass
class Intervals:
    """The rows of one scheme so far: those that ended, and those that hold on the last admitted session."""

    closed: list[pl.DataFrame]
    open: pl.DataFrame
    known: pl.DataFrame = field(repr=False)
    """company_id of everybody who ever had a bucket."""

    @classmethod
    def on(cls, rows: pl.DataFrame) -> "Intervals":
        """From rows of core.bucket_memberships, all of one scheme."""
        is_open = pl.col("valid_to").is_null()
        return cls([rows.filter(~is_open)], rows.filter(is_open), rows.select("company_id").unique())

    def rows(self) -> pl.DataFrame:
        """All rows of core.bucket_memberships of the scheme."""
        return pl.concat([*self.closed, self.open]).sort(BUCKET_MEMBERSHIPS.key)

    def add(self, scheme_id: str, pieces: pl.DataFrame, scope: Sequence[date]) -> None:
        """Go on with the PIECES of new sessions.

        ``scope``: admitted sessions in the order of their numbers; number 0 is the last one of the rows so far where
        there are any. A company that has no cap on a session (quarantined, not quoted) is in no bucket then, so its
        interval ends, and another begins when it comes back.
        """
        merged = _merged(pl.concat([_kept(self.open), _without_date(pieces)]))
        days = pl.Series("day", scope, pl.Date)
        is_first_ever = not self.closed[0].height and self.open.is_empty() and len(self.closed) == 1
        known = self.known.with_columns(was_known=True)
        told = merged.join(known, on="company_id", how="left", maintain_order="left").with_columns(
            reason=pl.coalesce("reason", _unreviewed(is_first_ever=is_first_ever)),
            valid_from=pl.coalesce("kept_from", days.gather(merged["first"])),
            valid_to=pl.when(pl.col("last") < len(scope) - 1).then(days.gather(merged["last"])),
            scheme_id=pl.lit(scheme_id),
        )
        rows = BUCKET_MEMBERSHIPS.conform(told)
        is_open = pl.col("valid_to").is_null()
        self.closed.append(rows.filter(~is_open))
        self.open = rows.filter(is_open)
        self.known = pl.concat([self.known, rows.select("company_id")]).unique()


def runs(caps: pl.DataFrame, scope: Sequence[date]) -> pl.DataFrame:
    """RUNS of the companies with a cap: ``caps`` has session_date and company_id, ``scope`` the admitted sessions."""
    numbered = _numbered(caps.select("session_date", "company_id"), scope).sort("company_id", "first")
    begins = _begins(numbered, ())
    return _joined(numbered, begins, ()).select(RUNS.keys())


def pieces_by_cap(placed: pl.DataFrame, scope: Sequence[date]) -> pl.DataFrame:
    """PIECES of companies sorted by their cap of each session: session_date, company_id, bucket and distance."""
    rows = _numbered(placed, scope).with_columns(
        weight=pl.lit(1.0),
        is_counted=pl.lit(value=True),
        raw_bucket="bucket",
        basis_used=pl.lit("full"),
        reason=pl.lit(None, pl.String),
    )
    ordered = rows.sort("company_id", "first")
    joined = _joined(ordered, _begins(ordered, ("bucket",)), ("bucket", *_VALUES, "reason", "distance"))
    return joined.select(pl.col(name).cast(dtype) for name, dtype in PIECES.items())


def pieces_by_term(terms: Sequence[Term], present: pl.DataFrame, scope: Sequence[date]) -> pl.DataFrame:
    """PIECES of companies with seats, while they have a cap: ``present`` are their RUNS."""
    numbers = {session: number for number, session in enumerate(scope)}
    ends = [numbers[term.first] - 1 for term in terms[1:]] + [len(scope) - 1]
    parts = []
    for term, end in zip(terms, ends, strict=True):
        begin = numbers[term.first]
        during = present.filter((pl.col("first") <= end) & (pl.col("last") >= begin)).with_columns(
            pl.col("first").clip(lower_bound=begin), pl.col("last").clip(upper_bound=end)
        )
        seated = during.join(term.seats, on="company_id")
        at_review = (pl.col("first") == begin) & pl.lit(term.is_review)
        parts.append(seated.with_columns(reason=pl.when(at_review).then("reason")))
    pieces = pl.concat([pl.DataFrame(schema=PIECES), *(part.select(PIECES.keys()) for part in parts)])
    return _merged(_without_date(pieces)).select(PIECES.keys())


def _numbered(rows: pl.DataFrame, scope: Sequence[date]) -> pl.DataFrame:
    numbers = pl.DataFrame({"session_date": scope, "first": range(len(scope))}).cast(
        {"session_date": pl.Date, "first": pl.Int32}
    )
    placed = rows.join(numbers, on="session_date", how="inner", maintain_order="left")
    return placed.with_columns(last="first")


def _begins(ordered: pl.DataFrame, values: Sequence[str]) -> pl.Series:
    """Whether a row begins a run, of rows sorted by company and first session."""
    goes_on = (pl.col("company_id") == pl.col("company_id").shift(1)) & (pl.col("first") == pl.col("last").shift(1) + 1)
    for name in values:
        goes_on &= pl.col(name).eq_missing(pl.col(name).shift(1))
    return ordered.select(begins=~goes_on.fill_null(value=False))["begins"]


def _joined(ordered: pl.DataFrame, begins: pl.Series, values: Sequence[str]) -> pl.DataFrame:
    """One row per run: what its first row says, and the last session of its last."""
    firsts = ordered.filter(begins).select("company_id", *values, "first")
    is_last = begins.shift(-1, fill_value=True)
    return firsts.with_columns(ordered.filter(is_last)["last"])


def _merged(pieces: pl.DataFrame) -> pl.DataFrame:
    """PIECES (with kept_from) that follow each other in one bucket with the same values, as one."""
    ordered = pieces.sort("company_id", "bucket", "first")
    begins = _begins(ordered, ("bucket", *_VALUES))
    return _joined(ordered, begins, ("bucket", *_VALUES, "reason", "distance", "kept_from"))


def _kept(rows: pl.DataFrame) -> pl.DataFrame:
    """Open rows of core.bucket_memberships as PIECES on the last session so far, which is number 0."""
    number = pl.lit(0, pl.Int32)
    return rows.select(
        *(name for name in PIECES if name not in ("first", "last")), first=number, last=number, kept_from="valid_from"
    )


def _without_date(pieces: pl.DataFrame) -> pl.DataFrame:
    return pieces.with_columns(kept_from=pl.lit(None, pl.Date))


def _unreviewed(*, is_first_ever: bool) -> pl.Expr:
    """Why an interval began for which no review gives a reason."""
    ends = pl.col("last").shift(1).over("company_id", order_by="first")
    return (
        pl.when(pl.col("first") == ends + 1)
        .then(pl.lit(BY_ITS_CAP))
        .when(pl.col("was_known").fill_null(value=False) | ends.is_not_null())
        .then(pl.lit(BACK_AGAIN))
        .when(pl.lit(is_first_ever) & (pl.col("first") == 0))
        .then(pl.lit(INITIAL))
        .otherwise(pl.lit(FIRST_SEEN))
    )
