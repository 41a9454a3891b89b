"""What a person has decided about a conflict, and the bridge has to carry out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from legacy_bridge.records import Agreed, Fields, LinkKey, Value
from web_modules.decision.words import Authority

MOVED: Final = "A side has changed since you looked: look again, and decide anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One decision; it holds for the values that the person saw, and for no others.

    Attributes:
        number: its number in the journal.
        link: the record.
        unit: what is in conflict.
        keep: the side whose value is to stand; None: what was entered.
        legacy: what legacy said when the person looked.
        cloud: what the cloud said.
        entered: a third value, None for empty.
        by: who decided.
        at: when; aware.
    """

    number: int
    link: LinkKey
    unit: str
    keep: Authority | None
    legacy: Fields
    cloud: Fields
    by: str
    at: datetime
    entered: Agreed = field(default_factory=dict)

    def of(self, entered: Agreed) -> "Wish":
        """The same decision, for values that were entered."""
        return replace(self, entered=entered)

    def target(self, names: Collection[str]) -> Agreed:
        """What both sides are to say."""
        chosen: Mapping[str, Value | None] = (
            self.entered
            if self.keep is None
            else self.legacy
            if self.keep is Authority.LEGACY
            else self.cloud
        )
        return {name: chosen.get(name) for name in names}

    def stands(self, names: Collection[str], legacy: Fields, cloud: Fields) -> bool:
        """Whether each side still says what the person saw, or says already what it is to say."""
        target = self.target(names)
        return all(
            any(all(now.get(name) == one.get(name) for name in names) for one in (saw, target))
            for now, saw in ((legacy, self.legacy), (cloud, self.cloud))
        )
