"""Counts as filed: the book of what became known when, what is refused and why, and which line carries what."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.core.filed_counts import CURRENT, REVISITED_DAYS, no_counts, update_counts
from transforms.core.line_counts import OWN_RATIOS, line_counts
from transforms.core.placed_counts import placed_counts
from transforms.core.reported_counts import BOOK, book_of, known_between, vendor_symbol
from transforms.core.split_register import SPLITS_SCHEMA, no_splits

FILED, LATER = date(2024, 5, 3), date(2024, 8, 2)
COVER = {
    "cik": pl.Int64,
    "accession": pl.String,
    "form": pl.String,
    "known_on": pl.Date,
    "period_end": pl.Date,
    "share_class": pl.String,
    "class_title": pl.String,
    "symbol": pl.String,
    "shares": pl.Int64,
}
FACTS = {
    "cik": pl.Int64,
    "tag": pl.String,
    "unit": pl.String,
    "period_end": pl.Date,
    "value": pl.Float64,
    "accession": pl.String,
    "form": pl.String,
    "known_on": pl.Date,
}
NO_FACTS = pl.DataFrame(schema=FACTS)
BERKSHIRE = {"cik": 1067983, "basis": "class"}


def counts(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [
        {
            "cik": 1,
            "known_on": FILED,
            "as_of": row.get("known_on", FILED) - timedelta(days=7),
            "accession": f"a-{row.get('known_on', FILED)}",
            "form": "10-Q",
            "basis": "single",
            "share_class": "",
            "symbol": None,
            "title": None,
            **row,
        }
        for row in rows
    ]
    return pl.DataFrame(filled, schema=BOOK).sort("known_on", "cik", "as_of", "accession", "share_class")


def equity(*rows: dict[str, Any]) -> pl.DataFrame:
    filled = [
        {
            "line": number,
            "cik": 1,
            "company_id": "C:A",
            "security_id": row.get("symbol", "A"),
            "symbol": "A",
            "security_type": "common",
            "first_session": date(2020, 1, 2),
            "vendor_shares": None,
            "ads_ratio": None,
            "ads_ratio_from": None,
            "operating_from": None,
            **row,
        }
        for number, row in enumerate(rows)
    ]
    overrides = {
        "line": pl.Int64,
        "cik": pl.Int64,
        "vendor_shares": pl.Float64,
        "ads_ratio": pl.Float64,
        "ads_ratio_from": pl.Date,
        "operating_from": pl.Date,
    }
    return pl.DataFrame(filled, schema_overrides=overrides)


def splits(*rows: tuple[str, date, float]) -> pl.DataFrame:
    full = [(security, day, ratio, "price", None, None, None) for security, day, ratio in rows]
    return pl.DataFrame(full, schema=SPLITS_SCHEMA, orient="row")


def reasons(book: pl.DataFrame, lines: pl.DataFrame, known_splits: pl.DataFrame | None = None) -> list[str | None]:
    """Reason of each filing of the book, session by session of its own dates."""
    current, since, found = no_counts(), None, []
    for session in sorted(set(book["known_on"])):
        known = no_splits() if known_splits is None else known_splits.filter(pl.col("ex_date") <= session)
        current, decided = update_counts(current, book, lines, known, since, session)
        found += decided.unique("accession", keep="first", maintain_order=True)["reason_code"].to_list()
        since = session
    return found


def on_lines(
    book: pl.DataFrame,
    lines: pl.DataFrame,
    session: date,
    known_splits: pl.DataFrame | None = None,
    own: pl.DataFrame | None = None,
) -> dict[str, tuple[float, str]]:
    """Symbol to the filed count in shares of the session, and its tier."""
    known = no_splits() if known_splits is None else known_splits
    current, _ = update_counts(no_counts(), book, lines, known, None, session)
    found = line_counts(lines, current, known, session, own).join(lines.select("line", "symbol"), on="line")
    return {row["symbol"]: (row["filed_shares"], row["filed_tier"]) for row in found.to_dicts()}


# The book


def test_the_cover_page_comes_before_companyfacts_of_the_same_filing() -> None:
    cover = pl.DataFrame(
        [
            (1, "a1", "10-Q", FILED, date(2024, 4, 25), "CommonClassAMember", "Class A", "X.A", 300),
            (1, "a1", "10-Q", FILED, date(2024, 4, 25), "CommonClassBMember", "Class B", None, 100),
        ],
        schema=COVER,
        orient="row",
    )
    facts = pl.DataFrame(
        [
            (1, "EntityCommonStockSharesOutstanding", "shares", date(2024, 4, 25), 122.0, "a1", "10-Q", FILED),
            (
                1,
                "EntityCommonStockSharesOutstanding",
                "shares",
                date(2024, 1, 25),
                400.0,
                "a0",
                "10-K",
                date(2024, 2, 1),
            ),
            (1, "EntityPublicFloat", "USD", date(2024, 1, 25), 9e9, "a0", "10-K", date(2024, 2, 1)),
        ],
        schema=FACTS,
        orient="row",
    )
    book = book_of(cover, facts)
    assert book.select("accession", "basis", "share_class", "symbol", "shares").rows() == [
        ("a0", "single", "", None, 400),
        ("a1", "class", "CommonClassAMember", "X/A", 300),
        ("a1", "class", "CommonClassBMember", None, 100),
    ]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (1_100, [("class", "A", 1_000), ("class", "B", 100)]),
        (1_000, [("single", "", 1_000), ("single", "A", None)]),
        (5_000, [("single", "", 5_000), ("single", "A", None)]),
    ],
)
def test_a_total_beside_its_classes_counts_once(total: int, expected: list[tuple[str, str, int | None]]) -> None:
    filing = (1, "a1", "10-Q", FILED, date(2024, 4, 25))
    cover = pl.DataFrame(
        [
            (*filing, "", "Common Stock", None, total),
            (*filing, "A", "Class A Common Stock", "X.A", 1_000),
            (*filing, "B", "Class B Common Stock", None, 100),
        ],
        schema=COVER,
        orient="row",
    )
    assert book_of(cover, NO_FACTS).select("basis", "share_class", "shares").rows() == expected


def test_of_two_dates_in_one_filing_the_newest_counts() -> None:
    cover = pl.DataFrame(
        [
            (1, "a1", "10-K", FILED, date(2023, 12, 31), "", None, "X", 400),
            (1, "a1", "10-K", FILED, date(2024, 2, 20), "", None, "X", 410),
        ],
        schema=COVER,
        orient="row",
    )
    assert book_of(cover, NO_FACTS)["shares"].to_list() == [410]


@pytest.mark.parametrize(
    ("served", "symbol"),
    [
        ("BRK.B", "BRK/B"),
        ("brk-b", "BRK/B"),
        ("BRK B", "BRK/B"),
        ("GOOGL", "GOOGL"),
        ("NYSE: BHP", "BHP"),
        ("None", None),
        ("N/A", None),
        ("*", None),
        ("not applicable", None),
    ],
)
def test_symbols_in_the_quotes_dialect(served: str, symbol: str | None) -> None:
    assert pl.select(vendor_symbol(pl.lit(served))).item() == symbol


def test_a_filing_is_known_from_its_day_on() -> None:
    book = counts({"shares": 100_000}, {"known_on": LATER, "shares": 110_000})
    assert known_between(book, None, FILED)["shares"].to_list() == [100_000]
    assert known_between(book, FILED, LATER - timedelta(days=1)).is_empty()
    assert known_between(book, FILED, LATER)["shares"].to_list() == [110_000]


# What is refused


@pytest.mark.parametrize(
    ("before", "after", "vendor", "reason"),
    [
        (54_119_255, 53_501, 54e6, "scaled_by_a_thousand"),
        (None, 53_501, 54e6, "scaled_by_a_thousand"),
        (None, 1, None, "placeholder"),
        (None, 100, None, "placeholder"),
        (5_000_000, 1_000, None, "placeholder"),
        (20_000_000, 85_000_000, None, "jump"),
        (20_000_000, 85_000_000, 20e6, "jump"),
        (20_000_000, 85_000_000, 84e6, None),
        (20_000_000, 55_000_000, 20e6, None),
        (None, 20_000_000, 85e6, None),
    ],
)
def test_a_count_that_cannot_be_right_is_refused(
    before: int | None, after: int, vendor: float | None, reason: str | None
) -> None:
    rows = [{"shares": before}] if before else []
    book = counts(*rows, {"known_on": LATER, "shares": after})
    assert reasons(book, equity({"vendor_shares": vendor}))[-1] == reason


def test_a_split_between_two_filings_is_no_jump() -> None:
    """NVIDIA: 2.46 billion on 2024-05-24, ten for one on 06-10, 24.53 billion on 08-23."""
    book = counts({"shares": 2_460_000_000}, {"known_on": LATER, "shares": 24_530_000_000})
    lines = equity({"vendor_shares": None})
    assert reasons(book, lines, splits(("A", date(2024, 6, 10), 10.0))) == [None, None]
    assert reasons(book, lines) == [None, "jump"]


def test_a_refused_count_leaves_the_one_before() -> None:
    book = counts({"shares": 54_119_255}, {"known_on": LATER, "shares": 53_501})
    lines = equity({"vendor_shares": 54e6})
    first, _ = update_counts(no_counts(), book, lines, no_splits(), None, FILED)
    second, _ = update_counts(first, book, lines, no_splits(), FILED, LATER)
    assert second["shares"].to_list() == [54_119_255]


def quarters(shares: list[int]) -> pl.DataFrame:
    return counts(
        *({"known_on": date(2023, 2, 1) + timedelta(days=91 * n), "shares": count} for n, count in enumerate(shares))
    )


def classed(day: date, a: int, b: int | None, **values: Any) -> list[dict[str, Any]]:
    known = {"known_on": day, "basis": "class", **values}
    return [{**known, "share_class": "A", "symbol": "A", "shares": a}, {**known, "share_class": "B", "shares": b}]


@pytest.mark.parametrize(
    ("a", "b", "reason", "why"),
    [
        (40_000_000, 100, "placeholder", "a form filled in before the shares were known"),
        (40_000_000, 60_000, "scaled_by_a_thousand", "one class in thousands"),
        (99_000_000, 1_000_000, None, "59 million of class B were converted"),
        (100_000_000, 0, None, "all of them were"),
        (45_000_000, 61_000_000, None, "an issue"),
    ],
)
def test_each_class_is_compared_with_itself(a: int, b: int, reason: str | None, why: str) -> None:
    book = counts(*classed(FILED, 40_000_000, 60_000_000), *classed(LATER, a, b))
    assert reasons(book, equity({"vendor_shares": 1e8})) == [None, reason], why


@pytest.mark.parametrize(
    ("b", "vendor", "reason", "why"),
    [
        (100, 1e8, "placeholder", "the vendor counts 100 million"),
        (60_000, 1e8, "scaled_by_a_thousand", "with 60 million it is the vendor's count"),
        (1, 4e7, None, "a special vote: the vendor's count is class A's"),
        (60_000_000, 4e7, None, "the vendor counts the listed class alone"),
        (100, None, "placeholder", "nobody vouches for it"),
    ],
)
def test_a_class_of_a_first_filing_is_compared_with_the_vendors_count(
    b: int, vendor: float | None, reason: str | None, why: str
) -> None:
    book = counts(*classed(FILED, 40_000_000, b))
    assert reasons(book, equity({"vendor_shares": vendor})) == [reason], why


def test_a_good_filing_stays_beside_a_bad_newer_one_that_became_known_with_it() -> None:
    book = counts({"shares": 9_900_000}, {"shares": 100, "known_on": LATER})
    current, decided = update_counts(no_counts(), book, equity({}), no_splits(), None, LATER)
    assert current["shares"].to_list() == [9_900_000]
    assert decided.select("shares", "reason_code").rows() == [(9_900_000, None), (100, "placeholder")]


def test_a_jump_is_looked_at_again_until_the_vendor_vouches() -> None:
    """A merger: six times the shares on the cover page, and the vendor follows two sessions later."""
    book = counts({"shares": 10_000_000}, {"shares": 60_000_000, "known_on": LATER})
    current, _ = update_counts(no_counts(), book, equity({"vendor_shares": 1e7}), no_splits(), None, FILED)
    found, since = [], FILED
    for days, vendor in ((0, 1e7), (1, 1e7), (2, 5.9e7), (3, 5.9e7)):
        session = LATER + timedelta(days=days)
        lines = equity({"vendor_shares": vendor})
        current, decided = update_counts(current, book, lines, no_splits(), since, session)
        found.append((current["shares"].to_list(), decided.select("status", "reason_code", "decided_on").rows()))
        since = session
    assert found == [
        ([10_000_000], [("refused", "jump", LATER)]),
        ([10_000_000], []),
        ([60_000_000], [("accepted", None, LATER + timedelta(days=2))]),
        ([60_000_000], []),
    ]


def test_a_refused_jump_is_not_looked_at_for_ever() -> None:
    book = counts({"shares": 10_000_000}, {"shares": 60_000_000, "known_on": LATER})
    current, _ = update_counts(no_counts(), book, equity({"vendor_shares": 1e7}), no_splits(), None, LATER)
    late = LATER + timedelta(days=REVISITED_DAYS + 1)
    after, decided = update_counts(current, book, equity({"vendor_shares": 6e7}), no_splits(), LATER, late)
    assert (after["shares"].to_list(), decided.height) == ([10_000_000], 0)


@pytest.mark.parametrize(("form", "days", "reason"), [("10-K", 251, "stale"), ("10-K", 250, None), ("20-F", 251, None)])
def test_a_count_that_is_too_old_when_it_becomes_known(form: str, days: int, reason: str | None) -> None:
    book = counts({"shares": 10_000_000, "form": form, "as_of": FILED - timedelta(days=days)})
    assert reasons(book, equity({})) == [reason]


def test_a_series_that_nobody_fills_in_any_more() -> None:
    """The same count to the share in four filings, while the vendor's is a tenth away."""
    frozen = quarters([122_530_193] * 5)
    assert reasons(frozen, equity({"vendor_shares": 140e6})) == [None, None, None, "frozen", "frozen"]
    assert reasons(frozen, equity({"vendor_shares": 123e6})) == [None] * 5
    assert reasons(quarters([2_470_000_000] * 5), equity({"vendor_shares": 2.8e9})) == [None] * 5, "rounded"


