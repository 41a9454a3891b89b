"""What the check says: one JSON object a line for each step, pictures beside it."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from demo.check.virtual_screen import VirtualScreen
from demo.errors import DemoError

STILL_SECONDS = 0.4
LONGEST_PAINTING_SECONDS = 4.0
"""A caret may blink and a clock may run for ever."""


@dataclass(slots=True, kw_only=True)
class Finding:
    """What a step saw.

    Attributes:
        before: what the window showed before the deed.
        after: what it showed after it.
    """

    before: Any = None
    after: Any = None


@dataclass(slots=True)
class Report:
    """Runs steps and says how they went, on standard output.

    Attributes:
        screen: where pictures are taken.
        folder: where they go.
    """

    screen: VirtualScreen
    folder: Path
    failed: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def step(self, name: str, do: Callable[[Finding], None]) -> bool:
        """Run one step; what it raises is its failure, and the next step runs all the same."""
        finding = Finding()
        began = time.monotonic()
        said: dict[str, Any] = {"step": name, "ok": True}
        try:
            do(finding)
        except DemoError as error:
            said["ok"] = False
            said["reason"] = str(error)
            self.failed.append(name)
        said["seconds"] = round(time.monotonic() - began, 2)
        said |= {"before": finding.before, "after": finding.after}
        said["screenshot"] = self.picture(name if said["ok"] else f"{name}-failed")
        _print(said)
        return bool(said["ok"])

    def picture(self, name: str) -> str:
        """Save what is on the glass, once everything is painted; give the file's name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.png"
        self._still_picture().save(file, optimize=True)
        return str(file)

    def _still_picture(self) -> Image.Image:
        until = time.monotonic() + LONGEST_PAINTING_SECONDS
        now = self.screen.picture()
        while True:
            last = now
            time.sleep(STILL_SECONDS)
            now = self.screen.picture()
            is_still = ImageChops.difference(now.convert("RGB"), last.convert("RGB")).getbbox() is None
            if is_still or time.monotonic() > until:
                return now

    def close(self, **facts: Any) -> bool:
        """Say how it went as a whole, and whether that was well."""
        is_ok = not self.failed
        seconds = round(time.monotonic() - self._began, 2)
        _print({"step": "all", "ok": is_ok, "seconds": seconds, "failed": self.failed, **facts})
        return is_ok

    def tell(self, words: str) -> None:
        """Say something that is no result, on standard error."""
        print(words, file=sys.stderr, flush=True)


def _print(said: dict[str, Any]) -> None:
    print(json.dumps(said, ensure_ascii=False), flush=True)
    sys.stdout.flush()


def expect(is_so: object, otherwise: str) -> None:
    """Fail the step unless something is so.

    Raises:
        DemoError: it is not.
    """
    if not is_so:
        raise DemoError(otherwise)
