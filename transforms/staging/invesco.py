"""Invesco: a fund's holdings of one day, whose values add up to its assets; no shares outstanding."""

from datetime import date
from typing import Final

import polars as pl

from transforms.staging.casting import check_columns
from transforms.staging.errors import BadInput
from transforms.staging.issuer_files import check_weights, read_day, read_numbers, staged_figures
from transforms.staging.model import Staged

SOURCE: Final = "invesco"
_DAY, _FUND, _VALUE, _WEIGHT = "Date", "Fund Ticker", "MarketValue", "Weight"
_COLUMNS = (
    *(_FUND, "Security Identifier", "Holding Ticker", "Shares/Par Value", _VALUE, _WEIGHT, "Name"),
    *("Class of Shares", "Sector", _DAY),
)


def stage_holdings(raw: pl.DataFrame, *, fund: str, vintage_date: date | None, file: str) -> Staged:
    """One row (columns `FUND_SHARES`, shares null): what the holdings are worth, which is all that the file tells.

    Raises:
        BadInput: a column is missing or unknown, another fund, several days, or weights not of a whole fund.
    """
    check_columns(raw, _COLUMNS, source=SOURCE, file=file)
    about = raw[_FUND].str.strip_chars().unique().to_list()
    if about != [fund]:
        raise BadInput(SOURCE, file, _FUND, f"the file is about {about}, asked was {fund}")
    days = raw[_DAY].unique().to_list()
    as_of = read_day(str(days[0]), "%m/%d/%Y") if len(days) == 1 else None
    if as_of is None:
        raise BadInput(SOURCE, file, _DAY, f"not one day: {days[:3]}")
    check_weights(read_numbers(raw, _WEIGHT, source=SOURCE, file=file), source=SOURCE, file=file, field=_WEIGHT)
    worth = sum(read_numbers(raw, _VALUE, source=SOURCE, file=file))
    told = pl.DataFrame({"as_of": [as_of.isoformat()], "aum_usd": [f"{worth:.2f}"]})
    return staged_figures(told, fund=fund, vintage_date=vintage_date, source=SOURCE, file=file)
