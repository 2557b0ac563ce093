"""A bucket scheme as data: whose rule, of which companies, at which limits, reviewed when; one dated version each.

Read from a file by `flows.edge.scheme_files`: a scheme is added without touching code.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal

Bucket = Literal["nano", "micro", "small", "mid", "large", "mega"]
Confidence = Literal["primary", "second_hand", "general_knowledge", "own"]
"""Read at the provider's, told by somebody who quotes it, known but not checked, or a definition of our own."""
Basis = Literal["full", "float"]
Level = Literal["company", "security"]
Effective = Literal["month_begin", "second_friday", "third_friday", "fourth_friday", "month_end"]
"""The review counts from the first session after it, or of the month."""


class _Told:
    """A part of a file, which has no other keys than these."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Origin(_Told):
    """Where a version's rule was read."""

    source: str
    retrieved_on: date
    confidence: Confidence


@dataclass(frozen=True)
class Universe(_Told):
    """Which companies it is about; an empty filter lets all through. Prices and caps in the scheme's currency."""

    security_types: tuple[str, ...] = ("common", "depositary_share", "limited_partnership")
    countries: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    least_price: float = 0.0
    least_cap: float = 0.0
    takes_unknown_country: bool = False
    """Whether a company whose country nobody told passes the filter of countries."""


@dataclass(frozen=True)
class Reviews(_Told):
    """When companies are ranked, and from which session on that counts.

    ``months``: those in which a review takes effect; empty: every session is one. Ranked are the caps of the last
    session of a month, ``rank_months_before`` the review's.
    """

    months: tuple[int, ...] = ()
    rank_months_before: int = 1
    effective: Effective = "month_begin"
    effective_in: dict[int, Effective] = field(default_factory=dict)
    """Month to its own, where it is another one."""
    price_window: int = 1
    """Of so many sessions up to the ranked one the provider takes one, and does not say which: limits are a range."""

    def effective_of(self, month: int) -> Effective:
        """From when on the review of a month counts."""
        return self.effective_in.get(month, self.effective)


@dataclass(frozen=True)
class Bands(_Told):
    """How far a company may pass a limit and stay where it is.

    ``share``: by so much of the cumulative cap on either side; ``factor``: while its cap is at least the limit times
    ``down``, or below the limit times ``up``. ``packets``: one that passes the band moves by half, the rest at the next
    review, if it is still beyond ``core``.
    """

    kind: Literal["share", "factor", "packets"]
    share: float = 0.0
    core: float = 0.0
    down: float = 1.0
    up: float = 1.0
    limits: tuple[Bucket, ...] = ()
    """Buckets above whose lower limit there is a band; empty: all limits have one."""
    entry: dict[Bucket, float] = field(default_factory=dict)
    """Bucket to so many times its lower limit: newcomers to it with a smaller cap come in only for one that fell out
    (`transforms.schemes.entry`). Of ``factor`` alone."""


@dataclass(frozen=True)
class Money(_Told):
    """Bucket to its caps in the scheme's currency, from the first up to, and without, the second; `inf` for no end."""

    kind: Literal["money"]
    caps: dict[Bucket, tuple[float, float]]


@dataclass(frozen=True)
class Ranks(_Told):
    """The largest so many companies, then the next ones: bucket to its last rank, the largest first."""

    kind: Literal["ranks"]
    last_ranks: dict[Bucket, int]
    bands: Bands | None = None


@dataclass(frozen=True)
class Shares(_Told):
    """Companies in the order of their caps until so much of the market is covered: bucket to the share at its end."""

    kind: Literal["shares"]
    covered: dict[Bucket, float]
    bands: Bands | None = None
    size_ranges: dict[Bucket, tuple[float, float]] | None = None
    """Bucket to the range within which the cap of its last company must lie (a global minimum size)."""


@dataclass(frozen=True)
class Quantiles(_Told):
    """Limits at quantiles of the caps on one exchange; companies of all exchanges are sorted by them."""

    kind: Literal["quantiles"]
    exchange: str
    upper: dict[Bucket, float]
    """Bucket to the quantile at its upper end; the largest has 1."""
    least_companies: int = 20
    """With fewer on the exchange there is no limit, and nobody has a bucket."""


@dataclass(frozen=True)
class Additions(_Told):
    """Bucket to the caps at which a company may be added; one that was stays, whatever becomes of it."""

    kind: Literal["additions"]
    ranges: dict[Bucket, tuple[float, float]]
    earns: bool = False
    """The last four quarters' net income, and the last one's, must be positive."""
    least_float_share: float = 0.0
    least_float_of_range: float = 0.0
    """The float cap, as a part of the lower end of its range."""
    least_turnover: float = 0.0
    """Dollar volume of a year over the float cap."""


@dataclass(frozen=True)
class Swap(_Told):
    """A rule by which outsiders take the places of members, one for one: the best ranked that of the worst ranked.

    As long as the worst member is ranked beyond ``exit_beyond`` and the best outsider within ``entry_within``. Without
    the one, whoever is the worst goes; without the other, whoever is the best comes.
    """

    name: str
    exit_beyond: int | None = None
    entry_within: int | None = None
    months: tuple[int, ...] = ()
    """Of the reviews at which it applies; empty: of all."""


@dataclass(frozen=True)
class Tier(_Told):
    """An index with a fixed number of places; its companies are divided into buckets by rank, the largest first."""

    counts: dict[Bucket, int]
    swaps: tuple[Swap, ...]
    """Each after the one before."""


@dataclass(frozen=True)
class FixedCount(_Told):
    """Tiers of fixed numbers of companies, the largest first. All ranks are of the whole market, by the basis' caps."""

    kind: Literal["fixed_count"]
    tiers: tuple[Tier, ...]
    rest: dict[Bucket, int] = field(default_factory=dict)
    """Buckets of the companies without a place, the largest first, to the rank at which each begins; empty: none."""

    def places(self) -> dict[Bucket, int]:
        """How many places each bucket of the tiers has, the largest first."""
        return {bucket: count for tier in self.tiers for bucket, count in tier.counts.items()}

    def of_month(self, month: int) -> "FixedCount":
        """The rule without the swaps that do not apply at the review of a month."""
        return replace(
            self,
            tiers=tuple(
                replace(tier, swaps=tuple(swap for swap in tier.swaps if not swap.months or month in swap.months))
                for tier in self.tiers
            ),
        )


Rule = Money | Ranks | Shares | Quantiles | Additions | FixedCount


@dataclass(frozen=True)
class Version(_Told):
    """The rule as it stood from a day on."""

    effective_from: date
    origin: Origin
    rule: Rule
    reviews: Reviews = Reviews()

    def of_month(self, month: int) -> "Version":
        """The version as it stands at the review of a month."""
        return replace(self, rule=self.rule.of_month(month)) if isinstance(self.rule, FixedCount) else self


@dataclass(frozen=True)
class Scheme(_Told):
    """One provider's way to sort companies by size, in its dated versions, oldest first."""

    id: str
    title: str
    provider: str
    region: str
    currency: str
    basis: Basis
    versions: tuple[Version, ...]
    level: Level = "company"
    universe: Universe = Universe()

    def version(self, day: date) -> Version | None:
        """The version in force on a day; None before the first."""
        begun = [version for version in self.versions if version.effective_from <= day]
        return begun[-1] if begun else None
