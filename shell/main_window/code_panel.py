"""The code by which a person knows their window again in their own browser, and the way there."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from shell.main_window.parts import button, label, row
from shell.main_window.theme import Theme
from shell.meeting import WindowCode

_NO_CODE = "···· – ····"


class CodePanel(QWidget):
    """Shows a code, and what to do with it.

    Args:
        theme: the look.
        leave: one more button, after the one next step.
    """

    browser_wanted = Signal()
    """Open the browser."""
    code_wanted = Signal()
    """Fetch a new code."""
    changed = Signal()
    """There are more words now, or fewer."""

    def __init__(self, theme: Theme, leave: QPushButton) -> None:
        super().__init__()
        self._code = label(kind="code")
        self._code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._state = label(kind="read")
        self._trouble = label(kind="bad")
        for words in (self._code, self._state):
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for words in (self._state, self._trouble):
            words.setWordWrap(True)
        self._go = button("Open the browser", "main", "Enter")
        self._again = button("Ask for a new code", "main", "Enter")
        for one in (self._go, self._again):
            one.setProperty("size", "tall")
        self._go.clicked.connect(self.browser_wanted)
        self._again.clicked.connect(self.code_wanted)
        box = QFrame()
        box.setObjectName("identitySmall")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        inside.addWidget(self._code)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(14))
        for part in (box, self._state, self._trouble):
            column.addWidget(part)
        column.addLayout(row(self._go, self._again, leave, None, spacing=theme.px(12)))
        self.show_code(None)

    @property
    def next_step(self) -> QWidget:
        """What Enter does."""
        return self._again if self._again.isVisibleTo(self) else self._go

    def take_next_step(self) -> None:
        """Do what Enter does."""
        (self._again if self._again.isVisibleTo(self) else self._go).click()

    def show_code(self, code: WindowCode | None) -> None:
        """Show a code that holds, or (None) that one is on its way."""
        self._code.setText(_NO_CODE if code is None else code.user_code)
        self._code.setAccessibleName("" if code is None else f"Code {' '.join(code.user_code)}")
        self._go.setEnabled(code is not None)
        self._say("One moment: the code is on its way." if code is None else _how(code))

    def show_opened(self, code: WindowCode, *, is_opened: bool) -> None:
        """Say that the browser was opened, or that this computer opened none."""
        if is_opened:
            self._say(f"Sign in there, then come back. {_how(code)}")
        else:
            self._say(f"This computer opened no browser. {_how(code)}")

    def say_trouble(self, words: str) -> None:
        """Say why nobody is signed in, and offer to begin again."""
        self._code.setText(_NO_CODE)
        self._say("", trouble=words)

    def _say(self, state: str, *, trouble: str = "") -> None:
        self._state.setText(state)
        self._state.setVisible(bool(state))
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self._again.setVisible(bool(trouble))
        self._go.setVisible(not trouble)
        self.changed.emit()


def _how(code: WindowCode) -> str:
    return f"Or open {code.plain_address} in any browser and type the code. It is good for 10 minutes."
