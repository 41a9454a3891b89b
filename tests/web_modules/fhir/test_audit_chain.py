from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir.audit_chain import START, Chain, Entry, Head

CHAIN = Chain(b"secret", "Y99002")


def made(contents: list[bytes], chain: Chain = CHAIN) -> tuple[list[Entry], Head]:
    entries: list[Entry] = []
    link = START
    for number, content in enumerate(contents, start=1):
        link = chain.link(link, number, content)
        entries.append(Entry(number=number, content=content, link=link))
    return entries, Head(count=len(entries), link=link, seal=chain.seal(len(entries), link))


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_a_chain_that_nobody_touched_is_whole(contents: list[bytes]) -> None:
    entries, head = made(contents)
    assert CHAIN.faults(entries, head) == []


def cut(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    return entries[:-1], head


def cut_and_count_again(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    return entries[:-1], Head(count=len(entries) - 1, link=entries[-2].link, seal=head.seal)


def cut_and_seal_with_another_key(entries: list[Entry], _head: Head) -> tuple[list[Entry], Head]:
    count, link = len(entries) - 1, entries[-2].link
    return entries[:-1], Head(count=count, link=link, seal=Chain(b"guess", "Y99002").seal(count, link))


def edit(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    changed = Entry(number=2, content=b"somebody else", link=entries[1].link)
    return [entries[0], changed, *entries[2:]], head


def swap(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    first = Entry(number=1, content=entries[1].content, link=entries[1].link)
    second = Entry(number=2, content=entries[0].content, link=entries[0].link)
    return [first, second, *entries[2:]], head


def remove(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    return [entries[0], *entries[2:]], head


def remove_and_number_again(entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    rest = [Entry(number=one.number - 1, content=one.content, link=one.link) for one in entries[2:]]
    return [entries[0], *rest], Head(count=head.count - 1, link=head.link, seal=head.seal)


def rewrite_with_another_key(entries: list[Entry], _head: Head) -> tuple[list[Entry], Head]:
    return made([one.content for one in entries[1:]], Chain(b"guess", "Y99002"))


def empty(_entries: list[Entry], head: Head) -> tuple[list[Entry], Head]:
    return [], Head(count=0, link=START, seal=head.seal)


@pytest.mark.parametrize(
    "forgery",
    [
        cut,
        cut_and_count_again,
        cut_and_seal_with_another_key,
        edit,
        swap,
        remove,
        remove_and_number_again,
        rewrite_with_another_key,
        empty,
    ],
)
def test_whatever_is_done_without_the_key_is_found(
    forgery: Callable[[list[Entry], Head], tuple[list[Entry], Head]],
) -> None:
    entries, head = made([b"one", b"two", b"three", b"four"])
    assert len(CHAIN.faults(*forgery(entries, head))) == 1


def test_one_practices_chain_is_not_anothers() -> None:
    entries, head = made([b"one"])
    assert Chain(b"secret", "Y99003").faults(entries, head) != []


def test_a_chain_taken_back_to_an_earlier_day_is_found_by_an_end_kept_elsewhere() -> None:
    earlier = made([b"one", b"two"])
    _entries, kept = made([b"one", b"two", b"three"])
    assert CHAIN.faults(*earlier) == []
    assert CHAIN.faults(*earlier, known=[kept]) == [
        "entry 3 was there when its end was kept, and is not any more"
    ]


def test_a_chain_written_anew_with_the_key_is_found_by_an_end_kept_elsewhere() -> None:
    _entries, kept = made([b"one", b"two"])
    assert CHAIN.faults(*made([b"one", b"other", b"three"]), known=[kept]) != []
