"""One night at the SEC: what is due is asked for, each answer says what to ask next, and what failed stays due.

What a night has done with is landed as an event, so that the next one knows it; a killed night is asked again.
"""

import logging
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from flows.edge.compressed import is_zip
from flows.edge.fetch import Request
from flows.edge.landing import LandedFile
from flows.errors import Blocked, SourceError
from flows.sources import sec_answers, sec_due
from flows.sources.model import Answer, Asking
from flows.sources.sec_answers import Filing
from flows.sources.sec_datasets import (
    COMPANYFACTS_BULK,
    COVER,
    FORM_INDEX,
    NAME,
    NOTES,
    SUBMISSIONS_BULK,
    TICKERS,
)
from flows.sources.sec_requests import SecRequests, cover_key
from transforms.staging import BadInput

log = logging.getLogger(__name__)
EVENTS = "sec_edgar_asked"
MOST_NAMED = 10
FAILURES_IN_A_ROW = 3
"""After so many the host is taken to be down: the rest stays due, instead of a night of timeouts."""
BULK = (COMPANYFACTS_BULK, SUBMISSIONS_BULK)
Check = Callable[[bytes, LandedFile], object]
_T = TypeVar("_T")


class _HostDown(Exception):
    """Too many requests in a row have failed."""


def follow_up(asking: Asking) -> str:
    """Land what is due tonight; gives what is missing in the end, or nothing."""
    night = _Night(asking)
    try:
        night.ask()
    except Blocked as error:
        night.missing.append(f"{error.message}; {error.next_step.rstrip('.')}")
    except _HostDown:
        night.missing.append(f"{FAILURES_IN_A_ROW} requests in a row have failed, so the rest was not asked for")
    finally:
        night.note()
    return night.shortfall()


