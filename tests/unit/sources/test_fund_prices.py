"""Prices of funds as a vendor's series and as the operator's own file."""

from datetime import date

import polars as pl
import pytest

from flows.sources import SourceSettings, source
from transforms.staging import BadInput
from transforms.staging.files import stage_fund_prices
from transforms.staging.fund_prices import stage_series

D = date
HEADER = ("timestamp", "open", "high", "low", "close", "volume")


def series(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> pl.DataFrame:
    return pl.DataFrame(list(rows), dict.fromkeys(header, pl.String), orient="row")


def test_a_series_by_hand() -> None:
    raw = series(("2026-01-05", "2", "3", "1", "2.5", "10"), ("2026-01-02", "2", "3", "1", "2.25", "10"))
    staged = stage_series(raw, fund="IWM", vintage_date=None, source="etf_flows", file="f")
    assert staged.rows.rows() == [
        ("IWM", D(2026, 1, 5), 2.5, None, D(2026, 1, 5)),
        ("IWM", D(2026, 1, 2), 2.25, None, D(2026, 1, 5)),
    ]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (series(("2026-01-05", "2", "3", "1", "10"), header=(*HEADER[:4], "volume")), "close"),
        (series(("2026-01-05", "2", "3", "1", "0", "10")), "close"),
    ],
    ids=["missing", "zero"],
)
def test_a_bad_series_is_refused_by_field(raw: pl.DataFrame, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        stage_series(raw, fund="IWM", vintage_date=None, source="etf_flows", file="f")
    assert caught.value.field == field


def test_an_own_file_may_name_the_segment_and_a_wrong_one_is_rejected() -> None:
    good = [(f"F{number}", "2026-01-02", "1.5", "micro") for number in range(60)]
    raw = series(*good, ("BAD", "2026-01-02", "1.5", "tiny"), header=("fund", "session_date", "close", "segment"))
    staged = stage_fund_prices(raw, is_typed=False, file="f")
    assert staged.rows.height == 60
    assert staged.rows.row(0)[:4] == ("F0", D(2026, 1, 2), 1.5, "micro")
    assert staged.rejects.select("entity", "reason_code").rows() == [("BAD 2026-01-02", "unknown_segment")]


def test_prices_are_asked_where_their_address_is_set() -> None:
    day = D(2026, 1, 2)
    settings = SourceSettings(base_urls={"etf_prices": "http://127.0.0.1:9/p/"})
    asked = source("etf_flows").requests_for(day, vintage_date=day, settings=settings)
    assert ("prices/IWM", "http://127.0.0.1:9/p/IWM.csv") in {(one.dataset, one.http.url) for one in asked}
    assert {one.dataset.partition("/")[0] for one in asked} == {"prices"}
