"""Security types from names and symbols as the vendor writes them."""

import polars as pl
import pytest

from transforms.core.security_types import classify, name_root

CASES = [
    ("AAPL", "Apple Inc. Common Stock", "common", "name_common"),
    ("BRK/B", "Berkshire Hathaway Inc.", "common", "bare_company_name"),
    (
        "AMX",
        "America Movil S.A.B. de C.V. American Depositary Shares (each representing the right to receive 20 Series L)",
        "depositary_share",
        "name_american_depositary",
    ),
    (
        "BSBR",
        "Banco Santander Brasil SA American Depositary Shares each representing one unit",
        "depositary_share",
        "name_american_depositary",
    ),
    ("CUK", "Carnival Plc ADS ADS", "depositary_share", "name_depositary_share"),
    (
        "ABR^D",
        "Arbor Realty Trust 6.375% Series D Cumulative Redeemable Preferred Stock",
        "preferred",
        "symbol_nyse_preferred",
    ),
    (
        "HBANM",
        "Huntington Bancshares Inc Depositary Shares each representing a 1/1000th interest in Preferred Stock",
        "preferred",
        "name_preferred",
    ),
    ("BNS", "Bank Nova Scotia Halifax Pfd 3 Ordinary Shares", "common", "name_common"),
    ("AACIW", "Armada Acquisition Corp. I Warrant", "warrant", "name_warrant"),
    ("SLAMW", "Slam Corp.", "warrant", "symbol_fifth_letter_warrant"),
    ("ACAHU", "Atlantic Coastal Acquisition Corp. Unit", "unit", "name_unit"),
    ("ET", "Energy Transfer LP Common Units", "limited_partnership", "name_partnership"),
    ("ACAXR", "Alset Capital Acquisition Corp. Right", "right", "name_right"),
    ("TBB", "AT&T Inc. 5.350% Global Notes due 2066", "note", "name_note"),
    ("TVE", "Tennessee Valley Authority", "note", "name_agency_bond"),
    ("ACAH", "Atlantic Coastal Acquisition Corp. Class A Common Stock", "spac", "name_spac"),
    ("PDI", "PIMCO Dynamic Income Fund Common Stock", "fund", "name_fund"),
    ("GDV", "Gabelli Dividend & Income Trust Common Shares of Beneficial Interest", "fund", "name_income_trust"),
    ("UHT", "Universal Health Realty Income Trust Common Stock", "common", "name_common"),
    ("RVT", "Royce Value Trust Inc. Common Stock", "fund", "name_fund_house_trust"),
    ("ADSE", "ADS-TEC ENERGY PLC Ordinary Shares", "common", "name_common"),
    (
        "CBD",
        "Companhia Brasileira de Distribuicao American Depsitary Shares; each representing one Common Share",
        "depositary_share",
        "name_american_depositary",
    ),
    (
        "EBR/B",
        "Centrais Electricas Brasileiras S.A. Sponsored ADS representing Pfd Shares",
        "depositary_share",
        "name_american_depositary",
    ),
    (
        "PAC",
        "Grupo Aeroportuario Del Pacifico S.A. de C.V. (each representing 10 Series B shares)",
        "depositary_share",
        "name_depositary_share",
    ),
    ("ASML", "ASML Holding N.V. New York Registry Shares", "common", "name_common"),
    ("FITBI", "Fifth Third Bancorp Depositary Shares", "preferred", "symbol_fifth_letter_depositary"),
    ("FCNCP", "First Citizens BancShares Inc. Depositary Shares", "preferred", "symbol_fifth_letter_depositary"),
    (
        "MX",
        "MagnaChip Semiconductor Corporation Depositary Shares each representing one share of common stock",
        "depositary_share",
        "name_depositary_share",
    ),
    ("USOI", "UBS AG ETRACS Crude Oil Shares Covered Call ETNs due April 24 2037", "note", "name_note"),
    ("SWSS", "Springwater Special Situations Corp. Common stock", "spac", "name_spac"),
    ("EMBCV", "Embecta Corp. Common Stock When Issued", "when_issued", "name_when_issued"),
]


@pytest.mark.parametrize(("symbol", "name", "security_type", "rule"), CASES)
def test_each_name_is_decided_by_its_rule(symbol: str, name: str, security_type: str, rule: str) -> None:
    lines = pl.DataFrame(
        {"symbol": [symbol], "name": [name], "industry": [None]}, schema_overrides={"industry": pl.String}
    )
    row = classify(lines).row(0, named=True)
    assert (row["security_type"], row["type_rule"]) == (security_type, rule)


def test_a_blank_check_is_known_by_its_industry() -> None:
    lines = pl.DataFrame(
        {
            "symbol": ["BTWN"],
            "name": ["Bridgetown Holdings Limited Class A Ordinary Shares"],
            "industry": ["Blank Checks"],
        }
    )
    assert classify(lines)["security_type"].item() == "spac"


@pytest.mark.parametrize(
    ("symbol", "name", "security_type"),
    [
        ("ETR", "Entergy Corporation Common Stock", "common"),
        ("VFS", "VinFast Auto Ltd. Ordinary Shares", "common"),
        ("AIRJ", "Montana Technologies Corporation Class A Common Stock", "common"),
        ("AGBA", "AGBA Group Holding Limited Ordinary Share", "common"),
        ("OKLO", "Oklo Inc. Class A common stock", "common"),
        ("MRDB", "MariaDB plc Ordinary Shares", "common"),
        ("HPX", "HPX Corp. Class A Ordinary Shares", "spac"),
        ("GIG", "GigCapital7 Corp. Class A Ordinary Share", "spac"),
        ("GSQB", "G Squared Ascend II Inc. Class A Ordinary Shares", "spac"),
        ("CEPO", "Cantor Equity Partners I Inc. Class A Ordinary Shares", "spac"),
        ("DWAC", "Digital World Acquisition Corp. Class A Common Stock", "spac"),
    ],
)
def test_a_blank_check_industry_counts_only_under_a_name_a_shell_may_have(
    symbol: str, name: str, security_type: str
) -> None:
    """The vendor keeps it for months after a merger, and had it for Entergy for a week (May 2023)."""
    lines = pl.DataFrame({"symbol": [symbol], "name": [name], "industry": ["Blank Checks"]})
    assert classify(lines)["security_type"].item() == security_type


def test_a_line_without_a_name_is_decided_too() -> None:
    lines = pl.DataFrame(
        {"symbol": ["XYZ"], "name": [None], "industry": [None]},
        schema_overrides={"name": pl.String, "industry": pl.String},
    )
    assert classify(lines)["security_type"].item() == "common"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Alphabet Inc. Class A Common Stock", "Alphabet Inc. Class C Capital Stock"),
        ("Fox Corporation Class B Common Stock", "Fox Corporation Class A Common Stock"),
        ("Rush Enterprises Inc. Common Stock Cl A", "Rush Enterprises Inc. Class B"),
        ("Lennar Corporation Class A Common Stock", "Lennar  Corporation Class B"),
        (
            "Liberty Media Corporation Series A Liberty SiriusXM Common Stock",
            "Liberty Media Corporation Series C Liberty Formula One Common Stock",
        ),
    ],
)
def test_lines_of_one_company_share_the_root(left: str, right: str) -> None:
    roots = pl.DataFrame({"name": [left, right]}).select(name_root(pl.col("name"))).to_series()
    assert roots[0] == roots[1] != ""
