"""What an alert says: one plain-text message per run, most important first. Sends nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.run_record import RunRecord, RunStatus
from flows.troubles import NOT_GOOD

MOST_ROWS = 10
WIDEST_CELL = 40
WIDEST_LAST_CELL = 240
"""Nothing stands to the right of the last one, and a failing row of the gate stands there as a whole."""


class AlertKind(StrEnum):
    """Why somebody is told."""

    FAILED = "failed"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    STALE = "stale"
    TEST = "test"


@dataclass(frozen=True)
class FailingRows:
    """The first rows that broke a rule, as text, and how many there are in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int

    @classmethod
    def of(cls, columns: Iterable[str], rows: Iterable[Iterable[object]], total: int) -> "FailingRows":
        """The first ten of `rows`, each cell as short text without line breaks; the last one may be longer."""
        kept = [list(row) for _, row in zip(range(MOST_ROWS), rows, strict=False)]
        cells = ((*map(_cell, row[:-1]), _cell(row[-1], WIDEST_LAST_CELL)) for row in kept)
        return cls(tuple(columns), tuple(cells), total)


@dataclass(frozen=True)
class Alert:
    """One message. `look_at` maps what lies there to its path; `counts` maps what was counted to how many.

    `about` names in the title what no one session does, such as a backfill's range.
    """

    kind: AlertKind
    headline: str
    run_id: str
    run_kind: str
    session: str = ""
    about: str = ""
    rule_codes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    failing: FailingRows | None = None
    last_good_session: str = ""
    look_at: Mapping[str, str] = field(default_factory=dict)
    next_step: str = ""

    @property
    def title(self) -> str:
        """The subject line. Rule codes stand in it where they are why nothing was published."""
        about = f"session {self.session}" if self.session else self.about or self.run_kind
        codes = ", ".join(self.rule_codes) if self.kind is AlertKind.FAILED else ""
        return " ".join(f"smallcaps {self.kind.upper()}: {about} {codes}".split())

    @property
    def body(self) -> str:
        """The message below the subject, plain text."""
        facts = {
            "run": f"{self.run_id} ({self.run_kind})",
            "session": self.session,
            "rules": ", ".join(self.rule_codes),
            "counts": ", ".join(f"{name} {count:,}" for name, count in self.counts.items()),
            "last good session": self.last_good_session,
        }
        blocks = [
            " ".join(self.headline.split()),
            _pairs(facts),
            _table(self.failing),
            f"Where to look\n{_pairs(self.look_at)}" if self.look_at else "",
            f"What to do next: {self.next_step}" if self.next_step else "",
        ]
        return "\n\n".join(block for block in blocks if block) + "\n"


def alert_kind(record: RunRecord, before: RunStatus | None) -> AlertKind | None:
    """Whether the end of a run is worth a message, given how the run before it ended.

    A good run is silent, unless the one before was not good: then it says that all is well again.
    """
    if record.status in NOT_GOOD:
        return AlertKind.FAILED
    if record.status is RunStatus.DEGRADED:
        return AlertKind.DEGRADED
    if record.status is RunStatus.PUBLISHED and before in NOT_GOOD | {RunStatus.DEGRADED}:
        return AlertKind.RECOVERED
    return None


def _cell(value: object, widest: int = WIDEST_CELL) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= widest else f"{text[: widest - 3]}..."


def _pairs(values: Mapping[str, str]) -> str:
    shown = {name: value for name, value in values.items() if value}
    width = max((len(name) for name in shown), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items())


def _table(failing: FailingRows | None) -> str:
    if failing is None or not failing.rows:
        return ""
    lines = [failing.columns, *failing.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(failing.columns))]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return f"Failing rows ({len(failing.rows)} of {failing.total:,})\n{text}"
