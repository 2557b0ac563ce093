"""A key that is set is sent to its vendor, and stands nowhere else: no file, table, log, message or answer has it."""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from flows import cli
from flows.backfill import run_backfill
from flows.edge.clock import starting_at
from flows.edge.demo_folder import write_files
from flows.edge.loopback import Answer, Asked, serving
from flows.nightly import run_nightly
from flows.paths import DataPaths
from flows.settings import given, no_proxy_to_this_machine
from flows.simulated.market import Market
from flows.simulated.vendors import API_KEY, Vendors
from tests.flows.conftest import lighten_gate

NEW_YORK = ZoneInfo("America/New_York")
MARKET = Market(date(2024, 9, 3), date(2024, 10, 31), companies=80)
FRED_KEY = "fred-key-that-nobody-may-see"
KEYS = (API_KEY, FRED_KEY)


@dataclass
class Night:
    """A backfill from an archive and a night over HTTP: its folder, all that was told, and what vendors were asked."""

    root: Path
    told: str = ""
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """SimFin takes its key; FRED repeats the key that it refuses, in a message and under every status."""
    found = Night(tmp_path_factory.mktemp("keys"))
    vendors, (*known, last) = Vendors(MARKET), MARKET.sessions
    archive = write_files(found.root / "archive", vendors.archive(known[-1], (known[-1],)))
    statuses = iter([400, 401, 403, 429, 500, 200] * 40)

    def answer(asked: Asked) -> Answer:
        found.asked.append(asked)
        if asked.path.startswith("/fred"):
            return Answer(f'{{"error_message": "bad api_key {FRED_KEY}"}}'.encode(), next(statuses))
        return vendors.reply(asked, last)

    capture = _Capture()
    root_logger = logging.getLogger()
    root_logger.addHandler(capture)
    level = root_logger.level
    root_logger.setLevel(logging.DEBUG)
    with serving(answer) as url, pytest.MonkeyPatch.context() as patch:
        lighten_gate(patch)
        addresses = {"nasdaq_screener": "nasdaq", "etf_flows": "etf", "simfin": "simfin", "treasury": "treasury"}
        settings = {
            "data_dir": found.root / "data",
            "base_urls": {name: f"{url}/{path}" for name, path in addresses.items()} | {"fred": f"{url}/fred"},
            "simfin_api_key": API_KEY,
            "fred_api_key": FRED_KEY,
            "fred_enabled": True,
            "sources": {"fundamentals": ["simfin"], "share_counts": [], "reference": [], "macro": ["treasury"],
                        "positions": [], "reference_portfolios": [], "splits": [], "fx": []},
            "schemes": ["fixed_usd"],
            "alert_urls": [f"json://127.0.0.1:9/?token={API_KEY}"],
            "http": {"requests_per_second": 100.0, "backoff_s": 0.05, "max_backoff_s": 0.1, "max_attempts": 2},
            "rate_dir": found.root / "rate",
        }  # fmt: skip
        with given(settings), no_proxy_to_this_machine():
            with starting_at(datetime.combine(known[-1], time(18, 15), NEW_YORK)):
                assert run_backfill(known[0], known[-1], archive, found.root / "data").exit_code == 0
            with starting_at(datetime.combine(last, time(18, 15), NEW_YORK)):
                outcome = run_nightly(None, None, found.root / "data")
                assert outcome.exit_code == 0, outcome.one_line
                found.told += outcome.one_line + repr(outcome)
    root_logger.removeHandler(capture)
    root_logger.setLevel(level)
    found.told += "\n".join(capture.lines)
    return found


class _Capture(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def test_the_keys_were_sent_to_their_vendors(night: Night) -> None:
    headers = [asked.headers for asked in night.asked if asked.path.startswith("/simfin")]
    assert headers
    assert all(API_KEY in sent["authorization"] for sent in headers)
    assert {asked.params["api_key"] for asked in night.asked if asked.path.startswith("/fred")} == {FRED_KEY}
    assert all(asked.path.startswith("/fred") for asked in night.asked if FRED_KEY in str(asked))


@pytest.mark.parametrize("key", KEYS)
def test_no_file_has_a_key(night: Night, key: str) -> None:
    files = [path for path in (night.root / "data").rglob("*") if path.is_file()]
    assert len(files) > 30
    assert [path for path in files if key.encode() in path.read_bytes() or key in str(path)] == []


@pytest.mark.parametrize("key", KEYS)
def test_no_table_has_a_key(night: Night, key: str) -> None:
    """The file compresses its texts, so that its bytes prove nothing."""
    with duckdb.connect(DataPaths(night.root / "data").warehouse, read_only=True) as con:
        columns = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns where data_type = 'VARCHAR'"
        ).fetchall()
        found = [
            (schema, table, column)
            for schema, table, column in columns
            if con.execute(
                f'select count(*) from {schema}.{table} where contains("{column}", ?)',  # noqa: S608
                [key],
            ).fetchone()
            != (0,)
        ]
    assert len(columns) > 100
    assert found == []


@pytest.mark.parametrize("key", KEYS)
def test_no_message_and_no_log_has_a_key(night: Night, key: str) -> None:
    assert "fred" in night.told
    assert key not in night.told


def test_no_command_shows_a_key(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(night.root)
    monkeypatch.setenv("SMALLCAPS_DATA_DIR", str(night.root / "data"))
    monkeypatch.setenv("SMALLCAPS_SIMFIN_API_KEY", API_KEY)
    monkeypatch.setenv("SMALLCAPS_FRED_API_KEY", FRED_KEY)
    monkeypatch.setenv("SMALLCAPS_FRED_ENABLED", "true")
    for command in (["status"], ["sources"], ["doctor", "--offline"], ["check", "--session", str(MARKET.sessions[-1])]):
        cli.run(command)
    streams = capsys.readouterr()
    assert streams.out
    assert not [key for key in KEYS if key in streams.out + streams.err]
