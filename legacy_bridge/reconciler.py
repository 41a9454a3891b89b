"""The heart: makes both sides of dirty links equal, or says exactly why not.

Read `Reconciler.reconcile` first. It may be interrupted anywhere and run again; that is the whole recovery
story: it looks at what both sides say now, never at what it did before, and what it was about to agree on is
in the journal before anything is written. A bridge's own write comes back through the feeds, equals the
baseline, and is dropped.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from legacy_bridge.echoes import OwnWrites
from legacy_bridge.errors import MirrorStopped, RecordRefused, SideUnavailable
from legacy_bridge.forms import FormTime
from legacy_bridge.guards import BlastGuard
from legacy_bridge.insertion import insert, insert_again, lacks_patient
from legacy_bridge.mapping.resource import CloudContext, ResourceMapping
from legacy_bridge.merge import desk
from legacy_bridge.merge.doubt import asked_about
from legacy_bridge.merge.forms import base_since, came_back, put_back
from legacy_bridge.merge.identity import units_for
from legacy_bridge.merge.losses import cleared_meanwhile
from legacy_bridge.merge.policy import Unit
from legacy_bridge.merge.presence import Presence, presence
from legacy_bridge.merge.sayings import PATIENT_GONE, SAYINGS
from legacy_bridge.merge.three_way import LEGACY_DOUBTS, Merged, merge, settled_base, told
from legacy_bridge.merge.visit import Carried, Report, Visit, report, settle
from legacy_bridge.readings import mapped, not_mappable
from legacy_bridge.records import Agreed, Fields, Kind, LinkKey, Reading
from legacy_bridge.references import missing_parent, references_of
from legacy_bridge.sides.links import (
    FORGOTTEN,
    RESTORED,
    Conflict,
    Dirty,
    Doubt,
    Link,
    LinkState,
    References,
    Restore,
    Settlement,
)
from legacy_bridge.sides.stores import CloudRecords, Journal, LegacyRecords
from legacy_bridge.sides.writes import CloudPlan, RowChange
from legacy_bridge.withdrawal import Withdrawal
from web_modules.decision.words import Authority

Doubts = Callable[[Sequence[Dirty]], Mapping[LinkKey, Doubt]]
"""Tells, of rows that were read, which may say less than was agreed: see `LegacyRestore.doubts`."""
Settled = Callable[[Sequence[Visit], Sequence[Settlement], datetime], None]
"""Is told how a batch ended, once that is saved."""


class Reconciler:
    """Reconciles one practice's links. One thread."""

    def __init__(  # noqa: PLR0913 - what it works with, by name
        self,
        *,
        ods: str,
        legacy: LegacyRecords,
        cloud: CloudRecords,
        journal: Journal,
        mappings: Mapping[Kind, ResourceMapping],
        authority: Callable[[Kind], Authority],
        clock: Callable[[], datetime],
        blast_guard: BlastGuard,
        forms: FormTime,
        own: OwnWrites | None = None,
        settled: Settled = lambda _visits, _settlements, _now: None,
        doubts: Doubts = lambda _batch: {},
    ) -> None:
        self._ods = ods
        self._legacy = legacy
        self._cloud = cloud
        self._journal = journal
        self._mappings = mappings
        self._authority = authority
        self._clock = clock
        self._blast_guard = blast_guard
        self._forms = forms
        self._withdrawal = Withdrawal(legacy=legacy, cloud=cloud, journal=journal, clock=clock, forms=forms)
        self._own = own or OwnWrites()
        self._settled = settled
        self._doubts = doubts
        self._shown: dict[LinkKey, bool] = {}

    def reconcile(self, batch: Sequence[Dirty], *, total: Callable[[], int] = lambda: 0) -> Report:
        """Make both sides of some dirty links equal, or list why not.

        Args:
            batch: what `Journal.take` gave; of one kind, so that parents are done before children.
            total: counts the records of the mirror, for the guard against mass deletion.

        Raises:
            SideUnavailable: a side or the journal did not answer; the links stay dirty.
            BlastRadius: the batch would delete too much; nothing was written.
        """
        visits = self.begin(batch, total=total)
        return self.settle(visits, self.carry(visits))

    def begin(self, batch: Sequence[Dirty], *, total: Callable[[], int]) -> Sequence[Visit]:
        """Read some dirty links, decide about each, and save what is about to be agreed; see `reconcile`."""
        self._own.forget([dirty.key for dirty in batch])
        self._shown.clear()
        visits = self._read(batch)
        self._blast_guard.admit(sum(visit.deletes for visit in visits), total)
        about_to = {one.link.key: one.pending() for one in visits if one.writes}
        decided = [(visit.link.key, conflict) for visit in visits for conflict in visit.decided]
        decided += [lost for visit in visits for lost in visit.lost]
        lately = {one.link.key: one.lately for one in visits if one.lately is not None}
        if about_to or decided or lately:
            self._journal.begin(about_to, decided, self._clock(), lately=lately)
        return visits

    def carry(self, visits: Sequence[Visit]) -> Carried:
        """Write what was decided, each only where it is still as it was read; see `reconcile`.

        May be called from another thread while the next batch is begun, if `only_makes` says so.
        """
        plans = [visit.plan for visit in visits if visit.plan is not None]
        changes = [visit.row_change for visit in visits if visit.row_change is not None]
        on_cloud = self._cloud.write(plans) if plans else {}
        on_legacy = self._legacy.write(changes) if changes else {}
        self._withdrawal.forget(visits, on_cloud)
        return Carried(on_cloud=on_cloud, on_legacy=on_legacy)

    def settle(
        self, visits: Sequence[Visit], carried: Carried, *, arrived: Collection[LinkKey] = ()
    ) -> Report:
        """Save how a batch ended; see `reconcile`.

        Args:
            visits: what was begun.
            carried: how its writes ended.
            arrived: links that came to be on the cloud after this batch was begun: what waits for one of them
                is looked at again.
        """
        settlements = [
            self._naming_patients(
                visit,
                settle(
                    visit, carried.on_cloud.get(visit.link.key), carried.on_legacy.get(visit.link.key)
                ).after(arrived),
            )
            for visit in visits
        ]
        now = self._clock()
        self._journal.settle(settlements, now)
        self._own.remember(visits, settlements)
        self._settled(visits, settlements, now)
        return report(visits, settlements, carried)

    def _naming_patients(self, visit: Visit, settlement: Settlement) -> Settlement:
        """What cannot be carried is shown on the patients whom it concerns (hazard H14)."""
        if settlement.quarantine is None or settlement.link.state is LinkState.WITHHELD:
            return settlement  # nobody may be told of who is withheld
        mapping = self._mappings[visit.link.key.kind]
        named = mapping.patients(visit.link, visit.group, visit.content)
        return replace(settlement, patients=tuple(sorted(named)))

    def _read(self, batch: Sequence[Dirty]) -> list[Visit]:
        links = self._journal.links([dirty.key for dirty in batch])
        groups = self._legacy.read(list(links.values()))
        doubts = self._doubts(batch)
        links = {key: _doubting(link, doubts.get(key), is_there=key in groups) for key, link in links.items()}
        readings, refused = mapped(self._mappings, links, groups)
        restored = Restore.parse(self._journal.checkpoint(RESTORED))
        forgotten = Restore.parse(self._journal.checkpoint(FORGOTTEN))
        is_doubtful = restored is not None or forgotten is not None or bool(doubts)
        unread = [] if is_doubtful else [one for one in batch if self._is_made(one, links, readings)]
        new = {one.key for one in unread}
        contents = self._cloud.read([link for key, link in links.items() if key not in new])
        wishes = self._journal.wishes()
        visits: list[Visit] = []
        for dirty in batch:
            visit = Visit(
                dirty=dirty,
                link=links[dirty.key],
                group=groups.get(dirty.key),
                content=contents.get(dirty.key),
                refusal=refused.get(dirty.key),
                wishes=tuple(one for one in wishes if one.link == dirty.key),
            )
            if forgotten is not None and dirty.since <= forgotten.noticed_at:
                visit = replace(visit, doubt=Doubt.FORGOTTEN)
            elif restored is not None and dirty.since <= restored.noticed_at:
                visit = self._doubted(visit, restored.came_back_from)
            elif visit.is_older_than_agreed:  # restored a moment ago: the feed has yet to tell
                visit = replace(visit, doubt=Doubt.OLDER)
            if visit.doubt is not None and visit.link.doubt is not None:  # nobody knows which is newer
                visit = replace(visit, doubt=Doubt.FORGOTTEN)
            visits.append(visit)
        references = references_of(
            [one for one in readings.values() if one is not None],
            contents.values(),
            self._journal,
            self._legacy,
        )
        readings = {
            visit.link.key: self._mappings[visit.link.key.kind].known(
                readings.get(visit.link.key), visit.group, references
            )
            for visit in visits
        }
        return [
            (
                self._withdrawal.look_at_unread(visit, self._mappings[visit.link.key.kind], references)
                if visit.refusal
                else self._look(visit, readings[visit.link.key], references)
            ).with_what_to_forget()
            for visit in visits
        ]

    def _is_made(
        self, dirty: Dirty, links: Mapping[LinkKey, Link], readings: Mapping[LinkKey, Reading | None]
    ) -> bool:
        """Whether a record can be made on the cloud without a look at what is there.

        Nothing was ever known of it, and its create, which is conditional on the legacy key, finds what is
        there all the same: then nothing is agreed on, and the next visit reads it.
        """
        key = dirty.key
        reading = readings.get(key)
        is_unknown = links[key] == Link(key=key) and dirty.attempts == 0
        mapping = self._mappings[key.kind]
        return is_unknown and reading is not None and not reading.is_withheld and mapping.stands_alone

    def _doubted(self, visit: Visit, came_back_from: datetime) -> Visit:
        """The visit of a link on a cloud that came back from a backup: its differences may be no edits."""
        link, content = visit.link, visit.content
        if link.state is not LinkState.LINKED:
            return visit
        if content is None:
            known = [f"{kind}/{found}" for kind, found in link.ids.items()]
            if any(map(self._cloud.is_lost, known)):
                return replace(visit, link=Link(key=link.key, bookings=link.bookings, doubt=link.doubt))
            return visit
        is_older = all(moment <= came_back_from for moment in content.moments())
        is_as_agreed = link.versions == content.versions() and link.pending is None
        if is_older and is_as_agreed:  # version ids are used again after a restore
            return visit
        return replace(visit, doubt=Doubt.OLDER if is_older else Doubt.UNCERTAIN)

    def _look(self, visit: Visit, legacy: Reading | None, references: References) -> Visit:
        """Decide what is to be done about one link; nothing is written yet."""
        mapping = self._mappings[visit.link.key.kind]
        try:
            cloud = mapping.from_cloud(visit.content, references)
            return self._withdrawal.swept(self._decide(visit, mapping, legacy, cloud, references), mapping)
        except RecordRefused as refused:
            refusal = (refused.reason, refused.words)
            if any(one.number not in visit.denied for one in visit.wishes):  # it may be what was entered
                denied = {one.number: refused.words for one in visit.wishes}
                return self._look(replace(visit, denied=denied), legacy, references)
            if legacy is not None and legacy.is_withheld:  # what cannot be read there may not stay there
                return self._withdrawal.withdraw_unread(visit, mapping, refusal, references)
            return replace(visit, refusal=refusal)
        except (SideUnavailable, MirrorStopped):
            raise
        except Exception as error:  # noqa: BLE001 - a poisonous record is held; the others flow on
            refusal = not_mappable(visit.link.key, error)
            if legacy is not None and legacy.is_withheld:
                return self._withdrawal.withdraw_unread(visit, mapping, refusal, references)
            return replace(visit, refusal=refusal)

    def _decide(  # noqa: PLR0911, PLR0912 - one line a row of the table in `presence`
        self,
        visit: Visit,
        mapping: ResourceMapping,
        legacy: Reading | None,
        cloud: Reading | None,
        references: References,
    ) -> Visit:
        link, content = visit.link, visit.content
        base = settled_base(
            link.baseline,
            link.pending,
            legacy.fields if legacy else {},
            cloud.fields if cloud else {},
        )
        is_new = visit.group is None and mapping.is_unmarked(content, self._ods)
        found = presence(
            mapping.kind,
            link.state,
            base,
            legacy,
            cloud,
            is_new=is_new,
            is_forgotten=visit.doubt is Doubt.FORGOTTEN,
            was_there=bool(link.ids),
            doubt=link.doubt,
        )
        visit = visit.seen(base, legacy)
        if found in (Presence.MERGE, Presence.CREATE) and legacy is not None:
            return self._agree(visit, mapping, legacy, cloud, references)
        if found is Presence.WITHHOLD and legacy is not None:
            withheld = self._withdrawal.withhold(
                visit,
                mapping,
                legacy,
                cloud,
                lambda there: self._merged(visit, visit.base, legacy, there.fields),
            )
            return replace(withheld, looks_later=self._is_hidden_early(visit, mapping, legacy))
        if found is Presence.INSERT_AGAIN and cloud is not None and content is not None:
            return insert_again(visit, mapping, cloud, content, self._there)
        if found is Presence.KEEP_WITHHELD and content is not None:  # so did the cloud, with what it showed
            return replace(self._withdrawal.withdraw(visit, mapping), looks_again=True)
        if found in SAYINGS:
            return replace(visit, refusal=SAYINGS[found], ends_as=link.state)
        if found in (Presence.ASK_DELETED_IN_CLOUD, Presence.ASK_DELETED_IN_LEGACY):
            kept = Conflict(
                unit=found.value,
                winner=None,
                base=base,
                legacy=legacy.fields if legacy else {},
                cloud=cloud.fields if cloud else {},
            )
            found, visit = _heard(visit, found, kept, legacy.held if legacy else ())
            if found is Presence.CREATE and legacy is not None:
                return self._agree(visit, mapping, legacy, None, references)
            if visit.open:
                return replace(visit, ends_as=link.state)
        if found is Presence.INSERT and cloud is not None and content is not None:
            return insert(visit, mapping, cloud, content, self._there)
        if found is Presence.DELETE_CLOUD and content is not None:
            plan = self._withdrawal.removal(visit, content, mapping)
            touched = tuple(self._legacy.dependants(link.key))
            return replace(visit, plan=plan, deletes=True, ends_as=LinkState.TOMBSTONE, touched=touched)
        if found is Presence.DELETE_AGAIN and legacy is not None:
            lost = Conflict(
                unit=found.value, winner=Authority.CLOUD, base=base, legacy=legacy.fields, cloud={}
            )
            found, visit = Presence.DELETE_LEGACY, replace(visit, decided=(lost,))
        if found is Presence.DELETE_LEGACY and visit.group is not None:
            change = mapping.deletion(visit.group)
            return replace(visit, row_change=change, deletes=True, ends_as=LinkState.TOMBSTONE)
        ends_as = LinkState.NEW if found is Presence.FORGET else LinkState.TOMBSTONE
        is_news = link.state is LinkState.LINKED
        if content is not None and mapping.hides(visit.group):  # entered in error still says what it said
            visit = self._withdrawal.withdraw(visit, mapping)
        return replace(
            visit, ends_as=ends_as, touched=tuple(self._legacy.dependants(link.key)) if is_news else ()
        )

    def _is_hidden_early(self, visit: Visit, mapping: ResourceMapping, legacy: Reading) -> bool:
        """Whether what hides a record has not been visited since, which will say when it is shown again."""
        hiding = () if visit.group is None else mapping.hidden_by(visit.group, legacy.fields)
        known = self._journal.links(hiding).values() if hiding else ()
        return any(link.state not in (LinkState.WITHHELD, LinkState.TOMBSTONE) for link in known)

    def _agree(
        self,
        visit: Visit,
        mapping: ResourceMapping,
        legacy: Reading,
        cloud: Reading | None,
        references: References,
    ) -> Visit:
        there: Fields = cloud.fields if cloud is not None else {}
        base: Agreed = visit.base if cloud is not None else {}
        is_back = visit.link.doubt is not None and visit.doubt is None
        base = base if is_back else base_since(base, legacy.fields, visit.link.lately)
        parts = units_for(mapping.kind, base, legacy.fields, there)
        units = {one.name: one.fields for one in parts}
        visit, heard = desk.heard(visit, units, legacy, there)
        base = desk.base_of(base, visit.link.baseline, visit.wishes, heard, units)
        merged = self._merged(visit, base, legacy, there)
        merged = desk.granted(merged, heard, units, legacy.fields, there, base)
        asked = self._asked(visit, base, legacy, there)
        again = came_back(visit.link.lately, base, legacy.fields, asked)
        lately = self._forms.remembered(again, base, legacy.fields, merged)
        visit = visit if lately is None else replace(visit, lately=lately)
        if visit.doubt is not None or is_back:
            # what is asked about was never agreed on: the next visit asks again, as it does about forms
            open_units = {one.unit for one in merged.open}
            never = {
                name
                for one in parts
                if one.name in open_units and not (is_back and one.is_in_form)
                for name in one.fields
            }
            base = {name: value for name, value in base.items() if name not in never}
        correction = mapping.correction(visit.link, base, merged.agreed, merged.to_legacy, visit.content)
        if correction is not None:
            return replace(
                visit,
                base=base,
                plan=correction,
                open=(*merged.open, *(one for _, one in visit.granted)),
                wishes=(),
                granted=(),
                ends_as=visit.link.state,
                looks_again=True,
            )
        to_cloud = merged.to_cloud if cloud is not None else frozenset(merged.agreed)
        missing = missing_parent(mapping, merged.agreed, to_cloud, references)
        if missing is not None:
            return replace(visit, waits_for=missing, open=merged.open)
        plan: CloudPlan | None = None
        if cloud is None or to_cloud or mapping.wants_words(visit.content, self._ods):
            context = CloudContext(ods=self._ods, references=references, hides=bool(legacy.held))
            plan = mapping.to_cloud(visit.link, told(there, merged.agreed), to_cloud, visit.content, context)
        pending = visit.link.pending if cloud is not None else None
        cleared = cleared_meanwhile(mapping.kind, base, pending, legacy.fields, there)
        change: RowChange | None = None
        if merged.to_legacy and visit.group is not None:
            if lacks_patient([merged.agreed[name] for name in merged.to_legacy], self._there):
                raise RecordRefused(*PATIENT_GONE)
            change = mapping.to_legacy(told(legacy.fields, merged.agreed), merged.to_legacy, visit.group)
        touched = tuple(mapping.dependents(visit.group) if visit.group is not None and cloud is None else ())
        if visit.link.state in (LinkState.WITHHELD, LinkState.TOMBSTONE):  # it is shown again
            touched = (*touched, *self._legacy.dependants(visit.link.key))
        return replace(
            visit,
            base=base,
            agreed=merged.agreed,
            to_legacy=merged.to_legacy,
            to_cloud=to_cloud,
            plan=plan if plan is not None and plan.steps else None,
            row_change=change if change is not None and change.writes else None,
            decided=(*visit.decided, *merged.decided, *cleared),
            open=merged.open,
            touched=touched,
        )

    def _asked(self, visit: Visit, base: Agreed, legacy: Reading, cloud: Fields) -> frozenset[str]:
        if visit.link.doubt is None or visit.doubt is not None:
            return frozenset()
        units = _units(visit.link.key.kind, base, legacy, cloud)
        return asked_about(units, base, legacy, cloud, visit.link, self._there)

    def _there(self, keys: Collection[LinkKey]) -> Collection[LinkKey]:
        """Those of some records that the legacy program has and shows; each is asked for once a batch."""
        unknown = [key for key in keys if key not in self._shown]
        groups = self._legacy.read([Link(key=key) for key in unknown]) if unknown else {}
        for key in unknown:
            group = groups.get(key)
            self._shown[key] = group is not None and not self._mappings[key.kind].is_deleted(group)
        return [key for key in keys if self._shown[key]]

    def _merged(self, visit: Visit, base: Agreed, legacy: Reading, cloud: Fields) -> Merged:
        kind = visit.link.key.kind
        doubt = visit.doubt or visit.link.doubt
        again = put_back(base, legacy.fields, visit.link.lately)
        return merge(
            _units(kind, base, legacy, cloud),
            base,
            legacy.fields,
            cloud,
            authority=self._authority(kind),
            held=legacy.held,
            doubt=doubt,
            put_back=self._asked(visit, base, legacy, cloud) if doubt in LEGACY_DOUBTS else again,
        )


