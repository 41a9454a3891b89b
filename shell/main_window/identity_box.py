"""A patient's identity in a box, as large as a decision about it needs; differences from another marked."""

from datetime import date
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout

from shell.main_window.parts import label, picture, rich_label, row, rule
from shell.main_window.theme import Theme
from shell.patient import Patient


class IdentityBox(QFrame):
    """Name, date of birth, gender, NHS number and address of one patient.

    Args:
        theme: the look.
        head: icon and words of the side, such as `This window is set to`.
        patient: None: nobody.
        other: the one beside whom differences are marked.
        today: the environment's day.
        foot: when and how it is known.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        head: tuple[str, str],
        patient: Patient | None,
        other: Patient | None,
        today: date,
        foot: str,
    ) -> None:
        super().__init__()
        self.setObjectName("identity")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(14), theme.px(10), theme.px(14), theme.px(10))
        column.setSpacing(theme.px(6))
        side = label(head[1], "quiet")
        side.setWordWrap(True)
        top = row(picture(theme, head[0]), spacing=theme.px(8))
        top.addWidget(side, 1)
        column.addLayout(top)
        mine, theirs = _facts(patient, today), _facts(other, today)
        is_other_name = (patient and patient.name) != (other and other.name)
        column.addWidget(
            _value(theme, patient.name if patient else "No patient", "title", is_marked=is_other_name)
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(theme.px(4))
        grid.setColumnMinimumWidth(0, theme.px(64))
        grid.setColumnStretch(1, 1)
        for place, (what, value) in enumerate(mine.items()):
            is_other = other is not None and value != theirs.get(what)
            shown = _value(theme, value, "strong" if what != "Address" else "", is_marked=is_other)
            grid.addWidget(label(what, "quiet"), place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, place, 1)
        column.addLayout(grid)
        column.addStretch(1)
        column.addWidget(rule(theme, name="fadeRule"))
        known = label(foot, "small")
        known.setWordWrap(True)
        column.addWidget(known)


def _facts(patient: Patient | None, today: date) -> dict[str, str]:
    if patient is None:
        return {}
    return {
        "Born": patient.born_words(today),
        "Gender": patient.gender_word,
        "NHS No.": patient.number_words,
        "Address": patient.address or "not recorded",
    }


def _value(theme: Theme, words: str, kind: str, *, is_marked: bool) -> QLabel:
    made = rich_label(kind)
    made.setWordWrap(True)
    ground = f"background-color: {theme.tokens.warn_tint};" if is_marked else ""
    made.setText(f'<span style="{ground}">{escape(words)}</span>')
    made.setAccessibleName(words)
    if is_marked:
        made.setAccessibleDescription("differs")
    return made
