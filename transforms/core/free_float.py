"""core.free_float: what companies say that non-affiliates hold, and the part of the company that it was on that day.

Source: EntityPublicFloat on the cover of annual reports (SEC EDGAR), and the operator's own figures.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.contracts.filers import FREE_FLOAT
from transforms.core.fundamentals import known_at
from transforms.core.registrants import registrants, since_linked
from transforms.staging.sec_source import SEC
from transforms.staging.sec_tags import PUBLIC_FLOAT

FLOATS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "symbol": pl.String(),
    "as_of": pl.Date(),
    "known_on": pl.Date(),
    "value": pl.Float64(),
    "shares": pl.Float64(),
    "share": pl.Float64(),
    "is_by_class": pl.Boolean(),
    "source": pl.String(),
    "accession": pl.String(),
    "form": pl.String(),
}
"""One row per company, day and statement: a value in US dollars if filed; shares or a part of the company (with the
symbol) if supplied. is_by_class: the filing gave it by class, and value is their sum."""
CAPS: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "as_of": pl.Date(),
    "session_date": pl.Date(),
    "ticker": pl.String(),
    "price": pl.Float64(),
    "cap_usd": pl.Int64(),
}
"""Caps of the days that CAP_DAYS asks for."""
CAP_DAYS: dict[str, pl.DataType] = {"company_id": pl.String(), "as_of": pl.Date(), "session_date": pl.Date()}

SESSIONS_BACK = 5
"""As the fifth session before is a week ago: an older cap would say more about the price than about holders."""
FRESH_DAYS = 760
"""Two years and a month: a float's day is half a year before its report, the next report comes a year later."""
MOST_OF_CAP = 1.05
"""Up to here a float is all of the company: the count behind it and ours are of different days."""
TOO_MUCH = 50.0
TOO_LITTLE = 0.00105
"""Beyond these a value stands in thousands, or was multiplied by a thousand: floats are 5 to 105 % of the cap."""
IMPOSSIBLE_USD = 1e15
_FILING = ["cik", "accession"]


def filed_floats(covers: pl.DataFrame, facts: pl.DataFrame, securities: pl.DataFrame, last: date) -> pl.DataFrame:
    """FLOATS of cover pages (COVER rows) and companyfacts (FACTS rows), both with ``known_on``, known by ``last``.

    Of one filing the statement that became known first counts, of one day the company's own before a sum over classes;
    of several days in one filing the newest. A filing that repeats another one is a row of its own.
    """
    told = (
        pl.concat([_of_facts(facts), _of_covers(covers)])
        .filter(pl.col("known_on") <= pl.lit(last, pl.Date))
        .filter(pl.col("as_of") == pl.col("as_of").max().over(*_FILING, "known_on"))
        .sort(*_FILING, "known_on", "is_by_class", "value")
        .unique(_FILING, keep="first", maintain_order=True)
    )
    filed = since_linked(told, registrants(securities))
    placed = filed.with_columns(symbol=pl.lit(None), shares=pl.lit(None), share=pl.lit(None), source=pl.lit(SEC))
    return _shaped(placed)


def supplied_floats(rows: pl.DataFrame, securities: pl.DataFrame, last: date) -> pl.DataFrame:
    """FLOATS of the operator (files.FREE_FLOAT), of known symbols, public by ``last``.

    A symbol means the company that held it on as_of, or that took it next.
    """
    public = rows.with_columns(known_on=pl.max_horizontal(pl.col("known_at").fill_null(pl.col("as_of")), "as_of"))
    held = securities.select("symbol", "company_id", "valid_from", "valid_to")
    placed = (
        public.filter(pl.col("known_on") <= pl.lit(last, pl.Date))
        .join(held, on="symbol", how="inner")
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("as_of")))
        .sort("symbol", "as_of", "valid_from")
        .unique(["symbol", "as_of", "known_on"], keep="first", maintain_order=True)
        .sort("company_id", "as_of", "known_on", "symbol")
        .unique(["company_id", "as_of", "known_on"], keep="first", maintain_order=True)
    )
    given = placed.with_columns(
        value=pl.lit(None),
        shares="float_shares",
        share="float_share",
        is_by_class=pl.lit(value=False),
        source=pl.lit("files"),
        accession=pl.lit(""),
        form=pl.lit(None),
    )
    return _shaped(given)


def cap_days(floats: pl.DataFrame, calendar: Sequence[date]) -> pl.DataFrame:
    """CAP_DAYS: the sessions whose caps a float may be compared with, up to five before its day.

    ``calendar``: every session of the exchange, in order.
    """
    sessions = pl.DataFrame({"session_date": calendar}, schema={"session_date": pl.Date}).with_row_index("number")
    asked = floats.select("company_id", "as_of").unique().sort("as_of", "company_id")
    at = asked.join_asof(sessions.rename({"session_date": "on"}), left_on="as_of", right_on="on")
    # On a day without a session the last one is the first of the five.
    back = pl.when(pl.col("on") == pl.col("as_of")).then(SESSIONS_BACK).otherwise(SESSIONS_BACK - 1)
    first = (pl.col("number").cast(pl.Int64) - back).clip(lower_bound=0)
    numbered = at.drop_nulls("on").with_columns(number=pl.int_ranges(first, pl.col("number").cast(pl.Int64) + 1))
    days = numbered.explode("number").with_columns(pl.col("number").cast(pl.UInt32))
    return days.join(sessions, on="number").select(pl.col(name).cast(dtype) for name, dtype in CAP_DAYS.items())


