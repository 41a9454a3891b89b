"""A legacy program as its TOML file describes it."""

from pathlib import Path

import pytest

from shell.errors import DescriptionError
from shell.hosts import descriptions_folder
from shell.hosts.interface import ShownState
from shell.hosts.legacy.description import LegacyDescription, filled
from shell.hosts.legacy.description_file import read_description
from tests.support.panes import DESCRIPTION

SHIPPED = descriptions_folder() / "halden_gp.toml"


@pytest.fixture
def halden() -> LegacyDescription:
    """The description that ships."""
    return read_description(SHIPPED)


def test_the_command_has_a_patient_and_a_screen_when_there_are(halden: LegacyDescription) -> None:
    values = {
        "python": "py",
        "database": "sqlite:///x y",
        "today": "2026-11-17",
        "number": "7",
        "screen": "s",
    }
    assert filled(halden.opening.command, values) == [
        *("py", "-m", "shell.reference_legacy", "--database", "sqlite:///x y"),
        *("--today", "2026-11-17", "--patient", "7", "--screen", "s"),
    ]
    without = values | {"number": None, "today": None}
    assert filled(halden.opening.command, without) == [
        *("py", "-m", "shell.reference_legacy", "--database", "sqlite:///x y", "--screen", "s")
    ]


@pytest.mark.parametrize(
    ("title", "state", "number", "function", "unsaved"),
    [
        (
            "Halden GP 5.31 - [Appointments - Patient 104417] - FERNBROOK SURGERY",
            ShownState.SOMEBODY,
            "104417",
            "appointments",
            False,
        ),
        (
            "Halden GP 5.31 - [Patients - Patient 104417 *] - FERNBROOK SURGERY",
            ShownState.SOMEBODY,
            "104417",
            "patients",
            True,
        ),
        (
            "Halden GP 5.31 - [Appointments - No patient] - FERNBROOK SURGERY",
            ShownState.NOBODY,
            None,
            "appointments",
            False,
        ),
        ("Halden GP 5.31", ShownState.UNKNOWN, None, None, False),
        ("Halden GP 5.31 - [Patients - Patient ] - X", ShownState.UNKNOWN, None, None, False),
        ("Halden GP 5.31 - [Patients - Patient 104417 7] - X", ShownState.UNKNOWN, None, None, False),
        ("", ShownState.UNKNOWN, None, None, False),
    ],
)
def test_a_title_says_whom_the_program_shows(
    halden: LegacyDescription,
    title: str,
    state: ShownState,
    number: str | None,
    function: str | None,
    unsaved: bool,
) -> None:
    reading = halden.read_title(title)
    assert (reading.state, reading.patient_number, reading.function, reading.unsaved) == (
        state,
        number,
        function,
        unsaved,
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('name = "Test Guest"', "name = ", 2, "not TOML"),
        ("[title]", "[title", 17, "not TOML"),
        ('command_line = ["{database}"]', 'command_line = ["{database}"', 10, "not TOML"),
        ('name = "Test Guest"', "", None, "“name” is missing"),
        ('name = "Test Guest"', "name = 3", 2, "“name” must be a text"),
        ("window_within_seconds = 20", "window_within_seconds = 0", 6, "“start.window_within_seconds” must"),
        ("window_within_seconds = 20", "window_in = 20", 6, "“start.window_in” is not a known key"),
        ('"{python}", "-m"', '"{pyton}", "-m"', 4, "“start.command” has the unknown placeholder {pyton}"),
        ('["--screen", "{screen}"]]', '["--screen", "{scren}"]]', 4, "the unknown placeholder {scren}"),
        ('"{python}", "-m"', '"{python", "-m"', 4, "a brace too many"),
        ('["{database}"]', '["{database!r}"]', 10, "“find.command_line” has a brace too many or too few"),
        ('["{database}"]', '["{number}"]', 10, "“find.command_line” has the unknown placeholder {number}"),
        ('"{python}", "-m"', '3, "-m"', 4, "texts and lists of texts only"),
        ("title = '^Test Guest '", "title = '('", 9, "“find.title” is not a regular expression"),
        ('wm_class = "test-guest"', "", 7, "“find.wm_class” is missing"),
        ("(?P<patient>", "(?P<person>", 18, "“title.pattern” has no group"),
        ('save_key = "F10"', 'save_key = "F10 F11"', 23, "“work.save_key” must be a key"),
        ('"Ctrl+K", ', '"Hyper+K", ', 29, "“keys.shell” has “Hyper+K”"),
        ('patients = "patients"', "patients = 1", 15, "“screens.patients” must be a text"),
        ('Patients = "patients"', 'Patients = ""', 20, "“title.screens.Patients” must be a text"),
        ("[window]", "[windows]", 25, "“windows” is not a known key"),
        ("[open]\n", "[open]\nkeys = ['<F3>']\n", 12, "“open.keys” is one means too many"),
        ("[open]\ncommand", "[open]\nurl_command", 11, "“open” must say how a patient is opened: by one of"),
        ("[open]\ncommand =", "[open]\nkeys = ['<F3']\nx =", 13, "“open.x” is not a known key"),
        ("[open]\n", "[open]\nnobody_keys = ['<F4']\n", 12, "“open.nobody_keys” cannot be typed"),
        ("[open]\n", "[open]\nnobody_keys = ['<{screen}>']\n", 16, "“screens.patients” must be a key such"),
        ("[open]\n", "[driver]\nopens = 1\n[open]\n", 12, "“driver.opens” is one means too many"),
        ("[window]", "[driver]\ncommand = ['x']\n[window]", 18, "cannot both say what is shown"),
        ("[window]", "[driver]\ncommand = ['{number}']\n[window]", 18, "cannot both say what is shown"),
        ("[window]", "[alerts]\ntitle = '['\n[window]", 26, "“alerts.title” is not a regular expression"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int | None, says: str
) -> None:
    path = tmp_path / "guest.toml"
    text = DESCRIPTION.format(kind="qt")
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DescriptionError) as error:
        read_description(path)
    assert says in str(error.value)
    where = f"{path}, line {line}: " if line is not None else f"{path}: "
    assert str(error.value).startswith(where)


def test_a_file_that_is_not_utf_8_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "guest.toml"
    path.write_bytes('name = "x"\nstart = "Müller"'.encode("latin-1"))
    with pytest.raises(DescriptionError, match=r"guest\.toml, line 2: this is not UTF-8"):
        read_description(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"none\.toml: the description cannot be read"):
        read_description(tmp_path / "none.toml")