# Which line carries what


def test_one_line_carries_all_classes_at_its_price() -> None:
    """An UP-C: class B is not listed, and worth as much as class A."""
    book = counts(
        {"basis": "class", "share_class": "CommonClassAMember", "symbol": "A", "shares": 60_000_000},
        {"basis": "class", "share_class": "CommonClassBMember", "shares": 40_000_000},
    )
    assert on_lines(book, equity({}), FILED) == {"A": (100_000_000.0, "sec_class")}


def test_each_listed_class_its_own_and_the_unlisted_with_the_first() -> None:
    """Alphabet: class A and C are listed, B is not."""
    book = counts(
        {"basis": "class", "share_class": "CommonClassAMember", "symbol": "GOOGL", "shares": 5_874_000_000},
        {"basis": "class", "share_class": "CommonClassBMember", "shares": 866_000_000},
        {"basis": "class", "share_class": "CapitalClassCMember", "symbol": "GOOG", "shares": 5_616_000_000},
    )
    lines = equity(
        {"symbol": "GOOG", "first_session": date(2014, 4, 3)},
        {"symbol": "GOOGL"} | {"first_session": date(2004, 8, 19)},
    )
    assert on_lines(book, lines, FILED) == {
        "GOOGL": (6_740_000_000.0, "sec_class"),
        "GOOG": (5_616_000_000.0, "sec_class"),
    }


