"""Which desktop this is, and what can host foreign windows on it."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtGui import QNativeInterface as Native

from shell.errors import NativeNotBuiltError
from shell.native.interface import NativeWindows
from shell.native.x11 import X11Windows


def native_windows(application: QGuiApplication) -> NativeWindows:
    """The windows of the desktop that the application runs on. Call it once an application.

    Raises:
        NativeNotBuiltError: hosting is not built for this desktop; the message says what to do.
    """
    platform = application.platformName()
    if platform == "xcb":
        x11 = application.nativeInterface()
        if isinstance(x11, Native.QX11Application):
            windows = X11Windows(x11.connection())
            application.installNativeEventFilter(windows)
            return windows
    if platform == "wayland":
        raise NativeNotBuiltError(
            "Wayland lets no program take in another's window. Start Banyan with QT_QPA_PLATFORM=xcb."
        )
    raise NativeNotBuiltError(
        f"Hosting a legacy program's window is built for X11 and not yet for “{platform}”. "
        "Use the legacy program in its own window; the pages work as usual."
    )
