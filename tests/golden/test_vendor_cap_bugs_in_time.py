"""The vendors' known market-cap bugs that take several sessions: counts behind a split, new listings, placeholders.

As in `test_vendor_cap_bugs.py`: quotes in the vendor's form, filings in the SEC's, through the readers and the walk.
"""

from datetime import date

import polars as pl
import pytest

from tests.golden.quoted_and_filed import Classless, Filed, Quote, published, sessions_from
from tests.vendors.sec_documents import OfClass
from transforms.core.declared_splits import FILED_RATIOS

MILLION, BILLION = 1e6, 1e9
A, B = "CommonClassAMember", "CommonClassBMember"


# BYND, 1:30 (Equibles#4405): $6.2B on a $210M company. The cover page is of 6 August, the split of the 14th.

BYND = (1655210, "BEYOND MEAT, INC.", "BYND", "Nasdaq")
BYND_FILED = Classless(1655210, date(2026, 8, 7), date(2026, 8, 6), 450_000_000)
BYND_DAYS = sessions_from(date(2026, 8, 12), 5)


def bynd(close: float, count: float, previous: float) -> list[Quote]:
    return [Quote("BYND", "Beyond Meat, Inc. Common Stock", close, close * count, previous)]


def bynd_sessions() -> dict[date, list[Quote]]:
    """One share for thirty from the third session on; the vendor's count follows on the fifth."""
    quotes = [
        bynd(0.4700, 450e6, 0.4650),
        bynd(0.4600, 450e6, 0.4700),
        bynd(13.80, 450e6, 13.80),
        bynd(13.90, 450e6, 13.80),
        bynd(14.00, 15e6, 13.90),
    ]
    return dict(zip(BYND_DAYS, quotes, strict=True))


def test_bynd_vendor_shows_six_billion() -> None:
    assert bynd_sessions()[date(2026, 8, 14)][0].vendor_cap == pytest.approx(6.2 * BILLION, rel=0.005)


def test_bynd_by_its_filing() -> None:
    seen = published(bynd_sessions(), [BYND_FILED], [BYND])
    assert seen.caps("BYND") == pytest.approx([211.5 * MILLION, 207e6, 207e6, 208.5e6, 210e6], rel=1e-6)
    assert seen.company("BYND")["tier"] == "sec_single"
    assert seen.memory.splits.select("ex_date", "ratio").row(0) == (date(2026, 8, 14), pytest.approx(1 / 30))


def test_bynd_by_the_vendor_alone() -> None:
    seen = published(bynd_sessions())
    assert seen.caps("BYND") == pytest.approx([211.5 * MILLION, 207e6, 207e6, 208.5e6, 210e6], rel=1e-6)
    assert seen.line("BYND", date(2026, 8, 14))["factor_cause"] == "lags_split"
    assert not [ticker for session in BYND_DAYS for ticker in seen.held(session)]


def test_bynd_filed_after_the_split_counts_new_shares() -> None:
    """The next cover page counts on a day after the ex-date: nothing is multiplied any more."""
    days = sessions_from(date(2026, 8, 12), 8)
    quiet = [bynd(14.0, 15e6, 14.0)] * 3
    sessions = bynd_sessions() | dict(zip(days[5:], quiet, strict=True))
    later = Classless(1655210, days[6], days[5], 15_100_000)
    seen = published(sessions, [BYND_FILED, later], [BYND])
    assert seen.caps("BYND")[5:] == pytest.approx([210e6, 15.1e6 * 14, 15.1e6 * 14], rel=1e-6)


# COPR, a reverse split that the count lags (Equibles#3952): $1.74B for a twentieth of it

COPR = (1263364, "Idaho Copper Corp", "COPR", "NYSE")


