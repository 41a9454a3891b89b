"""The bar of the function on the glass: title, stage, why this view, the mirror, the view switch."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from shell.functions import FunctionPages
from shell.main_window.freshness import MirrorLine
from shell.main_window.parts import StageTag, label, picture, rich_label, row
from shell.main_window.theme import Theme
from web_modules.decision.decision import Decision
from web_modules.decision.words import Stage, View

VIEW_WORDS = {View.LEGACY: "Legacy screen", View.SIDE_BY_SIDE: "Side by side", View.NEW: "New"}
VIEW_ICONS = {View.LEGACY: "legacy", View.SIDE_BY_SIDE: "side-by-side", View.NEW: "new"}
_ROOM_FOR_WHY, _ROOM_FOR_NAMES, _ROOM_FOR_LEADS = 820, 700, 960
"""Widths at 100 % below which the bar says less."""


class FunctionBar(QWidget):
    """The bar of the function on the glass."""

    view_chosen = Signal(object)
    """A `View`."""
    why_wanted = Signal()
    """Answer by `show_why`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("functionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.px(44))
        self._theme = theme
        self._icon = QLabel()
        self._title = label("", "heading")
        self._tag = StageTag(theme)
        self._why = QPushButton("Why do I see this view?")
        self._why.setObjectName("link")
        self._why.setCursor(Qt.CursorShape.PointingHandCursor)
        self._why.clicked.connect(self.why_wanted)
        self._popover = _Reasons(theme, self)
        self._mirror_icon = QLabel()
        self._mirror = rich_label("quiet")
        self._is_warning = False
        self._line: MirrorLine | None = None
        self.switch = ViewSwitch(theme)
        self.switch.chosen.connect(self.view_chosen)
        layout = row(
            self._icon,
            self._title,
            self._tag,
            self._why,
            None,
            self._mirror_icon,
            self._mirror,
            theme.px(4),
            self.switch,
            spacing=theme.px(8),
        )
        layout.setContentsMargins(theme.px(16), 0, theme.px(16), 0)
        self.setLayout(layout)

    def show_function(self, pages: FunctionPages, decision: Decision, stage: Stage) -> None:
        """Say the function, its stage, and which views there are."""
        self._icon.setPixmap(self._theme.pixmap(pages.function.value, self._theme.tokens.text, 20))
        self._title.setText(pages.title)
        self._tag.show_stage(stage)
        self.switch.show_views(decision)

    def show_mirror(self, line: MirrorLine) -> None:
        """Say who leads and how fresh it is."""
        self._line = line
        if not self._is_warning:
            self._draw_mirror()

    def show_warning(self, words: str | None) -> None:
        """Say something graver in the mirror's place; None brings the mirror back."""
        self._is_warning = words is not None
        if words is None:
            self._draw_mirror()
            return
        tokens = self._theme.tokens
        self._mirror_icon.setPixmap(self._theme.pixmap("warning", tokens.warn))
        self._mirror.setText(f'<b style="color: {tokens.warn}">{words}</b>')

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Say less where there is less room."""
        width = self.width() / self._theme.scale
        self._why.setVisible(width >= _ROOM_FOR_WHY)
        self.switch.show_short(is_short=width < _ROOM_FOR_NAMES)
        self._draw_mirror()

    def _draw_mirror(self) -> None:
        line = self._line
        if line is None or self._is_warning:
            return
        tokens = self._theme.tokens
        is_calm = line.tone in ("", "ok")
        colour = {"warn": tokens.warn, "bad": tokens.bad}.get(line.tone, tokens.quiet)
        self._mirror_icon.setPixmap(self._theme.pixmap(line.leads_icon if is_calm else line.icon, colour))
        leads = f"{line.leads} · " if self.width() / self._theme.scale >= _ROOM_FOR_LEADS else ""
        strong = tokens.text if is_calm else colour
        words = f'{leads}<b style="color: {strong}; font-weight: 600">{line.fresh}</b>'
        if words != self._mirror.text():
            self._mirror.setText(words)

    def show_why(self, reasons: Sequence[str]) -> None:
        """Say why the view is as it is, in sentences."""
        self._popover.show_below(self._why, reasons)


class ViewSwitch(QFrame):
    """Three views of one function, one of them on the glass."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("viewSwitch")
        self.setFixedHeight(theme.px(28))
        self._theme = theme
        self._decision: Decision | None = None
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._buttons: dict[View, QPushButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for number, view in enumerate(View, start=1):
            made = QPushButton(f" {VIEW_WORDS[view]}")
            made.setIconSize(QSize(theme.px(16), theme.px(16)))
            made.setCheckable(True)
            made.setProperty("first", "true" if number == 1 else "false")
            made.setFixedHeight(theme.px(26))
            made.setToolTip(f"{VIEW_WORDS[view]}  Alt {number}")
            made.clicked.connect(lambda _=False, view=view: self._clicked(view))
            self._group.addButton(made)
            self._buttons[view] = made
            layout.addWidget(made)

    def show_views(self, decision: Decision) -> None:
        """Say which views there are and which one is on the glass."""
        self._decision = decision
        tokens = self._theme.tokens
        for view, made in self._buttons.items():
            is_on = view is decision.view
            made.setChecked(is_on)
            made.setEnabled(view in decision.views)
            colour = tokens.on_accent if is_on else tokens.text
            if view not in decision.views:
                colour = tokens.line_control
                made.setToolTip(" ".join(decision.reasons))
            made.setIcon(QIcon(self._theme.pixmap(VIEW_ICONS[view], colour)))

    def show_short(self, *, is_short: bool) -> None:
        """Icons alone but for the view on the glass."""
        for view, made in self._buttons.items():
            made.setText(f" {VIEW_WORDS[view]}" if not is_short or made.isChecked() else "")
            made.setAccessibleName(VIEW_WORDS[view])

    def _clicked(self, view: View) -> None:
        if self._decision is not None:
            self.show_views(self._decision)
        self.chosen.emit(view)


class _Reasons(QFrame):
    """Why the view is as it is, in sentences; a small window of its own, so nothing foreign covers it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("card")
        self._theme = theme
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(16))
        self._layout.setSpacing(theme.px(8))

    def show_below(self, anchor: QWidget, reasons: Sequence[str]) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            holder = item.layout()
            if holder is not None:
                while (part := holder.takeAt(0)) is not None:
                    inside = part.widget()
                    if inside is not None:
                        inside.deleteLater()
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._layout.addWidget(label("Why you see this view", "heading"))
        for reason in reasons:
            words = label(reason, "read")
            words.setWordWrap(True)
            words.setMinimumWidth(self._theme.px(320))
            words.setMaximumWidth(self._theme.px(360))
            line = row(picture(self._theme, "information"), words, spacing=self._theme.px(8))
            line.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._layout.addLayout(line)
        self.adjustSize()
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + self._theme.px(4))))
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.hide()
        else:
            super().keyPressEvent(event)
