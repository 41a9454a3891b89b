"""Changes parts of a resource: JSON Patch (RFC 6902), as FHIR R4 http.html#patch takes it."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import jsonpatch
import jsonpointer

from web_modules.fhir_store.documents import (
    MOST_VALUES,
    Resource,
    decode,
    decode_sent,
    encode,
    has_more_values,
)
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

JSON_PATCH = "application/json-patch+json"

MOST_OPERATIONS = 1000
MOST_COPIED_BYTES = 1_000_000
"""By all operations of a patch: one may copy a part into itself again and again, while other writers wait."""

_STEP = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}|[0-9]{1,9}")
_NAMES = frozenset({"add", "remove", "replace", "move", "copy", "test"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is to be done to a resource, in order."""

    operations: tuple[Mapping[str, Any], ...]

    def applied(self, resource: Resource) -> Resource:
        """The resource after the patch; what was given stays as it is.

        Raises:
            Refusal: 422, an operation does not fit the resource, a test fails, or the result is another one.
        """
        changed: Any = decode(encode(resource))
        copied_bytes = 0
        for index, operation in enumerate(self.operations):
            try:
                if operation["op"] == "copy":
                    copied_bytes += len(encode(jsonpointer.resolve_pointer(changed, operation["from"])))
                    if copied_bytes > MOST_COPIED_BYTES:
                        raise refuse(
                            413, IssueCode.TOO_COSTLY, "The patch copies too much; send it in parts."
                        )
                changed = jsonpatch.JsonPatch([operation]).apply(changed, in_place=True)
            except jsonpatch.JsonPatchTestFailed as error:
                raise _refused(
                    index, operation, resource, "The value is not the one that is expected here."
                ) from error
            except (
                jsonpatch.JsonPatchException,
                jsonpointer.JsonPointerException,
                TypeError,
                ValueError,
                LookupError,
                AttributeError,
                RecursionError,
            ) as error:  # the library lets Python's own errors out where the document has another form
                raise _refused(
                    index, operation, resource, "The operation does not fit the resource."
                ) from error
        if not isinstance(changed, dict) or any(
            changed.get(name) != resource[name] for name in ("resourceType", "id")
        ):
            raise refuse(422, IssueCode.INVARIANT, "A patch must leave the type and the id as they are.")
        return changed


def read_patch(body: bytes) -> Patch:
    """Understand a JSON Patch document.

    Raises:
        Refusal: 400, it is not one.
    """
    if has_more_values(body, MOST_VALUES):
        raise refuse(
            413, IssueCode.TOO_COSTLY, "The patch holds more values than any record; send it in parts."
        )
    try:
        operations = decode_sent(body)
    except ValueError as error:
        raise refuse(400, IssueCode.STRUCTURE, f"The patch is not JSON that can be read: {error}.") from error
    if not isinstance(operations, list) or not all(map(_is_operation, operations)):
        words = "A JSON Patch is a list of operations, each with `op` and `path` (RFC 6902)."
        raise refuse(400, IssueCode.STRUCTURE, words)
    if len(operations) > MOST_OPERATIONS:
        words = f"A patch may have {MOST_OPERATIONS} operations; send it in parts."
        raise refuse(413, IssueCode.TOO_COSTLY, words)
    return Patch(operations=tuple(operations))


def read_patch_binary(resource: Any) -> Patch:
    """The patch in a bundle's entry: a Binary with the patch as its data.

    Raises:
        Refusal: 400, it is not one.
    """
    is_binary = isinstance(resource, dict) and resource.get("resourceType") == "Binary"
    if (
        not is_binary
        or resource.get("contentType") != JSON_PATCH
        or not isinstance(resource.get("data"), str)
    ):
        words = f"A PATCH in a Bundle needs a Binary with contentType {JSON_PATCH} and the patch as data."
        raise refuse(400, IssueCode.INVALID, words)
    try:
        body = base64.b64decode(resource["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse(400, IssueCode.INVALID, "The Binary's data is not base64.") from error
    return read_patch(body)


def _is_operation(operation: Any) -> bool:
    if not isinstance(operation, dict):
        return False
    if not isinstance(operation.get("op"), str) or not isinstance(operation.get("path"), str):
        return False
    if operation["op"] not in _NAMES:
        return False
    if operation["op"] in {"move", "copy"}:
        return isinstance(operation.get("from"), str)
    return operation["op"] == "remove" or "value" in operation


def _refused(index: int, operation: Mapping[str, Any], resource: Resource, words: str) -> Refusal:
    words = f"Operation {index + 1} of the patch: {words}"
    return refuse(422, IssueCode.INVARIANT, words, _place(resource["resourceType"], operation["path"]))


def _place(resource_type: str, pointer: str) -> str:
    """A JSON Pointer as FHIRPath, as far as it names elements and places in lists."""
    steps = takewhile(_STEP.fullmatch, pointer.split("/")[1:])
    return resource_type + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)
