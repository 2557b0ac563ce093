"""Which security and which company a quoted line is: permanent ids through renames, reuse and several classes."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.core.security_types import EQUITY_TYPES

REGISTRY_SCHEMA: dict[str, pl.DataType] = {
    "security_id": pl.String(),
    "company_id": pl.String(),
    "symbol": pl.String(),
    "holds_symbol": pl.Boolean(),
    "exchange": pl.String(),
    "name_root": pl.String(),
    "security_type": pl.String(),
    "first_session": pl.Date(),
    "last_session": pl.Date(),
    "last_close": pl.Float64(),
    "last_volume": pl.Int64(),
    "last_cap_usd": pl.Int64(),
}
"""One row per security ever admitted: what the next session is compared with."""

REUSE_LOG_BREAK = 0.7
"""Price and cap both off by a factor of two on the day a name changes: another company took the symbol."""
RENAME_PRICE_TOLERANCE = 0.001
RENAME_CAP_TOLERANCE = 0.02
RENAME_ROOT_LOG_PRICE = 0.25
"""The previous close a renamed line reports may differ from the old line's close by a dividend or a late print."""


@dataclass(frozen=True)
class SessionClock:
    """Where a session stands: its date, the session before, the last admitted one, and the oldest one still near."""

    session: date
    previous: date | None
    last_admitted: date | None
    near_from: date

    @property
    def has_near_admitted(self) -> bool:
        """An admitted session lies within the horizon, so comparing rules apply."""
        return self.last_admitted is not None and self.last_admitted >= self.near_from


def empty_registry() -> pl.DataFrame:
    """The registry before the first session."""
    return pl.DataFrame(schema=REGISTRY_SCHEMA)


