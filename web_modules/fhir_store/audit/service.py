"""AuditEvent over FHIR: read and searched by whoever may, added to by modules, never changed or deleted."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from web_modules.fhir.transport import FhirResponse
from web_modules.fhir_store.access import AUDIT_EVENT, AgentKind
from web_modules.fhir_store.audit.events import Note, sent_note
from web_modules.fhir_store.audit.filing import OBSERVER, says_it_is_ours
from web_modules.fhir_store.audit.reading import read_audit_search, read_event, search_events
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import Resource, Stored, encode
from web_modules.fhir_store.interactions import answers
from web_modules.fhir_store.interactions.asked import Asked
from web_modules.fhir_store.refusals import IssueCode, refuse
from web_modules.fhir_store.search.subsets import Subsetter, read_subset

T = TypeVar("T")


class AuditService:
    """The AuditEvents of one practice."""

    def __init__(
        self,
        practice: str,
        base_url: str,
        view: Callable[[Callable[[Session], T]], T],
        append: Callable[[list[Note]], int],
        subsetter: Subsetter,
    ) -> None:
        """Answer for a practice.

        Args:
            practice: its ODS code.
            base_url: of its FHIR base.
            view: calls a function with a transaction for reading.
            append: adds notes to the audit; answers the number of the last.
            subsetter: shows less of an event than there is.
        """
        self._practice = practice
        self._base_url = base_url
        self._view: Callable[[Callable[[Session], Any]], Any] = view
        self._append = append
        self._subsetter = subsetter

    def read(self, asked: Asked, rest: list[str]) -> FhirResponse:
        """Answer a GET below `AuditEvent`.

        Raises:
            Refusal: there is no such event, or the search is not understood.
        """
        if not rest:
            return self._search(asked)
        is_whole = rest[1:] in ([], ["_history", "1"])  # an event has one version, for good
        event = self._view(lambda session: read_event(session, self._practice, rest[0]))
        if event is None or not is_whole:
            raise refuse(404, IssueCode.NOT_FOUND, "There is no AuditEvent with this id.")
        query = dict(asked.query)
        subset = read_subset(query.get("_summary", ""), query.get("_elements", ""))
        return answers.of_json(self._subsetter.shown(encode(event), subset), headers={"etag": 'W/"1"'})

    def add(self, asked: Asked, resource: Resource) -> FhirResponse:
        """Add a valid AuditEvent that a module or another program made; it is kept with who sent it.

        Raises:
            Refusal: it says that it is of this server's own, and is not.
        """
        sender = asked.access.agent
        if says_it_is_ours(resource) and sender.kind is not AgentKind.SERVICE:
            words = f"Only what {OBSERVER} saw itself has {OBSERVER} for its source: name your own program."
            raise refuse(422, IssueCode.VALUE, words, "AuditEvent.source")
        number = self._append([sent_note(resource, sender, moment=time.time_ns() // 1000)])
        event = self._view(lambda session: read_event(session, self._practice, str(number)))
        headers = {"etag": 'W/"1"', "location": f"{self._base_url}/{AUDIT_EVENT}/{number}/_history/1"}
        return answers.of_json(event, status=201, headers=headers)

    def _search(self, asked: Asked) -> FhirResponse:
        search = read_audit_search(self._practice, asked.query)
        page = self._view(lambda session: search_events(session, search))
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
        if page.total is not None:
            bundle["total"] = page.total
        bundle["link"] = [{"relation": "self", "url": self._link(search.query(search.after))}]
        if page.following is not None:
            bundle["link"].append({"relation": "next", "url": self._link(search.query(page.following))})
        if page.entries:
            bundle["entry"] = [
                {
                    "fullUrl": f"{self._base_url}/{AUDIT_EVENT}/{event['id']}",
                    "resource": Stored(self._subsetter.shown(encode(event), search.subset)),
                    "search": {"mode": "match"},
                }
                for event in page.events
            ]
        return answers.of_json(bundle)

    def _link(self, query: str) -> str:
        return f"{self._base_url}/{AUDIT_EVENT}" + (f"?{query}" if query else "")
