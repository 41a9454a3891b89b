"""What the embedded browser may reach, and the doors of the process that are shut first. No Qt."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from shell.errors import RootRefusedError

PAGE_SCHEME: Final = "banyan"
"""The custom scheme by which pages speak to the shell."""
APP_SCHEME: Final = "banyan-app"
"""The one by which SMART applications do."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SOCKET_SCHEMES: Final = {"ws": "http", "wss": "https"}
_ENVIRONMENT_DOORS: Final = ("QTWEBENGINE", "QT_WEBENGINE", "QML_", "QSG_RHI_", "CHROME_", "CHROMIUM_")
"""Remote debugging, command-line flags, another renderer program: each opens the developer tools or worse."""
_ARGUMENT_DOORS: Final = ("--webengineargs", "--remote-debugging", "--single-process", "-qmljsdebugger")
_ENVIRONMENTS_FOR_ROOT: Final = frozenset({"reference", "training"})


class Sandbox(Enum):
    """Whether Chromium's own sandbox is used."""

    ON = "on"
    OFF = "off"
    """As root, where no record is real. The window must say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Scheme, host and port; two addresses of one origin trust each other (RFC 6454)."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """The origin of an http(s) or ws(s) address; None of anything else, and of what cannot be read."""
    try:
        parts = urlsplit(url)
        scheme = _SOCKET_SCHEMES.get(parts.scheme, parts.scheme)
        port = parts.port or _DEFAULT_PORTS.get(scheme, 0)
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    return Origin(scheme=scheme, host=parts.hostname, port=port)


@dataclass(frozen=True, slots=True)
class Walls:
    """The origins that pages may come from and speak to; all else is outside."""

    origins: frozenset[Origin]

    @classmethod
    def around(cls, urls: Iterable[str]) -> "Walls":
        """Walls around the origins of these addresses."""
        return cls(frozenset(origin for url in urls if (origin := origin_of(url)) is not None))

    def allow_page(self, url: str) -> bool:
        """Whether a page or a frame may be at this address."""
        return url == "about:blank" or origin_of(url) in self.origins

    def allow_part(self, url: str, *, is_image_or_font: bool) -> bool:
        """Whether a page may fetch this: from its own origins, or a picture written into the page itself."""
        if url.startswith("data:"):
            return is_image_or_font
        return origin_of(url) in self.origins

    def allow_speaker(self, origin: str) -> bool:
        """Whether a page of this origin (`null` of a sandboxed frame) may speak to the shell."""
        return origin_of(origin) in self.origins


@dataclass(frozen=True, slots=True)
class AppWalls(Walls):
    """The walls of an application, which is of another origin than the cloud.

    Its pages come from where it is registered, their parts from there and from where it says; of the cloud
    they reach the records and the token endpoint, and no page.

    Attributes:
        part_origins: from which parts may come.
        doors: addresses of the cloud, with all that is below them.
    """

    part_origins: frozenset[Origin]
    doors: tuple[str, ...]

    def allow_part(self, url: str, *, is_image_or_font: bool) -> bool:
        """Whether a page may fetch this."""
        if Walls.allow_part(self, url, is_image_or_font=is_image_or_font):
            return True
        is_door = any(url == door or url.startswith((f"{door}/", f"{door}?")) for door in self.doors)
        return is_door or origin_of(url) in self.part_origins


def scrub_process_doors(environment: MutableMapping[str, str], arguments: list[str]) -> tuple[str, ...]:
    """Take out what would open the browser from outside; the first thing that the shell's `__main__` does.

    Args:
        environment: `os.environ`, changed in place.
        arguments: `sys.argv`, changed in place.

    Returns:
        The names of what was taken out, for the log.
    """
    doors = [name for name in environment if name.upper().startswith(_ENVIRONMENT_DOORS)]
    for name in doors:
        del environment[name]
    shut = [argument for argument in arguments if argument.lower().startswith(_ARGUMENT_DOORS)]
    for position, argument in reversed(list(enumerate(arguments))):
        if argument.lower() == "--webengineargs":
            # everything after it would be Chromium's
            del arguments[position:]
        elif argument in shut:
            del arguments[position]
    return tuple(doors + shut)


def browser_flags(environment: MutableMapping[str, str], *, sandbox: Sandbox, has_gpu: bool) -> None:
    """Set the browser's own settings of the process; after `scrub_process_doors`, before Qt is imported."""
    flags = ["--log-level=3"]
    if not has_gpu:
        flags.append("--disable-gpu")
        environment["QT_QUICK_BACKEND"] = "software"
        # else Qt loads a renderer of another kind only to look for a graphics card: 60 ms of each start
        environment["QT_XCB_GL_INTEGRATION"] = "none"
    environment["QTWEBENGINE_CHROMIUM_FLAGS"] = " ".join(flags)
    if sandbox is Sandbox.OFF:
        environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"


def sandbox_policy(environment: str, *, is_root: bool) -> Sandbox:
    """Whether the browser runs in its sandbox. Chromium has none for root.

    Args:
        environment: what the cloud's functions.json calls itself: live, reference or training.
        is_root: whether the shell runs as root.

    Raises:
        RootRefusedError: as root, anywhere but in a reference practice or in training.
    """
    if not is_root:
        return Sandbox.ON
    if environment in _ENVIRONMENTS_FOR_ROOT:
        return Sandbox.OFF
    raise RootRefusedError(
        f"Banyan does not open a “{environment}” practice as root, because the browser has no sandbox then. "
        "Start it as the person who works with it."
    )
