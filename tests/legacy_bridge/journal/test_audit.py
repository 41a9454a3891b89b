"""The audit log: what stands in it, and that no change to it goes unseen."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, update
from typer.testing import CliRunner

from legacy_bridge.__main__ import app
from legacy_bridge.journal import audit
from legacy_bridge.journal.audit import KEY_OPTION, Note
from legacy_bridge.journal.tables import AUDIT_END, AUDIT_LOG, METADATA
from legacy_bridge.merge.visit import Visit, settle
from legacy_bridge.records import Kind, LinkKey
from legacy_bridge.sides.links import Dirty, Link, LinkState, Pending
from legacy_bridge.sides.writes import CloudPlan, Outcome, OutcomeKind, RowChange
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
PATIENT = LinkKey(kind=Kind.PATIENT, key="p")
ENTRIES = 40
PHONE = {"system": "phone", "use": "home", "value": "01632 444444"}


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", execution_options={KEY_OPTION: b"k" * 32})
    METADATA.create_all(engine)
    with engine.connect() as opened:
        for number in range(ENTRIES):
            notes = [
                Note(what="wrote cloud", subject=f"patient/{number}.{at}") for at in range(number % 4 + 1)
            ]
            audit.append(opened, ODS, notes, NOW, is_first=number == 0)
        opened.commit()
        yield opened
    engine.dispose()


def edit(connection: Connection, chance: random.Random) -> None:
    wanted = AUDIT_LOG.c.number == chance.randint(1, ENTRIES)
    column = chance.choice((AUDIT_LOG.c.content, AUDIT_LOG.c.link))
    found = bytearray(connection.execute(select(column).where(wanted)).scalar_one())
    found[chance.randrange(len(found))] ^= chance.randint(1, 255)
    connection.execute(update(AUDIT_LOG).where(wanted).values({column.name: bytes(found)}))


def remove(connection: Connection, chance: random.Random) -> None:
    connection.execute(delete(AUDIT_LOG).where(AUDIT_LOG.c.number == chance.randint(1, ENTRIES)))


def swap(connection: Connection, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ENTRIES + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        connection.execute(update(AUDIT_LOG).where(AUDIT_LOG.c.number == old).values(number=new))


def cut_off(connection: Connection, chance: random.Random) -> None:
    last = chance.randint(0, ENTRIES - 1)
    connection.execute(delete(AUDIT_LOG).where(AUDIT_LOG.c.number > last))
    if last and chance.random() < 0.7:  # and make the end fit, but for the seal
        link = connection.execute(select(AUDIT_LOG.c.link).where(AUDIT_LOG.c.number == last)).scalar_one()
        connection.execute(update(AUDIT_END).values(entries=last, link=link))
    elif chance.random() < 0.5:
        connection.execute(delete(AUDIT_END))
    if chance.random() < 0.5:  # and let the bridge go on: it seals nothing that was not sealed
        audit.append(connection, ODS, [Note(what="wrote legacy", subject="patient/x")], NOW)


def put_in(connection: Connection, chance: random.Random) -> None:
    number = chance.choice((0, -1, ENTRIES + 1))
    made = {"practice": ODS, "number": number, "content": b"{}", "link": chance.randbytes(32)}
    connection.execute(insert(AUDIT_LOG), [made])


def forge_the_end(connection: Connection, chance: random.Random) -> None:
    column = chance.choice(("entries", "link", "seal"))
    made = chance.randint(0, ENTRIES - 1) if column == "entries" else chance.randbytes(32)
    connection.execute(update(AUDIT_END).values({column: made}))
    if chance.random() < 0.5:
        audit.append(connection, ODS, [Note(what="wrote legacy", subject="patient/x")], NOW)


def test_a_log_that_nobody_touched_is_whole(connection: Connection) -> None:
    assert audit.faults(connection, ODS) == []
    end = audit.head(connection, ODS)
    assert end is not None
    assert end.count == ENTRIES


def test_a_thousand_tamperings_are_all_found(connection: Connection) -> None:
    chance = random.Random(11)
    ways = (edit, remove, swap, cut_off, put_in, forge_the_end)
    missed = []
    for number in range(1000):
        way = ways[number % len(ways)]
        way(connection, chance)
        if not audit.faults(connection, ODS):
            missed.append((number, way.__name__))
        connection.rollback()
    assert missed == []
    assert audit.faults(connection, ODS) == []


def test_a_journal_that_was_taken_back_is_found_by_an_end_kept_elsewhere(connection: Connection) -> None:
    before = [connection.execute(select(table)).mappings().all() for table in (AUDIT_LOG, AUDIT_END)]
    audit.append(connection, ODS, [Note(what="wrote legacy", subject="patient/x")], NOW)
    kept = audit.head(connection, ODS)
    assert kept is not None
    for table, rows in zip((AUDIT_LOG, AUDIT_END), before, strict=True):
        connection.execute(delete(table))
        connection.execute(insert(table), [dict(row) for row in rows])
    assert audit.faults(connection, ODS) == []
    assert "is not any more" in audit.faults(connection, ODS, [kept])[0]
    audit.append(connection, ODS, [Note(what="wrote legacy", subject="patient/y")], NOW)
    assert "is not the one that was there" in audit.faults(connection, ODS, [kept])[0]


def visit(**said: object) -> Visit:
    link = Link(key=PATIENT, state=LinkState.LINKED, baseline={"home_phone": "1"}, ids={"Patient": "7"})
    made: dict[str, object] = {
        "dirty": Dirty(key=PATIENT, generation=1, since=NOW),
        "link": link,
        "base": {"home_phone": "1"},
        "agreed": {"home_phone": "2"},
        **said,
    }
    return Visit(**made)  # type: ignore[arg-type]  # what a test does not name stays as it is


WRITES = {
    "to_legacy": frozenset({"home_phone"}),
    "to_cloud": frozenset({"home_phone"}),
    "row_change": RowChange(link=PATIENT, digest="d", columns={"HomePhone": "2"}),
    "plan": CloudPlan(link=PATIENT, steps=()),
}
WRITTEN = Outcome(kind=OutcomeKind.WRITTEN, versions={"Patient/7": "3"})


@pytest.mark.parametrize("kind", [OutcomeKind.CHANGED, OutcomeKind.REFUSED])
def test_what_one_side_took_is_told_although_the_other_did_not(kind: OutcomeKind) -> None:
    refusal = ("text-too-long", "words") if kind is OutcomeKind.REFUSED else None
    ended = settle(visit(**WRITES), WRITTEN, Outcome(kind=kind, refusal=refusal))
    (deed,) = ended.deeds
    assert (deed.what, deed.before, deed.after) == ("wrote cloud", {"home_phone": "1"}, {"home_phone": "2"})
    assert deed.versions == {"Patient/7": "3"}


def test_what_was_written_before_the_bridge_was_killed_is_told_by_the_next_visit() -> None:
    pending = Pending(fields={"home_phone": "2"}, to_legacy=frozenset(), to_cloud=frozenset({"home_phone"}))
    link = Link(key=PATIENT, state=LinkState.LINKED, baseline={"home_phone": "1"}, pending=pending)
    ended = settle(visit(link=link, base={"home_phone": "2"}), None, None)
    (deed,) = ended.deeds
    assert (deed.what, deed.before, deed.after) == ("found written", {"home_phone": "1"}, {"home_phone": "2"})


def test_nothing_is_told_of_a_visit_that_does_nothing() -> None:
    assert settle(visit(agreed={"home_phone": "1"}), None, None).deeds == ()


def test_every_write_conflict_and_held_record_is_told_without_a_value(mirror: Mirror) -> None:
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 333333", Surname="Quill")
    mary = mirror.patient("mary")
    mirror.put(mary, name=[{**mary["name"][0], "family": "Rowan"}], telecom=[PHONE])
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=-15)
    mirror.drain()
    mirror.practice.edit("Appointment_Slot", "slot0", PlannedDurationInMinutes=15)
    mirror.put(mirror.patient("mary"), name=[{**mary["name"][0], "family": "Quill"}])
    mirror.practice.edit("Admin_Patient", "omar", IsConfidential=True)
    mirror.drain()
    found = mirror.journal.audited(500)
    assert {one["what"] for one in found} >= {
        "bridge began",
        "wrote cloud",
        "conflict decided",
        "conflict opened",
        "conflict over",
        "held",
        "released",
        "withdrew cloud",
    }
    assert mirror.journal.audit_faults() == []
    whole = json.dumps(found)
    for secret in ("Quill", "Rowan", "Lind", "Abernathy", "01632", "9997576527"):
        assert secret not in whole


def test_the_audit_is_verified_told_and_listed_by_command(mirror: Mirror, tmp_path: Path) -> None:
    where = ["--practice", ODS, "--journal", str(tmp_path / "journal.sqlite")]
    kept = CliRunner().invoke(app, ["audit", "head", *where]).output.strip()
    mirror.practice.edit("Admin_Patient", "mary", HomePhone="01632 333333")
    mirror.drain()
    mirror.stop()
    whole = CliRunner().invoke(app, ["audit", "verify", *where, "--kept", kept])
    assert "entries, whole" in whole.output
    listed = CliRunner().invoke(app, ["audit", "list", *where, "--newest", "1"])
    assert "wrote cloud  patient/" in listed.output
    forged = CliRunner().invoke(app, ["audit", "verify", *where, "--kept", "9999:aa:bb"])
    assert (forged.exit_code, "is not any more" in forged.output) == (1, True)
    wrong = CliRunner().invoke(app, ["audit", "verify", *where, "--kept", "nonsense"])
    assert (wrong.exit_code, "is not understood" in wrong.output) == (1, True)
    other = CliRunner().invoke(app, ["audit", "verify", "--practice", "Y99999", *where[2:]])
    assert (other.exit_code, "give --practice" in other.output) == (1, True)
