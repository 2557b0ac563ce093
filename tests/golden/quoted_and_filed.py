"""Lines as the vendor serves them and filings in the SEC's form, through the real readers and the walk.

Around the lines of a case stands a market of steady companies: the rules about a session need one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from flows.market_calendar import all_sessions
from flows.sources import source
from flows.sources.nasdaq_screener import daily_frame
from flows.steps.stage import Catalogue, Evidence, _numbered
from flows.walk import NO_FILED_RATIOS, Calendar, Memory, Staged, Verdict, judge
from tests.vendors.sec_documents import OfClass, companyfacts, cover_page, fact, landed
from transforms.core.caps import NO_FILE_COUNTS
from transforms.core.reported_counts import book_of
from transforms.staging.descriptions import of_quotes
from transforms.staging.nasdaq_screener import stage_daily
from transforms.staging.sec_cover import COVER
from transforms.staging.sec_facts import FACTS

KNOWN = {"known_on": pl.Date()}
STEADY = 40
COUNT_TAG = "EntityCommonStockSharesOutstanding"


@dataclass(frozen=True)
class Quote:
    """One line after the close: the vendor's close, cap, previous close (the close unless told) and volume."""

    symbol: str
    name: str
    close: float
    vendor_cap: float
    previous: float | None = None
    volume: int = 2_000_000
    exchange: str = "nasdaq"

    def row(self) -> dict[str, str]:
        """As the screener serves it: all text."""
        previous = self.close if self.previous is None else self.previous
        return {
            "symbol": self.symbol,
            "name": self.name,
            "lastsale": f"${self.close:.4f}",
            "netchange": f"{self.close - previous:.4f}",
            "pctchange": f"{100 * (self.close / previous - 1):.3f}%",
            "volume": str(self.volume),
            "marketCap": f"{self.vendor_cap:.2f}" if self.vendor_cap else "",
            "country": "United States",
            "ipoyear": "2010",
            "industry": "Industrial Machinery/Components",
            "sector": "Industrials",
            "url": f"/market-activity/stocks/{self.symbol.lower()}",
        }


@dataclass(frozen=True)
class Filed:
    """A report of a registrant: when it was filed, as of when it counts, and its classes (one without a name)."""

    cik: int
    filed: date
    as_of: date
    classes: tuple[OfClass, ...]
    form: str = "10-Q"

    @property
    def accession(self) -> str:
        return f"{self.cik:010}-{self.filed:%y}-{self.filed:%m%d}00"

    def rows(self) -> pl.DataFrame:
        """COVER rows of the instance, by the real reader."""
        key = f"{self.filed}_{self.accession}"
        payload = cover_page(self.cik, self.form, self.as_of, *self.classes)
        staged = source("sec_edgar").read(payload, landed("cover", key, Path("body.xml")))
        assert staged.rejects.is_empty()
        return staged.rows.with_columns(known_on="filed")


@dataclass(frozen=True)
class Classless:
    """A count in companyfacts, which leave out every class."""

    cik: int
    filed: date
    as_of: date
    shares: int
    form: str = "10-Q"

    def rows(self) -> pl.DataFrame:
        """FACTS rows of the company, by the real reader."""
        told = fact(
            self.as_of.isoformat(),
            self.shares,
            self.filed.isoformat(),
            form=self.form,
            accn=f"{self.cik:010}-{self.filed:%y}-{self.filed:%m%d}01",
        )
        payload = companyfacts(self.cik, {"dei": {COUNT_TAG: {"shares": [told]}}})
        staged = source("sec_edgar").read(payload, landed("companyfacts", f"{self.cik:010}"))
        assert staged.rejects.is_empty()
        return staged.rows.with_columns(known_on="filed")


@dataclass(frozen=True)
class Recorded:
    """FACTS of a recorded file, with known_on."""

    facts: pl.DataFrame

    def rows(self) -> pl.DataFrame:
        """As they are."""
        return self.facts


Filing = Filed | Classless | Recorded


