from collections.abc import Callable
from datetime import time

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from shell.reference_legacy.arguments import NOBODY, Request
from shell.reference_legacy.title import Screen
from shell.reference_legacy.window import LegacyWindow
from tests.shell.reference_legacy.legacy_practice import LegacyPractice

SMITH = Request(patient="104417", screen=Screen.PATIENTS)
Open = Callable[[], LegacyWindow]


def _title(window: LegacyWindow) -> str:
    return window.windowTitle().removeprefix("Halden GP 5.31 - ").removesuffix(" - FERNBROOK SURGERY")


def _answer(title: str, answer: Callable[[QDialog], None]) -> list[str]:
    """Answer the next dialogue; what it said is added to the list when it was there."""
    said: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog) or dialog.windowTitle() != title or not dialog.isActiveWindow():
            QTimer.singleShot(10, look)
            return
        said.append("\n".join(label.text() for label in dialog.findChildren(QLabel)))
        answer(dialog)

    QTimer.singleShot(0, look)
    return said


def _key(key: Qt.Key) -> Callable[[QDialog], None]:
    return lambda dialog: QTest.keyClick(dialog.focusWidget() or dialog, key)


def _button(text: str) -> Callable[[QDialog], None]:
    def press(dialog: QDialog) -> None:
        next(one for one in dialog.findChildren(QAbstractButton) if text in one.text()).click()

    return press


