"""Kenneth French's library over the wire: asked seldom, and what it serves wrong is asked for again."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from flows.edge.fetch import Request, land_live, last_landed
from flows.edge.http import HttpClient, HttpLimits
from flows.edge.landing import Landing
from flows.edge.rate_limit import HostRateLimit
from flows.errors import AbsentFile, SourceError
from flows.sources import SourceSettings, french
from flows.sources import source as source_of
from flows.sources.model import Answer as Answered
from flows.sources.model import Asking
from tests.vendors.french import level, portfolios_zip
from tests.vendors.loopback import Answer, Vendor, vendor_server

PATH = f"/ftp/{french.FILE}"
JULY, AUGUST = date(2026, 7, 31), date(2026, 8, 31)
FIRST_ASKED = date(2026, 8, 30)
OLD = portfolios_zip({JULY: level(0.1)})
NEW = portfolios_zip({JULY: level(0.2), AUGUST: level(0.3)})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_server() as running:
        yield running


@pytest.fixture
def night(vendor: Vendor, tmp_path: Path) -> Callable[[date], str]:
    """One night's asking, as the step `land` does it; gives what is missing."""
    settings = SourceSettings(base_urls={french.NAME: f"{vendor.url}/ftp"})
    landing = Landing(tmp_path / "landing")
    limits = HttpLimits(read_s=2.0, deadline_s=4.0, max_attempts=2, backoff_s=0.01)
    client = HttpClient(limits, HostRateLimit(default_per_second=10_000))

    def run(today: date) -> str:
        now = datetime.combine(today, time(23), UTC)

        def fetch(request: Request) -> Answered:
            try:
                file = land_live(client, landing, request, now)
            except AbsentFile:
                return Answered(is_absent=True)
            except SourceError as error:
                return Answered(failure=error.message)
            return Answered(file or last_landed(landing, request))

        follow_up = french.SOURCE.follow_up
        assert follow_up is not None
        return follow_up(Asking(landing, fetch, settings, today, now, today, today))

    return run


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def test_a_year_of_nights_asks_seldom(vendor: Vendor, landing: Landing, night: Callable[[date], str]) -> None:
    """The first night asks; then nobody does until August could be out, and weekly while it is late."""
    vendor.serve(PATH, Answer(OLD, etag='"july"'))
    for number in range(40):  # 30 August to 8 October
        if number == 30:
            vendor.serve(PATH, Answer(NEW, etag='"august"'))
        assert night(FIRST_ASKED + timedelta(days=number)) == ""
    assert len(vendor.asked) == 4  # 30 August; 15, 22 and 29 September, when it is there
    assert [asked.headers.get("If-None-Match") for asked in vendor.asked] == [None, *['"july"'] * 3]
    assert vendor.asked[0].headers["User-Agent"] == SourceSettings().user_agent
    files = landing.newest(french.NAME)
    assert [file.vintage_date for file in files] == [FIRST_ASKED, date(2026, 9, 29)]
    told = [source_of(french.NAME).read(landing.read(file), file).rows["as_of"].max() for file in files]
    assert told == [JULY, AUGUST]
    assert [event["release"] for event in landing.events(french.ASKED)] == [
        *[french.release_of(files[0])] * 3,
        french.release_of(files[1]),
    ]


def test_a_server_without_conditions_lands_the_same_release_once(
    vendor: Vendor, landing: Landing, night: Callable[[date], str]
) -> None:
    vendor.serve(PATH, Answer(OLD))
    assert [night(FIRST_ASKED), night(date(2026, 9, 15))] == ["", ""]
    assert len(vendor.asked) == 2
    assert len(landing.files(french.NAME)) == 1


@pytest.mark.parametrize(
    ("answer", "word", "requests"),
    [
        (Answer(b"not found", status=404), "there is no file", 1),
        (Answer(status=429, headers={"Retry-After": "600"}), "429", 1),
        (Answer(status=503), "503", 2),
        (Answer(OLD[:80], declared_length=len(OLD)), "broke off", 2),
        (Answer(OLD[:80]), "zip", 1),
        (Answer(b"<!DOCTYPE html><html>moved</html>"), "web page", 1),
        (Answer(portfolios_zip({})), "no rows", 1),
    ],
    ids=["404", "429", "503", "broke_off", "cut_zip", "html_with_200", "empty_table"],
)
def test_a_night_without_a_file_says_so_and_the_next_one_asks_again(
    vendor: Vendor, landing: Landing, night: Callable[[date], str], answer: Answer, word: str, requests: int
) -> None:
    vendor.serve(PATH, answer)
    assert word in night(FIRST_ASKED)
    assert len(vendor.asked) == requests
    assert landing.newest(french.NAME) == []
    assert landing.events(french.ASKED) == []
    vendor.serve(PATH, Answer(OLD))
    assert night(FIRST_ASKED + timedelta(days=1)) == ""
    assert [file.vintage_date for file in landing.newest(french.NAME)] == [FIRST_ASKED + timedelta(days=1)]
    assert vendor.asked[-1].headers.get("If-None-Match") is None


def test_a_short_wait_is_waited_for(vendor: Vendor, landing: Landing, night: Callable[[date], str]) -> None:
    vendor.serve(PATH, Answer(status=429, headers={"Retry-After": "1"}), Answer(OLD))
    assert night(FIRST_ASKED) == ""
    assert len(landing.newest(french.NAME)) == 1


def test_a_broken_release_leaves_the_one_before_it(
    vendor: Vendor, landing: Landing, night: Callable[[date], str]
) -> None:
    vendor.serve(PATH, Answer(OLD))
    night(FIRST_ASKED)
    vendor.serve(PATH, Answer(b"<html>moved</html>"))
    assert "web page" in night(date(2026, 9, 15))
    assert [file.vintage_date for file in landing.newest(french.NAME)] == [FIRST_ASKED]
    assert "web page" in night(date(2026, 9, 16))
