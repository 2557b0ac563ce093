"""The seats of a scheme over a run of sessions: each term from one review to the next."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import polars as pl

from transforms.schemes.calendar import Review, reviews
from transforms.schemes.model import Scheme, Version
from transforms.schemes.seats import INITIAL, NO_SEATS, REINITIALISED, Held, begin, hold

LIMITS_OF_REVIEW: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "scheme_id": pl.String(),
    "bucket": pl.String(),
    "cap_lower": pl.Float64(),
    "company_count": pl.UInt32(),
    "rank_session": pl.Date(),
    "cap_lower_least": pl.Float64(),
    "cap_lower_most": pl.Float64(),
    "cap_lower_usd": pl.Float64(),
    "currency": pl.String(),
    "version_from": pl.Date(),
}
"""One row per review and bucket; ``rank_session`` is the session whose caps were ranked. From ``cap_lower_least`` to
``cap_lower_most`` the limit lay over the price window, null without one. Dollars are of rank_session."""
WINDOWS: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "scheme_id": pl.String(),
    "bucket": pl.String(),
    "cap_lower": pl.Float64(),
}
"""One row per scheme with a price window, session of one, and bucket: the limit if that session were ranked."""


MONTHS_OF_A_YEAR = 12


MOST_DAYS_BEFORE = 9
"""A review ranks the last admitted session of a month where its last session was refused, if that is no more than a
week of sessions before."""


class Markets(Protocol):
    """What a scheme may rank."""

    def at(self, session: date) -> pl.DataFrame:
        """MARKET of an admitted session of this run."""

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        """MARKET of the last session of a month, or of the last admitted one shortly before; None without one."""

    def window(self, scheme: Scheme, session: date) -> pl.DataFrame:
        """WINDOWS of the scheme, of the month of a session that is ranked."""


class Term(NamedTuple):
    """SEATS from an admitted session on."""

    first: date
    seats: pl.DataFrame
    is_review: bool = False
    """Whether it begins with a review, and does not only go on."""
    limits: pl.DataFrame = pl.DataFrame(schema=LIMITS_OF_REVIEW)


def terms(
    scheme: Scheme,
    before: pl.DataFrame | None,
    admitted: Sequence[date],
    last_admitted: date | None,
    calendar: Sequence[date],
    markets: Markets,
    rate: Callable[[str, date], float | None],
) -> list[Term]:
    """The terms that cover the admitted sessions, in order; the first begins with the first of them.

    ``before``: SEATS on ``last_admitted``, the session before; None where the scheme has never been held, and begins
    with the bare rule on the first session's caps. A review counts from the first admitted session on or after its
    effective one. One whose market is in no warehouse (a gap) cannot be held: the scheme begins anew on that session.
    ``calendar``: all sessions of the exchange; ``rate``: dollars for one unit of a currency on a day.
    """
    walk = _Walk(scheme, markets, rate)
    seats = NO_SEATS if before is None else before
    found = [Term(admitted[0], seats)]
    if before is None:
        found = [walk.begun(admitted[0])]
    since = (last_admitted if before is not None and last_admitted else admitted[0]) + timedelta(days=1)
    for session, due in _due(reviews(scheme, calendar, since, admitted[-1]), admitted):
        term = walk.reviewed(session, due, found[-1].seats)
        found = [*(found[:-1] if found[-1].first == session else found), term]
    return found


def _due(planned: Sequence[Review], admitted: Sequence[date]) -> list[tuple[date, list[Review]]]:
    """Reviews by the admitted session on which they take effect."""
    due: dict[date, list[Review]] = {}
    for review in planned:
        at = admitted[bisect_left(admitted, review.effective_session)]
        if review.version.reviews.months or at == review.effective_session:
            due.setdefault(at, []).append(review)
    return sorted(due.items())


def is_near(seen: date, session: date) -> bool:
    """Whether the market of an admitted session may stand for that of a later one that is to be ranked."""
    return session - seen <= timedelta(days=MOST_DAYS_BEFORE)


def is_in_window(scheme: Scheme, calendar: Sequence[date], session: date) -> bool:
    """Whether a session is one of the last of a month that is ranked, as many as the scheme's price window has."""
    version = scheme.version(session)
    if version is None or version.reviews.price_window == 1:
        return False
    rule = version.reviews
    ranked = {(month - rule.rank_months_before - 1) % MONTHS_OF_A_YEAR + 1 for month in rule.months}
    at = bisect_left(calendar, session)
    after = calendar[at + 1 : at + rule.price_window + 1]
    return session.month in ranked and sum(day.month == session.month for day in after) < rule.price_window


