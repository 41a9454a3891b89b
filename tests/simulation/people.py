"""People at work on both sides; each tells the oracle what they saw and what they left."""

import copy
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.mapping.field import FieldMapping
from legacy_bridge.mapping.resource import ResourceMapping
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.rehearsal.oracle import Oracle
from legacy_bridge.sides.links import References
from tests.legacy_bridge.support.small_practice import DAY, guid, key
from tests.simulation.decider import Decider
from tests.simulation.journal import SimulatedJournal
from tests.simulation.legacy import Held, SimulatedDatabase
from tests.simulation.practice import EDITABLE, NAMES, add_entry, add_patient, add_slot
from tests.simulation.registrar import Registrar
from tests.simulation.server import SimulatedServer
from tests.simulation.sight import BOOKING, GONE, RECORD, THERE, Sight
from web_modules.fhir.client import FhirClient, TransactionEntry, version_of
from web_modules.fhir.errors import FhirError

_LEGACY, _CLOUD = "legacy", "cloud"
_NOTHING = object()
_PATIENT, _SLOT = "Admin_Patient", "Appointment_Slot"
_CLEARED = frozenset({"home_phone", "email"})
"""What people also remove."""
_FORM = ("HomePhone", "EmailAddress", "Surname", "GivenName", "NumberAndStreet")
"""What the form of the legacy program shows and saves."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form that somebody opened a while ago: the columns and fields as they were then."""

    link: LinkKey
    name: str
    shown: dict[str, Any]
    fields: dict[str, Any]


