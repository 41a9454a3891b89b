"""What of a practice's records somebody may see and do, as the records themselves ask it."""

from collections.abc import Mapping
from typing import Any, Protocol

from web_modules.fhir_store.access import Interaction
from web_modules.fhir_store.search.sql import EVERYTHING, NEVER, Sql


class Sight(Protocol):
    """Asked on every way to a record: read, search, chain, include, history, count and write."""

    @property
    def is_limited(self) -> bool:
        """Whether anything may be hidden at all."""

    def allows(self, interaction: Interaction, resource_type: str) -> bool:
        """Whether an interaction with a type is permitted on any terms."""

    def limit(self, interaction: Interaction, resource_type: str) -> Sql | None:
        """What a resource `r` of a type must fulfil, or None when all of the type is open."""

    def withheld(self, resource_type: str) -> Sql | None:
        """What is permitted but for its confidentiality label fulfils this; None when no label hides it."""

    def takes(self, interaction: Interaction, resource: Mapping[str, Any]) -> bool:
        """Whether what a resource contains may be written."""

    def in_context(
        self, interaction: Interaction, context_type: str, *, is_labelled: bool
    ) -> tuple[Sql, Sql | None]:
        """What a Binary with a security context must fulfil, and what its context must; of two ways one.

        Args:
            interaction: with the Binary.
            context_type: of the context.
            is_labelled: the way for a Binary with a label of its own, or without.
        """

    def shows(self, content: bytes) -> bool:
        """Whether a past version may be read by its own content; what cannot be told is not shown."""


class _Unlimited:
    is_limited = False

    def allows(self, _interaction: Interaction, _resource_type: str) -> bool:
        return True

    def limit(self, _interaction: Interaction, _resource_type: str) -> Sql | None:
        return None

    def withheld(self, _resource_type: str) -> Sql | None:
        return None

    def takes(self, _interaction: Interaction, _resource: Mapping[str, Any]) -> bool:
        return True

    def in_context(
        self, _interaction: Interaction, _context_type: str, *, is_labelled: bool
    ) -> tuple[Sql, Sql | None]:
        return (NEVER if is_labelled else EVERYTHING), None

    def shows(self, _content: bytes) -> bool:
        return True


UNLIMITED: Sight = _Unlimited()
"""Sees and may do everything."""
