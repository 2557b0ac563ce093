-- purpose: how near our portfolios formed on size come to Kenneth French's, by year
-- grain: one row per calendar year or all years together, portfolio and weighting
-- key: period, portfolio, weighting
-- owner: portfolios

select
    comparison.period,
    comparison.portfolio,
    comparison.weighting,
    comparison.session_count,
    comparison.correlation,
    comparison.return_sum,
    comparison.reference_return_sum,
    comparison.difference,
    comparison.tracking_error,
    comparison.release,
    comparison.null_reason
from work.size_portfolio_comparison as comparison
