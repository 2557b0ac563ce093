"""Fund flows, shares and assets."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import MissingData, SourceError
from flows.sources import SourceSettings, source

D = date
NOW = datetime(2026, 4, 6, tzinfo=UTC)
ETF = source("etf_flows")


def landed(tmp_path: Path, dataset: str, payload: bytes, vintage: date | None = None) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="etf_flows",
        dataset=dataset,
        key="k",
        session_date=None,
        vintage_date=vintage,
        url="u",
        status=200,
        licence="internal-only",
        landed_at=NOW,
        suffix=".csv",
    )


@pytest.mark.parametrize(
    ("dataset", "text", "expected"),
    [
        (
            "flows",
            "date,ticker,flow_usd\n2026-01-02,AGG,-8279999.999999999\n2026-01-05,AGG,\n",
            [
                ("AGG", D(2026, 1, 2), -8279999.999999999, D(2026, 1, 5)),
                ("AGG", D(2026, 1, 5), None, D(2026, 1, 5)),
            ],
        ),
        (
            "shares",
            "date,ticker,shares,price\n2026-03-30,AGG,1398800000,99.04\n",
            [("AGG", D(2026, 3, 30), 1_398_800_000, None, 99.04, None, None, D(2026, 3, 30))],
        ),
        (
            "ishares_shares",
            "date,ticker,shares_outstanding,nav\n2025-07-01,EWJ,204000000,75.5\n",
            [("EWJ", D(2025, 7, 1), 204_000_000, 75.5, None, None, None, D(2025, 7, 1))],
        ),
        (
            "assets",
            "ticker,aum_usd,updated_date\nSPY,653947784940.7959,2026-04-03\n",
            [("SPY", D(2026, 4, 3), None, None, None, 653947784940.7959, None, D(2026, 4, 3))],
        ),
    ],
)
def test_rows_by_hand(tmp_path: Path, dataset: str, text: str, expected: list[tuple[object, ...]]) -> None:
    assert ETF.read(text.encode(), landed(tmp_path, dataset, text.encode())).rows.rows() == expected


def test_a_known_vintage_stands_in_the_rows(tmp_path: Path) -> None:
    text = b"date,ticker,flow_usd\n2026-01-02,AGG,1\n"
    staged = ETF.read(text, landed(tmp_path, "flows", text, D(2026, 1, 9)))
    assert staged.rows["vintage_date"].to_list() == [D(2026, 1, 9)]


def test_two_flows_of_one_day_that_differ_are_both_rejected(tmp_path: Path) -> None:
    lines = [f"2026-01-02,F{number},1" for number in range(200)]
    text = "\n".join(["date,ticker,flow_usd", *lines, "2026-01-02,F0,2", "2026-01-02,F1,1", ""]).encode()
    staged = ETF.read(text, landed(tmp_path, "flows", text))
    assert staged.rows.height == 199
    assert sorted(staged.rejects.select("entity", "reason_code").rows()) == [
        ("F0 2026-01-02", "duplicate_key"),
        ("F0 2026-01-02", "duplicate_key"),
        ("F1 2026-01-02", "duplicate_row"),
    ]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("date,ticker\n2026-01-02,AGG\n", "flow_usd"),
        ("date,ticker,flow_usd,note\n2026-01-02,AGG,1,x\n", "note"),
        ("date,ticker,flow_usd\n2026-01-02,AGG,1.2M\n", "flow_usd"),
        ("date,ticker,flow_usd\n2026-01-02,,1\n", "ticker"),
    ],
)
def test_another_shape_is_refused(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(SourceError) as caught:
        ETF.read(text.encode(), landed(tmp_path, "flows", text.encode()))
    assert caught.value.field == field


def test_live_address_is_configuration() -> None:
    settings = SourceSettings(base_urls={"etf_flows": "https://flows.test/pub/"})
    requests = ETF.requests_for(D(2026, 1, 2), vintage_date=D(2026, 1, 3), settings=settings)
    assert [(r.dataset, r.key, r.http.redacted_url) for r in requests] == [
        ("flows", "2026-01-03", "https://flows.test/pub/etf_flows.csv"),
        ("shares", "2026-01-03", "https://flows.test/pub/etf_shares.csv"),
        ("assets", "2026-01-03", "https://flows.test/pub/etf_aum.csv"),
    ]
    with pytest.raises(MissingData, match="no address") as caught:
        ETF.requests_for(D(2026, 1, 2), vintage_date=D(2026, 1, 3), settings=SourceSettings())
    assert caught.value.exit_code == 3


def test_real_files(shared_data: Path, tmp_path: Path) -> None:
    archive, landing = Archive(shared_data), Landing(tmp_path / "landing")
    staged = {}
    for entry in ETF.archive_files(archive, []):
        file = land_archived(landing, archive, entry, ETF.licence, NOW)
        staged[file.dataset] = ETF.read(landing.read(file), file)
    counts = {name: (s.rows.height, s.rejects.height) for name, s in staged.items()}
    prices = {name: counts.pop(name) for name in list(counts) if name.startswith("prices/")}
    assert len(prices) == 20
    assert prices["prices/IWM"] == prices["prices/SPY"] == (100, 0)
    assert staged["prices/IWM"].rows["as_of"].min() == D(2026, 3, 31)
    assert counts == {
        "flows": (3366, 0),
        "shares": (369, 0),
        "assets": (51, 0),
        "ishares_shares": (630, 0),
    }
    flows = staged["flows"].rows
    assert flows["flow_usd"].null_count() == 900
    ivv = flows.filter(pl.col("fund") == "IVV", pl.col("as_of") == D(2026, 3, 16))
    assert ivv["flow_usd"].to_list() == [pytest.approx(-24.2e9, rel=0.01)]
