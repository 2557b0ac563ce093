"""On a market whose truth is known the warehouse finds it again, or says that it does not know."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from statistics import correlation, median

import polars as pl
import pytest

from flows.edge.demo_folder import write_files
from flows.simulated.funds import NOT_UPDATED, fund_days, yields
from flows.simulated.market import Market
from flows.simulated.reports import LATE, RESTATED, reports
from flows.simulated.served import BadDays
from flows.simulated.vendors import Vendors
from tests.flows.conftest import Site
from tests.flows.conftest import lighten_gate as lightened

MARKET = Market(date(2024, 2, 1), date(2025, 3, 31), companies=120, seed=11)
STALE_EXCHANGE, STALE_MARKET = MARKET.sessions[150], MARKET.sessions[230]
VINTAGES = (date(2024, 9, 13), date(2025, 3, 3))
BOUNDS = {"mega": 200e9, "large": 10e9, "mid": 2e9, "small": 300e6, "micro": 50e6, "nano": 0.0}
"""Whole thresholds of fixed_usd, said once more: a truth that asks the code under test is none."""


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Fourteen months of the simulated market, backfilled through the vendors' own formats and the whole gate."""
    site = Site(tmp_path_factory.mktemp("recovery"))
    vendors = Vendors(MARKET, BadDays({STALE_EXCHANGE: "nasdaq"}, frozenset({STALE_MARKET})))
    write_files(site.archive, vendors.archive(MARKET.sessions[-1], VINTAGES))
    with pytest.MonkeyPatch.context() as patch:
        site.use(patch)
        outcome = site.backfill(MARKET.sessions[0], MARKET.sessions[-1])
        assert outcome.exit_code == 0, outcome.one_line
        yield site


@pytest.fixture(scope="module")
def caps(recovered: Site) -> pl.DataFrame:
    """core.market_caps beside the truth: session_date, company (of the truth), found, cap_usd; either may be null."""
    truth = MARKET.caps.with_columns(pl.col("cap_usd").round(0).cast(pl.Int64))
    owner = truth.select("session_date", "company", "symbols").explode("symbols").rename({"symbols": "ticker"})
    found = recovered.query("select session_date, ticker, company_id, cap_usd as found from core.market_caps")
    named = found.join(owner, on=["session_date", "ticker"], how="full", coalesce=True)
    told = named.filter(pl.col("found").is_not_null())
    assert told["company"].null_count() == 0, told.filter(pl.col("company").is_null())
    return truth.drop("symbols").join(
        told.select("session_date", "company", "company_id", "found"), on=["session_date", "company"], how="left"
    )


def admitted() -> list[date]:
    return [day for day in MARKET.sessions if day not in (STALE_EXCHANGE, STALE_MARKET)]


def key(case: str) -> str:
    return MARKET.listings.cast[case]


def test_only_the_stale_sessions_are_refused(recovered: Site) -> None:
    refused = {day: codes for day, (status, codes) in recovered.verdicts().items() if status != "published"}
    assert set(refused) == {STALE_EXCHANGE, STALE_MARKET}
    assert all("ADM_REPEATED" in codes for codes in refused.values())


def test_every_cap_is_the_truth_or_absent(caps: pl.DataFrame) -> None:
    known = caps.filter(pl.col("found").is_not_null())
    # A class pair is rounded line by line; a count that lags its split is rounded before the ratio is applied.
    off = (pl.col("found") - pl.col("cap_usd")).abs()
    wrong = known.filter(off > pl.max_horizontal(1, pl.col("cap_usd") * 1e-6))
    assert wrong.is_empty(), wrong.rows()
    assert known.height > 0.99 * MARKET.caps.filter(pl.col("session_date").is_in(admitted())).height


def test_what_is_absent_is_what_nobody_could_know(caps: pl.DataFrame) -> None:
    """Sessions on which a cap is blank or zero; a count that lags its split is none of them."""
    absent = caps.filter(pl.col("found").is_null() & pl.col("session_date").is_in(admitted()))
    by_company = defaultdict(list)
    for company, day in absent.select("company", "session_date").iter_rows():
        by_company[company].append(MARKET.position(day))
    blank = {gap.key: list(range(gap.at, gap.until)) for gap in MARKET.listings.unpriced}
    without = {MARKET.position(STALE_EXCHANGE), MARKET.position(STALE_MARKET)}
    expected = {
        company: [at for at in positions if at not in without] for company, positions in blank.items() if positions
    }
    assert dict(by_company) == expected


