"""Settings: the only reader of the environment.

Every field comes from a variable `SMALLCAPS_<FIELD>` (nested ones with two underscores, such as
`SMALLCAPS_HTTP__READ_S`) or from a file `.env` in the working folder; `.env.example` lists them.
Secrets are `SecretStr`: they show as asterisks wherever a setting is printed.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from flows.errors import UsageError
from flows.roles import ROLES, Role

FIXED_USD = "fixed_usd"
"""The scheme that the report, marts.caps_latest and the queries show: it is always enabled."""
US_SCHEMES = (
    FIXED_USD,
    "russell_like",
    "crsp_like",
    "morningstar_like",
    "msci_like",
    "nyse_quantile",
    "sp_like",
)
NEXT_STEP = "Correct the variable; .env.example lists all."


class HttpSettings(BaseModel):
    """How long, how often and how fast sources are asked; times in seconds (see `flows.edge.http`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    connect_s: float = Field(default=10.0, gt=0)
    read_s: float = Field(default=30.0, gt=0)
    deadline_s: float = Field(default=180.0, gt=0, description="for one file, all attempts and waits")
    max_attempts: int = Field(default=4, ge=1)
    backoff_s: float = Field(default=1.0, ge=0, description="first wait; doubles, with jitter")
    max_backoff_s: float = Field(default=30.0, ge=0)
    requests_per_second: float = Field(default=1.0, gt=0, description="per host")
    user_agent: str = "smallcaps/0.1 (nightly warehouse of market-size segments)"
    contact: str = Field(default="", description="mail address added to the user agent; the SEC asks for it")


class SecSettings(BaseModel):
    """How much is asked of the SEC in one night (see `flows.sources.model.SecLimits`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    most_companies: int = Field(default=1500, ge=1, description="asked per night; the rest stays due")
    catch_up_days: int = Field(default=30, ge=7, description="beyond that the bulk files are asked for again")
    notes_quarters: int = Field(default=4, ge=0, description="past quarters of notes data sets, about 1 GB each")
    bulk_deadline_s: float = Field(default=3600.0, gt=0, description="seconds for one bulk file")


class SourcesByRole(BaseModel):
    """Which sources serve which role, in order of precedence."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    quotes: tuple[str, ...] = ("nasdaq_screener",)
    fundamentals: tuple[str, ...] = ("sec_edgar", "simfin")
    macro: tuple[str, ...] = ("treasury", "chicago_fed", "ofr", "fed_ebp", "fiscal_data")
    positions: tuple[str, ...] = ("cftc",)
    fund_flows: tuple[str, ...] = ("etf_flows",)
    share_counts: tuple[str, ...] = ("sec_edgar",)
    caps: tuple[str, ...] = ("nasdaq_screener",)
    splits: tuple[str, ...] = ("corporate_actions",)
    reference: tuple[str, ...] = ("sec_edgar", "nasdaq_directory")
    fx: tuple[str, ...] = ("ecb_rates",)
    reference_portfolios: tuple[str, ...] = ("french",)

    def of(self, role: Role) -> tuple[str, ...]:
        """The sources of one role."""
        names: tuple[str, ...] = getattr(self, role)
        return names


class Settings(BaseSettings):
    """All settings of one run; frozen."""

    model_config = SettingsConfigDict(
        env_prefix="SMALLCAPS_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Path("data")
    archive: Path | None = None
    files_dir: Path | None = Field(default=None, description="your own quotes, caps, counts, splits, corrections")
    rate_dir: Path | None = Field(default=None, description="budgets of requests; else a folder of the user's")

    sources: SourcesByRole = SourcesByRole()
    required_sources: tuple[str, ...] = ("nasdaq_screener",)
    fred_enabled: bool = Field(default=False, description="FRED's terms restrict storing")

    schemes: Annotated[tuple[str, ...], NoDecode] = US_SCHEMES
    schemes_dir: Path | None = Field(default=None, description="your own bucket schemes, one TOML file each")

    simfin_api_key: SecretStr | None = None
    fred_api_key: SecretStr | None = Field(default=None, description="your own; without one the CSV files are asked")

    base_urls: dict[str, str] = Field(default={}, description="other addresses of sources, by name")
    http: HttpSettings = HttpSettings()
    sec: SecSettings = SecSettings()

    alert_urls: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    keep_builds: int = Field(default=5, ge=1, description="builds kept for a rollback")

    @field_validator("alert_urls", mode="before")
    @classmethod
    def _split_alert_urls(cls, value: object) -> object:
        """Accept a JSON list or URLs apart by white space (commas belong to apprise URLs)."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return value.split()
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is no JSON list; or write the URLs apart by spaces") from None

    @field_validator("schemes", mode="before")
    @classmethod
    def _split_schemes(cls, value: object) -> object:
        """Accept names apart by commas or white space."""
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("schemes")
    @classmethod
    def _has_fixed_usd(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if FIXED_USD not in value:
            raise ValueError(f"{FIXED_USD} is not among them: the report and caps_latest show it")
        return value

    @model_validator(mode="after")
    def _required_sources_serve_a_role(self) -> "Settings":
        if not self.sources.quotes:
            raise ValueError("sources.quotes is empty: no run works without quotes")
        unknown = [name for name in self.required_sources if name not in self.enabled_sources]
        if unknown:
            raise ValueError(f"required_sources names {', '.join(unknown)}, which serves no role")
        return self

    def sources_of(self, role: Role) -> tuple[str, ...]:
        """The sources that serve a role, FRED only where it is switched on."""
        names = self.sources.of(role)
        if role == "macro" and self.fred_enabled:
            return (*names, *(n for n in ("fred",) if n not in names))
        return tuple(n for n in names if n != "fred" or self.fred_enabled)

    @property
    def enabled_sources(self) -> tuple[str, ...]:
        """Every source that serves a role, each once, in the order of the roles."""
        return tuple(dict.fromkeys(name for role in ROLES for name in self.sources_of(role)))

    @property
    def optional_sources(self) -> tuple[str, ...]:
        """Sources whose failure makes a night degraded instead of failed."""
        return tuple(name for name in self.enabled_sources if name not in self.required_sources)


class _Given(Settings):
    """The same settings, from nothing but what is given: neither environment nor `.env` counts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given at construction."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


_GIVEN: ContextVar[Mapping[str, object] | None] = ContextVar("given", default=None)


@contextmanager
def given(fields: Mapping[str, object]) -> Iterator[None]:
    """Inside the block settings are these fields and defaults, whatever the operator has set."""
    token = _GIVEN.set(fields)
    try:
        yield
    finally:
        _GIVEN.reset(token)


@contextmanager
def no_proxy_to_this_machine() -> Iterator[None]:
    """Inside the block no library asks the operator's proxy for an address of this machine."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ |= {name: ",".join(filter(None, (value, "127.0.0.1,localhost"))) for name, value in before.items()}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def state_home() -> Path | None:
    """Where programs keep what a user's processes share, as XDG has it; None where the user has no home."""
    told = Path(os.environ.get("XDG_STATE_HOME", ""))
    if told.is_absolute():
        return told
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        return None


def load_settings(*, data_dir: Path | None = None, archive: Path | None = None) -> Settings:
    """The settings of this process; what is given here goes before the environment.

    Raises:
        UsageError: a variable has no usable value. Its name is told, never its value.
    """
    told = {name: value for name, value in {"data_dir": data_dir, "archive": archive}.items() if value is not None}
    fixed = _GIVEN.get()
    try:
        return Settings(**told) if fixed is None else _Given(**{**fixed, **told})  # type: ignore[arg-type]
    except ValidationError as error:
        reason = _reason(error)
    except SettingsError as error:  # a list or a group that is no JSON; its text holds no value
        reason = f"SMALLCAPS_...: {error}"
    raise UsageError(f"A setting cannot be used: {reason}.", next_step=NEXT_STEP)


def _reason(error: ValidationError) -> str:
    return "; ".join(
        f"{_variable(problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _variable(location: tuple[int | str, ...]) -> str:
    return f"SMALLCAPS_{'__'.join(str(part) for part in location).upper()}" if location else "settings"
