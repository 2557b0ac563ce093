"""Rate limits on a clock of our own."""

import pytest

from flows.edge.rate_limit import HostRateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_spaces_one_host_and_not_another() -> None:
    clock = Clock()
    limit = HostRateLimit({"a": 2.0}, default_per_second=0.5, clock=clock, sleep=clock.sleep)
    times = []
    for host in ("a", "a", "b", "a", "b"):
        limit.wait(host)
        times.append(clock.now)
    assert times == [100.0, 100.5, 100.5, 101.0, 102.5]


def test_does_not_save_up_turns() -> None:
    clock = Clock()
    limit = HostRateLimit({"a": 1.0}, clock=clock, sleep=clock.sleep)
    limit.wait("a")
    clock.now += 60
    limit.wait("a")
    limit.wait("a")
    assert clock.now == 161.0


def test_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        HostRateLimit({"a": 0})
