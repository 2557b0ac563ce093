"""The screener: history and daily files through one cast, descriptions by interval, archive, real data."""

import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.edge.archive import Archive
from flows.edge.fetch import land_archived
from flows.edge.landing import LandedFile, Landing
from flows.errors import MissingData, SourceError
from flows.sources import SourceSettings, rate_limit, source
from transforms.staging import BadInput
from transforms.staging.descriptions import of_reference
from transforms.staging.nasdaq_screener import QUOTES, stage_history, stage_reference

NASDAQ = source("nasdaq_screener")
NOW = datetime(2026, 4, 1, tzinfo=UTC)
D = date
TEXTS = {
    "exchange": "nyse",
    "symbol": "A",
    "lastsale": "$1.00",
    "netchange": "0.1",
    "volume": "1",
    "marketCap": "",
}


def history(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"date": D(2022, 1, 3)} | TEXTS | row for row in rows])


def reference(*rows: tuple[str, str, str, str, date, date]) -> pl.DataFrame:
    columns = ["symbol", "exchange", "name", "sector", "first_date", "last_date"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    blank = [pl.lit("").alias(name) for name in ("country", "ipoyear", "industry")]
    return frame.with_columns(*blank, pl.lit(1, pl.UInt32).alias("days"))


def landed(tmp_path: Path, payload: bytes, dataset: str, suffix: str = ".json.gz") -> LandedFile:
    return Landing(tmp_path / "landing").put(
        payload,
        source="nasdaq_screener",
        dataset=dataset,
        key="2021-01-29",
        session_date=D(2021, 1, 29),
        vintage_date=None,
        url="archive:x",
        status=200,
        licence="restricted",
        landed_at=NOW,
        suffix=suffix,
    )


def test_history_row_by_hand() -> None:
    row = {
        "symbol": "BRK/A  ",
        "lastsale": "$743500.00",
        "netchange": "-1.5",
        "volume": "7",
        "marketCap": "9.00",
    }
    staged = stage_history(history(row), file="f")
    assert staged.rows.schema == pl.Schema(QUOTES)
    assert staged.rows.row(0) == (
        *(D(2022, 1, 3), "nyse", "BRK/A", None, 743500.0, -1.5, 7, 9),
        *(None, None, None, None),
    )


def test_duplicate_symbols_of_one_session_and_exchange() -> None:
    staged = stage_history(
        history(
            *({"symbol": f"S{number}"} for number in range(300)),
            {"symbol": "A"},
            {"symbol": "A "},
            {"symbol": "B"},
            {"symbol": "B", "lastsale": "$2.00"},
            {"symbol": "B", "date": D(2022, 1, 4)},
            {"symbol": "B", "exchange": "amex"},
        ),
        file="f",
    )
    assert staged.rows.height == 303
    assert sorted(staged.rejects.select("entity", "reason_code", "detail").rows()) == [
        ("2022-01-03 nyse A", "duplicate_row", "A"),
        ("2022-01-03 nyse B", "duplicate_symbol", "B"),
        ("2022-01-03 nyse B", "duplicate_symbol", "B"),
    ]


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (history({}).drop("volume"), "volume"),
        (history({}).with_columns(pl.lit("1").alias("float")), "float"),
        (history({"volume": 1}), "volume"),
        (history({}).cast({"date": pl.String}), "date"),
        (history({"exchange": "otc"}), "exchange"),
        (history({}).clear(), "-"),
        (history({"lastsale": "N/A"}), "lastsale"),
    ],
)
def test_history_of_another_shape_is_refused(frame: pl.DataFrame, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        stage_history(frame, file="f")
    assert (caught.value.source, caught.value.file, caught.value.field) == ("nasdaq_screener", "f", field)


def written_out(quotes: pl.DataFrame, described: pl.DataFrame) -> pl.DataFrame:
    """Quotes with their descriptions beside them, in the order of the staged columns."""
    found = of_reference(quotes, described)
    texts = found.descriptions.drop("exchange", "symbol")[found.quotes["description"]]
    return (
        found.quotes.drop("description", "ipo_year", strict=False)
        .hstack(texts)
        .select(name for name in QUOTES if name != "ipo_year")
    )


def test_description_is_the_one_valid_on_the_day_and_first_seen_last() -> None:
    described = stage_reference(
        reference(
            ("FB", "nasdaq", "Facebook", "Tech", D(2021, 1, 1), D(2022, 1, 10)),
            ("FB", "nasdaq", "Meta", "Tech", D(2022, 1, 5), D(2022, 1, 6)),
            ("FB", "nyse", "Other", "Tech", D(2021, 1, 1), D(2023, 1, 1)),
            ("X ", "nasdaq", "Starry  Sea\tL&amp;F ", "", D(2022, 1, 4), D(2022, 1, 4)),
        ),
        file="r",
    ).rows
    days = [3, 4, 5, 6, 7, 10, 11]
    quotes = stage_history(
        history(
            *({"symbol": "FB", "exchange": "nasdaq", "date": D(2022, 1, day)} for day in reversed(days)),
            {"symbol": "X", "exchange": "nasdaq", "date": D(2022, 1, 4)},
            {"symbol": "X", "exchange": "nyse", "date": D(2022, 1, 4)},
        ),
        file="f",
    ).rows
    joined = written_out(quotes, described)
    assert joined.drop("name", "sector").equals(quotes.drop("name", "sector", "ipo_year"), null_equal=True)
    names = [None, "Facebook", "Meta", "Meta", "Facebook", "Facebook", "Facebook"]
    by_day = dict(zip(reversed(days), joined["name"].to_list(), strict=False))
    assert by_day == dict(zip(days, [*names[1:2], *names[1:6], None], strict=True))
    assert joined["name"].to_list()[-2:] == ["Starry Sea L&F", None]


def test_requests_are_one_per_exchange_with_its_own_rate() -> None:
    requests = NASDAQ.requests_for(D(2026, 1, 2), vintage_date=D(2026, 1, 2), settings=SourceSettings())
    assert [request.dataset for request in requests] == ["daily/nasdaq", "daily/nyse", "daily/amex"]
    assert requests[0].http.redacted_url == (
        "https://api.nasdaq.com/api/screener/stocks?tableonly=true&limit=25&exchange=NASDAQ&download=true"
    )
    assert not any(request.is_conditional for request in requests)
    assert rate_limit(SourceSettings())._interval_s["api.nasdaq.com"] == 2.0


def test_a_past_session_is_never_filled_with_todays_file() -> None:
    NASDAQ.check_history(D(2026, 1, 5), D(2026, 1, 5))
    with pytest.raises(MissingData, match="nasdaq_screener has no history") as caught:
        NASDAQ.check_history(D(2026, 1, 2), D(2026, 1, 5))
    assert caught.value.exit_code == 3
    source("treasury").check_history(D(2026, 1, 2), D(2026, 1, 5))


def make_archive(root: Path, *files: str) -> Archive:
    for name in files:
        path = root / "nasdaq_screener" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Archive(root)


def test_archive_gives_the_day_where_there_is_one_and_else_the_year_once(tmp_path: Path) -> None:
    archive = make_archive(
        tmp_path,
        *(f"daily/2022-05-24/{exchange}_full_tickers.json.gz" for exchange in ("nasdaq", "nyse", "amex")),
        "daily/2022-05-25/nyse_full_tickers.json",
        "history/quotes_2022.parquet",
        "history/reference_intervals.parquet",
    )
    sessions = [D(2022, 5, 23), D(2022, 5, 24), D(2022, 5, 25), D(2022, 5, 26), D(2023, 1, 3)]
    files = NASDAQ.archive_files(archive, sessions)
    assert [(file.dataset, file.key, file.suffix) for file in files] == [
        ("daily/nasdaq", "2022-05-24", ".json.gz"),
        ("daily/nyse", "2022-05-24", ".json.gz"),
        ("daily/amex", "2022-05-24", ".json.gz"),
        ("daily/nyse", "2022-05-25", ".json"),
        ("history/quotes", "2022", ".parquet"),
        ("history/reference_intervals", "all", ".parquet"),
    ]
    assert files[0].session_date == D(2022, 5, 24)
    assert files[4].session_date is None
    assert len(NASDAQ.archive_files(archive, [D(2022, 5, 24)])) == 3
    assert NASDAQ.archive_files(archive, [D(2023, 1, 3)]) == []


def test_parquet_that_is_none(tmp_path: Path) -> None:
    file = landed(tmp_path, b"PAR1 not really", "history/quotes", ".parquet")
    with pytest.raises(SourceError, match="not a Parquet file"):
        NASDAQ.read(b"PAR1 not really", file)


def test_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown dataset 'daily/otc'"):
        NASDAQ.read(b"[]", landed(tmp_path, b"[]", "daily/otc"))


def test_gz_that_is_no_gzip(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not gzip"):
        NASDAQ.read(b"[]", landed(tmp_path, b"[]", "daily/nyse"))


def broken_files(shared_data: Path, kind: str) -> list[Path]:
    return sorted((shared_data / "nasdaq_screener" / "broken-2021-01-30").glob(f"*_{kind}*.json.gz"))


def test_concatenated_real_files_are_refused_with_their_position(shared_data: Path, tmp_path: Path) -> None:
    paths = broken_files(shared_data, "unparseable")
    assert len(paths) == 10
    for path in paths:
        file = landed(tmp_path, path.read_bytes(), f"daily/{path.name.partition('_')[0]}")
        with pytest.raises(SourceError, match=r"second JSON document follows at line \d+, column 1 ") as caught:
            NASDAQ.read(path.read_bytes(), file)
        assert (caught.value.file, caught.value.field) == (file.name, "body")


def test_real_files_of_a_saturday_with_lines_that_did_not_trade(shared_data: Path, tmp_path: Path) -> None:
    """They parse, but give "NA" for the price of 1 % (nasdaq), 15 % (amex) and 22 % (nyse) of the lines."""
    outcome = {}
    for path in broken_files(shared_data, "ok"):
        exchange = path.name.partition("_")[0]
        file = landed(tmp_path, path.read_bytes(), f"daily/{exchange}")
        try:
            staged = NASDAQ.read(path.read_bytes(), file)
            outcome[exchange] = f"{staged.rows.height} rows, {staged.rejects.height} rejects"
        except SourceError as error:
            outcome[exchange] = error.detail.partition(",")[0]
    assert outcome == {
        "nasdaq": "3649 rows, 40 rejects",
        "amex": "44 of 298 rows cannot be read",
        "nyse": "739 of 3310 rows cannot be read",
    }


def test_truncated_real_file_is_refused_with_its_position(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "nasdaq_screener" / "daily" / "2026-01-02" / "amex_full_tickers.json.gz"
    payload = path.read_bytes()[:9000]
    with pytest.raises(SourceError, match="gzip is cut off after"):
        NASDAQ.read(payload, landed(tmp_path, payload, "daily/amex"))


def test_real_daily_files_and_history_agree(shared_data: Path, tmp_path: Path) -> None:
    """The same session through both formats gives the same rows, descriptions included."""
    archive, landing, day = Archive(shared_data), Landing(tmp_path / "landing"), D(2022, 5, 25)
    files = NASDAQ.archive_files(archive, [day, D(2022, 5, 23)])
    staged = {}
    for entry in files:
        file = land_archived(landing, archive, entry, NASDAQ.licence, NOW)
        staged[entry.dataset] = NASDAQ.read(landing.read(file), file).rows
    daily = pl.concat([staged[f"daily/{exchange}"] for exchange in ("nasdaq", "nyse", "amex")])
    quotes = staged["history/quotes"]
    assert (quotes.height, quotes["session_date"].dt.year().unique().to_list()) == (2_090_529, [2022])
    of_day = written_out(quotes.filter(pl.col("session_date") == day), staged["history/reference_intervals"])
    key = ["exchange", "symbol"]
    numbers = ["session_date", *key, "close", "net_change", "volume", "vendor_cap_usd"]
    assert daily.select(numbers).sort(key).equals(of_day.select(numbers).sort(key))
    both = daily.join(of_day, on=key, suffix="_h")
    differing = {
        column: both.filter(pl.col(column).ne_missing(pl.col(f"{column}_h"))).height / both.height
        for column in ("name", "country", "sector", "industry")
    }
    assert differing["name"] == differing["country"] == 0
    assert max(differing.values()) < 0.03, "intervals overlap where the vendor's sectors go back and forth"


def test_live_wrapping_and_bare_list_give_the_same_rows(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "nasdaq_screener" / "daily" / "2026-03-11" / "amex_full_tickers.json.gz"
    bare = landed(tmp_path, path.read_bytes(), "daily/amex")
    rows = json.loads(gzip.decompress(path.read_bytes()))
    wrapped = json.dumps({"data": {"asOf": None, "headers": {}, "rows": rows}, "message": None}).encode()
    live = landed(tmp_path, wrapped, "daily/amex", ".json")
    assert NASDAQ.read(path.read_bytes(), bare).rows.equals(NASDAQ.read(wrapped, live).rows)


def test_parquet_with_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    history({"volume": 5}).write_parquet(buffer)
    file = landed(tmp_path, buffer.getvalue(), "history/quotes", ".parquet")
    with pytest.raises(SourceError, match="expected text as the vendor serves it, found Int64") as caught:
        NASDAQ.read(buffer.getvalue(), file)
    assert caught.value.field == "volume"
