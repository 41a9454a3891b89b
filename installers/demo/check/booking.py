"""Step c: an appointment booked on either side appears on the other."""

from collections import Counter

from demo.check.facts import ChosenPatient
from demo.check.hands import wait_until
from demo.check.report import Finding, expect
from demo.check.scene import Scene

ANSWER_SECONDS = 20.0


def in_legacy(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Book by the legacy program's keys; the page's book shows it."""
    before = _open_book(scene, patient)
    slot = scene.legacy.go_to_slot()
    finding.before = {"legacy": slot.words, "page": f"{before} × {patient.name}"}
    expect(slot.patient is None, "the legacy program's cursor is not on a free slot")
    scene.legacy.book()
    booked = wait_until(
        lambda: one if (one := scene.legacy.slot()).patient == patient.number else None,
        seconds=ANSWER_SECONDS,
        what="the booking in the legacy program's book",
    )
    wait_until(
        lambda: scene.page.text().count(patient.name) > before,
        seconds=ANSWER_SECONDS,
        what="the booking in the page's book",
    )
    finding.after = {"legacy": booked.words, "page": _around(scene.page.text(), patient.name)}


def in_page(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Book the next free time in the page, in the evening another day's; the legacy book shows it."""
    before = _open_book(scene, patient)
    days = scene.facts.booked_days(patient, scene.day)
    slot = scene.legacy.go_to_slot()
    expect(slot.patient is None, "the patient has an appointment on this day already")
    finding.before = {"legacy": slot.words, "page": f"{before} × {patient.name}"}
    scene.page.book_next_free()
    wait_until(
        lambda: scene.page.text().count(patient.name) > before,
        seconds=ANSWER_SECONDS,
        what="the booking in the page's book",
    )
    (day,) = wait_until(
        lambda: Counter(scene.facts.booked_days(patient, scene.day)) - Counter(days),
        seconds=ANSWER_SECONDS,
        what="the booking in the legacy database",
    )
    scene.legacy.go_to_day(day)
    booked = wait_until(
        lambda: one if (one := scene.legacy.go_to_slot()).patient == patient.number else None,
        seconds=ANSWER_SECONDS,
        what="the booking in the legacy program's book",
    )
    finding.after = {"legacy": booked.words, "page": _around(scene.page.text(), patient.name)}


def _open_book(scene: Scene, patient: ChosenPatient) -> int:
    """Have the check's day open side by side for a patient; how often the page names them by then."""
    scene.shell.show("appointments", "both")
    scene.shell.open_patient(patient.number)
    scene.legacy.wait_for_patient(patient.number)
    scene.legacy.go_to_today()
    scene.page.go_to_today()
    return scene.page.wait_for(patient.name, "Free").count(patient.name)


def _around(text: str, name: str) -> str:
    """The last place where a page names somebody."""
    place = text.rfind(name)
    return text[max(0, place - 60) : place + 60]
