"""Checks a resource against HL7's JSON Schema and says in plain words what is wrong, and where.

Each resource type is compiled when its first resource comes, in a few milliseconds; resources inside a
resource are checked by the schema of their own type (see `validator`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs
import orjson

from web_modules.fhir_store.definitions import Definitions
from web_modules.fhir_store.refusals import Issue, IssueCode

MOST_ISSUES = 20
"""Told at once; a resource with more is wrong in a way that the first twenty show."""

_REFERENCE = re.compile(rb"#/definitions/(\w+)")
_STRING = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]+$"
"""HL7's pattern excludes what Unicode calls space beyond ASCII, such as the no-break space; HL7's text only
excludes control characters other than tab, line feed and carriage return (FHIR R4 datatypes.html#string)."""

_TEXT = r"^[ \r\n\t\S]+$"
_LONGEST_TEXT = 1024 * 1024
"""FHIR R4 datatypes.html#string."""

_MENDED_PATTERNS = {
    _TEXT: _STRING,
    r"^\S*$": r"^[^\s\u0000-\u001f]*$",
    r"^[^\s]+(\s[^\s]+)*$": r"^[^\s\u0000-\u001f]+(\s[^\s\u0000-\u001f]+)*$",
}
"""Of texts, addresses and codes: HL7's let control characters through, which no database keeps."""

_XHTML: dict[str, Any] = {"type": "string", "pattern": _STRING}

_COMMENTS: dict[str, Any] = {
    "type": ["array", "string"],
    "pattern": _STRING,
    "items": {"type": "string", "pattern": _STRING},
}
"""`fhir_comments`, which HL7's older tools write and NHS England's examples hold: kept as it is."""

_ANY_RESOURCE: dict[str, Any] = {"type": "object", "required": ["resourceType"]}


class SchemaCheck:
    """The compiled schemas of the types used so far. Safe from every thread."""

    def __init__(self, definitions: Definitions) -> None:
        self._types = {
            name: _mended(kind) for name, kind in definitions.types.items() if name != "ResourceList"
        } | {"ResourceList": _ANY_RESOURCE, "integer64": {"type": "integer"}, "xhtml": _XHTML}
        self._texts = {name: orjson.dumps(kind) for name, kind in self._types.items()}
        self._compiled: dict[str, jsonschema_rs.Draft6Validator] = {}

    def issues(self, resource: Mapping[str, Any], resource_type: str) -> list[Issue]:
        """What is wrong with one resource, at most `MOST_ISSUES`; its inner resources are not looked into."""
        compiled = self._compiled.get(resource_type)
        if compiled is None:
            compiled = self._compiled[resource_type] = self._compile(resource_type)
        found: list[Issue] = []
        try:
            if compiled.is_valid(resource):
                return []
            for error in compiled.iter_errors(resource):
                found.extend(_told(error, resource_type))
                if len(found) >= MOST_ISSUES:
                    break
        except ValueError:  # the library counts 255 levels, more than twice as many as `rules` lets through
            words = "This nests deeper than any record does."
            return [Issue(code=IssueCode.TOO_COSTLY, words=words, expression=resource_type)]
        return found[:MOST_ISSUES]

    def _compile(self, resource_type: str) -> jsonschema_rs.Draft6Validator:
        needed: set[str] = set()
        waiting = [resource_type]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting.extend(match.decode() for match in _REFERENCE.findall(self._texts[name]))
        return jsonschema_rs.Draft6Validator(
            {
                "$ref": f"#/definitions/{resource_type}",
                "definitions": {name: self._types[name] for name in needed},
            }
        )


def expression(root: str, path: Sequence[str | int]) -> str:
    """A path of names and indexes as FHIRPath."""
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _mended(kind: dict[str, Any]) -> dict[str, Any]:
    """One type's schema without prose, and with HL7's two mistakes about strings and lists put right."""
    made = _with_mended_pattern(kind)
    if "properties" in made:
        made["type"] = "object"  # which HL7's leaves unsaid: a text would do for a name
        made["properties"] = {key: _mended_property(one) for key, one in made["properties"].items()}
        made["properties"]["fhir_comments"] = _COMMENTS
    return made


def _mended_property(schema: dict[str, Any]) -> dict[str, Any]:
    made = _with_mended_pattern(schema)
    if made.get("type") == "array":
        name = made["items"].get("$ref", "").rsplit("/", maxsplit=1)[-1]
        if (
            not name or name[0].islower() or name == "Element"
        ):  # a list of primitives may have gaps: json.html
            made["items"] = {"anyOf": [made["items"], {"type": "null"}]}
    return made


def _with_mended_pattern(schema: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key != "description"}
    if "pattern" in made:
        if made["pattern"] == _TEXT:
            made["maxLength"] = _LONGEST_TEXT
        made["pattern"] = _MENDED_PATTERNS.get(made["pattern"], made["pattern"])
    return made


def _told(error: jsonschema_rs.ValidationError, root: str) -> Iterator[Issue]:
    kind = error.kind
    path = list(error.instance_path)
    where = expression(root, path)
    match kind:
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties():
            for name in kind.unexpected[:MOST_ISSUES]:
                yield Issue(
                    code=IssueCode.STRUCTURE,
                    words=f"FHIR R4 has no element {_name(name)} here; remove it or correct its name.",
                    expression=where,
                )
        case jsonschema_rs.ValidationErrorKind.Required():
            yield Issue(
                code=IssueCode.REQUIRED,
                words=f"The element {_name(str(kind.property))} is required and missing.",
                expression=where,
            )
        case jsonschema_rs.ValidationErrorKind.Enum():
            yield Issue(
                code=IssueCode.VALUE,
                words=f"This must be one of the codes {_choices(kind.options)}.",
                expression=where,
            )
        case jsonschema_rs.ValidationErrorKind.Type():
            yield Issue(
                code=IssueCode.STRUCTURE, words=f"This must be {_kinds(kind.types)}.", expression=where
            )
        case jsonschema_rs.ValidationErrorKind.Pattern():
            yield Issue(code=IssueCode.VALUE, words=_pattern_words(kind.pattern), expression=where)
        case jsonschema_rs.ValidationErrorKind.MaxLength():
            words = f"This text is longer than {_LONGEST_TEXT} signs; send it as an attachment."
            yield Issue(code=IssueCode.VALUE, words=words, expression=where)
        case jsonschema_rs.ValidationErrorKind.AnyOf():  # a list of primitives: one of its members is wrong
            yield Issue(
                code=IssueCode.VALUE,
                words="This is not a value of the type that belongs here.",
                expression=where,
            )
        case _:
            yield Issue(code=IssueCode.INVALID, words="This is not valid in FHIR R4.", expression=where)


def _name(text: str) -> str:
    return f"`{text[:64]}`"


def _choices(options: Any) -> str:
    return ", ".join(str(option) for option in list(options)[:12])


def _kinds(types: Any) -> str:
    words = {"array": "a list", "object": "an object", "string": "a text", "number": "a number"}
    words |= {"boolean": "true or false", "null": "empty", "integer": "a whole number"}
    return " or ".join(words.get(str(one), str(one)) for one in types)


def _pattern_words(pattern: str) -> str:
    if pattern == _STRING:
        return "This text is empty, or holds a control character that FHIR forbids."
    if "(T(" in pattern:
        return "This is not a FHIR date or time, such as 2026, 2026-11-17 or 2026-11-17T09:30:00Z."
    if "T([01]" in pattern:
        return "This is not a FHIR instant, such as 2026-11-17T09:30:00Z."
    if "-(0[1-9]|1[0-2])" in pattern:
        return "This is not a FHIR date, such as 2026-11-17."
    if "{1,64}" in pattern:
        return "This is not a FHIR id: 1 to 64 of the signs A-Z, a-z, 0-9, - and ."
    return "This is not of the form that FHIR demands here."
