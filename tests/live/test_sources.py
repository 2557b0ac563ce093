"""One request per source over the internet: is the shape still the one we read? `make test-live` only."""

import os
from datetime import date
from pathlib import Path

import pytest

from flows.edge.clock import new_york_today, utc_now
from flows.edge.fetch import land_live
from flows.edge.http import HttpClient
from flows.edge.landing import Landing
from flows.sources import SourceSettings, french, rate_limit, source

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
