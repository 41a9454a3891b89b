"""A copy of the records tells real subscribers nothing."""

from contextlib import closing
from pathlib import Path

from tests.support.subscriber import Subscriber
from tests.support.waiting import until
from tests.web_modules.fhir_store.conftest import PRACTICE, served
from tests.web_modules.fhir_store.subscriptions.conftest import Followed, subscription
from web_modules.fhir_store.database.backups.restoring import restore
from web_modules.fhir_store.database.backups.taking import take_backup
from web_modules.fhir_store.store import Standard, Store


def test_subscriptions_of_a_restored_database_stand_off_until_they_are_asked_for_again(
    followed: Followed, hook: Subscriber, database_url: str, tmp_path: Path, standard: Standard
) -> None:
    asked = subscription("Patient", hook.address, payload="application/fhir+json")
    name, unwanted = followed.subscribe(asked), followed.subscribe(asked | {"status": "off"})
    with followed.delivering():
        followed.until_status(name, "active")
    followed.add("Before")
    take_backup(database_url, tmp_path / "one.backup")
    target = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    assert restore(target, tmp_path / "one.backup") == [PRACTICE]
    with closing(Store(target, standard)) as store:
        copy = Followed(served(store, PRACTICE), store)
        copy.add("After")
        with copy.delivering():
            copy.until_status(name, "off")
            assert hook.told == []
            kept = copy.fhir("GET", f"Subscription/{name}").body
            assert "restored from a backup" in kept["error"]
            assert "error" not in copy.fhir("GET", f"Subscription/{unwanted}").body
            assert copy.fhir("PUT", f"Subscription/{name}", kept | {"status": "requested"}).status == 200
            copy.until_status(name, "active")
            copy.add("Again")
            until(lambda: hook.told, "it is told again")
            assert hook.families() == ["Again"]
