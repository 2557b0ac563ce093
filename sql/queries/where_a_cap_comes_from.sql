-- question: Where does the newest cap of a company come from, down to the file that the vendor served?

select
    latest.ticker,
    latest.name,
    latest.session_date,
    latest.price,
    latest.shares,
    latest.shares_source,
    latest.cap_usd,
    latest.tier,
    latest.quality,
    latest.reason,
    latest.quote_source,
    fetches.url,
    fetches.landed_at,
    latest.quote_file_sha256
from marts.caps_latest as latest
left join ops.fetches as fetches
    on
        latest.quote_source = fetches.source
        and latest.quote_file_sha256 = fetches.sha256
order by latest.cap_usd desc
limit 100
