"""Reads and appends the audit of one practice in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir.audit_chain import Chain, Entry, Head, kept_bytes
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.audit.filing import filing_of
from web_modules.fhir_store.database.adding import Adding
from web_modules.fhir_store.database.heads import READ_HEAD, head_of
from web_modules.fhir_store.database.server_cursor import EACH
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.database.tables import AUDIT, AUDIT_SUBJECT
from web_modules.fhir_store.documents import decode, encode

PAGE = 1000

_ADD = Adding(AUDIT, "number", "moment", "agent", "content", "link")
_ADD_SUBJECT = Adding(AUDIT_SUBJECT)
_FOLLOWING = (
    "SELECT number, content, link FROM audit WHERE practice = ? AND number > ? ORDER BY number LIMIT ?"
)

_FILED = (
    "SELECT number, moment, agent, content FROM audit WHERE practice = ? AND number > ?"
    " ORDER BY number LIMIT ?"
)
_SUBJECTS = (
    "SELECT number, reference FROM audit_subject"  # noqa: S608  (fixed pieces)
    f" WHERE practice = ? AND number BETWEEN ? AND ? AND reference IN ({EACH})"
)
_COUNT_SUBJECTS = "SELECT count(*) FROM audit_subject WHERE practice = ?"


class AuditBook:
    """One practice's audit, inside one transaction."""

    def __init__(self, session: Session, practice: str, chain: Chain) -> None:
        self._session = session
        self._practice = practice
        self._chain = chain

    def append(self, notes: Sequence[Note]) -> int:
        """Add notes at the end, in a transaction that keeps the practice's other writers out.

        Returns:
            the number of the last.
        """
        head = self._session.head(self._practice)
        if not notes:
            return head.audit.count
        number, link = head.audit.count, self._chain.goes_on_from(head.audit)
        rows: list[tuple[Any, ...]] = []
        subjects: list[tuple[Any, ...]] = []
        for note in notes:
            number += 1
            link = self._chain.link(link, number, note.content)
            rows.append((self._practice, number, note.moment, note.agent, note.content, link))
            subjects += [(self._practice, reference, number) for reference in note.references]
        self._session.add(_ADD, rows)
        self._session.add(_ADD_SUBJECT, subjects)
        end = Head(count=number, link=link, seal=self._chain.seal(number, link))
        self._session.move_head(self._practice, replace(head, audit=end))
        return number

    def head(self) -> Head:
        """Where the audit ends now.

        Raises:
            DatabaseUnavailable: the database knows no such practice.
        """
        rows = self._session.rows(READ_HEAD, (self._practice,))
        if not rows:
            raise DatabaseUnavailable(f"The database knows no practice {self._practice}: check its ODS code.")
        return head_of(rows[0]).audit

    def entries(self) -> Iterator[Entry]:
        """Every entry, by number."""
        last = 0
        while True:
            rows = self._session.rows(_FOLLOWING, (self._practice, last, PAGE))
            for number, content, link in rows:
                yield Entry(number=number, content=kept_bytes(content), link=kept_bytes(link))
                last = number
            if len(rows) < PAGE:
                return

    def faults(self, known: Sequence[Head] = ()) -> list[str]:
        """What is wrong with the audit, in words; nothing when it is whole."""
        return self._chain.faults(self.entries(), self.head(), known) or self._misfiled()

    def _misfiled(self) -> list[str]:
        """Where a whole chain is found under something else than its entries say."""
        last = subjects = 0
        while True:
            rows = self._session.rows(_FILED, (self._practice, last, PAGE))
            wanted: set[tuple[int, str]] = set()
            for number, moment, agent, content in rows:
                filing = filing_of(decode(bytes(content)))
                if filing.agent is not None and (filing.moment, filing.agent) != (moment, agent):
                    return [f"entry {number} is found under another moment or agent than it tells"]
                wanted |= {(number, one) for one in filing.references}
            subjects += len(wanted)
            if rows:
                named = encode(sorted({reference for _number, reference in wanted})).decode()
                found = self._session.rows(_SUBJECTS, (self._practice, last + 1, rows[-1][0], named))
                odd = wanted ^ {(number, reference) for number, reference in found}
                if odd:
                    return [f"entry {min(odd)[0]} is not found by what it is about"]
                last = rows[-1][0]
            if len(rows) < PAGE:
                break
        ((count,),) = self._session.rows(_COUNT_SUBJECTS, (self._practice,))
        if count != subjects:
            return [f"{count - subjects} entries are found by something that they are not about"]
        return []
