"""Hostile rows of an extract: what becomes of each, when it can be seen, and what the resource then says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from legacy_bridge.mapping.catalogue import catalogue
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.support.small_practice import ODS
from web_modules.fhir.systems import NHS_NUMBER

Resource = Mapping[str, Any]
CARRIED, GONE = "carried", "not there"
BULK = "bulk"
DELIVERIES = (BULK, *(f"delta-00{number}" for number in range(1, 6)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a correct mirror makes of a row.

    Attributes:
        after: the delivery after which it is looked at.
        becomes: whether it is on the cloud.
        listed: the reason that a person finds it listed for; None: it is not listed.
        says: what of the resource is looked at.
        text: what that says.
    """

    after: str = BULK
    becomes: str = CARRIED
    listed: str | None = None
    says: Callable[[Resource], Any] = lambda _: None
    text: Any = None


def _value(resource: Resource) -> str:
    return str(resource["valueQuantity"]["value"])


def _unit(resource: Resource) -> tuple[Any, Any]:
    quantity = resource["valueQuantity"]
    return quantity.get("unit"), quantity.get("code")


def _date(resource: Resource) -> Any:
    return resource.get("effectiveDateTime")


def _entered(resource: Resource) -> Any:
    return resource["issued"]


def _surname(resource: Resource) -> Any:
    return resource["name"][0]["family"]


def _numbers(resource: Resource) -> list[tuple[str, Any, str]]:
    return [
        ("NHS" if one.get("system") == NHS_NUMBER else "other", one.get("use"), str(one["value"]))
        for one in resource["identifier"]
        if one.get("system", NHS_NUMBER) == NHS_NUMBER
    ]


def _qualifiers(resource: Resource) -> Any:
    found = (one["valueString"] for one in resource["extension"] if one["url"].endswith("/qualifiers"))
    return next(found)


