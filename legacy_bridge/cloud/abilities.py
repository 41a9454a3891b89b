"""What a FHIR server can do, by its CapabilityStatement, and in plain words what it cannot."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from legacy_bridge.errors import CloudUnfit
from legacy_bridge.records import BINARY

_OURS = "Banyan"
"""The embedded store: it numbers its versions under a lock, so that none shows up late."""
_NEVER_LACKING = frozenset({"Basic", "Patient", "Task"})
"""Without which nobody is mirrored, or nobody hears of it."""
_NEEDED = frozenset({"read", "create", "update", "search-type"})


class Tag(Enum):
    """How a server wants to be told which version is to be replaced (FHIR R4 http.html#concurrency)."""

    WEAK = "weak"  # W/"3", as FHIR says
    STRONG = "strong"  # "3"
    OPAQUE = "opaque"  # an ETag that says nothing of the version: it is read just before
    NONE = "none"  # it does not look: the version is compared just before


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a server can do.

    Attributes:
        has_history: tells what changed in all of it, deletions too.
        is_ordered: no version shows up later than one that is younger.
        finds_changed: finds by `_lastUpdated`.
        has_transaction: does several steps or none.
        has_batch: takes several steps at once, each for itself.
        creates_conditionally: creates only what it does not find.
        tag: how it is told which version is to be replaced.
        guards_deletions: looks at that for deletions too.
        keeps_digits: a number comes back as it was written: 60.000 is not 60.
        keeps_no: resource types that it does not keep: their records stay in quarantine.
        keeps_binaries: keeps what lies beside a document, and tells by a search what changed of it.
        follows_links: what one step of a transaction makes, another may name in an attachment and a context.
        base: the address that it calls its own; empty where it does not say.
    """

    has_history: bool = True
    is_ordered: bool = True
    finds_changed: bool = True
    has_transaction: bool = True
    has_batch: bool = True
    creates_conditionally: bool = True
    tag: Tag = Tag.WEAK
    guards_deletions: bool = True
    keeps_digits: bool = True
    keeps_no: frozenset[str] = frozenset()
    keeps_binaries: bool = False
    follows_links: bool = False
    base: str = ""

    @property
    def is_guarding(self) -> bool:
        """Whether it refuses to replace another version than the one that was read."""
        return self.tag is not Tag.NONE

    def lacks(self) -> Iterator[tuple[str, str]]:
        """Reason and words of each thing that it cannot do and that somebody has to know."""
        if self.keeps_no:
            yield (
                "cloud-keeps-no-such",
                f"The cloud does not keep {', '.join(sorted(self.keeps_no))}: their records wait.",
            )
        if not self.keeps_digits:
            yield (
                "cloud-loses-digits",
                "The cloud drops the noughts at the end of a number: there 60.000 is 60. Legacy keeps "
                "them; an edit on the cloud that changes nothing else is not seen.",
            )
        if not self.has_history and self.finds_changed:
            yield (
                "cloud-without-history",
                "The cloud has no history of everything: changes there are searched for, and a deletion is "
                "noticed some minutes later.",
            )
        elif not self.has_history:
            yield (
                "cloud-without-changes",
                "The cloud cannot say what changed: its records are compared in turn, and a change or a "
                "deletion there may be noticed minutes later, in a large practice hours.",
            )
        if not self.has_transaction:
            yield (
                "cloud-without-transactions",
                "The cloud does not write several things at once: a slot and its booking may be seen apart "
                "for a moment. When the bridge is cut off just then, a person is asked.",
            )
        if not self.creates_conditionally:
            yield (
                "cloud-creates-blindly",
                "The cloud cannot be told to create only what is missing: the bridge looks first. A request "
                "that arrives late may make a record twice.",
            )
        if not self.is_guarding:
            yield (
                "cloud-without-guard",
                "The cloud does not check which version is replaced: the bridge compares just before it "
                "writes. What somebody saves in that very moment may be overwritten.",
            )
        elif not self.guards_deletions:
            yield (
                "cloud-deletes-blindly",
                "The cloud does not check which version is deleted: the bridge compares just before it "
                "deletes.",
            )


REASONS = (
    "cloud-keeps-no-such",
    "cloud-loses-digits",
    "cloud-without-history",
    "cloud-without-changes",
    "cloud-without-transactions",
    "cloud-creates-blindly",
    "cloud-without-guard",
    "cloud-deletes-blindly",
)
"""Everything that may be said: what a server has learnt since is taken back."""


def abilities_of(statement: Mapping[str, Any], resource_types: Collection[str]) -> Abilities:
    """What a CapabilityStatement promises.

    Args:
        statement: as read from `metadata`.
        resource_types: what is to be kept there.

    Raises:
        CloudUnfit: it is no FHIR R4 server, or cannot keep records without losing somebody's edit.
    """
    version = str(statement.get("fhirVersion", ""))
    if not version.startswith("4."):
        raise CloudUnfit(f"The cloud speaks FHIR {version or 'of no version'} and R4 (4.0) is needed.")
    rest: Mapping[str, Any] = next(
        (one for one in statement.get("rest", []) if one.get("mode") == "server"), {}
    )
    whole = {one.get("code") for one in rest.get("interaction", [])}
    known = {str(one.get("type")): one for one in rest.get("resource", [])}
    missing = frozenset(resource_types) - set(known)
    if _NEVER_LACKING & missing:
        words = ", ".join(sorted(_NEVER_LACKING & missing))
        raise CloudUnfit(f"The cloud does not keep {words}: nothing can be mirrored there.")
    mine = [known[name] for name in sorted(set(resource_types) - missing)]
    for one in mine:
        _check(one)
    return Abilities(
        has_history="history-system" in whole,
        is_ordered=statement.get("software", {}).get("name") == _OURS,
        finds_changed=all(_finds(one, rest, "_lastUpdated") for one in mine),
        has_transaction="transaction" in whole,
        has_batch="batch" in whole,
        creates_conditionally=all(one.get("conditionalCreate") is True for one in mine),
        tag=Tag.WEAK,
        keeps_no=missing,
        keeps_binaries=_codes(known.get(BINARY, {})) >= {*_NEEDED, "delete"},
        follows_links=statement.get("software", {}).get("name") == _OURS,
        base=str(statement.get("implementation", {}).get("url", "")),
    )


def _check(resource: Mapping[str, Any]) -> None:
    kind = resource["type"]
    lacks = sorted(_NEEDED - _codes(resource))
    if lacks:
        raise CloudUnfit(f"The cloud has no {', '.join(lacks)} for {kind}: nothing can be mirrored there.")
    if resource.get("versioning", "versioned") == "no-version":
        raise CloudUnfit(
            f"The cloud numbers no versions of {kind}: an edit made there meanwhile could not be seen. "
            "Nothing is mirrored to such a server."
        )


def _codes(resource: Mapping[str, Any]) -> set[str]:
    return {str(one.get("code")) for one in resource.get("interaction", [])}


def _finds(resource: Mapping[str, Any], rest: Mapping[str, Any], name: str) -> bool:
    found = [*resource.get("searchParam", []), *rest.get("searchParam", [])]
    return any(one.get("name") == name for one in found)
