"""The whole product on a market that never was: two years, a night that is published, a night that is refused.

Quotes, fundamentals, fund flows and yields are simulated; everything else is real: the adapters ask over HTTP, the
gate judges, the alert is sent and received. Needs no key and no network beyond this machine.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import polars as pl

from flows.backfill import run_backfill
from flows.edge import warehouse
from flows.edge.clock import NEW_YORK, starting_at, utc_now
from flows.edge.demo_folder import fresh_folder, write_files
from flows.edge.landing import Landing
from flows.edge.loopback import Answer, Asked, serving
from flows.errors import SmallcapsError
from flows.market_calendar import last_completed
from flows.nightly import run_nightly
from flows.paths import DataPaths
from flows.run_record import RunOutcome
from flows.settings import given, no_proxy_to_this_machine
from flows.simulated import macro_vendors
from flows.simulated.market import Market
from flows.simulated.served import BadDays
from flows.simulated.vendors import API_KEY, Vendors
from flows.steps.land import SIMULATED

FIRST, LAST = date(2024, 1, 2), date(2026, 1, 2)
COMPANIES = 400
NIGHTS = 2
FUND_SOURCES = {"fund_flows": ["etf_flows", "ssga", "ishares"]}
REFUSED = 2
"""Exit code of a night that admission or the gate refuses."""
EVENING = time(18, 15)
"""When the night runs, in New York, as the schedule in prefect.yaml has it."""
FUND_WITHOUT_ASSETS = "IWC"
"""On the last night its assets are printed as -1: no admission rule asks, the gate does."""
HOOK = "/alerts"

SEGMENTS = """
select
    segments.segment,
    segments.company_count as companies,
    round(segments.market_cap_usd / 1e9, 1) as "cap bn",
    round(100 * segments.cap_share, 2) as "share %",
    round(100 * segments.return_price_vw, 2) as "return %",
    round(valuations.value, 1) as "median P/E",
    round(100 * valuations.loss_share_count) as "loss %"
from marts.segment_daily as segments
left join marts.valuation_daily as valuations
    on segments.session_date = valuations.session_date and segments.scheme_id = valuations.scheme_id
    and segments.segment = valuations.segment and valuations.measure = 'pe' and valuations.convention = 'median'
    and valuations.universe = 'all'
