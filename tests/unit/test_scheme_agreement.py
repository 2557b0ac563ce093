"""How many companies two schemes put into the same bucket."""

from datetime import date

import polars as pl
import pytest

from transforms.contracts import table
from transforms.contracts.fields import BUCKETS
from transforms.measures.agreement import scheme_agreement

FIRST, SECOND = date(2024, 1, 2), date(2024, 1, 3)
CAPS = pl.DataFrame(
    {"session_date": [FIRST] * 4 + [SECOND], "cap_usd": [10, 20, 30, 40, 50]},
    {"session_date": pl.Date, "cap_usd": pl.Int64},
)


def buckets(*names: str | None) -> pl.Series:
    return pl.Series("bucket", names, pl.Enum(BUCKETS))


OURS = buckets("small", "mid", "large", None, "small")
THEIRS = buckets("small", "small", None, None, None)


def agreement(**of: pl.Series) -> pl.DataFrame:
    return table("marts.scheme_agreement").conform(scheme_agreement(CAPS, of))


def test_only_companies_with_a_bucket_under_both_are_compared() -> None:
    """On the first session two companies have both: one agrees, with 10 of their 30 dollars."""
    first, second = agreement(ours=OURS, theirs=THEIRS).to_dicts()
    assert first == {
        "session_date": FIRST, "scheme_id": "ours", "other_scheme_id": "theirs", "company_count": 2,
        "agreeing_count": 1, "market_cap_usd": 30, "agreeing_cap_usd": 10, "agreeing_share": 0.5,
    }  # fmt: skip
    assert (second["session_date"], second["company_count"], second["market_cap_usd"]) == (SECOND, 0, 0)
    assert second["agreeing_share"] is None


def test_each_pair_stands_once_in_the_order_of_the_alphabet() -> None:
    rows = agreement(b=OURS, c=THEIRS, a=OURS).filter(session_date=FIRST)
    assert rows.select("scheme_id", "other_scheme_id").rows() == [("a", "b"), ("a", "c"), ("b", "c")]
    assert rows["agreeing_share"].to_list() == pytest.approx([1.0, 0.5, 0.5])


@pytest.mark.parametrize("of", [{}, {"ours": OURS}], ids=["no scheme", "one scheme"])
def test_a_scheme_alone_agrees_with_nobody(of: dict[str, pl.Series]) -> None:
    assert agreement(**of).is_empty()
