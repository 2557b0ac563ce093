"""What a company would be worth by the tiers that were not chosen: in whole USD, on lines made by hand."""

from typing import Any

import polars as pl

from tests.unit.test_caps import NO_CAPS, NO_COUNTS, NO_FILED, lines
from transforms.core.caps import company_caps, count_classes_once, equity_lines, line_caps
from transforms.core.line_counts import LINE_COUNTS
from transforms.core.runners_up import RUNNERS_UP, runners_up

ALONE = {"symbol": "X", "close": 10.0, "vendor_cap_usd": 1_000_000}
CLASS_A = {"symbol": "A", "close": 20.0, "vendor_cap_usd": 4_000_000}
CLASS_B = {"symbol": "B", "close": 10.0, "vendor_cap_usd": 3_000_000}


def own_counts(**shares: int) -> pl.DataFrame:
    return pl.DataFrame([{"symbol": name, "shares": n, "as_of": None} for name, n in shares.items()], NO_COUNTS.schema)


def own_caps(**caps: int) -> pl.DataFrame:
    return pl.DataFrame([{"symbol": name, "cap_usd": n, "as_of": None} for name, n in caps.items()], NO_CAPS.schema)


def filed(tier: str, *shares: float, first: int = 0) -> pl.DataFrame:
    """A count for each line, from the ``first`` one on."""
    rows = [{"line": first + at, "filed_shares": float(n), "filed_tier": tier} for at, n in enumerate(shares)]
    return pl.DataFrame([{name: row.get(name) for name in LINE_COUNTS} for row in rows], LINE_COUNTS)


def told(
    *rows: dict[str, Any],
    counts: pl.DataFrame = NO_COUNTS,
    caps: pl.DataFrame = NO_CAPS,
    filings: pl.DataFrame = NO_FILED,
) -> dict[tuple[str, str], tuple[int, float]]:
    """(company, tier) to (cap, shares); the chosen tier is not among them."""
    equity = equity_lines(lines(*rows).with_columns(cik=None, ads_ratio=None, ads_ratio_from=None))
    capped = count_classes_once(line_caps(equity, caps, counts, filings))
    chosen = company_caps(capped)
    found = runners_up(equity, capped, chosen, caps, filings)
    assert found.schema == RUNNERS_UP
    assert found.select("company_id", "tier").is_unique().all()
    assert found.join(chosen, on=["company_id", "tier"]).is_empty()
    return {(company, tier): (cap, shares) for company, tier, cap, shares in found.iter_rows()}


X = "C:X~20240102"


def test_beside_the_vendors_figures_there_is_nothing() -> None:
    assert told(ALONE) == {}


def test_beside_an_operators_count_stand_filing_and_vendor() -> None:
    found = told(ALONE, counts=own_counts(X=120_000), filings=filed("sec_single", 110_000))
    assert found == {(X, "sec_single"): (1_100_000, 110_000.0), (X, "vendor_implied"): (1_000_000, 100_000.0)}


def test_beside_an_operators_cap_stand_filing_and_vendor() -> None:
    found = told(ALONE, caps=own_caps(X=1_300_000), filings=filed("sec_class", 110_000))
    assert found == {(X, "sec_class"): (1_100_000, 110_000.0), (X, "vendor_implied"): (1_000_000, 100_000.0)}


def test_an_operators_cap_stands_beside_its_count() -> None:
    found = told(ALONE, counts=own_counts(X=120_000), caps=own_caps(X=1_300_000))
    assert found == {(X, "files_cap"): (1_300_000, 130_000.0), (X, "vendor_implied"): (1_000_000, 100_000.0)}


def test_beside_a_filing_stands_the_vendor() -> None:
    assert told(ALONE, filings=filed("sec_class", 110_000)) == {(X, "vendor_implied"): (1_000_000, 100_000.0)}


def test_a_source_that_says_nothing_is_no_runner_up() -> None:
    silent = {**ALONE, "vendor_cap_usd": 0}
    assert told(silent, counts=own_counts(X=120_000)) == {}
    assert told(silent, filings=filed("sec_single", 110_000)) == {}
    assert told(ALONE, counts=own_counts(X=120_000), filings=filed("sec_single", 0)) == {
        (X, "vendor_implied"): (1_000_000, 100_000.0)
    }


def test_classes_add_up_in_every_tier() -> None:
    """Filed: 210,000 x 20 + 320,000 x 10; the vendor: 4 and 3 million. Shares are of the line listed first."""
    filings = filed("sec_class", 210_000, 320_000)
    both = told(CLASS_A, CLASS_B, counts=own_counts(A=230_000, B=330_000), filings=filings)
    assert both == {(X, "sec_class"): (7_400_000, 370_000.0), (X, "vendor_implied"): (7_000_000, 350_000.0)}
    one = told(CLASS_A, CLASS_B, counts=own_counts(A=230_000), filings=filings)
    assert one == both, "the operator's count of one class is left out of what the others say"


def test_an_operators_cap_of_one_class_goes_with_the_filed_count_of_the_other() -> None:
    filings = filed("sec_class", 210_000, 320_000)
    found = told(CLASS_A, CLASS_B, counts=own_counts(A=230_000), caps=own_caps(A=5_000_000), filings=filings)
    assert found[X, "files_cap"] == (8_200_000, 410_000.0)


def test_companies_do_not_mix() -> None:
    """The second has the operator's count and stands in rows of its own; the third is the vendor's."""
    second = {**ALONE, "symbol": "Y", "company_id": "C:Y"}
    third = {**ALONE, "symbol": "Z", "company_id": "C:Z"}
    found = told(ALONE, second, third, counts=own_counts(Y=120_000), filings=filed("sec_single", 105_000, 110_000))
    assert found == {
        (X, "vendor_implied"): (1_000_000, 100_000.0),
        ("C:Y", "sec_single"): (1_100_000, 110_000.0),
        ("C:Y", "vendor_implied"): (1_000_000, 100_000.0),
    }


def test_lines_that_are_no_shares_come_first() -> None:
    warrant = {"symbol": "XW", "security_type": "warrant", "close": 1.0, "vendor_cap_usd": None}
    found = told(warrant, ALONE, counts=own_counts(X=120_000), filings=filed("sec_single", 110_000, first=1))
    assert found[X, "sec_single"] == (1_100_000, 110_000.0)
