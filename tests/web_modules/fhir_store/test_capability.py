from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from tests.web_modules.fhir_store.conftest import Caller


def test_every_declared_search_parameter_works(fhir: Caller) -> None:
    statement = fhir("GET", "metadata").body
    values = {
        "date": "2026",
        "number": "1",
        "quantity": "1",
        "reference": "x",
        "token": "x",
        "uri": "x",
        "string": "x",
        "composite": "x$1",
    }
    declared = 0
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            query = {parameter["name"]: values[parameter["type"]]}
            if parameter["name"] == "code-value-date":
                query = {parameter["name"]: "x$2026"}
            answer = fhir("GET", resource["type"], query=query, prefer="handling=strict")
            assert answer.status == 200, (resource["type"], parameter["name"], answer.body)
            declared += 1
    assert declared > 1900


def test_the_statement_is_valid_for_others(fhir: Caller) -> None:
    statement = fhir("GET", "metadata").body
    read = CapabilityStatement.model_validate(statement)
    assert read.fhirVersion == "4.0.1"
    assert statement["implementation"] == {"description": "a test", "url": "http://cloud.example/Y99002/fhir"}
    assert len(statement["rest"][0]["resource"]) == 146


def test_what_is_declared_as_included_is_included(fhir: Caller) -> None:
    statement = fhir("GET", "metadata").body
    slot = next(one for one in statement["rest"][0]["resource"] if one["type"] == "Slot")
    assert slot["searchInclude"] == ["Slot:schedule"]
    assert fhir("GET", "Slot", query={"_include": "Slot:schedule"}, prefer="handling=strict").status == 200
