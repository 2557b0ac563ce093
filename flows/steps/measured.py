"""What the segments of every scheme are worth, chunk by chunk of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from flows.steps.admit import Judged
from transforms.contracts import table
from transforms.measures.agreement import scheme_agreement
from transforms.measures.evidence import largest_share
from transforms.measures.filer_categories import by_standing
from transforms.measures.placement import Placement
from transforms.measures.segments import segment_daily, segment_inputs
from transforms.measures.valuation import of_members, with_fundamentals

_MEASURED = (
    "session_date",
    "company_id",
    "cap_usd",
    "currency",
    "cap_local",
    "dollar_volume_usd",
    "quality",
    "category",
    "is_smaller_reporting",
)
"""What every scheme's measures need of a company's cap."""
_MARTS = ("segment_daily", "valuation_daily", "filer_category_daily", "scheme_agreement")


@dataclass
class Measured:
    """Rows of the marts that are made of members, so far."""

    spreads: pl.DataFrame = field(default_factory=table("marts.valuation_spread_daily").empty)
    """Those of the whole run, once it is over."""
    _largest: list[pl.DataFrame] = field(default_factory=list)
    _parts: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: {name: [] for name in _MARTS})

    def add(self, placements: Mapping[str, Placement], judged: Judged, caps: pl.DataFrame, known: pl.DataFrame) -> None:
        """Measure a chunk; ``caps``: core.market_caps with each company's standing as a filer.

        ``known``: company_fundamentals_asof of the same sessions, with_lines.
        """
        held = judged.held.select("session_date", "company_id", last_cap_usd="anchor_cap_usd")
        inputs = segment_inputs(caps, held, _previous(judged))
        self._largest.append(largest_share(caps))
        rows = with_fundamentals(caps.select(_MEASURED), known).with_row_index("row")
        buckets = {}
        for scheme_id, placement in placements.items():
            members = placement.place(rows, "session_date", "cap_usd").with_columns(scheme_id=pl.lit(scheme_id))
            self._parts["segment_daily"].append(segment_daily(scheme_id, placement, inputs, members))
            self._parts["filer_category_daily"].append(by_standing(members, scheme_id, judged.admitted))
            if members.height:
                self._parts["valuation_daily"].append(of_members(members))
            counted = members.filter("is_counted").select("row", "bucket")
            placed = rows.select("row").join(counted, on="row", how="left", maintain_order="left")
            buckets[scheme_id] = placed["bucket"]
        self._parts["scheme_agreement"].append(scheme_agreement(caps, buckets))

    def largest_shares(self) -> pl.DataFrame:
        """session_date and value: the ten largest companies' share of the cap of all."""
        return pl.concat(self._largest)

    def segments(self) -> pl.DataFrame:
        """The rows of marts.segment_daily."""
        return self._rows("segment_daily")

    def valuations(self) -> pl.DataFrame:
        """The rows of marts.valuation_daily."""
        return self._rows("valuation_daily")

    def filer_categories(self) -> pl.DataFrame:
        """The rows of marts.filer_category_daily."""
        return self._rows("filer_category_daily")

    def agreements(self) -> pl.DataFrame:
        """The rows of marts.scheme_agreement."""
        return self._rows("scheme_agreement")

    def _rows(self, mart: str) -> pl.DataFrame:
        return table(f"marts.{mart}").stacked(part for part in self._parts[mart] if part.width)


def _previous(judged: Judged) -> pl.DataFrame:
    """session_date and last_admitted, the session before it that was admitted."""
    return pl.DataFrame(
        {
            "session_date": [item.session for item in judged.sessions],
            "last_admitted": [item.last_admitted for item in judged.sessions],
        },
        schema={"session_date": pl.Date, "last_admitted": pl.Date},
    )
