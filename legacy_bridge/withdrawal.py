"""Takes what is confidential off the cloud, and lists what goes with it.

What was typed in the cloud reaches legacy first, where it can; what cannot is listed, never dropped. Until
the earlier versions are gone too, they stand in the write-ahead.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from legacy_bridge.forms import FormTime
from legacy_bridge.mapping.codes import INACTIVE_STATUSES
from legacy_bridge.mapping.field import relative
from legacy_bridge.mapping.resource import ResourceMapping, delete_step
from legacy_bridge.mapping.values import moment_from_text
from legacy_bridge.merge.forms import put_back
from legacy_bridge.merge.losses import lost_booking, lost_values
from legacy_bridge.merge.presence import Presence
from legacy_bridge.merge.sayings import HISTORY_KEPT, UNREADABLE_FLAG
from legacy_bridge.merge.three_way import Merged, told
from legacy_bridge.merge.visit import PARENT_ATTEMPTS, Visit
from legacy_bridge.records import CloudContent, Kind, LinkKey, Reading
from legacy_bridge.sides.links import Conflict, Link, LinkState, References
from legacy_bridge.sides.stores import CloudRecords, Journal, LegacyRecords
from legacy_bridge.sides.writes import CloudPlan, Outcome, OutcomeKind
from web_modules.decision.words import Authority


class Withdrawal:
    """How one practice's records come off the cloud."""

    def __init__(
        self,
        *,
        legacy: LegacyRecords,
        cloud: CloudRecords,
        journal: Journal,
        clock: Callable[[], datetime],
        forms: FormTime,
    ) -> None:
        self._legacy = legacy
        self._cloud = cloud
        self._journal = journal
        self._clock = clock
        self._forms = forms

    def withhold(
        self,
        visit: Visit,
        mapping: ResourceMapping,
        legacy: Reading,
        cloud: Reading | None,
        merge: Callable[[Reading], Merged],
    ) -> Visit:
        """Take a confidential record off the cloud, after what was entered there has reached legacy.

        Args:
            visit: of the record's link.
            mapping: of its kind.
            legacy: what legacy says.
            cloud: what the cloud says, or None when it is not there.
            merge: merges what the cloud says.
        """
        is_new = visit.link.state is not LinkState.WITHHELD
        visit = replace(visit, ends_as=LinkState.WITHHELD)
        if is_new:
            visit = replace(visit, touched=tuple(self._legacy.dependants(visit.link.key)))
        group, lately = visit.group, visit.link.lately
        if cloud is None and visit.content is not None:  # what is entered in error still says what it said
            visit = replace(self.withdraw(visit, mapping), touched=visit.touched)
        if cloud is None or visit.content is None or group is None:
            return self._taken_back(_deleted_meanwhile(visit, legacy), legacy)
        merged = merge(cloud)
        visit = replace(visit, lately=self._forms.remembered(lately, visit.base, legacy.fields, merged))
        if merged.to_legacy and is_new and visit.doubt is None:
            change = mapping.to_legacy(told(legacy.fields, merged.agreed), merged.to_legacy, group)
            # what legacy alone changed is not told any more, so it is not agreed on
            agreed = {name: one for name, one in merged.agreed.items() if name not in merged.to_cloud}
            return replace(
                visit,
                agreed=agreed,
                to_legacy=merged.to_legacy,
                row_change=change,
                ends_as=visit.link.state,
                decided=merged.decided,
                touched=(),
                looks_again=True,
            )
        gone = replace(self.withdraw(visit, mapping), touched=visit.touched)
        again = put_back(visit.base, legacy.fields, lately)  # what a form put back was not agreed on
        base = {name: value for name, value in visit.base.items() if name not in again}
        base = base if visit.link.doubt is None else {}  # nor is what a backup has put back
        return replace(gone, decided=lost_values(mapping.kind, base, legacy.fields, cloud.fields))

    @staticmethod
    def _taken_back(visit: Visit, legacy: Reading) -> Visit:
        """List what was agreed on of a record that is withdrawn already, and that a backup has taken back."""
        if visit.link.doubt is None or visit.link.state is not LinkState.LINKED:
            return visit
        agreed = {name: value for name, value in visit.base.items() if value is not None}
        lost = lost_values(visit.link.key.kind, {}, legacy.fields, agreed)
        return replace(visit, decided=(*visit.decided, *lost))

    def withdraw(self, visit: Visit, mapping: ResourceMapping) -> Visit:
        """Take a confidential record off the cloud as it is, with what the bridge's Tasks say of it."""
        key = visit.link.key
        if visit.content is None:
            is_told = visit.link.state is LinkState.LINKED or bool(self._journal.held([key]))
            told_of = self._cloud.tasks_of(key, None) if is_told else ()
            steps = tuple(map(delete_step, told_of))
            plan = CloudPlan(link=key, steps=steps, bookings=visit.link.bookings, withdraws=True)
            return replace(visit, plan=plan if steps else None, ends_as=LinkState.WITHHELD)
        plan = self.plan(visit.content, mapping, visit.link)
        named: str | None = None
        if mapping.kind is Kind.PATIENT:
            named = f"Patient/{visit.content.resources['Patient']['id']}"
            booked = self._cloud.appointments_of(named)
            lost, has_unknown = self._not_agreed(visit.link, booked)
            first = tuple(slot.key for slot, one in lost if not _is_seen(slot, one))
            if (first or has_unknown) and visit.dirty.attempts < PARENT_ATTEMPTS:
                return replace(visit, first=first)
            listed = (
                (slot.key, lost_booking(visit.link.key, moment_from_text(one.get("created"))))
                for slot, one in lost
            )
            visit = replace(visit, lost=tuple(listed))
            plan = replace(plan, steps=(*map(delete_step, booked), *plan.steps))
        told_of = self._cloud.tasks_of(key, named)  # they say what the record said
        plan = replace(plan, steps=(*map(delete_step, told_of), *plan.steps))
        touched = tuple(self._legacy.dependants(visit.link.key))
        return replace(visit, plan=plan, ends_as=LinkState.WITHHELD, touched=touched)

    def removal(self, visit: Visit, content: CloudContent, mapping: ResourceMapping) -> CloudPlan:
        """What takes a record that legacy has no more off the cloud."""
        is_confidential = visit.link.state is LinkState.WITHHELD or mapping.hides(visit.group) is not False
        if is_confidential:
            return self.plan(content, mapping, visit.link)
        return mapping.removal(content, link=visit.link)

    def plan(self, content: CloudContent, mapping: ResourceMapping, link: Link) -> CloudPlan:
        """What deletes a confidential record, and what lies, or once lay, beside it: it says as much."""
        plan = mapping.withdrawal(content, link=link)
        if not mapping.beside:
            return plan
        there = {step.url for step in plan.steps}
        found = map(delete_step, self._cloud.contents_of(link, content))
        beside = [step for step in found if step.url not in there]
        return replace(plan, steps=(*beside, *plan.steps))

    @staticmethod
    def swept(visit: Visit, mapping: ResourceMapping) -> Visit:
        """The same; what lay beside a record that is not there any more goes after it."""
        content = visit.content
        is_left = content is not None and mapping.beside.issuperset(content.resources)
        if content is None or not is_left or visit.refusal is not None or visit.plan is not None:
            return visit
        return replace(visit, plan=mapping.withdrawal(content, link=visit.link))

    def look_at_unread(self, visit: Visit, mapping: ResourceMapping, references: References) -> Visit:
        """Take off the cloud what may not be there although its rows cannot be expressed."""
        is_confidential = mapping.hides(visit.group)
        if is_confidential is False:
            return visit
        note = visit.refusal if is_confidential else UNREADABLE_FLAG
        return self.withdraw_unread(replace(visit, refusal=None), mapping, note, references)

    def withdraw_unread(
        self,
        visit: Visit,
        mapping: ResourceMapping,
        note: tuple[str, str] | None,
        references: References,
    ) -> Visit:
        """Take off the cloud what cannot be read; what can be read of it and was not agreed on is listed."""
        there = mapping.readable(visit.content, references)
        base = visit.link.baseline if visit.link.doubt is None else {}
        lost = lost_values(mapping.kind, base, None, there) if there else ()
        return replace(self.withdraw(visit, mapping), note=note, decided=lost)

    def forget(self, visits: Sequence[Visit], on_cloud: Mapping[LinkKey, Outcome]) -> None:
        """Remove the earlier versions of what was withdrawn; until then it is in the write-ahead."""
        written = Outcome(kind=OutcomeKind.WRITTEN)
        gone = [
            visit.forgets
            for visit in visits
            if on_cloud.get(visit.link.key, written).kind is OutcomeKind.WRITTEN
        ]
        references = frozenset[str]().union(*gone)
        if references and self._cloud.forget(references):
            self._journal.notice(*HISTORY_KEPT, self._clock())

    def _not_agreed(
        self, patient: Link, appointments: Collection[Mapping[str, Any]]
    ) -> tuple[list[tuple[Link, Mapping[str, Any]]], bool]:
        """A patient's bookings in the cloud that legacy does not say; whether a slot is unknown.

        Where legacy came back from a backup, it may say less than was agreed until the slot was compared.
        """
        active = [one for one in appointments if one["status"] not in INACTIVE_STATUSES]
        slots = [(slot, one) for one in active for slot in one.get("slot", [])]
        named = [(relative(str(slot.get("reference"))), one) for slot, one in slots]
        keys = self._journal.keys_of([reference for reference, _ in named])
        links = dict(self._journal.links(set(keys.values())))
        waiting = self._journal.unsettled(list(links)) if patient.doubt is not None else ()
        links = {
            key: replace(one, versions={}, doubt=patient.doubt) if key in waiting else one
            for key, one in links.items()
        }
        found = [(links[keys[reference]], one) for reference, one in named if reference in keys]
        lost = [
            (slot, one)
            for slot, one in found
            if slot.doubt is not None
            or slot.baseline.get("patient") != patient.key
            or slot.baseline.get("booked_at") != moment_from_text(one.get("created"))
        ]
        return lost, len(found) < len(named)


def _is_seen(slot: Link, appointment: Mapping[str, Any]) -> bool:
    """Whether a slot was looked at since an Appointment of it was changed last."""
    return slot.versions.get(f"Appointment/{appointment['id']}") == str(appointment["meta"]["versionId"])


def _deleted_meanwhile(visit: Visit, legacy: Reading) -> Visit:
    """List that somebody deleted in the cloud what is withheld now: it is there when it is shown again."""
    link = visit.link
    is_deleted = visit.content is None and link.state is LinkState.LINKED and bool(link.ids)
    if not is_deleted or link.pending is not None:  # the bridge took it away, and was interrupted
        return visit
    lost = Conflict(
        unit=Presence.ASK_DELETED_IN_CLOUD.value,
        winner=Authority.LEGACY,
        base=visit.base,
        legacy=legacy.fields,
        cloud={},
    )
    return replace(visit, decided=(*visit.decided, lost))
