"""A line's sessions as the vendor showed them, through the judging of its counts."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from transforms.core.count_memory import FACTOR_SCHEMA, with_last_shares
from transforms.core.split_register import no_splits, update_splits
from transforms.core.splits import with_splits
from transforms.core.vendor_counts import followed

START = date(2024, 1, 8)


@dataclass(frozen=True)
class Day:
    """One session of a line: the vendor's close, the previous close it reports (the last one if None), its count."""

    close: float
    count: float | None
    previous: float | None = None
    declared: float | None = None
    declared_age: int = 0
    tells_previous: bool = True
    is_accepted: bool = False
    has_bare_name: bool = False
    """Its name says nothing of depositary shares on the day."""

    @property
    def cap(self) -> int | None:
        """The vendor's cap, whole USD."""
        return None if self.count is None else round(self.close * self.count)


@dataclass(frozen=True)
class Seen:
    """What a session gave: the count taken, the split seen and why the vendor's count was not taken."""

    count: float | None
    ratio: float
    evidence: str | None
    cause: str | None
    is_restored: bool = False


def walked(
    *days: Day,
    is_new_line: bool = False,
    is_depositary: bool = False,
    stated_ratio: float | None = None,
    is_foreign: bool = False,
) -> tuple[list[Seen], pl.DataFrame]:
    """The line through all sessions, and the register of splits after them."""
    memory: dict[str, object] = dict.fromkeys(FACTOR_SCHEMA)
    last: Day | None = None
    seen, register = [], no_splits()
    for number, day in enumerate(days):
        session = START + timedelta(days=number)
        row = {
            "security_id": "A",
            "first_session": START,
            "close": day.close,
            "previous_close": (day.previous or (last.close if last else day.close)) if day.tells_previous else None,
            "last_close": last.close if last else None,
            "last_session": session - timedelta(days=1) if last else None,
            "vendor_cap_usd": day.cap,
            "last_cap_usd": last.cap if last else None,
            "is_accepted": day.is_accepted,
            "security_type": "depositary_share" if is_depositary and not day.has_bare_name else "common",
            "stated_ratio": None if day.has_bare_name else stated_ratio,
            "is_foreign": is_foreign,
            "declared_ratio": day.declared,
            "declared_age": None if day.declared is None else day.declared_age,
            **{f"last_{name}": value for name, value in memory.items()},
        }
        schema = {
            "last_close": pl.Float64,
            "vendor_cap_usd": pl.Int64,
            "previous_close": pl.Float64,
            "last_session": pl.Date,
            "last_cap_usd": pl.Int64,
            "declared_ratio": pl.Float64,
            "stated_ratio": pl.Float64,
            "declared_age": pl.Int64,
            **{f"last_{name}": dtype for name, dtype in FACTOR_SCHEMA.items()},
        }
        near_from = session - timedelta(days=5)
        older = {**row, "security_id": "B", "first_session": START - timedelta(days=30)}
        frame = pl.DataFrame([row, older] if is_new_line else [row], schema_overrides=schema)
        recalled = with_last_shares(frame, session)
        lines = followed(with_splits(recalled, session - timedelta(days=1), near_from), session, near_from)
        register = update_splits(register, lines, session)
        found = lines.row(0, named=True)
        cap = found["followed_cap_usd"]
        count = None if cap is None else round(cap / day.close / 1e6, 1)
        seen.append(
            Seen(
                count,
                round(found["split_ratio"], 6),
                found["split_evidence"],
                found["factor_cause"],
                found["is_restored_count"],
            )
        )
        memory, last = {name: found[name] for name in FACTOR_SCHEMA}, day
    return seen, register


def counts(seen: list[Seen]) -> list[float | None]:
    return [item.count for item in seen]