def test_an_unlisted_class_converts_at_its_ratio() -> None:
    """Berkshire with class B alone quoted: a class A share converts into 1,500 class B shares."""
    book = counts(
        {"cik": 1067983, "basis": "class", "share_class": "CommonClassAMember", "shares": 560_000},
        {
            "cik": 1067983,
            "basis": "class",
            "share_class": "CommonClassBMember",
            "symbol": "BRK/B",
            "shares": 1_310_000_000,
        },
    )
    found = on_lines(book, equity({"cik": 1067983, "symbol": "BRK/B"}), FILED)
    assert found == {"BRK/B": (1_310_000_000 + 560_000 * 1500.0, "sec_class")}


def test_a_class_that_converts_into_the_others_counts_them_in_its_own_shares() -> None:
    """Berkshire with class A alone quoted: 1,500 class B shares make one of it."""
    book = counts(
        {"cik": 1067983, "basis": "class", "share_class": "CommonClassAMember", "symbol": "BRK/A", "shares": 560_000},
        {"cik": 1067983, "basis": "class", "share_class": "CommonClassBMember", "symbol": "BRK/B", "shares": 1_500_000},
    )
    found = on_lines(book, equity({"cik": 1067983, "symbol": "BRK/A"}), FILED)
    assert found == {"BRK/A": (561_000.0, "sec_class")}