def free_float(floats: pl.DataFrame, caps: pl.DataFrame) -> pl.DataFrame:
    """core.FREE_FLOAT from FLOATS and the CAPS of their days, of which the newest counts."""
    newest = caps.sort("company_id", "as_of", "session_date").unique(
        ["company_id", "as_of"], keep="last", maintain_order=True
    )
    compared = floats.join(newest, on=["company_id", "as_of"], how="left")
    is_priced = pl.col("ticker") == pl.col("symbol")
    supplied_value = pl.coalesce(
        pl.when(is_priced).then(pl.col("shares") * pl.col("price")), pl.col("share") * pl.col("cap_usd")
    )
    valued = compared.with_columns(value=pl.coalesce("value", supplied_value))
    judged = valued.with_columns(_reason().alias("reason_code"), ratio=_ratio())
    is_refused = pl.col("reason_code").is_in(["impossible", "scaled_by_a_thousand"])
    share = pl.coalesce(
        "share",
        pl.when(pl.col("reason_code").is_null() | (pl.col("reason_code") == "capped_at_one")).then(
            pl.col("ratio").clip(upper_bound=1.0)
        ),
    )
    rows = judged.with_columns(float_share=pl.when(~is_refused.fill_null(value=False)).then(share))
    return FREE_FLOAT.conform(
        rows.with_columns(
            float_value_usd=pl.when(pl.col("reason_code").ne_missing("impossible")).then(pl.col("value").round()),
            known_at=known_at(pl.col("known_on")),
            kind=pl.when(pl.col("source") == "files")
            .then(pl.lit("supplied"))
            .when(pl.col("float_share").is_not_null())
            .then(pl.lit("estimate"))
            .otherwise(pl.lit("reported")),
            cap_session="session_date",
            status=pl.when(is_refused.fill_null(value=False)).then(pl.lit("refused")).otherwise(pl.lit("accepted")),
        )
    )


def newest_shares(rows: pl.DataFrame, session: date) -> pl.DataFrame:
    """company_id and float_share of the newest day that accepted core.FREE_FLOAT rows tell a share of.

    A float is told once a year, some months late: one whose day lies more than FRESH_DAYS back tells nothing.
    """
    since = pl.lit(session, pl.Date).dt.offset_by(f"-{FRESH_DAYS}d")
    fresh = rows.filter(
        (pl.col("status") == "accepted") & pl.col("float_share").is_not_null() & (pl.col("as_of") >= since)
    )
    newest = fresh.sort("company_id", "as_of", "known_at", "source", "accession")
    return newest.unique("company_id", keep="last", maintain_order=True).select("company_id", "float_share")


def _ratio() -> pl.Expr:
    return pl.col("value") / pl.col("cap_usd")


def _reason() -> pl.Expr:
    """The first of these that holds; null where a share can be told without a word more."""
    value, ratio = pl.col("value"), _ratio()
    faults = {
        "impossible": ~value.is_between(0, IMPOSSIBLE_USD, closed="left") | ~value.is_finite(),
        "zero": value == 0,
        "scaled_by_a_thousand": (ratio >= TOO_MUCH) | (ratio <= TOO_LITTLE),
        "by_class": pl.col("is_by_class"),
        "no_cap_on_that_day": pl.col("cap_usd").is_null(),
        "another_line": value.is_null(),
        "above_cap": ratio > MOST_OF_CAP,
        "capped_at_one": ratio > 1,
    }
    found = (pl.when(holds).then(pl.lit(code)) for code, holds in faults.items())
    return pl.when(pl.col("share").is_null()).then(pl.coalesce(found))


def _of_facts(facts: pl.DataFrame) -> pl.DataFrame:
    rows = facts.filter((pl.col("tag") == PUBLIC_FLOAT) & (pl.col("unit") == "USD"))
    return rows.select(
        *_FILING, "known_on", as_of="period_end", value="value", form="form", is_by_class=pl.lit(value=False)
    )


def _of_covers(covers: pl.DataFrame) -> pl.DataFrame:
    """The company's float stands on each row of a filing; differing ones are those of its classes."""
    told = covers.filter(pl.col("public_float").is_not_null())
    key = [*_FILING, "known_on", "public_float_as_of"]
    differs = pl.col("public_float").n_unique() > 1
    single = told.group_by(key, maintain_order=True).agg(
        value=pl.when(differs).then(pl.col("public_float").sum()).otherwise(pl.col("public_float").first()),
        form=pl.col("form").first(),
        is_by_class=differs,
    )
    return single.rename({"public_float_as_of": "as_of"})


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FLOATS.items())
