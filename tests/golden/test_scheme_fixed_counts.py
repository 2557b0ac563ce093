"""Fixed numbers of places, worked by hand: each rank of a market with its bucket before a review and after."""

from typing import cast

import polars as pl

from flows.edge.scheme_files import SHIPPED, load_schemes
from transforms.schemes.limits import RANKED
from transforms.schemes.model import FixedCount, Swap, Tier
from transforms.schemes.review import MEMBERS, reviewed

SCHEMES = load_schemes([SHIPPED])
Told = dict[int, tuple[str, str]]


def rule_of(scheme: str) -> FixedCount:
    return cast("FixedCount", SCHEMES[scheme].versions[-1].rule)


DAX, FTSE = rule_of("dax_like"), rule_of("ftse_like")
MARCH, JUNE, SEPTEMBER, DECEMBER = 3, 6, 9, 12


def market(table: str) -> tuple[pl.DataFrame, pl.DataFrame, Told]:
    """RANKED, MEMBERS before and what is expected, of a table: ranks | was | now | reason; "-" is no bucket.

    The full caps run against the ranks, which are those of the basis' caps.
    """
    ranked, before, expected = [], [], {}
    for line in table.strip().splitlines():
        ranks, was, now, reason = (part.strip() for part in line.split("|"))
        first, _, last = ranks.partition("-")
        for rank in range(int(first), int(last or first) + 1):
            ranked.append((f"C{rank}", float(rank), 1e9 - rank, True))
            if was != "-":
                before.append((f"C{rank}", was, 1.0, was, "", None))
            if now != "-":
                expected[rank] = (now, reason)
    return pl.DataFrame(ranked, RANKED, orient="row"), pl.DataFrame(before, MEMBERS, orient="row"), expected


def check(rule: FixedCount, table: str) -> None:
    ranked, before, expected = market(table)
    members = reviewed(rule, ranked, before).members
    assert members["weight"].to_list() == [1.0] * members.height
    rows = members.select("company_id", "bucket", "reason").iter_rows()
    assert {int(company[1:]): (bucket, reason) for company, bucket, reason in rows} == expected


def test_dax_cold_start_goes_by_the_bare_rank() -> None:
    check(
        DAX,
        """
          1-40  | - | large | newcomer
         41-90  | - | mid   | newcomer
         91-160 | - | small | newcomer
        161-200 | - | -     |
        """,
    )


def test_dax_fast_exit_beyond_60() -> None:
    check(
        DAX.of_month(JUNE),
        """
          1-39  | large | large | stays
         40     | mid   | large | moved up: fast exit
         41-60  | mid   | mid   | stays
         61     | large | mid   | moved down: fast exit
         62-90  | mid   | mid   | stays
         91-160 | small | small | stays
        161-200 | -     | -     |
        """,
    )


SIXTIETH = """
          1-39  | large | large | stays
         40     | mid   | {}
         41-59  | mid   | mid   | stays
         60     | large | {}
         61-90  | mid   | mid   | stays
         91-160 | small | small | stays
        161-200 | -     | -     |
        """


def test_dax_has_regular_exits_in_march_and_september() -> None:
    for month in (MARCH, SEPTEMBER):
        now = SIXTIETH.format("large | moved up: regular exit", "mid | moved down: regular exit")
        check(DAX.of_month(month), now)


def test_dax_does_nothing_in_months_without_regular_rules() -> None:
    for month in (JUNE, DECEMBER):
        check(DAX.of_month(month), SIXTIETH.format("mid | stays in the band", "large | stays in the band"))


def test_dax_fast_entry_at_33_and_who_makes_room_below() -> None:
    """A company is listed at rank 33. DAX's last falls to MDAX, which then has 51, MDAX's to SDAX, SDAX's out."""
    check(
        DAX.of_month(JUNE),
        """
          1-32  | large | large | stays
         33     | -     | large | newcomer: fast entry
         34-40  | large | large | stays
         41     | large | mid   | moved down: fast entry
         42-90  | mid   | mid   | stays
         91     | mid   | small | moved down
         92-160 | small | small | stays
        161     | small | -     |
        162-200 | -     | -     |
        """,
    )


def test_dax_regular_entry_at_40_while_a_member_is_beyond_47() -> None:
    """40 comes for 48; 48 would not have had to go by itself."""
    check(
        DAX.of_month(MARCH),
        """
          1-39  | large | large | stays
         40     | mid   | large | moved up: regular entry
         41-47  | mid   | mid   | stays
         48     | large | mid   | moved down: regular entry
         49-90  | mid   | mid   | stays
         91-160 | small | small | stays
        161-200 | -     | -     |
        """,
    )


def test_dax_regular_entry_has_to_wait_while_no_member_is_beyond_47() -> None:
    check(
        DAX.of_month(MARCH),
        """
          1-38  | large | large | stays
         39-40  | mid   | mid   | stays in the band
         41-45  | mid   | mid   | stays
         46-47  | large | large | stays in the band
         48-90  | mid   | mid   | stays
         91-160 | small | small | stays
        161-200 | -     | -     |
        """,
    )


