"""The window's log, for whoever looks after the computer: a file beside its choices, naming no patient."""

import logging
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_NAME: Final = "shell.log"
_MOST_BYTES: Final = 1_000_000
"""At a window's start; what is older is kept once more, in `shell.log.1`. Two windows share one file."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


def open_log(folder: Path) -> None:
    """Write what the shell logs, from INFO on, to `shell.log` in a folder; times are UTC.

    A log that cannot be written keeps no window closed: that is said on standard error, where all goes then.

    Args:
        folder: made when it is not there.
    """
    logger = logging.getLogger("shell")
    logger.setLevel(logging.INFO)
    path = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            path.replace(path.with_suffix(".log.1"))
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        handler = logging.StreamHandler()
        print(f"The log {path} cannot be written: {error.strerror}.", file=sys.stderr)  # noqa: T201 - as said
    formatter = logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    sys.excepthook = _note_failure


def _note_failure(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    """What nobody handled: its kind and place. Its words may name a patient: standard error alone."""
    at = trace
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at is not None else "unknown"
    _LOG.error("unexpected failure: kind=%s at=%s", kind.__name__, place)
    sys.__excepthook__(kind, error, trace)
