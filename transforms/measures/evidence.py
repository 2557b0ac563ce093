"""What each claim of the thesis rests on, session by session, from the marts that measure it (EVIDENCE)."""

from datetime import date

import polars as pl

from transforms.contracts.thesis import SCHEME
from transforms.contracts.valuation import EVERYBODY
from transforms.exact import RETURN_SCALE, fixed_point, ratio_of_totals
from transforms.measures.drawdown import drawdown_daily
from transforms.measures.thesis import EVIDENCE

SMALL, LARGE, SMID, MEGA = "small", "large", "smid", "mega"
LARGEST = 10
YEAR = 252
LEAST_COVERAGE = 0.4
"""Of a segment's cap: at the end of 2024, when SimFin's files were whole, it was 0.56 or more of each that is asked."""
LEAST_KNOWN = 54
"""Of 60 sessions of flows: more than a tenth missing could turn the sign of the sum."""


def of_claim(claim: str, rows: pl.DataFrame, source: str = "") -> pl.DataFrame:
    """EVIDENCE of one claim from rows with session_date and value, and as_of and null_reason where they tell them."""
    told = rows.with_columns(claim=pl.lit(claim), **({"source": pl.lit(source)} if source else {}))
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in EVIDENCE.items() if name not in told.columns]
    return told.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in EVIDENCE.items())


def of_highs(returns: pl.DataFrame, since: date) -> pl.DataFrame:
    """Claims 1 to 3, of the sessions from `since` on.

    ``returns``: all rows of marts.segment_daily since the first (session_date, scheme_id, segment, return_price_vw).
    A spell below the high ends on the session that is at one again; its depth is its deepest drawdown.
    """
    small = returns.filter((pl.col("scheme_id") == SCHEME) & (pl.col("segment") == SMALL))
    is_below = pl.col("drawdown") < 0
    begins = is_below & ~is_below.shift(fill_value=False)
    spells = (
        drawdown_daily(small)
        .filter(pl.col("drawdown").is_not_null())
        .sort("session_date")
        .with_columns(spell=begins.cum_sum(), is_below=is_below)
    )
    so_far = (
        spells.with_columns(
            sessions=pl.col("is_below").cast(pl.Int64).cum_sum().over("spell"),
            depth=pl.col("drawdown").cum_min().over("spell"),
        )
        .with_columns(is_any=pl.col("spell") > 0)
        .filter(pl.col("session_date") >= since)
    )
    told = so_far.filter("is_any")
    return pl.concat(
        [
            of_claim("01_new_high", so_far.select("session_date", value="drawdown")),
            of_claim("02_sideways", told.select("session_date", value="sessions")),
            of_claim("03_sell_off", told.select("session_date", value="depth")),
        ]
    )


def of_forward_returns(forward: pl.DataFrame) -> pl.DataFrame:
    """Claim 4: rows of marts.forward_returns."""
    year = forward.filter(
        (pl.col("scheme_id") == SCHEME) & (pl.col("segment") == SMALL) & (pl.col("horizon_sessions") == YEAR)
    )
    after, always = (
        year.filter(pl.col("start") == start).select("session_date", "mean_return", "null_reason")
        for start in ("after_drawdown_20", "unconditional")
    )
    both = after.join(always, on="session_date", suffix="_always")
    return of_claim(
        "04_rise_after_fall",
        both.select("session_date", "null_reason", value=pl.col("mean_return") - pl.col("mean_return_always")),
    )


def of_flows(flows: pl.DataFrame) -> pl.DataFrame:
    """Claim 6: rows of marts.segment_flows_daily.

    The newest day of a night is hardly ever published yet, and a fund's flow of a day may never be: nine tenths of
    the sessions make a sum, and the source says how many there were. Fewer are too few.
    """
    small = flows.filter((pl.col("segment") == SMALL) & (pl.col("known_sessions_60d") > 0))
    is_enough = pl.col("known_sessions_60d") >= LEAST_KNOWN
    return of_claim(
        "06_outflows",
        small.select(
            "session_date",
            value=pl.when(is_enough).then("flow_60d_known_usd"),
            null_reason=pl.when(~is_enough).then(pl.lit("too_few")),
            source=pl.format("marts.segment_flows_daily: {} of 60 sessions known", "known_sessions_60d"),
        ),
    )


