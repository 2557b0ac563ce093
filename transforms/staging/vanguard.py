"""Vanguard: a portfolio's holdings at the end of a month, over all its share classes; no shares outstanding."""

from typing import Any, Final

import polars as pl

from transforms.staging.errors import BadInput
from transforms.staging.etf_flows import FUND_SHARES
from transforms.staging.issuer_files import check_weights, read_day
from transforms.staging.model import Staged

SOURCE: Final = "vanguard"
_PORTFOLIO, _ITEMS, _DAY, _VALUE, _WEIGHT = "portId", "holdingDetailItem", "effectiveDate", "marketVal", "mktValPercent"


def stage_holdings(document: Any, *, portfolio: str | None, file: str) -> Staged:
    """No row: a portfolio's value is that of its exchange-traded class and its mutual-fund classes together.

    The list is held to its form, so that a change of it is told: one portfolio, one day, values, whole weights.

    Raises:
        BadInput: another shape, another portfolio, several days, or weights that are not those of a whole fund.
    """
    lists = document if isinstance(document, list) else []
    if len(lists) != 1 or not isinstance(lists[0], dict) or not isinstance(lists[0].get(_ITEMS), list):
        raise BadInput(SOURCE, file, _ITEMS, "not one list of holdings: the document has another shape")
    told = lists[0].get(_PORTFOLIO)
    if portfolio is not None and told != portfolio:
        raise BadInput(SOURCE, file, _PORTFOLIO, f"the file is about portfolio {told!r}, asked was {portfolio}")
    items = lists[0][_ITEMS]
    days = {str(item.get(_DAY)) for item in items if isinstance(item, dict)}
    if len(days) != 1 or read_day(next(iter(days)), "%Y-%m-%d") is None:
        raise BadInput(SOURCE, file, _DAY, f"not one day: {sorted(days)[:3]}")
    for name in (_VALUE, _WEIGHT):
        bad = next((item for item in items if not isinstance(item.get(name), int | float | None)), None)
        if bad is not None:
            raise BadInput(SOURCE, file, name, f"not a number: {bad[name]!r}")
    weights = [float(item.get(_WEIGHT) or 0.0) for item in items]
    check_weights(weights, source=SOURCE, file=file, field=_WEIGHT)
    return Staged(pl.DataFrame(schema=FUND_SHARES))
