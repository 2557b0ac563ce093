"""One request per source over the internet: is the shape still the one we read? `make test-live` only."""

import os
from datetime import date
from pathlib import Path

import pytest

from flows.edge.clock import new_york_today, utc_now
from flows.edge.fetch import Request, land_live
from flows.edge.http import HttpClient
from flows.edge.landing import Landing
from flows.sources import SourceSettings, cftc, fiscal_data, french, rate_limit, source

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    "name", ["nasdaq_screener", "treasury", "ecb_rates", "simfin", "ssga", "chicago_fed", "ofr", "fed_ebp"]
)
def test_the_source_still_serves_what_we_read(name: str, tmp_path: Path) -> None:
    settings = SourceSettings(simfin_api_key=os.environ.get("SIMFIN_API_KEY"))
    if name == "simfin" and not settings.simfin_api_key:
        pytest.skip("set SIMFIN_API_KEY to ask simfin")
    today, known, landing = new_york_today(), source(name), Landing(tmp_path)
    request = known.requests_for(today, vintage_date=today, settings=settings)[0]
    file = land_live(HttpClient(rate_limit=rate_limit(settings)), landing, request, utc_now())
    assert file is not None
    assert known.read(landing.read(file), file).rows.height > 0


def test_the_library_still_serves_size_portfolios_since_1926(tmp_path: Path) -> None:
    settings, landing = SourceSettings(), Landing(tmp_path)
    request = french.request(new_york_today(), settings)
    file = land_live(HttpClient(rate_limit=rate_limit(settings)), landing, request, utc_now())
    assert file is not None
    rows = source(french.NAME).read(landing.read(file), file).rows
    assert rows["as_of"].min() == date(1926, 7, 1)
    assert rows["weighting"].unique().sort().to_list() == ["ew", "vw"]


def _requests_of_answers() -> list[Request]:
    """Of sources that ask page by page: their first page, and a year's file."""
    today, settings = new_york_today(), SourceSettings()
    return [
        cftc.page_request(1, today, today, settings),
        cftc.year_request(today.year - 1, today, settings),
        fiscal_data.request(1, today, settings),
    ]


@pytest.mark.parametrize("request_", _requests_of_answers(), ids=lambda asked: asked.dataset.replace("/", "-"))
def test_pages_and_yearly_files_are_still_what_we_read(request_: Request, tmp_path: Path) -> None:
    settings, landing = SourceSettings(), Landing(tmp_path)
    file = land_live(HttpClient(rate_limit=rate_limit(settings)), landing, request_, utc_now())
    assert file is not None
    staged = source(request_.source).read(landing.read(file), file)
    assert staged.rows.height > 0
    if request_.source == "cftc":
        assert "239742" in staged.rows["contract"].to_list()
