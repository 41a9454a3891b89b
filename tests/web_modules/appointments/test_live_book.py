"""What the scripts of the day book do, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.live_web import LivePage, live_page
from tests.web_modules.appointments.practice import Practice
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser

DAY = "2026-11-17"
FOCUS = "document.activeElement.id"


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser beside a server of its own."""
    with live_page(tmp_path, standard) as page:
        yield page


@pytest.fixture
def practice(live: LivePage) -> Practice:
    """Makes its records."""
    return Practice(live.fhir)


@pytest.fixture
def session(practice: Practice) -> str:
    """A session of Dr Priya Nair's: the id of its Schedule."""
    return practice.schedule(practice.clinician("Dr", "Priya", "Nair", "GP"))


def change(live: LivePage, slot: str, status: str) -> None:
    live.fhir.update(live.fhir.read("Slot", slot) | {"status": status})


def test_a_time_is_reached_chosen_and_booked_by_keys(
    live: LivePage, practice: Practice, session: str
) -> None:
    patient = practice.patient("Smith")
    slots = [practice.slot(session, f"{DAY} {clock}") for clock in ("10:00", "10:15", "10:30")]
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={slots[0]}")
    live.run(f"document.getElementById('slot-{slots[0]}').focus()")
    live.press("ArrowDown")
    live.press("ArrowDown")
    assert live.run(FOCUS) == f"slot-{slots[2]}"
    live.press("ArrowUp")
    live.press("b")
    live.until(f"{FOCUS} === 'reason'")
    assert live.text(".ap-panel__name").startswith("10:15")
    live.write("#reason", "Knee pain")
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('.ap-panel .bn-bar--ok')")
    assert "Booked: 10:15 with Dr Priya Nair" in live.text(".ap-panel")
    assert live.run("document.documentElement.dataset.unsaved") == "false"
    assert live.run(FOCUS) == f"slot-{slots[1]}"
    (made,) = live.fhir.search("Appointment", {"slot": f"Slot/{slots[1]}"})
    assert made["description"] == "Knee pain"


def test_a_chosen_time_stays_in_view_when_what_is_said_of_it_takes_room(
    live: LivePage, practice: Practice, session: str, qtbot: QtBot
) -> None:
    patient = practice.patient("Smith")
    for minutes in range(8 * 60, 18 * 60, 15):
        practice.slot(session, f"{DAY} {minutes // 60:02}:{minutes % 60:02}")
    view = QWebEngineView()
    qtbot.addWidget(view)
    view.setPage(live.page)
    view.resize(640, 700)  # as in a narrow pane: what is said stands below the book
    view.show()
    live.open(f"appointments/patients/{patient}?date={DAY}")
    in_view = (
        "one.getBoundingClientRect().bottom <= document.getElementById('book').getBoundingClientRect().bottom"
    )
    slots = "[...document.querySelectorAll('[data-pick]')]"
    live.run(f"(window.lowest = {slots}.filter((one) => {in_view}).at(-1)).click()")
    live.until("document.getElementById('reason')")
    live.until(f"[lowest].every((one) => {in_view})")
    view.setPage(QWebEnginePage(view))  # the other one ends before its view


def test_the_book_renews_itself_and_leaves_what_is_typed(
    live: LivePage, practice: Practice, session: str
) -> None:
    patient = practice.patient("Smith")
    mine, other = (practice.slot(session, f"{DAY} {clock}") for clock in ("10:00", "10:15"))
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={mine}")
    live.write("#reason", "Knee pain")
    change(live, other, "busy-unavailable")
    live.until(f"document.getElementById('slot-{other}').innerText.includes('Blocked')")
    assert live.run("document.getElementById('reason').value") == "Knee pain"
    assert live.run(FOCUS) == "reason"
    change(live, mine, "busy")
    live.until("document.querySelector('[data-elsewhere]:not([hidden])')")
    assert "10:00, booked. What you typed is kept." in live.text("[data-elsewhere]")


