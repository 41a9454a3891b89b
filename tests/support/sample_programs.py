"""The sample programs in other toolkits, and the descriptions that ship with them."""

import importlib.util
import subprocess

import pytest

from shell.hosts import descriptions_folder

GTK_PYTHON = "/usr/bin/python3"


def need(program: str) -> None:
    """Skip where a toolkit is not installed."""
    if program == "card_index":
        if importlib.util.find_spec("tkinter") is None:
            pytest.skip("needs Tk for Python (python3-tk)")
        return
    has_gtk = "import gi; gi.require_version('Gtk', '3.0')"
    if subprocess.run([GTK_PYTHON, "-c", has_gtk], check=False, capture_output=True).returncode:
        pytest.skip("needs GTK 3 for the system's Python (python3-gi, gir1.2-gtk-3.0)")


def shipped(program: str) -> str:
    """The text of a description that ships, its `{here}` written out."""
    text = (descriptions_folder() / f"{program}.toml").read_text()
    return text.replace("{here}", str(descriptions_folder()))
