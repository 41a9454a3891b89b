"""What a mapping makes of a row group or of a FHIR resource: plain named fields, comparable across sides."""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from legacy_bridge.errors import RecordRefused
from web_modules.decision.words import Function


class Kind(Enum):
    """The kinds of record that are mirrored; a parent comes before its child."""

    ORGANIZATION = "organization"
    LOCATION = "location"
    PRACTITIONER = "practitioner"
    PATIENT = "patient"
    SESSION = "session"
    SLOT = "slot"
    CONSULTATION = "consultation"
    CONDITION = "condition"
    ALLERGY = "allergy"
    OBSERVATION = "observation"
    REPORT = "report"
    IMMUNIZATION = "immunization"
    FAMILY_HISTORY = "family-history"
    PROCEDURE = "procedure"
    TEST_REQUEST = "test-request"
    REFERRAL = "referral"
    DOCUMENT = "document"
    DIARY = "diary"
    MEDICATION = "medication"
    ISSUE = "issue"

    __hash__ = object.__hash__  # each is one object: `Enum` looks its name up each time

    @property
    def rank(self) -> int:
        """Where the kind stands in the order of carrying: parents low, children high."""
        return _RANKS[self]

    @property
    def function(self) -> Function:
        """The function whose stage decides whether this kind is mirrored, and which side leads."""
        return _FUNCTIONS[self]

    def at_once(self, most: int) -> int:
        """How many of `most` are held at once: a document comes with all that is in it, in several forms."""
        return min(most, _DOCUMENTS_AT_ONCE) if self is Kind.DOCUMENT else most


_DOCUMENTS_AT_ONCE = 4  # of at most 24 MB, which is what the embedded store takes
_RANKS = {kind: rank for rank, kind in enumerate(Kind)}
_FUNCTIONS = {
    Kind.ORGANIZATION: Function.ORGANISATION,
    Kind.LOCATION: Function.ORGANISATION,
    Kind.PRACTITIONER: Function.ORGANISATION,
    Kind.PATIENT: Function.PATIENTS,
    Kind.SESSION: Function.APPOINTMENTS,
    Kind.SLOT: Function.APPOINTMENTS,
    Kind.CONSULTATION: Function.CONSULTATIONS,
    Kind.CONDITION: Function.CONSULTATIONS,
    Kind.ALLERGY: Function.CONSULTATIONS,
    Kind.OBSERVATION: Function.RESULTS,
    Kind.REPORT: Function.RESULTS,
    Kind.IMMUNIZATION: Function.CONSULTATIONS,
    Kind.FAMILY_HISTORY: Function.CONSULTATIONS,
    Kind.PROCEDURE: Function.CONSULTATIONS,
    Kind.TEST_REQUEST: Function.RESULTS,
    Kind.REFERRAL: Function.REFERRALS,
    Kind.DOCUMENT: Function.DOCUMENTS,
    Kind.DIARY: Function.TASKS,
    Kind.MEDICATION: Function.PRESCRIBING,
    Kind.ISSUE: Function.PRESCRIBING,
}

ENTRIES = (
    Kind.CONDITION,
    Kind.ALLERGY,
    Kind.OBSERVATION,
    Kind.REPORT,
    Kind.IMMUNIZATION,
    Kind.FAMILY_HISTORY,
    Kind.PROCEDURE,
    Kind.TEST_REQUEST,
    Kind.REFERRAL,
    Kind.DOCUMENT,
)
"""Kinds that share one legacy table: what a row of it is, its code decides. When that changes, it moves."""

