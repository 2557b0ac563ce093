"""Who is listed on the simulated market: companies, the lines around them, and what happens to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

Printed = Literal["class", "company", "blank", "zero"]
"""What the vendor prints as a line's cap: that of its class, the whole company's, nothing, or 0.00."""

# bucket: share of the companies, smallest and largest cap in USD. No company is near 5 % of the total, so that one
# wrong cap is held back and does not refuse its session.
SIZES: dict[str, tuple[float, float, float]] = {
    "mega": (0.10, 215e9, 330e9),
    "large": (0.16, 12e9, 150e9),
    "mid": (0.18, 2.6e9, 8e9),
    "small": (0.28, 0.36e9, 1.6e9),
    "micro": (0.18, 0.06e9, 0.25e9),
    "nano": (0.10, 0.004e9, 0.04e9),
}
_EXCHANGES = ("nasdaq", "nyse", "amex")
_EXCHANGE_OF = {"mega": "nyse", "large": "nyse", "mid": "nasdaq", "small": "nasdaq", "micro": "amex", "nano": "nasdaq"}
INDUSTRIES = (
    ("Semiconductors", "Technology"),
    ("Major Banks", "Finance"),
    ("Biotechnology: Pharmaceutical Preparations", "Health Care"),
    ("Oil & Gas Production", "Energy"),
    ("Restaurants", "Consumer Discretionary"),
    ("Industrial Machinery/Components", "Industrials"),
    ("Electric Utilities: Central", "Utilities"),
)
_SYLLABLES = ("bel", "cor", "dan", "fer", "gol", "hav", "jun", "kel", "lor", "mav", "nor", "pel", "rud", "sol", "vin")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Line:
    """One quoted security. `company` is empty where it is part of no company's cap.

    `shares` are those of its class on the first session, `price` in USD before it. `first` and `last` are positions of
    the sessions it is quoted on (`last` None: to the end).
    """

    key: str
    company: str
    symbol: str
    name: str
    exchange: str
    price: float
    shares: float
    walk: str
    printed: Printed = "class"
    country: str = "United States"
    industry: str = ""
    sector: str = ""
    ipo_year: str = ""
    first: int = 0
    last: int | None = None


@dataclass(frozen=True)
class Split:
    """`ratio` new shares for one old from session `at`; the vendor's count follows `lag` sessions later."""

    key: str
    at: int
    ratio: float
    lag: int


@dataclass(frozen=True)
class Rename:
    """From session `at` the line is quoted under another symbol and name."""

    key: str
    at: int
    symbol: str
    name: str


@dataclass(frozen=True)
class Unpriced:
    """From session `at` to before `until` the vendor prints this in place of the line's cap."""

    key: str
    at: int
    until: int
    printed: Printed


@dataclass
class Listings:
    """All lines and events. `cast` names the lines of the awkward cases."""

    lines: list[Line]
    splits: list[Split] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    unpriced: list[Unpriced] = field(default_factory=list)
    cast: dict[str, str] = field(default_factory=dict)


def listings(seed: int, companies: int, sessions: int) -> Listings:
    """`companies` companies of every size, and among and beside them every case that vendors get wrong.

    Raises:
        ValueError: too few companies or sessions for all cases.
    """
    if companies < 80 or sessions < 40:
        raise ValueError("the cases need at least 80 companies and 40 sessions")
    rng = np.random.default_rng([seed, 1])
    found = Listings([line for size in SIZES for line in _of_size(size, round(SIZES[size][0] * companies), rng)])
    _happenings(found, sessions)
    found.lines += _second_classes(found)
    found.lines += _not_companies(found, sessions)
    return found


