"""What a scheme's file cannot say: every fault with the key that it stands under."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from math import inf, isnan
from typing import NamedTuple

from transforms.contracts.core import SECURITY_TYPES
from transforms.contracts.fields import BUCKETS
from transforms.schemes.model import (
    Additions,
    Bands,
    Bucket,
    FixedCount,
    Money,
    Quantiles,
    Ranks,
    Reviews,
    Rule,
    Scheme,
    Shares,
    Swap,
    Tier,
    Universe,
    Version,
)

CURRENCIES = frozenset(
    {"USD", "EUR", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "ISK", "TRY", "AUD"}
    | {"BRL", "CAD", "CNY", "HKD", "IDR", "ILS", "INR", "KRW", "MXN", "MYR", "NZD", "PHP", "SGD", "THB", "ZAR"}
)
"""Those of which the European Central Bank publishes reference rates."""
MOST_MONTHS_BEFORE = 3
"""The markets of so many months before are kept (`flows.steps.buckets`)."""
MOST_SESSIONS_OF_A_WINDOW = 18
"""A month has no fewer sessions."""


class Fault(NamedTuple):
    """What is wrong, and under which key."""

    key: str
    reason: str


def faults(scheme: Scheme) -> list[Fault]:
    """Everything that is wrong with a scheme whose keys and types are right; empty if nothing is."""
    found = [] if scheme.currency in CURRENCIES else [Fault("currency", f"{scheme.currency} is no currency with rates")]
    if not scheme.versions:
        found.append(Fault("versions", "there is none"))
    found += _not_numbers("", asdict(scheme))
    found += [Fault(f"universe.{key}", reason) for key, reason in _universe(scheme.universe)]
    for number, (before, after) in enumerate(pairwise(scheme.versions), start=1):
        if after.effective_from <= before.effective_from:
            reason = f"{after.effective_from} is not after {before.effective_from} of the version before"
            found.append(Fault(f"versions.{number}.effective_from", reason))
    for number, version in enumerate(scheme.versions):
        place = f"versions.{number}"
        if not version.origin.source.strip():
            found.append(Fault(f"{place}.origin.source", "is empty: every rule has a source"))
        found += [Fault(f"{place}.{key}", reason) for key, reason in _months(version)]
        found += [Fault(f"{place}.reviews.{key}", reason) for key, reason in _reviews(version.reviews)]
        found += [Fault(f"{place}.rule.{key}", reason) for key, reason in _rule(version.rule)]
    return found


def _not_numbers(place: str, told: object) -> Iterator[Fault]:
    """TOML has nan, which every comparison lets through."""
    if isinstance(told, float) and isnan(told):
        yield Fault(place, "nan is no number")
    parts = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list | tuple) else ()
    for key, part in parts:
        yield from _not_numbers(f"{place}.{key}" if place else str(key), part)


def _universe(universe: Universe) -> Iterator[Fault]:
    if unknown := [kind for kind in universe.security_types if kind not in SECURITY_TYPES]:
        yield Fault("security_types", f"{', '.join(unknown)}: there are {', '.join(SECURITY_TYPES)}")
    for key, least in (("least_price", universe.least_price), ("least_cap", universe.least_cap)):
        if not 0 <= least < inf:
            yield Fault(key, f"{least:g} is no sum of money")


def _reviews(reviews: Reviews) -> Iterator[Fault]:
    # A review ranks what is over when it counts: only one that counts from a month's end can rank that month's.
    told = [reviews.effective, *reviews.effective_in.values()]
    strictest = next((effective for effective in told if effective != "month_end"), "month_end")
    least = 0 if strictest == "month_end" else 1
    if not least <= reviews.rank_months_before <= MOST_MONTHS_BEFORE:
        reason = f"{reviews.rank_months_before} is not from {least} to {MOST_MONTHS_BEFORE} with {strictest}"
        yield Fault("rank_months_before", reason)
    if unknown := sorted(set(reviews.effective_in) - set(reviews.months)):
        yield Fault(f"effective_in.{unknown[0]}", "is no month with a review")
    if not 1 <= reviews.price_window <= MOST_SESSIONS_OF_A_WINDOW:
        yield Fault("price_window", f"{reviews.price_window} is none of 1 to {MOST_SESSIONS_OF_A_WINDOW}")


def _months(version: Version) -> Iterator[Fault]:
    months = version.reviews.months
    if set(months) - set(range(1, 13)) or list(months) != sorted(set(months)):
        yield Fault("reviews.months", "are months of the year, 1 to 12, each once and in order")
    tiers = version.rule.tiers if isinstance(version.rule, FixedCount) else ()
    for number, tier in enumerate(tiers):
        for place, swap in enumerate(tier.swaps):
            if set(swap.months) - set(months) or list(swap.months) != sorted(set(swap.months)):
                reason = "are months with a review, each once and in order"
                yield Fault(f"rule.tiers.{number}.swaps.{place}.months", reason)


def _rule(rule: Rule) -> Iterator[Fault]:
    if isinstance(rule, Money):
        yield from _ranges("caps", rule.caps, is_whole=True)
    elif isinstance(rule, Additions):
        yield from _ranges("ranges", rule.ranges, is_whole=False)
        yield from _additions(rule)
    elif isinstance(rule, Ranks):
        yield from _rising("last_ranks", rule.last_ranks, largest_first=True)
    elif isinstance(rule, Shares):
        yield from _shares(rule)
    elif isinstance(rule, Quantiles):
        yield from _quantiles(rule)
    elif isinstance(rule, FixedCount):
        yield from _fixed_count(rule)
    if isinstance(rule, Ranks | Shares) and rule.bands:
        yield from _bands(rule, rule.bands)
        yield from _entries(rule, rule.bands)


def _shares(rule: Shares) -> Iterator[Fault]:
    yield from _parts("covered", rule.covered, largest_first=True)
    for bucket, (low, high) in (rule.size_ranges or {}).items():
        if bucket not in rule.covered or not 0 <= low <= high:
            yield Fault(f"size_ranges.{bucket}", f"{low:,.0f} to {high:,.0f} is no range of a bucket of the rule")


def _additions(rule: Additions) -> Iterator[Fault]:
    for key in ("least_float_share", "least_float_of_range"):
        if not 0 <= (part := getattr(rule, key)) <= 1:
            yield Fault(key, f"{part:g} is no part: from 0 to 1")
    if not 0 <= rule.least_turnover < inf:
        yield Fault("least_turnover", f"{rule.least_turnover:g} times the float is no turnover")


def _quantiles(rule: Quantiles) -> Iterator[Fault]:
    yield from _parts("upper", rule.upper, largest_first=False)
    if rule.least_companies < 1:
        yield Fault("least_companies", f"{rule.least_companies} leaves nobody to tell where a limit lies")


def _ordered(key: str, buckets: list[str], *, largest_first: bool) -> Iterator[Fault]:
    order = sorted(buckets, key=BUCKETS.index, reverse=largest_first)
    if not buckets:
        yield Fault(key, "there is no bucket")
    elif buckets != order:
        yield Fault(key, f"{', '.join(buckets)} are not in the order of size: {', '.join(order)}")


def _ranges(key: str, ranges: dict[Bucket, tuple[float, float]], *, is_whole: bool) -> Iterator[Fault]:
    yield from _ordered(key, list(ranges), largest_first=False)
    for bucket, (low, high) in ranges.items():
        if not 0 <= low < high:
            yield Fault(f"{key}.{bucket}", f"{low:,.0f} to {high:,.0f} is no range of caps")
    for (smaller, (_, high)), (larger, (low, _)) in pairwise(ranges.items()):
        if low != high:
            what = "they overlap" if low < high else "they leave a gap"
            yield Fault(f"{key}.{larger}", f"{smaller} ends at {high:,.0f}, {larger} begins at {low:,.0f}: {what}")
    if is_whole and ranges:
        lows, highs = [low for low, _ in ranges.values()], [high for _, high in ranges.values()]
        if lows[0] != 0:
            yield Fault(key, f"begins at {lows[0]:,.0f}: caps below it have no bucket")
        if highs[-1] != inf:
            yield Fault(key, f"ends at {highs[-1]:,.0f}: caps from there on have no bucket")


def _rising(key: str, values: Mapping[Bucket, float], *, largest_first: bool) -> Iterator[Fault]:
    yield from _ordered(key, list(values), largest_first=largest_first)
    yield from _growing(key, values)


def _growing(key: str, values: Mapping[Bucket, float]) -> Iterator[Fault]:
    for (before, low), (bucket, high) in pairwise([("", 0.0), *values.items()]):
        if high <= low:
            yield Fault(f"{key}.{bucket}", f"{high:g} is not above {low:g}{f' of {before}' if before else ''}")


def _parts(key: str, values: Mapping[Bucket, float], *, largest_first: bool) -> Iterator[Fault]:
    outside = {bucket: value for bucket, value in values.items() if not 0 < value <= 1}
    for bucket, value in outside.items():
        yield Fault(f"{key}.{bucket}", f"{value:g} is no part of the market: above 0, at most 1")
    if not outside:
        yield from _rising(key, values, largest_first=largest_first)
        if values and list(values.values())[-1] != 1:
            yield Fault(key, "does not end at 1: the rest of the market has no bucket")


def _bands(rule: Ranks | Shares, bands: Bands) -> Iterator[Fault]:
    buckets = rule.last_ranks if isinstance(rule, Ranks) else rule.covered
    if isinstance(rule, Ranks) and bands.kind != "share":
        yield Fault("bands", f"{bands.kind} is no kind for ranks: their bands are a share of the market")
    if unknown := [bucket for bucket in bands.limits if bucket not in buckets]:
        yield Fault("bands.limits", f"{', '.join(unknown)}: the rule has no such bucket")
    if bands.kind in ("share", "packets") and not 0 < bands.share < 0.5:
        yield Fault("bands.share", f"{bands.share:g} is no part of the market that a band can have: above 0, below 0.5")
    elif bands.kind != "factor" and isinstance(rule, Shares):
        yield from _overlapping(rule.covered, bands)
    if bands.kind == "packets" and not 0 <= bands.core <= bands.share:
        yield Fault("bands.core", f"{bands.core:g} is outside the band of {bands.share:g}")
    if bands.kind == "factor" and not 0 < bands.down <= 1 <= bands.up:
        yield Fault("bands", f"from {bands.down:g} to {bands.up:g} of a limit is no band around it")


def _overlapping(covered: Mapping[Bucket, float], bands: Bands) -> Iterator[Fault]:
    """Where the bands of two limits meet, nobody could say to which of them a company between them holds on."""
    limits = [(bucket, end) for bucket, end in list(covered.items())[:-1] if not bands.limits or bucket in bands.limits]
    for (bucket, end), (smaller, next_end) in pairwise(limits):
        if next_end - end < 2 * bands.share:
            reason = f"{bands.share:g} about {end:g} of {bucket} meets that about {next_end:g} of {smaller}"
            yield Fault("bands.share", reason)


def _entries(rule: Ranks | Shares, bands: Bands) -> Iterator[Fault]:
    """Who waits is in the bucket below, so the last one has no entry."""
    if bands.entry and not (isinstance(rule, Shares) and bands.kind == "factor"):
        yield Fault("bands.entry", "only bands of kind factor around shares have an entry")
    elif isinstance(rule, Shares):
        limits = list(rule.covered)[:-1]
        for bucket, factor in bands.entry.items():
            if bucket not in limits:
                yield Fault(f"bands.entry.{bucket}", f"there is no limit of {bucket}; limits: {', '.join(limits)}")
            if factor <= 1:
                yield Fault(f"bands.entry.{bucket}", f"{factor:g} times its limit keeps nobody out: more than 1")


def _fixed_count(rule: FixedCount) -> Iterator[Fault]:
    buckets: list[str] = []
    above = 0
    for number, tier in enumerate(rule.tiers):
        buckets += tier.counts
        last = above + sum(tier.counts.values())
        yield from (Fault(f"tiers.{number}.{key}", reason) for key, reason in _tier(tier, above, last))
        above = last
    yield from _distinct("tiers", buckets)
    if rule.rest:
        yield from _distinct("rest", [*buckets, *rule.rest])
        yield from _growing("rest", rule.rest)
        begin = next(iter(rule.rest.values()))
        if begin != above + 1:
            yield Fault("rest", f"begins at rank {begin}: the places end at {above}")


def _distinct(key: str, buckets: list[str]) -> Iterator[Fault]:
    twice = [bucket for bucket in dict.fromkeys(buckets) if buckets.count(bucket) > 1]
    yield from (Fault(key, f"{bucket} is there twice") for bucket in twice)
    if not twice:
        yield from _ordered(key, buckets, largest_first=True)


def _tier(tier: Tier, above: int, last: int) -> Iterator[Fault]:
    """A tier that by rank has the places after those ``above`` up to the ``last``."""
    yield from (Fault(f"counts.{bucket}", f"{n} places are none") for bucket, n in tier.counts.items() if n < 1)
    if not tier.counts:
        yield Fault("counts", "there is no bucket")
    names = [swap.name.strip() for swap in tier.swaps]
    if "" in names or len(set(names)) < len(names):
        yield Fault("swaps", "have names, each another one")
    for number, swap in enumerate(tier.swaps):
        yield from (Fault(f"swaps.{number}{key}", reason) for key, reason in _swap(swap, above, last))


def _swap(swap: Swap, above: int, last: int) -> Iterator[Fault]:
    """Who comes in must be ranked before who goes, whoever that is: else the next review would undo it."""
    entry, leaving = swap.entry_within, swap.exit_beyond
    if entry is None and leaving is None:
        yield Fault("", "has neither exit_beyond nor entry_within")
    for key, rank in ((".entry_within", entry), (".exit_beyond", leaving)):
        if rank is not None and rank <= above:
            yield Fault(key, f"{rank} is no rank of this tier: they begin at {above + 1}")
    if entry is not None and leaving is not None and leaving < entry:
        yield Fault(".exit_beyond", f"{leaving} is before {entry}, within which companies come in")
    if entry is not None and leaving is None and entry > last:
        yield Fault(".entry_within", f"{entry} is beyond the last place, {last}, and nobody must be ranked worse to go")
    if leaving is not None and entry is None and leaving < last:
        yield Fault(
            ".exit_beyond", f"{leaving} is before the last place, {last}, and nobody must be ranked better to come"
        )
