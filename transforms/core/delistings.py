"""When and why a security was delisted: by its absence from admitted sessions, and by what was filed with the SEC."""

import polars as pl

ABSENT_SESSIONS = 10
"""Admitted sessions of absence that make a delisting. Vendors lose a line for days: of 1,900 gaps of a line in 2022-24
most last one to three sessions; a fortnight is also what passes from a Form 25 to its effect (ten days)."""
FORMS_BEFORE_DAYS = 45
FORMS_AFTER_DAYS = 100
"""A form belongs to a delisting when filed around its last session: a Form 25 comes ten days to weeks before or on the
day after, a Form 15 up to a quarter later, when the next report would fall due."""

FORMS: dict[str, pl.DataType] = {
    "cik": pl.Int64(),
    "form": pl.String(),
    "filed": pl.Date(),
    "items": pl.String(),
}
"""Filings, one row each; ``items`` of a Form 8-K as the SEC lists them: `2.01,9.01`."""
DELISTING: dict[str, pl.DataType] = {
    "delisted_on": pl.Date(),
    "delisting_known_at": pl.Datetime("us", "UTC"),
    "delisting_reason": pl.String(),
}

_BY_ISSUER = ("25",)
_BY_EXCHANGE = ("25-NSE",)
_DEREGISTERED = ("15-12B", "15-12G", "15-15D")
_COMPLETED = r"(^|[^\d.])2\.01([^\d]|$)"


def with_delistings(securities: pl.DataFrame, sessions: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """core.securities with DELISTING on all rows of a security that is not quoted any more.

    ``sessions``: session_date and known_at of every admitted session. ``forms``: FORMS; those filed after the last
    admitted session do not count. ``delisted_on`` is the last session quoted; it is told from the tenth session
    without the security on (``delisting_known_at``). A security renamed or moved to another exchange is quoted.
    """
    numbered = sessions.sort("session_date").with_row_index("position")
    last = securities.select("security_id", "cik", delisted_on="last_session").unique("security_id", keep="last")
    told = numbered.select(
        "position", told_on="session_date", delisting_known_at=pl.col("known_at").cast(DELISTING["delisting_known_at"])
    )
    gone = (
        last.join(numbered.select("position", delisted_on="session_date"), on="delisted_on")
        .with_columns(pl.col("position") + ABSENT_SESSIONS)
        .join(told, on="position")
    )
    public = forms.filter(pl.col("filed") <= numbered["session_date"].last())
    reasons = _reasons(gone, public)
    return (
        securities.drop(DELISTING)
        .join(gone.join(reasons, on="security_id").select("security_id", *DELISTING), on="security_id", how="left")
        .select(securities.columns)
        .sort("security_id", "valid_from")
    )


def _reasons(gone: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """security_id and delisting_reason: the strongest that a form around the last session gives, else not_quoted."""
    near = gone.join(forms, on="cik", how="left").with_columns(
        is_near=(pl.col("filed") - pl.col("delisted_on"))
        .dt.total_days()
        .is_between(-FORMS_BEFORE_DAYS, FORMS_AFTER_DAYS)
        .fill_null(value=False)
    )
    form = pl.col("form")
    said = near.group_by("security_id").agg(
        issuer=(pl.col("is_near") & form.is_in(_BY_ISSUER)).any(),
        exchange=(pl.col("is_near") & form.is_in(_BY_EXCHANGE)).any(),
        deregistered=(pl.col("is_near") & form.is_in(_DEREGISTERED)).any(),
        completed=(pl.col("is_near") & (form == "8-K") & pl.col("items").str.contains(_COMPLETED)).any(),
    )
    reason = (
        pl.when((pl.col("issuer") | pl.col("exchange")) & pl.col("completed"))
        .then(pl.lit("acquired"))
        .when("issuer")
        .then(pl.lit("form_25"))
        .when("exchange")
        .then(pl.lit("form_25_nse"))
        .when("deregistered")
        .then(pl.lit("deregistered"))
        .otherwise(pl.lit("not_quoted"))
    )
    return said.select("security_id", delisting_reason=reason)
