"""What is had from SEC EDGAR: each dataset's name, as files are landed and read under it."""

from transforms.staging.sec_source import SEC

NAME = SEC
TICKERS = "company_tickers_exchange"
SUBMISSIONS = "submissions"
SUBMISSIONS_MORE = "submissions_more"
SUBMISSIONS_BULK = "submissions_bulk"
COMPANYFACTS = "companyfacts"
COMPANYFACTS_BULK = "companyfacts_bulk"
FORM_INDEX = "form_index"
FILING_INDEX = "filing_index"
COVER = "cover"
NOTES = "notes"
FSDS_SUB = "fsds_sub"
