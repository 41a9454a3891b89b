import pytest

from shell.reference_legacy.title import Screen, window_title


@pytest.mark.parametrize(
    ("screen", "patient", "is_unsaved", "title"),
    [
        (
            Screen.APPOINTMENTS,
            "104417",
            False,
            "Halden GP 5.31 - [Appointments - Patient 104417] - FERNBROOK SURGERY",
        ),
        (
            Screen.PATIENTS,
            "104417",
            True,
            "Halden GP 5.31 - [Patients - Patient 104417 *] - FERNBROOK SURGERY",
        ),
        (Screen.PATIENTS, None, False, "Halden GP 5.31 - [Patients - No patient] - FERNBROOK SURGERY"),
    ],
)
def test_title_names_screen_patient_unsaved_work_and_practice(
    screen: Screen, patient: str | None, is_unsaved: bool, title: str
) -> None:
    practice = "Fernbrook Surgery"
    assert window_title(screen=screen, patient=patient, is_unsaved=is_unsaved, practice=practice) == title


def test_title_stays_one_line_whatever_the_practice_is_called() -> None:
    title = window_title(
        screen=Screen.PATIENTS, patient=None, is_unsaved=False, practice="A\r\nB\N{RIGHT-TO-LEFT OVERRIDE}C"
    )
    assert title.endswith("- A  B\N{WHITE SQUARE}C")
