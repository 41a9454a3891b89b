"""The page of what does not survive says what the mappings really leave out, no more and no less."""

from pathlib import Path

from legacy_bridge.legacy.groups import GROUPS
from legacy_bridge.legacy.schema import METADATA
from legacy_bridge.mapping.losses import NOT_CARRIED, does_not_survive
from tests.legacy_bridge.support.probing import read_columns

TABLES = tuple(dict.fromkeys(table for group in GROUPS.values() for table in (group.main, *group.extensions)))
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
