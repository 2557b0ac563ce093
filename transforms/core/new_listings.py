"""The company of a line whose security is new: by the registrant's CIK, by name, or its own."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

Row = dict[str, Any]
SHORTEST_ROOT = 2
"""A name of one letter or none says nothing about the company."""


@dataclass
class Companies:
    """Companies by CIK and by name root, with the CIK that is known of each, or None."""

    of_cik: dict[int, str] = field(default_factory=dict)
    of_root: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def find(self, line: Row) -> tuple[str | None, str]:
        """The line's company, or None, and what it was known by; of two registrants a name says nothing."""
        cik, root = line["cik"], line["name_root"] or ""
        if cik in self.of_cik:
            return self.of_cik[cik], "cik"
        company, known = self.of_root.get(root, (None, None))
        if company is None or (cik is not None and known is not None and cik != known):
            return None, ""
        return company, "name"

    def add(self, line: Row, company: str) -> None:
        """Remember the company of a line."""
        cik, root = line["cik"], line["name_root"] or ""
        if cik is not None:
            self.of_cik.setdefault(cik, company)
        if len(root) >= SHORTEST_ROOT:
            held, known = self.of_root.get(root, (company, None))
            if held == company:
                self.of_root[root] = (company, known if known is not None else cik)


def listed(fresh: list[Row], registry: pl.DataFrame, session: date, near_from: date) -> dict[str, Row]:
    """Symbol to a new security with security_id, company_id and link_rule.

    The company is one quoted within the horizon that the CIK names, or else the name; else the first of today's lines
    of that CIK or name.
    """
    stamp = f"{session:%Y%m%d}"
    quoted = quoted_companies(registry, fresh, near_from)
    founded = Companies()
    found = {}
    for line in sorted(fresh, key=lambda line: (line["security_type"] not in EQUITY_TYPES, line["symbol"])):
        symbol = line["symbol"]
        company, by = quoted.find(line)
        rule = {"cik": "listed_line_of_known_cik", "name": "listed_line_of_known_company"}.get(by, "listed")
        if company is None:
            company = founded.find(line)[0] or f"C:{symbol}~{stamp}"
            founded.add(line, company)
        found[symbol] = {"security_id": f"{symbol}~{stamp}", "company_id": company, "link_rule": rule}
    return found


def quoted_companies(registry: pl.DataFrame, fresh: list[Row], near_from: date) -> Companies:
    """Companies quoted within the horizon, of the CIKs and names of the lines; the equity listed first counts."""
    roots = {line["name_root"] for line in fresh if line["name_root"]}
    ciks = {line["cik"] for line in fresh if line["cik"] is not None}
    found = Companies()
    if not roots and not ciks:
        return found
    is_equity = pl.col("security_type").is_in(EQUITY_TYPES)
    known = (
        registry.filter(
            ((pl.col("name_root").is_in(list(roots)) & is_equity) | pl.col("cik").is_in(list(ciks)))
            & (pl.col("last_session") >= pl.lit(near_from))
        )
        .with_columns(is_equity=is_equity)
        .sort(~pl.col("is_equity"), "first_session", "symbol")
    )
    for row in known.select("name_root", "company_id", "cik", "is_equity").iter_rows(named=True):
        if row["cik"] is not None:
            found.of_cik.setdefault(row["cik"], row["company_id"])
        if row["is_equity"] and row["name_root"]:
            found.of_root.setdefault(row["name_root"], (row["company_id"], row["cik"]))
    return found
