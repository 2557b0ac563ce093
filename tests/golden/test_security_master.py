"""Small histories of lines whose identity is known, from quotes to core.securities, with and without CIKs.

Prices in USD, caps in millions of USD; `-` is unknown. Names, symbols, exchanges and days are real, of figures the
order of magnitude.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from transforms.contracts import table
from transforms.core.delistings import FORMS, with_delistings
from transforms.core.identity import REMEMBERED, SessionClock, empty_registry, resolve, update_registry
from transforms.core.securities import securities
from transforms.core.security_types import classify

COLUMNS = ("day", "symbol", "exchange", "cik", "close", "before", "cap", "name")

REUSE = """
2023-05-01 BBBY nasdaq -       0.08  0.09  34   Bed Bath & Beyond Inc. Common Stock
2023-05-02 BBBY nasdaq -       0.07  0.08  30   Bed Bath & Beyond Inc. Common Stock
2025-08-27 BYON nyse   1130713 9.90  9.80  569  Beyond Inc. Common Stock
2025-08-28 BYON nyse   1130713 10.00 9.90  575  Beyond Inc. Common Stock
2025-08-29 BBBY nyse   1130713 10.10 10.00 581  Bed Bath & Beyond Inc.
"""
PARAMOUNT = """
2022-02-16 VIAC nasdaq 813828  29.58 36.00 19200 ViacomCBS Inc. Class B Common Stock
2022-02-17 PARA nasdaq 813828  28.55 29.58 18531 Paramount Global Class B Common Stock
2026-08-06 BNZI nasdaq 1826011 1.00  1.10  20    Banzai International Inc. Class A Common Stock
2026-08-07 PARA nasdaq 1826011 1.05  1.00  21    Banzai International Inc. Class A Common Stock
"""
FACEBOOK = """
2022-06-08 FB   nasdaq - 196.64 195.65 532000 Meta Platforms Inc. Class A Common Stock
2022-06-09 META nasdaq - 184.00 196.64 498000 Meta Platforms Inc. Class A Common Stock
"""
SHELL = """
2024-03-25 DWAC nasdaq 1849635 49.95 36.94 1855 Digital World Acquisition Corp. Class A Common Stock
2024-03-26 DJT  nasdaq 1849635 57.99 49.95 7850 Trump Media & Technology Group Corp. Common Stock
"""
SAME_SYMBOL = """
2023-12-29 PNFP nasdaq 1115055 95.39 95.00 7400  Pinnacle Financial Partners Inc. Common Stock
2024-01-02 PNFP nyse   2082866 94.00 95.39 14400 Pinnacle Financial Partners Inc. Common stock
2023-12-29 RNA  nasdaq 1599901 72.90 72.80 11000 Avidity Biosciences Inc. Common Stock
2024-01-02 RNA  nasdaq 2099999 14.00 15.00 210   Atrium Therapeutics Inc. Common Stock
"""
ALPHABET = """
2024-01-02 GOOG  nasdaq 1652044 139.56 140.93 1740000 Alphabet Inc. Class C Capital Stock
2024-01-02 GOOGL nasdaq 1652044 138.17 139.69 1730000 Alphabet Inc. Class A Common Stock
2024-01-03 GOOG  nasdaq 1652044 140.36 139.56 1750000 Alphabet Inc. Class C Capital Stock
2024-01-03 GOOGL nasdaq 1652044 138.92 138.17 1740000 Alphabet Inc. Class A Common Stock
"""
ONE_REGISTRANT = """
2024-01-02 AAA nyse 11 10.00 10.00 1000 Alpha Industries Inc. Common Stock
2024-01-03 AAA nyse 11 10.10 10.00 1010 Alpha Industries Inc. Common Stock
2024-01-03 BBB nyse 11 5.00  5.00  500  Beta Tracking Stock Series B Common Stock
2024-01-03 CCC nyse 12 7.00  7.00  700  Alpha Industries Inc. Common Stock
"""
MOVE = """
2024-01-02 SFBS nasdaq 1430723 60.00 60.00 3200 ServisFirst Bancshares Inc. Common Stock
2024-01-03 SFBS nyse   1430723 61.00 60.00 3250 ServisFirst Bancshares Inc. Common Stock
"""


@dataclass(frozen=True)
class History:
    """What a history ends as."""

    lines: pl.DataFrame
    securities: pl.DataFrame

    def security(self, day: str, symbol: str) -> str:
        """The security of a symbol on a day."""
        return str(self._of(day, symbol)["security_id"].item())

    def company(self, day: str, symbol: str) -> str:
        """The company of a symbol on a day."""
        return str(self._of(day, symbol)["company_id"].item())

    def rule(self, day: str, symbol: str) -> str:
        """The rule that linked a symbol on a day."""
        return str(self._of(day, symbol)["link_rule"].item())

    def _of(self, day: str, symbol: str) -> pl.DataFrame:
        return self.lines.filter((pl.col("session_date") == date.fromisoformat(day)) & (pl.col("symbol") == symbol))


def forgotten() -> list[pl.Expr]:
    """What the walk remembers of counts, which says nothing about who a line is."""
    unknown = [pl.lit(None, dtype).alias(name) for name, dtype in REMEMBERED.items()]
    return [*unknown, pl.lit(value=False).alias("is_noted")]


def told(text: str, *, with_cik: bool = True) -> pl.DataFrame:
    rows = [dict(zip(COLUMNS, line.split(maxsplit=7), strict=True)) for line in text.strip().splitlines()]
    number = {"close": pl.Float64, "before": pl.Float64, "cap": pl.Float64}
    cik = pl.col("cik").cast(pl.Int64, strict=False) if with_cik else pl.lit(None, pl.Int64)
    frame = pl.DataFrame(rows).with_columns(pl.col(name).cast(dtype) for name, dtype in number.items())
    lines = frame.select(
        "symbol",
        "exchange",
        "name",
        "close",
        cik.alias("cik"),
        session_date=pl.col("day").str.to_date(),
        previous_close="before",
        volume=pl.lit(1000, pl.Int64),
        vendor_cap_usd=(pl.col("cap") * 1e6).cast(pl.Int64),
        country=pl.lit("United States"),
        sector=pl.lit(None, pl.String),
        industry=pl.lit(None, pl.String),
    )
    return classify(lines).with_row_index("attributes_id")


def history(text: str, *, with_cik: bool = True) -> History:
    """The history walked session by session; the clock knows the sessions of the history alone."""
    lines = told(text, with_cik=with_cik)
    days = sorted(set(lines["session_date"]))
    registry, known, last = empty_registry(), table("core.securities").empty(), None
    walked = []
    for day in days:
        clock = SessionClock(day, last, last, day - timedelta(days=7))
        resolved = resolve(lines.filter(pl.col("session_date") == day), registry, clock)
        registry = update_registry(registry, resolved.with_columns(forgotten()), day)
        known = securities(known, resolved, lines.drop("session_date"), [*([last] if last else []), day])
        walked.append(resolved.select("session_date", "symbol", "security_id", "company_id", "link_rule"))
        last = day
    return History(pl.concat(walked), known)


def test_bed_bath_and_beyond_is_two_companies_and_overstock_the_second() -> None:
    walked = history(REUSE)
    assert walked.security("2025-08-29", "BBBY") == walked.security("2025-08-28", "BYON") == "BYON~20250827"
    assert walked.security("2023-05-02", "BBBY") == "BBBY~20230501"
    ciks = dict(walked.securities.select("security_id", "cik").unique().iter_rows())
    assert ciks == {"BBBY~20230501": None, "BYON~20250827": 1130713}


def test_without_ciks_price_and_cap_tell_the_same() -> None:
    walked = history(REUSE, with_cik=False)
    assert walked.security("2025-08-29", "BBBY") == "BYON~20250827"
    assert walked.rule("2025-08-29", "BBBY") == "renamed_same_price_and_cap"


@pytest.mark.parametrize("with_cik", [True, False])
def test_paramount_and_banzai_had_one_symbol(with_cik: bool) -> None:
    walked = history(PARAMOUNT, with_cik=with_cik)
    assert walked.security("2022-02-17", "PARA") == "VIAC~20220216"
    assert walked.security("2026-08-07", "PARA") == "BNZI~20260806"


@pytest.mark.parametrize("with_cik", [True, False])
def test_facebook_became_meta(with_cik: bool) -> None:
    walked = history(FACEBOOK, with_cik=with_cik)
    assert walked.security("2022-06-09", "META") == "FB~20220608"
    rows = walked.securities.select("symbol", "valid_from", "valid_to").rows()
    assert rows == [("FB", date(2022, 6, 8), date(2022, 6, 8)), ("META", date(2022, 6, 9), None)]


def test_the_operating_company_out_of_a_shell_keeps_security_and_company() -> None:
    walked = history(SHELL)
    assert walked.security("2024-03-26", "DJT") == "DWAC~20240325"
    assert walked.company("2024-03-26", "DJT") == "C:DWAC~20240325"
    assert walked.rule("2024-03-26", "DJT") == "renamed_same_cik"
    assert walked.securities["security_type"].to_list() == ["spac", "common"]


def test_without_a_cik_it_is_another_one() -> None:
    walked = history(SHELL, with_cik=False)
    assert walked.security("2024-03-26", "DJT") == "DJT~20240326"


def test_another_registrant_takes_a_symbol_from_one_day_to_the_next() -> None:
    walked = history(SAME_SYMBOL)
    assert walked.security("2024-01-02", "RNA") == "RNA~20240102"
    assert walked.security("2023-12-29", "RNA") == "RNA~20231229"


def test_a_successor_under_the_same_symbol_and_price_is_the_same_security() -> None:
    walked = history(SAME_SYMBOL)
    assert walked.security("2024-01-02", "PNFP") == "PNFP~20231229"
    moved = walked.securities.filter(pl.col("security_id") == "PNFP~20231229")
    assert moved.select("exchange", "cik").rows() == [("nasdaq", 1115055), ("nyse", 2082866)]


@pytest.mark.parametrize("with_cik", [True, False])
def test_two_classes_of_alphabet_are_one_company(with_cik: bool) -> None:
    walked = history(ALPHABET, with_cik=with_cik)
    assert walked.lines["security_id"].n_unique() == 2
    assert walked.lines["company_id"].unique().to_list() == ["C:GOOG~20240102"]


def test_a_new_line_joins_the_company_of_its_registrant_and_no_other_of_its_name() -> None:
    walked = history(ONE_REGISTRANT)
    assert walked.company("2024-01-03", "BBB") == "C:AAA~20240102"
    assert walked.rule("2024-01-03", "BBB") == "listed_line_of_known_cik"
    assert walked.company("2024-01-03", "CCC") == "C:CCC~20240103"
    by_name = history(ONE_REGISTRANT, with_cik=False)
    assert by_name.company("2024-01-03", "CCC") == "C:AAA~20240102"


def test_a_move_to_another_exchange_is_an_interval_of_the_same_security() -> None:
    walked = history(MOVE)
    assert walked.securities.select("security_id", "exchange", "valid_from").rows() == [
        ("SFBS~20240102", "nasdaq", date(2024, 1, 2)),
        ("SFBS~20240102", "nyse", date(2024, 1, 3)),
    ]


def _calendar(first: date, count: int) -> pl.DataFrame:
    days = [first + timedelta(days=offset) for offset in range(count)]
    at = [datetime.combine(day, time(21), UTC) for day in days]
    return pl.DataFrame({"session_date": days, "known_at": at}).cast({"known_at": pl.Datetime("us", "UTC")})


def _forms(*rows: tuple[str, date, str | None]) -> pl.DataFrame:
    return pl.DataFrame([(1430723, *row) for row in rows], schema=FORMS, orient="row")


LAST = date(2024, 1, 3)


@pytest.mark.parametrize(
    ("forms", "reason"),
    [
        ([], "not_quoted"),
        ([("25-NSE", LAST, None)], "form_25_nse"),
        ([("25", date(2023, 12, 20), None)], "form_25"),
        ([("15-12G", date(2024, 1, 12), None)], "deregistered"),
        ([("25-NSE", LAST, None), ("15-12G", date(2024, 1, 13), None)], "form_25_nse"),
        ([("25-NSE", LAST, None), ("8-K", LAST, "2.01,3.01,5.01")], "acquired"),
        ([("8-K", LAST, "2.01")], "not_quoted"),
        ([("25-NSE", LAST, None), ("8-K", LAST, "2.02,9.01")], "form_25_nse"),
        # A bond of the company was delisted, long before.
        ([("25-NSE", date(2022, 5, 2), None)], "not_quoted"),
        # Filed after the last admitted session.
        ([("15-12G", date(2024, 2, 25), None)], "not_quoted"),
    ],
)
def test_why_a_security_was_delisted(forms: list[tuple[str, date, str | None]], reason: str) -> None:
    ended = with_delistings(history(MOVE).securities, _calendar(date(2024, 1, 2), 12), _forms(*forms))
    assert ended["delisting_reason"].to_list() == [reason, reason]
    assert ended["delisted_on"].to_list() == [LAST, LAST]
    assert ended["delisting_known_at"][0] == datetime(2024, 1, 13, 21, tzinfo=UTC)


def test_nine_sessions_without_a_line_are_no_delisting() -> None:
    quoted = history(MOVE).securities
    unended = with_delistings(quoted, _calendar(date(2024, 1, 2), 11), _forms(("25-NSE", LAST, None)))
    assert unended.equals(quoted)


def test_a_renamed_security_is_not_delisted() -> None:
    renamed = history(FACEBOOK).securities
    assert with_delistings(renamed, _calendar(date(2022, 6, 1), 9), _forms()).equals(renamed)


def test_a_line_that_comes_back_was_never_delisted() -> None:
    walked = history(MOVE).securities
    ended = with_delistings(walked, _calendar(date(2024, 1, 2), 12), _forms())
    back = ended.with_columns(last_session=pl.lit(date(2024, 1, 13)))
    assert with_delistings(back, _calendar(date(2024, 1, 2), 12), _forms())["delisted_on"].null_count() == 2
