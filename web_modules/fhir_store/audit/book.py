"""Reads and appends the audit of one practice in the database."""

from collections.abc import Iterator, Sequence
from typing import Any

from web_modules.errors import DatabaseUnavailable
from web_modules.fhir_store.audit.chain import Chain, Entry, Head
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.database.session import Session

PAGE = 1000

_ADD = "INSERT INTO audit (practice, number, moment, agent, content, link) VALUES (?, ?, ?, ?, ?, ?)"
_ADD_SUBJECT = "INSERT INTO audit_subject (practice, reference, number) VALUES (?, ?, ?)"
_HEAD = "SELECT audited, audit_link, audit_seal FROM practice WHERE practice = ?"
_MOVE_HEAD = "UPDATE practice SET audited = ?, audit_link = ?, audit_seal = ? WHERE practice = ?"
_FOLLOWING = (
    "SELECT number, content, link FROM audit WHERE practice = ? AND number > ? ORDER BY number LIMIT ?"
)


class AuditBook:
    """One practice's audit, inside one transaction."""

    def __init__(self, session: Session, practice: str, chain: Chain) -> None:
        self._session = session
        self._practice = practice
        self._chain = chain

    def append(self, notes: Sequence[Note]) -> int:
        """Add notes at the end; the transaction must hold the practice's lock. The number of the last."""
        head = self.head()
        if not notes:
            return head.count
        number, link = head.count, head.link
        rows: list[tuple[Any, ...]] = []
        subjects: list[tuple[Any, ...]] = []
        for note in notes:
            number += 1
            link = self._chain.link(link, number, note.content)
            rows.append((self._practice, number, note.moment, note.agent, note.content, link))
            subjects += [(self._practice, reference, number) for reference in note.references]
        self._session.change_many(_ADD, rows)
        if subjects:
            self._session.change_many(_ADD_SUBJECT, subjects)
        seal = self._chain.seal(number, link)
        self._session.change(_MOVE_HEAD, (number, link, seal, self._practice))
        return number

    def head(self) -> Head:
        """Where the audit ends now.

        Raises:
            DatabaseUnavailable: the database knows no such practice.
        """
        rows = self._session.rows(_HEAD, (self._practice,))
        if not rows:
            raise DatabaseUnavailable(f"The database knows no practice {self._practice}: check its ODS code.")
        count, link, seal = rows[0]
        return Head(count=count, link=bytes(link), seal=bytes(seal))

    def entries(self) -> Iterator[Entry]:
        """Every entry, by number."""
        last = 0
        while True:
            rows = self._session.rows(_FOLLOWING, (self._practice, last, PAGE))
            for number, content, link in rows:
                yield Entry(number=number, content=bytes(content), link=bytes(link))
                last = number
            if len(rows) < PAGE:
                return

    def faults(self, known: Sequence[Head] = ()) -> list[str]:
        """What is wrong with the audit, in words; nothing when it is whole."""
        return self._chain.faults(self.entries(), self.head(), known)
