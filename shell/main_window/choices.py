"""The views that a person chose, kept from window to window."""

import json
from collections.abc import Mapping
from pathlib import Path

from web_modules.decision.words import Function, View


class Choices:
    """A small file in the person's own state folder; it holds nothing of any patient.

    Args:
        path: where it is; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.views: dict[Function, View] = _read(path)

    def keep(self, views: Mapping[Function, View]) -> None:
        """Write the choices; a full disk costs only that they are remembered."""
        content = json.dumps({function.value: view.value for function, view in views.items()})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_text(content, encoding="utf-8")
            new.replace(self._path)
        except OSError:
            return


def _read(path: Path) -> dict[Function, View]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {Function(name): View(view) for name, view in said.items()}
    except (OSError, ValueError, AttributeError):
        return {}
