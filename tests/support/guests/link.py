"""How a test guest is told to open a patient: a second start hands over to the first."""

import argparse
import socket
import sys
from pathlib import Path

NOBODY = "99999999"
"""A number that no patient of a guest has."""


def arguments() -> argparse.Namespace:
    """What a guest is started with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--patient")
    parser.add_argument("--screen", default="patients")
    return parser.parse_args()


def handed_over(options: argparse.Namespace) -> bool:
    """Hand patient and screen to the guest that runs already; False when none does."""
    with socket.socket(socket.AF_UNIX) as other:
        try:
            other.connect(options.database + ".socket")
        except OSError:
            return False
        other.sendall(f"{options.screen} {options.patient or '-'}".encode())
    return True


def listen(options: argparse.Namespace) -> socket.socket:
    """Be the guest that later starts hand over to."""
    path = Path(options.database + ".socket")
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path))
    door.listen()
    door.setblocking(False)
    return door


def heard(door: socket.socket) -> tuple[str, str | None] | None:
    """Screen and patient that a later start handed over; None when there is nothing."""
    try:
        other, _ = door.accept()
    except BlockingIOError:
        return None
    with other:
        other.setblocking(True)
        screen, _, patient = other.recv(200).decode().partition(" ")
    return screen, None if patient in ("-", NOBODY) else patient


def title(options: argparse.Namespace, screen: str, patient: str | None, *, unsaved: bool) -> str:
    """The title of a guest's window, in the pattern of the tests' description; no two have the same."""
    practice = Path(options.database).parent.name
    who = f"Patient {patient}" if patient else "No patient"
    return f"Test Guest 1.0 - [{screen.capitalize()} - {who}{' *' if unsaved else ''}] - {practice}"


class TypedLog:
    """A file in which a guest writes what was typed into it."""

    def __init__(self, database: str) -> None:
        self._path = Path(database + ".typed")

    def write(self, text: str) -> None:
        """Keep the text as it now is in the guest's field."""
        self._path.write_text(text)


def main_is_done(options: argparse.Namespace) -> None:
    """End at once when another guest took over the request."""
    if handed_over(options):
        sys.exit(0)