@pytest.mark.parametrize("is_filed", [True, False], ids=["filed", "vendor_alone"])
def test_copr_is_worth_a_twentieth(is_filed: bool) -> None:
    days = sessions_from(date(2025, 9, 8), 4)
    closes = [(0.3050, 0.3000), (6.00, 6.10), (6.05, 6.00), (6.10, 6.05)]
    quotes = [
        Quote("COPR", "Idaho Copper Corporation Common Stock", close, close * 290e6, previous, exchange="amex")
        for close, previous in closes
    ]
    assert quotes[1].vendor_cap == pytest.approx(1.74 * BILLION)
    filed = [Classless(COPR[0], date(2025, 7, 14), date(2025, 7, 10), 290_000_000)] if is_filed else []
    seen = published({day: [quote] for day, quote in zip(days, quotes, strict=True)}, filed, [COPR] if is_filed else [])
    assert seen.caps("COPR")[1] == pytest.approx(1.74 * BILLION / 20, rel=1e-6)
    assert seen.caps("COPR")[3] == pytest.approx(14_500_000 * 6.10, rel=1e-6)
    assert seen.company("COPR")["tier"] == ("sec_single" if is_filed else "vendor_implied")


# DCIX, "3 shares" (iexg#81): $33 for $8.24M

DCIX = (1481241, "Diana Containerships Inc.", "DCIX", "Nasdaq")
DCIX_DAYS = sessions_from(date(2018, 3, 12), 8)


def dcix_sessions() -> dict[date, list[Quote]]:
    return {
        day: [Quote("DCIX", "Diana Containerships Inc. Common Stock", 11.0, 33.0, 11.0, 5_000 + number)]
        for number, day in enumerate(DCIX_DAYS)
    }


def test_dcix_by_its_annual_report() -> None:
    filed = Filed(DCIX[0], date(2018, 3, 9), date(2018, 3, 5), (OfClass("", 749_091, "Common Stock", "DCIX"),), "20-F")
    seen = published(dcix_sessions(), [filed], [DCIX])
    assert seen.caps("DCIX") == pytest.approx([8.24 * MILLION] * len(DCIX_DAYS), rel=1e-6)


def test_dcix_three_shares_on_the_cover_page_are_refused() -> None:
    right = Filed(DCIX[0], date(2018, 3, 9), date(2018, 3, 5), (OfClass("", 749_091, "Common Stock", "DCIX"),), "20-F")
    wrong = Filed(DCIX[0], DCIX_DAYS[2], date(2018, 3, 12), (OfClass("", 3, "Common Stock", "DCIX"),), "20-F/A")
    seen = published(dcix_sessions(), [right, wrong], [DCIX])
    assert seen.caps("DCIX") == pytest.approx([8.24 * MILLION] * len(DCIX_DAYS), rel=1e-6)
    decided = pl.concat([verdict.counts for verdict in seen.verdicts if verdict.counts is not None])
    assert decided.select("shares", "status", "reason_code").rows() == [
        (749_091, "accepted", None),
        (3, "refused", "placeholder"),
    ]


def test_dcix_thirty_three_dollars_are_never_published() -> None:
    """Where nothing was filed nobody knows its cap: it is held, however long the vendor shows it."""
    seen = published(dcix_sessions())
    assert seen.caps("DCIX") == [None] * len(DCIX_DAYS)
    assert [seen.held(day) for day in DCIX_DAYS] == [["DCIX"]] * len(DCIX_DAYS)


# MA, the classless fact of 2010 (Equibles#4040): filed anew in every report, or never again


def mastercard(day: date) -> list[Quote]:
    return [Quote("MA", "Mastercard Incorporated Common Stock", 441.0, 441.0 * 930e6, exchange="nyse")]


MA = (1141391, "Mastercard Inc", "MA", "NYSE")


def test_ma_without_cover_pages_the_stale_fact_is_not_used() -> None:
    day = date(2024, 6, 28)
    seen = published(
        {day: mastercard(day)}, [Classless(MA[0], date(2010, 11, 2), date(2010, 10, 28), 122_530_193)], [MA]
    )
    row = seen.company("MA")
    assert (row["tier"], row["cap_usd"]) == ("vendor_implied", 410_130_000_000)


