"""The browser of one person at one practice in one environment: nothing on disk, all behind walls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QByteArray, QEventLoop, QObject, QTimer, QUrl
from PySide6.QtNetwork import QNetworkCookie
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PySide6.QtWebEngineWidgets import QWebEngineView

from shell.hosts.guarded_page import GuardedPage
from shell.hosts.page_address import PageAddress
from shell.hosts.page_messages import PageMessage
from shell.hosts.page_scheme import DOOR, PageDoor
from shell.hosts.walls import PAGE_SCHEME, Walls
from shell.hosts.web_settings import close_down

SESSION_COOKIE: Final = b"banyan_session"
USER_AGENT: Final = " BanyanShell/0.1"
"""By this a page knows that the shell draws banner and function bar."""
_DRESS: Final = """(() => {
  const dress = () => {
    if (document.documentElement) document.documentElement.dataset.theme = "%s";
    return document.documentElement !== null;
  };
  const looking = new MutationObserver(() => dress() && looking.disconnect());
  if (!dress()) looking.observe(document, {childList: true});
})()"""
_COOKIE_MILLISECONDS: Final = 2000
"""How long pages wait for the cookie to be kept before they are opened all the same."""
_Kind = QWebEngineUrlRequestInfo.ResourceType
_FRAMES: Final = frozenset({_Kind.ResourceTypeMainFrame, _Kind.ResourceTypeSubFrame})
_PICTURES: Final = frozenset({_Kind.ResourceTypeImage, _Kind.ResourceTypeFontResource})


def start_chromium() -> None:
    """Start Chromium's processes while other threads go on; the first profile is made quickly after this.

    A profile that Python makes holds up all of Python for as long as Chromium takes (80 ms). Here Qt calls
    Qt, which does not: to stop a view is to make its page. That page is of Qt's own profile, without walls;
    it never shows anything and ends at once.
    """
    view, loop, timer = QWebEngineView(), QEventLoop(), QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(view.stop)
    timer.timeout.connect(loop.quit)
    timer.start(0)
    loop.exec()
    view.deleteLater()


def off_the_record() -> QWebEngineProfile:
    """A profile that shares nothing with any other, keeps nothing and has every setting decided about."""
    profile = QWebEngineProfile()  # without a name it is off the record
    profile.setHttpAcceptLanguage("en-GB")
    profile.setPersistentCookiesPolicy(QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies)
    profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
    profile.setPushServiceEnabled(False)
    profile.setSpellCheckEnabled(False)
    close_down(profile.settings())
    return profile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileIdentity:
    """Whose browser it is; two of these never share anything."""

    person: str
    practice: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLook:
    """How pages look: as the window around them does.

    Attributes:
        theme: light, dark or contrast; pages' style sheets know these as `data-theme`.
        zoom: of text and all else; 1.0 is as drawn.
        ground: the colour of a page that has not painted yet, as #RRGGBB.
    """

    theme: str
    zoom: float
    ground: str


class WebProfile(QObject):
    """An off-the-record profile behind walls. Outlives its pages: close the hosts first, then this.

    Args:
        identity: whose browser this is.
        cloud: the cloud's address; its origin is the one inside the walls.
    """

    def __init__(self, identity: ProfileIdentity, cloud: str) -> None:
        super().__init__()
        self.identity = identity
        self.walls = Walls.around([cloud])
        self._cloud = QUrl(cloud)
        self._hear: Callable[[PageMessage], None] = _unheard
        self._notice: Callable[[str], None] = _unheard
        self._waiting: list[Callable[[], None]] = []
        self._is_ready = True
        self.look = PageLook(theme="light", zoom=1.0, ground="#FFFFFF")
        self.stopped: frozenset[str] = frozenset()
        """The functions whose pages can be read and no more."""
        self._first: GuardedPage | None = None
        self._profile = off_the_record()
        self._profile.setHttpUserAgent(self._profile.httpUserAgent() + USER_AGENT)
        self._wall = Interceptor(self.walls, DOOR)
        self._profile.setUrlRequestInterceptor(self._wall)
        self._door = PageDoor(self.walls, self._heard)
        self._profile.installUrlSchemeHandler(PAGE_SCHEME.encode(), self._door)
        self._profile.downloadRequested.connect(self._refuse_download)
        self._profile.cookieStore().cookieAdded.connect(self._cookie_added)

    def dress(self, look: PageLook) -> None:
        """Give all pages that are opened from now on the window's look."""
        self.look = look
        script = QWebEngineScript()
        script.setName("look")
        script.setSourceCode(_DRESS % look.theme)
        script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
        script.setWorldId(QWebEngineScript.ScriptWorldId.ApplicationWorld.value)
        self._profile.scripts().insert(script)

    def warm_up(self) -> None:
        """Start Chromium's processes with an empty page: until there is a page, it takes no cookie either."""
        self._first = self.new_page(self)
        self._first.setUrl(QUrl("about:blank"))

    def bring(self, address: str) -> None:
        """Have the first page on its way while the window that will show it is made."""
        self.when_ready(lambda: self._bring(QUrl(address)))

    def stop_writing(self, functions: frozenset[str], addresses: Sequence[PageAddress]) -> None:
        """Let nothing through that pages of these functions, at these addresses, would write."""
        self.stopped = functions
        self._wall.stopped = tuple(addresses)

    def listen(self, hear: Callable[[PageMessage], None], notice: Callable[[str], None]) -> None:
        """Who hears what pages say, and what they were refused."""
        self._hear, self._notice = hear, notice

    def set_session(self, value: str) -> None:
        """Sign the person's pages in. Pages that are opened meanwhile wait until this holds."""
        cookie = QNetworkCookie(QByteArray(SESSION_COOKIE), QByteArray(value.encode()))
        cookie.setHttpOnly(True)
        cookie.setSecure(self._cloud.scheme() == "https")
        cookie.setSameSitePolicy(QNetworkCookie.SameSite.Strict)
        cookie.setPath("/")
        self._is_ready = False
        self._profile.cookieStore().setCookie(cookie, self._cloud)
        QTimer.singleShot(_COOKIE_MILLISECONDS, self, self._ready)

    def when_ready(self, then: Callable[[], None]) -> None:
        """Do something once the session is set; at once when it is."""
        if self._is_ready:
            then()
        else:
            self._waiting.append(then)

    def new_page(self, parent: QObject) -> GuardedPage:
        """A page of this profile; the first is the one that is up already, and perhaps on its way."""
        page, self._first = self._first, None
        if page is None:
            return GuardedPage(self._profile, self.walls, self._refused, parent)
        page.setParent(parent)
        return page

    def close(self) -> None:
        """End the profile, after its pages."""
        self._hear = self._notice = _unheard
        self._profile.setUrlRequestInterceptor(None)  # type: ignore[arg-type]  # Qt takes a null pointer as "none"
        self._profile.removeAllUrlSchemeHandlers()
        if self._first is not None:
            self._first.deleteLater()
        self._profile.deleteLater()

    def _bring(self, url: QUrl) -> None:
        if self._first is not None:
            self._first.setZoomFactor(self.look.zoom)
            self._first.bring(url)

    def _heard(self, message: PageMessage) -> None:
        self._hear(message)

    def _refused(self, words: str) -> None:
        self._notice(words)

    def _cookie_added(self, cookie: QNetworkCookie) -> None:
        if cookie.name() == SESSION_COOKIE:
            self._ready()

    def _ready(self) -> None:
        self._is_ready = True
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()

    def _refuse_download(self, download: QWebEngineDownloadRequest) -> None:
        # the suggested file name is never looked at: it may lead anywhere
        download.cancel()
        self._refused("A page offered a file to keep. Banyan keeps no files from pages.")


class Interceptor(QWebEngineUrlRequestInterceptor):
    """Blocks what leads outside, pages, their parts and sockets, and what a stopped page would write.

    Args:
        walls: what is inside.
        door: where pages speak to the shell.
    """

    def __init__(self, walls: Walls, door: str) -> None:
        super().__init__()
        self._walls = walls
        self._door = door
        self.stopped: tuple[PageAddress, ...] = ()

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 - Qt's name
        """Judge one request."""
        url, kind = info.requestUrl().toString(), info.resourceType()
        method = bytes(info.requestMethod().data()).decode()
        if url == self._door:
            is_allowed = kind is _Kind.ResourceTypeXhr
        elif kind in _FRAMES:
            is_allowed = self._walls.allow_page(url)
        else:
            is_allowed = self._walls.allow_part(url, is_image_or_font=kind in _PICTURES)
        info.block(not is_allowed or any(one.is_write(method, url) for one in self.stopped))


def _unheard(_said: object) -> None:
    """Before anybody listens."""
