"""Publishes how the mirror stands: a Basic for each function, a Task for what waits for a person."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from legacy_bridge.cloud.abilities import Abilities
from legacy_bridge.cloud.own import OwnVersions
from legacy_bridge.cloud.resources import KEEPS_HISTORY, translated
from legacy_bridge.cloud.writing import CloudWriter
from legacy_bridge.merge.identity import told_fields
from legacy_bridge.merge.policy import IDENTITY
from legacy_bridge.records import CLINICAL, Kind
from legacy_bridge.sides.listings import ListedConflict, News, Quarantined
from legacy_bridge.wording import Names, side_in_words, unit_in_words
from web_modules.decision.words import Function
from web_modules.fhir import errors
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.mirror_answers import ACCEPTED, DECIDED, Answer, answer_of
from web_modules.fhir.mirror_status import FRESHNESS_IDENTIFIER, Freshness, freshness_resource
from web_modules.fhir.mirror_tasks import TASK_IDENTIFIER, MirrorTask, TaskKind, task_resource
from web_modules.fhir.resource_json import Resource


class FhirBoard:
    """The board of one practice on the server that it is mirrored to; see `sides.Board`. One thread."""

    def __init__(
        self,
        client: FhirClient,
        own: OwnVersions | None = None,
        abilities: Callable[[], Abilities] = Abilities,
    ) -> None:
        self._client = client
        self._writer = CloudWriter(client, abilities)
        self._own = own or OwnVersions()
        self._ids: dict[tuple[str, str], str] = {}
        self._tags: dict[str, str] = {}
        self._said: dict[str, Freshness] = {}

    def publish(self, news: News) -> None:
        """See `sides.Board`."""
        fresh = {function.value: _freshness(function, news) for function in news.functions}
        new = [one for name, one in fresh.items() if one.is_mirrored or self._is_news(name, one)]
        resources = [freshness_resource(one) for one in new]
        with translated():
            self._find(resources)
            resources += self._tasks(news)
            entries = [self._entry(resource) for resource in resources]
            stored = self._writer.every(entries) if entries else []
        self._said.update({one.function: one for one in new})
        self._own.add(stored)
        for resource, answer in zip(resources, stored, strict=True):
            self._ids[_name(resource)] = str(answer["id"])

    def answers(self) -> Sequence[Answer]:
        """See `sides.Board`."""
        with translated():
            found = self._client.search(
                "Task", {"identifier": f"{TASK_IDENTIFIER}|", "status": f"{ACCEPTED},{DECIDED}"}
            )
        return [answer for task in found if (answer := answer_of(task)) is not None]

    def tidy(self) -> None:
        """See `sides.Board`."""
        with translated():
            for resource_type, name in list(self._ids):
                if resource_type == "Basic":
                    try:
                        self._client.delete_history("Basic", self._ids[resource_type, name])
                    except errors.FhirError as error:
                        if error.status not in KEEPS_HISTORY:
                            raise

    def _is_news(self, function: str, found: Freshness) -> bool:
        """Whether more than the time has changed: all that may be said of a function that is not mirrored."""
        before = self._said.get(function)
        return before is None or before != replace(
            found, watermark=before.watermark, published_at=before.published_at
        )

    def _tasks(self, news: News) -> list[Resource]:
        """The Tasks of what waits as they are to be; those that were shown and are over are closed."""
        wanted = [
            task_resource(task)
            for listed in (
                *(_conflict_task(one, news) for one in news.conflicts if one.state == "open"),
                *(_quarantine_task(one, news.names) for one in news.quarantined if one.is_open),
            )
            for task in _one_a_patient(*listed, news.patients)
        ]
        names = {_name(one) for one in wanted}
        groups = [*(one.digest for one in news.conflicts), *(one.subject for one in news.quarantined)]
        shown = {
            _name(task): task
            for chunk in _chunks([f"{TASK_IDENTIFIER}|{group}" for group in groups])
            for parameter in ("identifier", "group-identifier")
            for task in self._client.search("Task", {parameter: ",".join(chunk)})
            if not _groups(task).isdisjoint(chunk)  # a server may answer more than it was asked for
        }
        self._ids = {name: known for name, known in self._ids.items() if name[0] != "Task"}
        self._ids.update({name: str(one["id"]) for name, one in shown.items()})
        self._tags = {str(one["id"]): version_of(one) for one in shown.values()}
        closed = [
            {**task, "status": "completed", "businessStatus": {"text": "Over"}}
            for name, task in shown.items()
            if name not in names and task["status"] != "completed"
        ]
        return [*wanted, *closed]

    def _find(self, resources: Sequence[Resource]) -> None:
        unknown = [_name(one)[1] for one in resources if _name(one) not in self._ids]
        for chunk in _chunks([f"{FRESHNESS_IDENTIFIER}|{value}" for value in unknown]):
            for found in self._client.search("Basic", {"identifier": ",".join(chunk)}):
                if _is_ours(found, FRESHNESS_IDENTIFIER):
                    self._ids[_name(found)] = str(found["id"])

    def _entry(self, resource: Resource) -> TransactionEntry:
        resource_type, value = _name(resource)
        found = self._ids.get((resource_type, value))
        if found is not None:
            return TransactionEntry(
                method="PUT",
                url=f"{resource_type}/{found}",
                resource={**resource, "id": found},
                if_match=self._tags.get(found),  # of a Task, which somebody may answer in this moment
            )
        system = resource["identifier"][0]["system"]
        return TransactionEntry(
            method="POST", url=resource_type, resource=resource, if_none_exist=f"identifier={system}|{value}"
        )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(values), 50):
        yield values[at : at + 50]


def _groups(task: Resource) -> set[str]:
    """The two names by which a Task is searched."""
    names = [*task.get("identifier", [])[:1], task.get("groupIdentifier", {})]
    return {f"{one.get('system')}|{one.get('value')}" for one in names}


def _is_ours(resource: Resource, system: str) -> bool:
    return any(one.get("system") == system for one in resource.get("identifier", [])[:1])


def _name(resource: Resource) -> tuple[str, str]:
    return str(resource["resourceType"]), str(resource["identifier"][0]["value"])


def _freshness(function: Function, news: News) -> Freshness:
    standing = news.standing
    kinds = [kind for kind in Kind if kind.function is function]
    oldest = [standing.oldest[kind] for kind in kinds if kind in standing.oldest]
    leads, is_mirrored = news.functions[function]
    counted = [standing.counted[kind] for kind in kinds if kind in standing.counted]
    is_counted = len(counted) == len(kinds)
    return Freshness(
        function=function.value,
        watermark=min([news.known, *oldest]),
        published_at=news.now,
        leads=leads.value,
        is_mirrored=is_mirrored,
        waiting=sum(standing.waiting.get(kind, 0) for kind in kinds),
        conflicts=sum(standing.conflicts.get(kind, 0) for kind in kinds),
        quarantined=sum(standing.quarantined.get(kind.value, 0) for kind in kinds),
        withheld=sum(standing.withheld.get(kind, 0) for kind in kinds),
        matched=sum(one.matched for one in counted) if is_counted else None,
        total=sum(one.total for one in counted) if is_counted else None,
        stopped=news.stopped,
    )


def _one_a_patient(
    task: MirrorTask, concerned: Collection[str], ids: Mapping[str, str]
) -> Iterator[MirrorTask]:
    """A Task for each patient whom it concerns: a slot booked twice is shown on both.

    The first, or the only one where nobody can be named, bears the key itself.
    """
    patients = sorted({ids[name] for name in concerned if name in ids})
    for number, patient in enumerate(patients or [None]):
        yield replace(
            task,
            key=task.key if number == 0 else f"{task.key}.{patient}",
            patient=None if patient is None else f"Patient/{patient}",
            group=task.key,
        )


def _conflict_task(listed: ListedConflict, news: News) -> tuple[MirrorTask, Collection[str]]:
    names = news.names
    said = listed.conflict
    unit = told_fields(listed.link.kind, said)
    about = names.get(listed.link, f"this {listed.link.kind.value}")
    show = f"(banyan-bridge conflicts show {listed.number})"
    words = (
        f"Both screens changed the {unit_in_words(said.unit)} of {about}, "
        "to different values, and both are kept. Decide on the conflict desk, or make one screen say what "
        f"is right, then the other. {show}"
    )
    title = f"The {unit_in_words(said.unit)} differs" if unit else f"The record is {said.unit}"
    if said.unit == IDENTITY.name:
        title = "One side says somebody else"
        words = (
            f"Of {about} one screen says all at once that they are somebody else. No name, number, date of "
            f"birth or address travels until somebody has looked: decide on the conflict desk. {show}"
        )
    elif "merged_into" in said.cloud:
        title = "Merged in the cloud alone"
        words = (
            f"The cloud says that the record of {about} was merged into another. Merge them in the legacy "
            "program, and the whole record follows; or keep its side on the conflict desk, and the cloud's "
            f"merge is taken back. {show}"
        )
    if not unit:
        words = f"The record of {about} is {said.unit}: somebody has to say whether it stays."
    is_shown = bool(unit) and listed.link in names
    sides = (
        ("The legacy program says", said.legacy),
        ("The cloud says", said.cloud),
        ("Both agreed before on", {name: said.base[name] for name in unit if name in said.base}),
    )
    task = MirrorTask(
        key=listed.digest,
        kind=TaskKind.CONFLICT,
        is_open=True,
        about=None,
        patient=None,
        words=words,
        since=listed.since.replace(tzinfo=UTC),
        owner=listed.owner,
        is_urgent=listed.is_escalated,
        said=tuple((who, side_in_words(fields, unit, names)) for who, fields in sides if is_shown),
        record=str(listed.link),
        seen=listed.seen if listed.link in names else "",
        refused=listed.refused,
        title=title,
        is_clinical=listed.link.kind in CLINICAL,
        fields=news.enterable.get(listed.digest, ()) if is_shown else (),
    )
    return task, [str(key) for key in listed.patients()]


def _quarantine_task(held: Quarantined, names: Names) -> tuple[MirrorTask, Collection[str]]:
    is_stray = held.subject[:1].isupper()  # `Patient/1`, not `patient/…`
    about = next((name for key, name in names.items() if str(key) == held.subject), "")
    task = MirrorTask(
        key=held.subject,
        kind=TaskKind.QUARANTINE,
        is_open=True,
        about=held.subject if is_stray else None,
        patient=None,
        words=f"{about[0].upper()}{about[1:]}. {held.words}" if about else held.words,
        since=held.since.replace(tzinfo=UTC),
        owner=held.owner,
        is_urgent=held.is_escalated,
        record=held.subject,
    )
    return task, held.patients
