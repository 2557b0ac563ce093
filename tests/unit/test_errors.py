import pickle

import pytest
from polars.exceptions import PanicException

from flows.errors import LockHeld, MissingData, Refused, SmallcapsError, SourceError, UsageError, is_fault


@pytest.mark.parametrize(
    ("error", "code"),
    [(SmallcapsError, 1), (Refused, 2), (SourceError, 3), (MissingData, 3), (UsageError, 4), (LockHeld, 5)],
)
def test_exit_codes_are_those_of_the_design(error: type[SmallcapsError], code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize("kind", [ZeroDivisionError, UsageError, PanicException])
def test_exceptions_and_panics_are_faults(kind: type[BaseException]) -> None:
    assert is_fault(kind("why"))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interrupts_and_exits_are_none(kind: type[BaseException]) -> None:
    assert not is_fault(kind())


def test_source_error_names_source_file_and_field() -> None:
    error = SourceError("nasdaq_screener", "nyse.json", "", "is no JSON", "Ask the vendor.")
    assert str(error) == "source nasdaq_screener, file nyse.json, field -: is no JSON"
    assert error.one_line == f"{error}. Next: Ask the vendor."


def test_one_line_is_one_line() -> None:
    assert UsageError("No session\n on 2026-01-17.", next_step="Ask\nagain.").one_line == (
        "No session on 2026-01-17. Next: Ask again."
    )
    assert UsageError("No session.").one_line == "No session."


@pytest.mark.parametrize(
    "error",
    [
        SourceError("simfin", "us.zip", "Ticker", "is missing", "Ask."),
        Refused("Refused.", next_step="Look.", rule_codes=("A07",), sessions=("2026-01-15",)),
        UsageError("No session.", next_step="Ask."),
    ],
)
def test_errors_survive_pickling(error: SmallcapsError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert copy.one_line == error.one_line
