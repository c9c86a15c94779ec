"""The log of a run, by structlog: on stderr for people or machines, and as JSON lines in a file."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import Processor

from batchgw.cli.flags.options import LogFlags, LogFormat
from batchgw.cli.observers.log_events import entry, level_of, run_of
from batchgw.cli.observers.log_file import log_file
from batchgw.cli.observers.redact import redacted_fields
from batchgw.cli.output.console import Console
from batchgw.events import CallAnswered, CallSent, Event, PhaseStarted, ScopeGivenUp
from batchgw.report.views.text import clean

FILE_LEVEL = logging.INFO
"""The level of a log file, unless the console's is lower."""

REPEATS = 3
"""Warnings of one kind shown on a console for people; the summary counts them all."""

Fields = MutableMapping[str, Any]  # as structlog's processors take them

_OF_EVERY_CALL = (CallSent, CallAnswered)
"""Events that every successful call makes."""


class Sink:
    """A destination of entries: from `level` up, as lines given to `write`.

    Where people read its warnings beside a report, `at_most` entries of one name and code are written.
    """

    def __init__(
        self,
        level: int,
        write: Callable[[str], None],
        *renderers: Processor,
        at_most: int | None = None,
    ) -> None:
        self.level = level
        self._write = write
        self._at_most = at_most
        self._seen: Counter[tuple[str, str]] = Counter()
        self._processors: tuple[Processor, ...] = (
            _redact,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        )

    def log(self, level: int, name: str, fields: Fields, *, reported: bool = False) -> None:
        """Write an entry, if it is severe enough. Where it is `reported` as well, people are told once."""
        if level < self.level or (reported and self._at_most is not None):
            return
        if self._at_most is None:
            self._render(level, name, fields)
            return
        kind = (name, str(fields.get("code", "")))
        self._seen[kind] += 1
        if self._seen[kind] <= self._at_most:
            self._render(level, name, fields)
        elif self._seen[kind] == self._at_most + 1:
            self._render(level, "batchgw.log.repeated", {"of": name, "code": kind[1], "all_in": "--log-file"})

    def _render(self, level: int, name: str, fields: Fields) -> None:
        event: Any = {"event": name, "level": _level_name(level), **fields}
        for processor in self._processors:
            event = processor(None, name, event)
        self._write(event)


@cache
def _level_name(level: int) -> str:
    return logging.getLevelName(level).lower()


def _json() -> Processor:
    """Render as JSON, with one encoder for all entries. Redaction has already walked through each."""
    encode = json.JSONEncoder(default=repr, check_circular=False).encode
    return lambda _logger, _name, fields: encode(fields)


def _redact(_logger: object, _name: str, fields: Fields) -> Fields:
    return redacted_fields(fields)


def _safe(_logger: object, _name: str, fields: Fields) -> Fields:
    """Escape what would control a terminal: names and messages come from outside."""
    return {key: clean(value) if isinstance(value, str) else value for key, value in fields.items()}


class LogObserver:
    """Writes events to every sink. Remembers the run, so that every entry names it."""

    def __init__(self, sinks: list[Sink]) -> None:
        self._sinks = sinks
        self._threshold = min((sink.level for sink in sinks), default=logging.CRITICAL)
        self._run: dict[str, str] = {}
        self._reading = True

    def notify(self, event: Event) -> None:
        """Log an event.

        A scope that is given up before there is a plan is reported with the plan, and all like it together.
        """
        if self._threshold > logging.DEBUG and isinstance(event, _OF_EVERY_CALL):
            return  # below every sink's level
        run = run_of(event)
        if run is not None:
            self._run = {"run": run}
        if isinstance(event, PhaseStarted) and event.phase != "plan":
            self._reading = False
        if level_of(event) < self._threshold:
            return
        level, name, fields = entry(event)
        reported = self._reading and isinstance(event, ScopeGivenUp)
        self._log(level, name, {**self._run, **fields}, reported=reported)

    def tell(self, level: int, name: str, fields: Mapping[str, object]) -> None:
        """Log something that is not an event."""
        self._log(level, name, {**self._run, **fields})

    def foreign(self, record: logging.LogRecord) -> None:
        """Log what a library logs."""
        self._log(record.levelno, f"library.{record.name}", self._run | {"message": record.getMessage()})

    def _log(self, level: int, name: str, fields: Fields, *, reported: bool = False) -> None:
        for sink in self._sinks:
            sink.log(level, name, fields, reported=reported)


@contextmanager
def logging_to(console: Console, flags: LogFlags) -> Iterator[LogObserver]:
    """Open the log. While it is open, libraries' warnings go there, too."""
    with ExitStack() as opened:
        sinks = [_console_sink(console, flags)]
        if flags.log_file is not None:
            sinks.append(_file_sink(flags.log_file, _level(flags), console, opened))
        observer = LogObserver(sinks)
        opened.enter_context(_libraries_to(observer))
        yield observer


def _level(flags: LogFlags) -> int:
    return logging.getLevelNamesMapping()[flags.log_level.value.upper()]


def _console_sink(console: Console, flags: LogFlags) -> Sink:
    if flags.log_format is LogFormat.JSON:
        return Sink(_level(flags), console.raw, _json())
    renderer = structlog.dev.ConsoleRenderer(0, colors=console.color, sort_keys=False)
    at_most = REPEATS if _level(flags) >= logging.WARNING else None
    return Sink(_level(flags), console.raw, _safe, renderer, at_most=at_most)


def _file_sink(path: Path, level: int, console: Console, opened: ExitStack) -> Sink:
    file = opened.enter_context(log_file(path, console.warning))
    return Sink(min(level, FILE_LEVEL), file, _json())


class _Forward(logging.Handler):
    """Passes what libraries log to the run's log."""

    def __init__(self, observer: LogObserver) -> None:
        super().__init__(logging.WARNING)
        self._observer = observer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._observer.foreign(record)
        except Exception:  # noqa: BLE001 - logging's own rule: what cannot be logged breaks nothing
            self.handleError(record)


@contextmanager
def _libraries_to(observer: LogObserver) -> Iterator[None]:
    root = logging.getLogger()
    handler = _Forward(observer)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
