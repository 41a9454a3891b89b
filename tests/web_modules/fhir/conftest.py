"""What the tests of the published client share."""

from collections.abc import Iterator

import pytest

from tests.web_modules.fhir.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    made = ScriptedServer()
    yield made
    made.close()
