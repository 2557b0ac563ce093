"""The splits seen so far: each on its ex-date, confirmed by a second sign or withdrawn when it undoes itself."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from transforms.core.rows import constant, flags, where, written
from transforms.core.security_types import EQUITY_TYPES

SPLITS_SCHEMA: dict[str, pl.DataType] = {
    "security_id": pl.String(),
    "ex_date": pl.Date(),
    "ratio": pl.Float64(),
    "evidence": pl.String(),
    "confirmed_on": pl.Date(),
    "withdrawn_on": pl.Date(),
    "declared_source": pl.String(),
}
"""One row per security and ex-date; ratio: new shares for one old. ``evidence``: of `with_splits`. ``declared_source``:
what declares it, null where nothing does."""

UNDONE_WITHIN_DAYS = 14
"""A price that breaks by a ratio and back by the same one within two weeks was a wrong price, no split. In 2022-24 that
were four of warrants, whose prices of cents double for nothing, and none of 765 of shares."""
_RATIO_TOLERANCE = 1e-6


def no_splits() -> pl.DataFrame:
    """The register before the first split."""
    return pl.DataFrame(schema=SPLITS_SCHEMA)


def update_splits(splits: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """The register after an admitted session.

    ``lines``: security_id, security_type, split_ratio, split_evidence and what `vendor_counts.followed` adds. One
    seen in the price alone is confirmed when the vendor's count follows it, or when a line of shares is still quoted
    after UNDONE_WITHIN_DAYS; an unconfirmed one that is undone by then is withdrawn.
    """
    followed = lines["security_id"][where(flags(lines["follows_split"]))]
    is_split = lines["split_ratio"].to_numpy() != 1.0
    shares = lines["security_id"][where(flags(lines["security_type"].is_in(EQUITY_TYPES)))]
    splits = _with_late(_settled(splits, shares, session), lines, session)
    if followed.is_empty() and not is_split.any():
        return splits
    new = lines[["security_id", "split_ratio", "split_evidence"]][np.flatnonzero(is_split)]
    kept, undoing = _withdrawn(splits, new, session)
    is_open = pl.col("confirmed_on").is_null() & pl.col("withdrawn_on").is_null()
    confirmed = kept.with_columns(
        confirmed_on=pl.when(is_open & pl.col("security_id").is_in(followed.implode()))
        .then(pl.lit(session))
        .otherwise(pl.col("confirmed_on"))
    )
    seen = new.join(undoing, on="security_id", how="anti").select(
        "security_id",
        ex_date=pl.lit(session),
        ratio="split_ratio",
        evidence="split_evidence",
        confirmed_on=pl.when(pl.col("split_evidence") != "price").then(pl.lit(session)),
        withdrawn_on=pl.lit(None, pl.Date),
        declared_source=pl.lit(None, pl.String),
    )
    return pl.concat([confirmed, seen])


def _with_late(splits: pl.DataFrame, lines: pl.DataFrame, session: date) -> pl.DataFrame:
    """The register with splits that no price showed, and that a count which follows its close tells of days later."""
    at = where(~lines["late_split_on"].is_null().to_numpy())
    if not at.size:
        return splits
    late = lines[["security_id", "late_split_ratio", "late_split_on"]][at].select(
        "security_id",
        ex_date="late_split_on",
        ratio="late_split_ratio",
        evidence=pl.lit("price_and_count"),
        confirmed_on=pl.lit(session, pl.Date),
        withdrawn_on=pl.lit(None, pl.Date),
        declared_source=pl.lit(None, pl.String),
    )
    near = late.join(splits.select("security_id", seen_on="ex_date"), on="security_id").filter(
        (pl.col("seen_on") - pl.col("ex_date")).dt.total_days().abs() <= UNDONE_WITHIN_DAYS
    )
    return pl.concat([splits, late.join(near, on="security_id", how="anti")])


def _settled(splits: pl.DataFrame, quoted: pl.Series, session: date) -> pl.DataFrame:
    """The register with splits confirmed that nothing undid in time."""
    first = np.datetime64(session - timedelta(days=UNDONE_WITHIN_DAYS))
    is_open = splits["confirmed_on"].is_null() & splits["withdrawn_on"].is_null()
    is_due = is_open.to_numpy() & (splits["ex_date"].to_numpy() < first)
    if not is_due.any():
        return splits
    rows = where(is_due & splits["security_id"].is_in(quoted.implode()).to_numpy())
    return written(splits, rows, {"confirmed_on": constant("confirmed_on", session, rows.size)})


def _withdrawn(splits: pl.DataFrame, new: pl.DataFrame, session: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The register without splits that today's ones undo, and the securities whose splits of today undo one."""
    recent = splits.filter(
        (pl.col("ex_date") >= session - timedelta(days=UNDONE_WITHIN_DAYS))
        & pl.col("confirmed_on").is_null()
        & pl.col("withdrawn_on").is_null()
    )
    undone = recent.join(new, on="security_id").filter(
        ((pl.col("ratio") * pl.col("split_ratio")) - 1).abs() <= _RATIO_TOLERANCE
    )
    if undone.is_empty():
        return splits, undone.select("security_id")
    key = ["security_id", "ex_date"]
    marked = splits.join(undone.select(*key, is_undone=pl.lit(value=True)), on=key, how="left", maintain_order="left")
    withdrawn = marked.with_columns(
        withdrawn_on=pl.when("is_undone").then(pl.lit(session)).otherwise(pl.col("withdrawn_on"))
    )
    return withdrawn.drop("is_undone"), undone.select("security_id")


def ratio_between(splits: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """``counts`` (security_id, as_of, session_date) with ``split_ratio``: product of the splits in between.

    A split counts when its ex-date is strictly after as_of and not after the session, and it was not withdrawn by then.
    """
    numbered = counts.with_row_index("_row")
    between = (
        numbered.join(splits, on="security_id")
        .filter(
            (pl.col("ex_date") > pl.col("as_of"))
            & (pl.col("ex_date") <= pl.col("session_date"))
            & ~(pl.col("withdrawn_on") <= pl.col("session_date")).fill_null(value=False)
        )
        .sort("_row", "ex_date")
        .group_by("_row", maintain_order=True)
        .agg(split_ratio=pl.col("ratio").product())
    )
    joined = numbered.join(between, on="_row", how="left", maintain_order="left")
    return joined.with_columns(pl.col("split_ratio").fill_null(1.0)).drop("_row")
