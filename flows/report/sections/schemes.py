"""What small means under every scheme, and what small costs against large under each."""

from typing import Any

from flows.report import findings
from flows.report.contents import Contents
from flows.report.figures import billions, day, dollars, number, percent
from flows.report.markup import table
from flows.report.origin import vendors
from flows.report.section import Section

_HEADER = (
    *("Scheme", "Small from", "Small companies", "Cap (bn USD)", "Share of its total"),
    *("Small", "Large", "Discount", "Percentile", "Last review"),
)


def schemes(contents: Contents) -> Section:
    """One row per enabled scheme."""
    rows = [_row(row) for row in contents.schemes.iter_rows(named=True)]
    return Section(
        key="schemes",
        name="Schemes",
        title=findings.about_schemes(contents),
        body=table(f"Small companies under each scheme on {contents.session}", _HEADER, rows),
        source="Our own buckets under published rules, never the index's members. Small from: the lower limit at the "
        "last review, in dollars; fixed limits have no reviews. Small and large: median P/E of those that earn. "
        "Percentile: share of the scheme's discounts since its history's start that are not above this one. Tables "
        "core.bucket_schemes, marts.scheme_breakpoints, marts.segment_daily, marts.valuation_spread_daily; prices and "
        f"caps: {vendors(contents, 'quotes')}; fundamentals: {vendors(contents, 'fundamentals')}.",
    )


def _row(row: dict[str, Any]) -> list[str]:
    limit = row["fixed_from"] if row["small_from_usd"] is None else row["small_from_usd"]
    return [
        str(row["scheme_id"]),
        dollars(limit),
        number(row["company_count"]),
        billions(row["market_cap_usd"]),
        percent(row["cap_share"]),
        number(row["value"], 1),
        number(row["large_value"], 1),
        percent(row["discount"]),
        percent(row["percentile"], 0),
        "every session" if row["is_fixed"] else day(row["reviewed_on"]),
    ]