FIRST_VISA = date(2023, 6, 1)
VISA = {"cik": 1403161, "basis": "class", "form": "10-K"}


@pytest.mark.parametrize(
    ("session", "ratio"),
    [
        (date(2023, 10, 2), 1.5875),
        (date(2023, 9, 29), 1.5902),
        (date(2023, 6, 29), 1.5902),
        (date(2023, 6, 28), 1.5991),
    ],
)
def test_a_ratio_counts_from_the_day_that_it_is_published(session: date, ratio: float) -> None:
    """Visa, in millions: 1,594 of class A, 245 of B and 10 of C made 2,022 on 2023-09-30 by its own report."""
    classes = {"CommonClassAMember": 1_594e6, "CommonClassBMember": 245e6, "CommonClassCMember": 9.6e6}
    book = counts(
        *(
            VISA
            | {"share_class": name, "shares": shares, "symbol": "V" if "ClassA" in name else None}
            | {"known_on": FIRST_VISA}
            for name, shares in classes.items()
        )
    )
    [(shares, _)] = on_lines(book, equity({"cik": 1403161, "symbol": "V"}), session).values()
    assert shares == pytest.approx(1_594e6 + 245e6 * ratio + 4 * 9.6e6)
    if ratio == 1.5875:
        assert shares == pytest.approx(2_022e6, rel=0.0005)


