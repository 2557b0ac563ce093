"""From a misbehaving vendor into landing: what was served is kept, what is wrong said, secrets stay out."""

import gzip
import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.edge.fetch import Request, land_live
from flows.edge.http import HttpClient, HttpLimits
from flows.edge.landing import Landing
from flows.edge.rate_limit import HostRateLimit
from flows.edge.staging_store import StagingStore
from flows.errors import SourceError
from flows.sources import SOURCES, SourceSettings, source
from tests.vendors.ecb import rates_zip
from tests.vendors.loopback import Answer, Vendor, gzipped, vendor_server

NOW = datetime(2026, 1, 2, 23, tzinfo=UTC)
SESSION = date(2026, 1, 2)
KEY = "pl4nted-k3y-9876543210"
ROW = {
    "symbol": "BRK/A",
    "name": "Berkshire Hathaway Inc.",
    "lastsale": "$743500.00",
    "netchange": "-10.00",
    "pctchange": "-0.001%",
    "volume": "312",
    "marketCap": "1069000000000.00",
    "country": "United States",
    "ipoyear": "",
    "industry": "",
    "sector": "Finance",
    "url": "/market-activity/stocks/brk/a",
}
REAL = b"Date,5 YR,10 YR\n01/02/2026,1.50,1.90\n"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_server() as running:
        yield running


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def client() -> HttpClient:
    limits = HttpLimits(read_s=2.0, deadline_s=5.0, max_attempts=2, backoff_s=0.01)
    return HttpClient(limits, HostRateLimit(default_per_second=10_000))


def settings(vendor: Vendor) -> SourceSettings:
    bases = {name: f"{vendor.url}/{name}" for name in SOURCES}
    return SourceSettings(base_urls=bases, simfin_api_key=KEY)


def screener_request(vendor: Vendor) -> Request:
    requests = source("nasdaq_screener").requests_for(SESSION, vintage_date=SESSION, settings=settings(vendor))
    return next(request for request in requests if request.dataset == "daily/nyse")


def real_yields(vendor: Vendor, vintage: date = SESSION) -> Request:
    requests = source("treasury").requests_for(SESSION, vintage_date=vintage, settings=settings(vendor))
    return next(request for request in requests if request.dataset == "real/2026")


TREASURY_PATH = "/treasury/2026/all"


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": {"rows": rows}, "message": None}])
@pytest.mark.parametrize("pack", [Answer, gzipped])
def test_live_reply_is_landed_and_read(vendor: Vendor, landing: Landing, wrap, pack) -> None:  # type: ignore[no-untyped-def]
    body = json.dumps(wrap([ROW])).encode()
    vendor.serve("/nasdaq_screener", pack(body))
    file = land_live(client(), landing, screener_request(vendor), NOW)
    assert file is not None
    assert landing.read(file) == body
    assert (file.key, file.session_date, file.licence) == ("2026-01-02", SESSION, "restricted")
    assert vendor.asked[0].params == {
        "tableonly": "true",
        "limit": "25",
        "exchange": "NYSE",
        "download": "true",
    }
    assert vendor.asked[0].headers["User-Agent"].startswith("Mozilla/5.0")
    row = source("nasdaq_screener").read(landing.read(file), file).rows.row(0, named=True)
    assert (row["session_date"], row["symbol"], row["close"]) == (SESSION, "BRK/A", 743500.0)


