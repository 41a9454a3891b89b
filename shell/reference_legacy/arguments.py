"""The command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shell.reference_legacy.title import PRODUCT, Screen

NOBODY = "none"
"""What is given as the patient to close the one who is open."""

LARGEST_NUMBER = 2**31 - 1
"""PatientNumber is an int of four bytes."""

_EXAMPLES = """examples:
  python -m shell.reference_legacy --database sqlite:////srv/practice.db
  python -m shell.reference_legacy --database sqlite:////srv/practice.db --patient 104417 \\
      --screen appointments --today 2026-11-17
  python -m shell.reference_legacy --database sqlite:////srv/practice.db --patient none

A second start with the same database and practice hands its patient and screen to the running program.
exit status: 0 done, 1 cannot start, 2 wrong arguments, 3 unknown patient, 4 the running program is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be shown.

    Attributes:
        patient: a patient number, `NOBODY`, or None to leave the patient as it is.
        screen: None to leave the screen as it is.
    """

    patient: str | None = None
    screen: Screen | None = None

    @property
    def number(self) -> int | None:
        """The patient number, None for nobody."""
        return int(self.patient) if self.patient not in {None, NOBODY} else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the program was started with.

    Attributes:
        today: the day that counts as today, None for the real one.
    """

    database: str
    practice: str | None
    today: date | None
    request: Request


def day(text: str) -> date:
    """Check a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day: write it such as 2026-11-17.") from error


def patient_number(text: str) -> str:
    """Check a patient number or `none`.

    Raises:
        ValueError: it is neither.
    """
    if text.lower() == NOBODY:
        return NOBODY
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER:
        return str(int(text))
    raise ValueError(text)


def read_arguments(words: Sequence[str]) -> Arguments:
    """Read the command line; ends the process with a sentence when it is wrong, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="python -m shell.reference_legacy",
        description=f"{PRODUCT}: patients and appointments of one practice, from its own database.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--database", required=True, metavar="URL", help="sqlite:////folder/practice.db")
    parser.add_argument(
        "--practice", metavar="ODS", help="default: the activated practice, else the one with most patients"
    )
    parser.add_argument("--today", type=day, metavar="YYYY-MM-DD", help="the day that counts as today")
    parser.add_argument(
        "--patient", type=patient_number, metavar="NUMBER", help="the practice's patient number, or none"
    )
    parser.add_argument("--screen", choices=[one.value.lower() for one in Screen])
    got = parser.parse_args(words)
    screen = Screen(got.screen.capitalize()) if got.screen else None
    return Arguments(
        database=got.database,
        practice=got.practice,
        today=got.today,
        request=Request(patient=got.patient, screen=screen),
    )
