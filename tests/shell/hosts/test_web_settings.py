"""What the embedded browser may do, setting by setting."""

import pytest
from PySide6.QtWebEngineCore import QWebEngineSettings

from shell.errors import BrowserSettingsError
from shell.hosts import web_settings

OFF = (
    "JavascriptCanOpenWindows",
    "LocalContentCanAccessFileUrls",
    "LocalContentCanAccessRemoteUrls",
    "NavigateOnDropEnabled",
    "PdfViewerEnabled",
    "PluginsEnabled",
    "JavascriptCanPaste",
    "FocusOnNavigationEnabled",
)


def test_each_setting_of_this_browser_is_decided_about() -> None:
    assert web_settings.DECIDED.keys() == {attribute.name for attribute in QWebEngineSettings.WebAttribute}


@pytest.mark.parametrize("name", OFF)
def test_what_opens_a_hole_is_off(name: str) -> None:
    assert web_settings.DECIDED[name] is False


def test_a_setting_that_an_upgrade_brought_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(web_settings.DECIDED, "WebGLEnabled")
    with pytest.raises(BrowserSettingsError, match="WebGLEnabled"):
        web_settings.close_down(None)  # type: ignore[arg-type]  # it is refused before it is touched
