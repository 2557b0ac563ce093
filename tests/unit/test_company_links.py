from datetime import date

import polars as pl
import pytest

from transforms.core.company_links import company_links, entity_tickers, link_spells

FIRST = date(2022, 1, 3)


def sighting(
    company: str,
    symbol: str,
    name: str | None = None,
    shares: float | None = None,
    first: date = FIRST,
) -> dict[str, object]:
    return {
        "company_id": company,
        "symbol": symbol,
        "name": name,
        "first_session": first,
        "implied_shares": shares,
    }


def sightings(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "company_id": pl.String,
            "symbol": pl.String,
            "name": pl.String,
            "first_session": pl.Date,
            "implied_shares": pl.Float64,
        },
    )


def tickers(*rows: tuple[str, str, date]) -> pl.DataFrame:
    frames = [
        pl.DataFrame({"source_entity": [entity], "ticker": [ticker], "vintage_date": [vintage]})
        for entity, ticker, vintage in rows
    ]
    return entity_tickers(frames)


def names(**known: str) -> pl.DataFrame:
    rows = [{"source_entity": key.strip("_"), "company_name": value} for key, value in known.items()]
    schema = {"source_entity": pl.String, "company_name": pl.String}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.lit(date(2025, 1, 12)).alias("vintage_date"))


def income(*rows: tuple[str, date, int]) -> pl.DataFrame:
    """Reports: entity, day of publication, shares."""
    return pl.DataFrame(
        {
            "source_entity": [row[0] for row in rows],
            "publish_date": [row[1] for row in rows],
            "report_date": [row[1] for row in rows],
            "vintage_date": [date(2025, 9, 22) for _ in rows],
            "shares_basic": [row[2] for row in rows],
        },
        schema={
            "source_entity": pl.String,
            "publish_date": pl.Date,
            "report_date": pl.Date,
            "vintage_date": pl.Date,
            "shares_basic": pl.Int64,
        },
    )


V2021, V2025 = date(2021, 7, 28), date(2025, 9, 22)


def test_the_permanent_id_ties_a_renamed_company_to_its_reports() -> None:
    known = tickers(("121021", "FB", V2021), ("121021", "META", V2025))
    seen = sightings(
        sighting("C:FB", "FB", "Meta Platforms Inc. Class A Common Stock"),
        sighting("C:META", "META", "Meta Platforms Inc. Class A Common Stock", first=date(2022, 6, 9)),
    )
    links = company_links(seen, known, names(_121021="META PLATFORMS, INC."), income())

    assert links.select("company_id", "source_entity", "valid_from", "rule").rows() == [
        ("C:FB", "121021", FIRST, "ticker_and_name"),
        ("C:META", "121021", date(2022, 6, 9), "ticker_and_name"),
    ]


def test_the_dialects_of_vendor_and_source_meet() -> None:
    known = tickers(("71306", "BRK-A", V2025), ("9", "SMRT_delisted", V2025), ("8", "TOY_delist", V2025))
    assert known.sort("symbol").select("symbol", "is_former").rows() == [
        ("BRK-A", False),
        ("SMRT", True),
        ("TOY", True),
    ]
    seen = sightings(sighting("C:BRK", "BRK/A ", "Berkshire Hathaway Inc."))
    links = company_links(seen, known, names(_71306="Berkshire Hathaway Inc"), income())
    assert links["source_entity"].to_list() == ["71306"]


def test_several_lines_of_a_company_lead_to_one_entity() -> None:
    seen = sightings(
        sighting("C:GOOG", "GOOG", "Alphabet Inc. Class C Capital Stock"),
        sighting("C:GOOG", "GOOGL", "Alphabet Inc. Class A Common Stock"),
    )
    links = company_links(seen, tickers(("18", "GOOG", V2025)), names(_18="Alphabet Inc."), income())
    assert links.select("company_id", "source_entity").rows() == [("C:GOOG", "18")]


def test_a_reused_ticker_does_not_inherit_the_old_company() -> None:
    known = tickers(("45048", "SMRT_delisted", V2025), ("6744552", "SMRT", V2025))
    seen = sightings(sighting("C:SMRT", "SMRT", "SmartRent Inc. Class A Common Stock", 190e6))
    both = names(_45048="STEIN MART INC", _6744552="SmartRent, Inc.")
    assert company_links(seen, known, both, income())["source_entity"].to_list() == ["6744552"]

    only_old = tickers(("45048", "SMRT", V2025))
    reports = income(("45048", date(2021, 12, 1), 48_000_000))
    assert company_links(seen, only_old, both, reports).is_empty()


