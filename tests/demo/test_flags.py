"""The flag file of a new environment, and an edit of it."""

from pathlib import Path

from demo.flags import move, write_default_flags
from demo.place import Environment, Place
from web_modules.decision.flags import FlagFile
from web_modules.decision.words import Function, Stage


def stages(place: Place) -> dict[Function, Stage]:
    flags = FlagFile(place.flags, practice="Y99002", environment=place.environment.value)
    try:
        return {function: standing.stage for function, standing in flags.standings().items()}
    finally:
        flags.close()


def test_the_reference_environment_begins_with_one_function_in_each_way_of_working(tmp_path: Path) -> None:
    place = Place(environment=Environment.REFERENCE, folder=tmp_path)
    write_default_flags(place)
    said = stages(place)
    assert said[Function.PATIENTS] is Stage.LEAD
    assert said[Function.APPOINTMENTS] is Stage.TRIAL
    assert said[Function.ORGANISATION] is Stage.MIRROR
    assert said[Function.PRESCRIBING] is Stage.LEGACY


def test_an_edited_flag_file_is_kept(tmp_path: Path) -> None:
    place = Place(environment=Environment.TRAINING, folder=tmp_path)
    write_default_flags(place)
    move(place, Function.APPOINTMENTS, Stage.LEAD)
    write_default_flags(place)
    assert stages(place)[Function.APPOINTMENTS] is Stage.LEAD
    assert stages(place)[Function.PATIENTS] is Stage.TRIAL
