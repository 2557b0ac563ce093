"""Reports of traders' positions in the CFTC's forms, from figures that a test gives."""

import json
from collections.abc import Mapping, Sequence

from flows.edge.encoded import zipped
from transforms.staging.cftc import API_FIELDS, TEXT_FIELDS

FIGURES: Mapping[str, int] = {
    "open_interest": 1000,
    **{"dealer long": 300, "dealer short": 100, "dealer spread": 10},
    **{"asset_manager long": 400, "asset_manager short": 150, "asset_manager spread": 20},
    **{"leveraged long": 100, "leveraged short": 550, "leveraged spread": 30},
    **{"other long": 60, "other short": 50, "other spread": 5},
    **{"nonreportable long": 75, "nonreportable short": 85},
}
"""One report in which each side adds up to the open interest."""


def api_row(code: str, day: str, **changed: str | None) -> dict[str, str]:
    """One report as the API serves it: texts, a time behind the day, and no field where there is no figure."""
    told = {name: str(figure) for name, figure in FIGURES.items()}
    told |= {"contract": code, "day": f"{day}T00:00:00.000", "kind": "FutOnly"}
    named = {API_FIELDS[name]: value for name, value in told.items()} | changed
    return {name: value for name, value in named.items() if value is not None}


def api_page(rows: Sequence[Mapping[str, str]]) -> bytes:
    """One answer of the API."""
    return json.dumps(list(rows)).encode()


def text_line(code: str, day: str, **changed: str) -> dict[str, str]:
    """One report as in a yearly file: numbers with blanks before them, codes with blanks behind, days in six digits."""
    told = {name: f"{figure:>8}" for name, figure in FIGURES.items()}
    told |= {"contract": f"{code} ", "day": day[2:].replace("-", ""), "kind": "FutOnly"}
    return {TEXT_FIELDS[name]: value for name, value in told.items()} | changed


def year_zip(lines: Sequence[Mapping[str, str]], member: str = "FinFutYY.txt") -> bytes:
    """A yearly file; the name of a market has a comma in it."""
    header = ["Market_and_Exchange_Names", *TEXT_FIELDS.values()]
    rows = [",".join(['"RUSSELL, E-MINI"', *(line[name] for name in TEXT_FIELDS.values())]) for line in lines]
    return zipped(member, ("\r\n".join([",".join(f'"{name}"' for name in header), *rows]) + "\r\n").encode())
