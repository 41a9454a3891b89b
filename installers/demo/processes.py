"""Finds this user's processes by what they were started with (Linux: /proc)."""

import os
from collections.abc import Sequence
from pathlib import Path


def processes_with(arguments: Sequence[str]) -> list[int]:
    """The process ids of this user whose command line holds all of these arguments."""
    wanted = [argument.encode() for argument in arguments]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            owner = entry.stat().st_uid
        except OSError:
            continue  # it ended meanwhile
        if owner == os.getuid() and all(argument in command for argument in wanted):
            found.append(int(entry.name))
    return found


def family(pid: int) -> list[int]:
    """A process and what it started, but for who went into a session of its own."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, rest = [], [pid]
    session = os.getsid(pid)
    while rest:
        one = rest.pop()
        try:
            if os.getsid(one) != session:
                continue
        except ProcessLookupError:
            continue
        found.append(one)
        rest += children.get(one, [])
    return found
