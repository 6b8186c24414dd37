"""Logs: events as `noun.verb` with fields, never sentences; JSON for machines, colours for a terminal.

No address, body or token may reach a log. Fields that hold them by name are dropped, text is masked by shape, and an
exception shows its type, where it happened and its message without what stands in quotes: there Python and PostgreSQL
put the offending value.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, Final, TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FORBIDDEN: Final = frozenset(
    """address addresses api_key attributes authorization bcc body cc chat_id cookie credentials data description detail
    email external_id first_name from from_ html key last_name metadata middle_name name params password payload phone
    query raw recipient recipients redis_url database_url reply secret sender subject text to token url user_agent
    username value""".split()  # noqa: SIM905 - words read as words
)
"""Fields that hold personal data or secrets by their name. A log has no use for them; ids say the same."""

MASK: Final = "[hidden]"
LONGEST_TEXT = 500
SMALLEST_NUMBER_TO_HIDE = 10**10  # a telephone number; nothing that we count gets there
FRAMES_KEPT = 8

_SHAPES: Final = (
    re.compile(r"(?<=://)[^/\s@]+@"),  # a password in a URL
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+"),
    re.compile(r"\btl_(?:live|test)_\w+"),
    re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"\+\d[\d\s().-]{5,20}\d"),  # a telephone number as people write it
    re.compile(r"(?<![\w.-])\d{10,15}(?![\w-])"),  # and as machines do
)
_QUOTED: Final = re.compile(r"""(?<!\w)'[^'\n]*'|"[^"\n]*"|=\([^\n]*?\)|(?<=\bb)'[^'\n]*'""")
_PLAIN: Final = (bool, int, float, type(None))


def configure(*, json: bool, stream: TextIO = sys.stderr) -> None:
    """Set up structlog and the standard library's logging for this process. Safe to repeat."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        show_exception,
        redact,
    ]
    last: Processor = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _route_standard_logging(shared, last, stream)


def show_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the chain of exceptions, each with its place in our code."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["raised"] = [_describe(link) for link in _chain(error)]
    return event


def hide_quoted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take the quoted parts out of a library's sentence, as out of an exception's message."""
    event["event"] = _QUOTED.sub(MASK, str(event["event"]))
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what a log must not hold; see the module's text."""
    return {name: _safe(name, value) for name, value in event.items()}


def _safe(name: str, value: Any) -> Any:  # noqa: ANN401 - a log takes anything, that is the danger
    if name.lower() in FORBIDDEN or (isinstance(value, int) and abs(value) >= SMALLEST_NUMBER_TO_HIDE):
        return MASK
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {str(inner): _safe(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_safe("", item) for item in value]
    if isinstance(value, (UUID, date)):
        return str(value)
    return value if isinstance(value, _PLAIN) else f"<{type(value).__name__}>"


def mask(text: str) -> str:
    """Hide in a text whatever looks like an address or a secret, and its far end."""
    for shape in _SHAPES:
        text = shape.sub(MASK, text)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _describe(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_KEPT:]
    message = str(error).partition("\n")[0]  # further lines are SQL, its parameters, the row that offended
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": mask(_QUOTED.sub(MASK, message)),
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _route_standard_logging(shared: list[Processor], last: Processor, stream: TextIO) -> None:
    """Send what libraries log through the same processors, from WARNING up: below that some write whole requests."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, hide_quoted],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    for name in list(root.manager.loggerDict):
        # RQ and granian attach handlers of their own; theirs know nothing of what must be hidden.
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(logging.NOTSET)
