"""What the segments of every scheme are worth, chunk by chunk of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from flows.steps.admit import Judged
from transforms.contracts import table
from transforms.contracts.liquidity import WINDOW
from transforms.core.analyst_counts import analysts_asof
from transforms.measures.agreement import scheme_agreement
from transforms.measures.company_fragility import company_fragility, fragility_and_information
from transforms.measures.company_liquidity import TRADING, company_liquidity
from transforms.measures.company_traits import with_traits
from transforms.measures.evidence import largest_share
from transforms.measures.filer_categories import by_standing
from transforms.measures.placement import Placement
from transforms.measures.return_delay import LOOKBACK, RETURNS, return_delay
from transforms.measures.sector_neutral import sector_neutral_daily
from transforms.measures.segment_liquidity import liquidity_daily
from transforms.measures.segments import segment_daily, segment_inputs
from transforms.measures.valuation import of_members, with_fundamentals
from transforms.staging.files import ANALYST_COUNTS

_MEASURED = (
    "session_date",
    "company_id",
    "cap_usd",
    "ticker",
    "currency",
    "cap_local",
    "dollar_volume_usd",
    "quality",
    "category",
    "is_smaller_reporting",
)
"""What every scheme's measures need of a company's cap."""
MARTS = (
    "segment_daily",
    "valuation_daily",
    "sector_neutral_daily",
    "filer_category_daily",
    "fragility_daily",
    "information_daily",
    "liquidity_daily",
    "scheme_agreement",
)
"""What is measured chunk by chunk."""


@dataclass(frozen=True)
class Told:
    """What was known of companies on the sessions of a chunk, beside their caps."""

    known: pl.DataFrame
    """company_fundamentals_asof, with_statement_lines."""
    securities: pl.DataFrame
    listed: pl.DataFrame
    """`listing_years`."""
    analysts: pl.DataFrame | None
    """Counts of analysts that the operator supplies."""
    history_start: date
    """First admitted session of all."""


@dataclass
class Measured:
    """Rows of the marts that are made of members, so far."""

    trading: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TRADING))
    """TRADING of the sessions before the coming chunk that its windows reach back to."""
    returns: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RETURNS))
    """RETURNS of the weeks before the coming chunk that a delay is made of."""
    _largest: list[pl.DataFrame] = field(default_factory=list)
    _parts: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: {name: [] for name in MARTS})
    _whole: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Parts stacked and sorted, which takes seconds over years; none while chunks come in."""

    def add(self, placements: Mapping[str, Placement], judged: Judged, caps: pl.DataFrame, told: Told) -> None:
        """Measure a chunk; ``caps``: core.market_caps with each company's standing as a filer."""
        held = judged.held.select("session_date", "company_id", last_cap_usd="anchor_cap_usd")
        inputs = segment_inputs(caps, held, _previous(judged))
        self._largest.append(largest_share(caps))
        self._whole.clear()
        delays = self._delays(judged, caps)
        rows = self._with_liquidity(_rows(caps.select(_MEASURED), told, delays), judged, caps).with_row_index("row")
        sessions = pl.Series(judged.admitted, dtype=pl.Date)
        buckets = {}
        for scheme_id, placement in placements.items():
            members = placement.place(rows, "session_date", "cap_usd").with_columns(scheme_id=pl.lit(scheme_id))
            self._parts["segment_daily"].append(segment_daily(scheme_id, placement, inputs, members))
            self._parts["filer_category_daily"].append(by_standing(members, scheme_id, judged.admitted))
            fragile, informed = fragility_and_information(members, scheme_id, sessions)
            self._parts["fragility_daily"].append(fragile)
            self._parts["information_daily"].append(informed)
            self._parts["liquidity_daily"].append(liquidity_daily(members, scheme_id, sessions))
            if members.height:
                self._parts["valuation_daily"].append(of_members(members))
                self._parts["sector_neutral_daily"].append(sector_neutral_daily(members, scheme_id))
            counted = members.filter("is_counted").select("row", "bucket")
            placed = rows.select("row").join(counted, on="row", how="left", maintain_order="left")
            buckets[scheme_id] = placed["bucket"]
        self._parts["scheme_agreement"].append(scheme_agreement(caps, buckets))

    def largest_shares(self) -> pl.DataFrame:
        """session_date and value: the ten largest companies' share of the cap of all."""
        return pl.concat(self._largest)

    def rows(self, mart: str) -> pl.DataFrame:
        """The rows of one of MARTS, of all chunks so far."""
        if mart not in self._whole:
            self._whole[mart] = table(f"marts.{mart}").stacked(part for part in self._parts[mart] if part.width)
        return self._whole[mart]

    def _delays(self, judged: Judged, caps: pl.DataFrame) -> pl.Series:
        """`return_delay` of the rows of caps."""
        self.returns = pl.concat([self.returns, caps.select(RETURNS.keys())])
        found = return_delay(self.returns, caps["session_date"])
        self.returns = self.returns.filter(pl.col("session_date") >= judged.admitted[-1] - LOOKBACK - timedelta(days=7))
        week = caps.select("company_id", week=pl.col("session_date").dt.truncate("1w"))
        return week.join(found, on=["week", "company_id"], how="left", maintain_order="left")["return_delay"]

    def _with_liquidity(self, rows: pl.DataFrame, judged: Judged, caps: pl.DataFrame) -> pl.DataFrame:
        """``rows`` in their order, with what `company_liquidity` knows of them."""
        lines = judged.lines.select(
            *("session_date", "company_id", "open", "high", "low", "close"), ticker="symbol", line_return="return_price"
        )
        traded = caps.join(lines, on=["session_date", "company_id", "ticker"], how="left").select(TRADING.keys())
        self.trading = pl.concat([self.trading, traded])
        found = company_liquidity(self.trading, judged.admitted[0])
        before = self.trading["session_date"].unique().sort().tail(WINDOW - 1)
        self.trading = self.trading.filter(pl.col("session_date").is_in(before.implode()))
        return rows.join(found, on=["session_date", "company_id"], how="left", maintain_order="left")


def _rows(caps: pl.DataFrame, told: Told, delays: pl.Series) -> pl.DataFrame:
    """Rows of caps, in their order, with all that measures of companies are made of."""
    keys = ("session_date", "company_id")
    traits = with_traits(caps.select(keys), told.securities, told.listed)
    known = traits.with_columns(caps["cap_usd"], *_analysts(caps, told), delays).join(
        told.known, on=keys, how="left", maintain_order="left"
    )
    fragile = company_fragility(known, told.history_start).drop(keys)
    sectors = traits.select("sector", "is_financial")
    return pl.concat([with_fundamentals(caps, told.known), sectors, fragile], how="horizontal")


def _analysts(caps: pl.DataFrame, told: Told) -> list[pl.Series]:
    """has_analyst_source and analysts of the rows of caps."""
    has_source = pl.Series("has_analyst_source", [None if told.analysts is None else True], pl.Boolean)
    counts = pl.DataFrame(schema=ANALYST_COUNTS) if told.analysts is None else told.analysts
    return [has_source.new_from_index(0, caps.height), analysts_asof(caps, counts)]


def _previous(judged: Judged) -> pl.DataFrame:
    """session_date and last_admitted, the session before it that was admitted."""
    return pl.DataFrame(
        {
            "session_date": [item.session for item in judged.sessions],
            "last_admitted": [item.last_admitted for item in judged.sessions],
        },
        schema={"session_date": pl.Date, "last_admitted": pl.Date},
    )
