"""A bucket scheme as data: whose rule, of which companies, at which limits, reviewed when; one dated version each.

Read from a file by `flows.edge.scheme_files`: a scheme is added without touching code.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

Bucket = Literal["nano", "micro", "small", "mid", "large", "mega"]
Confidence = Literal["primary", "second_hand", "general_knowledge", "own"]
"""Read at the provider's, told by somebody who quotes it, known but not checked, or a definition of our own."""
Basis = Literal["full", "float"]
Level = Literal["company", "security"]
_FORBID_OTHER_KEYS = {"extra": "forbid"}


@dataclass(frozen=True)
class Origin:
    """Where a version's rule was read."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    source: str
    retrieved_on: date
    confidence: Confidence


@dataclass(frozen=True)
class Universe:
    """Which companies it is about; an empty filter lets all through. Prices and caps in the scheme's currency."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    security_types: tuple[str, ...] = ("common", "depositary_share", "limited_partnership")
    countries: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    least_price: float = 0.0
    least_cap: float = 0.0


@dataclass(frozen=True)
class Reviews:
    """When companies are ranked, and from which session on that counts.

    ``months``: those in which a review takes effect; empty: every session is one. ``rank_day``: the session whose caps
    are ranked. ``rank_months_before``: of which month, counted back from the month of the review. ``effective``: what
    the first session after is effective from.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    months: tuple[int, ...] = ()
    rank_day: Literal["last_session"] = "last_session"
    rank_months_before: int = 1
    effective: Literal["month_begin", "third_friday", "fourth_friday", "month_end"] = "month_begin"


@dataclass(frozen=True)
class Bands:
    """How far a company may pass a limit and stay where it is.

    ``share``: by so much of the cumulative cap on either side; ``factor``: while its cap is at least the limit times
    ``down``, or below the limit times ``up``. ``packets``: one that passes the band moves by half, the rest at the next
    review, if it is still beyond ``core``.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["share", "factor", "packets"]
    share: float = 0.0
    core: float = 0.0
    down: float = 1.0
    up: float = 1.0
    limits: tuple[Bucket, ...] = ()
    """Buckets above whose lower limit there is a band; empty: all limits have one."""


@dataclass(frozen=True)
class Money:
    """Bucket to its caps in the scheme's currency, from the first up to, and without, the second; `inf` for no end."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["money"]
    caps: dict[Bucket, tuple[float, float]]


@dataclass(frozen=True)
class Ranks:
    """The largest so many companies, then the next ones: bucket to its last rank, the largest first."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["ranks"]
    last_ranks: dict[Bucket, int]
    bands: Bands | None = None


@dataclass(frozen=True)
class Shares:
    """Companies in the order of their caps until so much of the market is covered: bucket to the share at its end."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["shares"]
    covered: dict[Bucket, float]
    bands: Bands | None = None
    least_caps: dict[Bucket, tuple[float, float]] | None = None
    """Bucket to the range within which the cap of its last company must lie (a global minimum size)."""


@dataclass(frozen=True)
class Quantiles:
    """Limits at quantiles of the caps on one exchange; companies of all exchanges are sorted by them."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["quantiles"]
    exchange: str
    upper: dict[Bucket, float]
    """Bucket to the quantile at its upper end; the largest has 1."""
    least_companies: int = 20
    """With fewer on the exchange there is no limit, and nobody has a bucket."""


@dataclass(frozen=True)
class Additions:
    """Bucket to the caps at which a company may be added; one that was stays, whatever becomes of it."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    kind: Literal["additions"]
    ranges: dict[Bucket, tuple[float, float]]
    earns: bool = False
    """The last four quarters' net income, and the last one's, must be positive."""
    least_float_share: float = 0.0
    least_turnover: float = 0.0
    """Dollar volume of a year over the float cap."""


Rule = Money | Ranks | Shares | Quantiles | Additions


@dataclass(frozen=True)
class Version:
    """The rule as it stood from a day on."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

    effective_from: date
    origin: Origin
    rule: Rule
    reviews: Reviews = Reviews()


@dataclass(frozen=True)
class Scheme:
    """One provider's way to sort companies by size, in its dated versions, oldest first."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_OTHER_KEYS

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
