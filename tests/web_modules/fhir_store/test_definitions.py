from pathlib import Path

import pytest

from web_modules.errors import AssetsMissing
from web_modules.fhir_store.definitions import (
    DEFAULT_FOLDER,
    FILES,
    Definitions,
    install_definitions,
    load_definitions,
)


def test_missing_definitions_say_which_command_brings_them(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match=r"sh installers/setup\.sh"):
        load_definitions(tmp_path)


def test_a_package_without_the_files_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    target = tmp_path / "assets"
    with pytest.raises(AssetsMissing):
        install_definitions(tmp_path / "package", target)
    assert not target.exists()


def test_the_resource_types_are_those_of_r4_only(definitions: Definitions) -> None:
    assert len(definitions.resource_types) == 146
    assert {"Patient", "Slot", "Bundle", "Basic"} <= definitions.resource_types
    assert not {"Project", "Login", "Resource", "DomainResource"} & definitions.resource_types


def test_elements_that_the_packages_makers_added_are_left_out(definitions: Definitions) -> None:
    assert "project" not in definitions.types["Meta"]["properties"]
    assert "resource" not in definitions.types["Reference"]["properties"]


def test_what_the_schema_misses_is_known(definitions: Definitions) -> None:
    assert definitions.facts["Observation"].required == ("status",)
    assert {"deceasedBoolean", "deceasedDateTime"} in definitions.facts["Patient"].choices
    assert definitions.facts["Slot"].targets["schedule"] == {"Schedule"}
    assert "status" in definitions.facts["Appointment_Participant"].required
    assert "birthDate" in definitions.facts["Patient"].summary
    assert "photo" not in definitions.facts["Patient"].summary
    assert "active" in definitions.facts["Patient"].modifiers
    assert definitions.patient_compartment["Observation"] == ("subject", "performer")
    assert "ValueSet" not in definitions.patient_compartment


def test_definitions_of_an_earlier_banyan_are_not_complete(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((DEFAULT_FOLDER / name).read_bytes())
    (tmp_path / "elements.json").write_text('{"resource_types": [], "facts": {}}')
    with pytest.raises(AssetsMissing, match=r"elements\.json is missing or damaged"):
        load_definitions(tmp_path)
