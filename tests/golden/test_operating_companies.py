"""Operating companies that came out of a shell: whose shares a filing before the merger counts.

Made by the project, in the order of magnitude of real ones: a shell of 25 million public shares and 6.25 million of its
founders merges at 10 USD with a company that has 300 million shares from the first session under its own name on.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from tests.golden.quoted_and_filed import Filed, Filing, Published, Quote, published, sessions_from
from tests.vendors.sec_documents import OfClass

MILLION, BILLION = 1e6, 1e9
A, B = "CommonClassAMember", "CommonClassBMember"
CIK = 1899001
SHELL = (CIK, "Harbor Light Acquisition Corp.", "HLAC", "Nasdaq")
OPERATING = (CIK, "Northgrid Power Systems, Inc.", "NGPS", "Nasdaq")

DAYS = sessions_from(date(2024, 3, 4), 10)
MERGED = DAYS[4]
"""First session under the operating company's name and symbol; the merger closed the evening before."""
COVERED = DAYS[7]
"""The operating company's first report is filed, which the public knows on that session."""


def shells_report(filed: date, as_of: date) -> Filed:
    """31.25 million shares: the class that is listed and the founders', one to one."""
    return Filed(CIK, filed, as_of, (OfClass(A, 25_000_000, "Class A ordinary shares", "HLAC"), OfClass(B, 6_250_000)))


ANNUAL = shells_report(date(2024, 2, 26), date(2024, 2, 20))
FIRST = Filed(CIK, COVERED, DAYS[6], (OfClass("", 312_000_000, "Common Stock", "NGPS"),))


def sessions(shells_count: float = 31.25e6, count: float = 300e6, symbol: str = "NGPS") -> dict[date, list[Quote]]:
    """Four sessions of the shell, then those of the company; ``symbol`` is the company's."""
    name = "Northgrid Power Systems, Inc. Common Stock"
    shell = Quote("HLAC", "Harbor Light Acquisition Corp. Class A Ordinary Shares", 10.0, 10.0 * shells_count)
    company = Quote(symbol, name, 10.0, 10.0 * count)
    return {day: [shell if day < MERGED else company] for day in DAYS}


def seen(filings: Sequence[Filing], **told: object) -> Published:
    return published(sessions(**told), filings, [SHELL, OPERATING])  # type: ignore[arg-type]


def decided(published: Published) -> list[tuple[object, ...]]:
    counts = pl.concat([verdict.counts for verdict in published.verdicts if verdict.counts is not None])
    return counts.select("decided_on", "share_class", "shares", "status", "reason_code").rows()


def test_the_shells_count_would_make_a_tenth_of_the_company() -> None:
    counted = sum(share.shares or 0 for share in ANNUAL.classes)
    assert counted * sessions()[MERGED][0].close == 312.5 * MILLION
    assert sessions()[MERGED][0].vendor_cap == 3 * BILLION


@pytest.mark.parametrize("shells_count", [31.25e6, 25e6, 28.75e6])
def test_until_its_first_cover_page_the_vendors_count_stands(shells_count: float) -> None:
    """A shell is no company, so it has no cap; whatever the vendor counted of it, the company has 300 million."""
    walked = seen([ANNUAL, FIRST], shells_count=shells_count)
    assert walked.line("NGPS", MERGED)["security_id"] == walked.line("HLAC", DAYS[3])["security_id"]
    assert walked.caps("HLAC") == [None] * 10
    assert walked.caps("NGPS") == [None] * 4 + [3_000_000_000] * 3 + [3_120_000_000] * 3
    tiers = [walked.company("NGPS", day)["tier"] for day in DAYS[4:]]
    assert tiers == ["vendor_implied"] * 3 + ["sec_single"] * 3


def test_a_report_of_the_shell_that_is_filed_after_the_merger_is_refused() -> None:
    late = shells_report(DAYS[5], date(2024, 3, 1))
    walked = seen([ANNUAL, late])
    assert walked.caps("NGPS") == [None] * 4 + [3_000_000_000] * 6
    assert decided(walked)[-2:] == [
        (DAYS[5], A, 25_000_000, "refused", "of_shell"),
        (DAYS[5], B, 6_250_000, "refused", "of_shell"),
    ]