def largest_share(caps: pl.DataFrame) -> pl.DataFrame:
    """session_date and value: the share of the ten largest companies in the cap of all (rows of core.market_caps)."""
    cap = pl.col("cap_usd").cast(pl.Int128)
    return caps.group_by("session_date").agg(value=ratio_of_totals(cap.top_k(LARGEST).sum(), cap.sum()))


def of_valuation(valuation: pl.DataFrame, spreads: pl.DataFrame) -> pl.DataFrame:
    """Claims 10 and 11: rows of marts.valuation_daily and marts.valuation_spread_daily.

    Without a value, low_coverage, where the companies with fundamentals are less than LEAST_COVERAGE of the cap of a
    segment that it is of: the P/E of three giants is not that of giants.
    """
    pe = (pl.col("scheme_id") == SCHEME) & (pl.col("universe") == EVERYBODY) & (pl.col("measure") == "pe")
    dear = valuation.filter(pe & (pl.col("segment") == MEGA) & (pl.col("convention") == "incl_losses"))
    of_both = valuation.filter(pe & pl.col("segment").is_in([SMID, LARGE]) & (pl.col("convention") == "excl_losses"))
    known = of_both.group_by("session_date").agg(
        pl.col("cap_coverage").fill_null(0).min(), pl.col("null_reason").sort_by("segment").drop_nulls().first()
    )
    cheap = spreads.filter(pe & (pl.col("segment") == SMID) & (pl.col("convention") == "excl_losses"))
    discount = cheap.select("session_date", value="discount").join(known, on="session_date", how="left")
    return pl.concat(
        [
            of_claim("10_discount", _covered(discount)),
            of_claim("11_dear_giants", _covered(dear.select("session_date", "value", "null_reason", "cap_coverage"))),
        ]
    )


def _covered(rows: pl.DataFrame) -> pl.DataFrame:
    is_low = (pl.col("cap_coverage").fill_null(0) < LEAST_COVERAGE) & pl.col("value").is_not_null()
    return rows.select(
        "session_date",
        value=pl.when(~is_low).then("value"),
        null_reason=pl.when(is_low).then(pl.lit("low_coverage")).otherwise("null_reason"),
    )


def of_size_effect(portfolios: pl.DataFrame, since: date) -> pl.DataFrame:
    """Claim 13: all rows of marts.size_portfolios_daily since the first; a year of them at least.

    The mean is over all sessions so far, in whole numbers, so that a night and a backfill agree.
    """
    smb = portfolios.filter(
        (pl.col("portfolio") == "smb") & (pl.col("weighting") == "vw") & pl.col("return").is_not_null()
    ).sort("session_date")
    so_far = smb.select(
        "session_date",
        value=ratio_of_totals(
            fixed_point(pl.col("return")).cum_sum() * YEAR, pl.int_range(1, pl.len() + 1), RETURN_SCALE
        ),
        sessions=pl.int_range(1, pl.len() + 1),
    )
    enough = pl.col("sessions") >= YEAR
    return of_claim(
        "13_size_effect",
        so_far.filter(pl.col("session_date") >= since).select(
            "session_date",
            value=pl.when(enough).then("value"),
            null_reason=pl.when(~enough).then(pl.lit("too_few")),
        ),
    )


def of_correlation(risk: pl.DataFrame) -> pl.DataFrame:
    """Claim 15: rows of marts.risk_daily."""
    found = risk.filter(
        (pl.col("scheme_id") == SCHEME)
        & (pl.col("segment") == SMALL)
        & (pl.col("measure") == f"correlation_{LARGE}_{YEAR}")
    )
    return of_claim("15_diversify", found.select("session_date", "value", "null_reason"))
