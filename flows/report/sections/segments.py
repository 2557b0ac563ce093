"""What each segment holds, is worth and did on the day."""

from flows.report import findings
from flows.report.contents import Contents
from flows.report.figures import billions, number, percent
from flows.report.markup import table
from flows.report.origin import vendors
from flows.report.section import Section

_HEADER = (
    *("Segment", "Companies", "Cap (bn USD)", "Share of total", "Return, by cap", "Return, equal", "Turnover"),
    *("Median P/E", "P/E covers", "Loss-makers"),
)


def segments(contents: Contents) -> Section:
    """One row per segment of the session."""
    rows = [_row(row) for row in contents.segments.iter_rows(named=True)]
    spanning = contents.segments.filter(segment="total")["multi_day_count"].sum()
    late = f"{spanning:,} returns span more than one session. " if spanning else ""
    return Section(
        key="segments",
        name="Segments",
        title=findings.about_segments(contents),
        body=table(f"Segments on {contents.session}", _HEADER, rows),
        source="Returns: price returns since the last admitted session, companies in their segment of that session, "
        f"weighted by cap or equally. {late}Turnover: dollar volume over cap. Median P/E: of the companies that earn, "
        "trailing year. P/E covers: share of the segment's cap with fundamentals. Loss-makers: of those covered, by "
        "number. smid: small and mid; total: all. Tables marts.segment_daily, marts.valuation_daily; prices and caps: "
        f"{vendors(contents, 'quotes')}; fundamentals: {vendors(contents, 'fundamentals')}.",
    )


def _row(row: dict[str, float | None]) -> list[str]:
    return [
        str(row["segment"]),
        number(row["company_count"]),
        billions(row["market_cap_usd"]),
        percent(row["cap_share"], 2),
        percent(row["return_price_vw"], 2),
        percent(row["return_price_ew"], 2),
        percent(row["turnover"], 2),
        number(row["pe_median"], 1),
        percent(row["pe_coverage"], 0),
        percent(row["loss_share_count"], 0),
    ]
