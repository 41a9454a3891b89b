"""The window without its behaviour: bars, rail, panes and overlay in their places at every size."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QScreen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from shell.banner.banner import Banner
from shell.functions import CloudOffer
from shell.main_window.function_bar import FunctionBar
from shell.main_window.notice import Notice
from shell.main_window.overlay import Overlay
from shell.main_window.rail import Rail
from shell.main_window.status_bar import StatusBar
from shell.main_window.theme import Theme
from shell.main_window.top_bar import ReferenceStripe, TopBar, WarningStripe
from shell.main_window.wording import role_words, window_title
from shell.meeting import Person
from shell.training.stripes import FRAME_WIDTH, TrainingFrame, TrainingStripe
from web_modules.decision.words import Environment

_NARROW = 1240
"""Below this width the rail shows icons alone."""
_LOW = 580
"""Below this height the details of who is open are left to the panes, which would have none else."""
_GRIP = 8
_SIZE = QSize(1440, 900)
_TITLE_BAR = 40
"""Room to leave for what the desktop draws around a window."""


class WindowFrame(QWidget):
    """The top-level window with one child, `content`, that holds all that Qt draws (see docs/hosting.md)."""

    resized = Signal()
    gone = Signal()
    """It was closed."""

    def __init__(self, theme: Theme, offer: CloudOffer, person: Person, warnings: Sequence[str]) -> None:
        super().__init__()
        self._theme = theme
        self._is_pair = False
        is_training = offer.environment is Environment.TRAINING
        self.setWindowTitle(window_title(offer))
        self.setMinimumSize(960, 600)
        self.content = QWidget(self)
        self.content.setObjectName("content")
        self.content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.content.setStyleSheet(theme.style_sheet())
        self.top_bar = TopBar(theme, offer.environment, offer.practice)
        self.top_bar.show_person(person.name, role_words(person.role))
        self.banner = Banner(theme)
        self.rail = Rail(theme, offer.functions)
        self.function_bar = FunctionBar(theme)
        self.invitation = Notice(theme, "new")
        self.waiting = Notice(theme, "clock")
        self.silence = Notice(theme, "cloud-gone", "warn")
        self.refusal = Notice(theme, "information", "warn")
        self.elsewhere = Notice(theme, "warning", "warn")
        self.draft = Notice(theme, "clock")
        self.said = Notice(theme, "information")
        self.status_bar = StatusBar(theme)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(theme.px(_GRIP))
        edge = self._edge = FRAME_WIDTH if is_training else 0
        stripes = _stripes(theme, offer, warnings)
        self._lay_out(stripes, edge)
        self.overlay = Overlay(self.content, theme, lambda: self.status_bar.height() + edge, edge)
        if is_training:
            self.training_stripe = stripes[0]
            self.training_frame = TrainingFrame(self.content)
            self.status_bar.show_note("Training, not connected to any live practice")

    def open_on(self, screen: QScreen) -> None:
        """Appear and take the keys: as drawn where there is room, else as large as the screen allows."""
        room = screen.availableGeometry().size()
        if room.width() > _SIZE.width() and room.height() >= _SIZE.height() + _TITLE_BAR:
            self.resize(_SIZE)
            self.show()
        else:
            self.resize(_SIZE.boundedTo(room))
            self.showMaximized()
        # where no window manager does it, the keys would stay with a window that is gone
        self.activateWindow()

    def below_banner(self) -> int:
        """Where the banner ends: nothing is drawn over what lies above."""
        return self.banner.mapTo(self.content, self.banner.rect().bottomLeft()).y() + 1

    def stripes(self) -> QMargins:
        """What says which environment this is, at the edges: nothing is drawn over it."""
        return QMargins(self._edge, self.top_bar.y(), self._edge, self._edge)

    def arrange(self, *, is_pair: bool) -> None:
        """Make room for one pane or two."""
        if is_pair and not self._is_pair:
            half = self.splitter.width() // 2
            self.splitter.setSizes([half, half])
        self._is_pair = is_pair
        self.banner.set_low(is_low=self.height() < self._theme.px(_LOW))
        self.rail.set_slim(is_pair or self.width() < self._theme.px(_NARROW))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The one child fills the window."""
        self.content.setGeometry(self.rect())
        self.arrange(is_pair=self._is_pair)
        super().resizeEvent(event)
        self.resized.emit()

    def _lay_out(self, stripes: Sequence[QWidget], edge: int) -> None:
        column = QVBoxLayout(self.content)
        column.setContentsMargins(edge, 0, edge, edge)
        column.setSpacing(0)
        for stripe in stripes:
            column.addWidget(stripe)
        column.addWidget(self.top_bar)
        column.addWidget(self.banner)
        below = _Below()
        middle = QHBoxLayout(below)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        work = QVBoxLayout()
        work.setSpacing(0)
        for line in (
            self.function_bar,
            self.waiting,
            self.silence,
            self.refusal,
            self.elsewhere,
            self.invitation,
            self.draft,
            self.said,
        ):
            work.addWidget(line)
        work.addWidget(self.splitter, 1)
        middle.addLayout(work, 1)
        column.addWidget(below, 1)
        column.addWidget(self.status_bar)


class _Below(QWidget):
    """What lies below the banner: where there is too little room for all, it gives first (hazard H01)."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """No height is asked for."""
        return False


def _stripes(theme: Theme, offer: CloudOffer, warnings: Sequence[str]) -> list[QWidget]:
    made: list[QWidget] = []
    if offer.environment is Environment.TRAINING:
        made.append(TrainingStripe(theme.scale, " ".join(warnings)))
    elif offer.environment is Environment.REFERENCE:
        made.append(ReferenceStripe(theme, warnings))
    else:
        made += [WarningStripe(theme, words) for words in warnings]
    return made
