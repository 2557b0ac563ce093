"""Errors that end a run, each with the exit code that the command line returns.

Exit codes: 0 published or nothing to do; 1 crash; 2 refused; 3 a required source failed or data are
missing; 4 configuration or usage; 5 another run holds the writer lock.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from flows.alert import FailingRows


def on_one_line(what: str, next_step: str = "") -> str:
    """What happened and what to do next, each as a sentence, on one line."""
    sentence = what.strip() if what.strip().endswith((".", "!", "?")) else f"{what.strip()}."
    return " ".join(f"{sentence} {'Next: ' if next_step else ''}{next_step}".split())


def is_fault(error: BaseException) -> bool:
    """Whether this is a fault of the program: any exception, and a panic of a library in Rust (Polars, Vega).

    Panics are no `Exception`; an interrupt from the keyboard and an exit are no faults.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


class SmallcapsError(Exception):
    """One reason why a run ended, with what to do next.

    `message` and `next_step` are each one sentence without a line break; secrets never stand in them.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return self.message

    @property
    def one_line(self) -> str:
        """What happened and what to do next, on one line."""
        return on_one_line(self.message, self.next_step)


class SourceError(SmallcapsError):
    """A source gave something that cannot be used: names source, file and field."""

    exit_code = 3

    def __init__(self, source: str, file: str, field: str, detail: str, next_step: str = "") -> None:
        where = f"source {source}, file {file or '-'}, field {field or '-'}"
        super().__init__(f"{where}: {detail}", next_step=next_step)
        self.source = source
        self.file = file
        self.field = field
        self.detail = detail

    def __reduce__(self) -> tuple[type["SourceError"], tuple[str, str, str, str, str]]:
        """Rebuild from its five parts: Prefect pickles the exceptions of failed tasks."""
        return type(self), (self.source, self.file, self.field, self.detail, self.next_step)


class AbsentFile(SourceError):
    """The source has no such file. Whether that is an error only the one who asked can say."""


class Blocked(SourceError):
    """The source turns away whoever asks too often: asking for other files now would only prolong it."""


class MissingData(SmallcapsError):
    """Data are absent: a missing archive, or a past session asked of a source without history."""

    exit_code = 3


class Refused(SmallcapsError):
    """Admission or the gate refused the data; the published file stays as it was.

    `rule_codes` are the rules that refused, `sessions` the ISO dates they refused, `failing` the first rows
    that broke them.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        next_step: str = "",
        rule_codes: tuple[str, ...] = (),
        sessions: tuple[str, ...] = (),
        failing: "FailingRows | None" = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.rule_codes = rule_codes
        self.sessions = sessions
        self.failing = failing


class UsageError(SmallcapsError):
    """Configuration or usage: a date without a session, an unwritable data folder, a bad setting."""

    exit_code = 4


class LockHeld(SmallcapsError):
    """Another run holds the writer lock of this data folder."""

    exit_code = 5