def resolve(lines: pl.DataFrame, registry: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """One row per line with security_id, company_id, link_rule and the security's last admitted values (``last_*``).

    A symbol keeps its security while it is quoted; after a gap only under the same name. A line that is new while
    another one vanished is the same security renamed, when the names agree, or when previous close and cap both do.
    """
    known = _by_symbol(lines, registry, clock)
    is_fresh = known["security_id"].is_null()
    if not is_fresh.any():
        return known
    fresh = known.filter(is_fresh).select(lines.columns)
    vanished = registry.filter(
        pl.col("holds_symbol")
        & (pl.col("last_session") == pl.lit(clock.last_admitted))
        & ~pl.col("symbol").is_in(lines["symbol"].implode())
    )
    renamed = _renamed(fresh, vanished)
    rest = fresh.filter(~pl.col("symbol").is_in(renamed["symbol"].implode()))
    listed = _listed(rest, registry, clock)
    return pl.concat([known.filter(~is_fresh), renamed, listed], how="diagonal").select(known.columns)


def update_registry(registry: pl.DataFrame, resolved: pl.DataFrame, session: date) -> pl.DataFrame:
    """The registry after an admitted session: today's lines replace their rows; a reused symbol has a new holder."""
    today = resolved.lazy().select(
        "security_id",
        "company_id",
        "symbol",
        holds_symbol=pl.lit(value=True),
        exchange="exchange",
        name_root="name_root",
        security_type="security_type",
        first_session=pl.col("first_session").fill_null(pl.lit(session)),
        last_session=pl.lit(session),
        last_close="close",
        last_volume="volume",
        last_cap_usd="vendor_cap_usd",
    )
    others = (
        registry.lazy()
        .filter(~pl.col("security_id").is_in(resolved["security_id"].implode()))
        .with_columns(holds_symbol=pl.col("holds_symbol") & ~pl.col("symbol").is_in(resolved["symbol"].implode()))
    )
    return pl.concat([others, today]).collect()


def _by_symbol(lines: pl.DataFrame, registry: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    held = (
        registry.lazy()
        .filter("holds_symbol")
        .select(
            "security_id",
            "company_id",
            "symbol",
            "first_session",
            "last_session",
            "last_close",
            "last_volume",
            "last_cap_usd",
            known_root="name_root",
        )
    )
    joined = lines.lazy().join(held, on="symbol", how="left", maintain_order="left")
    same_name = (pl.col("known_root") == pl.col("name_root")).fill_null(value=True)
    is_near = pl.col("last_session") >= pl.lit(clock.near_from)
    broke = (_log_gap(pl.col("previous_close"), pl.col("last_close")) > REUSE_LOG_BREAK) & (
        _log_gap(pl.col("vendor_cap_usd"), pl.col("last_cap_usd")) > REUSE_LOG_BREAK
    )
    is_same = pl.col("security_id").is_not_null() & (same_name | (is_near & ~broke.fill_null(value=False)))
    carried = (
        "security_id",
        "company_id",
        "first_session",
        "last_session",
        "last_close",
        "last_volume",
        "last_cap_usd",
    )
    return (
        joined.with_columns(
            *(pl.when(is_same).then(pl.col(name)).alias(name) for name in carried),
            link_rule=pl.when(is_same).then(pl.lit("symbol")),
        )
        .drop("known_root")
        .collect()
    )


def _renamed(fresh: pl.DataFrame, vanished: pl.DataFrame) -> pl.DataFrame:
    """Lines whose security is a vanished one: by name and price, else by price and cap; only unique pairs count."""
    old = vanished.lazy().select(
        "security_id",
        "company_id",
        "name_root",
        "security_type",
        "first_session",
        "last_session",
        "last_close",
        "last_volume",
        "last_cap_usd",
    )
    price_gap = _log_gap(pl.col("previous_close"), pl.col("last_close"))
    cap_gap = (
        (pl.col("vendor_cap_usd") / pl.col("last_cap_usd")).log() - (pl.col("close") / pl.col("previous_close")).log()
    ).abs()
    same_name = (
        fresh.lazy()
        .filter(pl.col("name_root") != "")
        .join(old, on=["name_root", "security_type"], how="inner")
        .filter(price_gap.fill_null(0.0) <= RENAME_ROOT_LOG_PRICE)
        .with_columns(link_rule=pl.lit("renamed_same_name"))
    )
    by_root = _unique_pairs(same_name).collect()
    by_price = (
        fresh.lazy()
        .filter(~pl.col("symbol").is_in(by_root["symbol"].implode()))
        .with_columns(price_key=pl.col("previous_close").round(1))
        .join(
            old.filter(~pl.col("security_id").is_in(by_root["security_id"].implode()))
            .drop("name_root")
            .with_columns(price_key=pl.col("last_close").round(1)),
            on=["price_key", "security_type"],
            how="inner",
        )
        .filter((price_gap <= RENAME_PRICE_TOLERANCE) & (cap_gap <= RENAME_CAP_TOLERANCE))
        .with_columns(link_rule=pl.lit("renamed_same_price_and_cap"))
        .drop("price_key")
    )
    return pl.concat([by_root, _unique_pairs(by_price).collect()], how="diagonal")


def _unique_pairs(pairs: pl.LazyFrame) -> pl.LazyFrame:
    return pairs.filter(pl.col("symbol").is_unique() & pl.col("security_id").is_unique())


def _listed(fresh: pl.DataFrame, registry: pl.DataFrame, clock: SessionClock) -> pl.DataFrame:
    """New securities; the company is one already listed under the same name, else the first of today's lines of it."""
    stamp = f"{clock.session:%Y%m%d}"
    equity = pl.col("security_type").is_in(EQUITY_TYPES)
    companies = (
        registry.lazy()
        .filter(
            equity
            & (pl.col("last_session") >= pl.lit(clock.near_from))
            & (pl.col("name_root") != "")
            & pl.col("name_root").is_in(fresh["name_root"].implode())
        )
        .sort("first_session", "symbol")
        .unique("name_root", keep="first", maintain_order=True)
        .select("name_root", known_company="company_id")
    )
    own = pl.lit("C:") + pl.col("symbol") + pl.lit("~" + stamp)
    root = pl.when(pl.col("name_root").str.len_chars() >= 2).then(pl.col("name_root")).otherwise(pl.col("symbol"))
    return (
        fresh.lazy()
        .with_columns(name_root=pl.col("name_root").fill_null(""))
        .join(companies, on="name_root", how="left")
        .with_columns(group_root=root, is_equity=equity)
        .sort(~pl.col("is_equity"), "symbol")
        .with_columns(
            security_id=pl.col("symbol") + pl.lit("~" + stamp),
            company_id=pl.coalesce("known_company", own.first().over("group_root")),
            link_rule=pl.when(pl.col("known_company").is_not_null())
            .then(pl.lit("listed_line_of_known_company"))
            .otherwise(pl.lit("listed")),
        )
        .drop("known_company", "group_root", "is_equity")
        .collect()
    )


def _log_gap(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return (left / right).log().abs()