def test_what_was_placed_holds_until_a_ratio_changes() -> None:
    book = counts(
        VISA | {"share_class": "CommonClassAMember", "symbol": "V", "shares": 1_600_000_000, "known_on": FIRST_VISA},
        VISA | {"share_class": "CommonClassBMember", "shares": 245_000_000, "known_on": FIRST_VISA},
    )
    lines = equity({"cik": 1403161, "symbol": "V"})
    current, _ = update_counts(no_counts(), book, lines, no_splits(), None, FIRST_VISA)
    own = pl.DataFrame(schema=OWN_RATIOS)
    placed, found = None, []
    for session in (FIRST_VISA, date(2023, 6, 28), date(2023, 6, 29), date(2023, 7, 3)):
        rows, placed = placed_counts(lines, current, no_splits(), session, own, placed)
        found.append(rows["filed_shares"].item())
    assert found == pytest.approx([1.6e9 + 245e6 * ratio for ratio in (1.5991, 1.5991, 1.5902, 1.5902)])


def test_both_berkshire_lines_carry_their_own() -> None:
    book = counts(
        {"cik": 1067983, "basis": "class", "share_class": "CommonClassAMember", "symbol": "BRK/A", "shares": 560_000},
        {
            "cik": 1067983,
            "basis": "class",
            "share_class": "CommonClassBMember",
            "symbol": "BRK/B",
            "shares": 1_310_000_000,
        },
    )
    lines = equity({"cik": 1067983, "symbol": "BRK/A"}, {"cik": 1067983, "symbol": "BRK/B"})
    assert on_lines(book, lines, FILED) == {
        "BRK/A": (560_000.0, "sec_class"),
        "BRK/B": (1_310_000_000.0, "sec_class"),
    }


def test_one_count_for_several_lines_says_nothing() -> None:
    """Visa's and Mastercard's classless series: which line would it be about?"""
    book = counts({"shares": 122_530_193})
    assert on_lines(book, equity({"symbol": "A"}, {"symbol": "B"}), FILED) == {}


def test_a_listed_class_without_a_count_says_nothing_of_the_company() -> None:
    book = counts(
        {"basis": "class", "share_class": "CommonClassAMember", "symbol": "A", "shares": 60_000_000},
        {"basis": "class", "share_class": "CommonClassBMember", "symbol": "B", "shares": None},
    )
    assert on_lines(book, equity({"symbol": "A"}, {"symbol": "B"}), FILED) == {}


@pytest.mark.parametrize(
    ("title", "by_name", "expected"),
    [
        ("American Depositary Shares, each representing 13 Ordinary Shares, par value $0.0001", None, 107_000_000.0),
        ("American Depositary Shares", 13.0, 107_000_000.0),
        ("American Depositary Shares", None, None),
        ("Ordinary Shares, par value $0.0001 per share", 13.0, 1_391_000_000.0),
        (None, 13.0, 107_000_000.0),
    ],
)
def test_the_title_of_the_listed_security_decides(title: str | None, by_name: float | None, expected: float) -> None:
    """BeOne Medicines (ONC): 1.391 billion ordinary shares, thirteen to a depositary share, and no 20-F."""
    book = counts(
        {"basis": "class", "share_class": "AdsMember", "symbol": "ONC", "title": title, "shares": None},
        {"basis": "class", "share_class": "OrdinarySharesMember", "title": "Ordinary Shares", "shares": 1_391_000_000},
    )
    if title and title.startswith("Ordinary"):
        book = counts({"symbol": "ONC", "title": title, "shares": 1_391_000_000})
    if title is None:
        book = counts({"shares": 1_391_000_000})
    lines = equity({"symbol": "ONC", "security_type": "depositary_share", "ads_ratio": by_name})
    found = on_lines(book, lines, FILED)
    assert found.get("ONC", (None,))[0] == expected


