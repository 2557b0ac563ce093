"""What every source must declare."""

from datetime import date
from pathlib import Path

import pytest

from flows.edge.archive import Archive
from flows.errors import UsageError
from flows.sources import SOURCES, SourceSettings, rate_limit, source

DOCS = Path(__file__).resolve().parents[3] / "docs" / "sources"


@pytest.mark.parametrize("name", SOURCES)
def test_source_declares_itself(name: str, tmp_path: Path) -> None:
    known = source(name)
    assert known.name == name
    assert known.roles
    assert known.terms.endswith(".")
    assert known.archive_files(Archive(tmp_path), [date(2026, 1, 2)]) == []
    page = (DOCS / f"{name}.md").read_text()
    assert known.licence in page
    assert f"`{known.history}`" in page


@pytest.mark.parametrize("name", SOURCES)
def test_requests_land_under_the_sources_own_name_and_licence(name: str) -> None:
    bases = dict.fromkeys(SOURCES, "http://127.0.0.1:1/base")
    settings = SourceSettings(base_urls=bases, simfin_api_key="k", contact="mail@example.org")
    requests = SOURCES[name].requests_for(date(2026, 3, 2), vintage_date=date(2026, 3, 3), settings=settings)
    for request in requests:
        assert (request.source, request.licence) == (name, SOURCES[name].licence)
        assert request.http.url.startswith("http://127.0.0.1:1/base")
        assert request.key in ("2026-03-02", "2026-03-03")
        assert request.http.headers["User-Agent"]


def test_unknown_source() -> None:
    with pytest.raises(UsageError, match="no source 'yahoo'") as caught:
        source("yahoo")
    assert "nasdaq_screener" in caught.value.next_step


def test_rate_limits_follow_the_address() -> None:
    settings = SourceSettings(base_urls={"nasdaq_screener": "http://mirror.test:9/x", "simfin": "http://127.0.0.1:9/"})
    limit = rate_limit(settings, 50.0)
    assert limit._interval_s["mirror.test"] == 2.0
    assert "api.nasdaq.com" not in limit._interval_s
    assert "127.0.0.1" not in limit._interval_s  # this machine is asked as fast as the settings say
