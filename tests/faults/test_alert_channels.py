import logging
import time
from email.message import EmailMessage

import pytest
from pydantic import SecretStr

from flows.alert import Alert, AlertKind, FailingRows
from flows.edge.alerts import send_alert
from tests.vendors.alert_channels import free_port, silent_server, smtp_server, webhook

ALERT = Alert(
    kind=AlertKind.FAILED,
    headline="Session 2026-01-15 was refused.",
    run_id="20260115T231500Z-nightly-ab12",
    run_kind="nightly",
    session="2026-01-15",
    rule_codes=("A07", "A08"),
    counts={"staged": 7012, "quarantined": 12},
    failing=FailingRows.of(["symbol", "cap_usd"], [(f"SYM{i}", 10**i) for i in range(12)], total=12),
    last_good_session="2026-01-14",
    look_at={"run record": "data/runs/20260115T231500Z-nightly-ab12.json"},
    next_step="Read docs/runbooks/admission-refused.md.",
)


def text_of(mail: EmailMessage) -> str:
    content: str = mail.get_content()
    return content.replace("\r\n", "\n")


def secret(*urls: str) -> list[SecretStr]:
    return [SecretStr(url) for url in urls]


def test_mail_and_webhook_both_get_the_whole_message() -> None:
    with smtp_server() as mailbox, webhook() as hook:
        outcome = send_alert(ALERT, secret(mailbox.url, hook.url))
    assert (outcome.kind, outcome.channels, outcome.delivered, outcome.error) == ("failed", 2, 2, "")
    (mail,) = mailbox.mails
    assert mail["Subject"] == "smallcaps FAILED: session 2026-01-15 A07, A08"
    assert mail["To"] == "oncall@example.test"
    assert mail.get_content_type() == "text/plain"
    assert text_of(mail).strip() == ALERT.body.strip()
    (post,) = hook.posts
    assert post["title"] == ALERT.title
    assert post["message"].strip() == ALERT.body.strip()
    assert post["type"] == "failure"


def test_columns_stay_aligned_in_the_mail() -> None:
    with smtp_server() as mailbox:
        send_alert(ALERT, secret(mailbox.url))
    lines = text_of(mailbox.mails[0]).splitlines()
    start = lines.index("Failing rows (10 of 12)")
    assert lines[start + 1 : start + 4] == ["symbol  cap_usd", "SYM0    1", "SYM1    10"]
    assert len(lines[start + 1 : lines.index("", start)]) == 11


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("degraded", "warning"), ("recovered", "success"), ("stale", "warning"), ("test", "info")],
)
def test_each_kind_reaches_the_webhook_as_its_type(kind: str, shown: str) -> None:
    with webhook() as hook:
        alert = Alert(AlertKind(kind), "Told.", "run", "nightly")
        assert send_alert(alert, secret(hook.url)).delivered == 1
    assert hook.posts[0]["type"] == shown
    assert hook.posts[0]["title"] == f"smallcaps {kind.upper()}: nightly"


def test_one_dead_channel_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    dead = f"json://user:passw0rd@127.0.0.1:{free_port()}/t0ken"
    with smtp_server() as mailbox, caplog.at_level(logging.DEBUG):
        outcome = send_alert(ALERT, secret(dead, mailbox.url))
    assert (outcome.channels, outcome.delivered) == (2, 1)
    assert outcome.error == "channel 1 (json) did not take the message"
    assert len(mailbox.mails) == 1
    assert "channel 1 (json)" in caplog.text
    for hidden in ("passw0rd", "t0ken"):
        assert hidden not in caplog.text


def test_channel_that_refuses_is_told() -> None:
    with smtp_server("554 refused") as mailbox, webhook(status=500) as hook:
        outcome = send_alert(ALERT, secret(mailbox.url, hook.url))
    assert outcome.delivered == 0
    assert "channel 1 (mailto)" in outcome.error
    assert "channel 2 (json)" in outcome.error


@pytest.mark.parametrize("url", ["no-url-at-all", "bogus://t0ken@host", "://t0ken", ""])
def test_url_that_is_none_is_told_without_its_text(url: str) -> None:
    outcome = send_alert(ALERT, secret(url))
    assert outcome.delivered == 0
    assert "does not understand" in outcome.error
    assert "t0ken" not in outcome.error


def test_silent_channel_ends_within_its_time_limit() -> None:
    with silent_server() as port:
        start = time.perf_counter()
        outcome = send_alert(ALERT, secret(f"json://127.0.0.1:{port}/x?rto=1&cto=1"))
    assert outcome.delivered == 0
    assert time.perf_counter() - start < 10


def test_no_channel_is_no_failure() -> None:
    outcome = send_alert(ALERT, [])
    assert (outcome.channels, outcome.delivered, outcome.error) == (0, 0, "")
