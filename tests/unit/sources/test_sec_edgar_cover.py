"""Cover pages: counts by class from a filing's own instance, and the same from the SEC's data sets."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.errors import SourceError
from flows.sources import source
from tests.vendors.sec_documents import ACCESSION, COVER_KEY, context, dei, instance, landed, zipped
from transforms.staging import Staged
from transforms.staging.sec_cover import COVER

D = date
SHARES = "EntityCommonStockSharesOutstanding"
CLASS = "StatementClassOfStockAxis"


def cover(payload: bytes, key: str = COVER_KEY) -> Staged:
    return source("sec_edgar").read(payload, landed("cover", key, Path("body.xml")))


def by_class(staged: Staged) -> dict[str, dict[str, object]]:
    return {row["share_class"]: row for row in staged.rows.to_dicts()}


TWO_CLASSES = instance(
    dei(SHARES, "a", "39896661", "u-shares"),  # facts before the contexts they refer to
    dei(SHARES, "b", " 8299610 ", "u-shares"),
    context("a", "2024-01-26", **{CLASS: "CommonClassAMember"}),
    context("b", "2024-01-26", **{CLASS: "CommonClassBMember"}),
    context("a-year", "2023-01-01/2023-12-31", **{CLASS: "CommonClassAMember"}),
    context("notes-year", "2023-01-01/2023-12-31", **{CLASS: "SeniorNotesMember"}),
    context("float", "2023-06-30"),
    dei("Security12bTitle", "a-year", "Class A Common\n  Stock, $0.001 par value"),
    dei("TradingSymbol", "a-year", "MADE.A"),
    dei("SecurityExchangeName", "a-year", "NYSE"),
    dei("Security12bTitle", "notes-year", "5% Senior Notes"),
    dei("TradingSymbol", "notes-year", "N/A"),
    dei("EntityPublicFloat", "float", "1234567.5", "u-usd"),
    dei("EntityFilerCategory", "doc", "Large Accelerated Filer"),
    dei("EntitySmallBusiness", "doc", "false"),
    dei("EntityShellCompany", "doc", "true"),
    dei("AmendmentFlag", "doc", "false"),
)


def test_two_classes_by_hand() -> None:
    staged = cover(TWO_CLASSES)
    assert staged.rows.schema == pl.Schema(COVER)
    assert staged.rejects.is_empty()
    rows = by_class(staged)
    assert rows["CommonClassAMember"] == {
        "cik": 999999,
        "accession": ACCESSION,
        "form": "10-K",
        "filed": D(2024, 2, 2),
        "period_end": D(2024, 1, 26),
        "document_period_end": D(2023, 12, 31),
        "share_class": "CommonClassAMember",
        "class_title": "Class A Common Stock, $0.001 par value",
        "symbol": "MADE.A",
        "exchange": "NYSE",
        "shares": 39896661,
        "public_float": 1234567.5,
        "public_float_as_of": D(2023, 6, 30),
        "filer_category": "Large Accelerated Filer",
        "is_small": False,
        "is_shell": True,
        "amendment": False,
    }
    assert (rows["CommonClassBMember"]["shares"], rows["CommonClassBMember"]["symbol"]) == (8299610, None)
    notes = rows["SeniorNotesMember"]
    assert (notes["shares"], notes["period_end"], notes["symbol"]) == (None, None, None)
    assert notes["class_title"] == "5% Senior Notes"
    assert len(rows) == 3


def test_one_class_has_no_member() -> None:
    staged = cover(
        instance(
            context("now", "2024-01-19"),
            dei(SHARES, "now", "15441881000", "u-shares"),
            dei("TradingSymbol", "doc", "MADE"),
        )
    )
    (row,) = staged.rows.to_dicts()
    assert (row["share_class"], row["shares"], row["symbol"]) == ("", 15441881000, "MADE")
    assert row["amendment"] is False  # said by no flag, but by the form
    assert (row["is_small"], row["public_float"]) == (None, None)


def test_a_foreign_filer_lists_depositary_shares_and_counts_ordinary_ones() -> None:
    staged = cover(
        instance(
            context("ads", "2023-01-01/2023-12-31", **{CLASS: "AdsMember"}),
            context("ordinary", "2023-12-31", **{CLASS: "OrdinarySharesMember"}),
            dei("TradingSymbol", "ads", "MADE"),
            dei("Security12bTitle", "ads", "American Depositary Shares, each representing ten ordinary shares"),
            dei(SHARES, "ordinary", "20000000000", "u-shares"),
            form="20-F/A",
        )
    )
    rows = by_class(staged)
    assert (rows["AdsMember"]["symbol"], rows["AdsMember"]["shares"]) == ("MADE", None)
    assert (rows["OrdinarySharesMember"]["symbol"], rows["OrdinarySharesMember"]["shares"]) == (None, 20000000000)
    assert rows["AdsMember"]["form"] == "20-F/A"
    assert rows["AdsMember"]["amendment"] is True


def test_a_fact_that_is_nil_says_nothing() -> None:
    nil = f'<dei:{SHARES} contextRef="now" unitRef="u-shares" xsi:nil="true"/>'
    staged = cover(instance(context("now", "2024-01-19"), nil, dei("TradingSymbol", "doc", "MADE")))
    (row,) = staged.rows.to_dicts()
    assert (row["shares"], row["period_end"]) == (None, None)
    assert staged.rejects.is_empty()


def test_the_newest_count_of_a_class_counts_and_a_clash_none() -> None:
    staged = cover(
        instance(
            context("old", "2023-10-20"),
            context("new", "2024-01-19"),
            context("b", "2024-01-19", **{CLASS: "CommonClassBMember"}),
            dei(SHARES, "old", "90", "u-shares"),
            dei(SHARES, "new", "100", "u-shares"),
            dei(SHARES, "new", "100.0", "u-shares"),  # the same again
            dei(SHARES, "b", "7", "u-shares"),
            dei(SHARES, "b", "8", "u-shares"),
        )
    )
    assert staged.rows["shares"].to_list() == [100]
    assert sorted(staged.rejects.select("reason_code", "detail").rows()) == [
        ("differing_count", "7"),
        ("differing_count", "8"),
        ("older_count", "90"),
    ]


@pytest.mark.parametrize(
    ("value", "about", "unit", "reason"),
    [
        ("many", context("x", "2024-01-19"), "u-shares", "not_a_number"),
        ("NaN", context("x", "2024-01-19"), "u-shares", "not_a_number"),
        ("-5", context("x", "2024-01-19"), "u-shares", "negative"),
        ("1e18", context("x", "2024-01-19"), "u-shares", "too_large"),
        ("5", context("x", "2024-01-19"), "u-usd", "other_unit"),
        ("5", context("x", "2024-03-19"), "u-shares", "ends_after_filed"),
        ("5", context("x", "2024-01-19", LegalEntityAxis="SubsidiaryMember"), "u-shares", "other_axis"),
        (
            "5",
            context("x", "2024-01-19", LegalEntityAxis="SubsidiaryMember", **{CLASS: "CommonStockMember"}),
            "u-shares",
            "other_axis",
        ),
    ],
)
def test_a_count_that_cannot_be_used_is_rejected(value: str, about: str, unit: str, reason: str) -> None:
    staged = cover(instance(about, dei(SHARES, "x", value, unit)))
    assert staged.rows["shares"].drop_nulls().is_empty()
    assert staged.rejects["reason_code"].to_list() == [reason]


def test_a_float_in_another_currency_is_rejected() -> None:
    staged = cover(
        instance(
            context("x", "2023-06-30"),
            dei("EntityPublicFloat", "x", "5", "u-cad"),
            dei("TradingSymbol", "doc", "MADE"),
        )
    )
    assert staged.rows["public_float"].to_list() == [None]
    assert staged.rejects["reason_code"].to_list() == ["other_unit"]


BOMB = '<!DOCTYPE xbrl [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("payload", "field", "detail"),
    [
        (instance(doctype=BOMB), "body", "DOCTYPE"),
        (instance(doctype='<!DOCTYPE xbrl SYSTEM "file:///etc/passwd">'), "body", "DOCTYPE"),
        (TWO_CLASSES[:-20], "body", "not whole XML"),
        (b"<html><body>Your request originates from an undeclared tool</body></html>", "body", "root is <html>"),
        (b"<!doctype html><html></html>", "body", "not whole XML"),
        (instance(form=""), "DocumentType", "which form"),
        (b"", "body", "empty"),
    ],
)
def test_what_is_no_instance_is_refused(payload: bytes, field: str, detail: str) -> None:
    with pytest.raises(SourceError, match=detail) as caught:
        cover(payload)
    assert caught.value.field == field


def test_a_key_without_a_day_is_refused() -> None:
    with pytest.raises(SourceError, match="names no day of filing"):
        cover(TWO_CLASSES, ACCESSION)


SUB = f"adsh\tcik\tname\tform\tperiod\tfiled\tafs\n{ACCESSION}\t999999\tMADE CO\t10-K\t20231231\t20240202\t1-LAF\n"
DIM = (
    "dimhash\tsegments\tsegt\n"
    "0x00000000\t\t0\n"
    "0xaaaa\tClassOfStock=CommonClassA;\t0\n"
    "0xbbbb\tClassOfStock=CommonClassB;\t0\n"
    "0xcccc\tLegalEntity=Subsidiary;\t0\n"
    "0xdddd\tClassOfStock=CommonClassA;LegalEntity=Subsidiary;\t0\n"
)
NUM_HEAD = "adsh\ttag\tversion\tddate\tqtrs\tuom\tdimh\tiprx\tvalue\tfootnote\tfootlen\tdimn\tcoreg\tdurp\tdatp\tdcml\n"
TXT_HEAD = (
    "adsh\ttag\tversion\tddate\tqtrs\tiprx\tlang\tdcml\tdurp\tdatp\tdimh\tdimn\tcoreg\tescaped\tsrclen\ttxtlen"
    "\tfootnote\tfootlen\tcontext\tvalue\n"
)


def num(
    tag: str, day: str, unit: str, dim: str, value: str, *, datp: str = "0.0", coreg: str = "", iprx: int = 0
) -> str:
    return (
        f"{ACCESSION}\t{tag}\tdei/2023\t{day}\t0\t{unit}\t{dim}\t{iprx}\t{value}\t\t0\t0\t{coreg}\t0.0\t{datp}\t32767\n"
    )


def txt(tag: str, dim: str, value: str, coreg: str = "") -> str:
    about = f"{ACCESSION}\t{tag}\tdei/2023\t20231231\t4\t0\ten-US\t32767\t0.0\t0.0\t{dim}\t0\t{coreg}"
    return f"{about}\t0\t4\t4\t\t0\tc-1\t{value}\n"


NUM = (
    NUM_HEAD
    + num(SHARES, "20240131", "shares", "0xaaaa", "39896661.0000", datp="-0.161290")  # five days before the month's end
    + num(SHARES, "20240131", "shares", "0xaaaa", "39896000.0000", datp="-0.161290", iprx=1)  # the same, less exact
    + num(SHARES, "20240131", "shares", "0xbbbb", "8299610.0000", datp="-0.161290")
    + num(SHARES, "20240131", "shares", "0x00000000", "5.0000", coreg="Subsidiary", datp="-0.161290")
    + num(SHARES, "20240131", "shares", "0xcccc", "6.0000", datp="-0.161290")
    + num("EntityPublicFloat", "20230630", "USD", "0x00000000", "1234567.5000")
    + num("Assets", "20231231", "USD", "0x00000000", "99.0000")
)
TXT = (
    TXT_HEAD
    + txt("DocumentType", "0x00000000", "10-K")
    + txt("DocumentPeriodEndDate", "0x00000000", "2023-12-31")
    + txt("EntityFilerCategory", "0x00000000", "Large Accelerated Filer")
    + txt("EntitySmallBusiness", "0x00000000", "0")
    + txt("EntityShellCompany", "0x00000000", "1")
    + txt("AmendmentFlag", "0x00000000", "false")
    + txt("Security12bTitle", "0xaaaa", "Class A Common Stock, $0.001 par value")
    + txt("TradingSymbol", "0xaaaa", "MADE.A")
    + txt("SecurityExchangeName", "0xaaaa", "NYSE")
    + txt("SecurityExchangeName", "0xdddd", "NASDAQ")
    + txt("AccountingPolicies", "0x00000000", "EntityCommonStockSharesOutstanding is text here")
)
MEMBERS = {"sub.tsv": SUB, "num.tsv": NUM, "txt.tsv": TXT, "dim.tsv": DIM, "tag.tsv": "tag\n", "readme.htm": "<html>"}


def notes(folder: Path, members: dict[str, str]) -> Staged:
    path = folder / "2024q1_notes.zip"
    path.write_bytes(zipped({name: text.encode() for name, text in members.items()}))
    (part,) = source("sec_edgar").read_parts(path, landed("notes", "2024q1_notes", path))
    return part


def test_the_data_sets_tell_the_same_as_the_instance(tmp_path: Path) -> None:
    staged = notes(tmp_path, MEMBERS)
    wanted = ("CommonClassAMember", "CommonClassBMember")
    from_instance = cover(TWO_CLASSES).rows.filter(pl.col("share_class").is_in(wanted))
    assert staged.rows.to_dicts() == from_instance.to_dicts()
    assert staged.rejects.select("reason_code", "detail").rows() == [("other_axis", "6.0000")]


@pytest.mark.parametrize(
    ("rounded", "share", "day"),
    [
        ("20240131", "-0.161290", D(2024, 1, 26)),  # 5/31
        ("20240131", "0.0", D(2024, 1, 31)),
        ("20240131", "", D(2024, 1, 31)),
        ("20240131", "0.482759", D(2024, 2, 14)),  # 14/29, of February
        ("20240131", "0.451613", D(2024, 2, 14)),  # 14/31, of January
        ("20240229", "0.354839", D(2024, 3, 11)),  # 11/31
    ],
)
def test_the_day_of_a_count_is_exact_although_the_data_sets_round_it(
    rounded: str, share: str, day: date, tmp_path: Path
) -> None:
    late = SUB.replace("20240202", "20240402")
    one = NUM_HEAD + num(SHARES, rounded, "shares", "0x00000000", "5.0000", datp=share)
    staged = notes(tmp_path, MEMBERS | {"sub.tsv": late, "num.tsv": one, "txt.tsv": TXT_HEAD})
    assert staged.rows["period_end"].to_list() == [day]


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({name: text for name, text in MEMBERS.items() if name != "dim.tsv"}, "no dim.tsv"),
        (MEMBERS | {"num.tsv": NUM.replace("\tvalue\t", "\tamount\t", 1)}, "column is missing"),
        (MEMBERS | {"num.tsv": NUM.replace("\ttag\t", "\tname\t", 1)}, "expected tag"),
    ],
)
def test_a_zip_in_another_form_is_refused(members: dict[str, str], detail: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=detail):
        notes(tmp_path, members)
