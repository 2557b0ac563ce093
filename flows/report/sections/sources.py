"""Where the figures come from and what their owners allow."""

from flows.report import findings
from flows.report.contents import Contents
from flows.report.figures import instant, number
from flows.report.markup import table
from flows.report.section import Section

_HEADER = ("Source", "Can serve", "Licence", "Files in use", "Newest landed", "Terms")


def sources(contents: Contents) -> Section:
    """One row per source whose files are in the published build."""
    rows = [
        [
            row["source"],
            ", ".join(row["roles"]),
            row["licence"],
            number(row["files"]),
            instant(row["landed_at"]),
            row["terms"],
        ]
        for row in contents.sources.iter_rows(named=True)
    ]
    return Section(
        key="sources",
        name="Sources",
        title=findings.about_sources(contents),
        body=table("Files that the published build was made from", _HEADER, rows, text_columns=(1, 2, 5)),
        source="Tables ops.fetches, ops.licences.",
    )
