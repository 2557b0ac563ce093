"""Sends alerts through apprise: mail, Slack, Teams, PagerDuty, webhook, one URL per channel.

Sending never raises: the failure that is being reported must not be hidden by a second one.
"""

import logging
from collections.abc import Sequence

import apprise
from pydantic import SecretStr

from flows.alert import Alert, AlertKind
from flows.run_record import AlertOutcome

log = logging.getLogger(__name__)

NOTIFY_TYPES = {
    AlertKind.FAILED: apprise.NotifyType.FAILURE,
    AlertKind.DEGRADED: apprise.NotifyType.WARNING,
    AlertKind.STALE: apprise.NotifyType.WARNING,
    AlertKind.RECOVERED: apprise.NotifyType.SUCCESS,
    AlertKind.TEST: apprise.NotifyType.INFO,
}


def send_alert(alert: Alert, urls: Sequence[SecretStr]) -> AlertOutcome:
    """Send one alert to every channel; says how many took it and which did not.

    A channel is named by its place in the list and its scheme: the rest of its URL is a secret.
    """
    # apprise logs addresses and, at debug level, whole payloads; what failed is told below instead.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    failures = []
    for place, url in enumerate(urls, start=1):
        reason = _send(alert, url.get_secret_value())
        if reason:
            scheme = url.get_secret_value().partition("://")[0]
            failures.append(f"channel {place} ({scheme if scheme.isalnum() else 'no scheme'}) {reason}")
    if failures:
        log.error("The alert of run %s did not reach everybody: %s", alert.run_id, "; ".join(failures))
    return AlertOutcome(alert.kind, len(urls), len(urls) - len(failures), "; ".join(failures))


def _send(alert: Alert, url: str) -> str:
    """Send to one channel; returns why it failed, or nothing."""
    try:
        channel = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if channel is None:
            return "has a URL that apprise does not understand"
        # Plain text everywhere: converted to HTML or Markdown the columns of the rows fall apart.
        channel.notify_format = apprise.NotifyFormat.TEXT
        channel.overflow_mode = apprise.OverflowMode.TRUNCATE
        delivered = channel.notify(body=alert.body, title=alert.title, notify_type=NOTIFY_TYPES[alert.kind])
    except Exception as error:  # whatever a channel does, the run's own error comes first
        return f"raised {type(error).__name__}"
    return "" if delivered else "did not take the message"
