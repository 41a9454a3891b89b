"""What the embedded browser may do, setting by setting: all of them, so that a new one is noticed."""

from typing import Final

from PySide6.QtWebEngineCore import QWebEngineSettings

from shell.errors import BrowserSettingsError

DECIDED: Final = {
    "Accelerated2dCanvasEnabled": False,
    "AllowGeolocationOnInsecureOrigins": False,
    "AllowRunningInsecureContent": False,
    "AllowWindowActivationFromJavaScript": False,  # a page must not take the keys (H25)
    "AutoLoadIconsForPage": False,
    "AutoLoadImages": True,
    "BackForwardCacheEnabled": False,  # it would keep pages of the last patient alive
    "DnsPrefetchEnabled": False,
    "ErrorPageEnabled": False,  # the shell says in its own words what went wrong
    "FocusOnNavigationEnabled": False,  # the same
    "ForceDarkMode": False,
    "FullScreenSupportEnabled": False,  # it would cover the patient banner
    "HyperlinkAuditingEnabled": False,
    "JavascriptCanAccessClipboard": False,
    "JavascriptCanOpenWindows": False,
    "JavascriptCanPaste": False,
    "JavascriptEnabled": True,
    "LinksIncludedInFocusChain": True,
    "LocalContentCanAccessFileUrls": False,
    "LocalContentCanAccessRemoteUrls": False,
    "LocalStorageEnabled": True,  # off the record: in memory only
    "NavigateOnDropEnabled": False,
    "PdfViewerEnabled": False,
    "PlaybackRequiresUserGesture": True,
    "PluginsEnabled": False,
    "PreferCSSMarginsForPrinting": True,
    "PrintElementBackgrounds": True,
    "PrintHeaderAndFooter": False,
    "ReadingFromCanvasEnabled": True,
    "ScreenCaptureEnabled": False,
    "ScrollAnimatorEnabled": False,
    "ShowScrollBars": True,
    "SpatialNavigationEnabled": False,
    "TouchEventsApiEnabled": True,
    "TouchIconsEnabled": False,
    "TrimAccessibilityIdentifiers": True,
    "WebGLEnabled": False,
    "WebRTCPublicInterfacesOnly": True,
    "XSSAuditingEnabled": False,  # Chromium removed the auditor; the page's own policy does its work
}


def close_down(settings: QWebEngineSettings) -> None:
    """Set every setting, and refuse to go on when the browser has one that is not decided about.

    Raises:
        BrowserSettingsError: names the settings that differ; an upgrade of Qt brought or removed them.
    """
    known = {attribute.name: attribute for attribute in QWebEngineSettings.WebAttribute}
    if known.keys() != DECIDED.keys():
        names = ", ".join(sorted(known.keys() ^ DECIDED.keys()))
        raise BrowserSettingsError(
            f"This version of QtWebEngine differs in settings that are not decided about: {names}. "
            "Install the version that Banyan was released with."
        )
    for name, attribute in known.items():
        settings.setAttribute(attribute, DECIDED[name])
    settings.setUnknownUrlSchemePolicy(QWebEngineSettings.UnknownUrlSchemePolicy.DisallowUnknownUrlSchemes)
