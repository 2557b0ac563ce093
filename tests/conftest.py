"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from flows.settings import Settings

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


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the operator's settings, sends to the operator's channels, or asks a proxy for this machine."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    for name in list(os.environ):
        if name.startswith("SMALLCAPS_") and name != "SMALLCAPS_SHARED_DATA":
            monkeypatch.delenv(name)
