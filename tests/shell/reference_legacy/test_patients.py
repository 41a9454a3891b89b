import pytest
from sqlalchemy import event

from shell.reference_legacy.errors import NotSavedError, RowChangedError, UnknownPatientError
from tests.shell.reference_legacy.legacy_practice import LegacyPractice


def test_only_changed_columns_are_written(legacy: LegacyPractice) -> None:
    written: list[str] = []
    event.listen(
        legacy.engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: written.append(statement)
    )
    legacy.patients.save(legacy.patients.by_number(104417), {"HomePhone": "01632 960999"})
    assert legacy.patient_column(104417, "HomePhone") == "01632 960999"
    (update,) = [one for one in written if one.startswith("UPDATE")]
    assert update.split("WHERE")[0].split() == ["UPDATE", '"Admin_Patient"', "SET", '"HomePhone"=?']


def test_write_is_refused_when_the_row_changed_since_it_was_read(legacy: LegacyPractice) -> None:
    read = legacy.patients.by_number(104417)
    legacy.change_patient(104417, MobilePhone="07700 900318")
    with pytest.raises(RowChangedError):
        legacy.patients.save(read, {"HomePhone": "01632 960999"})
    assert legacy.patient_column(104417, "HomePhone") == "01632 960142"


def test_write_is_refused_when_the_row_was_deleted_since_it_was_read(legacy: LegacyPractice) -> None:
    read = legacy.patients.by_number(104417)
    legacy.change_patient(104417, Deleted=True)  # type: ignore[arg-type]  # the only column that is no text
    with pytest.raises(RowChangedError):
        legacy.patients.save(read, {"HomePhone": "1"})


def test_an_emptied_column_is_stored_as_null_and_can_be_filled_again(legacy: LegacyPractice) -> None:
    legacy.patients.save(legacy.patients.by_number(104417), {"HomePhone": None})
    assert legacy.patient_column(104417, "HomePhone") is None
    legacy.patients.save(legacy.patients.by_number(104417), {"HomePhone": "1"})
    assert legacy.patient_column(104417, "HomePhone") == "1"


def test_a_locked_database_saves_nothing_and_says_so(legacy: LegacyPractice) -> None:
    read = legacy.patients.by_number(104417)
    with legacy.engine.connect() as other:
        other.exec_driver_sql("PRAGMA busy_timeout=0")
    with legacy.engine.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        with legacy.engine.connect() as mine:
            mine.exec_driver_sql("PRAGMA busy_timeout=0")
        with pytest.raises(NotSavedError):
            legacy.patients.save(read, {"HomePhone": "1"})


@pytest.mark.parametrize("number", [99, 5, 6, 7])
def test_an_unknown_deleted_ambiguous_or_foreign_number_opens_nobody(
    legacy: LegacyPractice, number: int
) -> None:
    with pytest.raises(UnknownPatientError, match=str(number)):
        legacy.patients.by_number(number)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("104417", [104417]),
        ("smi", [104417]),
        ("SMITH, sa", [104417]),
        ("smith x", []),
        ("999 123 4578", [6, 6, 104417, 104418]),
        ("%", []),
        ("gone", []),
        ("", []),
    ],
)
def test_patients_are_found_by_number_nhs_number_and_beginnings_of_names(
    legacy: LegacyPractice, words: str, numbers: list[int]
) -> None:
    assert sorted(one.number or 0 for one in legacy.patients.find(words)) == numbers
