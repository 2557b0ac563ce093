"""How many shares a depositary share stands for, where the title of the listed security says so."""

import polars as pl

_ONES = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS: dict[str, float] = (
    {word: float(number) for number, word in enumerate(_ONES, 1)}
    | {word: 10.0 * number for number, word in enumerate(_TENS, 2)}
    | {f"{ten}-{one}": 10.0 * n + m for n, ten in enumerate(_TENS, 2) for m, one in enumerate(_ONES[:9], 1)}
)
_SCALES = {"hundred": 100.0, "thousand": 1000.0}
_PARTS = {
    "half": 2.0,
    "third": 3.0,
    "quarter": 4.0,
    "fourth": 4.0,
    "fifth": 5.0,
    "sixth": 6.0,
    "eighth": 8.0,
    "tenth": 10.0,
    "twentieth": 20.0,
    "hundredth": 100.0,
}

_WORD = rf"(?:(?:{'|'.join(_TENS)})-)?(?:{'|'.join([*_ONES, *_TENS])})\b"
_COUNT = rf"(?:\d[\d,]*(?:\.\d+)?|{_WORD}(?:[ -](?:{'|'.join(_SCALES)}))?)"
_STANDS_FOR = r"(?:represent(?:s|ing)?|repstg|rep\.) (?:the right to receive )?(?:an? )?"
_SHARES = r"(?:(?:underlying|non-voting|voting|par|of|an?|one|class|series|[a-z]) )*"
_KINDS = r"(?:ordinary|ord|common|preferred|preference|pfd|equity|participation|shares?|sh|class|series)\b"
_SPELLED_OUT = rf"(?:[a-z -]+ )?\((\d[\d,]*)\) {_SHARES}{_KINDS}"
"""`two thousand (2,000) shares`: the figures count."""


def ratio_of_title(name: pl.Expr) -> pl.Expr:
    """Underlying shares per depositary share (Float64); null where the title does not say.

    `each representing 13 Ordinary Shares` is 13, `each representing 1/2 of one` and `two of which representing one` are
    0.5. The shares are of the class that the title names, preferred ones too; units of several shares give null.
    Only for depositary shares: of a US company's preferred stock the title states the fraction of a preferred share.
    """
    title = name.str.to_lowercase().str.replace_all(r"[\s,;]+(\D)", " $1").str.replace_all(r"\s+", " ")
    held = _count(title)
    part = _fraction(title)
    bundle = _bundle(title)
    is_other = title.str.contains(rf"{_STANDS_FOR}{_COUNT}(?: \(\d+\))? units?\b|interest in")
    return pl.when(~is_other).then(pl.coalesce(part, held) / pl.coalesce(bundle, pl.lit(1.0)))


def _count(title: pl.Expr) -> pl.Expr:
    """The number of shares stated, in figures where there are any."""
    figures = title.str.extract(rf"(?:{_STANDS_FOR}|deposit[ao]ry shares ){_SPELLED_OUT}")
    plain = title.str.extract(rf"{_STANDS_FOR}({_COUNT}) {_SHARES}{_KINDS}")
    return pl.coalesce(_figure(figures), _number(plain))


def _fraction(title: pl.Expr) -> pl.Expr:
    """One part of a share: `1/4th of`, `one-tenth of`, `one third of`."""
    below = title.str.extract(rf"{_STANDS_FOR}1/(\d+)(?:th|rd|nd)? (?:of )")
    parts = title.str.extract(rf"{_STANDS_FOR}one[- ]({'|'.join(_PARTS)}) of ")
    named = parts.replace_strict(_PARTS, default=None, return_dtype=pl.Float64)
    return 1.0 / pl.coalesce(_figure(below), named)


def _bundle(title: pl.Expr) -> pl.Expr:
    """How many depositary shares the stated shares stand behind, where it is not one: `every five of which`."""
    stated = title.str.extract(rf"({_COUNT})(?: \(\d+\))?(?: adss?| of which| of each)? {_STANDS_FOR}")
    return _number(stated)


def _number(text: pl.Expr) -> pl.Expr:
    """Figures or words as a number."""
    word = text.str.extract(rf"^({_WORD})").replace_strict(_WORDS, default=None, return_dtype=pl.Float64)
    scale = text.str.extract(rf"({'|'.join(_SCALES)})$").replace_strict(_SCALES, default=1.0, return_dtype=pl.Float64)
    return pl.coalesce(_figure(text), word * scale)


def _figure(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
