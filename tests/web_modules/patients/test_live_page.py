"""What the scripts of a patient's page do, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.live_web import LivePage, live_page
from tests.web_modules.patients.people import patient, sarah
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser beside a server of its own."""
    with live_page(tmp_path, standard) as page:
        yield page


def change(live: LivePage, made: dict[str, Any], number: str) -> None:
    resource = live.fhir.read("Patient", made["id"])
    resource["telecom"][3]["value"] = number
    live.fhir.update(resource)


def test_a_commit_is_seen_at_once_and_what_is_selected_stays(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}")
    live.run("getSelection().selectAllChildren(document.querySelector('#contact'))")
    change(live, made, "07700 900999")
    live.until("document.body.innerText.includes('07700 900999')")
    assert live.run("String(getSelection())") == "Contact details"


def test_editing_goes_by_keys_and_saves_in_place(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}?context=ctx-7")
    live.press("e")
    live.until("document.activeElement.id === 'home_phone'")
    assert live.run("document.documentElement.dataset.unsaved") == "false"
    live.write("#mobile_phone", "07700 900999")
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('#done')")
    assert "Saved at" in live.text("#done")
    assert live.run("document.documentElement.dataset.unsaved") == "false"
    assert live.run("new URLSearchParams(location.search).get('context')") == "ctx-7"
    assert live.fhir.read("Patient", made["id"])["telecom"][3]["value"] == "07700 900999"


def test_letters_are_letters_inside_a_field(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#email", "e")
    live.press("e")
    assert live.run("location.pathname.endsWith('/edit')") is True


@pytest.mark.hazard("H02")
def test_a_field_that_is_being_changed_is_left_alone_and_the_other_value_told(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#mobile_phone", "07700 900999")
    change(live, made, "07700 900555")
    live.until("document.querySelector('[data-elsewhere]:not([hidden])')")
    assert live.run("document.querySelector('#mobile_phone').value") == "07700 900999"
    assert live.run("document.activeElement.id") == "mobile_phone"
    assert "Changed on the other side just now: 07700 900555." in live.text("[data-field=mobile_phone]")
    live.run("document.querySelector('[data-elsewhere] button').click()")
    assert live.run("document.querySelector('#mobile_phone').value") == "07700 900555"
    assert live.run("document.documentElement.dataset.unsaved") == "false"


def test_a_field_that_nobody_touched_follows(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#town", "Newton")
    change(live, made, "07700 900555")
    live.until("document.querySelector('#mobile_phone').value === '07700 900555'")
    assert live.run("document.querySelector('#town').value") == "Newton"


def test_escape_asks_before_typed_work_is_lost_and_enter_keeps_it(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#town", "Newton")
    live.press("Escape")
    live.until("!document.querySelector('[data-foot=ask]').hidden")
    assert live.run("document.activeElement.hasAttribute('data-stay')") is True
    live.run("document.querySelector('[data-discard]').focus()")
    live.press("Enter")
    assert live.run("document.querySelector('#town').value") == "Newton"
    live.press("Escape")
    live.until("document.querySelector('[data-foot=ask]').hidden")
    assert live.run("document.querySelector('#town').value") == "Newton"


def test_the_shell_can_save_and_discard(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.open(f"patients/{made['id']}/edit")
    live.write("#town", "Newton")
    live.run("window.banyan.discard()")
    live.until("location.pathname.endsWith(document.documentElement.dataset.patient)")
    assert live.run("document.documentElement.dataset.unsaved") == "false"
    assert live.fhir.read("Patient", made["id"])["address"][1]["city"] == "Fernbrook"
    live.press("e")
    live.until("document.querySelector('#town')")
    live.write("#town", "Newton")
    live.run("window.banyan.save()")
    live.until("document.querySelector('#done')")
    assert live.fhir.read("Patient", made["id"])["address"][1]["city"] == "Newton"


def test_patients_are_found_while_typing_and_chosen_by_arrows(live: LivePage) -> None:
    made = live.fhir.create(sarah())
    live.fhir.create(patient("Smithers", "Sam", "1987-09-02"))
    live.open("patients")
    live.write("#q", "smith s")
    live.until("document.querySelectorAll('[data-rows] a').length === 2")
    assert live.run("location.search") == ""
    live.press("ArrowDown")
    assert "SMITH, Sarah" in live.run("document.activeElement.innerText")
    live.press("ArrowDown")
    live.press("ArrowUp")
    live.run("document.activeElement.click()")
    live.until("document.querySelector('#contact')")
    assert live.run("document.documentElement.dataset.patient") == made["id"]