class People:
    """Those who work on one practice's records."""

    def __init__(  # noqa: PLR0917 - what they work with
        self,
        seed: int,
        sides: tuple[SimulatedDatabase, SimulatedServer, Sight],
        mappings: Mapping[Kind, ResourceMapping],
        oracle: Oracle,
        told: Callable[[str], None],
        is_unsettled: Callable[[LinkKey], bool],
        was_seen: Callable[[LinkKey], bool],
        journal: Callable[[], SimulatedJournal],
    ) -> None:
        self.random = random.Random(seed)
        self.reached: Counter[str] = Counter()
        self.names = {kind: list(found) for kind, found in NAMES.items()}
        self._database, server, self._sight = sides
        self._client = FhirClient(server)
        self._mappings = mappings
        self._oracle = oracle
        self._told = told
        self._is_unsettled = is_unsettled
        """Whether the bridge has written a record and not noted it: what is set back then to the value from
        before does not count as an edit (see "What does not hold yet"), so nobody does."""
        self.journal = journal
        self._was_seen = was_seen
        """Whether the bridge has looked at a record since it was written last in legacy."""
        self._cleared: set[str] = set()
        self._stale: dict[str, Any] = {}
        self._by_form: dict[str, Any] = {}
        """What a form put back over what somebody had entered in legacy: as much legacy's own as that was."""
        self._number = count(1).__next__
        self._forms: list[Form] = []
        self.deletes_in_cloud = True
        self._held: list[Held] = []
        self._gone: dict[Kind, list[str]] = {}
        self.hides: Callable[[LinkKey], None] = lambda _: None
        self._decider = Decider(
            self.random, journal, self._number, self._name_of, oracle, told, reached=self.reached
        )
        self.decided = self._decider.decided
        self._registrar = Registrar(
            self.random,
            (self._database, self._sight),
            self.names,
            self._note,
            is_unsettled,
            self._go_on,
            reached=self.reached,
        )

    def work(self) -> None:
        """Somebody does something."""
        what = self.random.choices(
            (
                self._edit_legacy,
                self._edit_cloud,
                self._book_legacy,
                self._book_cloud,
                self._open_form,
                self._save_form,
                self._hold,
                self._delete_or_bring_back,
                self._delete_in_cloud,
                self._register,
                self._spoil_or_mend,
                self._spoil_or_mend_in_cloud,
                self._hide_or_show,
                self._touch,
                self._decider.work,
                self._merge,
                self._delete_entry,
            ),
            (16, 16, 8, 8, 8, 8, 3, 3, 1, 4, 3, 2, 4, 1, 12, 2, 1),
        )[0]
        what()

    def go_home(self) -> None:
        """The day ends: transactions are committed, forms closed, what was spoilt is mended or stays."""
        for held in list(self._held):
            self._commit(held)
        self._forms.clear()
        self._registrar.go_home()

    def ever(self) -> Mapping[Kind, list[str]]:
        """Whoever and whatever there ever was, also what a backup lacks, and who was merged."""
        found = {kind: [*names, *self._gone.get(kind, ())] for kind, names in self.names.items()}
        return {**found, Kind.PATIENT: list(dict.fromkeys([*found[Kind.PATIENT], *self._registrar.merged()]))}

    def find_themselves_back(self) -> None:
        """The legacy database came back from a backup: what was open is closed, what was new is gone."""
        self._held.clear()
        self._forms.clear()
        self._stale.clear()
        for kind, names in self.names.items():
            rows = self._database.content.tables[GROUPS[kind].main]
            self._gone.setdefault(kind, []).extend(name for name in names if name not in rows)
            self.names[kind] = [name for name in names if name in rows]
        self._registrar.find_themselves_back()

    def close_forms(self) -> None:
        """Nobody saves what they opened before."""
        self._forms.clear()

    def _edit_legacy(self) -> None:
        link, name, field = self._chosen()
        table = GROUPS[link.kind].main
        if self._database.is_held(table, name) or not self._sight.legacy(link):
            return
        saw = self._sight.seen(_LEGACY, link, field.name)
        left = self._token_or_nothing(_LEGACY, link, field.name)
        self._go_on(link, field.name, left)
        assert field.to_columns is not None
        self._database.edit(table, name, **field.to_columns(left))
        self._note(link, name, field.name, _LEGACY, saw, left)

    def _edit_cloud(self) -> None:
        link, name, field = self._chosen()
        content = self._sight.content(link)
        if content is None or not self._sight.cloud(link):
            return
        saw = self._sight.seen(_CLOUD, link, field.name)
        left = self._token_or_nothing(_CLOUD, link, field.name)
        draft = {one: copy.deepcopy(dict(resource)) for one, resource in content.resources.items()}
        field.to_draft(draft, left, References())
        changed = [one for kind, one in draft.items() if one != content.resources[kind]]
        if self._send([_put(one) for one in changed]):
            self._note(link, name, field.name, _CLOUD, saw, left)

    def _book_legacy(self) -> None:
        slot = self.random.choice(self.names[Kind.SLOT])
        link, row = key(Kind.SLOT, slot), self._database.row(_SLOT, slot)
        if self._database.is_held(_SLOT, slot) or row["Deleted"] or self._is_unsettled(link):
            return
        saw = self._sight.seen(_LEGACY, link, BOOKING)
        if row["PatientGuid"] is None:
            booked_at = self._moment()
            patient = self.random.choice(self.names[Kind.PATIENT])
            columns = {
                "PatientGuid": guid(patient),
                "SlotStatus": "Booked",
                "BookedDate": DAY,
                "BookedTime": booked_at,
                "BookingMethod": "Practice",
            }
        else:
            columns = {
                "PatientGuid": None,
                "SlotStatus": "Slot Available",
                "BookedDate": None,
                "BookedTime": None,
                "BookingMethod": None,
            }
        self._database.edit(_SLOT, slot, **columns)
        self._note(link, slot, BOOKING, _LEGACY, saw, self._sight.seen(_LEGACY, link, BOOKING))

    def _book_cloud(self) -> None:
        name = self.random.choice(self.names[Kind.SLOT])
        link = key(Kind.SLOT, name)
        content = self._sight.content(link)
        if content is None or self._is_unsettled(link):
            return
        slot = content.resources["Slot"]
        saw = self._sight.seen(_CLOUD, link, BOOKING)
        active = [one for one in content.appointments if one["status"] == "booked"]
        if active:
            steps = [_put({**active[0], "status": "cancelled"}), _put({**slot, "status": "free"})]
        elif slot["status"] == "free":
            patient = self._sight.content(key(Kind.PATIENT, self.random.choice(self.ever()[Kind.PATIENT])))
            if patient is None:
                return
            booked_at = datetime.combine(DAY, self._moment(), UTC)
            appointment = {
                "resourceType": "Appointment",
                "status": "booked",
                "slot": [{"reference": f"Slot/{slot['id']}"}],
                "start": slot["start"],
                "end": slot["end"],
                "created": booked_at.isoformat().replace("+00:00", "Z"),
                "participant": [
                    {
                        "actor": {"reference": f"Patient/{patient.resources['Patient']['id']}"},
                        "status": "accepted",
                    }
                ],
            }
            steps = [
                _put({**slot, "status": "busy"}),
                TransactionEntry(method="POST", url="Appointment", resource=appointment),
            ]
        else:
            return
        if self._send(steps):
            self._note(link, name, BOOKING, _CLOUD, saw, self._sight.seen(_CLOUD, link, BOOKING))

    def _open_form(self) -> None:
        """Somebody opens a patient's form in the legacy program, and will save all of it later.

        A form with what the bridge never saw it does not know again (see "What does not hold yet").
        """
        name = self.random.choice(self.names[Kind.PATIENT])
        link = key(Kind.PATIENT, name)
        agreed, fields = self.journal().links([link])[link].baseline, self._sight.legacy(link)
        row = self._database.row(_PATIENT, name)
        if row["IsConfidential"] or any(agreed.get(one) != fields.get(one) for one in EDITABLE[Kind.PATIENT]):
            return
        shown = {column: row[column] for column in _FORM}
        self._forms.append(Form(link, name, shown, fields))

    def _save_form(self) -> None:
        """Somebody saves a form whole: one field is their edit, the others are what they were shown."""
        if not self._forms:
            return
        form = self._forms.pop(self.random.randrange(len(self._forms)))
        if self._database.is_held(_PATIENT, form.name):
            return
        field = self._field(Kind.PATIENT, self.random.choice(EDITABLE[Kind.PATIENT]))
        left = self._token(_LEGACY)
        assert field.to_columns is not None
        before = self._sight.legacy(form.link)
        if self._is_as_if_nothing_was(form, before):
            return
        self._go_on(form.link, field.name, left)
        self._database.edit(_PATIENT, form.name, **{**form.shown, **field.to_columns(left)})
        self.reached["form saved whole"] += 1
        self._note(form.link, form.name, field.name, _LEGACY, form.fields.get(field.name), left)
        for other in {*EDITABLE[Kind.PATIENT]} - {field.name}:
            was, shown = before.get(other), form.fields.get(other)
            if was != shown:
                self._put_back(form, other, was, shown)
        if before.get(field.name) != form.fields.get(field.name):  # the legacy program's own lost update
            self._oracle.edited(
                place_of(form.link, field.name), _LEGACY, saw=before.get(field.name), left=left
            )

    def _is_as_if_nothing_was(self, form: "Form", before: Mapping[str, Any]) -> bool:
        """Whether a form would take back what the bridge never saw (see "What does not hold yet")."""
        agreed = self.journal().links([form.link])[form.link].baseline
        put_back = [
            name
            for name in EDITABLE[Kind.PATIENT]
            if before.get(name) != form.fields.get(name) and agreed.get(name) == form.fields.get(name)
        ]
        return bool(put_back) and not self._was_seen(form.link)

    def _put_back(self, form: "Form", field: str, was: Any, shown: Any) -> None:
        """The legacy program itself lost its own user's edit: not the bridge's doing. Else it is no edit."""
        place = place_of(form.link, field)
        is_own = place in self._cleared if was is None else was.startswith(_LEGACY[0])
        if is_own or self._by_form.get(place, _NOTHING) == was:
            self._by_form[place] = shown
            self._oracle.edited(place, _LEGACY, saw=was, left=shown)
            self._told(f"legacy: {form.link.kind.value}/{form.name} {field}: form puts back {was} -> {shown}")
        else:
            self.reached["old value put back by a form"] += 1
            self._stale[place] = was
            self._told(f"legacy: {form.link.kind.value}/{form.name} {field}: STALE FORM {was} -> {shown}")

    def _go_on(self, link: LinkKey, field: str, left: Any) -> None:
        """Who goes on from what a form put back, before the bridge has looked, has lost in legacy alone."""
        place = place_of(link, field)
        was = self._stale.pop(place, _NOTHING)
        if was is not _NOTHING and not self._was_seen(link):
            self._oracle.edited(place, _LEGACY, saw=was, left=left)

    def _hold(self) -> None:
        """Somebody's transaction stays open over the bridge's looks."""
        if self._held:
            self._commit(self.random.choice(self._held))
            return
        link, name, field = self._chosen()
        table = GROUPS[link.kind].main
        if self._database.is_held(table, name) or not self._sight.legacy(link):
            return
        saw, left = self._sight.seen(_LEGACY, link, field.name), self._token(_LEGACY)
        assert field.to_columns is not None
        held = self._database.hold(table, name, **field.to_columns(left))
        held.told = lambda: self._note(link, name, field.name, _LEGACY, saw, left)
        held.before = lambda: self._go_on(link, field.name, left)
        self._held.append(held)

    def _commit(self, held: Held) -> None:
        self._held.remove(held)
        held.before()
        self._database.commit(held)
        held.told()
        self.reached["transaction held over a poll"] += 1

    def _delete_or_bring_back(self) -> None:
        name = self.random.choice(self.names[Kind.SLOT])
        link, row = key(Kind.SLOT, name), self._database.row(_SLOT, name)
        if self._database.is_held(_SLOT, name) or self._is_unsettled(link):
            return
        saw = self._sight.seen(_LEGACY, link, BOOKING)
        was = bool(row["Deleted"])
        self.reached["slot deleted"] += 1
        self._database.edit(_SLOT, name, Deleted=not was)
        self._note(link, name, RECORD, _LEGACY, GONE if was else THERE, THERE if was else GONE)
        self._note(link, name, BOOKING, _LEGACY, saw, self._sight.seen(_LEGACY, link, BOOKING))

    def _delete_in_cloud(self) -> None:
        name = self.random.choice(self.names[Kind.SLOT])
        link = key(Kind.SLOT, name)
        content = self._sight.content(link)
        is_free = content is not None and content.resources["Slot"]["status"] == "free"
        if not is_free or self._is_unsettled(link):
            return
        if self._delete_resource(link, "Slot"):
            self.reached["slot deleted"] += 1
            self._note(link, name, RECORD, _CLOUD, THERE, GONE)

    def _delete_entry(self) -> None:
        """Somebody deletes an entry, on either side, for good."""
        name, side = self.random.choice(self.names[Kind.DIARY]), self.random.choice((_LEGACY, _CLOUD))
        link, table = key(Kind.DIARY, name), GROUPS[Kind.DIARY].main
        before = self._sight.legacy(link) if side == _LEGACY else self._sight.cloud(link)
        if RECORD not in before or self._database.is_held(table, name) or self._is_unsettled(link):
            return
        if side == _LEGACY:
            self._database.edit(table, name, Deleted=True)
        elif not self._delete_resource(link, "ServiceRequest"):
            return
        self.reached["entry deleted"] += 1
        self._note(link, name, RECORD, side, THERE, GONE)
        for field in EDITABLE[Kind.DIARY]:
            self._note(link, name, field, side, before.get(field), None)

    def _delete_resource(self, link: LinkKey, resource_type: str) -> bool:
        content = self._sight.content(link)
        if content is None or not self.deletes_in_cloud:
            return False
        found = dict(content.resources[resource_type])
        url = f"{resource_type}/{found['id']}"
        return self._send([TransactionEntry(method="DELETE", url=url, if_match=version_of(found))])

    def _register(self) -> None:
        """Somebody new, a new slot, or a new entry, in the legacy program."""
        kind = self.random.choice((Kind.PATIENT, Kind.SLOT, Kind.DIARY))
        name = f"new-{kind.value}{self._number()}"
        if kind is Kind.PATIENT:
            add_patient(self._database, name)
        elif kind is Kind.SLOT:
            add_slot(self._database, name)
        else:
            add_entry(self._database, name, self.random.choice(self.names[Kind.PATIENT]))
        self.names[kind].append(name)
        self._note(key(kind, name), name, RECORD, _LEGACY, GONE, THERE)

    def _spoil_or_mend(self) -> None:
        """A slot without a length cannot be carried; somebody corrects it later."""
        name = self.random.choice(self.names[Kind.SLOT])
        if self._database.is_held(_SLOT, name):
            return
        is_spoilt = self._database.row(_SLOT, name)["PlannedDurationInMinutes"] is None
        self._database.edit(_SLOT, name, PlannedDurationInMinutes=15 if is_spoilt else None)
        self.reached["mended record" if is_spoilt else "poisonous record"] += 1
        self._told(f"legacy: slot/{name} {'mended' if is_spoilt else 'spoilt'}")

    def _spoil_or_mend_in_cloud(self) -> None:
        """The cloud says that somebody died and not when; somebody corrects it later."""
        name = self.random.choice(self.names[Kind.PATIENT])
        content = self._sight.content(key(Kind.PATIENT, name))
        if content is None:
            return
        patient = {**content.resources["Patient"]}
        is_spoilt = patient.pop("deceasedBoolean", False)
        if self._send([_put(patient if is_spoilt else {**patient, "deceasedBoolean": True})]):
            self.reached["mended record" if is_spoilt else "poisonous record"] += 1
            self._told(f"cloud: patient/{name} {'mended' if is_spoilt else 'spoilt'}")

    def _hide_or_show(self) -> None:
        name = self.random.choice(self.names[Kind.PATIENT])
        if self._database.is_held(_PATIENT, name):
            return
        is_hidden = bool(self._database.row(_PATIENT, name)["IsConfidential"])
        slots = self._database.content.tables[_SLOT].values()
        if is_hidden and any(one["PatientGuid"] == guid(name) for one in slots):
            return  # see simulation.md: their bookings would look ended
        self._forms = [one for one in self._forms if one.name != name]  # what is hidden is not compared
        self._database.edit(_PATIENT, name, IsConfidential=not is_hidden)
        self.hides(key(Kind.PATIENT, name))
        self.reached["shown again" if is_hidden else "made confidential"] += 1
        self._told(f"legacy: patient/{name} {'shown again' if is_hidden else 'made confidential'}")

    def _name_of(self, link: LinkKey) -> str:
        names = self.names.get(link.kind, [])
        return f"{link.kind.value}/" + next((one for one in names if key(link.kind, one) == link), link.key)

    def _merge(self) -> None:
        """Somebody merges patients, or takes them apart; a form of one who is merged cannot be saved."""
        self._registrar.work()
        self._forms = [one for one in self._forms if one.name in self.names[Kind.PATIENT]]

    def _touch(self) -> None:
        """Somebody saves a resource as it was: a new version, and nothing new in it."""
        name = self.random.choice(self.names[Kind.PATIENT])
        content = self._sight.content(key(Kind.PATIENT, name))
        if content is not None:
            self._send([_put({**content.resources["Patient"]})])

    def _send(self, steps: list[TransactionEntry]) -> bool:
        try:
            self._client.transaction(steps)
        except FhirError:
            return False
        return True

    def _chosen(self) -> tuple[LinkKey, str, FieldMapping]:
        kinds = [Kind.PATIENT] * 6 + list(EDITABLE)
        kind = self.random.choice(kinds)
        name = self.random.choice(self.names[kind])
        wanted = self.random.choice(EDITABLE[kind])
        return key(kind, name), name, self._field(kind, wanted)

    def _field(self, kind: Kind, wanted: str) -> FieldMapping:
        return next(one for one in self._mappings[kind].fields if one.name == wanted)

    def _token(self, side: str) -> str:
        return f"{side[0]}{self._number()}"

    def _token_or_nothing(self, side: str, link: LinkKey, field: str) -> str | None:
        is_cleared = field in _CLEARED and self.random.random() < 0.15
        return None if is_cleared and not self._is_unsettled(link) else self._token(side)

    def _moment(self) -> time:
        return (datetime.combine(DAY, time(8)) + timedelta(seconds=self._number())).time()

    def _note(self, link: LinkKey, name: str, field: str, side: str, saw: Any, left: Any) -> None:
        self.reached[f"edit on {side}"] += 1
        self._told(f"{side}: {link.kind.value}/{name} {field}: {saw} -> {left}")
        if side == _LEGACY and left is None:
            self._cleared.add(place_of(link, field))
        self._oracle.edited(place_of(link, field), side, saw=saw, left=left)


def place_of(link: LinkKey, field: str) -> str:
    """How the oracle names a field of a record."""
    return f"{link} {field}"


def _put(resource: dict[str, Any]) -> TransactionEntry:
    url = f"{resource['resourceType']}/{resource['id']}"
    return TransactionEntry(method="PUT", url=url, resource=resource, if_match=version_of(resource))
