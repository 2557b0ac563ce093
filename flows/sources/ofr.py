"""Office of Financial Research: financial stress index and its credit part, one CSV file since 2000. Public domain."""

from flows.sources.series_file import SeriesFile
from transforms.staging.macro_indexes import OFR_FSI

SOURCE = SeriesFile(
    OFR_FSI,
    base_url="https://www.financialresearch.gov/financial-stress-index/data",
    file="fsi.csv",
    licence="public-domain",
    terms="Work of the US government, in the public domain.",
).source()
