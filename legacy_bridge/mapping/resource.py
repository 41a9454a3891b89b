"""One kind's mapping: a list of fields between one row group and one set of FHIR resources."""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.field import Draft, FieldMapping, identifier_of, main_row, set_identifier
from legacy_bridge.mapping.values import is_yes
from legacy_bridge.records import (
    Agreed,
    CloudContent,
    Fields,
    Kind,
    LinkKey,
    Reading,
    RowGroup,
    RowValue,
    Value,
)
from legacy_bridge.sides.links import Link, References, links_in
from legacy_bridge.sides.writes import CloudPlan, CloudStep, RowChange
from web_modules.fhir.resource_json import parse, serialise
from web_modules.fhir.systems import legacy_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceMapping:
    """How one kind of record travels.

    Attributes:
        kind: which kind.
        table: the legacy table whose rows are the records; its name is in the resources' identifiers.
        resource_types: the resources of one record; the first is the one that others refer to.
        fields: the fields.
        skeleton: what a new resource of each type has before any field is written.
        parents: fields whose link must be on the cloud first, when they have a value.
        deleted_column: the column that marks a row as deleted, or None when rows are only ever removed.
        withheld: whether the record is confidential, by its rows.
        optional: fields that name records without which this one is carried all the same, and what the rows
            are called that show that legacy has such a record; empty where none shows it.
        awaited: those of them that come with the record, and may come later: where the cloud does not have
            them it is said, also when legacy has them.
        beside: types of what a record's resources may have beside them, and which belongs to them alone.
        remark: what a person should look at although the record can be carried (reason, words).
    """

    kind: Kind
    table: str
    resource_types: tuple[str, ...]
    fields: tuple[FieldMapping, ...]
    skeleton: Mapping[str, Mapping[str, Any]]
    parents: frozenset[str] = frozenset()
    deleted_column: str | None = None
    withheld: Callable[[RowGroup], bool] = lambda _: False
    optional: Mapping[str, str] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    remark: Callable[[RowGroup], tuple[str, str] | None] = lambda _: None

    def identifier_system(self, ods: str) -> str:
        """The system of the identifier by which the record is known again."""
        return legacy_key(ods, self.table)

    def from_legacy(self, group: RowGroup | None) -> Reading | None:
        """The record in the rows, or None when there is none, or it is marked deleted.

        Raises:
            RecordRefused: the rows cannot be expressed.
        """
        if group is not None and not group.is_readable:
            raise RecordRefused(
                "row-unreadable",
                f"A column of its {self.table} row holds what is no date, time or number: correct it.",
            )
        if group is None or self.is_deleted(group):
            return None
        if self.withheld(group):
            return Reading(fields=self._read_rows(group), is_withheld=True)
        return Reading(fields=self._read_rows(group), remark=self.remark(group))

    def is_deleted(self, group: RowGroup) -> bool:
        """Whether the rows are there and marked as deleted."""
        return self.deleted_column is not None and is_yes(main_row(group), self.deleted_column)

    @property
    def stands_alone(self) -> bool:
        """Whether one resource is all that the cloud has of a record: a create finds one that is there."""
        return len(self.resource_types) == 1

    def hides(self, group: RowGroup | None) -> bool | None:
        """Whether rows that cannot be expressed are confidential all the same; None when nobody can tell."""
        if group is None or not group.is_readable:
            return False if group is None else group.is_confidential
        return self.withheld(group)

    def hidden_by(self, group: RowGroup, fields: Fields) -> Collection[LinkKey]:  # noqa: ARG002
        """The records that a withheld one belongs to and that are withheld or deleted, by its rows."""
        return ()

    def from_cloud(self, content: CloudContent | None, references: References) -> Reading | None:
        """The record in the resources, or None when there is none.

        Raises:
            RecordRefused: the resources cannot be expressed.
        """
        if content is None or self.resource_types[0] not in content.resources:
            return None
        whole = self._with_missing(content)
        found = {one.name: one.from_cloud(whole, references) for one in self.fields}
        return Reading(fields={name: value for name, value in found.items() if value is not None})

    def readable(self, content: CloudContent | None, references: References) -> Fields:
        """What can be read, field by field, of resources that cannot be expressed; words where it cannot."""
        if content is None or self.resource_types[0] not in content.resources:
            return {}
        whole = self._with_missing(content)
        found: dict[str, Value | None] = {}
        for one in self.fields:
            try:
                found[one.name] = one.from_cloud(whole, references)
            except RecordRefused as refused:
                found[one.name] = str(refused)
            except Exception:  # noqa: BLE001 - the other fields are told all the same
                found[one.name] = "The bridge cannot read this field."
        return {name: value for name, value in found.items() if value is not None}

    def to_legacy(self, fields: Fields, changed: Collection[str], group: RowGroup) -> RowChange:
        """The columns to write so that the rows say what `fields` says of the changed fields.

        Raises:
            RecordRefused: the columns cannot hold it, or the bridge never writes them.
        """
        columns: dict[str, RowValue] = {}
        for one in self.fields:
            if one.name in changed:
                if one.to_columns is None:
                    raise RecordRefused(
                        "legacy-owned", f"{one.name} can only be changed in the legacy program."
                    )
                columns.update(one.to_columns(fields.get(one.name)))
        return RowChange(link=group.link, digest=group.digest, columns=differing(columns, rows_of(group)))

    def deletion(self, group: RowGroup) -> RowChange:
        """The rows marked deleted."""
        return RowChange(link=group.link, digest=group.digest, columns={}, delete=True)

    def undeletion(self, group: RowGroup, fields: Fields, changed: Collection[str]) -> RowChange:
        """The row no longer marked deleted, saying what `fields` says of the changed fields.

        Raises:
            RecordRefused: the columns cannot hold it, or only the legacy program can bring it back.
        """
        if self.deleted_column is None:
            raise RecordRefused("legacy-owned", "Only the legacy program can bring this back.")
        change = self.to_legacy(fields, changed, group)
        return replace(change, columns={**change.columns, self.deleted_column: False})

    def insertion(self, link: Link, fields: Fields, content: CloudContent) -> RowChange | None:  # noqa: ARG002
        """The rows to make of what was made in the cloud; None for kinds that only the legacy program makes.

        Raises:
            RecordRefused: the legacy program needs what the cloud does not say.
        """
        return None

    def is_unmarked(self, content: CloudContent | None, ods: str) -> bool:
        """Whether resources that are there do not say yet which record they are."""
        there = () if content is None else content.resources.items()
        return any(
            identifier_of(one, self.identifier_system(ods)) is None
            for name, one in there
            if name not in self.beside
        )

    def wants_words(self, content: CloudContent | None, ods: str) -> bool:
        """Whether resources that are there lack what the bridge says, though nobody changed a field."""
        return self.is_unmarked(content, ods)

    def known(
        self, reading: Reading | None, group: RowGroup | None, references: References
    ) -> Reading | None:
        """The record without what it names and the cloud does not have; that is held back until it has."""
        if reading is None or group is None or not self.optional:
            return reading
        missing = {
            name: sorted(parents, key=str)
            for name in self.optional
            if (parents := links_in([reading.fields.get(name)]) - set(references.of_links))
        }
        if not missing:
            return reading
        lacks = [
            parents[0]
            for name, parents in missing.items()
            if (self.optional[name] and not group.rows.get(self.optional[name]))
            or (name in self.awaited and references.withheld.isdisjoint(parents))
        ]
        hidden = {name for name, parents in missing.items() if not references.withheld.isdisjoint(parents)}
        return replace(
            reading,
            fields={name: value for name, value in reading.fields.items() if name not in missing},
            held=reading.held | set(missing),
            unknown=frozenset(missing) - hidden,
            lacks=next(iter(lacks), None),
        )

    def dependents(self, group: RowGroup) -> Collection[LinkKey]:  # noqa: ARG002
        """Records that name this one and may have been carried without it."""
        return ()

    def to_cloud(
        self,
        link: Link,
        fields: Fields,
        changed: Collection[str],
        content: CloudContent | None,
        context: "CloudContext",
    ) -> CloudPlan:
        """The transaction that makes the resources say what `fields` says of the changed fields.

        Args:
            link: the link, as remembered.
            fields: what is about to be agreed.
            changed: the fields that the cloud does not say yet.
            content: the resources as read, or None when there are none.
            context: the practice, and the links of the records that this one names.

        Raises:
            RecordRefused: FHIR cannot hold it.
        """
        steps: list[CloudStep] = []
        if content is None:
            names = {one.name for one in self.fields}
            draft = self._new(link.key, context.ods)
            self._write(draft, fields, names, context.references)
        else:
            draft = {name: _copied(one) for name, one in self._with_missing(content).resources.items()}
            self._write(draft, fields, set(changed), context.references)
        urls = {kind: f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind}/{link.key}')}" for kind in draft}
        known = {} if content is None else content.resources
        for resource_type, resource in draft.items():
            _refer_within(resource, urls, known)
            if resource_type not in self.beside:
                set_identifier(resource, self.identifier_system(context.ods), link.key.key)
            if resource_type not in known:
                steps.append(create_step(resource, self.identifier_system(context.ods), urls[resource_type]))
            elif serialise(resource) != serialise(dict(known[resource_type])):  # 60.0 is not 60.00
                steps.append(update_step(resource))
        return CloudPlan(link=link.key, steps=tuple(steps), bookings=link.bookings)

    def correction(
        self,
        link: Link,  # noqa: ARG002 - for kinds whose resources can contradict each other
        base: Agreed,  # noqa: ARG002
        agreed: Agreed,  # noqa: ARG002
        to_legacy: Collection[str],  # noqa: ARG002
        content: CloudContent | None,  # noqa: ARG002
    ) -> CloudPlan | None:
        """What the cloud has to say first, before legacy is told what it means; None for nothing."""
        return None

    def removal(self, content: CloudContent, *, link: Link) -> CloudPlan:
        """The transaction that deletes the resources, children before parents."""
        found = [*content.appointments, *reversed(list(content.resources.values()))]
        steps = tuple(delete_step(one) for one in found)
        return CloudPlan(link=link.key, steps=steps, bookings=link.bookings)

    def patients(self, link: Link, group: RowGroup | None, content: CloudContent | None) -> set[str]:
        """Whom a record concerns, though it cannot be expressed: links, or `Patient/id` on the cloud."""
        named = {str(key) for key in links_in(link.baseline.values()) if key.kind is Kind.PATIENT}
        if self.kind is Kind.PATIENT:
            there = () if content is None else content.resources.values()
            return {str(link.key), *(f"{one['resourceType']}/{one['id']}" for one in there)}
        return named | self._named(group, content)

    def withdrawal(self, content: CloudContent, *, link: Link) -> CloudPlan:
        """The transaction that takes a confidential record off the cloud, its history too."""
        return replace(ResourceMapping.removal(self, content, link=link), withdraws=True)

    def claims(self, resource: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Whether a resource of its type is this kind's, where kinds share a type."""
        return True

    def key_of(self, resource: Mapping[str, Any], ods: str) -> LinkKey | None:
        """The link that a resource of ours says it belongs to."""
        key = identifier_of(resource, self.identifier_system(ods))
        return None if key is None else LinkKey(kind=self.kind, key=key)

    def _named(self, group: RowGroup | None, content: CloudContent | None) -> set[str]:  # noqa: ARG002
        """The patients whom rows and resources name, for kinds that name any."""
        return set()

    def _read_rows(self, group: RowGroup) -> dict[str, Value]:
        found = {one.name: one.from_rows(group) for one in self.fields}
        return {name: value for name, value in found.items() if value is not None}

    def _write(self, draft: Draft, fields: Fields, names: Collection[str], references: References) -> None:
        for one in self.fields:
            if one.name in names:
                one.to_draft(draft, fields.get(one.name), references)

    def _new(self, key: LinkKey, ods: str) -> Draft:
        draft: Draft = {}
        for resource_type in self.resource_types:
            draft[resource_type] = {
                "resourceType": resource_type,
                **_copied(self.skeleton.get(resource_type, {})),
            }
            set_identifier(draft[resource_type], self.identifier_system(ods), key.key)
        return draft

    def _with_missing(self, content: CloudContent) -> CloudContent:
        missing = [one for one in self.resource_types if one not in content.resources]
        if not missing:
            return content
        added = {one: {"resourceType": one, **_copied(self.skeleton.get(one, {}))} for one in missing}
        return CloudContent(
            link=content.link,
            resources={**content.resources, **added},
            appointments=content.appointments,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudContext:
    """What a mapping needs to know of the rest of the practice.

    Attributes:
        ods: the practice.
        references: the links of the records that this one names.
        hides: the record names a patient who has become confidential: what shows it is deleted, not ended.
    """

    ods: str
    references: References
    hides: bool = False


SELF = "self:"
"""Reference to another resource of the same record (`self:Practitioner`), resolved when the plan is made."""


def create_step(resource: Mapping[str, Any], system: str, full_url: str) -> CloudStep:
    """A create that finds what an earlier, unanswered attempt made."""
    return CloudStep(
        method="POST",
        url=str(resource["resourceType"]),
        resource=resource,
        full_url=full_url,
        if_none_exist=f"identifier={system}|{identifier_of(resource, system)}",
    )


def update_step(resource: Mapping[str, Any]) -> CloudStep:
    """An update of what is still as it was read."""
    return CloudStep(
        method="PUT",
        url=f"{resource['resourceType']}/{resource['id']}",
        resource=resource,
        if_match=str(resource["meta"]["versionId"]),
    )


def delete_step(resource: Mapping[str, Any]) -> CloudStep:
    """A deletion of what is still as it was read; of what is deleted already, it changes nothing."""
    return CloudStep(
        method="DELETE",
        url=f"{resource['resourceType']}/{resource['id']}",
        if_match=str(resource["meta"]["versionId"]) if "meta" in resource else None,
    )


def rows_of(group: RowGroup) -> Mapping[str, RowValue]:
    """A group's main row, and `Table.Column` of the other rows, as `RowChange` names them."""
    main, *others = group.rows
    beside = {
        f"{table}.{name}": value
        for table in others
        for row in group.rows[table][:1]
        for name, value in row.items()
    }
    return {**beside, **group.rows[main][0]}


def differing(columns: Mapping[str, RowValue], row: Mapping[str, RowValue]) -> dict[str, RowValue]:
    """Only the columns whose value is not what the row has already."""
    # the text of a number counts: 60.0 is not 60
    return {
        name: value for name, value in columns.items() if name not in row or repr(row[name]) != repr(value)
    }


def _copied(element: Mapping[str, Any]) -> Any:
    """A copy of JSON that shares nothing with it: to write it and to read it again is the quickest way."""
    return parse(serialise(dict(element)))


def _refer_within(
    resource: dict[str, Any], urls: Mapping[str, str], known: Mapping[str, Mapping[str, Any]]
) -> None:
    for value in resource.values():
        if isinstance(value, dict) and str(value.get("reference", "")).startswith(SELF):
            resource_type = value["reference"].removeprefix(SELF)
            value["reference"] = (
                f"{resource_type}/{known[resource_type]['id']}"
                if resource_type in known
                else urls[resource_type]
            )
