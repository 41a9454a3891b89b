"""Signs a window in by way of the person's own browser: fetches a code, opens the browser, waits."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from shell.errors import CloudError
from shell.main_window.code_panel import CodePanel
from shell.meeting import Person, WindowCode, begin_sign_in, finish_sign_in

_LOOK_MILLISECONDS = 50


class BrowserSignIn(QObject):
    """One way through a sign-in by browser.

    Args:
        panel: shows the code.
        cloud: that is signed in to.
        pool: asks it.
        came: told who signed in.
    """

    def __init__(
        self, panel: CodePanel, cloud: str, pool: ThreadPoolExecutor, came: Callable[[Person], None]
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._cloud = cloud
        self._pool = pool
        self._came = came
        self._code: WindowCode | None = None
        self._work: Future[WindowCode] | Future[Person | None] | None = None
        self._looking = QTimer(self, interval=_LOOK_MILLISECONDS)
        self._looking.timeout.connect(self._look)
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._ask_again)
        panel.browser_wanted.connect(self._open_browser)
        panel.code_wanted.connect(self.begin)

    def begin(self) -> None:
        """Fetch a code."""
        self.end()
        self._panel.show_code(None)
        self._work = self._pool.submit(begin_sign_in, self._cloud)
        self._looking.start()

    def end(self) -> None:
        """Ask no more."""
        self._code = self._work = None
        self._looking.stop()
        self._pause.stop()

    def _look(self) -> None:
        if self._work is None or not self._work.done():
            return
        work, self._work = self._work, None
        self._looking.stop()
        try:
            found = work.result()
        except CloudError as error:
            self._code = None
            self._panel.say_trouble(str(error))
            return
        if isinstance(found, Person):
            self._came(found)
            return
        if isinstance(found, WindowCode):
            self._code = found
            self._panel.show_code(found)
        if self._code is not None:
            self._pause.start(round(self._code.interval * 1000))

    def _ask_again(self) -> None:
        if self._code is not None:
            self._work = self._pool.submit(finish_sign_in, self._cloud, self._code)
            self._looking.start()

    def _open_browser(self) -> None:
        if self._code is not None:
            is_opened = QDesktopServices.openUrl(QUrl(self._code.address))
            self._panel.show_opened(self._code, is_opened=is_opened)
