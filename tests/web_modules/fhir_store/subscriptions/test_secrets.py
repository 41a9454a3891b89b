"""What a subscriber's headers say is sent to its endpoint, and shown to nobody."""

import json
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.support.subscriber import Subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import PRACTICE, fresh_practice
from tests.web_modules.fhir_store.database.test_migrating import set_step
from tests.web_modules.fhir_store.subscriptions.conftest import Followed, subscription
from web_modules.fhir_store.database.migrating import upgrade
from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.store import Standard, Store

FHIR = "application/fhir+json"
SECRET = "hush-hush"
HEADERS = [f"Authorization: Bearer {SECRET}", f"X-Key: {SECRET}"]
HIDDEN = ["Authorization: (hidden)", "X-Key: (hidden)"]


def _asked(hook: Subscriber, **more: Any) -> dict[str, Any]:
    return subscription("Patient", hook.address, payload=FHIR, header=HEADERS, **more)


def test_no_answer_shows_a_header(followed: Followed, hook: Subscriber) -> None:
    fhir = followed.fhir
    made = fhir("POST", "Subscription", _asked(hook), prefer="return=representation")
    assert made.body["channel"]["header"] == HIDDEN
    name = made.body["id"]
    patch = [{"op": "replace", "path": "/reason", "value": "more"}]
    answers = [
        made,
        fhir("PATCH", f"Subscription/{name}", patch),
        *(
            fhir("GET", path)
            for path in (
                f"Subscription/{name}",
                f"Subscription/{name}/_history/1",
                f"Subscription/{name}/_history",
                "Subscription/_history",
                "_history",
                "Subscription",
            )
        ),
    ]
    for answer in answers:
        assert answer.status in {200, 201}, answer.body
        assert SECRET not in json.dumps(answer.body, default=str)
    with followed.delivering():
        followed.add("Smith")
        until(lambda: hook.told, "the change came")
    assert hook.told[0].headers["authorization"] == f"Bearer {SECRET}"
    assert hook.told[0].headers["x-key"] == SECRET


def test_hidden_headers_that_are_sent_back_are_kept(followed: Followed, hook: Subscriber) -> None:
    name = followed.subscribe(_asked(hook))
    whole = followed.fhir("GET", f"Subscription/{name}").body
    for status in ("off", "requested"):
        sent = whole | {"status": status}
        assert followed.fhir("PUT", f"Subscription/{name}", sent).status == 200
    sent["channel"]["header"] = ["X-Key: new", "Authorization: (hidden)"]
    assert followed.fhir("PUT", f"Subscription/{name}", sent).status == 200
    with followed.delivering():
        followed.add("Smith")
        until(lambda: hook.told, "the change came")
    assert hook.told[0].headers["authorization"] == f"Bearer {SECRET}"
    assert hook.told[0].headers["x-key"] == "new"


def test_hidden_headers_do_not_follow_to_another_endpoint(followed: Followed, hook: Subscriber) -> None:
    name = followed.subscribe(_asked(hook))
    whole = followed.fhir("GET", f"Subscription/{name}").body
    whole["channel"]["endpoint"] = f"{hook.address}/elsewhere"
    refused = followed.fhir("PUT", f"Subscription/{name}", whole)
    assert (refused.status, refused.expression) == (422, "Subscription.channel.header[0]")
    other = followed.fhir("PUT", "Subscription/other", whole | {"id": "other"})
    assert other.status == 422


def test_a_deleted_subscription_leaves_no_secret(followed: Followed, hook: Subscriber, store: Store) -> None:
    name = followed.subscribe(_asked(hook))
    followed.fhir("DELETE", f"Subscription/{name}")
    with store.database.viewing() as session:
        statement = "SELECT count(*) FROM subscription_secret WHERE practice = ?"
        assert session.rows(statement, (PRACTICE,))[0][0] == 0


@pytest.mark.parametrize("is_deleted", [False, True])
def test_headers_that_are_there_already_are_hidden_by_an_upgrade(
    database_url: str, standard: Standard, is_deleted: bool
) -> None:
    asked = subscription("Patient", "http://127.0.0.1:9/hook", header=HEADERS)
    with fresh_practice(database_url, standard) as fhir:
        name = fhir("POST", "Subscription", asked).body["id"]
        if is_deleted:
            fhir("DELETE", f"Subscription/{name}")
    engine = create_engine(database_url)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT updated, content FROM version WHERE type = 'Subscription'"))
        for updated, content in rows.all():
            if content is not None:
                old = bytes(content).replace(encode(HIDDEN), encode(HEADERS))
                assert SECRET.encode() in old
                statement = text("UPDATE version SET content = :content WHERE updated = :updated")
                connection.execute(statement, {"content": old, "updated": updated})
    engine.dispose()
    set_step(database_url, "0006")
    assert upgrade(database_url) == "0006"
    with fresh_practice(database_url, standard) as fhir:
        history = fhir("GET", f"Subscription/{name}/_history" if not is_deleted else "Subscription/_history")
        assert SECRET not in json.dumps(history.body, default=str)
        if not is_deleted:
            assert history.resources[0]["channel"]["header"] == HIDDEN
    engine = create_engine(database_url)
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT endpoint, header FROM subscription_secret")).all()
    engine.dispose()
    wanted = [] if is_deleted else [("http://127.0.0.1:9/hook", HEADERS)]
    assert [(endpoint, json.loads(header)) for endpoint, header in kept] == wanted
