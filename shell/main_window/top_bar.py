"""The bar on top: the mark, the find field, where one is, who one is; and the stripes above it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from shell.main_window.parts import key_cap, label, picture, row
from shell.main_window.theme import Theme
from web_modules.decision.words import Environment

FIND_WORDS = "Find a patient, or type what you want to do"
_FIND_WORDS = (FIND_WORDS, "Find a patient", "Find")
ENVIRONMENT_WORDS = {
    Environment.LIVE: "Live",
    Environment.REFERENCE: "Reference practice",
    Environment.TRAINING: "Training",
}


class TopBar(QWidget):
    """The bar on top."""

    find_wanted = Signal()

    def __init__(self, theme: Theme, environment: Environment, practice: str) -> None:
        super().__init__()
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.px(48))
        tokens = theme.tokens
        self._theme = theme
        self._mark = label("Banyan")
        self._mark.setObjectName("mark")
        mark = QWidget()
        mark.setLayout(row(picture(theme, "banyan", tokens.on_brand, 22), self._mark, None))
        self._mark_place = mark
        self._find = _FindField(theme)
        self._find.pressed.connect(self.find_wanted)
        dot = QFrame()
        dot.setFixedSize(theme.px(8), theme.px(8))
        colour = "#8CF0B4" if environment is Environment.LIVE else "#FFB81C"
        dot.setStyleSheet(f"background: {colour}; border-radius: {theme.px(4)}px;")
        self._environment = label(ENVIRONMENT_WORDS[environment], "brandStrong")
        self._practice = label(practice, "brandQuiet")
        self._person = _Person(theme)
        rule = QFrame()
        rule.setObjectName("rule")
        rule.setFixedSize(1, theme.px(24))
        layout = row(
            mark,
            self._find,
            None,
            dot,
            self._environment,
            self._practice,
            theme.px(4),
            rule,
            theme.px(4),
            self._person,
            spacing=theme.px(8),
        )
        layout.setContentsMargins(theme.px(12), 0, theme.px(16), 0)
        self.setLayout(layout)

    def show_person(self, name: str, role: str) -> None:
        """Say who is signed in."""
        self._person.show_person(name, role)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave out the practice's name and the mark's word where there is no room for all."""
        width = event.size().width() / self._theme.scale
        self._practice.setVisible(width >= 1100)
        self._mark.setVisible(width >= 1000)
        self._mark_place.setFixedWidth(self._theme.px(188 if width >= 1000 else 40))
        self._find.setFixedWidth(self._theme.px(448 if width >= 1000 else max(200, width - 560)))
        super().resizeEvent(event)


class _FindField(QFrame):
    """Looks like a field and opens the palette, which is one."""

    pressed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("findField")
        self.setFixedHeight(theme.px(32))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName(FIND_WORDS)
        self._words = label(FIND_WORDS, "brandQuiet")
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = row(picture(theme, "find", theme.tokens.on_brand_quiet))
        layout.addWidget(self._words, 1)
        layout.addWidget(key_cap("Ctrl K", on_brand=True))
        layout.setContentsMargins(theme.px(8), 0, theme.px(6), 0)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Say it in fewer words where there is less room."""
        super().resizeEvent(event)
        room = self._words.width()
        wide = [one for one in _FIND_WORDS if self._words.fontMetrics().horizontalAdvance(one) <= room]
        self._words.setText(wide[0] if wide else "")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open the palette."""
        event.accept()
        self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the palette by key too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class _Person(QWidget):
    """Who is signed in: initials, name, role."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("person")
        self._avatar = QLabel()
        self._avatar.setObjectName("avatar")
        self._avatar.setFixedSize(theme.px(28), theme.px(28))
        self._avatar.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = label()
        self._role = label("", "brandSmall")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.setContentsMargins(0, 0, 0, 0)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._role)
        words.addStretch(1)
        layout = row(self._avatar, spacing=theme.px(8))
        layout.addLayout(words)
        self.setLayout(layout)
        self._avatar.hide()

    def show_person(self, name: str, role: str) -> None:
        """Say a person."""
        self._avatar.setText(initials(name))
        self._avatar.setVisible(bool(initials(name)))
        self._name.setText(name)
        self._role.setText(role)


def initials(name: str) -> str:
    """Those of the first and the last name, without titles."""
    parts = [part for part in name.split() if part.lower().rstrip(".") not in _TITLES]
    return "".join(part[0].upper() for part in (*parts[:1], *parts[1:][-1:]))


_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof"})


class Stripe(QFrame):
    """A line above everything that says in what kind of place one is."""

    def __init__(self, theme: Theme, name: str, icon: str, words: str, right: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMinimumHeight(theme.px(36))
        said = label(words, "strong")
        said.setWordWrap(True)
        layout = row(picture(theme, icon, theme.tokens.ink), said, label(right), spacing=theme.px(12))
        layout.setStretch(1, 1)
        layout.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        self.setLayout(layout)


class ReferenceStripe(Stripe):
    """Says that this is the reference practice.

    Args:
        theme: the look.
        notes: what else is to be known of this window.
    """

    def __init__(self, theme: Theme, notes: Sequence[str] = ()) -> None:
        words = (
            "Reference practice. Made-up patients: nothing here is real, and nothing leaves this computer."
        )
        super().__init__(theme, "referenceStripe", "flag", words, " ".join(notes))


class WarningStripe(Stripe):
    """Says in what way this window is less safe than others."""

    def __init__(self, theme: Theme, words: str) -> None:
        super().__init__(theme, "warningStripe", "warning", words)
