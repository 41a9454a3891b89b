"""Creates, updates and deletes single resources under FHIR's conditions, inside a writing transaction.

FHIR R4 http.html: create, update, delete, their conditional forms, and If-Match.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.database.records import Records, StoredVersion, WritableRecords, new_id
from web_modules.fhir_store.documents import Resource, decode
from web_modules.fhir_store.interactions.patching import Patch
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import SearchReader, check_criteria
from web_modules.fhir_store.search.subsets import is_subset
from web_modules.fhir_store.validation.validator import Validator

ID_FORM = re.compile(r"^[A-Za-z0-9\-.]{1,64}$", re.ASCII)
"""FHIR R4 datatypes.html#id."""

_SAID_BY_PROGRAMS = frozenset({"Basic"})

_ETAG = re.compile(r'^(?:W/)?"?([^"]*)"?$')


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an interaction did.

    Attributes:
        status: the HTTP status that says so.
        version: the version that is now current, or None when there is nothing to show.
    """

    status: int
    version: StoredVersion | None


def version_named(etag: str) -> str:
    """The version in an entity tag: `W/"3"` names 3."""
    match = _ETAG.match(etag.strip())
    return match.group(1) if match else etag


class Interactions:
    """The rules of writing one resource; what is sent whole was validated before."""

    def __init__(self, reader: SearchReader, searcher: Searcher, validator: Validator) -> None:
        self._validator = validator
        self._reader = reader
        self._searcher = searcher

    def create(
        self, records: WritableRecords, resource: Resource, *, if_none_exist: str | None = None
    ) -> Done:
        """Create a resource under a fresh id, or answer the one that the condition finds.

        Raises:
            Refusal: 400, the condition is there and empty; 412, it finds several.
        """
        if if_none_exist is not None:
            if not if_none_exist.strip():
                raise refuse(400, IssueCode.VALUE, "If-None-Exist names no search.")
            existing = self.matching(records, resource["resourceType"], if_none_exist)
            if existing is not None:
                return Done(status=200, version=existing)
        return Done(status=201, version=records.put(resource | {"id": new_id()}, None, method="POST"))

    def update(
        self, records: WritableRecords, resource: Resource, *, if_match: str = "", if_none_match: str = ""
    ) -> Done:
        """Replace a resource, or create it under the id that it brings.

        Raises:
            Refusal: 412, `if_match` is given and names another version than the current one, or
                `if_none_match` is `*` and the resource exists.
        """
        resource_type, resource_id = resource["resourceType"], resource["id"]
        if is_subset(resource):
            words = "This is marked as a part of a resource (SUBSETTED); storing it would lose the rest."
            raise refuse(422, IssueCode.INVARIANT, words, f"{resource_type}.meta.tag")
        previous = records.current(resource_type, resource_id, to=Interaction.UPDATE)
        if if_none_match == "*" and previous is not None and previous.content is not None:
            raise refuse(412, IssueCode.CONFLICT, f"{resource_type}/{resource_id} exists already.")
        _check_match(previous, if_match, resource_type, resource_id)
        version = records.put(resource, previous, method="PUT")
        is_new = previous is None or previous.content is None
        return Done(status=201 if is_new else 200, version=version)

    def patch(
        self,
        records: WritableRecords,
        resource_type: str,
        resource_id: str,
        patch: Patch,
        *,
        if_match: str = "",
    ) -> Done:
        """Change parts of a resource; the result is checked like one that was sent whole.

        Raises:
            Refusal: 403, whoever asks may not read: a patch tells what is there; 404 or 410, there is none;
                412, `if_match` names another version; 422, the patch does not fit, or what it makes is not
                valid.
        """
        if not records.sight.allows(Interaction.READ, resource_type):
            words = f"You may not read {resource_type}, so you may not patch it; send the whole of it (PUT)."
            raise refuse(403, IssueCode.FORBIDDEN, words)
        previous = shown(records.current(resource_type, resource_id), resource_type)
        _check_match(previous, if_match, resource_type, resource_id)
        changed = patch.applied(decode(previous.content or b"null"))
        self._validator.check(changed)
        return Done(status=200, version=records.put(changed, previous, method="PATCH"))

    def conditional_patch(
        self,
        records: WritableRecords,
        resource_type: str,
        condition: str,
        patch: Patch,
        *,
        if_match: str = "",
    ) -> Done:
        """Change parts of the one resource that a search finds.

        Raises:
            Refusal: 404, it finds none; 412, it finds several; else as `patch`.
        """
        existing = self.matching(records, resource_type, condition)
        if existing is None:
            raise nothing_fulfils(resource_type)
        return self.patch(records, resource_type, existing.id, patch, if_match=if_match)

    def conditional_update(
        self,
        records: WritableRecords,
        resource: Resource,
        condition: str,
        *,
        if_match: str = "",
    ) -> Done:
        """Replace the one resource that a search finds, or create it when it finds none.

        Raises:
            Refusal: 412, several match; else as `update_found`.
        """
        existing = self.matching(records, resource["resourceType"], condition)
        return self.update_found(records, resource, existing, if_match=if_match)

    def update_found(
        self,
        records: WritableRecords,
        resource: Resource,
        existing: StoredVersion | None,
        *,
        if_match: str = "",
        fresh_id: str = "",
    ) -> Done:
        """Replace what a search has found, or create it when it found none.

        Args:
            records: the practice's.
            resource: its new content.
            existing: what was found.
            if_match: the version that must be current, or empty.
            fresh_id: under which to create it when it brings no id; drawn when empty.

        Raises:
            Refusal: 400, the body has another id than what was found; 409, its id is taken; else as `update`.
        """
        if existing is None:
            if "id" not in resource:
                if if_match:
                    words = (
                        f"Nothing fulfils the condition, so no {resource['resourceType']} is at that version."
                    )
                    raise refuse(412, IssueCode.CONFLICT, words)
                named = resource | {"id": fresh_id or new_id()}
                return Done(status=201, version=records.put(named, None, method="POST"))
            if records.current(resource["resourceType"], resource["id"]) is not None:
                words = "The search finds nothing, but the id in the body is taken by another resource."
                raise refuse(409, IssueCode.CONFLICT, words)
            return self.update(records, resource, if_match=if_match)
        if resource.get("id", existing.id) != existing.id:
            raise refuse(
                400, IssueCode.INVALID, "The id in the body is not that of the resource that matches."
            )
        return self.update(records, resource | {"id": existing.id}, if_match=if_match)

    def delete(
        self, records: WritableRecords, resource_type: str, resource_id: str, *, if_match: str = ""
    ) -> Done:
        """Delete a resource; one that is gone or never was stays so.

        Raises:
            Refusal: 412, `if_match` is given and names another version than the current one.
        """
        previous = records.current(resource_type, resource_id, to=Interaction.DELETE)
        _check_match(previous, if_match, resource_type, resource_id)
        if previous is None or previous.content is None:
            return Done(status=204, version=previous)
        return Done(status=204, version=records.delete(previous))

    def conditional_delete(self, records: WritableRecords, resource_type: str, condition: str) -> Done:
        """Delete the one resource that a search finds.

        Raises:
            Refusal: 412, several match.
        """
        existing = self.matching(records, resource_type, condition)
        return Done(status=204, version=None if existing is None else records.delete(existing))

    def delete_history(self, records: WritableRecords, resource_type: str, resource_id: str) -> Done:
        """Remove all versions but the current one (FHIR R6 http.html#delete-history).

        Only of what was deleted, and of what programs say of themselves: what a living record said before is
        evidence, and nobody may take it away.

        Raises:
            Refusal: 404, there never was such a resource; 405, it is a record that lives.
        """
        current = records.current(resource_type, resource_id)
        if current is None:
            raise refuse(404, IssueCode.NOT_FOUND, f"There is no {resource_type} with this id.")
        if current.content is not None and resource_type not in _SAID_BY_PROGRAMS:
            words = "Only the history of a deleted resource can be removed: delete it first."
            raise refuse(405, IssueCode.NOT_SUPPORTED, words)
        records.forget_earlier(current)
        return Done(status=204, version=None)

    def matching(self, records: Records, resource_type: str, condition: str) -> StoredVersion | None:
        """The one resource that a condition finds, or None. A condition that is not understood is refused.

        Raises:
            Refusal: 403, whoever asks may not search; 412, several match or the condition is empty; 400, it
                is not understood.
        """
        if not records.sight.allows(Interaction.SEARCH, resource_type):
            words = f"You may not search for {resource_type}, so nothing can be done under a condition."
            raise refuse(403, IssueCode.FORBIDDEN, words)
        pairs = parse_qsl(condition.partition("?")[2] if "?" in condition else condition)
        check_criteria(pairs)
        search = self._reader.read(
            resource_type, [*pairs, ("_count", "2"), ("_total", "none")], is_strict=True
        )
        if not search.branches[0].criteria:
            raise refuse(412, IssueCode.INVALID, "The condition names no search parameter.")
        page = self._searcher.run(records, search)
        if len(page.matches) > 1 or page.following is not None:
            words = f"More than one {resource_type} fulfils the condition, so it is not clear which is meant."
            raise refuse(412, IssueCode.MULTIPLE_MATCHES, words)
        return page.matches[0] if page.matches else None


def shown(version: StoredVersion | None, resource_type: str) -> StoredVersion:
    """A version that can be shown.

    Raises:
        Refusal: 404, there is none; 410, it is a deletion.
    """
    if version is None:
        raise refuse(404, IssueCode.NOT_FOUND, f"There is no {resource_type} with this id.")
    if version.content is None:
        words = f"This {resource_type} was deleted at {version.instant}."
        raise Refusal(410, refuse(410, IssueCode.DELETED, words).issues, headers={"etag": version.etag})
    return version


def nothing_fulfils(resource_type: str) -> Refusal:
    """What to say of a change to the one resource that a search finds, when it finds none."""
    return refuse(404, IssueCode.NOT_FOUND, f"There is no {resource_type} that fulfils the condition.")


def check_id(resource_id: str) -> str:
    """An id of FHIR's form.

    Raises:
        Refusal: 400, it is not.
    """
    if not ID_FORM.match(resource_id):
        raise refuse(400, IssueCode.VALUE, "An id has 1 to 64 of the signs A-Z, a-z, 0-9, - and .")
    return resource_id


def _check_match(previous: StoredVersion | None, if_match: str, resource_type: str, resource_id: str) -> None:
    exists = previous is not None and previous.content is not None
    if not if_match or (exists and if_match.strip() == "*"):
        return
    named = [version_named(one) for one in if_match.split(",")]
    if previous is None or not exists or str(previous.version) not in named:
        now = f"it is {previous.version}" if previous is not None and exists else "it does not exist"
        wanted = " or ".join(named)[:40]
        words = f"{resource_type}/{resource_id} is not at version {wanted} any more; {now}."
        raise refuse(412, IssueCode.CONFLICT, words)