@pytest.mark.hazard("H20")
def test_a_refused_booking_stands_and_its_reason_goes_to_the_next_time(
    live: LivePage, practice: Practice, session: str
) -> None:
    patient = practice.patient("Smith")
    mine, other = (practice.slot(session, f"{DAY} {clock}") for clock in ("10:00", "10:15"))
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={mine}")
    live.write("#reason", "Knee pain")
    change(live, mine, "busy")
    live.until("document.querySelector('[data-elsewhere]:not([hidden])')")
    live.press("Enter", ctrl=True)
    live.until("document.querySelector('[role=alert]')")
    assert "taken a moment ago by another booking" in live.text("[role=alert]")
    change(live, other, "busy-unavailable")
    live.until(f"document.getElementById('slot-{other}').innerText.includes('Blocked')")
    change(live, other, "free")
    live.until(f"document.getElementById('slot-{other}').innerText.includes('Free')")
    assert "taken a moment ago by another booking" in live.text("[role=alert]")
    live.run(f"document.getElementById('slot-{other}').click()")
    live.until("document.getElementById('reason')?.value === 'Knee pain'")
    assert live.run("document.documentElement.dataset.unsaved") == "true"


def test_enter_alone_never_cancels_an_appointment(live: LivePage, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    slot = practice.booked(session, f"{DAY} 10:00", patient)
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={slot}&cancel=1")
    live.run("document.getElementById('why').value = 'pat'")
    live.run("document.querySelector('[data-loss] button').focus()")
    live.press("Enter")
    live.press("Enter", ctrl=True)
    assert live.run("document.querySelector('[data-loss]') !== null") is True
    assert live.fhir.read("Slot", slot)["status"] == "busy"
    live.run("document.querySelector('[data-loss] button').click()")
    live.until("document.querySelector('.ap-panel .bn-bar--ok')")
    assert live.fhir.read("Slot", slot)["status"] == "free"


def test_discarding_from_outside_forgets_the_reason(live: LivePage, practice: Practice, session: str) -> None:
    patient = practice.patient("Smith")
    first, second = (practice.slot(session, f"{DAY} {clock}") for clock in ("10:00", "10:15"))
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={first}")
    live.write("#reason", "Knee pain")
    live.run("window.banyan.discard()")
    live.until("document.getElementById('reason') === null")
    assert live.run("document.documentElement.dataset.unsaved") == "false"
    live.run(f"document.getElementById('slot-{second}').click()")
    live.until("document.getElementById('reason')")
    assert live.run("document.getElementById('reason').value") == ""


def test_no_name_widens_its_column_beyond_reading_and_the_state_is_still_a_word(
    live: LivePage, practice: Practice, session: str
) -> None:
    long = practice.patient("Featherstonehaugh-Cholmondeley", "Wilhelmina Alexandrina")
    arrived = practice.booked(session, f"{DAY} 09:00", long, status="arrived")
    unbroken = practice.booked(session, f"{DAY} 09:15", practice.patient("W" * 60, "M" * 40))
    live.open(f"appointments/patients/{long}?date={DAY}")
    assert live.run("document.querySelector('.ap-col').getBoundingClientRect().width") < 1000
    for slot in (arrived, unbroken):
        box, name = f"document.getElementById('slot-{slot}')", "querySelector('.ap-slot__name')"
        assert live.run(f"{box}.scrollWidth <= {box}.clientWidth") is True
        assert live.run(
            f"{box}.{name}.getBoundingClientRect().bottom <= {box}.getBoundingClientRect().bottom"
        )
    word = f"document.querySelector('#slot-{arrived} .ap-slot__line--told')"
    assert live.run(f"{word}.innerText") == "Arrived"
    assert live.run(f"{word}.getBoundingClientRect().width") > 30
    icons = f"document.querySelectorAll('#slot-{arrived} .bn-i')"
    assert live.run(f"{icons}.length") == 2, "one for the patient who is open, one for the state"


def test_a_name_that_runs_from_right_to_left_stands_in_the_order_of_the_banner(
    live: LivePage, practice: Practice, session: str
) -> None:
    patient = practice.patient("أحمد", "محمد")
    slot = practice.booked(session, f"{DAY} 09:00", patient)
    live.open(f"appointments/patients/{patient}?date={DAY}&slot={slot}")
    for place in (f"#slot-{slot} .ap-slot__name", ".ap-panel__name"):
        lefts = live.run(
            f"[...document.querySelectorAll('{place} > bdi > bdi')].map((one) =>"
            " [one.innerText, one.getBoundingClientRect().left])"
        )
        assert [text for text, _ in sorted(lefts, key=lambda one: one[1])][:2] == ["أحمد", "محمد"]
