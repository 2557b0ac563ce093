"""Which day's download first shows a value, or another one: what was known when, of series that are revised."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl


def changed_values(staged: pl.DataFrame, series: Sequence[str], values: Sequence[str]) -> pl.DataFrame:
    """Rows of the downloads that brought a value or changed it, with ``is_revision`` and ``lacked_on``.

    ``staged``: ``series`` (which name a series), as_of, ``values``, vintage_date. A row whose values are all null is
    none. ``lacked_on``: of a first value the newest earlier download of its series that goes back as far and has not
    got it, which proves that it was not out; null where there is none.
    """
    one = [*series, "as_of"]
    spans = staged.group_by(*series, "vintage_date").agg(since=pl.col("as_of").min()).sort("vintage_date")
    told = (
        staged.filter(~pl.all_horizontal(pl.col(*values).is_null()))
        .sort(*one, "vintage_date")
        .with_columns(is_revision=pl.int_range(pl.len()).over(one) > 0)
    )
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1).over(one)) for name in values)
    changed = told.filter(~(same & pl.col("is_revision")))
    before = (
        changed.select(*one, "vintage_date")
        .unique()
        .join(spans.rename({"vintage_date": "lacked_on"}), on=list(series))
        .filter((pl.col("lacked_on") < pl.col("vintage_date")) & (pl.col("since") <= pl.col("as_of")))
        .group_by(*one, "vintage_date")
        .agg(pl.col("lacked_on").max())
    )
    return changed.join(before, on=[*one, "vintage_date"], how="left")


def first_known_on(out_on: pl.Expr) -> pl.Expr:
    """The day by whose end a row of `changed_values` was known; ``out_on``: when such values usually are.

    A first value is never known later than its download, nor on a day whose download lacks it; a revision is known
    with its download.
    """
    after = pl.col("lacked_on") + timedelta(days=1)
    first = pl.min_horizontal(pl.max_horizontal(out_on, after), "vintage_date")
    return pl.when("is_revision").then("vintage_date").otherwise(first)
