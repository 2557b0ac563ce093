"""What companies would be worth by the tiers that rank below the chosen one."""

import polars as pl

from transforms.contracts.fields import FILED_TIERS
from transforms.core.caps import NO_FILE_CAPS, NO_FILE_COUNTS, company_caps, count_classes_once, line_caps
from transforms.core.line_counts import NO_LINE_COUNTS
from transforms.core.rows import flags, where

RUNNERS_UP: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "tier": pl.String(),
    "cap_usd": pl.Int64(),
    "shares": pl.Float64(),
}
"""One row per company and tier that was not chosen. ``shares``: in shares of the primary line."""
NO_RUNNERS_UP = pl.DataFrame(schema=RUNNERS_UP)
_OWN = ("files_shares", "files_cap")


def runners_up(
    equity: pl.DataFrame, capped: pl.DataFrame, chosen: pl.DataFrame, file_caps: pl.DataFrame, filed: pl.DataFrame
) -> pl.DataFrame:
    """RUNNERS_UP of the companies that do not stand on the vendor's figures.

    ``equity``: of `equity_lines`; ``capped``: the same lines, of `count_classes_once`; ``chosen``: of `company_caps`.
    ``file_caps`` and ``filed``: as `line_caps` took them. A filing counts its classes or the company, so beside
    ``sec_class`` there is no ``sec_single`` and the other way round.
    """
    better = chosen.filter(pl.col("tier") != "vendor_implied").select("company_id", "tier")
    if better.is_empty():
        return NO_RUNNERS_UP
    by_vendor = _by_vendor(equity, capped, better["company_id"])
    own = better["company_id"].filter(better["tier"].is_in(_OWN))
    if own.is_empty():
        return by_vendor
    # Operators know better of some companies, seldom of many: only their lines are counted once more.
    lines = equity[where(flags(equity["company_id"].is_in(own.implode())))]
    of_lines = filed.filter(pl.col("line").is_in(lines["line"].implode()))
    by_own_caps = _without_own_counts(lines, file_caps, of_lines, ("files_cap",)) if file_caps.height else NO_RUNNERS_UP
    by_filings = _without_own_counts(lines, NO_FILE_CAPS, of_lines, FILED_TIERS) if of_lines.height else NO_RUNNERS_UP
    return (
        pl.concat([by_own_caps, by_filings, by_vendor])
        .join(better, on=["company_id", "tier"], how="anti", maintain_order="left")
        .sort("company_id", maintain_order=True)
    )


def _without_own_counts(
    lines: pl.DataFrame, file_caps: pl.DataFrame, filed: pl.DataFrame, tiers: tuple[str, ...]
) -> pl.DataFrame:
    return _of_tiers(line_caps(lines, file_caps, NO_FILE_COUNTS, filed), tiers)


def _by_vendor(equity: pl.DataFrame, capped: pl.DataFrame, companies: pl.Series) -> pl.DataFrame:
    is_asked = flags(capped["company_id"].is_in(companies.implode()))
    is_alone = flags(capped["is_alone"])
    alone = equity[where(is_asked & is_alone)].filter(pl.col("followed_cap_usd") > 0)
    single = alone.select(
        "company_id", tier=pl.lit("vendor_implied"), cap_usd="followed_cap_usd", shares="vendor_shares"
    )
    several = where(is_asked & ~is_alone)
    if not several.size:
        return single
    lines = line_caps(equity[several], NO_FILE_CAPS, NO_FILE_COUNTS, NO_LINE_COUNTS)
    return pl.concat([single, _of_tiers(lines, ("vendor_implied",))])


def _of_tiers(lines: pl.DataFrame, tiers: tuple[str, ...]) -> pl.DataFrame:
    """Companies whose primary line has its cap by one of the tiers; the others have no figure of that source."""
    return company_caps(count_classes_once(lines)).filter(pl.col("tier").is_in(tiers)).select(list(RUNNERS_UP))