CLINICAL = frozenset({Kind.CONSULTATION, *ENTRIES, Kind.DIARY, Kind.MEDICATION, Kind.ISSUE})
"""Kinds that are part of a patient's record; new ones may be made on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKey:
    """What names one mirrored thing: its kind and its legacy key.

    Attributes:
        kind: the kind of record.
        key: the legacy GUID, lower case, without braces; unique with the practice, which a bridge has one of.
    """

    kind: Kind
    key: str

    def __hash__(self) -> int:
        return hash(self.key)  # which names hardly ever two kinds, and remembers its hash

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.key}"

    @staticmethod
    def parse(text: str) -> "LinkKey":
        """Read what `str` wrote."""
        kind, _, key = text.partition("/")
        return LinkKey(kind=Kind(kind), key=key)


def names_of(key: LinkKey) -> tuple[LinkKey, ...]:
    """A link, and the one by which a coded entry is named while nobody can tell what it is."""
    return (key, LinkKey(kind=ENTRIES[0], key=key.key)) if key.kind in ENTRIES else (key,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A date of which only the year, or the year and the month, may be known.

    Attributes:
        text: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    """

    text: str

    @staticmethod
    def parse(text: str) -> "PartialDate":
        """Read a FHIR date.

        Raises:
            RecordRefused: it is no date.
        """
        if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
            raise RecordRefused("date-unreadable", "A date is not written as YYYY, YYYY-MM or YYYY-MM-DD.")
        try:
            date.fromisoformat(text + "-01-01"[len(text) - 4 :])
        except ValueError as error:
            raise RecordRefused("date-unreadable", "A date names a day that does not exist.") from error
        return PartialDate(text=text)

    @staticmethod
    def of(day: date) -> "PartialDate":
        """A whole date."""
        return PartialDate(text=day.isoformat())

    def whole(self) -> date | None:
        """The day, or None when it is not known."""
        return date.fromisoformat(self.text) if len(self.text) == len("YYYY-MM-DD") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with its unit, exactly as written: 60.000 is not 60, and nothing is ever converted.

    Attributes:
        number: decimal digits without an exponent.
        unit: the unit's text, or None when there is none.
        comparator: `<`, `<=`, `>=` or `>`; None: the number itself.
    """

    number: str
    unit: str | None = None
    comparator: str | None = None

    @staticmethod
    def of(number: Decimal | int, unit: str | None = None, comparator: str | None = None) -> "Quantity":
        """From a number, every digit kept; a zero has no sign, for JSON's whole zero has none."""
        exact = Decimal(number)
        digits = format(exact.copy_abs() if exact.is_zero() else exact, "f")
        return Quantity(number=digits, unit=unit, comparator=comparator)

    def value(self) -> Decimal:
        """The number."""
        return Decimal(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A legacy code; two are the same when their numbers are.

    Attributes:
        number: the legacy program's number of the code.
        term: what it says, for people who read a list of conflicts.
    """

    number: str
    term: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a document. It is remembered by its hash; two are the same when their hashes are.

    Attributes:
        digest: SHA-256, hexadecimal.
        size: bytes.
        data: all of it, in base64; None: it is only remembered.
    """

    digest: str
    size: int
    data: str | None = field(default=None, compare=False, repr=False)

    @staticmethod
    def of(data: bytes) -> "Content":
        """Of some bytes."""
        return Content(
            digest=hashlib.sha256(data).hexdigest(), size=len(data), data=b64encode(data).decode("ascii")
        )

    @staticmethod
    def parse(text: str) -> "Content":
        """Of FHIR's base64Binary, which may have white space in it.

        Raises:
            RecordRefused: it is none.
        """
        try:
            return Content.of(b64decode("".join(text.split()), validate=True))
        except ValueError as error:
            raise RecordRefused("content-unreadable", "A document's content is no base64.") from error


Value = str | bool | int | datetime | PartialDate | Quantity | Coded | Content | LinkKey | tuple[LinkKey, ...]
"""One field's value; datetimes are aware UTC. A field without a value is absent from a record's fields."""

Fields = Mapping[str, Value]
Agreed = Mapping[str, Value | None]
"""Fields on which the sides agreed: None is "agreed on empty", a field that is missing was never agreed."""

RowValue = str | bool | int | Decimal | date | time | bytes | None
Row = Mapping[str, RowValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """The legacy rows that make one record, as read in one statement's view of the database.

    Attributes:
        link: which record.
        rows: table name to its rows; the first table's only row is the one that is written.
        digest: a hash of all of it: the guard of a conditional write. Not a row version: those are reused
            after a restore.
        is_readable: False when a column holds what its type cannot be, such as a date that is none; then
            there are no rows.
        is_confidential: of such a record, what its flags say, read apart from the rest; None: not even they
            can be read.
    """

    link: LinkKey
    rows: Mapping[str, tuple[Row, ...]]
    digest: str
    is_readable: bool = True
    is_confidential: bool | None = False


BINARY = "Binary"
"""The type of what lies beside a document on the cloud: its content."""
CLOUD_CONTENT_MISSING = "content-not-there"
"""Why a document's content cannot be taken that is not where the document says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudContent:
    """The FHIR resources that make one record, as read.

    Attributes:
        link: which record.
        resources: resource type to the resource.
        appointments: for a slot, every Appointment that names it, cancelled ones too.
        unread: why what a document names as its content cannot be taken (reason, words); None: it can.
        awaited: that content, as `Type/id`: when it is there, or another, the document is looked at again.
    """

    link: LinkKey
    resources: Mapping[str, Mapping[str, Any]]
    appointments: tuple[Mapping[str, Any], ...] = ()
    unread: tuple[str, str] | None = None
    awaited: str | None = None

    def moments(self) -> list[datetime]:
        """When the server took each version of what was read."""
        whole = (*self.resources.values(), *self.appointments)
        return [datetime.fromisoformat(one["meta"]["lastUpdated"]) for one in whole]

    def versions(self) -> dict[str, str]:
        """`Type/id` to version, of everything read; an empty one of what is awaited."""
        found = {
            f"{one['resourceType']}/{one['id']}": str(one["meta"]["versionId"])
            for one in (*self.resources.values(), *self.appointments)
        }
        return found if self.awaited is None else {**found, self.awaited: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One side's record.

    Attributes:
        fields: the values; absent, empty and white space alike are not there.
        held: fields of which this side tells less than it knows (a confidential patient's appointment, one of
            another practice): only this side may change them.
        is_withheld: the whole record is confidential and is not carried.
        unknown: fields that name records which the other side does not have: they are left as they are there.
        lacks: a record that this one names and that is not there: it is carried without.
        remark: what a person should look at although the record is carried (reason, words).
    """

    fields: Fields
    held: frozenset[str] = frozenset()
    is_withheld: bool = False
    unknown: frozenset[str] = frozenset()
    lacks: LinkKey | None = None
    remark: tuple[str, str] | None = None


_TO_JSON: Mapping[type, Callable[[Any], Any]] = {
    PartialDate: lambda value: {"date": value.text},
    datetime: lambda value: {"moment": value.astimezone(UTC).isoformat()},
    LinkKey: lambda value: {"link": str(value)},
    Quantity: lambda value: {"number": value.number, "unit": value.unit, "comparator": value.comparator},
    Coded: lambda value: {"code": value.number, "term": value.term},
    Content: lambda value: {"digest": value.digest, "size": value.size},
    tuple: lambda value: {"links": [str(one) for one in value]},
}


def value_to_json(value: Value | None) -> Any:
    """Write a value so that `value_from_json` reads the same value of its type; a content's hash only."""
    write = _TO_JSON.get(type(value))
    return value if write is None else write(value)


def value_from_json(data: Any) -> Value | None:  # noqa: PLR0911 - one line a type
    """Read what `value_to_json` wrote."""
    if not isinstance(data, dict):
        plain: str | bool | int | None = data
        return plain
    if "date" in data:
        return PartialDate(text=data["date"])
    if "moment" in data:
        return datetime.fromisoformat(data["moment"])
    if "link" in data:
        return LinkKey.parse(data["link"])
    if "number" in data:
        return Quantity(**data)
    if "digest" in data:
        return Content(**data)
    if "code" in data:
        return Coded(number=data["code"], term=data["term"])
    return tuple(LinkKey.parse(one) for one in data["links"])
