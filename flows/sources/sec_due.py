"""What is due at the SEC: days of the index, filings, notes data sets. Pure: dates and names in and out."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flows.sources.sec_answers import Filing

COVERED_LAG = timedelta(days=3)
"""A bulk file has all that was filed until three days before it was asked for; it is made anew every night."""
ABSENT_FOR_GOOD = timedelta(days=5)
"""A day without an index after that long has none: a holiday. Indexes come late in the evening of their day."""
_FRIDAY = 4
_MONTHS_A_QUARTER = 3


@dataclass(frozen=True)
class Settled:
    """What earlier nights have done with: all days until `through`, these filings, and days that have no index."""

    through: date | None = None
    answered: frozenset[str] = frozenset()
    empty_days: frozenset[date] = frozenset()


def settled(events: Iterable[Mapping[str, object]]) -> Settled:
    """What the landed events of all nights say together."""
    throughs: list[date] = []
    answered: set[str] = set()
    empty: set[date] = set()
    for event in events:
        if event.get("through"):
            throughs.append(date.fromisoformat(str(event["through"])))
        answered.update(_texts(event, "answered"))
        empty.update(map(date.fromisoformat, _texts(event, "empty_days")))
    return Settled(max(throughs, default=None), frozenset(answered), frozenset(empty))


def _texts(event: Mapping[str, object], field: str) -> list[str]:
    values = event.get(field)
    return [str(value) for value in values] if isinstance(values, list) else []


def weekdays(after: date, until: date) -> list[date]:
    """Mondays to Fridays after a day, up to and with another: EDGAR is closed at weekends."""
    days = [after + timedelta(days=step) for step in range(1, (until - after).days + 1)]
    return [day for day in days if day.weekday() <= _FRIDAY]


def start_of(known: Settled, bulk_day: date, today: date, catch_up_days: int) -> date:
    """The day after which filings are looked at: what is older lies in the bulk file, or was done, or is given up."""
    done = known.through or date.min
    return max(done, bulk_day - COVERED_LAG, today - timedelta(days=catch_up_days) - COVERED_LAG)


def is_bulk_due(known: Settled, bulk_day: date | None, newest_index: date | None, today: date, most_days: int) -> bool:
    """Whether the nights have missed more than can be caught up day by day, or nothing was ever asked."""
    if bulk_day is None:
        return True
    reached = max(known.through or date.min, newest_index or date.min, bulk_day - COVERED_LAG)
    return (today - reached).days > most_days


def index_days(days: Iterable[date], landed: Mapping[date, date | None], known: Settled, today: date) -> list[date]:
    """Days whose index is to be asked for; `landed`: days that have one, with the day it was downloaded.

    An index that was downloaded on its own evening may not have been whole: it is asked for once more.
    """
    fresh = {day for day in landed if landed[day] == day and day < today <= day + ABSENT_FOR_GOOD}
    return [day for day in days if day in fresh or (day not in landed and day not in known.empty_days)]


def empty_for_good(days: Iterable[date], today: date) -> set[date]:
    """Those of the days without an index that will not get one any more."""
    return {day for day in days if today - day > ABSENT_FOR_GOOD}


def due_filings(indexes: Mapping[date, list[Filing]], listed: Collection[int], known: Settled) -> list[Filing]:
    """The filings of listed companies that no night has answered yet, in the order they are to be asked for."""
    open_ones = {
        filing
        for found in indexes.values()
        for filing in found
        if filing.cik in listed and filing.id not in known.answered
    }
    return sorted(open_ones)


def by_company(due: Iterable[Filing], most: int) -> tuple[dict[int, list[Filing]], int]:
    """Filings per company, reports before other filings and old before new, and how many companies are left over."""
    companies: dict[int, list[Filing]] = {}
    for filing in sorted(due, key=lambda item: (not item.is_periodic, item.filed, item.cik)):
        companies.setdefault(filing.cik, []).append(filing)
    chosen = dict(list(companies.items())[:most])
    return chosen, len(companies) - len(chosen)


def settled_through(start: date, today: date, closed: Collection[date], left: Collection[date]) -> date:
    """The last day until which nothing is open.

    `closed`: days whose index is whole or will not come; `left`: days with filings that are still due.
    """
    through = start
    for day in weekdays(start, today):
        if day not in closed or day in left:
            break
        through = day
    return through


def notes_wanted(today: date, quarters: int, landed: Collection[str]) -> list[tuple[str, list[str]]]:
    """Per quarter the name of its notes data set, blank for the current one, and the months that are due; oldest first.

    Months appear a few days after their end; after about a year the SEC puts those of a quarter into one file.
    """
    wanted = []
    current = today.year * 4 + (today.month - 1) // _MONTHS_A_QUARTER
    for number in range(current - quarters, current + 1) if quarters else ():
        year, at = divmod(number, 4)
        months = [(year, at * _MONTHS_A_QUARTER + step) for step in (1, 2, 3)]
        names = [f"{y}_{m:02}_notes" for y, m in months if (y, m) < (today.year, today.month)]
        whole = f"{year}q{at + 1}_notes"
        missing = [name for name in names if name not in landed]
        if missing and whole not in landed:
            wanted.append((whole if number < current else "", missing))
    return wanted
