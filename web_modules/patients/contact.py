"""The contact details that the form changes: read from a Patient, checked, and written back by key. Pure."""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web_modules.fhir.resource_json import Resource
from web_modules.patients.address import FIELDS as ADDRESS_FIELDS
from web_modules.patients.address import address_parts, home_address, with_address

MOST_LETTERS = {**dict.fromkeys(ADDRESS_FIELDS, 50), "postcode": 8}
"""What the records of general practices hold; a longer text could not be mirrored whole."""

MOST_LETTERS_OF_A_POINT = 100
_FEWEST_DIGITS = 3
"""Short numbers such as 111 exist."""

_PHONE = re.compile(r"[0-9+()\s.\-/]*(?:(?:x|ext\.?)\s*[0-9]+)?", re.I)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? *[0-9][A-Za-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointField:
    """A telephone number or e-mail address of the form.

    Attributes:
        name: of the field.
        label: as shown.
        system: of the ContactPoint.
        use: of the ContactPoint.
    """

    name: str
    label: str
    system: str
    use: str

    @property
    def mark(self) -> str:
        """The element id (FHIR R4 element.html) by which the mirror knows the field's ContactPoint again."""
        return self.name.replace("_", "-")

    def fits(self, point: Mapping[str, Any]) -> bool:
        """Whether a ContactPoint is of this field's kind and in use."""
        use = point.get("use", self.use if self.system == "email" else None)
        is_current = "end" not in (point.get("period") or {})
        return point.get("system") == self.system and use == self.use and is_current

    def place(self, points: Sequence[Mapping[str, Any]]) -> int | None:
        """Which ContactPoint is this field's: the marked one, else the first of its kind with a value."""
        fitting = [(at, point) for at, point in enumerate(points) if self.fits(point)]
        marked = (at for at, point in fitting if point.get("id") == self.mark)
        first = (at for at, point in fitting if "value" in point)
        return next(marked, next(first, None))

    def find(self, points: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
        """This field's ContactPoint; None when it has none, or one without a value."""
        at = self.place(points)
        return points[at] if at is not None and "value" in points[at] else None


POINTS = (
    PointField(name="home_phone", label="Home phone", system="phone", use="home"),
    PointField(name="mobile_phone", label="Mobile phone", system="phone", use="mobile"),
    PointField(name="email", label="E-mail", system="email", use="home"),
)
LABELS: Mapping[str, str] = {
    **{point.name: point.label for point in POINTS},
    "house": "House name or flat",
    "street": "Number and street",
    "village": "Village",
    "town": "Town",
    "county": "County",
    "postcode": "Postcode",
    "preferred": "Preferred contact",
}
FIELDS = tuple(LABELS)
NO_PREFERENCE = ""

Values = dict[str, str]
"""Field names to texts; every field is there, an empty text means that nothing is recorded."""


def contact_values(patient: Mapping[str, Any]) -> Values:
    """What is recorded, field by field."""
    points = patient.get("telecom") or []
    values = {field.name: _value(points, field) for field in POINTS}
    values |= address_parts(home_address(patient)[1])
    return values | {"preferred": _preferred(points)}


def form_values(patient: Mapping[str, Any]) -> Values:
    """What is recorded, as a form's fields hold it: on one line."""
    return {name: _one_line(text) for name, text in contact_values(patient).items()}


def typed_values(form: Mapping[str, Any], *, prefix: str = "") -> Values:
    """What a form holds; a field that it does not hold is empty. Spaces around a text are not part of it."""
    return {name: _one_line(str(form.get(f"{prefix}{name}", ""))) for name in FIELDS}


def changed_fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The fields that differ, in their order."""
    return tuple(name for name in FIELDS if before[name] != after[name])


def mistakes(before: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what was typed, in words, by field; what stays as it was is never refused."""
    found: dict[str, str] = {}
    for name in changed_fields(before, typed):
        words = _mistake(name, typed[name]) if typed[name] else ""
        if words:
            found[name] = words
    preferred = next((field for field in POINTS if field.name == typed["preferred"]), None)
    if preferred is not None and not typed[preferred.name]:
        found.setdefault(
            "preferred", f"{preferred.label} is preferred, and it is empty: enter it, or choose another"
        )
    return found


def with_contact(patient: Resource, typed: Mapping[str, str], changed: tuple[str, ...]) -> Resource:
    """The patient with the changed fields; everything else, unknown entries too, stays as and where it is."""
    after = copy.deepcopy(patient)
    points: list[dict[str, Any]] = after.get("telecom") or []
    for field in POINTS:
        if field.name in changed:
            _put(points, field, typed[field.name])
    if "preferred" in changed:
        _prefer(points, typed["preferred"])
    _set(after, "telecom", points)
    address = [name for name in changed if name in ADDRESS_FIELDS]
    if address:
        kept = address_parts(home_address(patient)[1])
        _set(after, "address", with_address(patient, kept | {name: typed[name] for name in address}))
    return after


def other_points(patient: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The ContactPoints that the form does not know: work numbers, old ones, second ones."""
    left = list(patient.get("telecom") or [])
    for field in POINTS:
        at = field.place(left)
        if at is not None:
            del left[at]
    return tuple(point for point in left if point.get("value"))


def _one_line(text: str) -> str:
    """What a browser keeps of a text in a field of one line (HTML Living Standard, value sanitization)."""
    return text.replace("\r", "").replace("\n", "").strip()


def _value(points: list[dict[str, Any]], field: PointField) -> str:
    return str((field.find(points) or {"value": ""})["value"])


def _put(points: list[dict[str, Any]], field: PointField, value: str) -> None:
    """Change the field's ContactPoint.

    One that is cleared stays behind, marked and empty, while others of its kind are there: else the next of
    them would be taken for it, here and by the mirror.
    """
    at = field.place(points)
    if at is None:
        fresh = {"system": field.system, "use": field.use, "id": field.mark, "value": value}
        points += [fresh] if value else []
    elif value:
        points[at] = {**points[at], "value": value}
    elif any(field.fits(point) and "value" in point for point in points[:at] + points[at + 1 :]):
        kept = {name: one for name, one in points[at].items() if name not in ("value", "rank")}
        points[at] = {**kept, "id": field.mark}
    else:
        del points[at]


def _ours(points: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    found = ((field.name, field.find(points)) for field in POINTS)
    return [(name, point) for name, point in found if point is not None]


def _preferred(points: list[dict[str, Any]]) -> str:
    ranked = [(int(point["rank"]), name) for name, point in _ours(points) if "rank" in point]
    return min(ranked)[1] if ranked else NO_PREFERENCE


def _prefer(points: list[dict[str, Any]], chosen: str) -> None:
    """Rank 1 for the chosen one (FHIR R4 datatypes.html#ContactPoint), and none for our others."""
    for name, point in _ours(points):
        if name == chosen:
            point["rank"] = 1
        else:
            point.pop("rank", None)


def _set(resource: Resource, element: str, value: object) -> None:
    if value:
        resource[element] = value
    else:
        resource.pop(element, None)


def _mistake(name: str, text: str) -> str:
    most = MOST_LETTERS.get(name, MOST_LETTERS_OF_A_POINT)
    if len(text) > most:
        return f"{LABELS[name]} must be {most} characters or fewer"
    if not text.isprintable():
        return f"{LABELS[name]} holds a sign that cannot be seen: type it again"
    return "" if _fits(name, text) else _WANTED[name]


def _fits(name: str, text: str) -> bool:
    match name:
        case "home_phone" | "mobile_phone":
            return _PHONE.fullmatch(text) is not None and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS
        case "email":
            return _EMAIL.fullmatch(text) is not None
        case "postcode":
            return _POSTCODE.fullmatch(text) is not None
        case "preferred":
            return text in {field.name for field in POINTS}
        case _:
            return True


_A_NUMBER = "Enter a telephone number, like 01632 960142 or +44 7700 900142"
_WANTED: Mapping[str, str] = {
    "home_phone": _A_NUMBER,
    "mobile_phone": _A_NUMBER,
    "email": "Enter an e-mail address in the right form, like name@example.com",
    "postcode": "Enter a full postcode, like FB4 7QT",
    "preferred": "Choose how the patient prefers to be contacted",
}
