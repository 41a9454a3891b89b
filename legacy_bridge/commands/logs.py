"""What the bridge logs, to its standard error: lines for people, or one JSON object a line for programs."""

import logging
from datetime import UTC, datetime

import orjson

from legacy_bridge.settings import LogFormat

_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest are the fields of an event."""


class JsonLines(logging.Formatter):
    """One JSON object a record: moment, level, logger, event, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`. Of an error its class and place, never its text, which may hold values."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _OWN},
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
        return orjson.dumps(told, default=str).decode()


def log_to_stderr(form: LogFormat) -> None:
    """Log from INFO on; of the libraries only what is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