def window_limits(scheme: Scheme, session: date, market: pl.DataFrame, rate: float | None) -> pl.DataFrame:
    """WINDOWS of one session that is in the scheme's price window."""
    version = scheme.version(session)
    if version is None:
        return pl.DataFrame(schema=WINDOWS)
    limits = begin(scheme, version, market, rate).limits
    rows = limits.select("bucket", session_date=pl.lit(session, pl.Date), scheme_id=pl.lit(scheme.id), cap_lower="cap")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in WINDOWS.items())


def _with_range(limits: pl.DataFrame, window: pl.DataFrame) -> pl.DataFrame:
    ends = window.group_by("bucket").agg(
        cap_lower_least=pl.col("cap_lower").min(), cap_lower_most=pl.col("cap_lower").max()
    )
    told = limits.drop("cap_lower_least", "cap_lower_most").join(ends, on="bucket", how="left", maintain_order="left")
    return told.select(LIMITS_OF_REVIEW.keys())


class _Walk(NamedTuple):
    scheme: Scheme
    markets: Markets
    rate: Callable[[str, date], float | None]

    def begun(self, session: date, reason: str = INITIAL) -> Term:
        version = self.scheme.version(session)
        if version is None:
            return Term(session, NO_SEATS, is_review=True)
        rate = self.rate(self.scheme.currency, session)
        held = begin(self.scheme, version, self.markets.at(session), rate, reason)
        return self._term(session, held, session, rate, version)

    def reviewed(self, session: date, due: Sequence[Review], seats: pl.DataFrame) -> Term:
        term = Term(session, seats)
        for review in due:
            is_daily = not review.version.reviews.months
            market = self.markets.at(session) if is_daily else self.markets.ranked_on(review.rank_session)
            if market is None or market.is_empty():
                return self.begun(session, REINITIALISED)
            ranked_on: date = market["session_date"][0]
            rate = self.rate(self.scheme.currency, ranked_on)
            if rate is None:
                continue  # nobody's cap can be told in the scheme's currency: all keep their seats
            held = hold(self.scheme, review.version, market, term.seats, rate)
            term = self._term(session, held, ranked_on, rate, review.version)
            if review.version.reviews.price_window > 1:
                term = term._replace(limits=_with_range(term.limits, self.markets.window(self.scheme, ranked_on)))
        return term

    def _term(self, session: date, held: Held, ranked_on: date, rate: float | None, version: Version) -> Term:
        rows = held.limits.select(
            "bucket",
            "company_count",
            session_date=pl.lit(session, pl.Date),
            scheme_id=pl.lit(self.scheme.id),
            cap_lower="cap",
            rank_session=pl.lit(ranked_on, pl.Date),
            cap_lower_least=pl.lit(None, pl.Float64),
            cap_lower_most=pl.lit(None, pl.Float64),
            cap_lower_usd=pl.col("cap") * pl.lit(rate, pl.Float64),
            currency=pl.lit(self.scheme.currency),
            version_from=pl.lit(version.effective_from, pl.Date),
        )
        limits = rows.select(pl.col(name).cast(dtype) for name, dtype in LIMITS_OF_REVIEW.items())
        return Term(session, held.seats, is_review=True, limits=limits)
