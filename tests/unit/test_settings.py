import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from flows.edge.http import HttpLimits
from flows.edge.rate_limit import DEFAULT_PER_SECOND
from flows.errors import UsageError
from flows.settings import HttpSettings, SecSettings, Settings, SourcesByRole, load_settings
from flows.sources.model import SecLimits

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_dot_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")  # the others' tests read none: conftest


def test_defaults_need_no_environment() -> None:
    settings = load_settings()
    assert settings.data_dir == Path("data")
    assert settings.enabled_sources == (
        *("nasdaq_screener", "sec_edgar", "simfin", "treasury", "chicago_fed", "ofr", "fed_ebp", "fiscal_data", "cftc"),
        *("etf_flows", "corporate_actions", "nasdaq_directory", "ecb_rates", "french"),
    )
    assert settings.required_sources == ("nasdaq_screener",)
    assert settings.optional_sources == settings.enabled_sources[1:]


def test_argument_goes_before_environment_before_dot_env(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SMALLCAPS_DATA_DIR=from-file\nSMALLCAPS_KEEP_BUILDS=9\n", encoding="utf-8")
    assert load_settings().data_dir == Path("from-file")
    monkeypatch.setenv("SMALLCAPS_DATA_DIR", "from-environment")
    assert load_settings().data_dir == Path("from-environment")
    settings = load_settings(data_dir=Path("given"))
    assert (settings.data_dir, settings.keep_builds) == (Path("given"), 9)


def test_fred_is_off_unless_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLCAPS_SOURCES__MACRO", '["fred", "treasury"]')
    assert load_settings().sources_of("macro") == ("treasury",)
    monkeypatch.setenv("SMALLCAPS_FRED_ENABLED", "true")
    assert load_settings().sources_of("macro") == ("fred", "treasury")
    monkeypatch.setenv("SMALLCAPS_SOURCES__MACRO", '["treasury"]')
    assert load_settings().sources_of("macro") == ("treasury", "fred")


@pytest.mark.parametrize(
    "written",
    [
        "json://hook.test/a mailto://u:p@mail.test?to=a,b",
        '["json://hook.test/a", "mailto://u:p@mail.test?to=a,b"]',
    ],
)
def test_alert_urls_are_secret(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("SMALLCAPS_ALERT_URLS", written)
    settings = load_settings()
    assert [url.get_secret_value() for url in settings.alert_urls] == [
        "json://hook.test/a",
        "mailto://u:p@mail.test?to=a,b",
    ]
    assert "mail.test" not in repr(settings)
    assert "mail.test" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMALLCAPS_KEEP_BUILDS", "hunter2"),
        ("SMALLCAPS_HTTP__MAX_ATTEMPTS", "hunter2"),
        ("SMALLCAPS_ALERT_URLS", '["hunter2'),
        ("SMALLCAPS_SOURCES__QUOTES", "hunter2"),
        ("SMALLCAPS_HTTP__UNKNOWN", "hunter2"),
    ],
)
def test_bad_value_names_the_variable_and_hides_the_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert caught.value.exit_code == 4
    field = variable.removeprefix("SMALLCAPS_").split("__")[0]
    assert field in str(caught.value).upper()
    assert "hunter2" not in caught.value.one_line


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("SMALLCAPS_SOURCES__QUOTES", "[]", "quotes is empty"),
        ("SMALLCAPS_REQUIRED_SOURCES", '["simfyn"]', "simfyn, which serves no role"),
    ],
)
def test_settings_that_contradict_each_other(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=reason):
        load_settings()


def test_defaults_of_http_are_those_of_the_client() -> None:
    client = HttpLimits()
    settings = HttpSettings()
    for limit in dataclasses.fields(HttpLimits):
        assert getattr(settings, limit.name) == getattr(client, limit.name), limit.name
    assert settings.requests_per_second == DEFAULT_PER_SECOND


def test_defaults_of_the_sec_are_those_of_the_source() -> None:
    assert SecSettings().model_dump() == dataclasses.asdict(SecLimits())


def variables_of(model: type[BaseModel], prefix: str) -> set[str]:
    nested: dict[str, Any] = {"http": HttpSettings, "sec": SecSettings, "sources": SourcesByRole}
    names: set[str] = set()
    for field in model.model_fields:
        if model is Settings and field in nested:
            names |= variables_of(nested[field], f"{prefix}{field.upper()}__")
        else:
            names.add(prefix + field.upper())
    return names


def test_example_lists_every_variable_and_no_other() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^# (SMALLCAPS_\w+)=", text, flags=re.MULTILINE)
    assert set(listed) == variables_of(Settings, "SMALLCAPS_")
    assert len(listed) == len(set(listed))


def test_example_uncommented_equals_the_defaults() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    Path(".env").write_text(re.sub(r"(?m)^# (SMALLCAPS_\w+=)", r"\1", text), encoding="utf-8")
    from_example = load_settings()
    Path(".env").unlink()
    assert from_example == load_settings()
