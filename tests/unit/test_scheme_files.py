"""Schemes from files: what they may say, and what each fault is called."""

from datetime import date
from pathlib import Path

import pytest

from flows.edge.scheme_files import SHIPPED, load_scheme, load_schemes
from flows.errors import UsageError
from transforms.schemes.model import Money, Ranks

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
RANKS = 'rule = { kind = "ranks", last_ranks = { large = 10, small = 20 } }'


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
            RANKS.replace("} }", '}, bands = { kind = "factor", down = 1.1, up = 1.5 } }'),
            "versions.1.rule.bands: from 1.1 to 1.5 of a limit is no band around it",
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
        (RANKS, f"{RANKS}\nreviews = {{ months = [3, 13] }}", "versions.1.reviews.months: are months of the year"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    assert refusal(tmp_path, GOOD.replace(old, new, 1)).startswith(reason)


def test_no_toml_and_another_name(tmp_path: Path) -> None:
    assert refusal(tmp_path, "id = ").startswith("cannot be read as TOML")
    assert refusal(tmp_path, GOOD, "other.toml").startswith("id: own is not the file's name")


def test_an_operators_scheme_takes_no_shipped_ones_place(tmp_path: Path) -> None:
    (tmp_path / "fixed_usd.toml").write_text(GOOD.replace('"own"', '"fixed_usd"', 1), encoding="utf-8")
    with pytest.raises(UsageError, match="there is another scheme fixed_usd"):
        load_schemes([SHIPPED, tmp_path])
