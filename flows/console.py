"""What people see: tables and facts on stdout, progress and complaints on stderr.

On a terminal long work shows a moving line with its latest message; elsewhere it logs line by line.
"""

import csv
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import polars as pl

VERBOSE: ContextVar[bool] = ContextVar("verbose", default=False)
OUR_LOGGERS = ("flows", "expectations")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def say(text: str) -> None:
    """One line on stdout."""
    print(text)  # noqa: T201 (this is the console)


def note(text: str) -> None:
    """A remark beside the answer: on stderr, so that a pipe gets the answer alone."""
    print(text, file=sys.stderr)  # noqa: T201 (this is the console)


def complain(text: str, error: BaseException | None = None) -> None:
    """One line on stderr; with --verbose the traceback goes before it."""
    if error is not None and VERBOSE.get():
        logging.getLogger("flows").error("Traceback", exc_info=error)
    print(" ".join(text.split()), file=sys.stderr)  # noqa: T201 (this is the console)


def show_facts(facts: Mapping[str, object]) -> None:
    """Names and values, one a line, those of a mapping below its name; what is empty is left out."""
    shown: dict[str, object] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            shown |= {name: "", **{f"  {inner}": number for inner, number in value.items()}}
        elif value not in (None, "", [], {}):
            shown[name] = value
    width = max((len(name) for name in shown), default=0)
    for name, value in shown.items():
        say(f"{name:<{width}}  {_text(value)}".rstrip())


def show_rows(frame: "pl.DataFrame") -> None:
    """A table on a terminal, CSV elsewhere: null is empty, numbers as they are, a list apart by spaces."""
    if sys.stdout.isatty():
        show_table(frame)
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_csv_text(value) for value in row] for row in frame.iter_rows())


def show_table(frame: "pl.DataFrame") -> None:
    """A table for people, wherever it goes."""
    table = Table(header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(Text(name), justify="right" if dtype.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*(Text(_text(value)) for value in row))
    Console().print(table)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show the log messages of the work inside: as one moving line on a terminal, else line by line."""
    if not sys.stderr.isatty():
        with _logging_to(_line_by_line()):
            yield
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[name]}: {task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", name=what, total=None)
        with _logging_to(_MovingLine(bar, task)):
            yield


@contextmanager
def bar(total: int) -> Iterator[Callable[[str, int], None]]:
    """A bar over `total` units of work; gives a function that names the next part and says how many units it has.

    A part's units are done when the next one begins; within it a judged session is one, and each stage a few. Without a
    terminal, and with --verbose, each part is a line of its own.
    """
    if VERBOSE.get() or not sys.stderr.isatty():
        lines = _line_by_line()
        lines.setLevel(logging.DEBUG if VERBOSE.get() else logging.WARNING)
        with _logging_to(lines):
            yield lambda part, _: print(f"{part} ...", file=sys.stderr, flush=True)  # noqa: T201 (this is the console)
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress_bar:
        parts = _Parts(progress_bar, progress_bar.add_task("starting", total=total))
        with _logging_to(parts):
            yield parts.begin
        parts.begin("done", 0)


class _Parts(logging.Handler):
    """Moves a bar: part by part, and within a part by sessions and stages; warnings stay above it."""

    def __init__(self, progress_bar: Progress, task: TaskID) -> None:
        super().__init__()
        self._bar, self._task = progress_bar, task
        self._done, self._units, self._part = 0, 0, ""
        self._kept = RichHandler(console=progress_bar.console, show_path=False, rich_tracebacks=False)

    def begin(self, part: str, units: int) -> None:
        self._done += self._units
        self._units, self._part = units, part
        self._bar.update(self._task, completed=self._done, description=part)

    def emit(self, record: logging.LogRecord) -> None:
        stage = getattr(record, "stage", "")
        if stage:
            self._bar.update(self._task, description=f"{self._part}: {stage}")
        step = 1 if hasattr(record, "judged") else self._units // 30 if stage else 0
        left = self._done + self._units - 1 - self._bar.tasks[0].completed
        self._bar.advance(self._task, max(min(step, left), 0))
        if record.levelno >= logging.WARNING:
            self._kept.emit(record)


class _MovingLine(logging.Handler):
    """The newest message in the moving line; warnings (with --verbose all) stay above it."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        super().__init__()
        self._bar = bar
        self._task = task
        self._kept = RichHandler(console=bar.console, show_path=False, rich_tracebacks=False)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._bar.update(self._task, description=" ".join(record.getMessage().split())[:100])
            if record.levelno >= logging.WARNING or VERBOSE.get():
                self._kept.emit(record)
        except Exception:
            self.handleError(record)


def _line_by_line() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    return handler


@contextmanager
def _logging_to(handler: logging.Handler) -> Iterator[None]:
    """Our loggers write to this handler alone, at INFO (with --verbose DEBUG), while the block runs.

    Prefect gives the root logger a handler of its own when it is imported: passed on, lines would show twice.
    """
    loggers = [logging.getLogger(name) for name in OUR_LOGGERS]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if VERBOSE.get() else logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate


def _csv_text(value: object) -> object:
    return " ".join(str(item) for item in value) if isinstance(value, list) else value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)
