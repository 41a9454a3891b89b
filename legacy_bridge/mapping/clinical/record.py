"""What all clinical records have in common: errors are said, not deleted; new ones come from either side."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical import parts
from legacy_bridge.mapping.field import Element, main_row, relative
from legacy_bridge.mapping.patient import is_confidential
from legacy_bridge.mapping.resource import CloudContext, ResourceMapping, update_step
from legacy_bridge.mapping.values import is_yes, link_of
from legacy_bridge.records import CloudContent, Fields, Kind, LinkKey, Reading, RowGroup, RowValue, Value
from legacy_bridge.sides.links import Link, References, links_in
from legacy_bridge.sides.writes import CloudPlan, CloudStep, RowChange

PATIENT = "Admin_Patient"
"""The patient's flags, beside the record."""
CONSULTATION = "CareRecord_Consultation"
"""The consultation's flags, beside an entry."""
ENTERED_IN_ERROR = "entered-in-error"
_OPEN_LABELS = frozenset({"U", "L", "M", "N"})
"""Labels of v3-Confidentiality that keep nobody of the practice out."""

ErrorStatus = tuple[str, str | None]
"""The element that says that a resource was entered in error, and its code system if it is a concept."""
VERIFICATION_ALLERGY: ErrorStatus = (
    "verificationStatus",
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
)
VERIFICATION_CONDITION: ErrorStatus = (
    "verificationStatus",
    "http://terminology.hl7.org/CodeSystem/condition-ver-status",
)
STATUS: ErrorStatus = ("status", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalMapping(ResourceMapping):
    """How a kind of clinical record travels.

    Attributes:
        error: how its resource says that it was entered in error.
        needs: fields without which the legacy program takes no new record, each with what to do.
        defaults: fields of a new record that the cloud may leave out, and the field they are taken from.
        new_row: columns of a new row that no field writes.
        drops_in_error: elements that FHIR forbids beside entered-in-error.
    """

    error: ErrorStatus = STATUS
    needs: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    new_row: Mapping[str, RowValue] = field(default_factory=dict)
    drops_in_error: tuple[str, ...] = ()

    def hidden_by(self, group: RowGroup, fields: Fields) -> Collection[LinkKey]:
        """See `ResourceMapping.hidden_by`."""
        return links_in([fields.get(name) for name, hides in _hides(group).items() if hides])

    def from_legacy(self, group: RowGroup | None) -> Reading | None:
        """The record in the rows, or None when there is none of this kind: its code decides what it is."""
        if group is not None and group.is_readable:
            kind = main_row(group).get("_kind", self.kind.value)
            if kind != self.kind.value:
                return None
        return ResourceMapping.from_legacy(self, group)

    def from_cloud(self, content: CloudContent | None, references: References) -> Reading | None:
        """The record in the resource; what was entered in error is none."""
        resource = None if content is None else content.resources.get(self.resource_types[0])
        if resource is None or self._is_error(resource):
            return None
        return ResourceMapping.from_cloud(self, content, references)

    def to_cloud(
        self,
        link: Link,
        fields: Fields,
        changed: Collection[str],
        content: CloudContent | None,
        context: CloudContext,
    ) -> CloudPlan:
        """The resource; what was entered in error comes back as the record that it was."""
        if content is None:
            return ResourceMapping.to_cloud(self, link, fields, changed, content, context)
        names = {*changed, *fields} if self.is_unmarked(content, context.ods) else changed
        whole = replace(
            content,
            resources={name: self._revived(one) for name, one in content.resources.items()},
        )
        plan = ResourceMapping.to_cloud(self, link, fields, names, whole, context)
        if plan.steps or whole == content:
            return plan
        there = [one for name, one in whole.resources.items() if name not in self.beside]
        return replace(plan, steps=tuple(map(update_step, there)))

    def removal(self, content: CloudContent, *, link: Link) -> CloudPlan:
        """Say that it was entered in error: it keeps its id and its history."""
        steps: list[CloudStep] = []
        name, system = self.error
        for resource_type, resource in content.resources.items():
            if resource_type in self.beside or self._is_error(resource):
                continue
            kept = {key: value for key, value in resource.items() if key not in self.drops_in_error}
            said: Any = (
                ENTERED_IN_ERROR
                if system is None
                else {"coding": [{"system": system, "code": ENTERED_IN_ERROR}]}
            )
            steps.append(update_step({**kept, name: said}))
        return CloudPlan(link=link.key, steps=tuple(steps))

    def insertion(self, link: Link, fields: Fields, content: CloudContent) -> RowChange | None:
        """The rows to make of what was made in the cloud."""
        resource = content.resources[self.resource_types[0]]
        if is_labelled(resource):
            raise RecordRefused(
                "confidential-in-cloud",
                "This record is confidential and the legacy program would show it to everybody: "
                "enter it there as confidential.",
            )
        told: dict[str, Value] = {
            "entered": datetime.fromisoformat(resource["meta"]["lastUpdated"]).replace(microsecond=0),
            **fields,
        }
        told |= {
            name: told[source]
            for name, source in self.defaults.items()
            if name not in told and source in told
        }
        for name, words in self.needs.items():
            if name not in told:
                raise RecordRefused(f"{name.replace('_', '-')}-missing", words)
        columns: dict[str, RowValue] = {"Deleted": False, "IsConfidential": False, **self.new_row}
        for one in self.fields:
            if one.name in told:
                if one.to_columns is None:
                    raise RecordRefused(
                        "legacy-owned", f"{one.name} can only be entered in the legacy program."
                    )
                columns.update(one.to_columns(told[one.name]))
        return RowChange(link=link.key, digest=None, columns=columns)

    def _named(self, group: RowGroup | None, content: CloudContent | None) -> set[str]:
        rows = next(iter(group.rows.values()), ()) if group is not None else ()
        keys = (link_of(Kind.PATIENT, row.get("PatientGuid")) for row in rows)
        there = () if content is None else content.resources.values()
        subjects = (one.get("subject") or one.get("patient") or {} for one in there)
        return {
            *(str(key) for key in keys if key is not None),
            *(relative(str(one["reference"])) for one in subjects if "reference" in one),
        }

    def _is_error(self, resource: Mapping[str, Any]) -> bool:
        name, system = self.error
        found = resource.get(name)
        if system is None:
            return bool(found == ENTERED_IN_ERROR)
        return any(one.get("code") == ENTERED_IN_ERROR for one in (found or {}).get("coding", []))

    def _revived(self, resource: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._is_error(resource):
            return resource
        revived: Element = {**resource}
        del revived[self.error[0]]
        return {**self.skeleton[self.resource_types[0]], **revived}


def is_withheld(group: RowGroup) -> bool:
    """Whether a record is confidential by its own flag, its consultation's or its patient's.

    A patient who has left the practice's scope takes the record along, and brings it back: that is no
    deletion of it either.
    """
    return any(_hides(group).values()) or is_yes(main_row(group), "IsConfidential")


def _hides(group: RowGroup) -> Mapping[str, bool]:
    """Whether the records that one belongs to hide it, by the names of the fields that name them."""
    patients, consultations = group.rows.get(PATIENT, ()), group.rows.get(CONSULTATION, ())
    return {
        "patient": any(is_confidential(row) or is_yes(row, "Deleted") for row in patients),
        "consultation": any(is_yes(row, "IsConfidential") for row in consultations),
    }


def linked(group: RowGroup, name: str, column: str) -> tuple[LinkKey, ...]:
    """The entries whose rows are beside a record, by a name; those that are parts of another are none."""
    return tuple(
        sorted(
            (
                LinkKey(kind=Kind(str(row["_kind"])), key=str(row[column]).strip("{}").lower())
                for row in group.rows.get(name, ())
                if row["_kind"] not in parts.NAMES
            ),
            key=str,
        )
    )


def is_labelled(resource: Mapping[str, Any]) -> bool:
    """Whether a resource bears a label that keeps somebody of the practice out."""
    labels = (resource.get("meta") or {}).get("security", [])
    return any(
        str(one.get("system", "")).endswith("v3-Confidentiality") and one.get("code") not in _OPEN_LABELS
        for one in labels
    )