def _of_size(size: str, count: int, rng: np.random.Generator) -> Iterable[Line]:
    _, smallest, largest = SIZES[size]
    caps = np.exp(rng.uniform(np.log(smallest), np.log(largest), count))
    for number, cap in enumerate(caps):
        price = round(
            float(rng.uniform(18, 240) if cap > 2e9 else rng.uniform(2, 45) if cap > 5e7 else rng.uniform(0.4, 6)), 2
        )
        industry, sector = INDUSTRIES[number % len(INDUSTRIES)]
        symbol = f"{size[0].upper()}{_code(number, size)}"
        root = _name(size, number)
        yield Line(
            key=f"{size}{number}",
            company=f"{size}{number}",
            symbol=symbol,
            name=f"{root} Common Stock",
            exchange=_EXCHANGE_OF[size] if number % 4 else _EXCHANGES[number // 4 % 3],
            price=price,
            shares=float(round(cap / price)),
            walk=f"{size}{number}",
            industry=industry,
            sector=sector,
            ipo_year=str(1985 + number % 38) if number % 3 else "",
        )


def _code(number: int, size: str) -> str:
    """Three letters, unique within a size; no fifth letter, which would speak of a warrant or a unit."""
    second = {"mega": "E", "large": "A", "mid": "D", "small": "M", "micro": "C", "nano": "O"}[size]
    return f"{second}{_LETTERS[number // 26]}{_LETTERS[number % 26]}"


def _name(size: str, number: int) -> str:
    base, offset = len(_SYLLABLES), list(SIZES).index(size)
    parts = (
        _SYLLABLES[number % base],
        _SYLLABLES[(number // base + offset) % base],
        _SYLLABLES[(number * 7 + offset) % base],
    )
    return f"{''.join(parts).capitalize()}{size[:2]} Inc."


def _happenings(found: Listings, sessions: int) -> None:
    """Splits, renames, a depositary share, a delisting, a reused symbol, and caps that are not printed."""
    middle, late = sessions // 2, sessions * 3 // 4
    renamed = f"{_name('mid', 99).removesuffix(' Inc.')} Platforms Inc. Common Stock"
    found.splits += [
        Split("large2", middle, 4, lag=2),
        Split("small5", late, 0.1, lag=1),
        Split("mid3", sessions // 3, 2, lag=0),
    ]
    found.renames.append(Rename("mid6", middle + 3, "NEWM", renamed))
    found.unpriced += [Unpriced("micro3", 0, sessions, "blank"), Unpriced("nano2", late, late + 4, "zero")]
    found.cast |= {
        "forward_split": "large2",
        "reverse_split": "small5",
        "prompt_split": "mid3",
        "renamed": "mid6",
        "blank_cap": "micro3",
        "zero_cap": "nano2",
    }
    foreign = _name("large", 5).removesuffix(" Inc.")
    title = f"{foreign} SE American Depositary Shares (each representing two Ordinary Shares)"
    _edit(found, "large5", name=title, country="Germany")
    found.cast["depositary"] = "large5"
    _edit(found, "small7", last=sessions // 3)
    found.cast["delisted"] = "small7"
    heir = replace(
        _line(found, "micro5"),
        key="reused",
        company="reused",
        walk="reused",
        symbol=_line(found, "small7").symbol,
        exchange=_line(found, "small7").exchange,
        name="Second Harvest Robotics Inc. Common Stock",
        first=sessions // 3 + 12,
    )
    found.lines.append(heir)
    found.cast["reused_symbol"] = "reused"


def _second_classes(found: Listings) -> list[Line]:
    """A pair of classes where each line prints the whole company's cap, and one where each prints its own."""
    whole, own = _line(found, "mega3"), _line(found, "large7")
    found.cast |= {"classes_whole": whole.key, "classes_own": own.key}
    _edit(found, whole.key, printed="company", name=_classed(whole, "A"))
    _edit(found, own.key, name=_classed(own, "A"))
    return [
        replace(
            whole,
            key=f"{whole.key}L",
            symbol=f"{whole.symbol}L",
            name=_classed(whole, "C"),
            printed="company",
            shares=round(whole.shares * 0.9),
        ),
        replace(
            own, key=f"{own.key}B", symbol=f"{own.symbol}/B", name=_classed(own, "B"), shares=round(own.shares * 0.35)
        ),
    ]


def _classed(line: Line, letter: str) -> str:
    return f"{line.name.removesuffix(' Common Stock')} Class {letter} Common Stock"


def _not_companies(found: Listings, sessions: int) -> list[Line]:
    """Preferreds print no cap; warrants, units, rights and shells print zero; one shell becomes a company."""
    beside: list[Line] = []
    for number, line in enumerate(
        [line for line in found.lines if line.key.startswith("large") and line.exchange == "nyse"][:6]
    ):
        beside.append(
            _claim(line, f"{line.symbol}^A", "5.25% Series A Cumulative Preferred Stock", 24.5 + number / 10, "blank")
        )
    for line in [line for line in found.lines if line.key.startswith("small") and line.exchange == "nasdaq"][:8]:
        beside.append(_claim(line, f"{line.symbol}W", "Warrants", 0.85, "zero"))
    merged = sessions // 2 + 7
    for letter in "ABC":
        for suffix, kind, price in (
            ("", "Class A Ordinary Shares", 10.2),
            ("U", "Units", 10.31),
            ("R", "Rights", 0.215),
        ):
            shell = Line(
                f"shell{letter}{suffix}",
                "",
                f"SPQ{letter}{suffix}",
                f"Quiet Harbor {letter} Acquisition Corp. {kind}",
                "nasdaq",
                price,
                9e6,
                f"shell{letter}",
                "zero",
            )
            beside.append(shell if letter != "A" else replace(shell, last=merged - 1))
    operating = "Harborline Batteries Inc. Class A Common Stock"
    beside.append(
        Line(
            "merged",
            "merged",
            "HBAT",
            operating,
            "nasdaq",
            10.4,
            70e6,
            "shellA",
            first=merged,
            industry="Industrial Machinery/Components",
            sector="Industrials",
            ipo_year="2024",
        )
    )
    found.cast["shell_that_merged"] = "merged"
    beside.append(Line("fund", "", "QFD", "Quiet Harbor Municipal Income Fund", "amex", 11.8, 4e6, "fund", "zero"))
    return beside


def _claim(line: Line, symbol: str, kind: str, price: float, printed: Printed) -> Line:
    name = f"{line.name.removesuffix(' Common Stock')} {kind}"
    return replace(
        line,
        key=f"{line.key} {kind}",
        company="",
        symbol=symbol,
        name=name,
        price=price,
        shares=max(line.shares // 40, 1e5),
        walk=f"{line.key} {kind}",
        printed=printed,
    )


def _line(found: Listings, key: str) -> Line:
    return next(line for line in found.lines if line.key == key)


def _edit(found: Listings, key: str, **fields: object) -> None:
    at = next(number for number, line in enumerate(found.lines) if line.key == key)
    found.lines[at] = replace(found.lines[at], **fields)  # type: ignore[arg-type]
