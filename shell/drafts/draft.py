"""A draft: what was typed in one form of one function for one patient, and is not saved yet."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec

MOST_LETTERS: Final = 65_536
"""Of one draft, as the page writes it. A long consultation note has some 10,000."""
_Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z][A-Za-z0-9_.\-]{0,79}\Z")]
_At = Annotated[str, msgspec.Meta(pattern=r"\A/(?![/\\])", max_length=2000)]
_Text = Annotated[str, msgspec.Meta(max_length=MOST_LETTERS)]


class TypedField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field: what was typed, and what had been recorded when the form was drawn."""

    name: _Name
    value: _Text
    was: _Text


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says was typed: in which form, at which address of its own server, in which fields."""

    form: _Name
    at: _At
    fields: Annotated[list[TypedField], msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed, and whose it is.

    Attributes:
        id: names it; the same as long as the same work is typed on.
        patient: the FHIR id of the patient it was typed for; empty: for nobody, as on the conflict desk.
        function: whose page it was typed in.
        form: which form of that page.
        content: a `Typed` as JSON.
        began_at: when the work was begun; aware UTC.
        typed_at: when it last changed; aware UTC.
        window: the window in which it was typed last.
    """

    id: str
    patient: str
    function: str
    form: str
    content: str
    began_at: datetime
    typed_at: datetime
    window: str


def new_draft_id() -> str:
    """A name for a draft that is begun."""
    return secrets.token_hex(8)


def read_typed(text: str) -> Typed | None:
    """What a page wrote about its form; None of anything else."""
    if len(text) > MOST_LETTERS:
        return None
    try:
        return msgspec.json.decode(text.encode(), type=Typed)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