def _units(kind: Kind, base: Agreed, legacy: Reading, cloud: Fields) -> list[Unit]:
    return [
        unit for unit in units_for(kind, base, legacy.fields, cloud) if legacy.unknown.isdisjoint(unit.fields)
    ]


def _doubting(link: Link, found: Doubt | None, *, is_there: bool) -> Link:
    """The link, with what is to be thought of legacy; an earlier doubt knows not what was touched since."""
    if found is None and link.doubt is not None and is_there:
        found = Doubt.LEGACY_UNCERTAIN
    return link if found is None else replace(link, doubt=found)


def _heard(visit: Visit, found: Presence, kept: Conflict, held: Collection[str]) -> tuple[Presence, Visit]:
    """What a person has decided about a record that is on one side only, if they have; else it is open."""
    wish = next((one for one in visit.wishes if one.unit == found.value), None)
    if wish is None or wish.number in visit.denied:
        return found, replace(visit, open=(kept,))
    after, why_not = desk.presence_after(found, wish, visit.link.key.kind, kept, held)
    if after is None:
        return found, replace(visit, open=(kept,), denied={**visit.denied, wish.number: why_not})
    told = desk.decided(wish, kept.base)
    return after, replace(visit, granted=((wish, kept),), decided=(*visit.decided, told))
