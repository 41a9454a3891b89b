"""What is typed in pages becomes drafts: whose they are is known from how a page was opened, not from it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

from shell.drafts.draft import MOST_LETTERS, Draft, Typed, new_draft_id, read_typed
from shell.drafts.shelf import Shelf

LOOK_MILLISECONDS: Final = 700
"""Pages are looked at so often: with the write, well within two seconds."""
READ_TYPED: Final = f"""(() => {{
  const said = document.documentElement.dataset;
  const draft = said.draft ?? "";
  return JSON.stringify({{
    function: said.function ?? null, patient: said.patient ?? null,
    token: new URLSearchParams(location.search).get("context"),
    draft: draft.length > {MOST_LETTERS} ? null : draft,
  }});
}})()"""


class Owned(Protocol):
    """A page, as far as its draft goes.

    Attributes:
        bound_to: function, patient (FHIR id, empty for nobody) and context token that it was opened for.
        draft: what of it is kept now, since its document is there.
        taking_up: the draft that it was asked to take up.
        is_left: its work was left as a draft, and is not looked at again until there is none on it.
        is_told: the person was told that what is typed on it is not kept.
    """

    bound_to: tuple[str, str, str | None] | None
    draft: Draft | None
    taking_up: Draft | None
    is_left: bool
    is_told: bool


class PageDrafts:
    """Brings what pages hold to the shelf.

    Args:
        shelf: of the person.
        pages: those that are alive.
        now: the clock; aware UTC.
        say: told in words what was not kept.

    Attributes:
        refused: how often a page wrote down what is no draft, or is not of the patient it was opened for.
    """

    def __init__(
        self,
        shelf: Shelf,
        pages: Callable[[], Iterable[Owned]],
        now: Callable[[], datetime],
        say: Callable[[str], None],
    ) -> None:
        self.shelf = shelf
        self._pages = pages
        self._now = now
        self._say = say
        self.refused = 0

    def live(self) -> set[str]:
        """The ids of the drafts that stand on pages as they are typed."""
        return {page.draft.id for page in self._pages() if page.draft is not None}

    def take(self, page: Owned, said: dict[str, object]) -> None:
        """A page was looked at; `said` is the answer of `READ_TYPED`."""
        if (
            page.bound_to is None
            or (said.get("function"), said.get("patient"), said.get("token")) != page.bound_to
        ):
            self._refuse(page, is_draft=bool(said.get("draft")))
            return
        text = said.get("draft")
        if text == "":
            page.is_told = page.is_left = False
            if page.draft is not None:
                self.shelf.throw_away(page.draft.id)
                page.draft = None
            return
        typed = read_typed(text) if isinstance(text, str) else None
        if typed is None:
            self._refuse(page, is_draft=True)
        elif not page.is_left:
            self._keep(page, typed, str(text))

    def leave(self, page: Owned) -> None:
        """The person left a page's work as a draft: it stays, whatever becomes of the page."""
        self.part(page)
        page.is_left = True

    def part(self, page: Owned) -> None:
        """A page's document is gone: what was typed in it waits to be offered."""
        had, page.draft, page.taking_up, page.is_left, page.is_told = page.draft, None, None, False, False
        if had is not None:
            self.shelf.on_change()

    def _keep(self, page: Owned, typed: Typed, text: str) -> None:
        before = page.draft
        if before is not None and before.content == text:
            return
        if before is None or before.form != typed.form:
            before = self._begun(page, typed)
            if before is None:
                return
        function, patient, _ = page.bound_to or ("", "", None)
        page.draft = Draft(
            id=before.id,
            patient=patient,
            function=function,
            form=typed.form,
            content=text,
            began_at=before.began_at,
            typed_at=self._now(),
            window=self.shelf.window,
        )
        self.shelf.keep(page.draft)

    def _begun(self, page: Owned, typed: Typed) -> Draft | None:
        """The draft that is gone on with, or a new one; None: there is no room for more."""
        wanted, page.taking_up = page.taking_up, None
        if wanted is not None and wanted.form == typed.form:
            return wanted
        function, patient, _ = page.bound_to or ("", "", None)
        if not self.shelf.may_begin(patient, function):
            self._tell(
                page,
                "There are too many drafts here. What you type now is not kept: save it, or throw one away.",
            )
            return None
        now = self._now()
        return Draft(
            id=new_draft_id(),
            patient=patient,
            function=function,
            form=typed.form,
            content="",
            began_at=now,
            typed_at=now,
            window=self.shelf.window,
        )

    def _refuse(self, page: Owned, *, is_draft: bool) -> None:
        if is_draft and not page.is_left:
            self.refused += 1
            if page.bound_to is not None:
                self._tell(
                    page,
                    "What is typed on this page cannot be kept as a draft. Save it before you leave it.",
                )

    def _tell(self, page: Owned, words: str) -> None:
        if not page.is_told:
            page.is_told = True
            self._say(words)