def test_dax_member_may_fall_through_all_three() -> None:
    """It is beyond 60, 110 and 180; the best ranked outsider of each index comes in."""
    check(
        DAX.of_month(JUNE),
        """
          1-39  | large | large | stays
         40     | mid   | large | moved up: fast exit
         41-89  | mid   | mid   | stays
         90     | small | mid   | moved up: fast exit
         91-159 | small | small | stays
        160     | -     | small | newcomer: fast exit
        161-180 | -     | -     |
        181     | large | -     |
        """,
    )


def test_dax_place_of_a_company_that_is_gone_goes_to_the_best_ranked() -> None:
    check(
        DAX.of_month(JUNE),
        """
          1-39  | large | large | stays
         40     | mid   | large | moved up
         41-89  | mid   | mid   | stays
         90     | small | mid   | moved up
         91-159 | small | small | stays
        160     | -     | small | newcomer
        161-200 | -     | -     |
        """,
    )


def test_ftse_where_more_come_than_go_the_worst_goes_too() -> None:
    """111 has to go; 89 and 90 have to come, so that 101 makes room, which would have stayed."""
    check(
        FTSE,
        """
          1-88  | large | large | stays
         89     | mid   | large | moved up: exit
         90     | mid   | large | moved up: entry
         91-100 | large | large | stays
        101     | large | mid   | moved down: entry
        102-110 | mid   | mid   | stays
        111     | large | mid   | moved down: exit
        112-350 | mid   | mid   | stays
        351-600 | small | small | stays
        601-650 | micro | micro | stays
        """,
    )


def test_ftse_where_more_go_than_come_the_best_come_too() -> None:
    """111 and 112 have to go; nobody outside is within 90, so that the best come, 99 and 100."""
    check(
        FTSE,
        """
          1-98  | large | large | stays
         99-100 | mid   | large | moved up: exit
        101-110 | mid   | mid   | stays
        111-112 | large | mid   | moved down: exit
        113-350 | mid   | mid   | stays
        351-600 | small | small | stays
        """,
    )


def test_ftse_buffers_are_91_to_110_and_326_to_375() -> None:
    check(
        FTSE,
        """
          1-90  | large | large | stays
         91     | mid   | mid   | stays in the band
         92-100 | large | large | stays
        101-109 | mid   | mid   | stays
        110     | large | large | stays in the band
        111-325 | mid   | mid   | stays
        326     | small | small | stays in the band
        327-350 | mid   | mid   | stays
        351-374 | small | small | stays
        375     | mid   | mid   | stays in the band
        376-600 | small | small | stays
        601-650 | micro | micro | stays
        """,
    )


def test_ftse_250_exit_at_376_into_the_rest() -> None:
    check(
        FTSE,
        """
          1-100 | large | large | stays
        101-349 | mid   | mid   | stays
        350     | small | mid   | moved up: exit
        351-375 | small | small | stays
        376     | mid   | small | moved down: exit
        377-599 | small | small | stays
        600     | micro | small | moved up
        601     | -     | micro | newcomer
        """,
    )


STOXX = FixedCount(
    "fixed_count",
    (Tier({"large": 2, "mid": 2, "small": 2}, (Swap("exit", exit_beyond=8), Swap("entry", entry_within=4))),),
)
"""Six places: the first 4 are in, the other 2 are members down to rank 8, as 550, 50 and 750."""


def test_stoxx_other_places_are_those_of_members_in_the_buffer() -> None:
    """9 goes, 4 comes; 5 and 6 are ranked better than the members 7 and 8, and stay outside."""
    check(
        STOXX,
        """
        1-2 | large | large | stays
        3   | mid   | mid   | stays
        4   | -     | mid   | newcomer: exit
        5-6 | -     | -     |
        7   | mid   | small | moved down
        8   | small | small | stays in the band
        9   | small | -     |
        """,
    )


def test_stoxx_best_ranked_where_members_in_the_buffer_are_too_few() -> None:
    check(
        STOXX,
        """
        1-2  | large | large | stays
        3-4  | mid   | mid   | stays
        5    | -     | small | newcomer: exit
        6    | -     | -     |
        7    | small | small | stays in the band
        8    | -     | -     |
        9    | small | -     |
        """,
    )


def test_stoxx_best_members_where_those_in_the_buffer_are_too_many() -> None:
    """1 and 4 are in for their rank; of the members 5 to 8 the best two keep a place."""
    check(
        STOXX,
        """
        1    | -     | large | newcomer: entry
        2    | large | large | stays
        3    | large | mid   | moved down
        4    | -     | mid   | newcomer: entry
        5-6  | mid   | small | moved down
        7-8  | small | -     |
        """,
    )


def test_limits_are_the_caps_at_the_last_ranks() -> None:
    ranked, before, _ = market("1-300 | - | - |")
    limits = reviewed(FTSE, ranked, before).limits
    assert limits.rows() == [("large", 1e9 - 100, 100), ("mid", None, 200), ("small", None, 0), ("micro", None, 0)]
