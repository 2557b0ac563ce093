"""Every source, registered once: a new vendor is one module and one line here."""

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from flows.edge.rate_limit import HostRateLimit
from flows.edge.shared_rate import SharedRate
from flows.errors import UsageError
from flows.sources import (
    cftc,
    chicago_fed,
    corporate_actions,
    ecb_rates,
    etf_flows,
    fed_ebp,
    files,
    fiscal_data,
    fred,
    french,
    invesco,
    ishares,
    nasdaq_directory,
    nasdaq_screener,
    ofr,
    sec_edgar,
    simfin,
    ssga,
    treasury,
    vanguard,
)
from flows.sources.model import Source, SourceSettings

__all__ = ["SOURCES", "Source", "SourceSettings", "rate_limit", "source"]

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (
        *(nasdaq_screener, simfin, treasury, fred, etf_flows),
        *(ssga, ishares, invesco, vanguard),
        *(cftc, chicago_fed, ofr, fed_ebp, fiscal_data),
        *(files, sec_edgar, nasdaq_directory, corporate_actions, ecb_rates, french),
    )
}


def source(name: str) -> Source:
    """The source of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in SOURCES:
        raise UsageError(f"There is no source {name!r}.", next_step=f"Choose from {', '.join(SOURCES)}.")
    return SOURCES[name]


def rate_limit(
    settings: SourceSettings, default_per_second: float = 1.0, shared_folder: Path | None = None
) -> HostRateLimit:
    """The rate limit of every source's host, wherever the settings put it; this machine itself needs no protection.

    Limits that count for all processes together are kept in files of ``shared_folder``.
    """
    rates: dict[str, float] = {}
    for known in SOURCES.values():
        address = settings.base_urls.get(known.name, known.base_url)
        host = urlsplit(address).hostname if address else None
        if host and not _is_loopback(host):
            rates[host] = min(known.requests_per_second, rates.get(host, known.requests_per_second))
    shared = _shared(settings, shared_folder) if shared_folder else {}
    return HostRateLimit(rates, default_per_second=default_per_second, shared=shared)


def _shared(settings: SourceSettings, folder: Path) -> dict[str, SharedRate]:
    found: dict[str, SharedRate] = {}
    for known in SOURCES.values():
        elsewhere = urlsplit(settings.base_urls.get(known.name, "")).hostname
        rate = SharedRate(folder / f"{known.name}.json", known.requests_per_second)
        hosts = (elsewhere,) if elsewhere and known.shared_hosts else known.shared_hosts
        found |= {host: rate for host in hosts if not _is_loopback(host)}
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
