"""Schemes from files: what they may say, and what each fault is called."""

from datetime import date
from pathlib import Path

import pytest

from flows.edge.scheme_files import SHIPPED, load_scheme, load_schemes
from flows.errors import UsageError
from transforms.schemes.model import FixedCount, Money, Ranks, Swap

GOOD = """
id = "own"
title = "Our own"
provider = "us"
region = "US"
currency = "USD"
basis = "full"

[[versions]]
effective_from = 2020-01-01
origin = { source = "our paper", retrieved_on = 2026-01-02, confidence = "own" }
rule = { kind = "money", caps = { micro = [0, 300_000_000], small = [300_000_000, 2_000_000_000], mid = [2e9, inf] } }

[[versions]]
effective_from = 2024-01-01
origin = { source = "our paper", retrieved_on = 2026-01-02, confidence = "own" }
rule = { kind = "ranks", last_ranks = { large = 10, small = 20 } }
"""
SHARES = 'rule = { kind = "shares", covered = { large = 0.7, small = 1.0 } }'
QUANTILES = 'rule = { kind = "quantiles", exchange = "nyse", upper = { small = 0.5, mega = 1.0 } }'
ADDITIONS = (
    'rule = { kind = "additions", ranges = { small = [1e9, 6e9] }, least_float_share = 0.1, least_turnover = 0.75 }'
)
BANDS = (
    'rule = { kind = "shares", covered = { large = 0.7, mid = 0.8, small = 1 }, '
    'bands = { kind = "share", share = 0.06 } }'
)
RANKS = 'rule = { kind = "ranks", last_ranks = { large = 10, small = 20 } }'

TIERS = """reviews = { months = [3, 9] }
rule = { kind = "fixed_count", rest = { micro = 31 }, tiers = [
    { counts = { large = 10 }, swaps = [{ name = "exit", exit_beyond = 12 }, { name = "entry", entry_within = 8 }] },
    { counts = { mid = 10, small = 10 }, swaps = [
        { name = "fast exit", exit_beyond = 40, entry_within = 35 },
        { name = "regular exit", exit_beyond = 36, entry_within = 35, months = [9] },
    ] },
] }"""