def test_splits_are_those_of_the_truth(recovered: Site) -> None:
    """Each on its ex-date, by its ratio, confirmed when the vendor's count follows it."""
    found = recovered.query("select ex_date, ratio, status, confirmed_on from core.splits order by ex_date")
    expected = sorted(
        (MARKET.sessions[split.at], split.ratio, "confirmed", MARKET.sessions[split.at + split.lag])
        for split in MARKET.listings.splits
    )
    assert [row[:3] for row in found.rows()] == [row[:3] for row in expected]
    assert found["confirmed_on"].to_list() == [row[3] for row in expected]


def test_identities_survive_splits_renames_classes_and_reuse(recovered: Site, caps: pl.DataFrame) -> None:
    ids = caps.drop_nulls("company_id").group_by("company").agg(pl.col("company_id").unique())
    assert ids.filter(pl.col("company_id").list.len() > 1).is_empty()  # one id for one company, always
    owners = ids.explode("company_id")["company_id"]
    assert owners.n_unique() == owners.len()  # and never one id for two
    assert {key("reused_symbol"), key("delisted"), key("renamed"), key("shell_that_merged")} <= set(ids["company"])
    types = dict(recovered.query("select distinct symbol, security_type from core.securities").iter_rows())
    assert types[next(line.symbol for line in MARKET.lines if line.key == key("depositary"))] == "depositary_share"
    assert {"warrant", "unit", "right", "preferred", "spac", "fund"} <= set(types.values())


def test_buckets_and_segments_are_those_of_the_true_caps(recovered: Site, caps: pl.DataFrame) -> None:
    known = caps.filter(pl.col("found").is_not_null())
    bucket = pl.coalesce(pl.when(pl.col("cap_usd") >= bound).then(pl.lit(name)) for name, bound in BOUNDS.items())
    truth = known.with_columns(segment=bucket)
    members = recovered.query(
        """select caps.session_date, caps.company_id, members.bucket from core.market_caps as caps
        inner join core.bucket_memberships as members on members.company_id = caps.company_id
            and caps.session_date >= members.valid_from
            and (members.valid_to is null or caps.session_date <= members.valid_to)
            and members.scheme_id = 'fixed_usd'"""
    )
    beside = truth.join(members, on=["session_date", "company_id"], how="left")
    assert beside.filter(pl.col("bucket").ne_missing(pl.col("segment"))).is_empty()
    totals = truth.group_by("session_date", "segment").agg(cap=pl.col("found").sum(), companies=pl.len().cast(pl.Int32))
    segments = recovered.query(
        "select session_date, segment, market_cap_usd::bigint as stored, company_count from marts.segment_daily "
        "where segment not in ('smid', 'total') and scheme_id = 'fixed_usd'"
    )
    pair = segments.join(totals, on=["session_date", "segment"], how="left").with_columns(
        pl.col("cap").fill_null(0), pl.col("companies").fill_null(0)
    )
    assert pair.height == 6 * len(admitted())
    assert pair.filter(
        (pl.col("stored") != pl.col("cap")) | (pl.col("company_count") != pl.col("companies"))
    ).is_empty()


DAYS = (date(2024, 6, 28), date(2024, 11, 20), date(2025, 1, 15), date(2025, 3, 31))
AROUND_THE_LATE_REPORT = (date(2025, 1, 22), date(2025, 1, 23), date(2025, 1, 24))
SPANS = {"small": (300_000_000, 2_000_000_000), "mid": (2_000_000_000, 10_000_000_000), "large": (10**10, 2 * 10**11)}