BAD_BODIES = {
    "empty": (b"", "body", "empty"),
    "blank": (b" \n", "body", "blank"),
    "html": (b"\n<!DOCTYPE html><html><body>Access Denied</body></html>", "body", "web page"),
    "cut": (json.dumps([ROW]).encode()[:-20], "body", "not whole JSON"),
    "twice": (json.dumps([ROW]).encode() * 2, "body", "second JSON document follows at line 1, column"),
    "latin": (b'[{"symbol": "\xe9"}]', "body", "not UTF-8 at byte 13"),
    "nested": (b"[" * 100_000, "body", "JSON"),
    "null data": (b'{"data": null, "status": {"rCode": 400}}', "data.rows", "no list of rows"),
    "no rows": (b'{"data": {"rows": []}}', "data.rows", "empty"),
    "strings": (b'["a", "b"]', "data.rows", "no object"),
    "number": (json.dumps([ROW | {"volume": 312}]).encode(), "volume", "row 1 has 312 (int), expected text"),
    "missing": (
        json.dumps([{k: v for k, v in ROW.items() if k != "marketCap"}]).encode(),
        "marketCap",
        "missing",
    ),
    "extra": (json.dumps([ROW | {"float": "1"}]).encode(), "float", "unknown column"),
    "uneven": (json.dumps([ROW, ROW | {"float": "1"}]).encode(), "float", "row 2 has other fields"),
    "rotten": (json.dumps([ROW | {"lastsale": "NA"}]).encode(), "lastsale", "not_a_number"),
}


