"""Hosts: one side of a function in a pane, a foreign legacy window or a closed-down web page."""

from pathlib import Path


def descriptions_folder() -> Path:
    """Where the descriptions of legacy programs that ship with Banyan are."""
    return Path(__file__).parent / "descriptions"
