"""The page of what does not survive says what the mappings really leave out, no more and no less."""

import re
from pathlib import Path

import pytest

from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.losses import NOT_CARRIED, NOT_MIRRORED, does_not_survive
from tests.legacy_bridge.support.probing import read_columns

TABLES = tuple(dict.fromkeys(table for group in GROUPS.values() for table in (group.main, *group.extensions)))
SCHEMA = Path(__file__).parents[3].parent / "shared" / "data" / "emis-extract-schema.md"
PAGE = Path(__file__).parents[3] / "legacy_bridge" / "docs" / "does_not_survive.md"


def test_every_column_that_no_mapping_reads_has_its_reason_and_no_other() -> None:
    seen = read_columns()
    left_out = {
        table: [name for name in METADATA.tables[table].columns.keys() if f"{table}.{name}" not in seen]  # noqa: SIM118
        for table in TABLES
    }
    assert left_out == {table: list(reasons) for table, reasons in NOT_CARRIED.items()}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == does_not_survive(TABLES), (
        "write does_not_survive(TABLES) to it"
    )


def test_every_table_is_mirrored_or_says_why_not() -> None:
    assert set(METADATA.tables) - set(TABLES) == set(NOT_MIRRORED)


@pytest.mark.skipif(not SCHEMA.is_file(), reason="needs ../shared/data/emis-extract-schema.md")
def test_every_column_of_the_published_schema_is_in_the_tables() -> None:
    published: dict[str, set[str]] = {}
    table = ""
    for line in SCHEMA.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"### (\w+_\w+)$", line)
        column = re.match(r"\| (\w+) \| ", line)
        table = heading[1] if heading else "" if line.startswith("#") else table
        if table and column and column[1] != "column":
            published.setdefault(table, set()).add(column[1])
    assert set(published) == {name for name in METADATA.tables if not name.startswith("Reference_")}
    for name, columns in published.items():
        assert columns == set(METADATA.tables[name].columns.keys()), name
