"""What is left of a subscription's owner is never more than they may do today."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from web_modules.fhir_store.access import (
    ANY_TYPE,
    EVERYTHING,
    FULL_GRANTS,
    OURSELVES,
    READING,
    Access,
    Agent,
    AgentKind,
    Grant,
)
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.service import FhirService
from web_modules.fhir_store.store import Standard, Store
from web_modules.fhir_store.subscriptions.owners import Renewed
from web_modules.identity.assembly import Identity, create_identity
from web_modules.identity.people import Person, Role
from web_modules.identity.smart.tokens import Granted
from web_modules.identity.sockets import renewing
from web_modules.settings import CloudSettings

ORIGIN = "http://127.0.0.1:8080"
GP = Access(
    agent=Agent(
        id="priya.nair",
        name="Dr Priya Nair",
        role="gp",
        registration="https://fhir.hl7.org.uk/Id/gmc-number|7076397",
    ),
    grants=FULL_GRANTS,
    clearance=frozenset({"R", "V"}),
    relationships=frozenset({"of-last-year"}),
)
PROGRAM = Access(
    agent=Agent(id="lab", name="Laboratory", client="lab", kind=AgentKind.APPLICATION),
    grants=(Grant(resource_type=ANY_TYPE, interactions=EVERYTHING),),
    clearance=frozenset({"R", "V"}),
    relationships=None,
)
NOBODY_ASKED = replace(OURSELVES, agent=Agent(id="development", name="Without sign-in"))


@contextmanager
def _renewed(
    folder: Path, standard: Standard, clients: Sequence[dict[str, object]], *, is_open: bool = False
) -> Iterator[Renewed]:
    """How a practice with these clients renews what somebody could do."""
    with _identity(folder, standard, clients) as identity:
        yield renewing(identity.admission, without_sign_in=NOBODY_ASKED if is_open else None)


@contextmanager
def _identity(
    folder: Path, standard: Standard, clients: Sequence[dict[str, object]] = ()
) -> Iterator[Identity]:
    """Identity of a practice with these clients."""
    file = folder / "clients.json"
    file.write_text(json.dumps({"clients": list(clients)}), encoding="utf-8")
    url = f"sqlite:///{folder / 'cloud.sqlite'}"
    settings = CloudSettings(database=url, clients=file, audit_key=file.with_name("audit.key"))
    store = Store(url, standard)
    try:
        store.open_practice(settings.practice, settings.environment)
        served = ServedPractice(practice=settings.practice, base_url=f"{ORIGIN}/fhir", description="a test")
        identity = create_identity(
            settings,
            database=store.database,
            trail=store.trail(settings.practice),
            transport=FhirService(store, served),
            session_key=bytes(32),
            origin=ORIGIN,
            today=lambda: date(2026, 11, 17),
            stylesheets=(),
            resource_types=standard.catalogue.definitions.resource_types,
        )
        identity.sign_ins.note(GP.agent.id, list(Role))  # whoever they are in a test
        yield identity
    finally:
        store.close()


def _client(scopes: str, *clearance: str) -> dict[str, object]:
    return {
        "id": "lab",
        "name": "Laboratory",
        "scopes": scopes,
        "clearance": list(clearance),
        "jwks_url": "https://lab.example/keys",
        "redirect_uris": ["https://lab.example/back"],
    }


def test_a_clinician_has_the_relationships_of_today(tmp_path: Path, standard: Standard) -> None:
    with _renewed(tmp_path, standard, []) as renewed:
        left = renewed(GP)
        assert left == replace(GP, relationships=frozenset())


def test_a_role_that_permits_less_leaves_less(tmp_path: Path, standard: Standard) -> None:
    manager = replace(GP, agent=replace(GP.agent, role="practice-manager", registration=""))
    with _renewed(tmp_path, standard, []) as renewed:
        left = renewed(manager)
        assert left is not None
        assert left.clearance == frozenset()
        assert not left.may("c", "Observation")
        assert renewed(replace(GP, agent=replace(GP.agent, role="of-another-program"))) is None


def test_a_program_has_what_its_registration_says_today(tmp_path: Path, standard: Standard) -> None:
    with _renewed(tmp_path, standard, [_client("system/Observation.rs", "R")]) as renewed:
        left = renewed(PROGRAM)
        assert left is not None
        assert left.grants == (Grant(resource_type="Observation", interactions=READING),)
        assert left.clearance == {"R"}


def test_a_program_that_is_registered_no_more_has_nothing(tmp_path: Path, standard: Standard) -> None:
    through = replace(GP, agent=replace(GP.agent, client="lab"))
    with _renewed(tmp_path, standard, []) as renewed:
        assert renewed(PROGRAM) is None
        assert renewed(through) is None


def test_a_person_who_left_has_nothing_until_they_come_back(tmp_path: Path, standard: Standard) -> None:
    through = replace(GP, agent=replace(GP.agent, client="lab"))
    clients = [_client("user/Patient.rs")]
    with _identity(tmp_path, standard, clients) as identity:
        admission, sign_ins = identity.admission, identity.sign_ins
        person = Person(id=GP.agent.id, name=GP.agent.name, role=Role.GP)
        granted = Granted(
            client="lab", scope="user/Patient.rs", family="f", person=person, signed_in_at=0, session="s"
        )
        for _ in range(2):
            assert admission.renewed(GP) is not None
            assert admission.renewed(through) is not None
            assert admission.access_of_application(granted) is not None
            sign_ins.note(GP.agent.id, [])
            assert admission.renewed(GP) is None
            assert admission.renewed(through) is None
            assert admission.access_of_application(granted) is None
            assert admission.renewed(PROGRAM) is not None
            sign_ins.note(GP.agent.id, [Role.GP])


def test_a_person_is_who_came_in_that_role_and_not_too_long_ago(tmp_path: Path, standard: Standard) -> None:
    with _identity(tmp_path, standard) as identity:
        never = replace(GP, agent=replace(GP.agent, id="never.came"))
        assert identity.admission.renewed(never) is None
        identity.sign_ins.note(GP.agent.id, [Role.NURSE])
        assert identity.admission.renewed(GP) is None


def test_a_person_through_an_application_has_what_both_have(tmp_path: Path, standard: Standard) -> None:
    own = Grant(resource_type=ANY_TYPE, interactions=READING, patient="p")
    through = replace(GP, agent=replace(GP.agent, client="lab"), grants=(own,))
    with _renewed(tmp_path, standard, [_client("patient/Condition.rs")]) as renewed:
        left = renewed(through)
        assert left is not None
        assert left.grants == (Grant(resource_type="Condition", interactions=READING, patient="p"),)


def test_whoever_was_not_asked_to_sign_in_is_known_only_where_nobody_is(
    tmp_path: Path, standard: Standard
) -> None:
    with _renewed(tmp_path, standard, []) as renewed:
        assert renewed(NOBODY_ASKED) is None
        assert renewed(OURSELVES) == OURSELVES
    with _renewed(tmp_path, standard, [], is_open=True) as renewed:
        assert renewed(NOBODY_ASKED) == NOBODY_ASKED
