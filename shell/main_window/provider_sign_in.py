"""The first question where people sign in at a provider: their own browser asks, this window shows a code."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLayout, QWidget

from shell.functions import CloudOffer
from shell.main_window.code_panel import CodePanel
from shell.main_window.parts import button, label
from shell.main_window.sign_in_frame import SignInFrame
from shell.main_window.theme import Theme


class ProviderSignInWindow(SignInFrame):
    """Asks the person to sign in with their browser.

    Args:
        theme: the look.
        offer: of the cloud that is signed in to.
        provider: where people sign in.
    """

    def __init__(self, theme: Theme, offer: CloudOffer, provider: str) -> None:
        super().__init__(theme, offer, "Sign in")
        steps = label(
            f"People sign in to {offer.practice} at {provider}, with their own browser. "
            "There you are asked whether your window shows this code:",
            "read",
        )
        steps.setWordWrap(True)
        leave = button("Close", "text", "Esc")
        leave.clicked.connect(self.close)
        self.code = CodePanel(theme, leave)
        self.code.changed.connect(self._fit)
        self.inner.addWidget(steps)
        self.inner.addWidget(self.code)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """The keys are on the one next step."""
        super().showEvent(event)
        self._fit()
        self.activateWindow()
        self.code.next_step.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter does the one next step wherever the keys are."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.code.take_next_step()
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        """Be as high as the words need; before it is shown nothing knows its type yet."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            for one in reversed(self.findChildren(QWidget)):
                one.updateGeometry()
            for nested in (*reversed(self.findChildren(QLayout)), layout):  # each remembers its own height
                nested.invalidate()
            self.setFixedHeight(layout.totalHeightForWidth(self.width()))