@pytest.mark.parametrize(
    ("segment", "day"),
    [
        *((segment, day) for segment in ("small", "large") for day in DAYS),
        *(("mid", d) for d in AROUND_THE_LATE_REPORT),
    ],
)
def test_price_earnings_ratios(recovered: Site, caps: pl.DataFrame, segment: str, day: date) -> None:
    """By hand in four conventions: the last four quarters published by the day, over companies that have them."""
    lowest, limit = SPANS[segment]
    known = caps.filter((pl.col("session_date") == day) & (pl.col("found") >= lowest) & (pl.col("found") < limit))
    told = [(worth, trailing(company, day)) for company, worth in known.select("company", "found").iter_rows()]
    pairs = [(worth, earned) for worth, earned in told if earned is not None]
    earning = [(worth, earned) for worth, earned in pairs if earned > 0]
    cap, profits = sum(worth for worth, _ in pairs), sum(earned for _, earned in earning)
    expected = {
        "incl_losses": cap / sum(earned for _, earned in pairs),
        "excl_losses": sum(worth for worth, _ in earning) / profits,
        "hybrid": cap / profits,
        "median": median(worth / earned for worth, earned in earning),
    }
    rows = recovered.rows(
        "marts.valuation_daily", session_date=day, segment=segment, measure="pe", scheme_id="fixed_usd", universe="all"
    )
    assert dict(rows.select("convention", "value").iter_rows()) == pytest.approx(expected, rel=1e-9)
    assert rows["loss_share_count"].to_list() == pytest.approx([1 - len(earning) / len(pairs)] * 4, rel=1e-9)
    assert len(pairs) > 8


@pytest.mark.parametrize("day", DAYS)
def test_discounts_are_those_of_the_ratios(recovered: Site, day: date) -> None:
    value = {
        (row["segment"], row["convention"]): row["value"]
        for row in recovered.rows(
            "marts.valuation_daily", session_date=day, measure="pe", scheme_id="fixed_usd", universe="all"
        ).to_dicts()
    }
    spreads = recovered.rows(
        "marts.valuation_spread_daily",
        session_date=day,
        measure="pe",
        segment="small",
        scheme_id="fixed_usd",
        universe="all",
    ).to_dicts()
    assert len(spreads) == 4
    for row in spreads:
        against = value["small", row["convention"]] / value["large", row["convention"]] - 1
        assert row["discount"] == pytest.approx(against, rel=1e-9)


def test_a_second_source_confirms_caps_through_splits_and_classes(recovered: Site, caps: pl.DataFrame) -> None:
    """Between a split and the next report, too: the average is restated for a split that is known."""
    quality = recovered.query("select session_date, company_id, quality from core.market_caps")
    for case in ("forward_split", "reverse_split", "classes_whole", "classes_own", "depositary"):
        rows = caps.filter(company=key(case)).join(quality, on=["session_date", "company_id"]).sort("session_date")
        assert rows["quality"][-1] == "trusted", case
    split = next(split for split in MARKET.listings.splits if split.key == key("forward_split"))
    after = caps.filter(company=split.key, session_date=MARKET.sessions[split.at + split.lag])
    assert after.join(quality, on=["session_date", "company_id"])["quality"].item() == "trusted"


def trailing(company: str, day: date) -> int | None:
    """Earnings of the last four quarters published by the day; None where not four, or the last is too old."""
    last = known_quarters(company, day)[-4:]
    if len(last) < 4 or (day - last[-1][0]).days > 460:
        return None
    return sum(earnings for _, earnings in last)


def known_quarters(company: str, day: date) -> list[tuple[date, int]]:
    """End and earnings of each quarter published by the day: as last downloaded by then, else as downloaded next."""
    downloads = sorted((v for v in VINTAGES if v <= day), reverse=True) + [v for v in VINTAGES if v > day]
    quarters: dict[date, int] = {}
    for vintage in downloads:
        rows = reports(MARKET, vintage).filter((pl.col("company") == company) & (pl.col("published") <= day))
        for end, earnings in rows.select("end", "earnings").iter_rows():
            quarters.setdefault(end, earnings)
    return sorted(quarters.items())


KNOWN_EARNINGS = """
select period_end, value::bigint as earnings from core.fundamentals
where company_id = '{company_id}' and concept = 'net_income_common' and fiscal_period like '%Q%'
    and (known_at at time zone 'America/New_York')::date <= date '{day}'
qualify row_number() over (
    partition by period_end
    order by vintage_date > date '{day}', abs(vintage_date - date '{day}')
) = 1
order by period_end
"""


