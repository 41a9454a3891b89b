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


def test_the_statement_names_the_format_of_patches(fhir: Caller) -> None:
    assert fhir("GET", "metadata").body["patchFormat"] == ["application/json-patch+json"]


def test_the_statement_says_that_confidentiality_labels_are_enforced(fhir: Caller) -> None:
    (rest,) = fhir("GET", "metadata").body["rest"]
    assert "R and V are enforced" in rest["documentation"]
    assert "security" not in rest  # nobody is asked to sign in at this one


def test_what_is_declared_as_included_is_included(fhir: Caller) -> None:
    statement = fhir("GET", "metadata").body
    resources = {one["type"]: one for one in statement["rest"][0]["resource"]}
    assert resources["Slot"]["searchInclude"] == ["*", "Slot:schedule"]
    assert {"*", "Appointment:slot"} <= set(resources["Slot"]["searchRevInclude"])
    assert "AuditEvent:patient" not in resources["Patient"]["searchRevInclude"]
    asked = 0
    for kind in ("Slot", "Patient", "Practitioner", "Observation", "Bundle"):
        for name in ("searchInclude", "searchRevInclude"):
            for value in resources[kind][name]:
                query = {"_id": "x", name.replace("search", "_").lower(): value}
                assert fhir("GET", kind, query=query, prefer="handling=strict").status == 200, value
                asked += 1
    assert asked > 300


def test_every_declared_interaction_of_every_type_works(fhir: Caller) -> None:
    statement = fhir("GET", "metadata").body["rest"][0]
    statuses = {
        "read": ("GET", "{}/x", None, 404),
        "vread": ("GET", "{}/x/_history/1", None, 404),
        "update": ("PUT", "{}/x", {"resourceType": "{}", "id": "x", "zork": 1}, 422),
        "patch": ("PATCH", "{}/x", [{"op": "remove", "path": "/id"}], 404),
        "delete": ("DELETE", "{}/x", None, 204),
        "history-instance": ("GET", "{}/x/_history", None, 404),
        "history-type": ("GET", "{}/_history", None, 200),
        "create": ("POST", "{}", {"resourceType": "{}", "zork": 1}, 422),
        "search-type": ("GET", "{}", None, 200),
    }
    asked = 0
    for resource in statement["resource"]:
        kind = resource["type"]
        for interaction in resource["interaction"]:
            method, path, body, status = statuses[interaction["code"]]
            sent = body | {"resourceType": kind} if isinstance(body, dict) else body
            answer = fhir(method, path.format(kind), sent)
            assert answer.status == status, (kind, interaction, answer.body)
            asked += 1
        for operation in resource.get("operation", ()):
            method = "POST" if operation["name"] == "validate" else "GET"
            answer = fhir(method, f"{kind}/x/${operation['name']}")
            assert answer.status == 404, (kind, operation, answer.body)
    assert asked > 1300
    system = {one["code"] for one in statement["interaction"]}
    assert system == {"transaction", "batch", "history-system", "search-system"}
    for parameter in statement["searchParam"]:
        value = "2026" if parameter["type"] == "date" else "x"
        query = {"_type": "Patient,Slot", parameter["name"]: value}
        assert fhir("GET", "", query=query, prefer="handling=strict").status == 200


def test_the_audit_is_no_part_of_other_searches(fhir: Caller) -> None:
    for query in ({"_has:AuditEvent:patient:action": "R"}, {"_revinclude": "AuditEvent:patient"}):
        assert fhir("GET", "Patient", query=query).status == 400
    assert fhir("GET", "", query={"_type": "AuditEvent"}).status == 400
