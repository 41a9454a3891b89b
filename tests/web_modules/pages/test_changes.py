"""Open pages hear of changes at once."""

import asyncio
import json
from collections.abc import AsyncIterator

from tests.support.module_web import ModuleWeb
from tests.web_modules.patients.people import sarah
from web_modules.pages.changes import MOST_LOOKED_AT, ChangedTypes, change_events


async def _next(events: AsyncIterator[str]) -> str:
    async with asyncio.timeout(5):
        return await anext(events)


def test_a_commit_is_told_with_the_types_that_changed(web: ModuleWeb) -> None:
    async def listened() -> tuple[str, str]:
        events = change_events(web.services.changes, ChangedTypes(web.services))
        first = await _next(events)
        waiting = asyncio.create_task(_next(events))
        await asyncio.to_thread(web.create, sarah())
        return first, await waiting

    first, second = asyncio.run(listened())
    assert "event: ready" in first
    name, data = second.strip().split("\n")
    assert name == "event: change"
    assert json.loads(data.removeprefix("data: ")) == {"types": ["Patient"]}


def test_a_listener_is_let_go_when_the_server_ends(web: ModuleWeb) -> None:
    async def listened() -> list[str]:
        events = change_events(web.services.changes, ChangedTypes(web.services))
        first = await _next(events)
        web.services.changes.release()
        async with asyncio.timeout(5):
            return [first, *[event async for event in events]]

    assert len(asyncio.run(listened())) == 1


def test_only_what_changed_since_is_told(web: ModuleWeb) -> None:
    types = ChangedTypes(web.services)
    web.create(sarah())
    seen = web.services.changes.position
    web.create({"resourceType": "Basic", "code": {"text": "x"}})
    web.create({"resourceType": "Practitioner", "name": [{"family": "Nair"}]})
    assert types.between(seen, web.services.changes.position) == ["Basic", "Practitioner"]


def test_of_a_large_change_only_that_there_was_one_is_told(web: ModuleWeb) -> None:
    types = ChangedTypes(web.services)
    for _ in range(MOST_LOOKED_AT + 1):
        web.create({"resourceType": "Basic", "code": {"text": "x"}})
    assert types.between(0, web.services.changes.position) == ["*"]


def test_only_who_is_signed_in_may_listen(web: ModuleWeb) -> None:
    web.browser.cookies.clear()
    answer = web.browser.get("/Y99002/changes", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 401
