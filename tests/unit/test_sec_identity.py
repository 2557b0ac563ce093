"""CIKs of described lines: ticker and name must both say so."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.core.sec_identity import NAMES, ciks, known_names
from transforms.staging.sec_tickers import TICKERS

V24, V25 = date(2024, 12, 31), date(2025, 12, 30)
MAP = pl.DataFrame(
    [
        (1130713, "BEYOND, INC.", "BYON", "NYSE", V24),
        (1130713, "BED BATH & BEYOND, INC.", "BBBY", "NYSE", V25),
        (813828, "Paramount Global", "PARA", "Nasdaq", V24),
        (1067983, "BERKSHIRE HATHAWAY INC", "BRK-B", "NYSE", V25),
        (1253986, "ARBOR REALTY TRUST INC", "ABR", "NYSE", V25),
        (2044009, "Armada Acquisition Corp. II", "AACI", "Nasdaq", V24),
        (2092897, "Armada Acquisition Corp. III", "AACI", "Nasdaq", V25),
        (1115055, "PINNACLE FINANCIAL PARTNERS INC", "PNFP", "Nasdaq", V24),
        (2082866, "Pinnacle Financial Partners, Inc.", "PNFP", "NYSE", V25),
        (1326801, "Meta Platforms, Inc.", "META", "Nasdaq", V25),
        (1849635, "Trump Media & Technology Group Corp.", "DWAC", "Nasdaq", V24),
        (77, "Otherwise Unknown Corp", "OTCX", "OTC", V25),
    ],
    schema=TICKERS,
    orient="row",
)
FORMER = pl.DataFrame(
    [
        {
            "cik": 1849635,
            "name": "Trump Media & Technology Group Corp.",
            "former_names": [
                {"name": "Digital World Acquisition Corp.", "from": date(2021, 1, 1), "to": date(2024, 3, 25)}
            ],
        },
        {"cik": 1326801, "name": "Meta Platforms, Inc.", "former_names": []},
    ],
    schema=NAMES,
)


def found(*lines: tuple[str, str, str | None], names: pl.DataFrame | None = None) -> list[Any]:
    """CIKs of lines (symbol, exchange, name)."""
    frame = pl.DataFrame(lines, schema={"symbol": pl.String, "exchange": pl.String, "name": pl.String}, orient="row")
    known = known_names(MAP, names if names is not None else FORMER)
    return ciks(frame, known).to_list()


@pytest.mark.parametrize(
    ("symbol", "exchange", "name", "cik"),
    [
        ("BRK/B", "nyse", "Berkshire Hathaway Inc.", 1067983),
        ("ABR^D", "nyse", "Arbor Realty Trust 6.375% Series D Cumulative Redeemable Preferred Stock", 1253986),
        ("PARA", "nasdaq", "Paramount Global Class B Common Stock", 813828),
        # Another company under the ticker.
        ("PARA", "nasdaq", "Banzai International Inc. Class A Common Stock", None),
        # The exchange says that this one is not the company of the map.
        ("BBBY", "nasdaq", "Bed Bath & Beyond Inc. Common Stock", None),
        ("BBBY", "nyse", "Bed Bath & Beyond Inc. Common Stock", 1130713),
        # Shells of one sponsor differ in the number alone.
        ("AACI", "nasdaq", "Armada Acquisition Corp. I Common Stock", None),
        ("AACI", "nasdaq", "Armada Acquisition Corp. II Class A Ordinary Shares", 2044009),
        ("AACI", "nasdaq", "Armada Acquisition Corp. III Class A Ordinary Share", 2092897),
        # A successor under the same name and ticker.
        ("PNFP", "nasdaq", "Pinnacle Financial Partners Inc. Common Stock", 1115055),
        ("PNFP", "nyse", "Pinnacle Financial Partners Inc. Common stock", 2082866),
        # What a registrant was called before proves it, too.
        ("DWAC", "nasdaq", "Digital World Acquisition Corp. Class A Common Stock", 1849635),
        ("OTCX", "nasdaq", "Otherwise Unknown Corp Common Stock", 77),
        ("META", "nasdaq", None, None),
        ("NONE", "nasdaq", "Meta Platforms Inc. Class A Common Stock", None),
    ],
)
def test_ticker_and_name_prove_a_registrant(symbol: str, exchange: str, name: str | None, cik: int | None) -> None:
    assert found((symbol, exchange, name)) == [cik]


def test_of_a_registrant_and_its_successor_under_one_name_neither_is_proven() -> None:
    """Star Equity's ticker and name are Hudson's since their merger in 2025."""
    rows = [(707605, "STAR EQUITY HOLDINGS, INC.", V24), (1210708, "Star Equity Holdings, Inc.", V25)]
    star = pl.DataFrame([(cik, name, "STRR", "Nasdaq", day) for cik, name, day in rows], schema=TICKERS, orient="row")
    line = pl.DataFrame(
        {"symbol": ["STRR"], "exchange": ["nasdaq"], "name": ["Star Equity Holdings Inc. Common Stock"]}
    )
    assert ciks(line, known_names(star, FORMER.clear())).to_list() == [None]
    assert ciks(line, known_names(star.head(1), FORMER.clear())).to_list() == [707605]


def test_without_former_names_the_shell_is_not_known() -> None:
    line = ("DWAC", "nasdaq", "Digital World Acquisition Corp. Class A Common Stock")
    assert found(line, names=FORMER.clear()) == [None]


def test_answers_come_in_the_order_of_the_descriptions() -> None:
    lines = [
        ("META", "nasdaq", "Meta Platforms Inc."),
        ("XX", "nyse", "Nobody"),
        ("META", "nasdaq", "Meta Platforms Inc."),
    ]
    assert found(*lines) == [1326801, None, 1326801]


def test_without_a_map_nothing_is_known() -> None:
    frame = pl.DataFrame({"symbol": ["A"], "exchange": ["nyse"], "name": ["Agilent"]})
    assert ciks(frame, known_names(MAP.clear(), FORMER.clear())).to_list() == [None]


@pytest.mark.parametrize(
    ("screener", "sec"),
    [
        ("BRK/A", "BRK-A"),
        ("ABR^D", "ABR-PD"),
        ("KIM.PRL", "KIM-PL"),
        ("HLM.PR", "HLM-P"),
        ("BAC^", "BAC-P"),
        ("GFX.U", "GFX-UN"),
        ("CBAH.WS", "CBAH-WT"),
        ("PBR.A", "PBR-A"),
        ("AACIU ", "AACIU"),
    ],
)
def test_dialects_of_class_suffixes(screener: str, sec: str) -> None:
    row = pl.DataFrame([(5, "Alpha Beta Gamma", sec, "NYSE", V25)], schema=TICKERS, orient="row")
    line = pl.DataFrame({"symbol": [screener], "exchange": ["nyse"], "name": ["Alpha Beta Gamma"]})
    assert ciks(line, known_names(row, FORMER.clear())).to_list() == [5]
