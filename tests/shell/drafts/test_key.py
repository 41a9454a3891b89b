"""The key: made once, kept in the system's store, never in a plain file."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail
from keyring.errors import KeyringLocked, PasswordDeleteError

from shell.drafts.errors import NoKeyStoreError
from shell.drafts.key import key_of


class FakeKeyring(KeyringBackend):
    """A key store in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as keyring has it
        self.held: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("locked")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:  # noqa: ARG002 - its interface
        raise PasswordDeleteError


@pytest.fixture
def store() -> Iterator[FakeKeyring]:
    was = keyring.get_keyring()
    made = FakeKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(was)


def test_key_is_made_once_and_is_another_one_for_each_owner(store: FakeKeyring) -> None:
    assert len(key_of("dawn")) == 32
    assert key_of("dawn") == key_of("dawn")
    assert key_of("dawn") != key_of("priya")


def test_store_that_is_locked_is_no_store(store: FakeKeyring) -> None:
    store.is_locked = True
    with pytest.raises(NoKeyStoreError):
        key_of("dawn")


@pytest.mark.parametrize("value", ["", "no key", "00"])
def test_what_is_no_key_is_not_used_as_one(store: FakeKeyring, value: str) -> None:
    store.held["banyan-drafts", "dawn"] = value
    with pytest.raises(NoKeyStoreError):
        key_of("dawn")


def test_backend_that_is_none_or_writes_plain_files_is_refused(store: FakeKeyring) -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    with pytest.raises(NoKeyStoreError):
        key_of("dawn")
    store.priority = 0.5  # type: ignore[assignment]
    keyring.set_keyring(store)
    with pytest.raises(NoKeyStoreError):
        key_of("dawn")
    assert store.held == {}


def test_of_a_chain_only_the_best_is_asked(store: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = FakeKeyring()
    plain.priority = 0.5  # type: ignore[assignment]
    store.is_locked = True
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [store, plain])
    keyring.set_keyring(chainer.ChainerBackend())  # type: ignore[no-untyped-call]
    with pytest.raises(NoKeyStoreError):
        key_of("dawn")
    assert plain.held == {}