@pytest.mark.parametrize(("body", "field", "word"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_body_is_landed_and_then_refused(
    vendor: Vendor, landing: Landing, body: bytes, field: str, word: str
) -> None:
    vendor.serve("/nasdaq_screener", Answer(body))
    file = land_live(client(), landing, screener_request(vendor), NOW)
    assert file is not None
    assert file.path.read_bytes() == body
    with pytest.raises(SourceError) as caught:
        source("nasdaq_screener").read(landing.read(file), file)
    error = caught.value
    assert (error.source, error.file, error.field) == ("nasdaq_screener", file.name, field)
    assert word in error.detail
    assert error.exit_code == 3
    assert error.next_step


def test_body_that_broke_off_is_landed_with_its_fault_and_refused(vendor: Vendor, landing: Landing) -> None:
    whole = json.dumps([ROW]).encode()
    vendor.serve("/nasdaq_screener", Answer(whole[:40], declared_length=len(whole)))
    with pytest.raises(SourceError, match=f"broke off after 40 of {len(whole)} bytes") as caught:
        land_live(client(), landing, screener_request(vendor), NOW)
    (file,) = landing.files("nasdaq_screener")
    assert caught.value.file == file.name
    assert file.path.read_bytes() == whole[:40]
    assert landing.newest("nasdaq_screener") == []


def test_csv_that_broke_off_at_a_line_end_is_refused_though_it_would_parse(vendor: Vendor, landing: Landing) -> None:
    vendor.serve(TREASURY_PATH, Answer(REAL, declared_length=len(REAL) + 23))
    with pytest.raises(SourceError, match="broke off"):
        land_live(client(), landing, real_yields(vendor), NOW)
    assert landing.newest("treasury") == []


def test_nothing_new_lands_nothing(vendor: Vendor, landing: Landing) -> None:
    vendor.serve(TREASURY_PATH, Answer(REAL, etag='"v1"'))
    first = land_live(client(), landing, real_yields(vendor), NOW)
    assert first is not None
    assert first.etag == '"v1"'
    tomorrow = real_yields(vendor, SESSION + timedelta(days=1))
    assert land_live(client(), landing, tomorrow, NOW + timedelta(days=1)) is None
    assert [asked.headers.get("If-None-Match") for asked in vendor.asked] == [None, '"v1"']
    assert landing.files("treasury") == [first]


def test_server_that_knows_no_conditions_lands_the_same_bytes_once(vendor: Vendor, landing: Landing) -> None:
    vendor.serve(TREASURY_PATH, Answer(REAL))
    land_live(client(), landing, real_yields(vendor), NOW)
    tomorrow = real_yields(vendor, SESSION + timedelta(days=1))
    assert land_live(client(), landing, tomorrow, NOW + timedelta(days=1)) is None
    assert len(landing.files("treasury")) == 1


def test_the_screener_is_always_asked_in_full_and_always_landed(vendor: Vendor, landing: Landing) -> None:
    """The same bytes on the next day are a finding of admission, not nothing new."""
    vendor.serve("/nasdaq_screener", Answer(json.dumps([ROW]).encode(), etag='"v1"'))
    request = screener_request(vendor)
    land_live(client(), landing, request, NOW)
    later = replace(request, key="2026-01-05", session_date=date(2026, 1, 5))
    assert land_live(client(), landing, later, NOW + timedelta(days=3)) is not None
    assert "If-None-Match" not in vendor.asked[1].headers


def test_no_condition_on_a_file_that_could_not_be_read(vendor: Vendor, landing: Landing) -> None:
    vendor.serve(TREASURY_PATH, Answer(b"<html>busy</html>", etag='"busy"'), Answer(REAL, etag='"v1"'))
    page = land_live(client(), landing, real_yields(vendor), NOW)
    assert page is not None
    landing.mark_unreadable(page, "a web page", NOW)
    good = land_live(client(), landing, real_yields(vendor), NOW + timedelta(hours=1))
    assert good is not None
    assert landing.newest("treasury") == [good]
    assert "If-None-Match" not in vendor.asked[1].headers


def test_a_planted_key_is_in_no_file_log_frame_or_error(
    vendor: Vendor, landing: Landing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """simfin's key goes over the wire and stands in nothing that is written, also when everything fails."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    store = StagingStore(tmp_path / "staging")
    known = source("simfin")
    for answer in (
        Answer(b"PK no zip"),
        Answer(b"<html>no</html>"),
        Answer(b"half", declared_length=9),
        Answer(status=500),
        Answer(f'{{"error": "bad key {KEY}"}}'.encode()),
        Answer(gzip.compress(KEY.encode()), headers={"Content-Encoding": "gzip"}),
    ):
        vendor.serve("/simfin", answer)
        for request in known.requests_for(SESSION, vintage_date=SESSION, settings=settings(vendor)):
            shown.append(repr(request))
            try:
                file = land_live(client(), landing, request, NOW)
                assert file is not None
                shown.append(repr(file))
                payload = landing.read(file)
                store.get_or_make(file, "1", lambda p=payload, f=file: known.read(p, f))  # type: ignore[misc]
            except SourceError as error:
                shown += [error.one_line, "".join(traceback.format_exception(error))]
                landing.append_event("failed", {"detail": error.one_line}, NOW)
    assert any(asked.headers["Authorization"] == f"api-key {KEY}" for asked in vendor.asked)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert all(KEY.encode() not in content for content in written)
    assert KEY not in "".join(shown) + caplog.text + repr(settings(vendor))


def test_reference_rates_over_the_wire(vendor: Vendor, landing: Landing) -> None:
    payload = rates_zip({SESSION: {"USD": "1.1721", "GBP": "0.8719"}})
    vendor.serve("/ecb_rates/eurofxref-hist.zip", Answer(payload, etag='"v1"'))
    known = source("ecb_rates")
    (request,) = known.requests_for(SESSION, vintage_date=SESSION, settings=settings(vendor))
    file = land_live(client(), landing, request, NOW)
    assert file is not None
    assert vendor.asked[0].headers["User-Agent"] == SourceSettings().user_agent
    assert vendor.asked[0].params == {}
    assert known.read(landing.read(file), file).rows.sort("currency").rows() == [
        ("GBP", SESSION, 0.8719),
        ("USD", SESSION, 1.1721),
    ]
    (tomorrow,) = known.requests_for(SESSION, vintage_date=SESSION + timedelta(days=1), settings=settings(vendor))
    assert land_live(client(), landing, tomorrow, NOW + timedelta(days=1)) is None
    assert vendor.asked[1].headers["If-None-Match"] == '"v1"'


def test_treasury_yields_over_the_wire(vendor: Vendor, landing: Landing) -> None:
    vendor.serve(TREASURY_PATH, Answer(REAL))
    file = land_live(client(), landing, real_yields(vendor), NOW)
    assert file is not None
    assert vendor.asked[0].params == {
        "type": "daily_treasury_real_yield_curve",
        "field_tdr_date_value": "2026",
        "page": "",
        "_format": "csv",
    }
    rows = source("treasury").read(landing.read(file), file).rows
    assert rows.filter(pl.col("series") == "UST_REAL_10Y").row(0) == (
        "UST_REAL_10Y",
        SESSION,
        1.9,
        SESSION,
        "treasury",
    )
