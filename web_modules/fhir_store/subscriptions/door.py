"""Looks at what a transaction stores: checks a Subscription and keeps its owner, refuses a circle."""

from web_modules.fhir_store.access import Access, Interaction
from web_modules.fhir_store.database.records import Records, StoredVersion
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import Resource, decode
from web_modules.fhir_store.refusals import Issue, IssueCode, Refusal, refuse
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import SearchReader
from web_modules.fhir_store.sight import Sight
from web_modules.fhir_store.subscriptions.circles import check_no_circle
from web_modules.fhir_store.subscriptions.ledger import MOST, Ledger
from web_modules.fhir_store.subscriptions.owners import write_access
from web_modules.fhir_store.subscriptions.secrets import (
    Secret,
    Secrets,
    headers_of,
    hidden,
    revealed,
    with_headers,
)
from web_modules.fhir_store.subscriptions.wanted import (
    SUBSCRIPTION,
    EndpointRule,
    Wanted,
    is_over,
    read_wanted,
    status_asked,
)

_NOBODY = ("_id", "0")
"""Of this id is nothing followed; the criteria beside it are read to their last value all the same."""


class SubscriptionRules:
    """What a practice takes as a Subscription."""

    def __init__(self, reader: SearchReader, searcher: Searcher, rule: EndpointRule) -> None:
        self._reader = reader
        self._searcher = searcher
        self._rule = rule

    def check(self, resource: Resource, records: Records) -> Wanted:
        """What a Subscription asks for, as far as whoever sends it may have it.

        Raises:
            Refusal: 422, this server does not do it; 403, they may not follow such resources.
        """
        wanted = read_wanted(resource, self._rule)
        kind, sight = wanted.resource_type, records.sight
        try:
            search = self._reader.read(
                kind, (*wanted.pairs, _NOBODY, ("_count", "1"), ("_total", "none")), is_strict=True
            )
            self._searcher.run(records, search)
        except Refusal as refusal:
            issues = [
                Issue(code=issue.code, words=issue.words, expression=f"{SUBSCRIPTION}.criteria")
                for issue in refusal.issues
            ]
            raise Refusal(422, issues) from refusal
        if not (sight.allows(Interaction.SEARCH, kind) and sight.allows(Interaction.READ, kind)):
            words = f"You may not follow what happens to a {kind}."
            raise refuse(403, IssueCode.FORBIDDEN, words, f"{SUBSCRIPTION}.criteria")
        return wanted


class SubscriptionDoor:
    """Stands in the way of one transaction's versions; every type but Subscription passes as it is."""

    def __init__(
        self,
        rules: SubscriptionRules,
        session: Session,
        practice: str,
        access: Access,
        senders: frozenset[str] = frozenset(),
    ) -> None:
        """Look at what somebody stores.

        Args:
            rules: what the practice takes as a Subscription.
            session: the transaction.
            practice: its ODS code.
            access: of whoever stores.
            senders: the servers of ours that tell of a change of theirs; see `circles`.
        """
        self._rules = rules
        self._senders = senders
        self._session = session
        self._practice = practice
        self._access = access
        self._secrets = Secrets(session, practice)
        self._sent: dict[str, Secret] = {}

    def admitted(self, resource: Resource, sight: Sight) -> Resource:
        """The resource as it is stored: the status is the server's, but for `off`; headers are hidden.

        One that is off, or whose time is over, is kept as it is: nothing will be sent for it.

        Raises:
            Refusal: 422, 403 or 409, it may not be stored.
        """
        if self._senders:
            check_no_circle(self._session, self._practice, self._senders, resource["resourceType"])
        if resource["resourceType"] != SUBSCRIPTION:
            return resource
        sent = revealed(headers_of(resource), self._secrets.of(resource["id"]))
        resource = with_headers(resource, sent.lines)
        status = "off" if is_over(resource) else status_asked(resource)
        if status != "off":
            self._rules.check(resource, Records(self._session, self._practice, sight))
            if Ledger(self._session, self._practice).others(resource["id"]) >= MOST:
                words = f"This practice has {MOST} subscriptions already: turn one off first."
                raise refuse(422, IssueCode.TOO_COSTLY, words, SUBSCRIPTION)
        self._sent[resource["id"]] = sent
        kept = {key: value for key, value in resource.items() if key != "error"} | {"status": status}
        return with_headers(kept, hidden(sent.lines))

    def stored(self, version: StoredVersion) -> None:
        """Keep beside a new version whose it is."""
        if version.type != SUBSCRIPTION:
            return
        ledger = Ledger(self._session, self._practice)
        if version.content is None:
            ledger.remove(version.id)
            self._secrets.forget(version.id)
            return
        self._secrets.keep(version.id, self._sent[version.id])
        resource = decode(version.content)
        ledger.enter(
            version.id,
            updated=version.updated,
            status=resource["status"],
            channel=resource["channel"]["type"],
            owner=write_access(self._access),
        )