def refusal(folder: Path, text: str, name: str = "own.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_scheme(path)
    assert caught.value.exit_code == 4
    assert caught.value.message.startswith(f"{name}: ")
    return caught.value.message.removeprefix(f"{name}: ")


def test_a_scheme_in_two_versions(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD, encoding="utf-8")
    scheme = load_scheme(tmp_path / "own.toml")
    kinds = [version and type(version.rule) for version in map(scheme.version, (date(2019, 1, 1), date(2023, 12, 31)))]
    assert kinds == [None, Money]
    assert isinstance(scheme.versions[1].rule, Ranks)
    assert scheme.version(date(2024, 1, 1)) is scheme.versions[1]


def test_every_shipped_scheme_loads_and_has_its_source() -> None:
    schemes = load_schemes([SHIPPED])
    assert {"fixed_usd", "fixed_eur", "russell_like"} <= set(schemes)
    assert all(version.origin.source for scheme in schemes.values() for version in scheme.versions)


def test_the_customary_limits_are_those_of_market_practice() -> None:
    rule = load_schemes([SHIPPED])["fixed_usd"].versions[0].rule
    assert isinstance(rule, Money)
    lows = {bucket: low / 1e6 for bucket, (low, _) in rule.caps.items()}
    assert lows == {"nano": 0, "micro": 50, "small": 300, "mid": 2_000, "large": 10_000, "mega": 200_000}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "small = [300_000_000, 2_000_000_000]",
            "small = [200_000_000, 2_000_000_000]",
            "versions.0.rule.caps.small: micro ends at 300,000,000, small begins at 200,000,000: they overlap",
        ),
        (
            "small = [300_000_000, 2_000_000_000]",
            "small = [300_000_001, 2_000_000_000]",
            "versions.0.rule.caps.small: micro ends at 300,000,000, small begins at 300,000,001: they leave a gap",
        ),
        ("micro = [0,", "micro = [1,", "versions.0.rule.caps: begins at 1: caps below it have no bucket"),
        ("mid = [2e9, inf]", "mid = [2e9, 9e9]", "versions.0.rule.caps: ends at 9,000,000,000: caps from there on"),
        ("mid = [2e9, inf]", "mid = [2e9, 2e9]", "versions.0.rule.caps.mid: 2,000,000,000 to 2,000,000,000 is"),
        ('"USD"', '"USX"', "currency: USX is no currency with rates"),
        ("2024-01-01", "2019-12-31", "versions.1.effective_from: 2019-12-31 is not after 2020-01-01 of the version"),
        ('source = "our paper", retrieved_on = 2026-01-02, confidence = "own" }\nrule = { kind = "money"',
         'source = " ", retrieved_on = 2026-01-02, confidence = "own" }\nrule = { kind = "money"',
         "versions.0.origin.source: is empty: every rule has a source"),
        ('source = "our paper", ', "", "versions.0.origin.source: Field required"),
        ('kind = "ranks"', 'kind = "rank"', "versions.1.rule.kind: rank is none of money, ranks, shares, quantiles"),
        ('confidence = "own"', 'confidence = "sure"', "versions.0.origin.confidence: Input should be 'primary'"),
        ('basis = "full"', 'bases = "full"', "basis: Field required; bases: Unexpected keyword argument"),
        ("micro = [0,", "tiny = [0,", "versions.0.rule.caps.tiny"),
        ("large = 10, small = 20", "large = 20, small = 20", "versions.1.rule.last_ranks.small: 20 is not above 20"),
        ("large = 10, small = 20", "small = 10, large = 20", "versions.1.rule.last_ranks: small, large are not in"),
        (RANKS, SHARES.replace("0.7", "1.2"), "versions.1.rule.covered.large: 1.2 is no part of the market"),
        (RANKS, SHARES.replace("1.0", "0.9"), "versions.1.rule.covered: does not end at 1"),
        (RANKS, QUANTILES.replace("0.5", "-0.5"), "versions.1.rule.upper.small: -0.5 is no part of the market"),
        (
            RANKS,
            RANKS.replace("} }", '}, bands = { kind = "share", share = 0.6 } }'),
            "versions.1.rule.bands.share: 0.6 is no part of the market that a band can have",
        ),
        (
            RANKS,
            SHARES.replace("} }", '}, bands = { kind = "factor", down = 1.1, up = 1.5 } }'),
            "versions.1.rule.bands: from 1.1 to 1.5 of a limit is no band around it",
        ),
        (
            RANKS,
            RANKS.replace("} }", '}, bands = { kind = "factor", down = 0.9, up = 1.5 } }'),
            "versions.1.rule.bands: factor is no kind for ranks",
        ),
        (
            RANKS,
            QUANTILES.replace("} }", "}, least_companies = 0 }"),
            "versions.1.rule.least_companies: 0 leaves nobody",
        ),
        (
            RANKS,
            RANKS.replace("} }", '}, bands = { kind = "share", share = 0.1, entry = { small = 1.5 } } }'),
            "versions.1.rule.bands.entry: only bands of kind factor around shares have an entry",
        ),
        (
            RANKS,
            SHARES.replace("} }", '}, bands = { kind = "factor", entry = { small = 1.5 } } }'),
            "versions.1.rule.bands.entry.small: there is no limit of small; limits: large",
        ),
        (
            RANKS,
            SHARES.replace("} }", '}, bands = { kind = "factor", entry = { large = 1 } } }'),
            "versions.1.rule.bands.entry.large: 1 times its limit keeps nobody out",
        ),
        (RANKS, f"{RANKS}\nreviews = {{ months = [3], price_window = 0 }}",
         "versions.1.reviews.price_window: 0 is none of 1 to 18"),
        (RANKS, f"{RANKS}\nreviews = {{ months = [3, 13] }}", "versions.1.reviews.months: are months of the year"),
        (RANKS, f"{RANKS}\nreviews = {{ months = [3], rank_months_before = 0 }}",
         "versions.1.reviews.rank_months_before: 0 is not from 1 to 3 with month_begin"),
        (RANKS, f'{RANKS}\nreviews = {{ months = [3], rank_months_before = 0, effective = "third_friday" }}',
         "versions.1.reviews.rank_months_before: 0 is not from 1 to 3 with third_friday"),
        (RANKS, f'{RANKS}\nreviews = {{ months = [3], rank_months_before = -1, effective = "month_end" }}',
         "versions.1.reviews.rank_months_before: -1 is not from 0 to 3 with month_end"),
        (RANKS, f'{RANKS}\nreviews = {{ months = [3], effective_in = {{ 12 = "second_friday" }} }}',
         "versions.1.reviews.effective_in.12: is no month with a review"),
        (RANKS, f'{RANKS}\nreviews = {{ months = [3, 6], effective = "month_end", rank_months_before = 0, '
         'effective_in = { 6 = "second_friday" } }',
         "versions.1.reviews.rank_months_before: 0 is not from 1 to 3 with second_friday"),
        (RANKS, BANDS, "versions.1.rule.bands.share: 0.06 about 0.7 of large meets that about 0.8 of mid"),
        (RANKS, ADDITIONS.replace("0.1", "1.1"), "versions.1.rule.least_float_share: 1.1 is no part: from 0 to 1"),
        (RANKS, ADDITIONS.replace("0.75", "inf"), "versions.1.rule.least_turnover: inf times the float is no turnover"),
        (RANKS, ADDITIONS.replace("0.75", "nan"), "versions.1.rule.least_turnover: nan is no number"),
        ('basis = "full"', 'basis = "full"\nuniverse = { security_types = ["share"] }',
         "universe.security_types: share: there are common, depositary_share"),
        ('basis = "full"', 'basis = "full"\nuniverse = { least_price = -1 }',
         "universe.least_price: -1 is no sum of money"),
        (RANKS, f"{RANKS}\nreviews = {{ months = [3], rank_months_before = 4 }}",
         "versions.1.reviews.rank_months_before: 4 is not from 1 to 3 with month_begin"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    assert refusal(tmp_path, GOOD.replace(old, new, 1)).startswith(reason)


def test_fixed_counts_in_tiers(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD.replace(RANKS, TIERS), encoding="utf-8")
    rule = load_scheme(tmp_path / "own.toml").versions[1].rule
    assert isinstance(rule, FixedCount)
    assert rule.places() == {"large": 10, "mid": 10, "small": 10}
    assert rule.tiers[0].swaps == (Swap("exit", exit_beyond=12), Swap("entry", entry_within=8))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("large = 10", "large = 0", "tiers.0.counts.large: 0 places are none"),
        ("{ large = 10 }", "{}", "tiers.0.counts: there is no bucket"),
        ("large = 10", "micro = 10", "tiers: micro, mid, small are not in the order of size: mid, small, micro"),
        ("large = 10", "mid = 10", "tiers: mid is there twice"),
        ("mid = 10, small = 10", "small = 10, mid = 10", "tiers: large, small, mid are not in the order of size"),
        ("exit_beyond = 12", "exit_beyond = 9", "tiers.0.swaps.0.exit_beyond: 9 is before the last place, 10,"),
        (", exit_beyond = 12", "", "tiers.0.swaps.0: has neither exit_beyond nor entry_within"),
        ("entry_within = 8", "entry_within = 11", "tiers.0.swaps.1.entry_within: 11 is beyond the last place, 10,"),
        ("entry_within = 8", "entry_within = 0", "tiers.0.swaps.1.entry_within: 0 is no rank of this tier: they"),
        ("exit_beyond = 40", "exit_beyond = 34", "tiers.1.swaps.0.exit_beyond: 34 is before 35, within which"),
        ("exit_beyond = 40, entry_within = 35", "entry_within = 10",
         "tiers.1.swaps.0.entry_within: 10 is no rank of this tier: they begin at 11"),
        ("exit_beyond = 40, entry_within = 35", "exit_beyond = 10",
         "tiers.1.swaps.0.exit_beyond: 10 is no rank of this tier: they begin at 11"),
        ("months = [9]", "months = [6]", "tiers.1.swaps.1.months: are months with a review"),
        ("months = [9]", "months = [9, 3]", "tiers.1.swaps.1.months: are months with a review"),
        ("regular exit", "fast exit", "tiers.1.swaps: have names, each another one"),
        ("regular exit", " ", "tiers.1.swaps: have names, each another one"),
        ("micro = 31", "micro = 30", "rest: begins at rank 30: the places end at 30"),
        ("micro = 31", "micro = 31, nano = 31", "rest.nano: 31 is not above 31 of micro"),
        ("micro = 31", "mid = 31", "rest: mid is there twice"),
        ("micro = 31", "nano = 31, micro = 40", "rest: large, mid, small, nano, micro are not in the order of size"),
        ("exit_beyond = 12", "leaves_beyond = 12", "tiers.0.swaps.0.leaves_beyond: Unexpected keyword argument"),
    ],
)  # fmt: skip
def test_what_is_refused_of_fixed_counts(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in TIERS
    told = refusal(tmp_path, GOOD.replace(RANKS, TIERS.replace(old, new, 1)))
    assert told.startswith(f"versions.1.rule.{reason}")


def test_fixed_counts_without_tiers(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace(RANKS, 'rule = { kind = "fixed_count", tiers = [] }'))
    assert told == "versions.1.rule.tiers: there is no bucket"


def test_no_toml_and_another_name(tmp_path: Path) -> None:
    assert refusal(tmp_path, "id = ").startswith("cannot be read as TOML")
    assert refusal(tmp_path, GOOD, "other.toml").startswith("id: own is not the file's name")


def test_an_operators_scheme_takes_no_shipped_ones_place(tmp_path: Path) -> None:
    (tmp_path / "fixed_usd.toml").write_text(GOOD.replace('"own"', '"fixed_usd"', 1), encoding="utf-8")
    with pytest.raises(UsageError, match="there is another scheme fixed_usd"):
        load_schemes([SHIPPED, tmp_path])
