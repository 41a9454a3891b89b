"""The functions that the cloud offers, and where their pages are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.module_web import ModuleWeb, module_web
from web_modules.catalogue import FUNCTIONS, NAVIGATION
from web_modules.fhir_store.store import Standard


@pytest.fixture
def web(tmp_path: Path, standard: Standard) -> Iterator[ModuleWeb]:
    """The modules, with somebody signed in."""
    with module_web(tmp_path, standard) as made:
        yield made


def test_functions_have_the_fixed_words() -> None:
    clinical = ["consultations", "prescribing", "results", "documents", "referrals"]
    wanted = ["patients", "appointments", *clinical, "tasks", "organisation"]
    assert [function.id for function in FUNCTIONS] == wanted


@pytest.mark.parametrize("item", NAVIGATION, ids=lambda item: item.page)
def test_every_page_that_is_offered_is_there(web: ModuleWeb, item: object) -> None:
    page = getattr(item, "page", "")
    found = web.get(page)
    assert found.status == 200
    assert found.root["data-function"] == page
    assert found.root["data-patient"] == ""


def test_a_training_page_says_so(tmp_path: Path, standard: Standard) -> None:
    with module_web(tmp_path, standard, environment="training") as web:
        page = web.get("patients")
    assert page.root["data-environment"] == "training"
    assert "TRAINING Nothing here is real. Nothing is sent. Practise freely." in page.text
