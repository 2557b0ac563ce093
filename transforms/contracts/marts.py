"""marts: what analysts query. Each is one SELECT in sql/marts over core and the frames that transforms computed."""

from transforms.contracts.benchmarks import BENCHMARK_DAILY, BENCHMARKS
from transforms.contracts.fields import (
    BUCKETS,
    CAP_SHARE,
    CAP_TOTAL,
    COMPANY,
    COMPANY_COUNT,
    SCHEME,
    SEGMENT,
    SESSION,
    ratio,
)
from transforms.contracts.filers import FILER_CATEGORY_DAILY
from transforms.contracts.fragility import FRAGILITY_DAILY, FRAGILITY_MEASURES, INFORMATION_DAILY, INFORMATION_MEASURES
from transforms.contracts.fund_flows import FUND_FLOWS_DAILY, SEGMENT_FLOWS_DAILY
from transforms.contracts.liquidity import LIQUIDITY_DAILY, LIQUIDITY_MEASURES
from transforms.contracts.measures import MEASURES as MEASURES_OF_TABLES
from transforms.contracts.model import Column, Table
from transforms.contracts.reconciliation import CAP_RECONCILIATION
from transforms.contracts.reference_portfolios import SIZE_PORTFOLIO_COMPARISON
from transforms.contracts.risk import FORWARD_RETURNS, REGIME_DAILY, RISK_DAILY, RISK_MEASURES
from transforms.contracts.schemes import MARTS_OF_SCHEMES
from transforms.contracts.size_portfolios import SIZE_PORTFOLIOS_DAILY, SIZE_PORTFOLIOS_MONTHLY
from transforms.contracts.thesis import SMALL_VS_MICRO, THESIS_CLAIMS, THESIS_DAILY
from transforms.contracts.valuation import SECTOR_NEUTRAL_DAILY, VALUATION_DAILY, VALUATION_SPREAD_DAILY

SEGMENT_DAILY = Table(
    schema="marts",
    name="segment_daily",
    grain="one row per admitted session, scheme and segment",
    key=("session_date", "scheme_id", "segment"),
    policy="replace_sessions",
    session_column="session_date",
    owner="segments",
    lookback="the companies' previous admitted session",
    columns=(
        SESSION,
        SCHEME,
        SEGMENT,
        COMPANY_COUNT,
        CAP_TOTAL,
        CAP_SHARE,
        ratio(
            "return_price_vw",
            "Price return weighted by the caps of the previous session, members of that session; of each company in "
            "the currency of its quote, without exchange rates.",
            minimum=-1,
        ),
        ratio(
            "return_price_ew",
            "Price return, equal weights, members of the previous session; likewise in their currencies.",
            minimum=-1,
        ),
        ratio("return_total_vw", "Total return, cap-weighted; null while dividends are unknown.", minimum=-1),
        ratio("return_total_ew", "Total return, equal weights; null while dividends are unknown.", minimum=-1),
        Column(
            "return_company_count", "INTEGER", "Companies whose return is in.", "companies", nullable=False, minimum=0
        ),
        Column(
            "multi_day_count",
            "INTEGER",
            "Returns that span more than one session.",
            "companies",
            nullable=False,
            minimum=0,
        ),
        ratio("turnover", "Dollar volume of the session over cap.", minimum=0),
        Column("dollar_volume_usd", "HUGEINT", "Close times volume, summed.", "whole USD", nullable=False, minimum=0),
        Column(
            "quarantined_count",
            "INTEGER",
            "Companies left out because their cap jumped.",
            "companies",
            nullable=False,
            minimum=0,
        ),
        Column("quarantined_cap_usd", "HUGEINT", "Their last admitted caps.", "whole USD", nullable=False, minimum=0),
        Column(
            "trusted_count",
            "INTEGER",
            "Companies whose cap two independent tiers confirm.",
            "companies",
            nullable=False,
            minimum=0,
        ),
    ),
)

CAPS_LATEST = Table(
    schema="marts",
    name="caps_latest",
    grain="one row per company that was quoted on the last admitted session",
    key=("company_id",),
    policy="replace_all",
    owner="caps",
    columns=(
        COMPANY,
        Column("ticker", "VARCHAR", "Symbol of the primary line.", nullable=False),
        Column("name", "VARCHAR", "Name of the primary line."),
        Column("exchange", "VARCHAR", "Listing exchange of the primary line.", nullable=False),
        Column("sector", "VARCHAR", "Sector of the primary line."),
        Column("session_date", "DATE", "Session of the cap.", nullable=False),
        Column("price", "DOUBLE", "Close of the primary line.", "USD", nullable=False),
        Column("shares", "DOUBLE", "Shares used.", "shares"),
        Column("shares_source", "VARCHAR", "Source of the count.", nullable=False),
        Column("cap_usd", "BIGINT", "Market capitalisation.", "whole USD", nullable=False, minimum=1),
        Column("bucket", "VARCHAR", "Bucket under fixed_usd.", nullable=False, values=BUCKETS),
        Column("tier", "VARCHAR", "Which source the cap stands on.", nullable=False),
        Column("quality", "VARCHAR", "Quality of the cap.", nullable=False),
        Column("reason", "VARCHAR", "Why.", nullable=False),
        Column("quote_source", "VARCHAR", "Source adapter of the price row.", nullable=False),
        Column("quote_file_sha256", "VARCHAR", "Content hash of the landed file behind the price row."),
    ),
)

BUCKET_MEMBERS_DAILY_SQL = """
select
    caps.session_date,
    members.scheme_id,
    members.company_id,
    members.bucket,
    members.raw_bucket,
    members.weight,
    members.is_counted,
    caps.ticker,
    caps.cap_usd
from core.market_caps as caps
inner join core.bucket_memberships as members
    on caps.company_id = members.company_id
    and caps.session_date >= members.valid_from
    and caps.session_date <= coalesce(members.valid_to, date '9999-12-31')
"""
"""View marts.bucket_members_daily: membership by session, so that an end date never tells the future."""

MARTS = (
    SEGMENT_DAILY,
    VALUATION_DAILY,
    VALUATION_SPREAD_DAILY,
    SECTOR_NEUTRAL_DAILY,
    FUND_FLOWS_DAILY,
    SEGMENT_FLOWS_DAILY,
    FILER_CATEGORY_DAILY,
    FRAGILITY_DAILY,
    INFORMATION_DAILY,
    LIQUIDITY_DAILY,
    SMALL_VS_MICRO,
    CAPS_LATEST,
    CAP_RECONCILIATION,
    SIZE_PORTFOLIOS_DAILY,
    SIZE_PORTFOLIOS_MONTHLY,
    RISK_DAILY,
    REGIME_DAILY,
    FORWARD_RETURNS,
    MEASURES_OF_TABLES,
    THESIS_DAILY,
    THESIS_CLAIMS,
    SIZE_PORTFOLIO_COMPARISON,
    BENCHMARKS,
    BENCHMARK_DAILY,
    *MARTS_OF_SCHEMES,
)
TABLES_OF_MEASURES = {
    "risk_daily": RISK_MEASURES,
    "liquidity_daily": LIQUIDITY_MEASURES,
    "fragility_daily": FRAGILITY_MEASURES,
    "information_daily": INFORMATION_MEASURES,
}
"""Mart to the measures that it has in rows; marts.measures tells what each is."""
