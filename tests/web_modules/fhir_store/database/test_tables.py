import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from web_modules.fhir_store.database import tables
from web_modules.identity.database import tables as identity_tables

TABLES = [*tables.METADATA.sorted_tables, *identity_tables.METADATA.sorted_tables]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_key_index_and_foreign_key_begins_with_the_practice(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "practice"
    for index in table.indexes:
        assert next(iter(index.columns)).name == "practice", index.name
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert next(iter(constraint.columns)).name == "practice"
        if isinstance(constraint, ForeignKeyConstraint):
            first = constraint.elements[0]
            assert (first.parent.name, first.column.name) == ("practice", "practice")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_names_the_practice_alike(table: Table) -> None:
    assert (str(table.c.practice.type), table.c.practice.nullable) == ("VARCHAR(16)", False)
