"""The palette: patients by what is typed, with date of birth and number; Enter opens the marked row."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from shell.main_window.palette import Palette, _PatientRow
from tests.support.window_stage import GWYNETH, SANDRA, SARAH, WindowStage, patient_resource
from web_modules.fhir import systems


def open_palette(stage: WindowStage) -> tuple[Palette, QLineEdit]:
    """The palette over a window, and its field."""
    stage.window.press("Ctrl+K")
    palette = stage.window.cards.palette
    assert palette is not None
    (field,) = palette.findChildren(QLineEdit)
    return palette, field


def words_of(palette: Palette) -> str:
    """All that can be read on it."""
    words = " | ".join(part.text() for part in palette.findChildren(QLabel) if part.isVisibleTo(palette))
    return words.replace("\N{NO-BREAK SPACE}", " ")


def hit(qtbot: QtBot, field: QLineEdit, key: Qt.Key) -> None:
    """Hit a key in the field."""
    qtbot.keyClick(field, key)  # type: ignore[no-untyped-call] # pytest-qt adds it at run time


def test_every_patient_row_has_date_of_birth_and_number_and_similar_names_are_warned_of(
    stage: WindowStage, qtbot: QtBot
) -> None:
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "SMITH, Sarah" in words_of(palette))
    words = words_of(palette)
    assert "12-Mar-1961 (65y)" in words
    assert "999 123 4578" in words
    assert "12-Mar-1964 (62y)" in words
    assert "999 204 1188" in words
    assert "2 patients have a similar name. Check the date of birth and NHS number." in words


def test_an_nhs_number_is_never_broken_in_two(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SANDRA)
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "Open now" in words_of(palette))
    numbers = [one for one in palette.findChildren(QLabel) if one.text().startswith("999")]
    assert len(numbers) == 2
    for number in numbers:
        assert number.width() >= number.fontMetrics().horizontalAdvance(number.text())
        assert number.height() < 2 * number.fontMetrics().lineSpacing()


def test_enter_opens_the_marked_row_and_only_that(stage: WindowStage, qtbot: QtBot) -> None:
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "SMITH, Sarah" in words_of(palette))
    hit(qtbot, field, Qt.Key.Key_Down)
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.hub.patient == SARAH
    assert not stage.window.overlay.is_open


def test_recent_patients_are_offered_until_something_is_typed_and_enter_alone_opens_nobody(
    stage: WindowStage, qtbot: QtBot
) -> None:
    for patient in (SARAH, GWYNETH, SANDRA, GWYNETH):
        stage.open(patient)
    palette, field = open_palette(stage)
    assert "Recent patients" in words_of(palette)
    assert [one.patient for one in palette._rows if isinstance(one, _PatientRow)] == [SANDRA, SARAH]
    assert "2 patients have a similar name" in words_of(palette)
    assert "12-Mar-1964 (62y)" in words_of(palette)
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.hub.patient == GWYNETH
    assert stage.window.overlay.is_open
    field.setText("xy")
    assert "Recent patients" not in words_of(palette)
    assert "similar name" not in words_of(palette)
    field.clear()
    hit(qtbot, field, Qt.Key.Key_Down)
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.hub.patient == SANDRA


def test_enter_before_the_answer_opens_nobody(stage: WindowStage, qtbot: QtBot) -> None:
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "SMITH, Sarah" in words_of(palette))
    field.setText("evans")
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.hub.patient is None


@pytest.mark.parametrize("words", ["999 204 1188", "9992041188", "104981"])
def test_patient_is_found_by_nhs_number_and_by_the_practices_own(
    stage: WindowStage, qtbot: QtBot, words: str
) -> None:
    palette, field = open_palette(stage)
    field.setText(words)
    qtbot.waitUntil(lambda: "1 found" in words_of(palette))
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.hub.patient == SANDRA


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("Smith, Sarah 12/3/61", {"family": "Smith", "name": "Sarah", "birthdate": "1961-03-12"}),
        ("smith 999 204 1188", {"name": "smith", "identifier": f"{systems.NHS_NUMBER}|9992041188"}),
        ("12345678", {"identifier": f"{systems.patient_number('Y99002')}|12345678"}),
    ],
)
def test_typed_words_are_read_as_the_pages_own_find_box_reads_them(
    stage: WindowStage, qtbot: QtBot, words: str, query: dict[str, str]
) -> None:
    _, field = open_palette(stage)
    field.setText(words)
    qtbot.waitUntil(lambda: bool(stage.transport.searched))
    assert query.items() <= stage.transport.searched[-1].items()


def test_nobody_found_says_where_was_looked(stage: WindowStage, qtbot: QtBot) -> None:
    palette, field = open_palette(stage)
    field.setText("zzz")
    qtbot.waitUntil(lambda: "No patient matches “zzz”" in words_of(palette))
    assert "Looked in names, dates of birth, NHS numbers and practice numbers." in words_of(palette)


@pytest.mark.hazard("H04")
def test_too_little_to_look_for_is_not_said_to_match_nobody(stage: WindowStage, qtbot: QtBot) -> None:
    palette, field = open_palette(stage)
    field.setText("o")
    qtbot.waitUntil(lambda: "Type one more letter." in words_of(palette))
    assert "No patient matches" not in words_of(palette)


def test_one_sign_that_is_a_whole_name_is_looked_for(stage: WindowStage, qtbot: QtBot) -> None:
    stage.transport.records = (patient_resource("20001", "王", "小明", "1961-03-12", None),)
    palette, field = open_palette(stage)
    field.setText("王")
    qtbot.waitUntil(lambda: "王, 小明" in words_of(palette))


def test_cloud_that_does_not_answer_is_said_with_what_to_do(stage: WindowStage, qtbot: QtBot) -> None:
    stage.transport.is_reachable = False
    palette, field = open_palette(stage)
    field.setText("smith")
    qtbot.waitUntil(lambda: "Patients cannot be looked up now" in words_of(palette))
    assert "Find the patient on the legacy screen." in words_of(palette)


def test_typed_words_go_to_a_function(stage: WindowStage, qtbot: QtBot) -> None:
    _, field = open_palette(stage)
    field.setText("appo")
    hit(qtbot, field, Qt.Key.Key_Return)
    assert stage.board.function.value == "appointments"


def test_palette_lies_below_the_banner(stage: WindowStage) -> None:
    stage.open(SARAH)
    palette, _ = open_palette(stage)
    top = palette.mapTo(stage.window.content, palette.rect().topLeft()).y()
    assert top >= stage.window.below_banner()


@pytest.mark.hazard("H04")
def test_a_part_of_those_found_is_not_shown_as_all(stage: WindowStage, qtbot: QtBot) -> None:
    stage.transport.records = tuple(
        patient_resource(f"2000{place}", "Smith", f"Sam{place}", "1961-03-12", None) for place in range(21)
    )
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "SMITH, Sam3" in words_of(palette))
    assert "the first 20 of 21 · type more to find others" in words_of(palette)


@pytest.mark.hazard("H04")
def test_confidential_patients_are_said_to_be_missing(stage: WindowStage, qtbot: QtBot) -> None:
    stage.publish(withheld=1)
    stage.cloud.start()
    qtbot.waitUntil(lambda: stage.window.withheld() == 1)
    palette, field = open_palette(stage)
    field.setText("smi")
    said = "1 confidential patient is never listed here: look on the legacy screen too."
    qtbot.waitUntil(lambda: said in words_of(palette))
    field.setText("nobody")
    qtbot.waitUntil(lambda: "No patient matches" in words_of(palette))
    assert said in words_of(palette)


def test_patients_whom_the_cloud_hides_are_said_to_be_missing(stage: WindowStage, qtbot: QtBot) -> None:
    stage.transport.is_hiding = True
    palette, field = open_palette(stage)
    field.setText("smi")
    qtbot.waitUntil(lambda: "SMITH, Sarah" in words_of(palette))
    assert "Some patients are not shown to you because they are confidential." in words_of(palette)
