from web_modules.fhir_store.definitions import Definitions
from web_modules.fhir_store.elements.parameters import ParameterCatalogue, ParameterKind


def test_every_type_has_its_standard_parameters(
    catalogue: ParameterCatalogue, definitions: Definitions
) -> None:
    for resource_type in definitions.resource_types:
        assert {"_id", "_lastUpdated", "_tag", "_profile", "_security"} <= set(catalogue.of(resource_type))


def test_the_parameters_of_a_patient_are_hl7s(catalogue: ParameterCatalogue) -> None:
    parameters = catalogue.of("Patient")
    assert parameters["identifier"].kind is ParameterKind.TOKEN
    assert parameters["birthdate"].kind is ParameterKind.DATE
    assert parameters["general-practitioner"].targets == {"Practitioner", "PractitionerRole", "Organization"}
    assert parameters["address-postalcode"].kind is ParameterKind.STRING


def test_what_cannot_be_compared_as_promised_is_not_known(catalogue: ParameterCatalogue) -> None:
    assert "phonetic" not in catalogue.of("Patient")
    assert "near" not in catalogue.of("Location")
    assert "_text" not in catalogue.of("Patient")
    assert "near" in catalogue.unsupported("Location")
    assert {"phonetic", "_text", "_content"} <= catalogue.unsupported("Patient")


def test_the_parts_of_a_composite_are_found_beside_each_other(catalogue: ParameterCatalogue) -> None:
    combined = catalogue.of("Observation")["combo-code-value-quantity"].pairings
    assert [pairing.base.name for pairing in combined] == ["", "component"]
    alone = catalogue.of("Observation")["code-value-quantity"].pairings
    assert alone[0].stem == combined[0].stem  # what both find is in the index once
    relationship = catalogue.of("DocumentReference")["relationship"].pairings[0]
    assert (relationship.first.code, relationship.second.code) == ("relation", "relatesto")
    assert catalogue.of("Observation")["code-value-date"].pairings[0].second.routes[0].type == "dateTime"


def test_almost_every_expression_of_hl7_is_understood(
    catalogue: ParameterCatalogue, definitions: Definitions
) -> None:
    left_out = {
        (base, declared["code"])
        for declared in definitions.search_parameters
        for base in declared["base"]
        if base in definitions.resource_types and declared["type"] != "special"
        if declared["code"] not in catalogue.of(base) and declared["code"] != "phonetic"
    }
    sequences = ("chromosome-variant", "chromosome-window", "referenceseqid-variant", "referenceseqid-window")
    three_parts = {("MolecularSequence", f"{name}-coordinate") for name in sequences}
    assert left_out == {("Bundle", "composition"), ("Bundle", "message")} | three_parts


def test_the_start_of_a_slot_is_one_moment(catalogue: ParameterCatalogue) -> None:
    assert catalogue.of("Slot")["start"].is_point
    assert not catalogue.of("Patient")["birthdate"].is_point