def test_a_count_is_in_shares_of_the_session() -> None:
    """Beyond Meat: counted on 2026-08-06, one for thirty from 08-14 on."""
    book = counts({"shares": 450_000_000})
    known = splits(("A", FILED + timedelta(days=3), 1 / 30))
    assert on_lines(book, equity({}), FILED + timedelta(days=2), no_splits())["A"][0] == 450_000_000
    assert on_lines(book, equity({}), FILED + timedelta(days=3), known)["A"][0] == pytest.approx(15_000_000)


def test_a_new_depositary_ratio_is_no_split_of_the_shares_behind() -> None:
    """VEON: 25 shares to one since 2023-03-08, which the price shows like a reverse split. The name says it later."""
    day = FILED + timedelta(days=10)
    known = splits(("VEON", day, 1 / 25))
    book = counts({"shares": 1_750_000_000})
    before = equity({"symbol": "VEON", "security_type": "depositary_share", "ads_ratio": 1.0})
    after = before.with_columns(ads_ratio=pl.lit(25.0), ads_ratio_from=pl.lit(day + timedelta(days=2)))
    assert on_lines(book, before, day, known)["VEON"][0] == pytest.approx(70_000_000)
    assert on_lines(book, after, day + timedelta(days=2), known)["VEON"][0] == pytest.approx(70_000_000)


def test_the_operators_depositary_ratio_goes_before_the_title() -> None:
    """What a title says may be out of date; splits before the operator's first day are in the ratio already."""
    book = counts({"shares": 800_000_000, "symbol": "ADS", "title": "ADSs, each representing 4 ordinary shares"})
    lines = equity({"symbol": "ADS", "security_type": "depositary_share"})
    day = FILED + timedelta(days=3)
    known = splits(("ADS", day, 0.5))
    own = pl.DataFrame({"symbol": ["ADS"], "ratio": [8.0], "valid_from": [day]})
    assert on_lines(book, lines, day, known)["ADS"][0] == 100_000_000
    assert on_lines(book, lines, day, known, own)["ADS"][0] == 100_000_000
    assert on_lines(book, lines, day)["ADS"][0] == 200_000_000
    assert on_lines(book, lines, day, None, own)["ADS"][0] == 100_000_000


@pytest.mark.parametrize(
    ("form", "days", "is_used"), [("10-Q", 250, True), ("10-Q", 251, False), ("20-F", 500, True), ("20-F", 501, False)]
)
def test_a_count_ages(form: str, days: int, is_used: bool) -> None:
    book = counts({"form": form, "shares": 100_000_000, "as_of": FILED})
    assert bool(on_lines(book, equity({}), FILED + timedelta(days=days))) == is_used


# No look-ahead


@given(
    filed=st.dictionaries(st.integers(0, 400), st.integers(20_000, 10**9), min_size=1, max_size=12),
    at=st.integers(0, 400),
)
def test_filings_of_later_days_change_nothing(filed: dict[int, int], at: int) -> None:
    start, session = date(2023, 1, 2), date(2023, 1, 2) + timedelta(days=at)
    rows = [{"known_on": start + timedelta(days=day), "shares": shares} for day, shares in filed.items()]
    known = [row for row in rows if row["known_on"] <= session]
    lines = equity({"vendor_shares": 1e8})

    def walked(book: pl.DataFrame) -> pl.DataFrame:
        current, since = no_counts(), None
        for day in sorted({*(row["known_on"] for row in known), session}):
            current, _ = update_counts(current, book, lines, no_splits(), since, day)
            since = day
        return current

    everything = counts(*rows)
    assert walked(everything).equals(walked(counts(*known) if known else everything.clear().select(list(BOOK))))
    assert set(walked(everything).columns) == set(CURRENT)
