"""Draws a table of a settings dataclass, as it stands in the README.

`python -m tests.readme.settings_table` prints all of them, to be pasted.
"""

import ast
import inspect
import re
import textwrap
from dataclasses import MISSING, Field, fields
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SETTINGS = (
    ("banyan-cloud serve", "web_modules.settings", "CloudSettings", "BANYAN_CLOUD_"),
    ("banyan-bridge", "legacy_bridge.settings", "BridgeSettings", "BANYAN_BRIDGE_"),
    ("banyan-shell", "shell.settings", "ShellSettings", "BANYAN_SHELL_"),
)
"""Program, module, class and the prefix of its variables."""


def all_tables() -> str:
    """The README's settings section."""
    return "\n".join(table_of(*entry) for entry in SETTINGS)


def table_of(program: str, module: str, name: str, prefix: str) -> str:
    """One program's table."""
    settings: type[Any] = getattr(import_module(module), name)
    words = _words_of(settings)
    lines = [f"`{program}`, prefix `{prefix}`:", "", "| setting | default | what it is |", "|---|---|---|"]
    for field in fields(settings):
        lines.append(f"| `{field.name.removeprefix('is_')}` | {_default(field)} | {words[field.name]} |")
    return "\n".join([*lines, ""])


def _default(field: Field[Any]) -> str:
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if value is MISSING:
        return "needed"
    if value in {None, "", Path()}:
        return "–"
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return f"`{getattr(value, 'value', value)}`"


def _words_of(settings: type[Any]) -> dict[str, str]:
    """What the docstring, or the string under a field, says of each field: up to the first full stop."""
    found = {
        match["name"]: match["words"]
        for match in re.finditer(
            r"^ {4}(?P<name>\w+): (?P<words>.+(?:\n {8}.+)*)$", inspect.getdoc(settings) or "", re.MULTILINE
        )
    }
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(settings))).body
    assert isinstance(tree, ast.ClassDef)
    for statement, after in zip(tree.body, tree.body[1:], strict=False):
        is_described = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and is_described:
            assert isinstance(after, ast.Expr)
            assert isinstance(after.value, ast.Constant)
            found[statement.target.id] = str(after.value.value)
    return {name: " ".join(words.split()).rstrip(".") for name, words in found.items()}


if __name__ == "__main__":
    print(all_tables())
