"""Each kind of buffer on a market small enough to check by hand: who was where, and where the review puts them."""

import polars as pl
import pytest

from transforms.schemes.limits import RANKED
from transforms.schemes.model import Bands, Money, Quantiles, Ranks, Rule, Shares
from transforms.schemes.review import MEMBERS, reviewed

INF = float("inf")


def market(table: str) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, list[tuple[str, float, str]]]]:
    """RANKED, MEMBERS before, and what is expected, of a table: company, cap | was | now, weight, reason."""
    ranked, before, expected = [], [], {}
    for line in table.strip().splitlines():
        who, was, *parts = (part.strip() for part in line.split("|"))
        company, cap = who.split()
        ranked.append((company, float(cap), float(cap), True))
        for member in filter(None, was.split(",")):
            bucket, weight, *why = member.split(":")
            before.append((company, bucket.strip(), float(weight), bucket.strip(), ":".join(why).strip(), None))
        expected[company] = [_expected(part) for part in parts if part]
    return (
        pl.DataFrame(ranked, RANKED, orient="row"),
        pl.DataFrame(before, MEMBERS, orient="row"),
        expected,
    )


def _expected(part: str) -> tuple[str, float, str]:
    bucket, weight, why = (piece.strip() for piece in part.split(":"))
    return bucket, float(weight), why


def found(rule: Rule, ranked: pl.DataFrame, before: pl.DataFrame) -> dict[str, list[tuple[str, float, str]]]:
    told: dict[str, list[tuple[str, float, str]]] = {company: [] for company in ranked["company_id"]}
    rows = reviewed(rule, ranked, before).members.select("company_id", "bucket", "weight", "reason")
    for company, bucket, weight, why in rows.iter_rows():
        told[company].append((bucket, weight, why))
    return {company: sorted(parts) for company, parts in told.items()}


def check(rule: Rule, table: str) -> None:
    ranked, before, expected = market(table)
    assert found(rule, ranked, before) == {company: sorted(parts) for company, parts in expected.items()}


RUSSELL = Ranks("ranks", {"large": 2, "mid": 5, "small": 8}, Bands("share", share=0.025, limits=("large", "mid")))
"""Of 959 larger companies cover, per cent: A 0, B 31.3, C 52.1, D 62.6, E 72.0, F 80.3, G 87.6, H 93.8. The limit of
large lies at 52.1 (rank 2), its band from 49.6 to 54.6; that of mid at 80.3 (rank 5), its band from 77.8 to 82.8."""


def test_russell_bands_of_the_cumulative_cap() -> None:
    check(
        RUSSELL,
        """
        A 300 | large:1      | large:1:stays
        B 200 | mid:1        | large:1:moved up
        C 100 | large:1      | large:1:stays in the band
        D  90 | large:1      | mid:1:moved down
        E  80 | small:1      | mid:1:moved up
        F  70 | mid:1        | mid:1:stays in the band
        G  60 | mid:1        | small:1:moved down
        H  59 |              | small:1:newcomer
        """,
    )


def test_a_newcomer_in_the_band_goes_by_the_bare_rank() -> None:
    check(
        RUSSELL,
        """
        A 300 |         | large:1:newcomer
        B 200 |         | large:1:newcomer
        C 100 |         | mid:1:newcomer
        D  90 |         | mid:1:newcomer
        E  80 |         | mid:1:newcomer
        F  70 |         | small:1:newcomer
        G  60 |         | small:1:newcomer
        H  50 |         | small:1:newcomer
        I  40 | small:1 |
        """,
    )


CRSP = Shares("shares", {"large": 0.7, "mid": 0.9, "small": 1.0}, Bands("packets", share=0.05, core=0.02))
"""Large covers 70 %, with a band from 65 to 75 and a core from 68 to 72."""


@pytest.mark.parametrize(
    ("covered", "was", "now"),
    [
        (73, "large:1", ["large:1:stays in the band"]),
        (76, "large:1", ["large:0.5:half of it moves down", "mid:0.5:half of it moves down"]),
        (73, "large:0.5:half of it moves down,mid:0.5:half of it moves down", ["mid:1:moved down"]),
        (
            71,
            "large:0.5:half of it moves down,mid:0.5:half of it moves down",
            ["large:0.5:half of it moves down", "mid:0.5:half of it moves down"],
        ),
        (69, "large:0.5:half of it moves down,mid:0.5:half of it moves down", ["large:1:its half comes back"]),
        (64, "mid:1", ["large:0.5:half of it moves up", "mid:0.5:half of it moves up"]),
        (67, "large:0.5:half of it moves up,mid:0.5:half of it moves up", ["large:1:moved up"]),
        (73, "", ["mid:1:newcomer"]),
    ],
)
def test_crsp_moves_by_halves(covered: int, was: str, now: list[str]) -> None:
    """X after companies that cover so many per cent: half of it moves beyond the band, the rest if off the core."""
    ahead = f"A {covered} | large:1 | large:1:stays"
    table = f"{ahead}\nX 10 | {was} | {' | '.join(now)}\nY {90 - covered} | |"
    ranked, before, expected = market(table)
    ranked = ranked.with_columns(cap=pl.Series([1000.0, 10.0, 5.0]))
    assert found(CRSP, ranked, before)["X"] == sorted(expected["X"])


