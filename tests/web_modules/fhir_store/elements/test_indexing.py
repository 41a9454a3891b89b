import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir_store.elements.indexing import LONGEST_KEY, Indexer, fold, key_text, split_reference
from web_modules.fhir_store.elements.parameters import ParameterCatalogue, ParameterKind, parameter_number

BASE = "http://cloud.example/Y99002/fhir"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ñandú", "nandu"),
        ("  Van   der\tBerg ", "van der berg"),
        ("O'Neill", "o'neill"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_texts_are_compared_without_case_accents_and_spaces(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=1000), st.text(max_size=1000))
def test_long_keys_are_short_and_still_tell_texts_apart(one: str, other: str) -> None:
    assert len(key_text(one)) <= LONGEST_KEY
    assert (key_text(one) == key_text(other)) == (one == other)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Patient/1", ("Patient", "1")),
        (f"{BASE}/Patient/1", ("Patient", "1")),
        ("Patient/1/_history/3", ("Patient", "1")),
        ("http://elsewhere.example/fhir/Patient/1", ("", "http://elsewhere.example/fhir/Patient/1")),
        (
            "urn:uuid:00000000-0000-0000-0000-000000000000",
            ("", "urn:uuid:00000000-0000-0000-0000-000000000000"),
        ),
    ],
)
def test_only_references_into_this_store_are_taken_apart(address: str, expected: tuple[str, str]) -> None:
    assert split_reference(address, BASE) == expected


def test_each_kind_of_value_is_indexed(catalogue: ParameterCatalogue) -> None:
    rows = Indexer(catalogue).rows(
        {
            "resourceType": "Observation",
            "id": "o",
            "meta": {"tag": [{"system": "t", "code": "x"}], "profile": ["http://p.example"]},
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "1"}, {"code": "2"}], "text": "words"},
            "subject": {"reference": "Patient/1", "identifier": {"system": "s", "value": "v"}},
            "effectiveDateTime": "2026-11-17",
            "valueQuantity": {"value": 5, "system": "http://unitsofmeasure.org", "code": "mg"},
        }
    )

    def number(code: str) -> int:
        return parameter_number("Observation", code)

    assert (number("code"), "http://loinc.org", "1") in rows[ParameterKind.TOKEN]
    assert (number("code"), "", "2") in rows[ParameterKind.TOKEN]
    assert (number("status"), "", "final") in rows[ParameterKind.TOKEN]
    assert (number("_tag"), "t", "x") in rows[ParameterKind.TOKEN]
    assert (number("subject:identifier"), "s", "v") in rows[ParameterKind.TOKEN]
    assert (number("patient"), "Patient", "1") in rows[ParameterKind.REFERENCE]
    assert (number("_profile"), "http://p.example") in rows[ParameterKind.URI]
    milligrams = (number("value-quantity"), 5.0, 5.0, "http://unitsofmeasure.org", "mg")
    assert milligrams in rows[ParameterKind.QUANTITY]
    assert [row[0] for row in rows[ParameterKind.DATE]] == [number("date")]
