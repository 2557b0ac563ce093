"""The vendors' known market-cap bugs, one session each: what the vendor shows, what was filed, what is published.

Quotes are in the vendor's form, cover pages are instances in the SEC's form; both go through the real readers and the
walk. The wrong and the right caps are those of the threads that reported them (table in the design's `pitfalls.md`);
prices and counts are made so that they come out. Bugs that need several sessions: `test_vendor_cap_bugs_in_time.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl
import pytest

from tests.golden.quoted_and_filed import Classless, Filed, Published, Quote, published
from tests.vendors.sec_documents import OfClass
from transforms.core.caps import NO_FILE_COUNTS

A, B, C = "CommonClassAMember", "CommonClassBMember", "CapitalClassCMember"
MILLION, BILLION, TRILLION = 1e6, 1e9, 1e12


@dataclass(frozen=True)
class Case:
    """One bug on one session. ``wrong``: what the vendor's caps add up to; ``right``: what is published, of ``tier``.

    ``registrant``: CIK and name on the SEC's ticker map.
    """

    name: str
    session: date
    quotes: Sequence[Quote]
    filed: Sequence[Filed | Classless]
    registrant: tuple[int, str]
    wrong: float
    right: float
    tier: str
    exchange: str = "Nasdaq"

    def published(self, **own_counts: int) -> Published:
        cik, name = self.registrant
        tickers = [(cik, name, quote.symbol.replace("/", "-"), self.exchange) for quote in self.quotes]
        rows = [(symbol, shares, self.session) for symbol, shares in own_counts.items()]
        own = pl.DataFrame(rows, NO_FILE_COUNTS.schema, orient="row")
        return published({self.session: self.quotes}, self.filed, tickers, own)


def alphabet() -> Filed:
    return Filed(
        1652044,
        date(2026, 7, 23),
        date(2026, 7, 16),
        (
            OfClass(A, 5_820_000_000, "Class A Common Stock, $0.001 par value", "GOOGL"),
            OfClass(B, 850_000_000),
            OfClass(C, 5_420_000_000, "Class C Capital Stock, $0.001 par value", "GOOG"),
        ),
    )


def berkshire() -> Filed:
    return Filed(
        1067983,
        date(2020, 2, 24),
        date(2020, 2, 13),
        (
            OfClass(A, 701_000, "Class A Common Stock", "BRK.A"),
            OfClass(B, 1_385_000_000, "Class B Common Stock", "BRK.B"),
        ),
        "10-K",
    )


def annual(cik: int, ordinary: int, title: str, symbol: str) -> Filed:
    """A foreign company's report: ordinary shares counted, depositary shares listed."""
    return Filed(
        cik,
        date(2023, 7, 21),
        date(2023, 3, 31),
        (OfClass("AdsMember", None, title, symbol), OfClass("OrdinarySharesMember", ordinary, "Ordinary Shares")),
        "20-F",
    )


BRK_A = Quote("BRK/A", "Berkshire Hathaway Inc.", 339_000.0, 470 * TRILLION, volume=2_000, exchange="nyse")
BRK_B = Quote("BRK/B", "Berkshire Hathaway Inc. New Common Stock", 226.0, 313 * BILLION, exchange="nyse")
BERKSHIRE = (1067983, "BERKSHIRE HATHAWAY INC")