@dataclass(frozen=True)
class Published:
    """What the walk admitted, held and decided."""

    verdicts: list[Verdict]
    memory: Memory

    def company(self, ticker: str, session: date | None = None) -> dict[str, object]:
        """The company's row on a session, the last one unless told; it is an error where it was not admitted."""
        companies = self._of(session).companies
        assert companies is not None
        row = companies.row(by_predicate=pl.col("ticker") == ticker, named=True)
        assert row["verdict"] in ("admitted", "confirmed"), row
        return row

    def caps(self, ticker: str) -> list[int | None]:
        """Admitted cap of every session, None where there is none."""
        return [self._cap(verdict, ticker) for verdict in self.verdicts]

    def held(self, session: date | None = None) -> list[str]:
        """Tickers held back on a session."""
        held = self._of(session).held
        assert held is not None
        return held["ticker"].to_list()

    def line(self, symbol: str, session: date | None = None) -> dict[str, object]:
        """The line's row on a session."""
        lines = self._of(session).lines
        assert lines is not None
        return lines.row(by_predicate=pl.col("symbol") == symbol, named=True)

    def runners_up(self, ticker: str, session: date | None = None) -> dict[str, int]:
        """Tier to cap of the tiers that were not chosen."""
        found = self._of(session).runners_up
        assert found is not None
        company = found.filter(pl.col("company_id") == self.company(ticker, session)["company_id"])
        return dict(company.select("tier", "cap_usd").iter_rows())

    def _of(self, session: date | None) -> Verdict:
        return next(v for v in reversed(self.verdicts) if session is None or v.session == session)

    def _cap(self, verdict: Verdict, ticker: str) -> int | None:
        assert verdict.companies is not None, (verdict.session, verdict.rule_codes)
        admitted = verdict.companies.filter(
            (pl.col("ticker") == ticker) & pl.col("verdict").is_in(["admitted", "confirmed"])
        )
        return admitted["cap_usd"].item() if admitted.height else None


@dataclass(frozen=True)
class Registrants:
    """Ticker map: (cik, name, ticker, exchange) of the companies of a case."""

    rows: Sequence[tuple[int, str, str, str]] = field(default_factory=list)

    def evidence(self) -> Evidence:
        """As the SEC serves the map, by the real reader."""
        if not self.rows:
            return Evidence()
        document = {"fields": ["cik", "name", "ticker", "exchange"], "data": [list(row) for row in self.rows]}
        file = landed("company_tickers_exchange", "2024-12-31", vintage=date(2024, 12, 31))
        rows = source("sec_edgar").read(json.dumps(document).encode(), file).rows
        return Evidence(tickers=rows.with_columns(seen_from=pl.lit(None, pl.Date)))


def book(filings: Iterable[Filing]) -> pl.DataFrame:
    """BOOK of the filings."""
    covers = [filing.rows() for filing in filings if isinstance(filing, Filed)]
    facts = [filing.rows().select({**FACTS, **KNOWN}.keys()) for filing in filings if not isinstance(filing, Filed)]
    return book_of(
        pl.concat([pl.DataFrame(schema={**COVER, **KNOWN}), *covers]),
        pl.concat([pl.DataFrame(schema={**FACTS, **KNOWN}), *facts]),
    )


def published(
    sessions: Mapping[date, Sequence[Quote]],
    filings: Sequence[Filing] = (),
    registrants: Sequence[tuple[int, str, str, str]] = (),
    own_counts: pl.DataFrame = NO_FILE_COUNTS,
    filed_ratios: pl.DataFrame = NO_FILED_RATIOS,
) -> Published:
    """Walk the sessions in order, each with the lines of the case and the steady market around them.

    ``own_counts``: symbol, shares, as_of of the operator's files. ``filed_ratios``: of splits, FILED_RATIOS.
    """
    catalogue, calendar, memory = (
        Catalogue(Registrants(registrants).evidence()),
        Calendar(all_sessions()),
        Memory.empty(),
    )
    known, verdicts = book(filings), []
    for session in sorted(sessions):
        lines = _staged([*sessions[session], *_steady(session)], session, catalogue)
        verdict, memory = judge(
            Staged(session, lines, file_counts=own_counts, book=known, filed_ratios=filed_ratios), memory, calendar
        )
        assert verdict.status == "published", (session, verdict.rule_codes)
        verdicts.append(verdict)
    return Published(verdicts, memory)


def sessions_from(first: date, count: int) -> list[date]:
    """The first ``count`` sessions from a day on."""
    return [session for session in all_sessions() if session >= first][:count]


def _staged(quotes: Sequence[Quote], session: date, catalogue: Catalogue) -> pl.DataFrame:
    parts = []
    for exchange in sorted({quote.exchange for quote in quotes}):
        file = landed(f"daily/{exchange}", session.isoformat())
        raw = daily_frame([quote.row() for quote in quotes if quote.exchange == exchange], file)
        staged = stage_daily(raw, exchange=exchange, session_date=session, file=file.name)
        assert staged.rejects.is_empty(), staged.rejects
        parts.append(staged.rows)
    return _numbered(of_quotes(pl.concat(parts)), catalogue).drop("session_date")


def _steady(session: date) -> list[Quote]:
    """Companies that move by half a per cent up and down, so that no file looks served again."""
    day = (session - date(2000, 1, 3)) // timedelta(days=1)
    at = all_sessions().index(session)
    close, before = (100.0 + (number % 2) * 0.5 for number in (at, at - 1))
    return [
        Quote(
            f"Q{chr(65 + n // 26)}{chr(65 + n % 26)}",
            f"Quiet{n:02} Works Corporation Common Stock",
            close + n,
            round((close + n) * (4e9 + n * 1e8)),
            before + n,
            20_000_000 + day * 100 + n,
            exchange=("nasdaq", "nyse")[n % 2],
        )
        for n in range(STEADY)
    ]
