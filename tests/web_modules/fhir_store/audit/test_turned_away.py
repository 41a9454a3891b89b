"""A flood of refusals fills neither memory nor disk, and nothing of it is left out."""

from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.audit.trail import AuditTrail
from web_modules.fhir_store.audit.turned_away import ELSEWHERE, MOST_KINDS, WINDOW_SECONDS, Tally, TurnedAway
from web_modules.fhir_store.documents import decode

CODE = {"system": "urn:x", "code": "a"}


def refused(address: str = "192.0.2.1", words: str = "No.") -> TurnedAway:
    return TurnedAway(type=CODE, subtype=CODE, address=address, words=words, named="GET Patient")


def times(note: Note) -> int:
    """How many refusals a note tells of."""
    entity = decode(note.content).get("entity", [{}])[0]
    return int(entity["detail"][0]["valueString"]) if "detail" in entity else 1


class FakeClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_first_of_a_kind_is_noted_at_once_and_the_rest_when_the_minute_is_over() -> None:
    clock = FakeClock()
    tally = Tally(clock)
    assert tally.seconds_left() is None
    assert tally.first(refused()) is not None
    assert [tally.first(refused()) for _ in range(5)] == [None] * 5
    assert tally.first(refused(words="Another.")) is not None
    clock.now = WINDOW_SECONDS - 1
    assert tally.over() == []
    assert tally.seconds_left() == 1
    clock.now = WINDOW_SECONDS
    assert [times(note) for note in tally.over()] == [5]
    assert tally.seconds_left() is None
    assert tally.first(refused()) is not None


def test_refusals_from_very_many_addresses_are_counted_together() -> None:
    tally = Tally(FakeClock())
    written = [tally.first(refused(f"192.0.2.{number}", f"{number}")) for number in range(5 * MOST_KINDS)]
    noted = [note for note in written if note is not None]
    assert len(noted) == MOST_KINDS + 1
    assert decode(noted[-1].content)["agent"][0]["network"]["address"] == ELSEWHERE
    over = tally.over(is_end=True)
    assert sum(map(times, [*noted, *over])) == 5 * MOST_KINDS


def test_what_was_counted_is_written_when_the_trail_ends() -> None:
    written: list[Note] = []
    trail = AuditTrail(written.extend)
    for _ in range(100):
        trail.turn_away(refused())
    trail.close()
    assert [times(note) for note in written] == [1, 99]
    assert decode(written[0].content)["entity"] == [{"name": "GET Patient"}]
