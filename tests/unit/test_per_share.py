"""Figures per share: of a filing in the shares of its day, restated for splits strictly after it."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core.per_share import per_share_facts
from transforms.core.sec_facts import rejected_facts
from transforms.staging.sec_facts import FACTS

LAST = date(2024, 12, 31)
NVIDIA = 1_045_810
EX_DATE = date(2024, 6, 10)
SPLITS = pl.DataFrame({"company_id": ["NVDA"], "ex_date": [EX_DATE], "ratio": [10.0]})


def fact(value: float, filed: date, **given: Any) -> dict[str, Any]:
    return {
        "cik": NVIDIA,
        "taxonomy": "us-gaap",
        "tag": "EarningsPerShareDiluted",
        "unit": "USD/shares",
        "period_start": date(2023, 1, 30),
        "period_end": date(2024, 1, 28),
        "value": value,
        "accession": f"0001045810-{filed:%y-%m%d}00",
        "form": "10-K",
        "filed": filed,
        "known_on": filed,
        **given,
    }


def facts(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {**FACTS, "known_on": pl.Date()}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema)


def line(**given: Any) -> dict[str, Any]:
    return {
        "security_id": "NVDA",
        "company_id": "NVDA",
        "cik": NVIDIA,
        "security_type": "common",
        "valid_from": date(2022, 1, 3),
        "valid_to": None,
        **given,
    }


def securities(*lines: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(lines, schema_overrides={"valid_to": pl.Date})


def found(*rows: dict[str, Any], lines: list[dict[str, Any]] | None = None, last: date = LAST) -> pl.DataFrame:
    return per_share_facts(facts(*rows), securities(*(lines or [line()])), SPLITS, last)


def told(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("concept", "value", "split_ratio", "value_today").rows()


def test_a_figure_filed_before_a_split_is_divided_by_it() -> None:
    """NVIDIA's year to January 2024, filed on 2024-02-21 with 11.93; 1.19 in the report of the year after."""
    assert told(found(fact(11.93, date(2024, 2, 21)))) == [("eps_diluted", 11.93, 10.0, 1.193)]


@pytest.mark.parametrize(("filed", "ratio"), [(date(2024, 6, 9), 10.0), (EX_DATE, 1.0), (date(2024, 6, 11), 1.0)])
def test_only_a_split_strictly_after_the_filing_counts(filed: date, ratio: float) -> None:
    """Not after the period: a report filed after a split restates the periods before it itself."""
    assert found(fact(11.93, filed))["split_ratio"].to_list() == [ratio]


def test_a_split_after_the_last_session_is_not_known_yet() -> None:
    assert found(fact(11.93, date(2024, 2, 21)), last=date(2024, 6, 7))["split_ratio"].to_list() == [1.0]


def test_of_a_company_that_was_not_quoted_on_the_filing_day_no_splits_are_known() -> None:
    listed_later = [line(valid_from=date(2024, 5, 1))]
    assert told(found(fact(11.93, date(2024, 2, 21)), lines=listed_later)) == [("eps_diluted", 11.93, None, None)]


@pytest.mark.parametrize(
    ("until", "again", "ratio"),
    [(date(2024, 3, 1), date(2024, 3, 11), 10.0), (date(2024, 3, 1), date(2024, 3, 12), None), (LAST, None, None)],
)
def test_a_split_may_be_missed_while_a_line_is_not_quoted(until: date, again: date | None, ratio: float | None) -> None:
    """Ampio split one for fifteen while it was halted; of a company that is gone nobody sees any more."""
    lines = [line(valid_to=until), *([line(valid_from=again)] if again else [])]
    assert found(fact(11.93, date(2024, 2, 21)), lines=lines)["split_ratio"].to_list() == [ratio]


def test_lines_of_one_company_overlap() -> None:
    lines = [line(), line(security_id="NVDB", valid_from=date(2023, 5, 1), valid_to=date(2023, 6, 1))]
    later = line(security_id="NVDC", valid_from=date(2024, 5, 1))
    assert found(fact(11.93, date(2024, 2, 21)), lines=[*lines, later])["split_ratio"].to_list() == [10.0]


def test_a_depositary_lines_splits_are_not_those_of_its_ordinary_shares() -> None:
    """A change of the ratio looks like a split in the price, and earnings per ordinary share stay as they were."""
    ads = [line(security_type="depositary_share")]
    assert told(found(fact(11.93, date(2024, 2, 21)), lines=ads)) == [("eps_diluted", 11.93, None, None)]


def test_a_later_filing_that_says_the_same_in_the_same_shares_adds_nothing() -> None:
    first, again = fact(0.5, date(2024, 2, 21)), fact(0.5, date(2024, 3, 1), form="10-K/A")
    after = fact(0.5, date(2024, 8, 28))
    assert found(first, again, after)["filed"].to_list() == [date(2024, 2, 21), date(2024, 8, 28)]


def test_each_filing_is_known_since_its_own_day_and_none_after_the_last_session() -> None:
    rows = found(fact(11.93, date(2024, 2, 21)), fact(1.19, date(2025, 2, 26)))
    assert rows["known_at"].dt.convert_time_zone("America/New_York").dt.date().to_list() == [date(2024, 2, 21)]


def test_a_tag_for_both_stands_where_neither_is_filed() -> None:
    both = fact(-0.4, date(2024, 2, 21), tag="EarningsPerShareBasicAndDiluted")
    basic = fact(-0.41, date(2024, 2, 21), tag="EarningsPerShareBasic")
    assert told(found(both, basic)) == [("eps_basic", -0.41, 10.0, -0.041), ("eps_diluted", -0.4, 10.0, -0.04)]


def test_international_tags_in_other_currencies() -> None:
    row = fact(3.5, date(2024, 3, 20), taxonomy="ifrs-full", tag="BasicEarningsLossPerShare", unit="EUR/shares")
    assert found(row).select("concept", "currency", "period_kind").rows() == [("eps_basic", "EUR", "annual")]


def test_money_under_the_tag_is_no_figure_per_share() -> None:
    assert found(fact(11.93, date(2024, 2, 21), unit="USD")).is_empty()


def test_lengths_that_no_period_has_are_left_out() -> None:
    assert found(fact(0.1, date(2024, 2, 21), period_start=date(2024, 1, 10))).is_empty()


def test_a_figure_that_cannot_be_true_is_rejected_by_name() -> None:
    wrong = facts(fact(11.93, date(2023, 2, 21)), fact(float("nan"), date(2024, 2, 21)))
    assert per_share_facts(wrong, securities(line()), SPLITS, LAST).is_empty()
    assert rejected_facts(wrong.drop("known_on")).select("field", "reason_code").rows() == [
        ("EarningsPerShareDiluted", "published_before_period_end"),
        ("EarningsPerShareDiluted", "not_a_number"),
    ]


def test_a_registrant_speaks_for_the_company_that_it_is() -> None:
    """Facts of a shell's registrant from before it became the company are about the shell."""
    taken_over = [
        line(cik=1, valid_to=date(2024, 2, 29)),
        line(valid_from=date(2024, 3, 1)),
    ]
    rows = found(fact(11.93, date(2024, 2, 21)), fact(12.0, date(2024, 3, 5)), lines=taken_over)
    assert rows["value"].to_list() == [12.0]
