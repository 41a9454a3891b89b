"""What a person chose about views, kept from window to window."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from web_modules.decision.words import Function, View


class Choices:
    """A small file in the person's own state folder; it holds nothing of any patient.

    Args:
        path: where it is; need not exist.

    Attributes:
        views: the view chosen last, by function.
        refused: the functions whose new view was offered and refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.views: dict[Function, View] = {}
        self.refused: set[Function] = set()
        said = _read(path)
        try:
            self.views = {Function(name): View(view) for name, view in said.get("views", {}).items()}
            self.refused = {Function(name) for name in said.get("refused", [])}
        except (ValueError, AttributeError, TypeError):
            return  # of another release: it costs only that choices are made again

    def keep(self, views: Mapping[Function, View]) -> None:
        """Keep the views; a full disk costs only that they are remembered."""
        self.views = dict(views)
        self._write()

    def refuse(self, function: Function) -> None:
        """Keep that the new view of a function was refused: it is not offered again."""
        self.refused.add(function)
        self._write()

    def _write(self) -> None:
        content = {
            "views": {function.value: view.value for function, view in self.views.items()},
            "refused": sorted(function.value for function in self.refused),
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(content), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            return


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
