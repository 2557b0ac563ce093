"""Is a company's cap fit to be used? Jumps against its price, first appearances by level, new levels by time."""

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from expectations import rules

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ADMITTED = ("admitted", "confirmed")
_VERDICTS = pl.Series("verdict", [*ADMITTED, "jump", "first_level"])


def judge_companies(recalled: pl.DataFrame, near_from: date) -> pl.DataFrame:
    """Companies with ``verdict`` (admitted, confirmed, jump, first_level), log gap, anchors and the pending level.

    ``recalled``: companies of the session (company_id, ticker, cap_usd, shares, tier, return_price, dollar_volume_usd)
    with the last admitted cap and what else is remembered of each. A company not seen within the horizon is judged as
    a first appearance. On the very first session there is nothing to rank against but the session itself; the same
    level rule applies. A vendor's count that no company can have (``shares``, cap / price) is never admitted.
    """
    cap = recalled["cap_usd"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.log(1 + np.nan_to_num(floats(recalled["return_price"])))
        is_near = recalled["last_seen"].to_numpy() >= np.datetime64(near_from)
        is_known = is_near & ~np.isnan(floats(recalled["anchor_cap_usd"]))
        moved = np.log(cap / floats(recalled["anchor_cap_usd"])) - floats(recalled["drift_log"])
        gap = np.where(is_known, np.abs(moved - step), np.nan)
        turnover = floats(recalled["dollar_volume_usd"]) / cap
        held_for = np.abs(np.log(cap / floats(recalled["pending_cap_usd"])) - step)
    holds = is_near & (held_for <= rules.CONFIRMED.params["max_log_gap"])
    streak = np.where(holds, np.nan_to_num(floats(recalled["pending_streak"])) + 1, 1).astype(np.int32)
    rank = _ranks(cap)
    # Whoever supplies a count or a cap of their own vouches for its level, and need not supply volumes.
    is_vendors = (recalled["tier"] == "vendor_implied").to_numpy()
    is_suspect = np.where(is_known, ~(gap <= rules.JUMP.params["max_log_gap"]), _is_odd(rank, turnover) & is_vendors)
    is_confirmed = _is_confirmed(np.fmax(cap, floats(recalled["anchor_cap_usd"])), gap, streak, turnover)
    # A better source of the count speaks for its own level; falling back on the vendor's, the level must be the same.
    is_confirmed |= ~is_vendors & (recalled["tier"] != recalled["anchor_tier"]).fill_null(value=False).to_numpy()
    # A count that is right again ends a wrong level: waiting would only leave the company out.
    is_own = recalled["tier"].str.starts_with("files").to_numpy()
    is_confirmed |= ~is_own & recalled["is_restored_count"].to_numpy()
    is_no_count = is_vendors & (floats(recalled["shares"]) < rules.FIRST_LEVEL.params["min_shares"])
    code = np.select([~(is_suspect | is_no_count), is_confirmed & ~is_no_count, is_known], [0, 1, 2], 3)
    return recalled.hstack(
        [
            pl.Series("step_log", step),
            pl.Series("rank", rank),
            pl.Series("turnover", turnover, nan_to_null=True),
            pl.Series("log_gap", gap, nan_to_null=True),
            pl.Series("streak", streak),
            pl.Series("is_known", is_known),
            _VERDICTS[code],
        ]
    )


def _ranks(cap: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    """1 for the largest; equal caps in the order of rows."""
    ranks = np.empty(cap.size, np.uint32)
    ranks[np.argsort(-cap, kind="stable")] = np.arange(1, cap.size + 1)
    return ranks


def accept_companies(judged: pl.DataFrame, accepted: frozenset[str]) -> pl.DataFrame:
    """An operator's word stands above the rules: these companies are admitted at the level they show."""
    if not accepted:
        return judged
    is_accepted = pl.col("company_id").is_in(list(accepted)) | pl.col("ticker").is_in(list(accepted))
    return judged.with_columns(verdict=pl.when(is_accepted).then(pl.lit("confirmed")).otherwise(pl.col("verdict")))


def _is_confirmed(level: Floats, gap: Floats, streak: npt.NDArray[np.int32], turnover: Floats) -> Mask:
    """Shown long enough; a wide step of a large company, or one whose width is unknown, must trade like it too."""
    params = rules.CONFIRMED.params
    is_wide_and_large = (level >= params["large_cap_usd"]) & ~(gap <= params["large_log_step"])
    trades_like_it = turnover >= params["large_min_turnover"]
    return np.where(
        is_wide_and_large,
        (streak >= int(params["sessions_large"])) & trades_like_it,
        streak >= int(params["sessions"]),
    )


def _is_odd(rank: npt.NDArray[np.uint32], turnover: Floats) -> Mask:
    """A large company that does not trade like one, or of which nobody knows whether it does."""
    params = rules.FIRST_LEVEL.params
    is_plausible = (turnover >= params["min_turnover"]) & (turnover <= params["max_turnover"])
    return (rank <= int(params["judged_ranks"])) & ~is_plausible


def is_admitted(judged: pl.DataFrame) -> Mask:
    """Which companies were admitted, at once or after confirmation."""
    verdict = judged["verdict"]
    return np.asarray(np.logical_or.reduce([(verdict == name).to_numpy() for name in ADMITTED]))


def floats(column: pl.Series) -> Floats:
    """Numbers with NaN where unknown."""
    return column.cast(pl.Float64).to_numpy()
