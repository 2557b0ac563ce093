"""Argentine banks whose losses in pesos a vendor showed as profits in dollars (iexg#1304): the sign survives.

Companyfacts in the SEC's form, through the real reader, the statements and core.fundamentals to the known P/E inputs.
"""

from datetime import date

import polars as pl
import pytest

from flows.sources import source
from tests.vendors.sec_documents import companyfacts, fact, landed
from transforms.core.fundamentals import Statements, fundamentals_rows
from transforms.core.sec_statements import QUARTER_GAP_DAYS, sec_statements
from transforms.measures.company_fundamentals import company_fundamentals_asof, entity_states

YEAR = {"start": "2019-01-01", "form": "20-F", "fy": 2019, "fp": "FY", "accn": "0001114700-20-000010"}
FILED = "2020-04-30"
# Ticker, registrant, and net income and assets of 2019 in pesos: both lost money, and a vendor showed profits.
BANKS = [
    ("GGAL", 1114700, -28_100_000_000, 568_000_000_000),
    ("BMA", 1347426, -4_700_000_000, 474_000_000_000),
]


def statements(cik: int, net_income: int, assets: int, currency: str = "ARS") -> Statements:
    """As filed: a loss in the company's currency, with its translation for convenience into dollars if it has one."""
    told = {
        "ProfitLossAttributableToOwnersOfParent": {currency: [fact("2019-12-31", net_income, FILED, **YEAR)]},
        "Revenue": {currency: [fact("2019-12-31", 9 * abs(net_income), FILED, **YEAR)]},
        "Assets": {currency: [fact("2019-12-31", assets, FILED, **{**YEAR, "start": None})]},
        "EquityAttributableToOwnersOfParent": {
            currency: [fact("2019-12-31", assets // 5, FILED, **{**YEAR, "start": None})]
        },
    }
    payload = companyfacts(cik, {"ifrs-full": told})
    staged = source("sec_edgar").read(payload, landed("companyfacts", f"{cik:010}"))
    assert staged.rejects.is_empty(), staged.rejects
    return sec_statements(staged.rows)


def links(cik: int) -> pl.DataFrame:
    row = {"company_id": "C:A", "source_entity": f"CIK{cik:010}", "valid_from": date(2010, 1, 4), "rule_rank": 0}
    return pl.DataFrame([{**row, "source": "sec_edgar"}])


@pytest.mark.parametrize(("ticker", "cik", "net_income", "assets"), BANKS)
def test_a_loss_in_pesos_is_stored_as_a_loss_in_pesos(ticker: str, cik: int, net_income: int, assets: int) -> None:
    rows = fundamentals_rows(statements(cik, net_income, assets), links(cik))
    stored = rows.filter(concept="net_income_common").select("value", "currency").row(0)
    assert (int(stored[0]), stored[1]) == (net_income, "ARS"), ticker
    assert stored[0] < 0


@pytest.mark.parametrize(("ticker", "cik", "net_income", "assets"), BANKS)
@pytest.mark.parametrize(("currency", "is_covered"), [("ARS", False), ("USD", True)])
def test_no_pesos_go_into_a_figure_in_dollars(
    ticker: str, cik: int, net_income: int, assets: int, currency: str, is_covered: bool
) -> None:
    """The company stays uncovered; the same report in dollars would be covered, and a loss there, too."""
    day = date(2020, 5, 15)
    caps = pl.DataFrame({"session_date": [day], "company_id": ["C:A"], "cap_usd": [1_000_000_000]})
    states = entity_states(statements(cik, net_income, assets, currency), day, day, QUARTER_GAP_DAYS)
    found = company_fundamentals_asof(caps, links(cik), states)
    earned = found["net_income_ttm_usd"].to_list() if found.height else [None]
    assert earned == [net_income if is_covered else None], ticker
    equity = found["total_equity_usd"].to_list() if found.height else [None]
    assert equity == [assets // 5 if is_covered else None], ticker
