"""Laws of the merge where legacy came back from a backup, for any three values of any fields."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_bridge.merge.doubt import asked_about
from legacy_bridge.merge.forms import came_back, put_back
from legacy_bridge.merge.presence import Presence, presence
from legacy_bridge.merge.three_way import merge
from legacy_bridge.records import Agreed, Fields, Kind, LinkKey, Reading
from legacy_bridge.sides.links import Doubt, Lately, Link, LinkState
from tests.legacy_bridge.merge.test_three_way import AUTHORITIES, FIELDS, NAMES, UNITS, VALUES
from web_modules.decision.words import Authority

pytestmark = pytest.mark.hazard("H18")

WHOLE = st.fixed_dictionaries(dict.fromkeys(NAMES, st.none() | VALUES))
DOUBTS = st.sampled_from([Doubt.LEGACY_OLDER, Doubt.LEGACY_UNCERTAIN])
PATIENT = LinkKey(kind=Kind.PATIENT, key="p")
RECORD = Reading(fields={"home_phone": "1"})


def asked(doubt: Doubt, base: Agreed, legacy: Fields, cloud: Fields, lately: Lately) -> Collection[str]:
    link = Link(key=PATIENT, doubt=doubt, lately=lately)
    return asked_about(UNITS, base, Reading(fields=legacy), cloud, link, lambda keys: keys)


@given(base=WHOLE, legacy=FIELDS, cloud=FIELDS, authority=AUTHORITIES, doubt=DOUBTS)
def test_nothing_that_the_backup_says_alone_reaches_the_cloud(
    base: Agreed, legacy: Fields, cloud: Fields, authority: Authority, doubt: Doubt
) -> None:
    names = asked(doubt, base, legacy, cloud, {})
    merged = merge(UNITS, base, legacy, cloud, authority=authority, doubt=doubt, put_back=names)
    listed = {one.unit for one in (*merged.decided, *merged.open)}
    for unit in UNITS:
        mine, theirs, was = ([side.get(name) for name in unit.fields] for side in (legacy, cloud, base))
        if mine in (theirs, was):
            continue
        assert merged.to_cloud.isdisjoint(unit.fields)
        assert unit.name in listed
        is_written = not merged.to_legacy.isdisjoint(unit.fields)
        assert is_written == (doubt is Doubt.LEGACY_OLDER and unit.name != "start")


@given(base=WHOLE, legacy=FIELDS, cloud=FIELDS, doubt=DOUBTS)
def test_what_is_asked_about_is_asked_again_when_the_doubt_is_over(
    base: Agreed, legacy: Fields, cloud: Fields, doubt: Doubt
) -> None:
    names = asked(doubt, base, legacy, cloud, {})
    lately = came_back({}, base, legacy, names)
    assert put_back(base, legacy, lately) == {name for name in names if base.get(name) != legacy.get(name)}
    again = asked(Doubt.LEGACY_OLDER, base, legacy, cloud, lately)
    assert set(names) <= set(again), "a second restore does not answer what was asked"


@pytest.mark.parametrize("doubt", [Doubt.LEGACY_OLDER, Doubt.LEGACY_UNCERTAIN])
@pytest.mark.parametrize("kind", [Kind.PATIENT, Kind.SLOT, Kind.ALLERGY])
def test_by_itself_a_backup_neither_deletes_in_the_cloud_nor_shows(kind: Kind, doubt: Doubt) -> None:
    base = RECORD.fields
    missing = presence(kind, LinkState.LINKED, base, None, RECORD, doubt=doubt)
    assert missing in {Presence.INSERT_AGAIN, Presence.ASK_DELETED_IN_LEGACY}
    hidden = presence(kind, LinkState.WITHHELD, {}, RECORD, None, doubt=doubt)
    assert hidden is Presence.KEEP_WITHHELD
    assert presence(kind, LinkState.WITHHELD, {}, None, None, doubt=doubt) is Presence.NOT_IN_BACKUP
    back = presence(kind, LinkState.TOMBSTONE, {}, RECORD, None, doubt=doubt)
    is_known = doubt is Doubt.LEGACY_OLDER and kind is not Kind.PATIENT
    assert back is (Presence.DELETE_AGAIN if is_known else Presence.ASK_DELETED_IN_CLOUD)
