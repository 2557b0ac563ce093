"""Titles that say what was found, with the figures they rest on; each says so where nothing is known."""

from datetime import date
from typing import Any

import polars as pl

from flows.market_calendar import sessions_between
from flows.report.contents import Contents
from flows.report.figures import counted, dollars, moved, number, percent, sized

OLDEST_FLOW = 20
"""Sessions that a title about flows looks back for one that is known."""
_MOSTLY = 0.5
"""Of the covered companies of a segment, small or large."""


def about_segments(contents: Contents) -> str:
    """What small companies are worth and how they moved."""
    row = _row(contents.segments.filter(segment="small"))
    if row is None or not row["company_count"]:
        return "No small company was admitted on this session"
    gain = row["return_price_vw"]
    move = "their return is unknown" if gain is None else f"{moved(gain)} on the day"
    if gain is not None and row["multi_day_count"]:
        move = f"{moved(gain)} since their last session"
    return (
        f"{counted(row['company_count'], 'small company', 'small companies')}: {dollars(row['market_cap_usd'])}, "
        f"{percent(row['cap_share'])} of the market, {move}"
    )


def about_valuation(contents: Contents) -> str:
    """How much cheaper small companies are, at the median of those that earn, and how unusual that is."""
    row = _row(contents.spreads.filter(convention="median", session_date=contents.session))
    if row is None or row["discount"] is None:
        covered = _row(contents.valuations.filter(segment="small", convention="median"))
        why = ": none has fundamentals that are new enough" if covered and covered["cap_coverage"] == 0 else ""
        return f"What small companies cost against large ones is unknown on this session{why}"
    text = (
        f"Small companies that earn cost {number(row['value'], 1)} times their earnings at the median, large ones "
        f"{number(row['large_value'], 1)}: {_against(row['discount'])}"
    )
    if row["percentile"] is None or row["history_sessions"] < 2:
        return f"{text}; there is no history yet to compare that with"
    sessions = row["history_sessions"]
    text = (
        f"{text}; they were as cheap or cheaper on {sized(row['percentile'], 0)} of {number(sessions)} sessions "
        f"since {row['history_start']}"
    )
    late = sessions_in_hindsight(contents)
    if 2 * late <= sessions:
        return text
    return f"{text}, but on {number(late)} of these sessions fundamentals come from files downloaded later"


def about_schemes(contents: Contents) -> str:
    """Under how many rules small companies are cheaper than large ones."""
    discounts = contents.schemes["discount"].drop_nulls().to_list() if contents.schemes.height else []
    if not discounts:
        return "What small companies cost against large ones is unknown under every scheme"
    cheaper = sum(discount < 0 for discount in discounts)
    if len(discounts) == 1:
        return f"Under the one scheme that tells, small companies cost {_against(discounts[0])} than large ones"
    return (
        f"Small companies are cheaper than large ones under {cheaper} of {len(discounts)} schemes: "
        f"from {percent(min(discounts))} to {percent(max(discounts))} at the median"
    )


def about_thesis(contents: Contents) -> str:
    """How many claims of the thesis hold."""
    told = contents.claims["holds"]
    if not told.count():
        return "No claim of the thesis can be told on this session"
    holding, unknown = int(told.sum()), told.null_count()
    against = told.len() - holding - unknown
    rest = f"; {number(unknown)} cannot be told" if unknown else ""
    return (
        f"Of the {counted(told.len(), 'claim')} of the thesis {number(holding)} {'holds' if holding == 1 else 'hold'} "
        f"and {number(against)} {'does' if against == 1 else 'do'} not{rest}"
    )


def about_micro(contents: Contents) -> str:
    """In how much micro companies are worse than small ones."""
    worse = contents.against_micro["micro_is_worse"].drop_nulls()
    if worse.is_empty():
        return "How micro companies compare with small ones is unknown on this session"
    return (
        f"Micro companies are worse than small ones in {number(int(worse.sum()))} of "
        f"{counted(worse.len(), 'respect')} that can be measured"
    )


def _against(discount: float) -> str:
    if discount == 0:
        return "the same"
    return f"{sized(abs(discount))} {'less' if discount < 0 else 'more'}"