@pytest.mark.parametrize("company", [LATE, RESTATED])
@pytest.mark.parametrize("day", [date(2024, 12, 20), *AROUND_THE_LATE_REPORT, date(2025, 3, 28)])
def test_late_and_restated_reports_count_as_they_were_known(
    recovered: Site, caps: pl.DataFrame, company: str, day: date
) -> None:
    """What core.fundamentals says of each quarter by a day is what had been published and downloaded by then."""
    (company_id,) = caps.filter(company=company, session_date=day)["company_id"]
    facts = recovered.query(KNOWN_EARNINGS.format(company_id=company_id, day=day))
    assert facts.rows() == known_quarters(company, day)
    newest = facts["period_end"].max()
    late_day = company == LATE and day < date(2025, 1, 23)
    assert newest == (
        date(2024, 6, 30) if late_day else date(2024, 12, 31) if day > date(2025, 2, 9) else date(2024, 9, 30)
    )


def test_the_restated_quarter_is_a_loss_only_in_the_later_download() -> None:
    before, after = (dict(known_quarters(RESTATED, day))[date(2024, 3, 31)] for day in (VINTAGES[0], VINTAGES[1]))
    assert before > 0 > after == -before


def test_flows_are_the_truth_and_unknown_where_they_are_not_out_yet(recovered: Site) -> None:
    truth = fund_days(MARKET).select("session_date", "fund", true="flow_usd")
    stored = recovered.query("select session_date, fund, flow_usd, quality from marts.fund_flows_daily")
    pair = stored.join(truth, on=["session_date", "fund"], how="left")
    late = MARKET.sessions[-NOT_UPDATED:]
    out = pair.filter(~pl.col("session_date").is_in(late))
    assert out.height == (len(admitted()) - NOT_UPDATED) * truth["fund"].n_unique()
    assert out.filter((pl.col("flow_usd") - pl.col("true").round(1)).abs().fill_null(1.0) > 0.01).is_empty()
    unknown = pair.filter(pl.col("session_date").is_in(late))
    assert unknown["flow_usd"].null_count() == unknown.height > 0


STANDS_FOR = {
    "IWM": "small",
    "IJR": "small",
    "IWC": "micro",
    "MDY": "mid",
    "SPY": "large",
    "IVV": "large",
    "VTI": "total",
}


def test_flows_of_segments_and_their_sums_are_the_truth(recovered: Site) -> None:
    """Sums run over the exchange's sessions: a refused one had its flow, too."""
    daily = (
        fund_days(MARKET)
        .with_columns(segment=pl.col("fund").replace_strict(STANDS_FOR))
        .group_by("session_date", "segment")
        .agg(flow_usd=pl.col("flow_usd").round(1).sum())
        .sort("segment", "session_date")
    )
    truth = daily.with_columns(
        pl.col("flow_usd").rolling_sum(size).over("segment").alias(f"flow_{size}d_usd") for size in (5, 20, 60)
    )
    stored = recovered.query("from marts.segment_flows_daily")
    names = ["flow_usd", "flow_5d_usd", "flow_20d_usd", "flow_60d_usd"]
    pair = stored.join(truth, on=["session_date", "segment"], suffix="_true").filter(
        pl.col("session_date") < MARKET.sessions[-NOT_UPDATED]
    )
    assert pair.height == (len(admitted()) - NOT_UPDATED) * 5
    for name in names:
        both = pair.filter(pl.col(f"{name}_true").is_not_null())
        assert both.filter((pl.col(name) - pl.col(f"{name}_true")).abs().fill_null(9.0) > 0.05).is_empty(), name
        assert pair.filter(pl.col(f"{name}_true").is_null())[name].null_count() == pair.height - both.height, name


RETURNS = """
from (
    pivot (
        select session_date, segment, return_price_vw from marts.segment_daily
        where scheme_id = 'fixed_usd' and session_date <= date '{day}'
    ) on segment using first(return_price_vw)
) order by session_date
"""
SMALL_MINUS_BIG = """
select avg(small.return - big.return) * 252 as mean from marts.size_portfolios_daily as small
inner join marts.size_portfolios_daily as big using (session_date, weighting)
where small.portfolio = 'lo30' and big.portfolio = 'hi30' and weighting = 'vw' and session_date <= date '{day}'
"""


