"""Where the other side does what one side's pane shows: "show me where this is now", and back. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shell.context.shown import Shown, Side
from shell.functions import FunctionPages
from web_modules.decision.decision import Decision
from web_modules.decision.words import View

_UNKNOWN = (
    "Banyan does not know this legacy screen, so it cannot say where it is now. "
    "Ctrl K lists all that can be opened."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """An answer.

    Attributes:
        pages: of the function to be shown on both sides; None: there is nothing to show.
        words: for the person, either way.
    """

    pages: FunctionPages | None
    words: str


def where(
    side: Side,
    shown: Shown,
    functions: Sequence[FunctionPages],
    decision_of: Callable[[FunctionPages], Decision],
) -> Where:
    """Find the other side's place for what a pane shows.

    Args:
        side: the pane that the person looks at.
        shown: what it was last seen to show.
        functions: of the practice.
        decision_of: which views the person has of one.
    """
    pages = next((one for one in functions if one.function.value == shown.function), None)
    if pages is None:
        return Where(pages=None, words=_UNKNOWN)
    decision = decision_of(pages)
    if View.SIDE_BY_SIDE not in decision.views:
        return Where(pages=None, words=f"{pages.title}: {' '.join(decision.reasons)}")
    if side is Side.LEGACY:
        return Where(pages=pages, words=f"{pages.title}: this is where it is now, beside the legacy screen.")
    return Where(pages=pages, words=f"{pages.title}: this is where it was, beside the new page.")
