"""A page that stays within the walls and gets nothing that it asks the desktop for."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QUrl
from PySide6.QtWebEngineCore import (
    QWebEngineCertificateError,
    QWebEngineClientCertificateSelection,
    QWebEngineDesktopMediaRequest,
    QWebEngineFileSystemAccessRequest,
    QWebEngineFullScreenRequest,
    QWebEngineLoadingInfo,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineRegisterProtocolHandlerRequest,
    QWebEngineWebAuthUxRequest,
)

from shell.hosts.walls import Walls

_OF_HELD_KEYS: Final = frozenset(
    {
        QWebEngineNewWindowRequest.DestinationType.InNewBackgroundTab,
        QWebEngineNewWindowRequest.DestinationType.InNewWindow,
    }
)
"""What Chromium makes of Ctrl or Shift held, or of the middle button; scripts get a tab or a dialog."""


class GuardedPage(QWebEnginePage):
    """A page inside the walls.

    Args:
        profile: outlives the page.
        walls: where the page may go.
        refused: told in words what the page was refused, for the person.
    """

    def __init__(
        self,
        profile: QWebEngineProfile,
        walls: Walls,
        refused: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(profile, parent)
        self._walls = walls
        self._refused = refused
        self._brought: QUrl | None = None
        self.loadingChanged.connect(self._loading_changed)
        self.renderProcessTerminated.connect(self._renderer_ended)
        self.certificateError.connect(self._refuse_certificate)
        self.permissionRequested.connect(self._refuse_permission)
        self.fullScreenRequested.connect(self._refuse_full_screen)
        self.registerProtocolHandlerRequested.connect(self._refuse_protocol)
        self.fileSystemAccessRequested.connect(self._refuse_files)
        self.selectClientCertificate.connect(self._refuse_client_certificate)
        self.webAuthUxRequested.connect(self._refuse_key)
        self.desktopMediaRequested.connect(self._refuse_screen)
        self.newWindowRequested.connect(self._refuse_window)

    def bring(self, url: QUrl) -> None:
        """Load a page before anybody listens."""
        self._brought = url
        self.load(url)

    def is_bringing(self, url: QUrl) -> bool:
        """Whether this page was brought, and has come or may yet come; Qt itself knows only later."""
        return self._brought == url

    def acceptNavigationRequest(  # noqa: N802 - Qt's name
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, _is_main_frame: bool, /
    ) -> bool:
        """Stay inside; called for redirects and frames too."""
        if kind is QWebEnginePage.NavigationType.NavigationTypeBackForward:
            # the page before may be another patient's
            return False
        address = url if isinstance(url, str) else url.toString()
        if self._walls.allow_page(address):
            return True
        self._refused("A link leads outside of the practice's pages. It was not followed.")
        return False

    def createWindow(self, _kind: QWebEnginePage.WebWindowType, /) -> QWebEnginePage:  # noqa: N802
        """No second window."""
        return None  # type: ignore[return-value]  # Qt takes a null pointer as "no window"

    def chooseFiles(  # noqa: N802 - Qt's name
        self, _mode: QWebEnginePage.FileSelectionMode, _old: Sequence[str], _types: Sequence[str], /
    ) -> list[str]:
        """No file of this machine's."""
        self._refused("A page asked for a file of this computer. It got none.")
        return []

    def javaScriptAlert(self, _origin: QUrl | str, _words: str, /) -> None:  # noqa: N802
        """No box over the banner."""

    def javaScriptConfirm(self, _origin: QUrl | str, _words: str, /) -> bool:  # noqa: N802
        """No question of a page's own."""
        return False

    def javaScriptPrompt(  # noqa: N802 - Qt's name
        self, _origin: QUrl | str, _words: str, _default: str, /
    ) -> tuple[bool, str]:
        """No question of a page's own."""
        return False, ""

    def javaScriptConsoleMessage(  # noqa: N802 - Qt's name
        self, _level: QWebEnginePage.JavaScriptConsoleMessageLevel, _words: str, _line: int, _source: str, /
    ) -> None:
        """Kept nowhere: what a page says there may name a patient."""

    def _loading_changed(self, loading: QWebEngineLoadingInfo) -> None:
        is_failed = loading.status() is QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus
        if is_failed and loading.url() == self._brought:
            self._brought = None

    def _renderer_ended(self, _status: QWebEnginePage.RenderProcessTerminationStatus, _code: int) -> None:
        self._brought = None

    def _refuse_certificate(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()
        self._refused(
            "The cloud's certificate is not one that this computer trusts. The page was not opened."
        )

    def _refuse_permission(self, permission: QWebEnginePermission) -> None:
        permission.deny()

    def _refuse_full_screen(self, request: QWebEngineFullScreenRequest) -> None:
        request.reject()

    def _refuse_protocol(self, request: QWebEngineRegisterProtocolHandlerRequest) -> None:
        request.reject()

    def _refuse_files(self, request: QWebEngineFileSystemAccessRequest) -> None:
        request.reject()

    def _refuse_client_certificate(self, selection: QWebEngineClientCertificateSelection) -> None:
        selection.selectNone()

    def _refuse_key(self, request: QWebEngineWebAuthUxRequest) -> None:
        request.cancel()

    def _refuse_screen(self, request: QWebEngineDesktopMediaRequest) -> None:
        request.cancel()

    def _refuse_window(self, request: QWebEngineNewWindowRequest) -> None:
        """Left alone it is refused; nothing is said of a link of ours that was pressed with a key held."""
        is_press = request.isUserInitiated() and request.destination() in _OF_HELD_KEYS
        if not (is_press and self._walls.allow_page(request.requestedUrl().toString())):
            self._refused("A page asked for a window of its own. It got none.")
