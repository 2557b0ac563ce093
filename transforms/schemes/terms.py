"""The seats of a scheme over a run of sessions: each term from one review to the next."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import polars as pl

from transforms.schemes.calendar import Review, reviews
from transforms.schemes.model import Scheme, Version
from transforms.schemes.seats import NO_SEATS, REINITIALISED, Held, begin, hold

LIMITS_OF_REVIEW: dict[str, pl.DataType] = {
    "session_date": pl.Date(),
    "scheme_id": pl.String(),
    "bucket": pl.String(),
    "cap_lower": pl.Float64(),
    "company_count": pl.UInt32(),
    "rank_session": pl.Date(),
    "usd_per_unit": pl.Float64(),
    "version_from": pl.Date(),
}
"""One row per review and bucket; ``rank_session`` is the session whose caps were ranked."""


class Markets(Protocol):
    """What a scheme may rank."""

    def at(self, session: date) -> pl.DataFrame:
        """MARKET of an admitted session of this run."""

    def ranked_on(self, session: date) -> pl.DataFrame | None:
        """MARKET of the last session of a month, or of the last admitted one shortly before; None without one."""


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


class _Walk(NamedTuple):
    scheme: Scheme
    markets: Markets
    rate: Callable[[str, date], float | None]

    def begun(self, session: date, reason: str = "initial") -> Term:
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
        return term

    def _term(self, session: date, held: Held, ranked_on: date, rate: float | None, version: Version) -> Term:
        rows = held.limits.select(
            "bucket",
            "company_count",
            session_date=pl.lit(session, pl.Date),
            scheme_id=pl.lit(self.scheme.id),
            cap_lower="cap",
            rank_session=pl.lit(ranked_on, pl.Date),
            usd_per_unit=pl.lit(rate, pl.Float64),
            version_from=pl.lit(version.effective_from, pl.Date),
        )
        limits = rows.select(pl.col(name).cast(dtype) for name, dtype in LIMITS_OF_REVIEW.items())
        return Term(session, held.seats, is_review=True, limits=limits)