def test_ma_a_frozen_series_is_refused_as_soon_as_it_is_known_for_one() -> None:
    """Filled in with the same number in every report of two years, while the vendor counts seven times as many."""
    reports = [date(2022, 8, 1), date(2022, 11, 1), date(2023, 2, 14), date(2023, 5, 2), date(2023, 8, 1)]
    filed = [Classless(MA[0], day, day, 122_530_193) for day in reports]
    days = [sessions_from(day, 1)[0] for day in (*reports, date(2024, 6, 28))]
    seen = published({day: mastercard(day) for day in days}, filed, [MA])
    decided = pl.concat([verdict.counts for verdict in seen.verdicts if verdict.counts is not None])
    assert decided["reason_code"].to_list()[3:] == ["frozen", "frozen"]
    assert seen.company("MA")["cap_usd"] == 410_130_000_000


# WORK, a direct listing (iexg#1052): $5.4B for about $25B

WORK = (1764925, "Slack Technologies, Inc.", "WORK", "NYSE")
WORK_DAYS = [*sessions_from(date(2019, 6, 20), 3), *sessions_from(date(2019, 9, 5), 4)]
"""The first days, and those around the first report with a cover page."""
WORK_FILED = Filed(
    WORK[0],
    date(2019, 9, 9),
    date(2019, 8, 30),
    (OfClass(A, 139_830_000, "Class A common stock", "WORK"), OfClass(B, 507_520_000)),
)


def work_sessions() -> dict[date, list[Quote]]:
    """The vendor counts the shares registered for sale, all of class A."""
    name, count = "Slack Technologies, Inc. Class A Common Stock", 139_830_000
    volumes = [137_000_000, *range(9_000_000, 9_000_006)]
    return {
        day: [Quote("WORK", name, 38.62, 38.62 * count, 38.62, volume, "nyse")]
        for day, volume in zip(WORK_DAYS, volumes, strict=True)
    }


def test_work_is_right_from_its_first_cover_page_on() -> None:
    """No report before it has a cover page: until then the vendor's cap stands, and its tier says whose it is."""
    seen = published(work_sessions(), [WORK_FILED], [WORK])
    assert seen.caps("WORK") == pytest.approx([5.4 * BILLION] * 5 + [25.0 * BILLION] * 2, rel=0.005)
    tiers = [seen.company("WORK", day)["tier"] for day in WORK_DAYS]
    assert tiers == ["vendor_implied"] * 5 + ["sec_class"] * 2


def test_work_is_right_from_its_first_session_on_by_a_count_of_the_operators() -> None:
    """The prospectus has the count of all classes; an operator may supply it (role share_counts, source files)."""
    own = pl.DataFrame({"symbol": ["WORK"], "shares": [647_350_000], "as_of": [date(2019, 5, 31)]})
    seen = published({day: work_sessions()[day] for day in WORK_DAYS[:3]}, [], [WORK], own)
    assert seen.caps("WORK") == pytest.approx([25.0 * BILLION] * 3, rel=0.005)
    assert seen.company("WORK")["tier"] == "files_shares"


# RELIANCE.NS, a false alarm (OpenBB#7454): 13.53 billion shares are right since the bonus of October 2024

RELIANCE_DAYS = sessions_from(date(2024, 10, 24), 6)


def reliance(close: float, count: float, previous: float) -> list[Quote]:
    """In dollars, at 84 rupees to one."""
    return [Quote("RELIANCE.NS", "Reliance Industries Limited", close, close * count, previous, 10_000_000, "nyse")]


def test_reliance_doubles_its_count_with_half_the_price_and_nothing_mends_it() -> None:
    """One new share for each old one on 2024-10-28: 6.77 billion become 13.53, and the cap does not move."""
    quotes = [
        reliance(31.94, 6.766e9, 31.90),
        reliance(31.60, 6.766e9, 31.94),
        reliance(15.88, 13.532e9, 15.80),
        reliance(15.95, 13.532e9, 15.88),
        reliance(16.00, 13.532e9, 15.95),
        reliance(15.90, 13.532e9, 16.00),
    ]
    seen = published(dict(zip(RELIANCE_DAYS, quotes, strict=True)))
    assert seen.caps("RELIANCE.NS") == [round(quote[0].vendor_cap) for quote in quotes]
    assert [seen.held(day) for day in RELIANCE_DAYS] == [[]] * 6
    lines = [seen.line("RELIANCE.NS", day) for day in RELIANCE_DAYS]
    assert {line["count_factor"] for line in lines} == {1.0}
    assert {line["factor_cause"] for line in lines} == {None}
    assert [line["shares"] for line in lines[2:]] == pytest.approx([13.532e9] * 4)
    assert lines[2]["return_price"] == pytest.approx(15.88 / 15.80 - 1)
    assert [verdict.rule_codes for verdict in seen.verdicts] == [[]] * 6


