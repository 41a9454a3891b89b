"""The window's half of a launch against the real cloud: what it asks, and for whom it will not ask."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from shell.errors import CloudError
from shell.functions import CloudOffer, read_offer
from shell.hosts.smart.launching import AppLaunch, LaunchWish, is_of_launch, launch, let_in
from shell.meeting import fetch, sign_in
from tests.support.threaded_server import asgi_served
from tests.web_modules.identity.smart.practice import CHALLENGE, REDIRECT, fill, open_practice
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window in which Dr Nair is signed in."""

    offer: CloudOffer
    session: str
    patient: str

    def wish(self, patient: str | None = None) -> LaunchWish:
        """An application for a patient."""
        return LaunchWish(app=self.offer.apps[0], patient=patient, theme="light", handle="h" * 43)

    def asks(self, made: AppLaunch, **changed: str) -> str:
        """Where the application sends people to be let in."""
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": REDIRECT,
            "scope": "openid launch patient/*.rs",
            "state": "s",
            "aud": self.offer.fhir,
            "launch": made.launch,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{made.authorize}?{urlencode(asked | changed)}"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[Window]:
    """It, and a cloud that is served."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        folder = tmp_path_factory.mktemp("cloud")
        cloud = stack.enter_context(open_practice(folder, standard, public_url=origin))
        patient, _ = fill(FhirClient(cloud.services.fhir))
        stack.enter_context(asgi_served(cloud.app, listening))
        offer = read_offer(fetch(f"{origin}/functions.json"), is_training=False)
        session = sign_in(origin, "priya.nair").session
        yield Window(offer=offer, session=session, patient=patient)


def test_a_person_of_the_window_lets_the_application_in_without_being_asked(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish(window.patient))
    assert made.address.startswith("https://app.example/launch?iss=")
    assert window.session not in made.address
    asked = window.asks(made)
    assert is_of_launch(made, asked)
    onward = urlsplit(let_in(made, window.session, asked))
    assert f"{onward.scheme}://{onward.netloc}{onward.path}" == REDIRECT
    assert set(parse_qs(onward.query)) == {"code", "state", "iss"}


def test_only_the_applications_own_request_for_its_launch_is_taken_there(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish(window.patient))
    for changed in ({"launch": "another"}, {"client_id": "rival"}):
        assert not is_of_launch(made, window.asks(made, **changed))
    for address in (
        window.asks(made) + "&client_id=rival",
        window.asks(made).replace("/auth/authorize", "/auth/authorize/x"),
        window.asks(made).replace("http://127.0.0.1", "http://127.0.0.1.evil.example"),
    ):
        assert not is_of_launch(made, address)


def test_an_answer_for_another_origin_is_not_followed(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish(window.patient))
    elsewhere = replace(made.wish.app, origins=frozenset({"https://app.example.evil.example"}))
    other = replace(made, wish=replace(made.wish, app=elsewhere))
    with pytest.raises(CloudError, match="was not let in"):
        let_in(other, window.session, window.asks(made))


def test_a_launch_counts_once_and_the_application_is_told_so(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish(window.patient))
    let_in(made, window.session, window.asks(made))
    onward = let_in(made, window.session, window.asks(made))
    assert "error=invalid_request" in onward


def test_an_application_without_a_patient_is_said_to_want_one(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish())
    with pytest.raises(CloudError, match="asks for a patient"):
        let_in(made, window.session, window.asks(made))


def test_what_is_asked_wrongly_lets_nobody_in(window: Window) -> None:
    made = launch(window.offer, window.session, window.wish(window.patient))
    with pytest.raises(CloudError, match="was not let in"):
        let_in(made, window.session, window.asks(made, redirect_uri="https://evil.example/back"))


def test_who_is_signed_out_is_told_so(window: Window) -> None:
    with pytest.raises(CloudError, match="signed out"):
        launch(window.offer, "no session", window.wish(window.patient))
    made = launch(window.offer, window.session, window.wish(window.patient))
    with pytest.raises(CloudError, match="signed out"):
        let_in(made, "no session", window.asks(made))


def test_a_patient_whom_nobody_knows_is_said_to_be_unknown(window: Window) -> None:
    with pytest.raises(CloudError, match=r"Growth charts cannot be opened\. There is no such patient"):
        launch(window.offer, window.session, window.wish("nobody"))


def test_a_cloud_that_is_silent_is_said_to_be(window: Window) -> None:
    silent = replace(window.offer, launch="http://127.0.0.1:9/launch")
    with pytest.raises(CloudError, match="does not answer"):
        launch(silent, window.session, window.wish(window.patient))


def test_the_session_goes_to_no_other_server(window: Window) -> None:
    elsewhere = replace(window.offer, fhir=window.offer.fhir.replace("127.0.0.1", "localhost"))
    with pytest.raises(CloudError, match="another server"):
        launch(elsewhere, window.session, window.wish(window.patient))