where segments.session_date = (select max(session_date) from marts.segment_daily) and segments.scheme_id = 'fixed_usd'
order by list_position(['nano', 'micro', 'small', 'mid', 'large', 'mega', 'smid', 'total'], segments.segment)
"""

Tell = Callable[[str, int], None]
"""Called as each part of the demo begins, with what comes and its share of the `work`."""
SIMULATING, GATE, NIGHT = 50, 130, 130
"""Work beside judging a session, in units of one session."""


def work(market: Market) -> int:
    """Units of the whole demo."""
    return SIMULATING + len(market.sessions) + GATE + NIGHTS * NIGHT


def demo_market() -> Market:
    """The market of the demo: two years and two nights."""
    return Market(FIRST, LAST, COMPANIES)


@dataclass(frozen=True)
class Demo:
    """How the demo went. `alert` is the message about the refused night, as the channel received it."""

    paths: DataPaths
    backfill: RunOutcome
    good_night: RunOutcome
    refused_night: RunOutcome
    segments: pl.DataFrame
    alert: str
    published_by: str
    """The run whose file is published at the end."""

    @property
    def last_session(self) -> date:
        """The newest published session."""
        found: date = warehouse.query(self.paths, "select max(session_date) from marts.segment_daily").item()
        return found

    @property
    def places(self) -> dict[str, Path]:
        """What to open next, and where it lies."""
        return {
            "warehouse": self.paths.warehouse,
            "report": self.paths.reports / "latest.html",
            "quality docs": self.paths.quality / "latest" / "index.html",
        }

    @property
    def shortcomings(self) -> list[str]:
        """What did not go as it should, each as a clause; nothing where all did."""
        refused = self.refused_night
        found = [f"there is no {what} at {path}" for what, path in self.places.items() if not path.exists()]
        if refused.exit_code != REFUSED:
            found.append(f"the last night ended with {refused.exit_code} instead of {REFUSED} ({refused.record_path})")
        if not self.alert:
            found.append("no alert arrived about the refused night")
        if self.published_by != self.good_night.run_id:
            found.append("the published file is not that of the night before the refused one")
        return found


@dataclass
class _Evening:
    """The vendors and an alert channel behind one address; vendors answer by the clock."""

    vendors: Vendors
    alerts: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        if asked.method == "POST" and asked.path == HOOK:
            message = json.loads(asked.body)
            self.alerts.append(f"{message['title']}\n\n{message['message']}")
            return Answer(b"{}")
        return self.vendors.reply(asked, last_completed(utc_now()))


def simulated_vendors(market: Market) -> Vendors:
    """Vendors with bad days: one exchange stale, later the whole market, on the last night a fund's assets wrong."""
    days = market.sessions
    bad = BadDays({days[len(days) * 2 // 5]: "nasdaq"}, frozenset({days[len(days) * 3 // 5]}))
    return Vendors(market, bad, {days[-1]: FUND_WITHOUT_ASSETS})


def run_demo(folder: Path, market: Market, tell: Tell) -> Demo:
    """Serve the market, backfill all but its last two sessions, and run these as nights.

    Raises:
        UsageError: the folder holds something that no demo made, or cannot be written.
        LockHeld: a demo is at work in the folder.
        SmallcapsError: the backfill or the first night published nothing; says why.
    """
    root = fresh_folder(folder)
    tell("simulating the market", SIMULATING)
    vendors = simulated_vendors(market)
    known, (good, refused) = market.sessions[:-NIGHTS], market.sessions[-NIGHTS:]
    vintages = (known[len(known) // 2], known[-1])
    archive = write_files(root / "archive", vendors.archive(known[-1], vintages))
    paths = DataPaths(root / "data")
    with _installed(paths, vendors) as evening:
        tell(f"backfill {known[0]} to {known[-1]}", len(known) + GATE)
        with starting_at(_evening_of(known[-1])):
            Landing(paths.landing).append_event(SIMULATED, {"seed": market.seed}, utc_now())
            backfill = _published(run_backfill(known[0], known[-1], archive, paths.root))
        tell(f"night of {good}: the vendors are asked over HTTP", 1 + NIGHT)
        with starting_at(_evening_of(good)):
            good_night = _published(run_nightly(None, None, paths.root))
        evening.alerts.clear()
        tell(f"night of {refused}: a vendor serves something wrong", 1 + NIGHT)
        with starting_at(_evening_of(refused)):
            refused_night = run_nightly(None, None, paths.root)
    return Demo(
        paths=paths,
        backfill=backfill,
        good_night=good_night,
        refused_night=refused_night,
        segments=warehouse.query(paths, SEGMENTS),
        alert="\n".join(evening.alerts),
        published_by=_published_by(paths),
    )


def _published(outcome: RunOutcome) -> RunOutcome:
    if outcome.exit_code:
        raise SmallcapsError(f"The demo stops: {outcome.summary}", next_step=f"Read {outcome.record_path}.")
    return outcome


@contextmanager
def _installed(paths: DataPaths, vendors: Vendors) -> Iterator[_Evening]:
    """Vendors and alert channel are served, and the settings lead there, whatever the operator has set."""
    evening = _Evening(vendors)
    with serving(evening.answer) as url:
        address = {"nasdaq_screener": "nasdaq", "simfin": "simfin", "treasury": "treasury", "etf_flows": "etf"}
        address |= {name: name for name in ("french", "ssga", "ishares", "etf_prices", *macro_vendors.ADDRESSES)}
        settings = {
            "data_dir": paths.root,
            "base_urls": {name: f"{url}/{path}" for name, path in address.items()},
            "simfin_api_key": API_KEY,
            "sources": {"fundamentals": ["simfin"], "share_counts": [], "reference": []} | FUND_SOURCES,
            "http": {"requests_per_second": 100.0, "backoff_s": 0.1},
            "alert_urls": [f"json://{url.removeprefix('http://')}{HOOK}"],
        }
        with given(settings), no_proxy_to_this_machine():
            yield evening


def _evening_of(session: date) -> datetime:
    """The hour at which the night runs; on a half day the market has been closed for five hours by then."""
    return datetime.combine(session, EVENING, NEW_YORK)


def _published_by(paths: DataPaths) -> str:
    found = warehouse.query(paths, "select run_id from ops.publications order by build_closed_at desc limit 1")
    return str(found["run_id"].item())