WITHHELD = Expected(becomes=GONE)
EXPECTED: Mapping[str, Expected] = {
    "N001": Expected(says=_surname, text="Zoë 👩\u200d⚕️"),
    "N002": Expected(says=_surname, text="Jose\u0301 Nu\u0301n\u0303ez"),
    "N003": Expected(says=_surname, text="דוד \u202eכהן\u202c"),
    "N004": Expected(says=_surname, text='O"Brien, "Bob"'),
    "N005": Expected(says=_surname, text="Line\r\nBreak"),
    "N006": Expected(says=_surname, text='=HYPERLINK("http://x.example")'),
    "N007": Expected(says=_surname, text="<b>Smith</b> & 'Sons'--; DROP"),
    "N008": Expected(says=lambda one: (one["name"][0]["given"], len(_surname(one))), text=(["é" * 40], 100)),
    "N009": WITHHELD,
    "N010": Expected(
        says=lambda one: (one["birthDate"], one["gender"], _numbers(one)), text=("1900-01-01", "other", [])
    ),
    "N011": Expected(says=_numbers, text=[("other", None, "9990000000")]),
    "N012": Expected(says=lambda one: [point["value"] for point in one["telecom"]], text=["07700 900805"]),
    "N015": Expected(says=_value, text="0.5600000024"),
    "N016": Expected(says=_value, text="1200"),
    "N017": Expected(says=_value, text="0.000"),
    "N018": Expected(says=_value, text="-42.500", listed="value-negative"),
    "N019": Expected(says=_value, text="99999999999999.999"),
    "N020": Expected(says=_value, text="0.1000000000000000055"),
    "N021": Expected(says=_unit, text=("furlongs/fortnight", None)),
    "N022": Expected(says=_unit, text=("μmol/L", None)),
    "N023": Expected(says=_unit, text=(None, None)),
    "N024": Expected(says=_unit, text=("u" * 60, None)),
    "N025": Expected(says=_date, text=None),
    "N026": Expected(says=_date, text="1987"),
    "N027": Expected(says=_date, text="2003-05"),
    "N028": Expected(says=_date, text="1900-01-01"),
    "N029": Expected(says=_date, text="2026-11-13"),
    "N030": Expected(says=_entered, text="2026-03-29T02:30:00+01:00"),
    "N031": Expected(says=_entered, text="2026-10-25T01:30:00+01:00"),
    "N032": Expected(becomes=GONE, listed="parent-missing"),
    "N033": Expected(says=lambda one: one.get("encounter"), listed="carried-without"),
    "N034": Expected(listed="carried-without"),
    "N035": Expected(says=lambda one: len(one["code"]["coding"]), text=1, listed="code-without-term"),
    "N036": WITHHELD,
    "N037": Expected(says=lambda one: len(_qualifiers(one)), text=8000),
    "N038": Expected(becomes=GONE, listed="character-refused"),
    "N039": Expected(says=lambda one: "\r\n" in _qualifiers(one) and '"' in _qualifiers(one), text=True),
    "N040": Expected(says=lambda one: "\ufffe" in _qualifiers(one), text=True),
    "N041": Expected(after="delta-005", becomes=GONE),
    "N042": WITHHELD,
    "N043": WITHHELD,
    "N044": Expected(after="delta-004", becomes=GONE),
    "N045": Expected(becomes=GONE, listed="time-does-not-exist"),
    "N046": Expected(says=lambda one: (one["status"], "Patient/" in str(one)), text=("busy", False)),
    "N047": Expected(after="delta-002", says=lambda one: len(_numbers(one)), text=2),
    "N048": Expected(
        after="delta-004",
        says=lambda one: one["verificationStatus"]["coding"][0]["code"],
        text="confirmed",
    ),
    "N049": Expected(after="delta-002", says=lambda one: one["status"], text="busy"),
    "N051": Expected(after="delta-003", says=_value, text="71.000"),
    "N052": Expected(after="delta-003", becomes=GONE),
    "N053": Expected(
        after="delta-004",
        says=lambda one: sorted(str(use) for _, use, _ in _numbers(one)),
        text=["None", "old", "old"],
    ),
    "N054": Expected(after="delta-004", says=_value, text="73.000"),
    "N055": Expected(after="delta-004", becomes=GONE),
    "N056": Expected(after="delta-005", becomes=GONE),
}
"""By the id in `nasty.json`."""
SEEN_BY_OTHERS = frozenset({"N013", "N014", "N050"})
"""Rows of another practice under a key of this one: both sides are equal, so this one's was carried. And a
file out of order, of which N051, N052, N054 and N055 are rows."""


def seen(mirror: Mirror, wanted: Mapping[str, tuple[str, str]], after: str) -> dict[str, Expected]:
    """What has become of the rows that are looked at after a delivery.

    Args:
        mirror: the bridge.
        wanted: of each row its table and GUID.
        after: the delivery.
    """
    listed = {one.subject.partition("/")[2]: one.reason for one in mirror.journal.quarantined()}
    found: dict[str, Expected] = {}
    for name, expected in EXPECTED.items():
        if name in wanted and expected.after == after:
            table, guid = wanted[name]
            key = guid.strip("{}").lower()
            there = _resource(mirror, table, key)
            found[name] = Expected(
                after=after,
                becomes=GONE if there is None else CARRIED,
                listed=listed.get(key),
                says=expected.says,
                text=None if there is None else expected.says(there),
            )
    return found


def unexplained(mirror: Mirror, wanted: Mapping[str, tuple[str, str]]) -> set[tuple[str, str]]:
    """What is listed and is none of the hostile rows that are to be: link and reason."""
    named = {guid.strip("{}").lower() for name, (_, guid) in wanted.items() if EXPECTED[name].listed}
    found = ((one.subject, one.reason) for one in mirror.journal.quarantined())
    return {(subject, reason) for subject, reason in found if subject.partition("/")[2] not in named}


def _resource(mirror: Mirror, table: str, key: str) -> Resource | None:
    for mapping in catalogue(ODS).values():
        if mapping.table == table:
            wanted = f"{mapping.identifier_system(ODS)}|{key}"
            for one in mirror.client.search(mapping.resource_types[0], {"identifier": wanted}):
                if mapping.claims(one):
                    return one
    return None
