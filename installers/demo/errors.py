"""What can stop the demonstration.

DemoError                one sentence for the person: what, and what to do
├── NoScreen             there is no X display to open a window on
├── AlreadyOpen          a window of this environment is open already
├── ProgramFailed        a program ended, or did not answer in time
└── WrongPractice        the practice was filled with something else
"""


class DemoError(Exception):
    """Something that a person has to put right; its text is one sentence for them."""


class NoScreen(DemoError):
    """There is no X display to open a window on."""


class AlreadyOpen(DemoError):
    """A window of this environment is open already."""


class ProgramFailed(DemoError):
    """A program ended, or did not answer in time."""


class WrongPractice(DemoError):
    """The practice was filled with something else than what is asked for now."""
