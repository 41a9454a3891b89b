"""The banner follows the record of the patient who is open, and of nobody else."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.support.widgets import texts
from tests.support.window_stage import GWYNETH, SARAH, WindowStage, host_patient


def test_banner_follows_the_record_of_the_patient_who_is_open(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    assert "Usual GP" not in texts(stage.window.banner)
    stage.transport.practitioners.append(
        {
            "resourceType": "Practitioner",
            "id": "d1",
            "name": [{"prefix": ["Dr"], "given": ["Priya"], "family": "Nair"}],
        }
    )
    stage.transport.records[0]["telecom"] = [{"system": "phone", "use": "home", "value": "01632 960142"}]
    stage.transport.records[0]["generalPractitioner"] = [{"reference": "Practitioner/d1"}]
    stage.pages.show(host_patient(SARAH), unsaved=True)
    stage.pages.show(host_patient(SARAH))  # it was saved
    qtbot.waitUntil(lambda: "01632 960142 (home)" in texts(stage.window.banner))
    assert "Dr Priya Nair" in texts(stage.window.banner)
    assert stage.board.hub.patient is not None
    assert stage.board.hub.patient.phone == "01632 960142 (home)"


@pytest.mark.hazard("H01")
def test_record_that_is_read_too_late_is_not_drawn(stage: WindowStage, qtbot: QtBot) -> None:
    stage.open(SARAH)
    stage.open(GWYNETH)
    stage.window.record.read(replace(SARAH, phone="01632 960142"))
    assert "01632 960142" not in texts(stage.window.banner)
    assert "EVANS, Gwyneth" in texts(stage.window.banner)
