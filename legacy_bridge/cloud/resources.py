"""Reads and writes the FHIR resources that make records, each transaction all or nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from legacy_bridge.cloud.abilities import Abilities
from legacy_bridge.cloud.binaries import DOCUMENT, Beside, Binaries
from legacy_bridge.cloud.digits import with_digits
from legacy_bridge.cloud.laying import has_tag, laid_beside, tag_query
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.writing import TOO_LARGE, CloudWriter, is_same
from legacy_bridge.errors import SideUnavailable
from legacy_bridge.mapping.booking import patients_of
from legacy_bridge.mapping.field import relative
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import BINARY, CloudContent, Kind, LinkKey
from legacy_bridge.sides.links import Link
from legacy_bridge.sides.writes import CloudPlan, CloudStep, Outcome, OutcomeKind
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry
from web_modules.fhir.mirror_tasks import RECORD_IDENTIFIER, task_of

_LONGEST = 6000  # signs of ids or identifiers in a search, as they are sent: keeps an address below 8 kB
_PAGE = 200
_NO_SUCH_TYPE = Outcome(
    kind=OutcomeKind.REFUSED,
    refusal=("cloud-keeps-no-such", "The cloud has no place for this type of record: it is in legacy only."),
)
KEEPS_HISTORY = frozenset({400, 403, 404, 405, 422, 501})  # answers of a server without delete-history


class CloudResources:
    """One practice's records on a FHIR server; see `sides.RecordStore`."""

    def __init__(  # noqa: PLR0913 - what it works with, by name
        self,
        client: FhirClient,
        mappings: Mapping[Kind, ResourceMapping],
        ods: str,
        *,
        own: OwnVersions | None = None,
        fence: Callable[[], None] = lambda: None,
        abilities: Callable[[], Abilities] = Abilities,
        base: str = "",
    ) -> None:
        """Look at a server.

        Args:
            client: the server.
            mappings: which resources make records.
            ods: the practice.
            own: is told every version that is made.
            fence: refuses a write of a bridge that lost its lease; asked just before. That the server has no
                part in it is made good by its own conditions: each write names the version that it replaces.
            abilities: what the server can do.
            base: its address; documents name by it what lies beside them.
        """
        self._abilities = abilities
        self._writer = CloudWriter(client, abilities)
        self._fence = fence
        self._own = own or OwnVersions()
        self._client = client
        self._mappings = mappings
        self._ods = ods
        self._binaries = Binaries(client, lambda: (base, abilities().base))

    def read(self, links: Sequence[Link]) -> Mapping[LinkKey, CloudContent]:
        """See `sides.RecordStore`; what is not under the journal's id is looked for by its identifier."""
        found: dict[LinkKey, dict[str, Any]] = {}
        with translated():
            for kind in dict.fromkeys(link.key.kind for link in links):
                mine = [link for link in links if link.key.kind is kind]
                for resource_type in self._mappings[kind].resource_types:
                    for key, resource in self._resources(kind, resource_type, mine):
                        found.setdefault(key, {})[resource_type] = resource
            slots = {f"Slot/{one['Slot']['id']}": key for key, one in found.items() if "Slot" in one}
            appointments = self._appointments(slots)
            beside = self._beside(links, found)
        if not self._abilities().keeps_digits:
            found = {link.key: with_digits(found[link.key], link) for link in links if link.key in found}
        return {
            key: CloudContent(
                link=key,
                resources=one,
                appointments=tuple(appointments.get(key, ())),
                unread=beside[key].unread if key in beside else None,
                awaited=beside[key].awaited if key in beside else None,
            )
            for key, one in found.items()
        }

    def write(self, changes: Sequence[CloudPlan]) -> Mapping[LinkKey, Outcome]:
        """See `sides.RecordStore`; one transaction, taken apart where a record of it is refused.

        Where the server has no transactions, records of one resource go in a batch, and the steps of the
        others one after the other: whatever comes between, the next visit reads what was done.
        """
        self._fence()
        with translated():
            outcomes = {plan.link: _NO_SUCH_TYPE for plan in changes if self._has_no_place(plan)}
            left = [plan for plan in changes if plan.link not in outcomes]
            if self._writer.has_transaction:
                return outcomes | (self._write(left) if left else {})
            outcomes |= self._apart([plan for plan in left if len(plan.steps) == 1])
            for plan in left:
                if plan.link not in outcomes:
                    outcomes |= self._write([plan])
            return outcomes

    def appointments_of(self, patient: str) -> Sequence[Mapping[str, Any]]:
        """See `sides.CloudRecords`."""
        with translated():
            found = self._search("Appointment", {"patient": patient})
        # a server may leave out of a search what it does not know: nobody else's is taken for this patient's
        return [one for one in found if patient in patients_of(one)]

    def contents_of(self, link: Link, content: CloudContent) -> Sequence[Mapping[str, Any]]:
        """See `sides.CloudRecords`."""
        document = content.resources.get(DOCUMENT)
        with translated():
            named = [] if document is None else self._binaries.ever_named(document, link.ids.get(BINARY))
            if not self._abilities().keeps_binaries:
                return named
            known = {one["id"] for one in named}
            found = self._search(BINARY, {"_tag": tag_query(link.key)})
        return [*named, *(one for one in found if one["id"] not in known and has_tag(one, link.key))]

    def tasks_of(self, record: LinkKey, patient: str | None) -> Sequence[Mapping[str, Any]]:
        """See `sides.CloudRecords`."""
        identifier = f"{RECORD_IDENTIFIER}|{record}"
        with translated():
            found = [*self._search("Task", {"identifier": identifier})]
            found += [] if patient is None else self._search("Task", {"patient": patient})
        mine = {str(one["id"]): one for one in found if _tells_of(one, record, patient)}
        return list(mine.values())

    def is_lost(self, reference: str) -> bool:
        """See `sides.CloudRecords`."""
        resource_type, _, resource_id = reference.partition("/")
        with translated():
            try:
                self._client.read(resource_type, resource_id)
            except errors.FhirNotFound:
                return True
            except errors.FhirGone:
                return False
        return False

    def forget(self, references: Collection[str]) -> Collection[str]:
        """See `sides.CloudRecords`; what is there again is left alone."""
        self._fence()
        with translated():
            return [one for one in sorted(references) if not self._is_forgotten(one)]

    def _is_forgotten(self, reference: str) -> bool:
        resource_type, _, resource_id = reference.partition("/")
        try:
            self._client.read(resource_type, resource_id)
        except (errors.FhirGone, errors.FhirNotFound):
            try:
                self._client.delete_history(resource_type, resource_id)
            except errors.FhirError as error:
                if error.status not in KEEPS_HISTORY:
                    raise
                return False
        return True

    def _beside(self, links: Sequence[Link], found: dict[LinkKey, dict[str, Any]]) -> dict[LinkKey, Beside]:
        """What lies beside documents; it is put to what was found of them."""
        beside: dict[LinkKey, Beside] = {}
        for link in links:
            if BINARY not in self._mappings[link.key.kind].beside:
                continue
            document = found.get(link.key, {}).get(DOCUMENT)
            if document is not None:
                beside[link.key] = self._binaries.beside(document, link.ids.get(BINARY))
            elif BINARY in link.ids:
                beside[link.key] = Beside(binary=self._binaries.left_behind(link.ids[BINARY]))
            binary = beside[link.key].binary if link.key in beside else None
            if binary is not None:
                found.setdefault(link.key, {})[BINARY] = binary
        return beside

    def _resources(
        self, kind: Kind, resource_type: str, links: Sequence[Link]
    ) -> Iterator[tuple[LinkKey, dict[str, Any]]]:
        by_id = {link.ids[resource_type]: link.key for link in links if resource_type in link.ids}
        missing = {link.key.key for link in links}
        for chunk in _chunks(list(by_id)):
            for resource in self._search(resource_type, {"_id": ",".join(chunk)}):
                key_by_id = by_id[str(resource["id"])]
                missing.discard(key_by_id.key)
                yield key_by_id, resource
        mapping = self._mappings[kind]
        system = mapping.identifier_system(self._ods)
        # one that is not there any more may have been made again since: the journal may be an old one
        unknown = sorted(missing)
        for chunk in _chunks(unknown, system):
            wanted = ",".join(f"{system}|{key}" for key in chunk)
            for resource in self._search(resource_type, {"identifier": wanted}):
                key = mapping.key_of(resource, self._ods)
                if key is not None and key.key in chunk:
                    yield key, resource

    def _appointments(self, slots: Mapping[str, LinkKey]) -> dict[LinkKey, list[dict[str, Any]]]:
        found: dict[LinkKey, list[dict[str, Any]]] = {}
        for chunk in _chunks(list(slots)):
            for appointment in self._search("Appointment", {"slot": ",".join(chunk)}):
                for one in appointment.get("slot", []):
                    key = slots.get(relative(str(one.get("reference", ""))))
                    if key is not None:
                        found.setdefault(key, []).append(appointment)
        return found

    def _search(self, resource_type: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        if resource_type in self._abilities().keeps_no:
            return []
        return self._client.search(resource_type, {**query, "_count": str(_PAGE)})

    def _has_no_place(self, plan: CloudPlan) -> bool:
        keeps_no = self._abilities().keeps_no
        return any(step.url.partition("/")[0] in keeps_no for step in plan.steps)

    def _apart(self, plans: Sequence[CloudPlan]) -> dict[LinkKey, Outcome]:
        """Write records of one resource each."""
        done = self._writer.apart([_entry(plan.steps[0]) for plan in plans]) if plans else []
        return {
            plan.link: _failed(one)
            if isinstance(one, errors.FhirError)
            else self._outcomes([plan], [one])[plan.link]
            for plan, one in zip(plans, done, strict=True)
        }

    def _write(self, plans: list[CloudPlan]) -> dict[LinkKey, Outcome]:
        laid = self._laid_beside(plans)
        try:
            if len(plans) == 1 or self._writer.fits(_steps_of(laid)):
                return self._transact(laid)
        except (errors.FhirConflict, errors.FhirNotFound, errors.FhirGone) as error:
            if len(plans) == 1:
                return {plans[0].link: _failed(error)}
        except errors.FhirRefused as error:
            if len(plans) == 1 and error.status == TOO_LARGE and _steps_of(laid) > 1:
                return self._write(plans)  # the server takes fewer at once: now one after the other
            if len(plans) == 1:
                return {plans[0].link: _failed(error)}
        middle = len(plans) // 2
        return {**self._write(plans[:middle]), **self._write(plans[middle:])}

    def _laid_beside(self, plans: Sequence[CloudPlan]) -> Sequence[CloudPlan]:
        """The plans with large contents in steps of their own, where the server does both or neither."""
        abilities = self._abilities()
        can = abilities.keeps_binaries and abilities.follows_links and self._writer.has_transaction
        laid = [laid_beside(plan) for plan in plans] if can else plans
        return laid if self._writer.fits(max(map(_steps_of_one, laid), default=0)) else plans

    def _transact(self, plans: Sequence[CloudPlan]) -> dict[LinkKey, Outcome]:
        steps = [(plan, step) for plan in plans for step in plan.steps]
        stored = self._writer.together([_entry(step) for _, step in steps]) if steps else []
        return self._outcomes(plans, stored)

    def _outcomes(
        self, plans: Sequence[CloudPlan], stored: Sequence[Mapping[str, Any]]
    ) -> dict[LinkKey, Outcome]:
        """What some plans came to, by what their steps were answered."""
        steps = [(plan, step) for plan in plans for step in plan.steps]
        ids: dict[LinkKey, dict[str, str]] = {plan.link: {} for plan in plans}
        versions: dict[LinkKey, dict[str, str]] = {plan.link: {} for plan in plans}
        found: set[LinkKey] = set()
        for (plan, step), resource in zip(steps, stored, strict=True):
            if step.method == "DELETE":
                continue
            if not resource:  # somebody has deleted it since
                found.add(plan.link)
                continue
            resource_type = str(resource["resourceType"])
            mapping = self._mappings[plan.link.kind]
            if resource_type in mapping.resource_types or resource_type in mapping.beside:
                ids[plan.link][resource_type] = str(resource["id"])
            if step.resource is not None and is_same(step.resource, resource):
                versions[plan.link][f"{resource_type}/{resource['id']}"] = str(resource["meta"]["versionId"])
                self._own.add([resource])
            elif step.method == "POST":  # it found one that says something else: it is to be read, and merged
                found.add(plan.link)
        return {
            plan.link: Outcome(
                kind=OutcomeKind.CHANGED if plan.link in found else OutcomeKind.WRITTEN,
                ids=ids[plan.link],
                versions=versions[plan.link],
            )
            for plan in plans
        }


def _steps_of_one(plan: CloudPlan) -> int:
    return len(plan.steps)


def _steps_of(plans: Sequence[CloudPlan]) -> int:
    return sum(map(_steps_of_one, plans))


@contextmanager
def translated(*awaited: type[errors.FhirError]) -> Iterator[None]:
    """Translate what the FHIR client raises when the server cannot be had.

    Args:
        awaited: what the caller deals with itself.

    Raises:
        SideUnavailable: try again later.
    """
    try:
        yield
    except awaited:
        raise
    except errors.FhirBusy as error:
        raise SideUnavailable(str(error), retry_after_seconds=error.retry_after_seconds) from error
    except errors.FhirForbidden as error:
        raise SideUnavailable(
            f"The cloud does not let the bridge in: check BANYAN_BRIDGE_TOKEN, or client_key. {error}",
            retry_after_seconds=5.0,
        ) from error
    except errors.FhirError as error:
        raise SideUnavailable(str(error)) from error


def _tells_of(resource: Mapping[str, Any], record: LinkKey, patient: str | None) -> bool:
    """Whether it is a Task of the bridge about them; a server may find more than it was asked for."""
    task = task_of(dict(resource))
    return task is not None and (
        task.record == str(record) or (patient is not None and task.patient == patient)
    )


def _entry(step: CloudStep) -> TransactionEntry:
    return TransactionEntry(
        method=step.method,
        url=step.url,
        resource=None if step.resource is None else dict(step.resource),
        full_url=step.full_url,
        if_match=step.if_match,
        if_none_exist=step.if_none_exist,
    )


def _failed(error: errors.FhirError) -> Outcome:
    """How the write of one record ended that was not done.

    Raises:
        FhirError: nothing can be said of the record: the server is busy, or broken.
    """
    if isinstance(error, errors.FhirConflict | errors.FhirNotFound | errors.FhirGone):
        return Outcome(kind=OutcomeKind.CHANGED)
    if not isinstance(error, errors.FhirRefused):
        raise error
    said = error.issues[0] if error.issues else f"it answered {error.status}"
    return Outcome(
        kind=OutcomeKind.REFUSED,
        refusal=("cloud-refuses", f"The cloud refuses the record: {said}"),
    )


def _chunks(values: Sequence[str], system: str = "") -> Iterator[Sequence[str]]:
    """As many values as an address holds, and an answer's first page, when each stands behind a system."""
    chunk: list[str] = []
    left = _LONGEST
    for value in values:
        length = len(quote(f"{system}|{value},", safe=""))
        if chunk and (length > left or len(chunk) == _PAGE):
            yield chunk
            chunk, left = [], _LONGEST
        chunk.append(value)
        left -= length
    if chunk:
        yield chunk