MSCI = Shares("shares", {"large": 0.7, "mid": 0.9, "small": 1.0}, Bands("factor", down=2 / 3, up=1.5))
"""Of 1,000: A and B cover 70 %, so the limit of large is B's cap, 300: who is in stays from 200, others until 450.
That of mid is C's, 200."""


def test_msci_buffers_of_two_thirds_and_three_halves() -> None:
    check(
        MSCI,
        """
        A 400 | mid:1   | mid:1:stays in the band
        B 300 | large:1 | large:1:stays
        C 200 | large:1 | large:1:stays in the band
        D 100 | large:1 | small:1:moved down
        """,
    )


MSCI_ENTRY = Shares(
    "shares", {"large": 0.5, "small": 0.95, "micro": 1.0}, Bands("factor", down=2 / 3, up=1.5, entry={"small": 1.5})
)
"""Of 1,000: A covers 50 %. The 95 % end at a cap of 30, the limit of small: members stay from 20, newcomers come in
from 45. Between 30 and 45 they come in for one that fell below 20."""


def test_msci_newcomers_near_the_limit_replace_those_that_fell_out() -> None:
    """H fell out: of D, E, F and G, which are above the limit and below the entry, the largest takes its place."""
    check(
        MSCI_ENTRY,
        """
        A 500 | large:1 | large:1:stays
        B 280 | small:1 | small:1:stays
        C  46 | micro:1 | small:1:moved up
        D  44 |         | small:1:replaces one that fell out
        E  38 | micro:1 | micro:1:waits for one to fall out
        F  31 |         | micro:1:waits for one to fall out
        G  30 | small:1 | small:1:stays
        H  16 | small:1 | micro:1:moved down
        I  15 | micro:1 | micro:1:stays
        """,
    )


def test_msci_newcomers_near_the_limit_wait_while_nobody_falls_out() -> None:
    """H is below the limit and not below two thirds of it, so it stays; B comes from large, which frees nothing."""
    check(
        MSCI_ENTRY,
        """
        A 500 | large:1 | large:1:stays
        B 296 | large:1 | small:1:moved down
        C  45 |         | small:1:newcomer
        D  44 |         | micro:1:waits for one to fall out
        E  38 | micro:1 | micro:1:waits for one to fall out
        F  30 | small:1 | small:1:stays
        H  26 | small:1 | small:1:stays in the band
        I  21 | micro:1 | micro:1:stays
        """,
    )


def test_at_the_cold_start_nobody_waits() -> None:
    check(
        MSCI_ENTRY,
        """
        A 500 | | large:1:newcomer
        B 296 | | small:1:newcomer
        C  46 | | small:1:newcomer
        D  44 | | small:1:newcomer
        E  38 | | small:1:newcomer
        F  30 | | small:1:newcomer
        H  26 | | micro:1:newcomer
        I  20 | | micro:1:newcomer
        """,
    )


def test_msci_limits_stay_in_the_global_range() -> None:
    """The company at 70 % has a cap of 300; a range that begins at 350 puts the limit there."""
    rule = Shares("shares", {"large": 0.7, "small": 1.0}, None, {"large": (350.0, 500.0)})
    ranked, before, _ = market("A 400 | |\nB 300 | |\nC 200 | |\nD 100 | |")
    result = reviewed(rule, ranked, before)
    assert result.limits.rows() == [("large", 350.0, 1), ("small", None, 3)]


def test_quantiles_of_one_exchange() -> None:
    """Limits at the median and the upper fifth of the exchange's five; others are sorted by them."""
    rule = Quantiles("quantiles", "nyse", {"small": 0.5, "large": 0.8, "mega": 1.0}, least_companies=5)
    caps = {"A": 50.0, "B": 40.0, "C": 30.0, "D": 20.0, "E": 10.0, "X": 43.0, "Y": 31.0}
    ranked = pl.DataFrame([(name, cap, cap, name < "X") for name, cap in caps.items()], RANKED, orient="row")
    result = reviewed(rule, ranked, pl.DataFrame(schema=MEMBERS))
    assert result.limits.select("bucket", "cap").rows() == [("mega", 42.0), ("large", 30.0), ("small", None)]
    assert dict(result.members.select("company_id", "bucket").iter_rows()) == {
        "A": "mega", "X": "mega", "B": "large", "Y": "large", "C": "large", "D": "small", "E": "small",
    }  # fmt: skip


def test_without_a_cut_off_nobody_is_mega() -> None:
    rule = Quantiles("quantiles", "nyse", {"small": 0.5, "mega": 1.0})
    ranked, before, _ = market("A 400 | |\nB 300 | |")
    result = reviewed(rule, ranked, before)
    assert result.members.is_empty()
    assert result.limits.rows() == [("mega", None, 0), ("small", None, 0)]


def test_innovatetech_is_small() -> None:
    """25 EUR times 20,000,000 shares."""
    caps = {"micro": (0.0, 300e6), "small": (300e6, 2e9), "mid": (2e9, INF)}
    ranked = pl.DataFrame([("INNO", 25.0 * 20_000_000, 5e8, True)], RANKED, orient="row")
    result = reviewed(Money("money", caps), ranked, pl.DataFrame(schema=MEMBERS))
    assert result.members.select("bucket", "reason").row(0) == ("small", "newcomer")
    assert result.members["distance"].item() == pytest.approx(5e8 / 3e8 - 1)
