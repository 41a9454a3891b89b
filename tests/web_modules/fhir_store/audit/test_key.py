import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.web_modules.fhir_store.conftest import PRACTICE, served
from web_modules.commands.keys import audit_key
from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.audit.key import load_key
from web_modules.fhir_store.store import Standard, Store

PROCESSES = 8


def test_the_key_is_kept_for_this_user_only(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = load_key(file)
    assert load_key(file) == key
    assert len(key) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_several_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    together = threading.Barrier(PROCESSES)
    keys: list[bytes] = []

    def make() -> None:
        together.wait()
        keys.append(load_key(tmp_path / "key"))

    threads = [threading.Thread(target=make) for _ in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == PROCESSES
    assert len(set(keys)) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_a_key_that_cannot_be_kept_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("not hexadecimal")
    for file in (tmp_path / "key", tmp_path / "no folder" / "key"):
        with pytest.raises(DatabaseUnavailable, match="key of the audit"):
            load_key(file)


def test_a_lost_key_is_not_made_anew_for_an_audit_that_it_has_signed(
    database_url: str, tmp_path: Path, standard: Standard
) -> None:
    file = tmp_path / "kept" / "audit.key"
    file.parent.mkdir()
    with closing(Store(database_url, standard, lambda: audit_key(database_url, file))) as store:
        fhir = served(store, PRACTICE)
        first = file.read_text()
        file.unlink()
        assert audit_key(database_url, file) != bytes.fromhex(first)
        assert fhir("POST", "Patient", {"resourceType": "Patient"}).status == 201
    file.unlink()
    with pytest.raises(DatabaseUnavailable, match=r"key of the audit is missing.*Put it back"):
        audit_key(database_url, file)
    assert not file.exists()
    file.write_text(first)
    assert audit_key(database_url, file) == bytes.fromhex(first)