def test_a_live_ticker_wins_over_a_former_one_of_the_same_name() -> None:
    known = tickers(("242", "FOX_old", V2025), ("885908", "FOX", V2025))
    seen = sightings(sighting("C:FOX", "FOX", "Fox Corporation Class B Common Stock"))
    links = company_links(seen, known, names(_242="Fox 21st Century", _885908="Fox Corp"), income())
    assert links["source_entity"].to_list() == ["885908"]


@pytest.mark.parametrize(("implied", "linked"), [(208e6, True), (228e6, True), (231e6, False), (266e6, False)])
def test_without_a_common_name_the_share_counts_decide(implied: float, linked: bool) -> None:
    seen = sightings(sighting("C:ABC", "ABC", "AmerisourceBergen Corporation Common Stock", implied))
    reports = income(("187024", date(2021, 11, 23), 208_000_000))
    links = company_links(seen, tickers(("187024", "ABC", V2021)), names(_187024="CENCORA, INC."), reports)
    assert links["rule"].to_list() == (["ticker_and_shares"] if linked else [])


def test_an_old_share_count_proves_nothing() -> None:
    seen = sightings(sighting("C:VAL", "VAL", "Valaris Limited Common Shares", 75e6))
    reports = income(("200824", date(2017, 3, 1), 78_000_000))
    links = company_links(seen, tickers(("200824", "VAL", V2021)), names(_200824="VALSPAR CORP"), reports)
    assert links.is_empty()


def test_a_count_published_later_links_from_its_publication_only() -> None:
    seen = sightings(sighting("C:NEW", "NEW", "Newco Inc.", 100e6))
    reports = income(("5", date(2022, 3, 15), 101_000_000))
    links = company_links(seen, tickers(("5", "NEW", V2025)), names(_5="Renamed Since SA"), reports)
    assert links.select("valid_from", "rule").rows() == [(date(2022, 3, 15), "ticker_and_shares")]


def test_the_ticker_alone_counts_where_there_is_nothing_to_compare() -> None:
    seen = sightings(sighting("C:ASTL", "ASTL", "Algoma Steel Group Inc."))
    assert company_links(seen, tickers(("7", "ASTL", V2025)), names(), income())["rule"].to_list() == ["ticker_only"]
    former = tickers(("7", "ASTL_old", V2025))
    assert company_links(seen, former, names(), income()).is_empty()
    two = tickers(("7", "ASTL", V2025), ("8", "ASTL", V2021))
    assert company_links(seen, two, names(), income()).is_empty()


def test_a_later_sighting_never_changes_earlier_sessions() -> None:
    known = tickers(("1", "OLD", V2021), ("2", "NEW", V2025))
    first = sighting("C:OLD", "OLD", "Oldco Industries")
    second = sighting("C:OLD", "NEW", "Newco Robotics", first=date(2023, 5, 2))
    called = names(_1="Oldco Industries", _2="Newco Robotics")

    before = link_spells(company_links(sightings(first), known, called, income()))
    after = link_spells(company_links(sightings(first, second), known, called, income()))
    assert before.rows() == [("C:OLD", "1", FIRST, None)]
    assert after.rows() == [
        ("C:OLD", "1", FIRST, date(2023, 5, 2)),
        ("C:OLD", "2", date(2023, 5, 2), None),
    ]


def test_weaker_evidence_does_not_displace_stronger() -> None:
    links = pl.DataFrame(
        {
            "company_id": ["C:A", "C:A", "C:A"],
            "source_entity": ["1", "2", "1"],
            "valid_from": [FIRST, date(2023, 1, 3), date(2024, 1, 2)],
            "rule": ["ticker_and_name", "ticker_and_shares", "ticker_and_name"],
            "rule_rank": [0, 1, 0],
        }
    )
    assert link_spells(links).rows() == [("C:A", "1", FIRST, None)]


def test_nothing_to_link_gives_an_empty_frame_of_the_same_shape() -> None:
    empty = company_links(sightings(), tickers(("1", "A", V2025)), names(), income())
    assert empty.is_empty()
    assert empty.columns == ["company_id", "source_entity", "valid_from", "rule", "rule_rank", "source"]
    assert link_spells(empty).is_empty()
