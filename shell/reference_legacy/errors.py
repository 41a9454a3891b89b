"""What can go wrong in the legacy program, as one tree; each message is a sentence for a person.

LegacyProgramError
├── StartError
│   ├── DisplayError          there is no screen to draw on: this machine's set-up must be mended
│   └── DatabaseError         the practice database cannot be read: its address or its server must be mended
├── AlreadyRunningError       the program runs already but does not answer: trying again helps
├── UnknownPatientError       nobody, or more than one person, has this patient number
├── RowChangedError           the row changed since it was read: read it again, then decide
└── NotSavedError             the database did not take the change: nothing was written, trying again helps
"""

from typing import ClassVar


class LegacyProgramError(Exception):
    """Anything that the program reports in one sentence.

    Attributes:
        exit_status: what the process ends with when this happens at its start.
    """

    exit_status: ClassVar[int] = 1


class StartError(LegacyProgramError):
    """The program cannot start."""


class DisplayError(StartError):
    """There is no screen to draw on."""


class DatabaseError(StartError):
    """The practice database cannot be opened or read."""


class AlreadyRunningError(LegacyProgramError):
    """A running program holds this practice but does not answer."""

    exit_status: ClassVar[int] = 4


class UnknownPatientError(LegacyProgramError):
    """A patient number names nobody, or more than one person."""

    exit_status: ClassVar[int] = 3


class RowChangedError(LegacyProgramError):
    """The row is no longer as it was read; nothing was written."""


class NotSavedError(LegacyProgramError):
    """The database did not take a change; nothing was written."""