def test_a_report_that_counts_a_day_after_the_merger_is_the_companys() -> None:
    """As of the first session under the company's name, and filed by then."""
    walked = seen([ANNUAL, Filed(CIK, DAYS[5], MERGED, FIRST.classes)])
    assert walked.caps("NGPS")[4:] == [3_000_000_000] + [3_120_000_000] * 5


@pytest.mark.parametrize("filed", [MERGED, COVERED])
def test_the_shells_count_is_no_measure_for_the_companys(filed: date) -> None:
    """The vendor counts the listed class alone, 200 of 312 million: neither vouches for a step by ten."""
    classes = (OfClass(A, 200_000_000, "Class A common stock", "NGPS"), OfClass(B, 112_000_000))
    walked = seen([ANNUAL, Filed(CIK, filed, filed, classes)], count=200e6)
    before = DAYS[4:].index(filed)
    assert walked.caps("NGPS")[4:] == [2_000_000_000] * before + [3_120_000_000] * (6 - before)
    assert {reason for *_, reason in decided(walked)} == {None}


def test_the_company_may_keep_the_shells_symbol() -> None:
    walked = published(sessions(symbol="HLAC"), [ANNUAL, FIRST], [(CIK, OPERATING[1], "HLAC", "Nasdaq")])
    assert walked.line("HLAC", MERGED)["operating_from"] == MERGED
    assert walked.caps("HLAC") == [None] * 4 + [3_000_000_000] * 3 + [3_120_000_000] * 3


def test_the_company_may_come_after_days_without_a_line() -> None:
    """It is another security then, of the same registrant."""
    quoted = {day: quotes for day, quotes in sessions().items() if day not in DAYS[2:4]}
    walked = published(quoted | {day: [] for day in DAYS[2:4]}, [ANNUAL, FIRST], [SHELL, OPERATING])
    assert walked.line("NGPS", MERGED)["security_id"] != walked.line("HLAC", DAYS[1])["security_id"]
    assert walked.caps("NGPS")[4:] == [3_000_000_000] * 3 + [3_120_000_000] * 3


def test_a_shell_that_no_map_of_tickers_names_is_known_by_its_cover_page() -> None:
    """As in years before the first map: without a CIK its line ends, and the company's is another security."""
    walked = published(sessions(), [ANNUAL, FIRST], [OPERATING])
    assert walked.line("HLAC", DAYS[3])["cik"] is None
    assert walked.caps("NGPS")[4:] == [3_000_000_000] * 3 + [3_120_000_000] * 3


def test_what_is_filed_later_changes_no_session_before() -> None:
    caps = [seen(filings).caps("NGPS") for filings in ([ANNUAL], [ANNUAL, FIRST])]
    assert caps[0][:7] == caps[1][:7]
    assert caps[0][7:] == [3_000_000_000] * 3


@pytest.mark.parametrize("missing", [[], DAYS[2:4]], ids=["renamed", "new_security"])
def test_a_second_class_listed_later_does_not_make_the_first_ones_count_the_shells(missing: list[date]) -> None:
    second = Quote("NGPSB", "Northgrid Power Systems, Inc. Class B Common Stock", 10.0, 10.0 * 12e6)
    quoted = {day: [*quotes, second] if day >= DAYS[8] else quotes for day, quotes in sessions().items()}
    quoted |= {day: [] for day in missing}
    classes = (OfClass(A, 300_000_000, "Class A", "NGPS"), OfClass(B, 12_000_000, "Class B", "NGPSB"))
    registrants = [SHELL, OPERATING, (CIK, OPERATING[1], "NGPSB", "Nasdaq")]
    walked = published(quoted, [ANNUAL, Filed(CIK, COVERED, DAYS[6], classes)], registrants)
    assert walked.line("NGPSB")["operating_from"] is None
    assert walked.company("NGPS")["tier"] == "sec_class"
    assert walked.caps("NGPS")[7:] == [3_120_000_000] * 3


def test_a_shell_that_only_looks_for_a_company_has_no_cap() -> None:
    """Its name alone changes; it is a shell's still."""
    renamed = Quote("HLAC", "Harbor Light Acquisition Corp. II Class A Ordinary Shares", 10.0, 312.5e6)
    walked = published(sessions() | {day: [renamed] for day in DAYS[4:]}, [ANNUAL], [SHELL])
    assert walked.caps("HLAC") == [None] * 10
    assert walked.line("HLAC")["operating_from"] is None
