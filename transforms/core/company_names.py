"""Whether two sources mean one company by two names: the words of a name without its legal form and share class."""

import polars as pl

NAME_OVERLAP = 0.5
"""Share of common words from which two names are one company's."""

_LEGAL_WORDS = (
    r"\b(common stock|common|ordinary|shares?|stock|capital|american depositary|depositary|each|"
    r"representing.*|class [a-z]|series [a-z]|beneficial interest|voting|subordinate|inc|incorporated|corp|"
    r"corporation|co|company|companies|ltd|limited|plc|llc|lp|l p|nv|n v|sa|s a|ag|se|holdings?|group|the|"
    r"trust|new|de|delaware|md|"
    r"international|technologies|technology|and|com|adr|ads|units?|partners|dba|d b a)\b"
)
_NUMBERS = r"^(\d{1,2}|i{1,3}|iv|vi{0,3}|ix|xi{0,3}|xiv|xv|one|two|three|four|five|six|seven|eight|nine|ten)$"


def words(column: str) -> pl.Expr:
    """The words of a name that tell companies apart; none where the name is unknown."""
    return _plain(column).str.split(" ").list.eval(pl.element().filter(pl.element() != ""))


def numbers(column: str) -> pl.Expr:
    """The numerals among a name's words: shell companies of one sponsor differ in nothing else."""
    return words(column).list.eval(pl.element().filter(pl.element().str.contains(_NUMBERS)))


def overlap(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Share of the words of two names (see `words`) that they have in common; null where either has none."""
    common = left.list.set_intersection(right).list.len()
    share = common / left.list.set_union(right).list.len()
    return pl.when((left.list.len() > 0) & (right.list.len() > 0)).then(share)


def begin_alike(left: str, right: str) -> pl.Expr:
    """Whether the names in two columns have one first word, or the same first five letters."""
    return (words(left).list.first() == words(right).list.first()) | (_compact(left) == _compact(right))


def _compact(column: str) -> pl.Expr:
    """First five letters without spaces: `Car Parts` and `CarParts` begin alike."""
    letters = _plain(column).str.replace_all(" ", "", literal=True).str.slice(0, 5)
    return pl.when(letters.str.len_chars() == 5).then(letters)


def _plain(column: str) -> pl.Expr:
    return (
        pl.col(column)
        .fill_null("")
        .str.to_lowercase()
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_all(r"\(.*?\)", " ")
        .str.replace_all(r"[.'\x{2019}]", "")
        .str.replace_all(r"[^a-z0-9]+", " ")
        .str.replace_all(_LEGAL_WORDS, " ")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
