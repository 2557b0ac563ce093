"""Every rule once: its code, severity, reason and thresholds. The code is what checks, alerts and runbooks share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Rule:
    """A rule: ``critical`` blocks, ``warning`` is recorded. ``why`` says where the thresholds come from."""

    code: str
    severity: Severity
    why: str
    params: Mapping[str, float] = field(default_factory=dict)


HORIZON_SESSIONS = 5
"""A comparing rule looks back at most this far; beyond, it is not applicable. A week of sessions: prices and lists
drift, and a comparison across a longer gap would refuse good sessions."""

CALENDAR = Rule(
    "ADM_CALENDAR",
    "critical",
    "Quotes exist only for sessions of the exchange calendar; the vendor also serves files on holidays and Saturdays.",
)
READABLE = Rule(
    "ADM_READABLE",
    "critical",
    "A required file of the session could not be read; what it would have said is unknown.",
)
EXCHANGES = Rule(
    "ADM_EXCHANGES",
    "critical",
    "Each exchange of the last admitted session must be there again: a file of one of them is lost otherwise.",
)
ROWS = Rule(
    "ADM_ROWS",
    "critical",
    "Listings change slowly. 2022-24 and 2026: the largest change of an admitted session was 5.4 % (Nasdaq, "
    "2022-10-14); a lost page or a doubled file is far beyond 10 %. The small NYSE American list moves by a few names.",
    {"max_change": 0.10},
)
REPEATED = Rule(
    "ADM_REPEATED",
    "critical",
    "Lines whose price and volume both repeat the last admitted session. Thinly traded lines do so: at most 9 % of an "
    "exchange in 2022-24 and 2026. A file served again repeats 60 to 100 %.",
    {"max_share": 0.30},
)
CHAIN = Rule(
    "ADM_CHAIN",
    "critical",
    "The vendor's previous closes must be the closes admitted for the session before. Normally 96 to 99 % agree; the "
    "file of another session agrees with 11 to 19 %, a session after one taken in mid-session with 35 %.",
    {"min_share": 0.25, "tolerance": 0.002},
)
CHAIN_LATE = Rule(
    "ADM_CHAIN_LATE",
    "warning",
    "Many previous closes differ from the closes admitted the session before: that file was taken before the close "
    "(2022-01-04, 2022-01-06, 2024-01-03: 54 to 67 % agree). Found a session late, so recorded and not refused.",
    {"min_share": 0.90, "tolerance": 0.002},
)
QUARANTINE_WEIGHT = Rule(
    "ADM_QUARANTINE_WEIGHT",
    "critical",
    "What quarantine would take out held this share of the last admitted total: then the session is at fault, not the "
    "companies. Five per cent is the largest single company, near enough.",
    {"max_share": 0.05},
)
TOTAL = Rule(
    "ADM_TOTAL",
    "critical",
    "The total after quarantine must have moved with the cap-weighted return. Issuance, buy-backs and listings move it "
    "by tenths of a per cent; the largest gap of an admitted session is stated in docs/admission.md.",
    {"max_gap": 0.03},
)
NO_COMPANY = Rule(
    "ADM_NO_COMPANY",
    "critical",
    "A session must admit a company at least; where every one is held, what they have in common is at fault: volumes "
    "that a file of one's own leaves out, or caps in another unit.",
)
JUMP = Rule(
    "ADM_JUMP",
    "critical",
    "A company's cap must move with its split-proof price. A gap of 0.3 in logs (35 %) is a count that lags a split, a "
    "wrong figure, or a merger that the next sessions confirm. Smaller issues and buy-backs stay below.",
    {"max_log_gap": 0.3},
)
CONFIRMED = Rule(
    "ADM_CONFIRMED",
    "warning",
    "A level that holds, moving with the price within 5 %, becomes the company's: mergers and issues do that. Five "
    "sessions where the step is below a factor of two or both caps are below 2 billion USD, as offerings of small "
    "companies are. A larger step of a larger company is nearly always a wrong count: PACCAR stood at 910 billion USD "
    "for 60 sessions in 2023, DexCom at 508 for 60 in 2022. So those wait a quarter, until a filing would show, and "
    "must then trade like a company of that size: HSBC stood at 785 billion USD for eight months of 2023 on a turnover "
    "of 0.01 %, as its ordinary shares were counted at the price of a depositary share for five.",
    {
        "sessions": 5,
        "sessions_large": 63,
        "max_log_gap": 0.05,
        "large_cap_usd": 2e9,
        "large_log_step": 0.6931471805599453,
        "large_min_turnover": 0.001,
    },
)
FIRST_LEVEL = Rule(
    "ADM_FIRST_LEVEL",
    "critical",
    "A company seen for the first time has nothing to be compared with, so its level is judged: a cap among "
    "the largest ranks needs a turnover (dollar volume over cap) that a company of that size has. Genuine listings "
    "turn over 0.1 % and more on their first day, depositary shares 0.01 %; a wrong cap hardly any. Whatever its rank, "
    "a count below ten thousand shares is nobody's: Steel Partners had 1,705 for 42 sessions of 2024, Knife River "
    "1,000 for 27 of 2023, and Berkshire's class A, the smallest there is, has half a million.",
    {"judged_ranks": 300, "min_turnover": 0.0001, "max_turnover": 1.5, "min_shares": 10_000},
)

REJECTED = Rule(
    "ADM_REJECTED",
    "critical",
    "An operator looked at the session and rejected it; the decision lies in landing with its reason.",
)

ADMISSION_RULES: tuple[Rule, ...] = (
    CALENDAR,
    READABLE,
    EXCHANGES,
    ROWS,
    REPEATED,
    CHAIN,
    CHAIN_LATE,
    QUARANTINE_WEIGHT,
    TOTAL,
    NO_COMPANY,
    JUMP,
    CONFIRMED,
    FIRST_LEVEL,
    REJECTED,
)
RULES: dict[str, Rule] = {rule.code: rule for rule in ADMISSION_RULES}
