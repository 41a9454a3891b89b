"""Which writes of pages are refused: late ones, and those of a context that the window has left."""

import time

import pytest

from tests.support.module_web import PRACTICE, ModuleWeb
from tests.web_modules.patients.people import patient, sarah
from web_modules.fhir.client import FhirClient
from web_modules.pages.permits import ReadingTransport


def save(
    web: ModuleWeb, identifier: str, context: str, *, name: str = "Newton", seconds: float | None = 5
) -> int:
    """Save a town under a context, to be done within so many seconds; answers the status."""
    form = web.get(f"patients/{identifier}/edit?context={context}", x_banyan_script="1")
    told = {} if seconds is None else {"x-banyan-deadline": str(int((time.time() + seconds) * 1000))}
    address = f"/{PRACTICE}/patients/{identifier}/edit?context={context}"
    return web.browser.post(address, data=form.fields | {"town": name}, headers=told).status_code


def town(web: ModuleWeb, identifier: str) -> str:
    return str(web.fhir.read("Patient", identifier)["address"][1]["city"])


@pytest.mark.hazard("H01")
def test_a_write_is_refused_once_its_window_has_gone_on_and_its_page_cannot_bring_the_context_back(
    web: ModuleWeb,
) -> None:
    made, other = web.create(sarah()), web.create(patient("Khan", "Aisha", "1988-04-02"))
    web.get(f"patients/{made['id']}?context=one")
    assert save(web, made["id"], "one") == 200
    web.get(f"patients/{other['id']}?context=two")
    for _ in range(2):
        assert save(web, made["id"], "one", name="Elsewhere") == 409
        web.get(f"patients/{made['id']}?context=one")
    assert town(web, made["id"]) == "Newton"


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("seconds", [-0.001, None])
def test_a_write_under_a_context_is_refused_after_its_deadline_and_without_one(
    web: ModuleWeb, seconds: float | None
) -> None:
    made = web.create(sarah())
    web.get(f"patients/{made['id']}?context=one")
    assert save(web, made["id"], "one", seconds=seconds) == 409
    assert town(web, made["id"]) == "Fernbrook"


def test_a_page_alone_in_a_browser_saves_without_scripts(web: ModuleWeb) -> None:
    made = web.create(sarah())
    assert save(web, made["id"], "", seconds=None) == 200
    assert town(web, made["id"]) == "Newton"


def test_one_persons_window_says_nothing_of_anothers(web: ModuleWeb) -> None:
    made = web.create(sarah())
    web.get(f"patients/{made['id']}?context=one")
    web.browser.cookies.clear()
    web.browser.post("/sign-in", data={"person": "marion.webb"})
    web.get(f"patients/{made['id']}?context=two")
    assert save(web, made["id"], "two") == 200


def test_what_only_looks_cannot_write(web: ModuleWeb) -> None:
    with pytest.raises(TypeError):
        FhirClient(ReadingTransport(web.services.fhir)).create(sarah())
