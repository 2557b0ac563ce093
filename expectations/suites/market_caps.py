"""core.market_caps beyond its contract: caps of a possible size, and equal to price times shares."""

from expectations import gate_rules
from expectations.violations import Violation

_LIMIT = gate_rules.CAP_LEVEL.params["max_cap_usd"]
_TOLERANCE = gate_rules.CAP_IDENTITY.params["tolerance"]

VIOLATIONS = (
    Violation(
        gate_rules.CAP_LEVEL,
        ("ticker", "cap_usd"),
        "cap beyond any company",
        f"1 <= cap_usd <= {_LIMIT:g}",
        f"cap_usd < 1 or cap_usd > {_LIMIT!r}",
    ),
    Violation(
        gate_rules.CAP_IDENTITY,
        ("ticker", "price", "shares", "cap_local"),
        "cap apart from price x shares",
        f"price x shares = cap_local within {_TOLERANCE:.1%}",
        f"shares is not null and abs(price * shares - cap_local) > {_TOLERANCE!r} * cap_local",
    ),
)