def sessions_in_hindsight(contents: Contents) -> int:
    """Sessions of the percentile's history that rest mostly on files downloaded after them.

    Such a file may hold restated figures, which nobody could know on the session.
    """
    compared = contents.spreads.filter(pl.col("discount").is_not_null(), convention="median")
    mostly = contents.coverage.filter(pl.col("restated_share") > _MOSTLY)["session_date"].unique()
    return compared.filter(pl.col("session_date").is_in(mostly.implode())).height


def about_drawdown(contents: Contents) -> str:
    """How far small companies stand below their high."""
    levels = contents.drawdowns.filter(segment="small")
    row = _row(levels.filter(session_date=contents.session))
    if row is None or row["drawdown"] is None or levels["drawdown"].count() < 2:
        return "How far small companies stand below their high is unknown on this session"
    if row["drawdown"] == 0:
        return f"Small companies stand at their high since {contents.first_session}"
    below = f"Small companies stand {sized(-row['drawdown'])} below"
    if row["peak_session"] == contents.first_session:
        return f"{below} their level of {row['peak_session']}, where the history starts"
    return f"{below} their high of {row['peak_session']}"


def about_flows(contents: Contents) -> str:
    """What went into funds of small companies over twenty sessions, or on the last day that is known; none too old."""
    small = contents.flows.filter(segment="small")
    for column, span in (("flow_20d_usd", "over twenty sessions"), ("flow_usd", "in one session")):
        row = last_known(small, column)
        if row is None or _age(row["session_date"], contents) > OLDEST_FLOW:
            continue
        way = "took in" if row[column] >= 0 else "lost"
        late = "" if row["session_date"] == contents.session else f" to {row['session_date']}, the last known"
        partial = ", partly known" if column == "flow_usd" and row["quality"] == "partial" else ""
        return f"Funds of small companies {way} {dollars(abs(row[column]))} {span}{late}{partial}"
    known = last_known(small, "flow_usd")
    since = "" if known is None else f" since {known['session_date']}, the last session with a known flow"
    return f"What went into funds of small companies is unknown{since}"


def _age(session: date, contents: Contents) -> int:
    return len(sessions_between(session, contents.session)) - 1


def about_quality(contents: Contents) -> str:
    """What the checks found, what was held back, and which of the last sixty sessions are not there."""
    outcomes = dict(contents.checks["outcome"].value_counts().iter_rows())
    bad = outcomes.get("failed", 0) + outcomes.get("errored", 0)
    if not outcomes:
        checks = "What the checks found is unknown"
    elif bad:
        checks = f"{counted(bad, 'check')} did not pass, {number(outcomes.get('passed', 0))} did"
    else:
        checks = f"All {number(outcomes.get('passed', 0))} checks that could be made passed"
    held = counted(int(str(contents.verdict["quarantined_count"])), "company", "companies")
    total = _row(contents.segments.filter(segment="total"))
    cap = f" ({dollars(total['quarantined_cap_usd'])})" if total and total["quarantined_cap_usd"] else ""
    missed = contents.recent.filter(pl.col("status") != "published").height
    return (
        f"{checks}; {held}{cap} held back; "
        f"{missed} of the last {counted(contents.recent.height, 'session')} not published"
    )


def about_sources(contents: Contents) -> str:
    """Whether the figures may be passed on."""
    bound = contents.sources.filter(~pl.col("licence").is_in(["public-domain", "own"]))["source"].to_list()
    if contents.sources.is_empty():
        return "Which sources this page rests on is unknown"
    if not bound:
        return "No source of this page forbids passing it on"
    return f"Not to be passed on: {', '.join(bound)} {'forbids' if len(bound) == 1 else 'forbid'} it"


def last_known(flows: pl.DataFrame, column: str) -> dict[str, Any] | None:
    """The last session of a segment's flows on which this column is known."""
    known = flows.filter(pl.col(column).is_not_null()).sort("session_date")
    return known.row(-1, named=True) if known.height else None


def _row(frame: pl.DataFrame) -> dict[str, Any] | None:
    return frame.row(0, named=True) if frame.height else None
