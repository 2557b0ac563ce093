-- purpose: what portfolios of US common stocks formed on size, at the end of every month, return
-- grain: one row per admitted session, portfolio and weighting
-- key: session_date, portfolio, weighting
-- owner: portfolios

select
    portfolios.session_date,
    portfolios.portfolio,
    portfolios.weighting,
    portfolios.return,
    portfolios.return_since_last,
    portfolios.null_reason,
    portfolios.company_count,
    portfolios.is_multi_day,
    portfolios.delisting_count,
    portfolios.market_cap_usd,
    portfolios.formed_on,
    portfolios.is_initial
from work.size_portfolios_monthly as portfolios
