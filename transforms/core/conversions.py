"""What a share of one class of a company converts into, where that is not one of another: dated, with its source."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import polars as pl

Ratios = dict[tuple[int, str], float]
"""Company (CIK) and class to shares of its listed class for one of it; others convert one to one."""

_BERKSHIRE, _ERIE, _VISA = 1067983, 922621, 1403161
_NOTE = "10-K for 2023, note 15: 1.6059 on 2022-09-30, before that day not read"
_B, _C = "CommonClassBMember", "CommonClassCMember"
_B1, _B2, _B3 = "CommonClassB1Member", "CommonClassB2Member", "CommonClassB3Member"


class Conversion(NamedTuple):
    """One ratio: ``known_on`` is the day it was published; null for the first one that is known."""

    cik: int
    share_class: str
    ratio: float
    known_on: date | None
    source: str


CONVERSIONS = (
    Conversion(_ERIE, _B, 2400.0, None, "general knowledge; its diluted and basic counts say 2,415 a share"),
    Conversion(_BERKSHIRE, "CommonClassAMember", 1500.0, None, "annual report, note on common stock"),
    Conversion(_VISA, _C, 4.0, None, "10-K for 2023, note 15"),
    Conversion(_VISA, _B, 1.6059, None, _NOTE),
    Conversion(_VISA, _B, 1.5991, date(2023, 1, 6), "8-K item 8.01, from 2022-12-29 by prices until 2023-01-04"),
    Conversion(_VISA, _B, 1.5902, date(2023, 6, 29), "8-K 0001403161-23-000064, from 2023-06-28"),
    Conversion(_VISA, _B, 1.5875, date(2023, 10, 2), "8-K 0001403161-23-000085, from 2023-09-28"),
    Conversion(_VISA, _B1, 1.5875, None, "10-Q of 2024-06-30, note 9: as class B, which was split up in May 2024"),
    Conversion(_VISA, _B2, 1.5875, None, "10-Q of 2024-06-30, note 9"),
    Conversion(_VISA, _B1, 1.5653, date(2024, 10, 11), "8-K 0001403161-24-000050"),
    Conversion(_VISA, _B2, 1.5430, date(2024, 10, 11), "8-K 0001403161-24-000050"),
    Conversion(_VISA, _B1, 1.5609, date(2025, 3, 31), "8-K 0001403161-25-000028"),
    Conversion(_VISA, _B2, 1.5342, date(2025, 3, 31), "8-K 0001403161-25-000028"),
    Conversion(_VISA, _B1, 1.5549, date(2025, 9, 26), "8-K item 8.01 of that day"),
    Conversion(_VISA, _B2, 1.5223, date(2025, 9, 26), "8-K item 8.01 of that day"),
    Conversion(_VISA, _B1, 1.5475, date(2026, 2, 27), "8-K 0001403161-26-000063; 1.5491 before, since when not read"),
    Conversion(_VISA, _B2, 1.5075, date(2026, 2, 27), "8-K 0001403161-26-000063; 1.5108 before, since when not read"),
    Conversion(_VISA, _B3, 1.4953, None, "class of 2026; second-hand: another reader of 10-Q 0001403161-26-000104"),
)
"""In the order in which they became known. Visa's change with each deposit for its old lawsuits; shares without a row
here are taken to convert one to one, as those of Mastercard, Alphabet and Meta do."""


def conversion_ratios(session: date) -> Ratios:
    """The ratios known by a session."""
    return {
        (told.cik, told.share_class): told.ratio
        for told in CONVERSIONS
        if told.known_on is None or told.known_on <= session
    }


def next_changes(session: date, ciks: Collection[int]) -> list[date]:
    """Days after a session on which a ratio of one of the companies changes."""
    return [told.known_on for told in CONVERSIONS if told.cik in ciks and told.known_on and told.known_on > session]


def converted_into(ratios: Ratios) -> pl.Expr:
    """What a share of each row's class (cik, share_class) converts into."""
    into = pl.lit(1.0)
    for (cik, share_class), ratio in ratios.items():
        into = pl.when((pl.col("cik") == cik) & (pl.col("share_class") == share_class)).then(ratio).otherwise(into)
    return into
