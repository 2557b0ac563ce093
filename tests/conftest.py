"""Fixtures shared by all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from flows.settings import Settings, state_home

CHECKOUT = Path(__file__).resolve().parent.parent

# No test asserts a time: a busy machine is no defect of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real vendor data beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("SMALLCAPS_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real vendor data are absent: no folder {folder} (set SMALLCAPS_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and no process that one starts, writes into the home of whoever runs it."""
    own = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(own))
        assert state_home() == own
        yield


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the operator's settings, sends to the operator's channels, or asks a proxy for this machine."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    for name in list(os.environ):
        if name.startswith("SMALLCAPS_") and name != "SMALLCAPS_SHARED_DATA":
            monkeypatch.delenv(name)