CASES = [
    Case(
        "GOOGL, class mix (Equibles#4120): each line shows the whole company",
        date(2026, 8, 14),
        [
            Quote("GOOGL", "Alphabet Inc. Class A Common Stock", 368.0, 4.63 * TRILLION),
            Quote("GOOG", "Alphabet Inc. Class C Capital Stock", 366.0, 4.60 * TRILLION),
        ],
        [alphabet()],
        (1652044, "Alphabet Inc."),
        wrong=9.23 * TRILLION,
        right=4.44 * TRILLION,  # (5,820 + 850) x 368 + 5,420 x 366 million
        tier="sec_class",
    ),
    Case(
        "MA, frozen classless fact (edgartools#691, Equibles#4040): companyfacts end in 2010",
        date(2024, 6, 28),
        [Quote("MA", "Mastercard Incorporated Common Stock", 441.0, 122_530_193 * 441.0, exchange="nyse")],
        [
            Classless(1141391, date(2010, 11, 2), date(2010, 10, 28), 122_530_193),
            Filed(
                1141391,
                date(2024, 5, 1),
                date(2024, 4, 26),
                (OfClass(A, 922_600_000, "Class A Common Stock", "MA"), OfClass(B, 7_100_000)),
            ),
        ],
        (1141391, "Mastercard Inc"),
        wrong=54.0 * BILLION,
        right=410.0 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "V, the same (Equibles#4040): the classes on the newest cover page, as converted: 2.01 billion of class A",
        date(2024, 6, 28),
        [Quote("V", "Visa Inc.", 262.0, 480 * BILLION, exchange="nyse")],
        [
            Classless(1403161, date(2010, 11, 19), date(2010, 11, 12), 494_000_000, "10-K"),
            Filed(
                1403161,
                date(2024, 4, 24),
                date(2024, 4, 17),
                (
                    OfClass(A, 1_582_000_000, "Class A Common Stock", "V"),
                    OfClass(B, 245_000_000),
                    OfClass("CommonClassCMember", 9_500_000),
                ),
            ),
        ],
        (1403161, "VISA INC."),
        wrong=480 * BILLION,
        right=262.0 * (1.582 + 0.245 * 1.5875 + 0.0095 * 4) * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "ONC, thirteen ordinary shares to an ADS (Equibles#4417): a 10-Q, no 20-F, and a pair that looks consistent",
        date(2026, 6, 12),
        [
            Quote(
                "ONC",
                "BeOne Medicines Ltd. American Depositary Shares",
                386.8,
                557.0 * BILLION,
            )
        ],
        [
            Filed(
                1651308,
                date(2026, 5, 7),
                date(2026, 5, 1),
                (
                    OfClass(
                        "AdsMember", None, "American Depositary Shares, each representing 13 Ordinary Shares", "ONC"
                    ),
                    OfClass("OrdinarySharesMember", 1_440_100_000, "Ordinary Shares, par value $0.0001 per share"),
                ),
            )
        ],
        (1651308, "BeOne Medicines Ltd."),
        wrong=557.0 * BILLION,
        right=42.85 * BILLION,
        tier="sec_class",
    ),
    Case(
        "BRK.A times the count of B (iexg#1405): $470T",
        date(2020, 2, 26),
        [BRK_A, BRK_B],
        [berkshire()],
        BERKSHIRE,
        wrong=470.3 * TRILLION,
        right=550.6 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "BRK.A alone (iexg#589): $260B, and B is not quoted; 1,500 B make one A",
        date(2020, 2, 26),
        [Quote("BRK/A", "Berkshire Hathaway Inc.", 339_000.0, 260 * BILLION, volume=2_000, exchange="nyse")],
        [berkshire()],
        BERKSHIRE,
        wrong=260 * BILLION,
        right=550.6 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "BRK.B, and A is not quoted: an A counts as 1,500 B",
        date(2020, 2, 26),
        [BRK_B],
        [berkshire()],
        BERKSHIRE,
        wrong=313 * BILLION,
        right=550.6 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "BABA (iexg#1405): x8",
        date(2023, 12, 29),
        [
            Quote(
                "BABA",
                "Alibaba Group Holding Limited American Depositary Shares each representing eight Ordinary share",
                77.51,
                20_526_000_000 * 77.51,
                exchange="nyse",
            )
        ],
        [
            annual(
                1577552, 20_526_000_000, "American Depositary Shares, each representing eight Ordinary Shares", "BABA"
            )
        ],
        (1577552, "Alibaba Group Holding Ltd"),
        wrong=8 * 198.9 * BILLION,
        right=198.9 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "TLK (iexg#1405): x100, and only the cover page says that the line is an ADS",
        date(2023, 12, 29),
        [Quote("TLK", "PT Telekomunikasi Indonesia Tbk", 25.76, 99_062_000_000 * 25.76, exchange="nyse")],
        [
            annual(
                1001807,
                99_062_000_000,
                "American Depositary Shares, each representing 100 Series B shares, par value 50 Rupiah per share",
                "TLK",
            )
        ],
        (1001807, "PERUSAHAAN PERSEROAN PERSERO PT TELEKOMUNIKASI INDONESIA TBK"),
        wrong=100 * 25.52 * BILLION,
        right=25.52 * BILLION,
        tier="sec_class",
        exchange="NYSE",
    ),
    Case(
        "RYAAY (iexg#1405): x5, by the quotes' name where the cover page counts without a class",
        date(2023, 12, 29),
        [
            Quote(
                "RYAAY",
                "Ryanair Holdings plc American Depositary Shares each representing five Ordinary Shares",
                133.36,
                1_138_700_000 * 133.36,
            )
        ],
        [Classless(1038683, date(2023, 7, 28), date(2023, 3, 31), 1_138_700_000, "20-F")],
        (1038683, "RYANAIR HOLDINGS PLC"),
        wrong=5 * 30.37 * BILLION,
        right=30.37 * BILLION,
        tier="sec_single",
    ),
    Case(
        "TEAM, one of two classes, and a 20-F (iexg#1106)",
        date(2019, 10, 1),
        [Quote("TEAM", "Atlassian Corporation Plc Class A Ordinary Shares", 131.0, 16.0 * BILLION)],
        [
            Filed(
                1650372,
                date(2019, 8, 23),
                date(2019, 6, 30),
                (
                    OfClass(A, 117_900_000, "Class A Ordinary Shares, par value $0.10 per share", "TEAM"),
                    OfClass(B, 126_400_000),
                ),
                "20-F",
            )
        ],
        (1650372, "Atlassian Corporation Plc"),
        wrong=16.0 * BILLION,
        right=32.0 * BILLION,
        tier="sec_class",
    ),
    Case(
        "AAPL 2010 (polygon#316): the old price times the count after two splits",
        date(2010, 9, 27),
        [Quote("AAPL", "Apple Inc. Common Stock", 291.16, 4.78 * TRILLION)],
        [
            Classless(320193, date(2010, 7, 21), date(2010, 7, 12), 913_562_880),
            Classless(320193, date(2023, 8, 4), date(2023, 7, 21), 15_634_232_000),
        ],
        (320193, "Apple Inc."),
        wrong=4.78 * TRILLION,
        right=266.0 * BILLION,
        tier="sec_single",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_vendors_bug_comes_out_right(case: Case) -> None:
    assert sum(quote.vendor_cap for quote in case.quotes) == pytest.approx(case.wrong, rel=0.005)
    row = case.published().company(case.quotes[0].symbol if len(case.quotes) == 1 else _first(case))
    assert row["cap_usd"] == pytest.approx(case.right, rel=0.005)
    assert row["tier"] == case.tier


def _first(case: Case) -> str:
    """The line that stands for its company: of those seen for the first time on one session the first by symbol."""
    return min(quote.symbol for quote in case.quotes)


def test_without_filings_a_whole_company_on_two_lines_counts_once() -> None:
    case = CASES[0]
    seen = published({case.session: case.quotes})
    assert seen.company("GOOG")["cap_usd"] == pytest.approx(4.6 * TRILLION, rel=0.005)
    assert seen.line("GOOGL")["class_convention"] == "whole_company"


def _case(symbol: str) -> Case:
    return next(case for case in CASES if case.quotes[0].symbol == symbol)


def test_beside_an_operators_count_stand_the_filed_one_and_the_vendors() -> None:
    """110,000,000 depositary shares by the operator; 1,440,100,000 / 13 filed; the vendor multiplies ordinary ones."""
    seen = _case("ONC").published(ONC=110_000_000)
    assert (seen.company("ONC")["tier"], seen.company("ONC")["cap_usd"]) == ("files_shares", 42_548_000_000)
    assert seen.runners_up("ONC") == {"sec_class": round(386.8 * 1_440_100_000 / 13), "vendor_implied": 557_000_000_000}


def test_beside_a_count_by_class_stands_the_vendors_with_classes_counted_once() -> None:
    assert _case("GOOGL").published().runners_up("GOOG") == {"vendor_implied": 4_600_000_000_000}


def test_beside_an_operators_counts_of_two_classes_stands_what_was_filed_of_three() -> None:
    """Filed: 5,820 of class A at 368; 5,420 of class C and the unlisted 850 of class B at 366 (million)."""
    seen = _case("GOOGL").published(GOOGL=5_800_000_000, GOOG=5_400_000_000)
    assert seen.company("GOOG")["cap_usd"] == 368 * 5_800_000_000 + 366 * 5_400_000_000
    filed = 368 * 5_820_000_000 + 366 * (5_420_000_000 + 850_000_000)
    assert seen.runners_up("GOOG") == {"sec_class": filed, "vendor_implied": 4_600_000_000_000}
