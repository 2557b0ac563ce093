"""Numbers as people read them. What is not known says so: a null is never a zero."""

from datetime import date, datetime
from decimal import Decimal

UNKNOWN = "unknown"
Number = float | int | Decimal


def percent(value: Number | None, digits: int = 1) -> str:
    """A fraction as per cent."""
    return UNKNOWN if value is None else f"{_plain(100 * float(value), digits)} %"


def sized(value: Number, digits: int = 1) -> str:
    """A fraction from 0 to 1 as per cent; one that is only nearly 0 or 1 does not show as that."""
    step = 10.0**-digits
    shown = round(100 * float(value), digits)
    if shown == 0 and value > 0:
        return f"less than {_plain(step, digits)} %"
    if shown == 100 and value < 1:
        return f"more than {_plain(100 - step, digits)} %"
    return percent(value, digits)


def number(value: Number | None, digits: int = 0) -> str:
    """A number with thousands apart."""
    return UNKNOWN if value is None else _plain(float(value), digits)


def billions(value: Number | None, digits: int = 1) -> str:
    """Dollars in billions, without the unit: a table's head has it."""
    return UNKNOWN if value is None else _plain(float(value) / 1e9, digits)


def dollars(value: Number | None) -> str:
    """US dollars in the unit that fits, with it."""
    if value is None:
        return UNKNOWN
    amount = float(value)
    if round(abs(amount) / 1e6, 1) >= 1000:  # what would show as 1,000.0 mn is 1.0 bn
        size, unit = 1e9, "bn "
    elif round(abs(amount)) >= 1e6:
        size, unit = 1e6, "mn "
    else:
        size, unit = 1.0, ""
    return f"{_plain(amount / size, 1 if unit else 0)} {unit}USD"


def moved(value: Number | None, digits: int = 2) -> str:
    """A return in words: up 0.21 %, down 1.00 %, unchanged."""
    if value is None:
        return UNKNOWN
    size = percent(abs(float(value)), digits)
    if float(size.removesuffix(" %")) == 0:
        return "unchanged"
    return f"{'up' if value > 0 else 'down'} {size}"


def day(value: date | None) -> str:
    """A date as ISO text."""
    return UNKNOWN if value is None else value.isoformat()


def instant(value: datetime | None) -> str:
    """An instant in UTC, to the minute."""
    return UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def counted(count: int, one: str, many: str = "") -> str:
    """A count and its noun: 1 company, 18 companies."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _plain(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
