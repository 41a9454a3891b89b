"""What the cloud offers, and that a cloud of another environment is refused."""

import json
from typing import Any

import pytest

from shell.errors import CloudError, WrongEnvironmentError
from shell.functions import read_offer
from web_modules.decision.words import Environment, Function


def _document(**given: Any) -> bytes:
    document = {
        "environment": "reference",
        "today": "2026-11-17",
        "practice": {"ods": "Y99002", "name": "Fernbrook Surgery"},
        "fhir": "http://127.0.0.1:1/Y99002/fhir",
        "functions": [
            {
                "id": "patients",
                "title": "Patients",
                "capability": "C13",
                "url": "http://127.0.0.1:1/Y99002/patients",
                "patient_url": "http://127.0.0.1:1/Y99002/patients/{patient}",
                "needs_patient": False,
            },
            {"id": "results", "title": "Results", "capability": "C8", "url": None, "patient_url": None},
            {"id": "astrology", "title": "Of a later version", "url": None},
        ],
    }
    return json.dumps(document | given).encode()


def test_offer_names_the_practice_and_its_functions() -> None:
    offer = read_offer(_document(), is_training=False)
    assert (offer.environment, offer.ods, str(offer.today)) == (Environment.REFERENCE, "Y99002", "2026-11-17")
    assert [one.function for one in offer.functions] == [Function.PATIENTS, Function.RESULTS]
    assert offer.pages_of(Function.PATIENTS).has_module
    assert not offer.pages_of(Function.RESULTS).has_module


@pytest.mark.hazard("H21")
@pytest.mark.parametrize(
    ("environment", "is_training"),
    [("training", False), ("live", True), ("reference", True)],
)
def test_cloud_of_another_environment_is_refused(environment: str, *, is_training: bool) -> None:
    with pytest.raises(WrongEnvironmentError, match=environment):
        read_offer(_document(environment=environment), is_training=is_training)


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"environment": "live"}', _document(environment="staging")]
)
def test_answer_that_is_no_offer_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(CloudError, match="cannot be read"):
        read_offer(content, is_training=False)
