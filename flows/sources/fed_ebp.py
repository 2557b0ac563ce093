"""Federal Reserve Board: spread of corporate bonds and excess bond premium, one CSV file since 1973. Public domain."""

from flows.sources.series_file import SeriesFile
from transforms.staging.macro_indexes import EBP

SOURCE = SeriesFile(
    EBP,
    base_url="https://www.federalreserve.gov/econres/notes/feds-notes",
    file="ebp_csv.csv",
    licence="public-domain",
    terms="Work of the staff of the Federal Reserve Board, in the public domain; cite the FEDS note.",
).source()
