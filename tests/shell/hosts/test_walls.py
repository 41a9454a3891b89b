"""What the embedded browser may reach, and the doors that are shut before it is made."""

import pytest

from shell.errors import RootRefusedError
from shell.hosts.walls import Sandbox, Walls, browser_flags, origin_of, sandbox_policy, scrub_process_doors

WALLS = Walls.around(["http://127.0.0.1:8123/Y99002/fhir", "https://cloud.example"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8123/patients",
        "https://cloud.example/",
        "https://cloud.example:443/x",
        "HTTPS://CLOUD.EXAMPLE/x",
        "about:blank",
    ],
)
def test_a_page_inside_is_allowed(url: str) -> None:
    assert WALLS.allow_page(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8124/",
        "http://localhost:8123/",
        "https://127.0.0.1:8123/",
        "http://cloud.example/",
        "https://cloud.example.evil.example/",
        "https://cloud.example@evil.example/",
        "https://user@cloud.example/",
        "https://cloud.example:port/",
        "file:///etc/passwd",
        "data:text/html,x",
        "javascript:1",
        "chrome://gpu",
        "banyan://shell/message",
        "",
    ],
)
def test_a_page_outside_is_refused(url: str) -> None:
    assert not WALLS.allow_page(url)


def test_a_socket_belongs_to_the_origin_of_its_page() -> None:
    assert WALLS.allow_part("wss://cloud.example/changes", is_image_or_font=False)
    assert not WALLS.allow_part("ws://cloud.example/changes", is_image_or_font=False)


def test_only_pictures_may_be_written_into_a_page() -> None:
    assert WALLS.allow_part("data:image/png;base64,x", is_image_or_font=True)
    assert not WALLS.allow_part("data:text/javascript,x", is_image_or_font=False)


@pytest.mark.parametrize("origin", ["null", "", "https://evil.example", "banyan://shell"])
def test_a_stranger_may_not_speak(origin: str) -> None:
    assert not WALLS.allow_speaker(origin)
    assert WALLS.allow_speaker("https://cloud.example")


def test_an_address_without_an_origin_has_none() -> None:
    assert origin_of("http://[") is None


def test_what_opens_the_browser_from_outside_is_taken_out_of_environment_and_arguments() -> None:
    environment = {
        "QTWEBENGINE_REMOTE_DEBUGGING": "9222",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--remote-debugging-port=9222",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QTWEBENGINEPROCESS_PATH": "x",
        "PATH": "kept",
    }
    arguments = ["shell", "--cloud", "u", "--remote-debugging-port=1", "--webEngineArgs", "--no-sandbox", "x"]
    named = scrub_process_doors(environment, arguments)
    assert environment == {"PATH": "kept"}
    assert arguments == ["shell", "--cloud", "u"]
    assert "QTWEBENGINE_REMOTE_DEBUGGING" in named


def test_the_browsers_own_settings_are_set_here_and_nowhere_else() -> None:
    environment: dict[str, str] = {}
    browser_flags(environment, sandbox=Sandbox.ON, has_gpu=True)
    assert environment == {"QTWEBENGINE_CHROMIUM_FLAGS": "--log-level=3"}
    browser_flags(environment, sandbox=Sandbox.OFF, has_gpu=False)
    assert environment["QTWEBENGINE_DISABLE_SANDBOX"] == "1"
    assert environment["QT_QUICK_BACKEND"] == "software"
    # with Qt Quick in software only: else views stay black
    assert environment["QT_XCB_GL_INTEGRATION"] == "none"


@pytest.mark.parametrize("environment", ["live", "reference", "training"])
def test_a_person_has_the_sandbox_everywhere(environment: str) -> None:
    assert sandbox_policy(environment, is_root=False) is Sandbox.ON


@pytest.mark.parametrize("environment", ["reference", "training"])
def test_root_goes_without_a_sandbox_where_no_record_is_real(environment: str) -> None:
    assert sandbox_policy(environment, is_root=True) is Sandbox.OFF


@pytest.mark.parametrize("environment", ["live", "", "Reference", "other"])
def test_root_is_refused_everywhere_else(environment: str) -> None:
    with pytest.raises(RootRefusedError, match="as root"):
        sandbox_policy(environment, is_root=True)
