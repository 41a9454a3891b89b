"""The legacy program's pane, as a person sees and uses it: its title, its keys, its fields by copying."""

import re
from dataclasses import dataclass
from datetime import date

from demo.check.hands import Hands, Window, wait_until
from demo.errors import DemoError

WM_CLASS = "halden-gp"
ANSWER_SECONDS = 20.0
FIELDS = 13
"""How many fields of a patient can be typed over, by Tab from the first."""
_TITLE = re.compile(
    r"\[(?P<screen>\w+) - (?:Patient (?P<patient>\d+)|No patient)(?P<unsaved> \*)?\] - (?P<practice>.+)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyTitle:
    """What the program's title says.

    Attributes:
        screen: Patients or Appointments.
        patient: the open patient's number; None: nobody.
        is_unsaved: whether it holds unsaved work.
        practice: the practice's name in capitals.
    """

    screen: str
    patient: str | None
    is_unsaved: bool
    practice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacySlot:
    """The slot under the cursor, as the program copies it.

    Attributes:
        words: all of it: time, clinician, who, state, patient number.
        patient: the patient number; None: nobody is in it.
    """

    words: str
    patient: str | None


class LegacyPane:
    """Drives the legacy program in its pane. Every method blocks until it is done, or fails."""

    def __init__(self, hands: Hands, practice: str) -> None:
        """Say whose hands, and the practice that the title has to name."""
        self._hands = hands
        self._practice = practice.upper()

    def window(self, seconds: float = ANSWER_SECONDS) -> Window:
        """The program's main window, waited for.

        Raises:
            DemoError: it is not on the glass.
        """
        return wait_until(self._find, seconds=seconds, what="the legacy program's window")

    def is_visible(self) -> bool:
        """Whether the program is on the glass."""
        return self._find() is not None

    def title(self) -> LegacyTitle:
        """What its title says now."""
        match = _TITLE.search(self.window().title)
        if match is None:
            raise DemoError("the legacy program's title names neither screen nor patient")
        return LegacyTitle(
            screen=match["screen"],
            patient=match["patient"],
            is_unsaved=bool(match["unsaved"]),
            practice=match["practice"],
        )

    def wait_for_patient(self, number: str | None) -> None:
        """Wait until the title names a patient, or nobody."""
        wait_until(
            lambda: self.title().patient == number,
            seconds=ANSWER_SECONDS,
            what=f"patient {number} in the legacy program's title",
        )

    def take_keys(self) -> None:
        """Click the pane where nothing is, so that the keys go there."""
        self._hands.click(self.window(), *QUIET_PLACE)

    def press(self, *keys: str) -> None:
        """Press keys in the program."""
        self._hands.press(*keys)

    def find_patient(self, number: str) -> None:
        """Open a patient as its users do: F2, the number, Enter."""
        self.take_keys()
        self.press("F2")
        self._wait_for_dialogue("Find patient")
        self._hands.write(number)
        self.press("Return")

    def field(self, value: str) -> str:
        """Go from field to field of the patients screen until one holds a value; it keeps the keys.

        Raises:
            DemoError: no field holds it.
        """
        self.take_keys()
        self.press("F5", "F7")
        seen = []
        for _ in range(FIELDS):
            seen.append(self._hands.copy())
            if seen[-1] == value:
                return value
            self.press("Tab")
        raise DemoError(f"no field of the legacy program holds {value!r}; they hold {seen}")

    def field_comes_to_hold(self, value: str) -> str:
        """Wait until a field holds a value that somebody else changed; give it as read.

        Raises:
            DemoError: none comes to hold it.
        """
        wait_until(lambda: self._holds(value), seconds=ANSWER_SECONDS, what=f"{value!r} in a field")
        return value

    def _holds(self, value: str) -> bool:
        try:
            self.field(value)
        except DemoError:
            return False
        return True

    def change_field(self, old: str, new: str) -> None:
        """Type over a field and save, as its users do."""
        self.field(old)
        self.press("ctrl+a")
        self._hands.write(new)
        wait_until(lambda: self.title().is_unsaved, seconds=ANSWER_SECONDS, what="the mark of unsaved work")
        self.press("F10")
        wait_until(
            lambda: not self.title().is_unsaved, seconds=ANSWER_SECONDS, what="the program to have saved"
        )

    def go_to_today(self) -> None:
        """Show today's book, whichever day is shown."""
        self._go_to("t")

    def go_to_day(self, day: date) -> None:
        """Show a day's book."""
        self._go_to(day.isoformat())

    def _go_to(self, day: str) -> None:
        self.take_keys()
        self.press("F6", "ctrl+g")
        self._wait_for_dialogue("Go to date")
        self._hands.write(day)
        self.press("Return")
        wait_until(
            lambda: self.dialogue("Go to date") is None, seconds=ANSWER_SECONDS, what="the date to be taken"
        )

    def go_to_slot(self) -> LegacySlot:
        """Leave the day and come back: the cursor then is on the patient's slot or the first free one."""
        self.take_keys()
        self.press("F6", "F11", "F9")
        return self.slot()

    def slot(self) -> LegacySlot:
        """Copy the slot under the cursor."""
        self.take_keys()
        self.press("F6")
        parts = self._hands.copy().split("\t")
        return LegacySlot(words=" ".join(parts).strip(), patient=parts[-1] or None)

    def book(self) -> None:
        """Book the open patient into the slot under the cursor: F3, and F3 again to the question."""
        self.press("F3")
        self._wait_for_dialogue("Book appointment")
        self.press("F3")
        wait_until(
            lambda: self.dialogue("Book appointment") is None,
            seconds=ANSWER_SECONDS,
            what="the question to be answered",
        )

    def dialogue(self, title: str) -> Window | None:
        """A dialogue of the program by its title; None when it is not open."""
        return next((one for one in self._hands.windows(wm_class=WM_CLASS) if one.title == title), None)

    def _wait_for_dialogue(self, title: str) -> None:
        def has_keys() -> bool:
            window = self.dialogue(title)
            return window is not None and self._hands.has_keys(window)

        wait_until(has_keys, seconds=ANSWER_SECONDS, what=f"the dialogue {title!r} to have the keys")

    def _find(self) -> Window | None:
        windows = self._hands.windows(wm_class=WM_CLASS)
        return next((one for one in windows if one.title.endswith(f" - {self._practice}")), None)


QUIET_PLACE = (237, 33)
"""Between two buttons of the toolbar: a click there does nothing but give the program the keys."""
