"""Wide files with all of a publisher's history: the Chicago Fed's, the OFR's, and the Board's bond premium."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.archive import Archive
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from transforms.staging import Staged

D = date
VINTAGE = D(2026, 7, 8)
DATASETS = {"chicago_fed": "nfci-data-series-csv", "ofr": "fsi", "fed_ebp": "ebp_csv"}
NFCI = b"""Friday_of_Week,NFCI,ANFCI,Risk,Credit,Leverage,Nonfinancial_Leverage
1/8/1971,0.61,0.30,0.40,0.10,0.20,-0.10
07/03/2026,-0.515,-0.506,-0.594,-0.034,0.404,
"""
FSI = b"""Date,OFR FSI,Credit,Equity valuation,Safe assets,Funding,Volatility,\
United States,Other advanced economies,Emerging markets
2000-01-03,2.1,0.5,0.1,0.5,0.5,0.5,1.7,0.5,-0.1
2026-07-06,NA,-1.149,-0.567,-0.294,-0.166,-0.488,-1.33,-0.772,-0.562
"""
EBP = b"""date,gz_spread,ebp,est_prob
2/1/1973,1.86,0.42,0.0167
2026-06-01,0.84,-0.32,
"""


def landed(tmp_path: Path, name: str, payload: bytes, vintage: date | None = VINTAGE) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source=name,
        dataset=DATASETS.get(name, name),
        key=VINTAGE.isoformat(),
        session_date=None,
        vintage_date=vintage,
        url="u",
        status=200,
        licence=source(name).licence,
        landed_at=datetime(2026, 7, 8, tzinfo=UTC),
        suffix=".csv",
    )


def parsed(tmp_path: Path, name: str, payload: bytes) -> Staged:
    return source(name).read(payload, landed(tmp_path, name, payload))


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        (
            "chicago_fed",
            NFCI,
            {("NFCI", D(1971, 1, 8)): 0.61, ("NFCI", D(2026, 7, 3)): -0.515, ("ANFCI", D(2026, 7, 3)): -0.506,
             ("NFCI_CREDIT", D(2026, 7, 3)): -0.034, ("NFCI_NONFINANCIAL_LEVERAGE", D(2026, 7, 3)): None},
        ),
        (
            "ofr",
            FSI,
            {("OFR_FSI", D(2000, 1, 3)): 2.1, ("OFR_FSI", D(2026, 7, 6)): None,
             ("OFR_FSI_CREDIT", D(2026, 7, 6)): -1.149},
        ),
        (
            "fed_ebp",
            EBP,
            {("GZ_SPREAD", D(1973, 2, 28)): 1.86, ("EBP", D(2026, 6, 30)): -0.32,
             ("EBP_RECESSION_PROBABILITY", D(2026, 6, 30)): None},
        ),
    ],
)  # fmt: skip
def test_series_by_hand(
    tmp_path: Path, name: str, payload: bytes, expected: dict[tuple[str, date], float | None]
) -> None:
    staged = parsed(tmp_path, name, payload)
    told = {(row["series"], row["as_of"]): row["value"] for row in staged.rows.iter_rows(named=True)}
    assert {key: told[key] for key in expected} == expected
    assert set(staged.rows.select("source", "vintage_date").rows()) == {(name, VINTAGE)}
    assert staged.rejects.height == 0
    assert "Volatility" not in str(staged.rows["series"].unique().to_list())


@pytest.mark.parametrize(
    ("name", "payload", "field", "word"),
    [
        ("chicago_fed", NFCI.replace(b"ANFCI,", b"Adjusted,"), "ANFCI", "missing"),
        ("chicago_fed", NFCI.replace(b"07/03/2026", b"07/10/2026"), "date", "after_vintage"),
        ("chicago_fed", b"<!DOCTYPE html><html>moved</html>", "body", "web page"),
        ("ofr", FSI.replace(b"Funding", b"Funds"), "Funds", "unknown column"),
        ("ofr", FSI.replace(b"2000-01-03", b"3 Jan 2000"), "date", "not_a_date"),
        ("ofr", FSI + b"2026-07-07,1,2", "body", "of 10 cells"),
        ("fed_ebp", EBP.replace(b"gz_spread", b"gz"), "gz_spread", "missing"),
        ("fed_ebp", EBP.replace(b"0.84", b"low"), "value", "not_a_number"),
        ("fed_ebp", EBP.replace(b"2026-06-01", b"2/1/1973"), "as_of", "duplicate"),
        ("fed_ebp", b"", "body", "empty"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, name: str, payload: bytes, field: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        parsed(tmp_path, name, payload)
    assert (caught.value.source, caught.value.field) == (name, field)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("chicago_fed", "https://www.chicagofed.org/-/media/publications/nfci/nfci-data-series-csv.csv"),
        ("ofr", "https://www.financialresearch.gov/financial-stress-index/data/fsi.csv"),
        ("fed_ebp", "https://www.federalreserve.gov/econres/notes/feds-notes/ebp_csv.csv"),
    ],
)
def test_one_request_and_every_vintage_of_an_archive(tmp_path: Path, name: str, url: str) -> None:
    known = source(name)
    [request] = known.requests_for(D(2026, 7, 8), vintage_date=VINTAGE, settings=SourceSettings())
    assert (request.http.redacted_url, request.is_conditional) == (url, True)
    for folder in ("2026-07-01", "2026-07-08", "old"):
        path = tmp_path / name / folder / url.rpartition("/")[2]
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    files = known.archive_files(Archive(tmp_path), [])
    assert [(file.dataset, file.vintage_date) for file in files] == [
        (DATASETS[name], D(2026, 7, 1)),
        (DATASETS[name], VINTAGE),
    ]


def test_a_file_needs_its_name_and_its_day(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not known"):
        source("ofr").read(FSI, landed(tmp_path, "ofr", FSI, None))
    other = landed(tmp_path, "treasury", FSI)
    with pytest.raises(SourceError, match="unknown dataset"):
        source("ofr").read(FSI, other)
