"""Reads a folder of an EMIS Web extract: which rows it holds, in order, and which it refuses and why."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, String, Table, Time

from legacy_bridge.errors import BridgeError
from legacy_bridge.legacy.schema import METADATA, ExactDecimal

csv.field_size_limit(64 * 1024 * 1024)

FILE_NAME = re.compile(
    r"^(?:bulk_)?(?P<processing_id>\d+)_(?P<table>[A-Za-z]+_[A-Za-z]+)_(?P<stamp>\d{14})_"
    r"(?P<agreement>[0-9A-Fa-f-]{36})\.csv$"
)
_GUID = re.compile(r"^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$")


class ExtractUnreadable(BridgeError):
    """The folder or a file of it is not an extract; nothing of it is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractFile:
    """One file of a folder.

    Attributes:
        path: where it is.
        processing_id: where it stands in the order of delivery.
        table: the table whose rows it holds.
    """

    path: Path
    processing_id: int
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRow:
    """One row that can be kept.

    Attributes:
        line: the line of the file on which it begins.
        processing_id: its place in the order in which rows are to be applied.
        values: column name to value; an empty field is None.
    """

    line: int
    processing_id: int
    values: dict[str, Any]

    @property
    def is_tombstone(self) -> bool:
        """Whether the row says that its record is gone."""
        return self.values.get("Deleted") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that cannot be kept, with the reason for people."""

    file: str
    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class FileContent:
    """What a file holds: rows in the order of their processing ids, refusals, and what was noticed."""

    rows: list[ExtractRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def files_of(folder: Path) -> list[ExtractFile]:
    """The files of an extract's folder, in the order of delivery.

    Raises:
        ExtractUnreadable: there is no such folder, or it holds no file of an extract.
    """
    if not folder.is_dir():
        raise ExtractUnreadable(f"There is no folder {folder}: give the folder with the extract's CSV files.")
    found: list[ExtractFile] = []
    for path in sorted(folder.iterdir()):
        named = FILE_NAME.match(path.name)
        if named is None:
            continue
        table = METADATA.tables.get(named["table"])
        if table is None:
            raise ExtractUnreadable(
                f"{path.name}: the table {named['table']} is not one of an EMIS Web extract."
            )
        found.append(ExtractFile(path=path, processing_id=int(named["processing_id"]), table=table))
    if not found:
        raise ExtractUnreadable(
            f"{folder} holds no file named as an extract's: ProcessingId_Table_yyyyMMddHHmmss_Agreement.csv."
        )
    return sorted(found, key=lambda file: file.processing_id)


def read(file: ExtractFile) -> FileContent:
    """Read one file whole.

    Raises:
        ExtractUnreadable: it is not UTF-8, has no header, or lacks a column of the table's key.
    """
    content = FileContent()
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as text:
            _read_rows(file, csv.reader(text, strict=True), content)
    except UnicodeDecodeError as error:
        raise ExtractUnreadable(f"{file.path.name} is not UTF-8 (byte {error.start}).") from error
    except csv.Error as error:
        raise ExtractUnreadable(f"{file.path.name} is not a CSV file: {error}.") from error
    except OSError as error:
        raise ExtractUnreadable(f"{file.path.name} cannot be opened: {error.strerror}.") from error
    content.rows.sort(key=lambda row: row.processing_id)
    return content


def _read_rows(file: ExtractFile, lines: Iterator[list[str]], content: FileContent) -> None:
    header = next(lines, None)
    if header is None:
        raise ExtractUnreadable(f"{file.path.name} is empty: even a table without rows has a header.")
    columns = file.table.columns
    absent = [column.name for column in file.table.primary_key if column.name not in header]
    if absent:
        raise ExtractUnreadable(f"{file.path.name} has no column {', '.join(absent)}.")
    unknown = [name for name in header if name not in columns]
    if unknown:
        content.notices.append(f"{file.path.name}: not kept, of a newer version: {', '.join(unknown)}.")
    readers = [(name, _reader(columns[name])) if name in columns else None for name in header]
    begins = 2
    for fields in lines:
        line, begins = begins, getattr(lines, "line_num", begins) + 1
        if not fields:
            continue
        try:
            content.rows.append(_row(line, fields, readers))
        except ValueError as error:
            content.refusals.append(Refusal(file=file.path.name, line=line, reason=str(error)))


def _row(line: int, fields: list[str], readers: list[tuple[str, Callable[[str], Any]] | None]) -> ExtractRow:
    if len(fields) != len(readers):
        raise ValueError(f"has {len(fields)} fields and the header {len(readers)}")
    values: dict[str, Any] = {}
    for text, reader in zip(fields, readers, strict=True):
        if reader is None:
            continue
        name, read_text = reader
        try:
            values[name] = read_text(text) if text else None
        except (ValueError, InvalidOperation) as error:
            raise ValueError(f"{name}: {error}") from error
    return ExtractRow(line=line, processing_id=values.get("ProcessingId") or 0, values=values)


def _reader(column: Column[Any]) -> Callable[[str], Any]:
    kind = column.type
    if isinstance(kind, ExactDecimal):
        return _decimal
    if isinstance(kind, String):
        return _guid if column.name.endswith("Guid") and kind.length == 38 else _text_of(kind.length)
    readers: tuple[tuple[type, Callable[[str], Any]], ...] = (
        (DateTime, datetime.fromisoformat),
        (Date, _date),
        (Time, time.fromisoformat),
        (Boolean, _boolean),
        (Integer, int),
    )
    return next(reader for of_kind, reader in readers if isinstance(kind, of_kind))


def _text_of(length: int | None) -> Callable[[str], str]:
    def read_text(text: str) -> str:
        if length is not None and len(text) > length:
            raise ValueError(f"has {len(text)} characters and the column holds {length}")
        return text

    return read_text


def _guid(text: str) -> str:
    if not _GUID.match(text):
        raise ValueError(f"{text[:40]!r} is not a GUID")
    return "{" + text.strip("{}").upper() + "}"


def _date(text: str) -> date:
    return date.fromisoformat(text[:10])


def _boolean(text: str) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}.get(text.strip().lower())
    if known is None:
        raise ValueError(f"{text[:20]!r} is neither true nor false")
    return known


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(f"{text[:20]!r} is not a number")
    return value
