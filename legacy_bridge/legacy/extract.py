"""Reads a folder of an EMIS Web extract: which rows it holds, in order, and which it refuses and why."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, String, Table, Time

from legacy_bridge.errors import BridgeError
from legacy_bridge.legacy.bulk import demanded_columns
from legacy_bridge.legacy.schema import GUID_LENGTH, METADATA, ExactDecimal

_LONGEST_FIELD = 64 * 1024 * 1024  # characters; the csv module stops at 128 KiB unless told

FILE_NAME = re.compile(
    r"^(?:bulk_)?(?P<processing_id>\d+)_(?P<table>[A-Za-z]+_[A-Za-z]+)_(?P<stamp>\d{14})_"
    r"(?P<agreement>[0-9A-Fa-f-]{36})\.csv$"
)
_EXTRACT_TABLES = {
    name: table for name, table in METADATA.tables.items() if not name.startswith("Reference_")
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: 00:00:00)?", re.ASCII)  # some versions send a date as a moment
_TIME = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.0+)?)?", re.ASCII)  # the columns hold whole seconds
_WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)
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
class Folder:
    """What a folder holds: the files in the order of delivery, and what was noticed, in sentences."""

    files: list[ExtractFile] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FileContent:
    """What a file holds: rows in the order of their processing ids, refusals, and what was noticed."""

    rows: list[ExtractRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def files_of(folder: Path, *, is_bulk: bool = False) -> Folder:
    """Find the files of an extract's folder.

    Args:
        folder: where they lie.
        is_bulk: whether every table has to be there.

    Raises:
        ExtractUnreadable: there is no such folder, or it holds no file of an extract, or lacks a table.
    """
    if not folder.is_dir():
        raise ExtractUnreadable(f"There is no folder {folder}: give the folder with the extract's CSV files.")
    found = Folder()
    for path in sorted(folder.glob("*.csv")):
        named = FILE_NAME.match(path.name)
        table = _EXTRACT_TABLES.get(named["table"]) if named else None
        if named is None or table is None:
            what = "its name is not one of an extract" if named is None else "of a table that is not known"
            found.notices.append(f"{path.name} was left out: {what}.")
        else:
            found.files.append(ExtractFile(path=path, processing_id=int(named["processing_id"]), table=table))
    if not found.files:
        raise ExtractUnreadable(
            f"{folder} holds no file named as an extract's: ProcessingId_Table_yyyyMMddHHmmss_Agreement.csv."
        )
    found.files.sort(key=lambda file: file.processing_id)
    absent = sorted(set(_EXTRACT_TABLES) - {file.table.name for file in found.files})
    if absent and is_bulk:
        raise ExtractUnreadable(
            f"{folder} has no file of {', '.join(absent)}, and a practice is first filled from all tables: "
            "fetch the bulk again; for a table without rows a file with its header will do."
        )
    if absent:
        found.notices.append(f"No file of {', '.join(absent)}: these tables stay as they are.")
    return found


def read(file: ExtractFile, *, is_bulk: bool = False) -> FileContent:
    """Read one file whole.

    Args:
        file: which.
        is_bulk: whether every column has to be there that each version sends, and not only the key's.

    Raises:
        ExtractUnreadable: it is not UTF-8, has no header, or lacks a column that has to be there.
    """
    content = FileContent()
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as text:
            _read_rows(file, csv.reader(text, strict=True), content, is_bulk=is_bulk)
    except UnicodeDecodeError as error:
        raise ExtractUnreadable(f"{file.path.name} is not UTF-8 (byte {error.start}).") from error
    except csv.Error as error:
        raise ExtractUnreadable(f"{file.path.name} is not a CSV file: {error}.") from error
    except OSError as error:
        raise ExtractUnreadable(f"{file.path.name} cannot be opened: {error.strerror}.") from error
    finally:
        csv.field_size_limit(before)
    content.rows.sort(key=lambda row: row.processing_id)
    return content


def _read_rows(file: ExtractFile, lines: Iterator[list[str]], content: FileContent, *, is_bulk: bool) -> None:
    header = next(lines, None)
    if header is None:
        raise ExtractUnreadable(f"{file.path.name} is empty: even a table without rows has a header.")
    columns = file.table.columns
    key = [str(column.name) for column in file.table.primary_key]
    absent = [name for name in (demanded_columns(file.table) if is_bulk else key) if name not in header]
    if absent:
        raise ExtractUnreadable(
            f"{file.path.name} has no column {', '.join(absent)}: correct its header or fetch the file again."
        )
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise ExtractUnreadable(f"{file.path.name} has two columns {', '.join(doubled)}.")
    lacking = [name for name in columns.keys() if name not in header]  # noqa: SIM118 - a keyed collection
    if lacking:
        content.notices.append(f"{file.path.name}: not sent, so left as they are: {', '.join(lacking)}.")
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
        except ValueError as error:
            raise ValueError(f"{name} {error}") from error
    return ExtractRow(line=line, processing_id=values.get("ProcessingId") or 0, values=values)


def _reader(column: Column[Any]) -> Callable[[str], Any]:
    kind = column.type
    if isinstance(kind, ExactDecimal):
        return _unless_blank(_decimal)
    if isinstance(kind, String):
        return _unless_blank(_guid) if kind.length == GUID_LENGTH else _text_of(kind.length)
    readers: tuple[tuple[type, Callable[[str], Any]], ...] = (
        (DateTime, _moment),
        (Date, _date),
        (Time, _time),
        (Boolean, _boolean),
        (BigInteger, _whole_of(bits=64)),
        (Integer, _whole_of(bits=32)),
    )
    return _unless_blank(next(reader for of_kind, reader in readers if isinstance(kind, of_kind)))


def _unless_blank(reader: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: reader(text) if text.strip() else None


def _text_of(length: int | None) -> Callable[[str], str]:
    def read_text(text: str) -> str:
        if length is not None and len(text) > length:
            raise ValueError(f"has {len(text)} characters and the column holds {length}")
        return text

    return read_text


def _guid(text: str) -> str:
    if not _GUID.match(text):
        raise ValueError("is not a GUID")
    return "{" + text.strip("{}").upper() + "}"


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("is not a date of the form yyyy-MM-dd")
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise ValueError("is not a day of the calendar") from error


def _time(text: str) -> time:
    if not _TIME.fullmatch(text):
        raise ValueError("is not a time of the form HH:mm:ss")
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is not a time of the day") from error


def _moment(text: str) -> datetime:
    day, _, clock = text.replace("T", " ").partition(" ")
    return datetime.combine(_date(day), _time(clock) if clock else time())


def _whole_of(*, bits: int) -> Callable[[str], int]:
    def read_whole(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise ValueError("is not a whole number")
        value = int(text)
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise ValueError(f"does not fit into {bits} bits")
        return value

    return read_whole


def _boolean(text: str) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}.get(text.strip().lower())
    if known is None:
        raise ValueError("is neither true nor false")
    return known


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("is not a number") from error
    if not value.is_finite():
        raise ValueError("is not a number")
    return value