def test_reliance_seen_for_the_first_time_after_the_bonus() -> None:
    seen = published({day: reliance(15.9, 13.532e9, 15.9) for day in RELIANCE_DAYS[3:]})
    assert seen.caps("RELIANCE.NS") == [round(15.9 * 13.532e9)] * 3


# ANET, 4:1 on 2024-12-04: the vendor forgot to adjust its previous close, and its count followed a session later.

ANET = (1596532, "ARISTA NETWORKS, INC.", "ANET", "NYSE")
ANET_FILED = Classless(1596532, date(2024, 11, 8), date(2024, 11, 1), 315_000_000)
ANET_DAYS = sessions_from(date(2024, 12, 2), 5)


def anet_sessions() -> dict[date, list[Quote]]:
    closes = (415.0, 315e6, 410.0), (420.0, 315e6, 415.0), (106.6, 315e6, 420.0), (108.0, 1260e6, 106.6)
    rows = [*closes, (109.0, 1260e6, 108.0)]
    name = "Arista Networks, Inc. Common Stock"
    quotes = [[Quote("ANET", name, close, close * count, before, exchange="nyse")] for close, count, before in rows]
    return dict(zip(ANET_DAYS, quotes, strict=True))


@pytest.mark.parametrize("filings", [[], [ANET_FILED]])
def test_a_split_that_no_price_showed_is_seen_when_the_count_follows(filings: list[Classless]) -> None:
    """Its day is wrong by the ratio, as price and cap agree; from the next on the filed count has the split, too."""
    seen = published(anet_sessions(), filings, [ANET])
    assert [round(cap / BILLION, 1) for cap in seen.caps("ANET") if cap] == [130.7, 132.3, 33.6, 136.1, 137.3]
    [split] = seen.memory.splits.to_dicts()
    assert (split["ex_date"], split["ratio"], split["evidence"]) == (ANET_DAYS[2], 4.0, "price_and_count")
    assert split["confirmed_on"] == ANET_DAYS[3]


@pytest.mark.parametrize("ratio", [4.0, 0.25])
def test_a_split_that_the_company_files_is_seen_on_its_day(ratio: float) -> None:
    """Some file new for old, some old for new: the close tells which."""
    told = {"cik": ANET[0], "known_on": ANET_DAYS[0], "period_end": ANET_DAYS[2], "accession": "a-1", "ratio": ratio}
    ratios = pl.DataFrame([{name: told.get(name) for name in FILED_RATIOS}], FILED_RATIOS)
    seen = published(anet_sessions(), [ANET_FILED], [ANET], filed_ratios=ratios)
    assert [round(cap / BILLION, 1) for cap in seen.caps("ANET") if cap] == [130.7, 132.3, 134.3, 136.1, 137.3]
    [split] = seen.memory.splits.to_dicts()
    assert (split["ratio"], split["evidence"], split["declared_source"]) == (4.0, "declared", "sec_edgar a-1")


@pytest.mark.parametrize(
    "told", [{"period_start": date(2024, 10, 1)}, {"known_on": date(2025, 2, 14)}, {"period_end": date(2024, 11, 1)}]
)
def test_a_ratio_of_a_quarter_or_of_another_day_declares_no_split(told: dict[str, date]) -> None:
    row = {"cik": ANET[0], "known_on": ANET_DAYS[0], "period_end": ANET_DAYS[2], "accession": "a-1", "ratio": 4.0}
    ratios = pl.DataFrame([{name: (row | told).get(name) for name in FILED_RATIOS}], FILED_RATIOS)
    seen = published(anet_sessions(), [ANET_FILED], [ANET], filed_ratios=ratios)
    assert round((seen.caps("ANET")[2] or 0) / BILLION, 1) == 33.6
