"""Structured logs: JSON lines for machines, colours on a terminal. Events are snake_case names, facts are fields."""

import logging
import sys
from typing import Any, Literal

import structlog

LogFormat = Literal["auto", "json", "console"]

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure_logs(level: str = "info", style: LogFormat = "auto", **facts: Any) -> None:
    """Sends all logs to standard error from `level` up; `facts` stand on every line of this process."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _constant(facts),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(console),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _constant(facts: dict[str, Any]) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        for name, value in facts.items():
            event.setdefault(name, value)
        return event

    return add


def _rendering(console: bool) -> list[structlog.typing.Processor]:
    if console:
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)]
