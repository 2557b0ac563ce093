"""Chicago Fed: national financial conditions index and its parts, one CSV file since 1971. To be cited."""

from flows.sources.series_file import SeriesFile
from transforms.staging.macro_indexes import NFCI

SOURCE = SeriesFile(
    NFCI,
    base_url="https://www.chicagofed.org/-/media/publications/nfci",
    file="nfci-data-series-csv.csv",
    licence="attribution",
    terms="Free to use with citation of the Federal Reserve Bank of Chicago.",
).source()