def _type_phone(window: LegacyWindow, text: str) -> QLineEdit:
    field = window.patients_screen.field("HomePhone")
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def test_title_follows_screen_patient_and_unsaved_work(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    assert _title(window) == "[Patients - No patient]"
    window.show_request(SMITH)
    assert _title(window) == "[Patients - Patient 104417]"
    field = _type_phone(window, "1")
    assert _title(window) == "[Patients - Patient 104417 *]"
    window.show_screen(Screen.APPOINTMENTS)
    assert _title(window) == "[Appointments - Patient 104417 *]"
    field.setText("01632 960142")
    window.patients_screen.typed.emit()
    assert _title(window) == "[Appointments - Patient 104417]"
    window.show_request(Request(patient=NOBODY))
    assert _title(window) == "[Appointments - No patient]"


def test_f10_saves_what_was_typed(open_window: Open, legacy: LegacyPractice, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    window.edit()
    field = _type_phone(window, "01632 960999")
    QTest.keyClick(field, Qt.Key.Key_F10)
    assert legacy.patient_column(104417, "HomePhone") == "01632 960999"
    assert _title(window) == "[Patients - Patient 104417]"


def test_a_refused_save_keeps_what_was_typed(open_window: Open, legacy: LegacyPractice, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    field = _type_phone(window, "01632 960999")
    legacy.change_patient(104417, HomePhone="01632 960111", MobilePhone="07700 900318")
    said = _answer("Row changed", _key(Qt.Key.Key_Return))
    window.save()
    assert "This record was changed by someone else since you opened it." in said[0]
    assert "now 01632 960111, you typed 01632 960999" in said[0]
    assert legacy.patient_column(104417, "HomePhone") == "01632 960111"
    assert field.text() == "01632 960999"
    assert window.patients_screen.field("MobilePhone").text() == "07700 900318"
    assert _title(window) == "[Patients - Patient 104417 *]"
    window.save()
    assert legacy.patient_column(104417, "HomePhone") == "01632 960999"


def test_a_refused_save_can_be_given_up(open_window: Open, legacy: LegacyPractice, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    field = _type_phone(window, "01632 960999")
    legacy.change_patient(104417, HomePhone="01632 960111")
    _answer("Row changed", _button("Reload"))
    window.save()
    assert field.text() == "01632 960111"
    assert _title(window) == "[Patients - Patient 104417]"


def test_others_changes_appear_by_themselves(open_window: Open, legacy: LegacyPractice, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    legacy.change_patient(104417, MobilePhone="07700 900318")
    qtbot.waitUntil(lambda: window.patients_screen.field("MobilePhone").text() == "07700 900318")


def test_others_changes_never_touch_an_open_edit(
    open_window: Open, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    window = open_window()
    window.show_request(SMITH)
    field = _type_phone(window, "1")
    legacy.change_patient(104417, HomePhone="2", MobilePhone="3")
    window.tick()
    assert (field.text(), window.patients_screen.field("MobilePhone").text()) == ("1", "")


def test_a_booking_needs_the_confirmation(open_window: Open, legacy: LegacyPractice, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(Request(patient="104417", screen=Screen.APPOINTMENTS))
    grid = window.appointments_screen.grid
    said = _answer("Book appointment", _key(Qt.Key.Key_Escape))
    QTest.keyClick(grid, Qt.Key.Key_F3)
    assert "SMITH Sarah Mrs" in said[0]
    assert legacy.slot_columns(time(10))["SlotStatus"] == "Slot Available"
    _answer("Book appointment", _key(Qt.Key.Key_F3))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(grid, Qt.Key.Key_F3)
    assert legacy.slot_columns(time(10))["PatientGuid"] == "{P1}"
    QGuiApplication.clipboard().clear()
    QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "10:00\tNAIR P (Dr)\tSMITH Sarah\tB\t104417"


def test_a_slot_taken_meanwhile_is_not_booked(
    open_window: Open, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    window = open_window()
    window.show_request(Request(patient="104417", screen=Screen.APPOINTMENTS))

    def take_then_confirm(dialog: QDialog) -> None:
        legacy.change_slot(time(10), SlotStatus="Booked", PatientGuid="{P2}")
        dialog.accept()
        _answer("Row changed", _button("Close"))

    _answer("Book appointment", take_then_confirm)
    window.book()
    assert legacy.slot_columns(time(10))["PatientGuid"] == "{P2}"
    slot = window.appointments_screen.grid.current_slot()
    assert slot is not None
    assert slot.patient_name == "PATEL"


def test_the_cursor_starts_on_the_open_patient_or_the_first_free_slot(open_window: Open) -> None:
    window = open_window()
    window.show_request(Request(patient="104417", screen=Screen.APPOINTMENTS))
    slot = window.appointments_screen.grid.current_slot()
    assert slot is not None
    assert slot.starts == time(10)
    window.show_request(Request(patient="104418", screen=Screen.PATIENTS))
    window.show_request(Request(screen=Screen.APPOINTMENTS))
    slot = window.appointments_screen.grid.current_slot()
    assert slot is not None
    assert slot.starts == time(10, 15)
    window.move_day(1)
    assert window.appointments_screen.grid.current_slot() is None


def test_enter_never_cancels_a_booking_but_f4_does(
    open_window: Open, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    window = open_window()
    window.show_request(Request(patient="104418", screen=Screen.APPOINTMENTS))
    _answer("Cancel booking", _key(Qt.Key.Key_Return))
    window.cancel_booking()
    assert legacy.slot_columns(time(10, 15))["SlotStatus"] == "Booked"
    _answer("Cancel booking", _key(Qt.Key.Key_F4))
    window.cancel_booking()
    assert legacy.slot_columns(time(10, 15))["SlotStatus"] == "Slot Available"


@pytest.mark.parametrize(
    ("press", "title", "stored"),
    [
        ("Save", "[Appointments - Patient 104418]", "1"),
        ("Discard", "[Appointments - Patient 104418]", "01632 960142"),
        ("S&tay", "[Patients - Patient 104417 *]", "01632 960142"),
    ],
)
def test_unsaved_work_is_asked_about_before_another_patient_opens(
    open_window: Open, legacy: LegacyPractice, qtbot: QtBot, press: str, title: str, stored: str
) -> None:
    window = open_window()
    window.show_request(SMITH)
    _type_phone(window, "1")
    said = _answer("Save changes?", _button(press))
    assert window.receive(Request(patient="104418", screen=Screen.APPOINTMENTS)) is None
    qtbot.waitUntil(lambda: bool(said) and _title(window) == title)
    assert legacy.patient_column(104417, "HomePhone") == stored


def test_a_request_waits_for_an_open_dialogue(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    titles: list[str] = []

    def ask_meanwhile(dialog: QDialog) -> None:
        window.receive(Request(patient="104418"))
        QApplication.processEvents()
        titles.append(_title(window))
        dialog.reject()

    _answer("Help", ask_meanwhile)
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert titles == ["[Patients - Patient 104417]"]
    qtbot.waitUntil(lambda: _title(window) == "[Patients - Patient 104418]")


def test_an_unknown_number_is_said_and_changes_nothing(open_window: Open) -> None:
    window = open_window()
    window.show_request(SMITH)
    assert window.receive(Request(patient="99")) == "Patient number 99 is not known at this practice."
    assert window.status.said() == "Patient number 99 is not known at this practice."
    assert _title(window) == "[Patients - Patient 104417]"


def test_a_patient_is_found_by_keys(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()

    def find(dialog: QDialog) -> None:
        field = dialog.focusWidget()
        assert isinstance(field, QLineEdit)
        QTest.keyClicks(field, "smith")
        QTest.keyClick(field, Qt.Key.Key_Return)

    _answer("Find patient", find)
    QTest.keyClick(window, Qt.Key.Key_F2)
    assert _title(window) == "[Patients - Patient 104417]"


def test_hostile_names_are_plain_text_in_one_line(
    open_window: Open, legacy: LegacyPractice, qtbot: QtBot
) -> None:
    hostile = "<b>Sm\r\nith</b>\N{RIGHT-TO-LEFT OVERRIDE}👩"
    legacy.change_patient(104417, Surname=hostile)
    window = open_window()
    window.show_request(SMITH)
    field = window.patients_screen.field("Surname")
    assert field.text() == "<b>Sm  ith</b>\N{WHITE SQUARE}👩"
    assert not window.patients_screen.is_unsaved
    _type_phone(window, "1")
    window.save()
    assert legacy.patient_column(104417, "Surname") == hostile
    shown = [one.text() for one in window.findChildren(QLineEdit)]
    assert all("\n" not in text and "\N{RIGHT-TO-LEFT OVERRIDE}" not in text for text in shown)


def test_tab_goes_through_the_fields_in_the_documented_order(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_request(SMITH)
    window.edit()
    order = ["HomePhone", "MobilePhone", "EmailAddress", "HouseNameFlatNumber"]
    for column in order:
        field: QWidget = window.patients_screen.field(column)
        assert window.focusWidget() is field
        QTest.keyClick(field, Qt.Key.Key_Tab)
