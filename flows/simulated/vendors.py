"""Every vendor of the simulated market: the archive that was collected so far, and the live replies of an evening."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from flows.edge.loopback import Answer, Asked
from flows.simulated import formats, macro_vendors
from flows.simulated.fund_prices import fund_prices_csv
from flows.simulated.funds import FUNDS, fund_days, published_flows, yields
from flows.simulated.issuers import ISSUERS, issuer_files, issuer_reply
from flows.simulated.market import Market
from flows.simulated.portfolios import FILE as PORTFOLIOS
from flows.simulated.portfolios import portfolios_zip
from flows.simulated.reports import reports
from flows.simulated.securities import Line
from flows.simulated.served import BadDays, served_rows

API_KEY = "simulated-key"
_NOMINAL, _REAL = 'Date,"10 Yr","30 Yr"', 'Date,"10 YR"'
_SIMFIN = {
    ("income", "quarterly"): "us-income-quarterly",
    ("income", "annual"): "us-income-annual",
    ("balance", "quarterly"): "us-balance-quarterly",
    ("balance", "annual"): "us-balance-annual",
    ("companies", ""): "us-companies",
}


NOT_FOUND = Answer(b"not found", 404, "text/plain")


@dataclass
class Vendors:
    """All vendors of one market. `without_assets` maps a session to the fund whose assets are then printed as -1."""

    market: Market
    bad_days: BadDays = field(default_factory=BadDays)
    without_assets: Mapping[date, str] = field(default_factory=dict)

    @cached_property
    def _lines(self) -> dict[str, Line]:
        return {line.key: line for line in self.market.lines}

    @cached_property
    def _rows(self) -> pl.DataFrame:
        return served_rows(self.market, self.bad_days)

    def archive(self, last: date, vintages: tuple[date, ...]) -> Iterator[tuple[str, bytes]]:
        """Relative path and bytes of all that was collected by the evening of a session, in the archive's layout."""
        told = self._rows.filter(pl.col("session_date") <= last)
        for (year,), rows in told.group_by(pl.col("session_date").dt.year(), maintain_order=True):
            yield f"nasdaq_screener/history/quotes_{year}.parquet", formats.history(rows)
        intervals = formats.reference_intervals(told, self._lines)
        yield "nasdaq_screener/history/reference_intervals.parquet", intervals
        for vintage in vintages:
            for name in _SIMFIN.values():
                yield f"simfin/{vintage}/{name}.zip", self._simfin(name, vintage)
        for name in ("etf_flows", "etf_shares", "etf_aum"):
            yield f"etf/flows_{last.year}/{name}.csv", self._funds(name, last)
        yield from issuer_files(self.market, last)
        for year in range(self.market.first.year, last.year + 1):
            for curve in ("nominal", "real"):
                yield f"treasury/{last}/{curve}_{year}.csv", self._treasury(curve, year, last)
        for fund in FUNDS:
            yield f"etf/prices/{fund}.csv", fund_prices_csv(self.market, fund, last)
        if portfolios := portfolios_zip(self.market, last):
            yield f"french/{last}/{PORTFOLIOS}", portfolios
        for day in sorted({*vintages, last}):
            yield from macro_vendors.archive(self.market, day)

    def reply(self, asked: Asked, session: date) -> Answer:
        """What the vendor of a path answers on the evening of a session."""
        vendor, _, rest = asked.path.strip("/").partition("/")
        if vendor == "nasdaq":
            return self._screener(asked, session)
        if vendor == "simfin":
            return self._bulk(asked, session)
        if vendor == "etf" and rest in {"etf_flows.csv", "etf_shares.csv", "etf_aum.csv"}:
            return Answer(self._funds(rest.removesuffix(".csv"), session), content_type="text/csv")
        if vendor in ISSUERS:
            return issuer_reply(self.market, vendor, rest, asked.params, session)
        if vendor == "etf_prices" and (fund := rest.removesuffix(".csv")) in FUNDS:
            return Answer(fund_prices_csv(self.market, fund, session), content_type="text/csv")
        if vendor == "treasury" and rest.endswith("/all") and rest[:4].isdigit():
            curve = "real" if "real" in asked.params.get("type", "") else "nominal"
            return Answer(self._treasury(curve, int(rest[:4]), session), content_type="text/csv")
        if vendor in macro_vendors.ADDRESSES:
            return macro_vendors.reply(self.market, asked, session)
        if vendor == "french" and rest == PORTFOLIOS:
            found = portfolios_zip(self.market, session)
            return Answer(found, content_type="application/zip") if found else NOT_FOUND
        return NOT_FOUND

    def _screener(self, asked: Asked, session: date) -> Answer:
        if not asked.headers.get("user-agent", "").startswith("Mozilla"):
            return Answer(b"<html>Access Denied</html>", 403, "text/html")
        exchange = asked.params.get("exchange", "").lower()
        rows = self._rows.filter((pl.col("session_date") == session) & (pl.col("exchange") == exchange))
        return Answer(formats.screener_reply(formats.screener_rows(rows, self._lines)))

    def _bulk(self, asked: Asked, session: date) -> Answer:
        if asked.headers.get("authorization") != f"api-key {API_KEY}":
            return Answer(b'{"error":"Invalid API key"}', 401)
        name = _SIMFIN.get((asked.params.get("dataset", ""), asked.params.get("variant", "")))
        if name is None:
            return NOT_FOUND
        return Answer(self._simfin(name, session), content_type="application/zip")

    def _simfin(self, name: str, vintage: date) -> bytes:
        told = reports(self.market, vintage)
        if name == "us-companies":
            return formats.simfin_companies(
                told, {line.company: line.name for line in self.market.lines if line.company}
            )
        if name.endswith("annual"):
            return formats.simfin_annual(name, told)
        return formats.simfin_income(told) if "income" in name else formats.simfin_balance(told)

    def _funds(self, name: str, last: date) -> bytes:
        known = fund_days(self.market).filter(pl.col("session_date") <= last)
        if name == "etf_flows":
            return formats.csv(
                "date,ticker,flow_usd", published_flows(self.market, last).select("day", "fund", "flow").iter_rows()
            )
        newest = known.filter(pl.col("session_date") == known["session_date"].max())
        if name == "etf_shares":
            return formats.csv(
                "date,ticker,shares,price", newest.select("session_date", "fund", "shares", "price").iter_rows()
            )
        lacking = self.without_assets.get(last, "")
        rows = newest.select(
            "fund", pl.when(pl.col("fund") == pl.lit(lacking)).then(-1.0).otherwise("assets_usd"), "session_date"
        )
        return formats.csv("ticker,aum_usd,updated_date", rows.iter_rows())

    def _treasury(self, curve: str, year: int, last: date) -> bytes:
        told = (
            yields(self.market)
            .filter((pl.col("session_date").dt.year() == year) & (pl.col("session_date") <= last))
            .sort("session_date", descending=True)
        )
        columns = ("nominal_10", "nominal_30") if curve == "nominal" else ("real_10",)
        days = ((row[0], row[1:]) for row in told.select("session_date", *columns).iter_rows())
        return formats.treasury_csv(_NOMINAL if curve == "nominal" else _REAL, days)