class _Night:
    """What one night asks for and what came of it."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._landing = asking.landing
        self._limits = asking.settings.sec
        self._today = asking.vintage_date
        self._requests = SecRequests(asking.settings, asking.vintage_date)
        self._known = sec_due.settled(self._landing.events(EVENTS))
        self._failed_in_a_row = 0
        self._empty: set[date] = set()
        self._through: date | None = None
        self._answered: list[str] = []
        self._absent: list[str] = []
        self._failed: dict[str, str] = {}
        self._failures = 0
        self.missing: list[str] = []

    def ask(self) -> None:
        """Everything, the most useful first.

        Raises:
            Blocked, _HostDown: the rest stays due.
        """
        listed = self._listed()
        bulk_day = self._bulk()
        if listed is None or bulk_day is None:
            return
        start = sec_due.start_of(self._known, bulk_day, self._today, self._limits.catch_up_days)
        indexes = self._indexes(start)
        due = sec_due.due_filings(indexes, listed, self._known)
        try:
            self._companies(due)
        finally:
            self._settle(start, indexes, due)
        self._notes()

    def shortfall(self) -> str:
        """What is missing, in one sentence; nothing when all is there. Files that the SEC does not have are no lack."""
        if self._absent:
            log.warning("The SEC has no %s", _named(self._absent))
        if self._failed:
            told = [f"{name}: {why}" for name, why in self._failed.items()]
            self.missing.append(f"{len(told)} files failed and are asked for again the next night: {_named(told)}")
        return "; ".join(self.missing)

    def note(self) -> None:
        """Land what this night has done with, if anything."""
        new_through = self._through if self._through != self._known.through else None
        empty = sorted(self._empty - self._known.empty_days)
        if not (self._answered or empty or new_through):
            return
        done = {"answered": self._answered, "empty_days": [day.isoformat() for day in empty], "absent": self._absent}
        through = {"through": new_through.isoformat()} if new_through else {}
        self._landing.append_event(EVENTS, {**done, **through}, self._asking.now)

    def _fetch(self, request: Request, check: Check | None = None) -> Answer:
        """The answer, read as far as `check` does: what cannot be read is marked and counts as failed."""
        answer = self._asking.fetch(request)
        name = f"{request.dataset}/{request.key}"
        if answer.file is not None:
            answer = self._checked(answer.file, check)
        self._failed_in_a_row = self._failed_in_a_row + 1 if answer.failure else 0
        if answer.failure:
            self._failures += 1
            self._failed[name] = answer.failure
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            raise _HostDown
        return answer

    def _checked(self, file: LandedFile, check: Check | None) -> Answer:
        try:
            if check is not None:
                check(self._landing.read(file), file)
            elif not is_zip(file.path):
                raise BadInput(NAME, file.name, "body", "not a whole zip")
        except BadInput as error:
            self._landing.mark_unreadable(file, str(error), self._asking.now)
            return Answer(failure=str(error))
        except SourceError as error:
            return Answer(failure=error.message)
        return Answer(file)

    def _read(self, file: LandedFile, reader: Callable[[bytes, LandedFile], _T]) -> _T | None:
        """What a reader makes of a landed file; None, and a mark, where it cannot be read."""
        try:
            return reader(self._landing.read(file), file)
        except BadInput as error:
            self._landing.mark_unreadable(file, str(error), self._asking.now)
            self._failed[f"{file.dataset}/{file.key}"] = str(error)
            return None

    def _newest(self, dataset: str) -> LandedFile | None:
        files = self._landing.newest(NAME, dataset)
        return max(files, key=lambda file: (file.key, file.landed_at), default=None)

    def _listed(self) -> frozenset[int] | None:
        """Companies on an exchange, by tonight's list or the newest one before."""
        self._fetch(self._requests.tickers(), sec_answers.listed_companies)
        newest = self._newest(TICKERS)
        listed = self._read(newest, sec_answers.listed_companies) if newest else None
        if listed is None:
            self.missing.append("there is no list of tickers, so nobody knows who is listed")
        return listed

    def _bulk(self) -> date | None:
        """Day of the bulk files, which are asked for first where there are none or too much was missed."""
        days = {dataset: file.vintage_date for dataset in BULK if (file := self._newest(dataset)) is not None}
        lacking = [dataset for dataset in BULK if days.get(dataset) is None]
        bulk_day = None if lacking else min(day for day in days.values() if day)
        index_day = max((date.fromisoformat(file.key) for file in self._landing.newest(NAME, FORM_INDEX)), default=None)
        if not sec_due.is_bulk_due(self._known, bulk_day, index_day, self._today, self._limits.catch_up_days):
            return bulk_day
        for dataset in lacking or BULK:
            answer = self._fetch(self._requests.bulk(dataset))
            days[dataset] = answer.file.vintage_date if answer.file else None
        got = [day for day in days.values() if day]
        if len(got) == len(BULK):
            return min(got)
        self.missing.append(f"without {' and '.join(BULK)} nothing can be added to them")
        return None

    def _indexes(self, start: date) -> dict[date, list[Filing]]:
        """Filings by day of the index, of all days that have one."""
        days = sec_due.weekdays(start, self._today)
        landed = {date.fromisoformat(file.key): file.vintage_date for file in self._landing.newest(NAME, FORM_INDEX)}
        without = set(self._known.empty_days)
        for day in sec_due.index_days(days, landed, self._known, self._today):
            answer = self._fetch(self._requests.form_index(day), sec_answers.filings)
            if answer.is_absent and sec_due.empty_for_good([day], self._today):
                without.add(day)
        self._empty = without
        newest = {date.fromisoformat(file.key): file for file in self._landing.newest(NAME, FORM_INDEX)}
        read = {day: self._read(file, sec_answers.filings) for day, file in newest.items() if day > start}
        return {day: found for day, found in read.items() if found is not None}

    def _companies(self, due: list[Filing]) -> None:
        companies, left = sec_due.by_company(due, self._limits.most_companies)
        if left:
            self.missing.append(f"{left} companies are left for the next night (SMALLCAPS_SEC__MOST_COMPANIES)")
        for cik, filings in companies.items():
            failures_before = self._failures
            self._company(cik, filings)
            if self._failures == failures_before:
                self._answered += [filing.id for filing in filings]

    def _company(self, cik: int, filings: list[Filing]) -> None:
        submissions = self._fetch(self._requests.submissions(cik), sec_answers.recent_filings)
        if submissions.failure:
            return
        if submissions.is_absent:
            self._absent.append(f"submissions of CIK {cik:010}")
        with_facts = [one for one in filings if one.may_have_facts and self._guess(one, submissions.file) != ""]
        reports = [filing for filing in filings if filing.is_periodic]
        if reports or with_facts:
            answer = self._fetch(self._requests.facts(cik), sec_answers.refuse_no_facts)
            if answer.is_absent and reports:
                self._absent.append(f"facts of CIK {cik:010}")
        for filing in reports:
            self._cover(filing, submissions.file)

    def _cover(self, filing: Filing, submissions: LandedFile | None) -> None:
        """The filing's XBRL instance: under the name that its main document lets guess, else as its list says."""
        if self._landing.newest(NAME, COVER, cover_key(filing)):
            return
        guess = self._guess(filing, submissions)
        if guess == "":
            return
        if guess and not self._instance(filing, guess).is_absent:
            return
        listed = self._fetch(self._requests.filing_index(filing), sec_answers.instance_in)
        if listed.failure:
            return
        name = self._read(listed.file, sec_answers.instance_in) if listed.file else None
        if name is None or self._instance(filing, name).is_absent:
            self._absent.append(f"instance of {filing.form} {filing.accession}")

    def _guess(self, filing: Filing, submissions: LandedFile | None) -> str | None:
        if submissions is None:
            return None
        return sec_answers.instance_of(self._landing.read(submissions), submissions, filing.accession)

    def _instance(self, filing: Filing, name: str) -> Answer:
        return self._fetch(self._requests.cover(filing, name), sec_answers.refuse_no_instance)

    def _notes(self) -> None:
        """Each quarter's data set, or its months while the SEC has only those; one that is not out yet is no lack."""
        landed = {file.key for file in self._landing.newest(NAME, NOTES)}
        for whole, months in sec_due.notes_wanted(self._today, self._limits.notes_quarters, landed):
            if not whole or self._fetch(self._requests.notes(whole)).is_absent:
                for month in months:
                    self._fetch(self._requests.notes(month))

    def _settle(self, start: date, indexes: dict[date, list[Filing]], due: list[Filing]) -> None:
        answered = {*self._known.answered, *self._answered}
        open_ones = {filing for filing in due if filing.id not in answered}
        left = {day for day, found in indexes.items() if open_ones & set(found)}
        landed = {date.fromisoformat(file.key): file.vintage_date for file in self._landing.newest(NAME, FORM_INDEX)}
        again = set(sec_due.index_days(indexes, landed, self._known, self._today))
        closed = {*indexes, *self._empty} - again - {self._today}
        self._through = sec_due.settled_through(start, self._today, closed, left)


def _named(told: list[str]) -> str:
    return f"{'; '.join(told[:MOST_NAMED])}{' ...' if len(told) > MOST_NAMED else ''}"
