"""One practice for all tests of a module: its keys take a while to make."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.web_modules.identity.smart.practice import ORIGIN, SmartPractice, fill, open_practice
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, standard: Standard) -> Iterator[SmartPractice]:
    """A practice whose browser is Dr Nair's."""
    with (
        open_practice(tmp_path_factory.mktemp("cloud"), standard) as cloud,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False) as browser,
        TestClient(cloud.app, base_url=ORIGIN, follow_redirects=False) as program,
    ):
        patients = fill(FhirClient(cloud.services.fhir))
        browser.post("/sign-in", data={"person": "priya.nair"})
        yield SmartPractice(cloud=cloud, browser=browser, program=program, patients=patients)
