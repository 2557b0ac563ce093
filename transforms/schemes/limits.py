"""Where each company stands at a review, and where a scheme's limits lie that day: the bare rule, without memory.

Companies are ranked by cap, the largest first; equal caps by company_id. Between buckets lies a limit: a company is
below it or not, by the bare rule, and by the edges of its band.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from transforms.schemes.model import Bands, Bucket, FixedCount, Money, Quantiles, Ranks, Rule, Shares

RANKED: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "cap": pl.Float64(),
    "basis_cap": pl.Float64(),
    "is_on_exchange": pl.Boolean(),
}
"""Companies of a scheme's universe on the day of ranking. ``cap`` ranks them and is compared with limits; ``basis_cap``
is what covers the market (the float where the scheme asks for it), and what ranks them for fixed counts;
``is_on_exchange``: it counts for quantiles."""


class Limit(NamedTuple):
    """The lower end of a bucket: its cap, null where it has none, and which companies are below it."""

    bucket: Bucket
    cap: float | None
    is_below: pl.Series
    """By the bare rule."""
    is_below_band: pl.Series
    """By the band's lower edge: it has left for certain."""
    is_below_top: pl.Series
    """By the band's upper edge: it is not above for certain."""


class Standing(NamedTuple):
    """All companies in the order of size, and the limits between buckets, the largest first."""

    companies: pl.DataFrame
    buckets: tuple[Bucket, ...]
    """The largest first; below the last limit there is none where the rule ends before the market does."""
    limits: tuple[Limit, ...]

    def numbers(self) -> pl.DataFrame:
        """The companies with the number of their bucket, the largest being 0: ``raw``, and from ``least`` to ``most``.

        Below its lower edge a company has left a bucket; not above the upper edge it may stay in the one below.
        """
        height = self.companies.height
        raw = _sum([limit.is_below for limit in self.limits], height)
        left = _sum([limit.is_below_band for limit in self.limits], height)
        top = _sum([limit.is_below_top for limit in self.limits], height)
        return self.companies.select("company_id", "cap", raw=raw, least=left, most=top)


def standing(rule: Rule, ranked: pl.DataFrame) -> Standing:
    """Where the companies (RANKED) stand under a rule.

    Raises ValueError for a rule without limits between its buckets: additions are tested one by one.
    """
    if isinstance(rule, FixedCount):
        ranked = ranked.with_columns(cap="basis_cap")
    companies = ranked.sort("cap", "company_id", descending=[True, False])
    caps = companies["cap"]
    if isinstance(rule, Money):
        lows = {bucket: low for bucket, (low, _) in reversed(rule.caps.items()) if low > 0}
        limits = tuple(_by_cap(bucket, low, caps) for bucket, low in lows.items())
        return Standing(companies, tuple(reversed(rule.caps)), limits)
    if isinstance(rule, Quantiles):
        return _by_quantiles(rule, companies)
    if isinstance(rule, Ranks):
        return Standing(companies, tuple(rule.last_ranks), tuple(_ranks(rule, caps)))
    if isinstance(rule, FixedCount):
        limits = tuple(_by_rank(bucket, last, caps) for bucket, last in _last_ranks(rule).items())
        return Standing(companies, (*rule.places(), *rule.rest), limits)
    if isinstance(rule, Shares):
        covered = _covered_before(companies["basis_cap"], companies.height)
        parts = list(rule.covered.items())[:-1]
        return Standing(companies, tuple(rule.covered), tuple(_share(rule, *part, caps, covered) for part in parts))
    raise ValueError(f"{type(rule).__name__} has no limits between its buckets")


def _sum(masks: Sequence[pl.Series], height: int) -> pl.Series:
    """How many of the limits each company is below."""
    total = pl.zeros(height, pl.Int64, eager=True)
    for mask in masks:
        total = total + mask.cast(pl.Int64)
    return total


def _bare(bucket: Bucket, cap: float | None, is_below: pl.Series) -> Limit:
    """A limit without a band."""
    return Limit(bucket, cap, is_below, is_below, is_below)


def _by_cap(bucket: Bucket, cap: float, caps: pl.Series) -> Limit:
    return _bare(bucket, cap, caps < cap)


def _by_rank(bucket: Bucket, last: int, caps: pl.Series) -> Limit:
    ranks = pl.int_range(1, caps.len() + 1, eager=True)
    return _bare(bucket, caps[last - 1] if last <= caps.len() else None, ranks > last)


def _last_ranks(rule: FixedCount) -> dict[Bucket, int]:
    """Bucket to its last rank; the last one of the rest has none, but the market's end."""
    ends = dict(zip(rule.places(), accumulate(rule.places().values()), strict=True))
    return ends | {bucket: begin - 1 for bucket, begin in zip(rule.rest, list(rule.rest.values())[1:], strict=False)}


def _by_quantiles(rule: Quantiles, companies: pl.DataFrame) -> Standing:
    """With too few companies on the exchange there is no limit, and nobody stands anywhere: not above one either."""
    buckets = tuple(reversed(rule.upper))
    on_exchange = companies.filter("is_on_exchange")["cap"]
    if on_exchange.len() < rule.least_companies:
        nobody = companies.clear()
        return Standing(nobody, buckets, tuple(_bare(bucket, None, nobody["cap"] < 0) for bucket in buckets[:-1]))
    cuts = [on_exchange.quantile(part, "linear") for part in list(rule.upper.values())[:-1]]
    limits = zip(buckets, reversed([cut for cut in cuts if cut is not None]), strict=False)
    return Standing(companies, buckets, tuple(_by_cap(*limit, companies["cap"]) for limit in limits))


def _ranks(rule: Ranks, caps: pl.Series) -> list[Limit]:
    ranked = min(max(rule.last_ranks.values()), caps.len())
    covered = _covered_before(caps, ranked)
    found = []
    for bucket, last in rule.last_ranks.items():
        limit = _by_rank(bucket, last, caps)
        if rule.bands and _has_band(rule.bands, bucket) and last < ranked:
            at, half = covered[last], rule.bands.share
            limit = limit._replace(is_below_band=covered > at + half, is_below_top=covered >= at - half)
        found.append(limit)
    return found


def _share(rule: Shares, bucket: Bucket, part: float, caps: pl.Series, covered: pl.Series) -> Limit:
    is_below = covered >= part
    last = caps.len() - int(is_below.sum())
    cap = caps[last - 1] if last else None
    sizes = (rule.size_ranges or {}).get(bucket)
    if sizes and cap is not None and not sizes[0] <= cap <= sizes[1]:
        cap = min(max(cap, sizes[0]), sizes[1])
        is_below = caps < cap
    limit, bands = _bare(bucket, cap, is_below), rule.bands
    if bands is None or cap is None or not _has_band(bands, bucket):
        return limit
    if bands.kind == "factor":
        return limit._replace(is_below_band=caps < cap * bands.down, is_below_top=caps < cap * bands.up)
    return limit._replace(is_below_band=covered >= part + bands.share, is_below_top=covered >= part - bands.share)


def _has_band(bands: Bands, bucket: Bucket) -> bool:
    return not bands.limits or bucket in bands.limits


def _covered_before(caps: pl.Series, ranked: int) -> pl.Series:
    """Share of the first ``ranked`` companies' caps that larger companies cover; more than 1 behind them."""
    return (caps.cum_sum() - caps) / (caps.head(ranked).sum() or 1.0)
