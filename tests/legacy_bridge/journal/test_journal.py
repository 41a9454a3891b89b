"""The journal on a real file: migrations, lease, dirty list, checkpoints."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from legacy_bridge.errors import AnotherBridge, SideUnavailable
from legacy_bridge.journal.database import Lease, journal_url, open_journal
from legacy_bridge.journal.journal import SqlJournal
from legacy_bridge.journal.tables import METADATA
from legacy_bridge.records import Kind, LinkKey, PartialDate
from legacy_bridge.sides.feeds import FeedBatch
from legacy_bridge.sides.links import RAN, Doubt, Link, LinkState, Pending, Settlement, Shown

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
PATIENT = LinkKey(kind=Kind.PATIENT, key="p")
SLOT = LinkKey(kind=Kind.SLOT, key="s")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    engine = open_journal(journal_url(str(tmp_path / "journal.sqlite")))
    lease = Lease(engine, "Y99002")
    yield SqlJournal(engine, "Y99002", lease)
    lease.close()
    engine.dispose()


def test_migrations_make_exactly_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    engine = open_journal(journal_url(str(tmp_path / "journal.sqlite")))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


@pytest.mark.hazard("H12")
def test_a_second_bridge_of_the_same_practice_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    engine = open_journal(journal_url(str(tmp_path / "journal.sqlite")))
    first = Lease(engine, "Y99002")
    with pytest.raises(AnotherBridge, match="already mirrors Y99002"):
        Lease(engine, "Y99002")
    first.close()
    second = Lease(engine, "Y99002")
    with pytest.raises(AnotherBridge, match="took over"):
        SqlJournal(engine, "Y99002", first).mark([PATIENT], NOW)
    second.close()
    engine.dispose()


def test_a_journal_in_a_folder_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SideUnavailable, match="check that its folder exists"):
        open_journal(journal_url(str(tmp_path / "nowhere" / "journal.sqlite")))


def test_parents_are_taken_before_children_and_only_mirrored_kinds(journal: SqlJournal) -> None:
    journal.mark([SLOT, PATIENT], NOW)
    assert [one.key for one in journal.take(list(Kind), limit=9, now=NOW)] == [PATIENT]
    assert [one.key for one in journal.take([Kind.SLOT], limit=9, now=NOW)] == [SLOT]


def test_a_link_marked_again_while_it_was_looked_at_stays_dirty(journal: SqlJournal) -> None:
    journal.mark([PATIENT], NOW)
    (taken,) = journal.take([Kind.PATIENT], limit=9, now=NOW)
    journal.mark([PATIENT], NOW)
    journal.settle([Settlement(link=Link(key=PATIENT), generation=taken.generation)], NOW)
    assert len(journal.take([Kind.PATIENT], limit=9, now=NOW)) == 1


def test_a_postponed_link_waits_and_goes_on_when_a_parent_arrives(journal: SqlJournal) -> None:
    journal.mark([SLOT], NOW)
    (taken,) = journal.take([Kind.SLOT], limit=9, now=NOW)
    later = Settlement(
        link=Link(key=SLOT), generation=taken.generation, retry_after_seconds=5, waits_for=PATIENT
    )
    journal.settle([later], NOW)
    assert journal.take([Kind.SLOT], limit=9, now=NOW) == ()
    assert journal.next_try([Kind.SLOT]) == NOW + timedelta(seconds=5)
    linked = Link(key=PATIENT, state=LinkState.LINKED, ids={"Patient": "1"})
    journal.settle([Settlement(link=linked, generation=0, has_arrived=True)], NOW)
    assert [one.attempts for one in journal.take([Kind.SLOT], limit=9, now=NOW)] == [1]


def test_what_a_feed_tells_is_saved_with_its_checkpoint(journal: SqlJournal) -> None:
    journal.absorb("legacy", FeedBatch(touched=(PATIENT,), strays=(), checkpoint="7"), NOW)
    assert journal.checkpoint("legacy") == "7"
    assert [one.key for one in journal.take([Kind.PATIENT], limit=9, now=NOW)] == [PATIENT]


def test_never_agreed_and_agreed_on_empty_are_not_the_same(journal: SqlJournal) -> None:
    link = Link(
        key=PATIENT, state=LinkState.LINKED, baseline={"home_phone": None}, versions={"Patient/1": "3"}
    )
    journal.settle([Settlement(link=link, generation=0)], NOW)
    found = journal.links([PATIENT])[PATIENT]
    assert found.baseline == {"home_phone": None}
    assert "email" not in found.baseline
    assert journal.keys_of(["Patient/1", "Patient/2"]) == {"Patient/1": PATIENT}


def test_a_write_ahead_stays_until_it_is_settled(journal: SqlJournal) -> None:
    pending = Pending(fields={"home_phone": "1"}, to_legacy=frozenset(), to_cloud=frozenset({"home_phone"}))
    journal.begin({PATIENT: pending}, [], NOW, lately={})
    assert journal.links([PATIENT])[PATIENT].pending == pending
    journal.settle([Settlement(link=Link(key=PATIENT), generation=0)], NOW)
    assert journal.links([PATIENT])[PATIENT].pending is None


@pytest.mark.hazard("H14")
def test_a_quarantined_record_keeps_its_age_and_is_released_by_a_good_visit(journal: SqlJournal) -> None:
    held = Settlement(link=Link(key=SLOT), generation=0, quarantine=("text-too-long", "words"))
    journal.settle([held], NOW)
    journal.settle([held], NOW + timedelta(hours=1))
    assert [one.since for one in journal.quarantined()] == [NOW.replace(tzinfo=None)]
    journal.settle([Settlement(link=Link(key=SLOT), generation=0)], NOW)
    assert journal.quarantined() == []


def test_what_was_agreed_before_a_second_write_is_kept_with_its_write_ahead(journal: SqlJournal) -> None:
    pending = Pending(fields={}, to_legacy=frozenset(), to_cloud=frozenset(), base={"home_phone": "1"})
    journal.begin({PATIENT: pending}, [], NOW, lately={})
    assert journal.links([PATIENT])[PATIENT].pending == pending


def test_what_was_put_off_by_a_wrong_clock_is_tried_at_once(journal: SqlJournal) -> None:
    journal.mark([PATIENT], NOW + timedelta(hours=1))
    assert journal.take([Kind.PATIENT], limit=9, now=NOW) == ()
    journal.hasten(NOW)
    assert [one.key for one in journal.take([Kind.PATIENT], limit=9, now=NOW)] == [PATIENT]


def test_what_legacy_showed_lately_is_kept_and_forgotten_when_its_forms_are_closed(
    journal: SqlJournal,
) -> None:
    day = PartialDate(text="1987")
    old = Shown(value="01632 960001", until=10.0, is_overwritten=True)
    found = {"home_phone": (old,), "birth_date": (Shown(value=day, until=None),)}
    journal.begin({}, [], NOW, lately={PATIENT: found, SLOT: {"term": (old,)}})
    assert journal.links([PATIENT])[PATIENT].lately == found
    journal.age(11.0, forms_since=10.0)
    assert journal.links([SLOT])[SLOT].lately
    journal.age(12.0, forms_since=11.0)
    assert not journal.links([SLOT])[SLOT].lately
    assert journal.links([PATIENT])[PATIENT].lately == found, "what is shown now has no end"
    journal.begin({}, [], NOW, lately={PATIENT: {}})
    assert not journal.links([PATIENT])[PATIENT].lately
    assert journal.checkpoint(RAN) == "12.0"


@pytest.mark.hazard("H18")
def test_a_doubt_about_legacy_is_kept_until_a_person_releases_what_was_withheld(journal: SqlJournal) -> None:
    doubted = {
        state: Link(key=LinkKey(kind=Kind.PATIENT, key=state.value), state=state, doubt=Doubt.LEGACY_OLDER)
        for state in (LinkState.WITHHELD, LinkState.LINKED)
    }
    journal.settle([Settlement(link=one, generation=1) for one in doubted.values()], NOW)
    for one in doubted.values():
        journal.look_again(one.key, NOW)
    found = journal.links([one.key for one in doubted.values()])
    assert found[doubted[LinkState.WITHHELD].key].doubt is None
    assert found[doubted[LinkState.LINKED].key].doubt is Doubt.LEGACY_OLDER, "to look again deletes nothing"
    assert len(journal.unsettled(found)) == 2
    assert [one["what"] for one in journal.audited(10)].count("doubt released") == 1
