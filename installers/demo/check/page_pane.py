"""The page's pane, as a person sees and uses it: its text and its fields by copying, its keys."""

from demo.check.hands import Hands, wait_until
from demo.check.shell_window import ShellWindow
from demo.errors import DemoError

ANSWER_SECONDS = 20.0


class PagePane:
    """Drives the web page in its pane. Every method blocks until it is done, or fails."""

    def __init__(self, hands: Hands, shell: ShellWindow) -> None:
        """Say whose hands, and in which window."""
        self._hands = hands
        self._shell = shell

    def take_keys(self) -> None:
        """Click the page where nothing is, so that the keys go there."""
        self._hands.click(self._shell.window(), *self._shell.quiet_place_on_page())

    def text(self) -> str:
        """All that the page says, by selecting and copying it; empty when it cannot be reached."""
        self.take_keys()
        text = " ".join(self._hands.copy().split())
        # A click takes the marking away; at the same place it would be a double one, which marks a word.
        x, y = self._shell.quiet_place_on_page()
        self._hands.click(self._shell.window(), x, y + 30)
        return text

    def wait_for(self, *words: str, without: str = "") -> str:
        """Wait until the page says some words, and does not say others; give its text.

        Raises:
            DemoError: it does not come to say so.
        """
        seen = ""

        def says() -> bool:
            nonlocal seen
            seen = self.text()
            return all(word in seen for word in words) and not (without and without in seen)

        try:
            wait_until(says, seconds=ANSWER_SECONDS, what="the page to say it")
        except DemoError as error:
            wanted = f"{' and '.join(words)}{f', and not {without},' if without else ''}"
            raise DemoError(f"the page does not say {wanted}; it says {seen[:400]!r}") from error
        return seen

    def press(self, *keys: str) -> None:
        """Press keys in the page."""
        self._hands.press(*keys)

    def field(self, value: str, *, fields: int = 20) -> None:
        """Go by Tab from field to field until one holds a value; it keeps the keys.

        Raises:
            DemoError: no field holds it.
        """
        seen = []
        for _ in range(fields):
            seen.append(self._hands.copy())
            if seen[-1] == value:
                return
            self.press("Tab")
        raise DemoError(f"no field of the page holds {value!r}; they hold {[one[:40] for one in seen]}")

    def begin_to_type(self, old: str, new: str) -> None:
        """Open the form for contact details, type over a field, and do not save."""
        self.take_keys()
        self.press("e")
        self._wait_for_form()
        self.field(old)
        self.press("ctrl+a")
        self._hands.write(new)

    def save(self, new: str) -> None:
        """Save the form, and wait until the page says so and shows what was typed."""
        self.take_keys()
        self.press("ctrl+Return")
        self.wait_for("Saved at", new)

    def change_mobile(self, old: str, new: str) -> None:
        """Edit a telephone number of the open patient and save, as the page's users do."""
        self.begin_to_type(old, new)
        self.save(new)

    def go_to_today(self) -> None:
        """Show today's book, whichever day is shown."""
        self.take_keys()
        self.press("t")

    def book_next_free(self) -> None:
        """Book the open patient into the next free time, as the page's users do: B, then Ctrl+Enter."""
        self.take_keys()
        self.press("b")
        self.wait_for("Book appointment")
        self.press("ctrl+Return")

    def _wait_for_form(self) -> None:
        """The form has its first field active: a copy gives that field and not the page."""
        wait_until(
            lambda: 0 <= len(self._hands.copy()) < LONGEST_FIELD,
            seconds=ANSWER_SECONDS,
            what="the form for contact details",
        )


LONGEST_FIELD = 60
"""A page's text is longer, a telephone number is shorter."""
