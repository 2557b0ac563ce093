"""Shares per depositary share, from every wording of exchanges and vendor; the values were read by hand."""

import polars as pl
import pytest

from transforms.core.depositary import ratio_of_title

STATED = [
    (" each representing one Class A Ordinary Share", 1),
    (", each representing 1 Class A ordinary share", 1),
    (" each representing 1 underlying Class B share", 1),
    (", each representing one series A share, with no par value", 1),
    (" (Each rep. 1 common shares)", 1),
    (" each ADS represents one Class B ordinary share", 1),
    (" each representing One Ord Sh", 1),
    (" each representing the right to receive one (1) Class A ordinary share", 1),
    (", each representing 1.25 ordinary shares", 1.25),
    (", each of which represents two ordinary shares.", 2),
    (", (each representing two (2) Ordinary Shares)", 2),
    (" (Each representing 2 Shares of Common Stock)", 2),
    (" representing 2 Pfd Shares", 2),
    (" (each representing three preferred shares)", 3),
    (" (Each represents three ordinary shares)", 3),
    (" (Each representing four equity shares)", 4),
    (" (Each representing Four Class A Ordinary Shares HK$1.00 par value)", 4),
    ("; each representing five Class B shares", 5),
    (" each representing eight Ordinary share", 8),
    (" (each representing 10 Series B shares)", 10),
    (" (each representing the right to receive 10 Class A Ordinary Shares)", 10),
    (" (each representing ten shares, USD1.00 par value)", 10),
    (" each representing ten (10) Ordinary Participation Certificates", 10),
    (" each representing 10 Class Ordinary Shares", 10),
    (" representing 10 Ordinary Share (Cayman Islands)", 10),
    (", each representing 13 Ordinary Shares", 13),
    (" each representing fourteen Class A Ordinary Share", 14),
    (" representing fifteen Class A Ordinary Shares", 15),
    (", each representing sixteen Class A ordinary shares", 16),
    (" each American Depositary Share representing 20 Ordinary Shares", 20),
    (" (each representing the right to receive twenty (20) Series B Shares", 20),
    (", each representing thirty-five (35) Class A Ordinary Shares", 35),
    (" (each representing one hundred (100) Ordinary Shares)", 100),
    (" (each representing one hundred fifty (150) Class A Ordinary Shares)", 150),
    (" one hundred and fifty (150) Class A Ordinary Shares", 150),
    (", one hundred and fifty (150) Class A Ordinary Shares", 150),
    (" (Each repstg 250 Common Shares)", 250),
    (" (Each repstg 500 Preferred shares)", 500),
    (" (each representing 1500 shares of Common Stock no par value)", 1500),
    (" (each representing two thousand (2,000) shares of Common Stock)", 2000),
    (" (each representing sixty-thousand (60000) Ordinary Shares)", 60000),
    (" (Each representing 1/2 of an Ordinary Share)", 0.5),
    (", each representing 1/2 of one ordinary share", 0.5),
    (" (Each representing 1/4th of a share of Common Stock)", 0.25),
    (" (each representing one third of a share of Common Stock)", 1 / 3),
    (" (each representing one-tenth of an Ordinary Share)", 0.1),
    (" each representing one-fifth of an Ordinary Share", 0.2),
    (" (each four representing one Class A Ordinary Share)", 0.25),
    (" (each two representing three Ordinary Shares)", 1.5),
    (" (every five of which represent two Class A Ordinary Shares)", 0.4),
    (" (every three of which representing two Class A ordinary shares)", 2 / 3),
    (" (every two of each representing one Class A ordinary share)", 0.5),
    (" (each ten (10) ADSs representing one (1) Class A Ordinary Share)", 0.1),
    (" two of which representing one Ordinary Share", 0.5),
    (" each two ADSs representing one ordinary share", 0.5),
]

NOT_STATED = [
    "",
    " (Japan)",
    ", representing Class A ordinary shares",
    " representing Pfd Shares",
    " each representing one unit",
    " each representing 10 Units (each Unit consists of 3 Series B Shares and 5 Series L Shares)",
    " (each representing one Unit consisting one Common Share and four non-voting Class B Preferred Shares)",
]


def ratio(title: str | None) -> float | None:
    frame = pl.DataFrame({"name": [title]}, schema={"name": pl.String})
    found: float | None = frame.select(ratio_of_title(pl.col("name"))).item()
    return found


@pytest.mark.parametrize(("wording", "shares"), STATED)
def test_the_ratio_is_what_the_title_says(wording: str, shares: float) -> None:
    assert ratio(f"Formula Systems (1985) Ltd. American Depositary Shares{wording}") == pytest.approx(shares)


@pytest.mark.parametrize("wording", NOT_STATED)
def test_a_title_that_does_not_say_gives_none(wording: str) -> None:
    assert ratio(f"Formula Systems (1985) Ltd. American Depositary Shares{wording}") is None


def test_without_a_title_there_is_none() -> None:
    assert ratio(None) is None
