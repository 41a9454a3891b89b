from datetime import time

import pytest

from shell.reference_legacy.errors import RowChangedError
from shell.reference_legacy.records import Slot, SlotState
from tests.shell.reference_legacy.legacy_practice import NOW, TODAY, LegacyPractice


def _slot(legacy: LegacyPractice, starts: time) -> Slot:
    return next(one for one in legacy.book.day(TODAY).slots if one.starts == starts)


def test_a_day_holds_its_slots_but_no_deleted_ones(legacy: LegacyPractice) -> None:
    book = legacy.book.day(TODAY)
    states = [(one.starts, one.state, one.patient_name) for one in book.slots]
    assert states == [
        (time(10, 0), SlotState.FREE, ""),
        (time(10, 15), SlotState.BOOKED, "PATEL"),
        (time(10, 30), SlotState.BLOCKED, ""),
    ]
    assert list(book.clinicians.values()) == ["NAIR P (Dr)"]


def test_booking_writes_patient_status_time_and_method(legacy: LegacyPractice) -> None:
    legacy.book.book(_slot(legacy, time(10, 0)), legacy.patients.by_number(104417), NOW)
    stored = legacy.slot_columns(time(10, 0))
    assert (stored["PatientGuid"], stored["SlotStatus"]) == ("{P1}", "Booked")
    assert (stored["BookedDate"], stored["BookedTime"]) == (TODAY, time(10, 12, 31))
    assert stored["BookingMethod"] == "Practice"


@pytest.mark.parametrize(
    "meanwhile", [{"SlotStatus": "Booked", "PatientGuid": "{P2}"}, {"IsBlocked": True}, {"Deleted": True}]
)
def test_booking_is_refused_when_the_slot_is_no_longer_free(
    legacy: LegacyPractice, meanwhile: dict[str, object]
) -> None:
    free = _slot(legacy, time(10, 0))
    legacy.change_slot(time(10, 0), **meanwhile)
    before = legacy.slot_columns(time(10, 0))
    with pytest.raises(RowChangedError):
        legacy.book.book(free, legacy.patients.by_number(104417), NOW)
    assert legacy.slot_columns(time(10, 0)) == before


def test_booking_is_refused_when_the_patient_is_gone(legacy: LegacyPractice) -> None:
    patient = legacy.patients.by_number(104417)
    legacy.change_patient(104417, Deleted=True)  # type: ignore[arg-type]  # the only column that is no text
    with pytest.raises(RowChangedError):
        legacy.book.book(_slot(legacy, time(10, 0)), patient, NOW)


def test_cancelling_frees_the_slot(legacy: LegacyPractice) -> None:
    legacy.book.cancel(_slot(legacy, time(10, 15)))
    stored = legacy.slot_columns(time(10, 15))
    assert (stored["PatientGuid"], stored["SlotStatus"], stored["BookedDate"]) == (
        None,
        "Slot Available",
        None,
    )


def test_cancelling_is_refused_when_the_booking_changed(legacy: LegacyPractice) -> None:
    booked = _slot(legacy, time(10, 15))
    legacy.change_slot(time(10, 15), SlotStatus="Arrived")
    with pytest.raises(RowChangedError):
        legacy.book.cancel(booked)
    assert legacy.slot_columns(time(10, 15))["PatientGuid"] == "{P2}"