def spell_below_the_high(returns: list[float | None]) -> tuple[float, int, float]:
    """Drawdown, and length and depth of the spell below the high that runs, or ended last."""
    level = high = 1.0
    length, depth, runs = 0, 0.0, False
    for one in returns:
        if one is None:  # no level is known: the session is passed over
            continue
        level *= 1 + one
        high = max(high, level)
        if level < high:
            length, depth = (length + 1, min(depth, level / high - 1)) if runs else (1, level / high - 1)
        runs = level < high
    return level / high - 1, length, depth


def test_claims_of_the_thesis_are_those_of_the_truth(recovered: Site, caps: pl.DataFrame) -> None:
    """On the last session whose flows are out; each from the market's own figures or from returns, said once more."""
    before, day = MARKET.sessions[-2 - NOT_UPDATED : -NOT_UPDATED]
    returns = recovered.query(RETURNS.format(day=day))
    drawdown, length, depth = spell_below_the_high(returns["small"].to_list())
    year = returns.select("small", "large").tail(252).drop_nulls()
    known = caps.filter((pl.col("session_date") == day) & pl.col("found").is_not_null())
    worth = known["found"].sort(descending=True)
    told = [(cap, trailing(company, day)) for company, cap in known.select("company", "found").iter_rows()]

    def pe(least: float, limit: float, *, losses: bool) -> float:
        pairs = [
            (cap, sum_) for cap, sum_ in told if least <= cap < limit and sum_ is not None and (losses or sum_ > 0)
        ]
        return sum(cap for cap, _ in pairs) / sum(earned for _, earned in pairs)

    smb = recovered.query(SMALL_MINUS_BIG.format(day=day))["mean"].item()
    expected = {
        "01_new_high": drawdown,
        "02_sideways": length,
        "03_sell_off": depth,
        "07_concentration": worth.head(10).sum() / worth.sum(),
        "10_discount": pe(3e8, 1e10, losses=False) / pe(1e10, 2e11, losses=False) - 1,
        "11_dear_giants": pe(2e11, 1e15, losses=True),
        # The day's own yield is out in the evening, after the close.
        "12_negative_real_yield": yields(MARKET).filter(session_date=before)["real_10"].item(),
        "13_size_effect": smb,
        "15_diversify": correlation(year["small"].to_list(), year["large"].to_list()),
    }
    rows = recovered.rows("marts.thesis_daily", "claim", "value", "holds", session_date=day).filter(
        pl.col("claim").is_in(list(expected))
    )
    assert dict(rows.select("claim", "value").iter_rows()) == pytest.approx(expected, rel=1e-6)
    assert rows["holds"].null_count() == 0


def test_the_claim_about_outflows_is_the_truth(recovered: Site) -> None:
    """From the evening on which 54 of 60 sessions are out; the newest one never is."""
    truth = (
        fund_days(MARKET)
        .filter(pl.col("fund").is_in(["IWM", "IJR"]) & ~pl.col("session_date").is_in(MARKET.sessions[-NOT_UPDATED:]))
        .group_by("session_date")
        .agg(flow_usd=pl.col("flow_usd").round(1).sum())
        .sort("session_date")
        .with_columns(true=pl.col("flow_usd").rolling_sum(60, min_samples=54))
    )
    told = recovered.query("select session_date, value, holds from marts.thesis_daily where claim = '06_outflows'")
    both = told.filter(pl.col("session_date") < MARKET.sessions[-NOT_UPDATED]).join(truth, on="session_date")
    assert both["value"].count() > 200
    assert both.filter((pl.col("value") - pl.col("true")).abs() > 0.5).is_empty()
    assert both.filter(pl.col("value").is_null() != pl.col("true").is_null()).is_empty()
    assert both.filter(pl.col("holds") != (pl.col("true") < 0)).is_empty()
    last = told.sort("session_date").row(-1, named=True)
    assert last["value"] == pytest.approx(truth["flow_usd"].tail(59).sum(), abs=0.5)


def test_rebuild_from_landing_is_what_was_published(recovered: Site) -> None:
    published = recovered.hashes()
    with pytest.MonkeyPatch.context() as patch:
        recovered.use(patch)
        lightened(patch)
        assert recovered.rebuild().exit_code == 0
    assert recovered.hashes() == published
