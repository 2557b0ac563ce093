"""Treasury and FRED: yields and spreads as series, with the day of the download."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import SourceError
from flows.sources import SourceSettings, source
from transforms.staging.macro import series_name

D = date
NOW = datetime(2026, 1, 5, tzinfo=UTC)
VINTAGE = D(2026, 1, 5)
NOMINAL = b"""Date,"1 Mo","1.5 Month","10 Yr","30 Yr"
01/05/2026,3.70,N/A,4.17,4.86
01/02/2026,3.72,3.70,4.19,4.86
"""


def landed(tmp_path: Path, name: str, dataset: str, payload: bytes) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source=name,
        dataset=dataset,
        key=VINTAGE.isoformat(),
        session_date=None,
        vintage_date=VINTAGE,
        url="u",
        status=200,
        licence="public-domain",
        landed_at=NOW,
        suffix=".csv",
    )


def test_par_yield_curve_by_hand(tmp_path: Path) -> None:
    rows = source("treasury").read(NOMINAL, landed(tmp_path, "treasury", "nominal/2026", NOMINAL)).rows
    assert sorted(rows.rows(), key=str) == sorted(
        [
            ("UST_NOMINAL_1M", D(2026, 1, 5), 3.70, VINTAGE, "treasury"),
            ("UST_NOMINAL_1M", D(2026, 1, 2), 3.72, VINTAGE, "treasury"),
            ("UST_NOMINAL_1_5M", D(2026, 1, 5), None, VINTAGE, "treasury"),
            ("UST_NOMINAL_1_5M", D(2026, 1, 2), 3.70, VINTAGE, "treasury"),
            ("UST_NOMINAL_10Y", D(2026, 1, 5), 4.17, VINTAGE, "treasury"),
            ("UST_NOMINAL_10Y", D(2026, 1, 2), 4.19, VINTAGE, "treasury"),
            ("UST_NOMINAL_30Y", D(2026, 1, 5), 4.86, VINTAGE, "treasury"),
            ("UST_NOMINAL_30Y", D(2026, 1, 2), 4.86, VINTAGE, "treasury"),
        ],
        key=str,
    )


def test_both_spellings_of_a_maturity() -> None:
    assert series_name("real", "10 YR", "f") == "UST_REAL_10Y"
    assert series_name("nominal", "1.5 Month", "f") == "UST_NOMINAL_1_5M"


@pytest.mark.parametrize(
    ("payload", "field", "word"),
    [
        (b'Date,"10 Yr",Comment\n01/02/2026,4.1,x\n', "Comment", "unknown column"),
        (b'Day,"10 Yr"\n01/02/2026,4.1\n', "Date", "missing"),
        (b"Date\n01/02/2026\n", "10 Yr", "no column with yields"),
        (b'Date,"10 Yr"\n', "-", "no rows"),
        (b'Date,"10 Yr"\n2026-01-02,4.1\n', "date", "not_a_date"),
        (b'Date,"10 Yr"\n01/06/2026,4.1\n', "date", "after_vintage"),
        (b'Date,"10 Yr","20 Yr"\n01/05/2026,4.1,4.2\n01/02/2026,4', "body", "2 of 3 cells"),
        (b'Date,"10 Yr"\n01/05/2026,4.1,4.2\n', "body", "not a CSV"),
        (b"", "body", "empty"),
        (b"<html>maintenance</html>", "body", "web page"),
        (b'Date,"10 Yr"\n01/05/2026,\xff\n', "body", "not a CSV"),
    ],
)
def test_curve_of_another_shape_is_refused(tmp_path: Path, payload: bytes, field: str, word: str) -> None:
    file = landed(tmp_path, "treasury", "real/2026", payload)
    with pytest.raises(SourceError, match=word) as caught:
        source("treasury").read(payload, file)
    assert (caught.value.source, caught.value.file, caught.value.field) == ("treasury", file.name, field)


def test_one_bad_value_in_a_long_series_is_a_reject(tmp_path: Path) -> None:
    days = [D(2025, 1, 1).fromordinal(D(2025, 1, 1).toordinal() + n) for n in range(200)]
    lines = [f"{day},{n / 100:.2f}" for n, day in enumerate(days)]
    lines[5] = f"{days[5]},four"
    lines[6] = f"{days[6]},."
    payload = "\n".join(["observation_date,DGS10", *lines, ""]).encode()
    staged = source("fred").read(payload, landed(tmp_path, "fred", "DGS10", payload))
    assert staged.rows.height == 199
    assert staged.rejects.rows()[0][2:] == (f"DGS10 {days[5]}", "value", "not_a_number", "four")
    assert dict(zip(staged.rows["as_of"], staged.rows["value"], strict=True))[days[6]] is None


def test_treasury_requests() -> None:
    treasury = source("treasury")
    january = treasury.requests_for(D(2026, 1, 2), vintage_date=VINTAGE, settings=SourceSettings())
    assert [request.dataset for request in january] == [
        "nominal/2025",
        "nominal/2026",
        "real/2025",
        "real/2026",
    ]
    march = treasury.requests_for(D(2026, 3, 2), vintage_date=VINTAGE, settings=SourceSettings())
    assert [request.http.redacted_url for request in march] == [
        f"https://home.treasury.gov/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv"
        f"/2026/all?type={kind}&field_tdr_date_value=2026&page=&_format=csv"
        for kind in ("daily_treasury_yield_curve", "daily_treasury_real_yield_curve")
    ]


def test_fred_is_restricted_and_asks_one_series_at_a_time() -> None:
    fred = source("fred")
    assert fred.is_restricted
    assert [known.name for known in (source("treasury"), source("simfin")) if known.is_restricted] == []
    (request,) = fred.requests_for(VINTAGE, vintage_date=VINTAGE, settings=SourceSettings(fred_series=("DGS10",)))
    assert request.http.redacted_url == "https://fred.stlouisfed.org/graph/fredgraph.csv?id=DGS10"


def test_treasury_archive(tmp_path: Path) -> None:
    for name in (
        "2026-01-05/real_2026.csv",
        "2026-01-05/nominal_2027.csv",
        "2026-01-05/notes.csv",
        "x/real_2026.csv",
    ):
        path = tmp_path / "treasury" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NOMINAL)
    files = source("treasury").archive_files(Archive(tmp_path), [D(2026, 1, 5)])
    assert [(file.dataset, file.key, file.vintage_date) for file in files] == [("real/2026", "2026-01-05", VINTAGE)]


def test_real_fred_files(shared_data: Path, tmp_path: Path) -> None:
    archive, landing, fred = Archive(shared_data), Landing(tmp_path / "landing"), source("fred")
    assert source("treasury").archive_files(archive, [D(2026, 1, 5)]) == []
    files = fred.archive_files(archive, [])
    assert len(files) == 17
    rows = {}
    for entry in files:
        file = land_archived(landing, archive, entry, fred.licence, NOW)
        staged = fred.read(landing.read(file), file)
        assert staged.rejects.height == 0
        rows[file.dataset, file.key] = staged.rows
    old = rows["DGS10", "2026-01-03"]
    assert (old.height, old["value"].null_count()) == (12_001, 502)
    assert old.row(0) == ("DGS10", D(1980, 1, 1), None, D(2026, 1, 3), "fred")
    assert rows["DFII10", "2026-08-21"]["value"].min() < 0


def test_fred_with_a_key_asks_the_api_and_shows_the_key_nowhere(tmp_path: Path) -> None:
    settings = SourceSettings(fred_series=("DGS10",), fred_api_key="planted-key-of-32-characters-0001")
    (request,) = source("fred").requests_for(VINTAGE, vintage_date=VINTAGE, settings=settings)
    assert request.http.redacted_url == (
        "https://api.stlouisfed.org/fred/series/observations?series_id=DGS10&file_type=json&api_key=***"
    )
    assert "planted" not in repr(request) + repr(settings)
    assert request.http.secrets == ("planted-key-of-32-characters-0001",)
    assert (request.dataset, request.suffix) == ("DGS10", ".json")


def landed_json(tmp_path: Path, payload: bytes) -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload, source="fred", dataset="DGS10", key="2026-01-05", session_date=None, vintage_date=VINTAGE, url="u",
        status=200, licence="restricted", landed_at=NOW, suffix=".json",
    )  # fmt: skip


def test_an_answer_of_freds_api_reads_as_its_csv_file(tmp_path: Path) -> None:
    told = [("2026-01-01", "."), ("2026-01-02", "4.19")]
    observations = ", ".join(
        f'{{"realtime_start": "2026-01-05", "realtime_end": "2026-01-05", "date": "{day}", "value": "{value}"}}'
        for day, value in told
    )
    payload = f'{{"count": 2, "offset": 0, "limit": 100000, "observations": [{observations}]}}'.encode()
    by_api = source("fred").read(payload, landed_json(tmp_path, payload)).rows
    csv = "\n".join(["observation_date,DGS10", *(f"{day},{value}" for day, value in told), ""]).encode()
    assert by_api.equals(source("fred").read(csv, landed(tmp_path, "fred", "DGS10", csv)).rows)
    assert by_api["value"].to_list() == [None, 4.19]


@pytest.mark.parametrize(
    ("payload", "field", "word"),
    [
        (b'{"error_code": 400, "error_message": "Bad Request. api_key"}', "observations", "Bad Request"),
        (b'{"count": 3, "observations": [{"date": "2026-01-02", "value": "4"}]}', "count", "1 of 3"),
    ],
)
def test_an_answer_of_freds_api_without_all_observations_is_refused(
    tmp_path: Path, payload: bytes, field: str, word: str
) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        source("fred").read(payload, landed_json(tmp_path, payload))
    assert caught.value.field == field
