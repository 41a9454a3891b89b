"""What every host of a pane promises, free of Qt: show a function, say what is shown, hold keys or be veiled.

A host shows one side of a function: the legacy program's own window, or pages in the embedded browser.
The switchboard sees hosts only through this module; what draws them reads the concrete classes' `widget`.

Everything here is called, and calls back, on the thread that runs the window, and nothing blocks:
answers that take time come through `HostListener` or through the callable that was handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from shell.context.shown import Shown, ShownState, Side

__all__ = ["Host", "HostListener", "HostPatient", "Shown", "ShownState", "Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPatient:
    """A patient in the words of both sides; a host takes the one that its side speaks."""

    fhir_id: str
    patient_number: str | None
    """The practice's own number. None: this patient cannot be opened in the legacy program."""


class HostListener(Protocol):
    """Who is told what happens on a pane."""

    def on_shown(self, side: Side, shown: Shown) -> None:
        """A read-back says something else than the last one, or was asked for by `refresh_read_back`."""

    def on_active(self, side: Side | None) -> None:
        """Keys now go to this side's pane; None: to the shell's own controls."""

    def on_gone(self, side: Side, reason: str) -> None:
        """The pane's program or page ended without being asked to; `reason` is a sentence for the person.

        `open` starts it again.
        """

    def on_patient_wanted(self, side: Side, identifier: str) -> None:
        """The pane asks for this patient to be opened (cloud: FHIR id). It has not changed by itself."""

    def on_shell_key(self, key: str) -> None:
        """A key that is always the shell's was pressed, wherever the keys go: `Ctrl+K`, `Alt+2`, …."""

    def on_question(self, side: Side, *, is_open: bool) -> None:
        """The pane's program waits for an answer in a window of its own above the shell, or no longer."""

    def on_notice(self, side: Side, words: str) -> None:
        """Say something that needs no answer: a refused download, a link that leads outside."""


class Host(Protocol):
    """One side's pane. All methods return at once."""

    @property
    def side(self) -> Side:
        """Which side this pane shows."""

    @property
    def shown(self) -> Shown:
        """The last read-back; `ShownState.UNKNOWN` before the first and while a change is under way."""

    def open(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        """Show a function for a patient, or for nobody; starts what is not running yet.

        Whether it came to be is said by the next `on_shown`, and by nothing else.
        """

    def refresh_read_back(self) -> None:
        """Read again what is shown; the answer comes by `on_shown`, also when nothing changed."""

    def take_keys(self) -> None:
        """Give this pane the keyboard. Refused in silence while it is covered."""

    def save_work(self, done: Callable[[bool], None]) -> None:
        """Have unsaved work saved by the pane's own means; `done(True)` once a read-back says it is saved."""

    def discard_work(self, done: Callable[[bool], None]) -> None:
        """Have unsaved work thrown away; `done(True)` once a read-back says there is none."""

    def leave_work(self, done: Callable[[bool], None]) -> None:
        """Have unsaved work kept as a draft and the pane be without it; `done(False)` where it keeps none."""

    def forgive(self) -> None:
        """The person wants what ended too often tried again."""

    def stop_writing(self, functions: frozenset[str]) -> None:
        """Let pages of these functions be read and no more, those of all others write again.

        What was typed is kept. A legacy program is not ours to stop: its pane does nothing.
        """

    def cover(self) -> None:
        """Let no key nor click reach the pane and show nothing of it, until `uncover`. Read-back goes on."""

    def uncover(self) -> None:
        """Undo `cover`. The keys are not taken."""

    def conceal(self, *, is_concealed: bool) -> None:
        """Show nothing of what the pane's program shows outside of the pane either, or show it again.

        Only for a window that is locked: a question that waits for its answer is never hidden otherwise.
        """

    def release(self) -> None:
        """Give back what is only borrowed, intact: the legacy program goes on as a window of its own."""

    def close(self) -> None:
        """End the pane for good. A legacy program is asked to, as by its close button, and never killed."""
