"""Answers what is only read: records, searches, histories, operations, the CapabilityStatement."""

from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.access import OURSELVES, Interaction
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.database.records import Records, StoredVersion
from web_modules.fhir_store.documents import encode
from web_modules.fhir_store.elements.contexts import BINARY
from web_modules.fhir_store.formats import check_wanted
from web_modules.fhir_store.interactions import answers, binaries
from web_modules.fhir_store.interactions.asked import Asked, asked_by
from web_modules.fhir_store.interactions.capability import capability_statement
from web_modules.fhir_store.interactions.compartment import PatientCompartment
from web_modules.fhir_store.interactions.history import read_history_request, run_history
from web_modules.fhir_store.interactions.operations import check_operation, meta_of, pairs_asked, validate
from web_modules.fhir_store.interactions.practice_records import ServedPractice
from web_modules.fhir_store.interactions.preferences import is_strict
from web_modules.fhir_store.interactions.writing import check_id, shown
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import Pairs, SearchReader
from web_modules.fhir_store.search.subsets import Subsetter
from web_modules.fhir_store.sight import Sight
from web_modules.fhir_store.store import Store


class Reading:
    """The reading interactions of one practice. Safe from every thread."""

    def __init__(
        self, store: Store, served: ServedPractice, reader: SearchReader, searcher: Searcher
    ) -> None:
        """Answer for a practice.

        Args:
            store: what HL7 defines, and since when this server runs.
            served: the practice.
            reader: understands searches.
            searcher: runs them.
        """
        self._store = store
        self._served = served
        self._reader = reader
        self._searcher = searcher
        self.subsetter = Subsetter(store.catalogue.definitions, store.catalogue.model)
        self._compartment = PatientCompartment(store.catalogue, reader)
        self._capability: bytes | None = None

    def answer(self, request: Asked, records: Records) -> FhirResponse:  # noqa: PLR0911  (one an interaction)
        """Answer a GET.

        Raises:
            Refusal: it may not be read, is not there, or is not understood.
        """
        segments = [part for part in request.path.split("/") if part]
        check_operation(segments)
        if segments == ["metadata"]:
            return answers.of_json(self._metadata())
        if segments and segments[-1] == "_history":
            return self._history(request, records, segments[:-1])
        if segments:
            _permit(
                records.sight, Interaction.SEARCH if len(segments) == 1 else Interaction.READ, segments[0]
            )
        match segments:
            case []:
                return self.search(request, records, "", request.query)
            case [resource_type]:
                return self.search(request, records, resource_type, request.query)
            case [resource_type, *rest, "$validate"] if len(rest) < 2:
                return self.validate(request, records, resource_type, rest)
            case [resource_type, resource_id]:
                return self._read(request, records, self.known(resource_type), check_id(resource_id))
            case ["Patient", resource_id, "$everything"]:
                return self._everything(request, records, check_id(resource_id))
            case [resource_type, resource_id, "$meta"]:
                found = records.current(self.known(resource_type), check_id(resource_id))
                return meta_of(shown(found, resource_type))
            case ["Patient", resource_id, kind] if kind in self._store.catalogue.resource_types:
                return self.search(request, records, kind, request.query, patient=check_id(resource_id))
            case [resource_type, resource_id, "_history", number]:
                self.known(resource_type)
                is_number = number.isascii() and number.isdigit() and len(number) < 10
                found = (
                    records.version(resource_type, check_id(resource_id), int(number)) if is_number else None
                )
                if found is None:
                    words = f"There is no {resource_type} with this id and version."
                    raise refuse(404, IssueCode.NOT_FOUND, words)
                return self._of_version(request, shown(found, resource_type))
        raise refuse(
            404, IssueCode.NOT_FOUND, "There is nothing at this address; see the CapabilityStatement."
        )

    def answer_within(self, request: FhirRequest, records: Records) -> FhirResponse:
        """Answer a GET of a bundle; a refusal is an answer."""
        try:
            check_wanted(request.query)
            return self.answer(asked_by(request, OURSELVES), records)
        except Refusal as refusal:
            return answers.of_refusal(refusal)

    def search(
        self, request: Asked, records: Records, resource_type: str, pairs: Pairs, *, patient: str = ""
    ) -> FhirResponse:
        """One page of a search of a type, or of several when it is empty."""
        strictly = is_strict(request.headers.get("prefer", ""))
        if resource_type:
            _permit(records.sight, Interaction.SEARCH, resource_type)
            search = self._reader.read(self.known(resource_type), pairs, is_strict=strictly)
        else:
            search = self._reader.read_several(pairs, is_strict=strictly)
        if patient:
            search = self._compartment.within(search, patient)
        page = self._searcher.run(records, search)
        return answers.of_search(search, page, self._served.base_url, self.subsetter)

    def _read(self, request: Asked, records: Records, resource_type: str, resource_id: str) -> FhirResponse:
        version = shown(records.current(resource_type, resource_id), resource_type)
        if answers.may_have_it(version, request) and records.is_alone_in_its_second(version):
            return binaries.varying(answers.of_unchanged(version), version)
        return self._of_version(request, version)

    def _of_version(self, request: Asked, version: StoredVersion) -> FhirResponse:
        answer = answers.of_version(version, request, self.subsetter)
        if version.type != BINARY or answer.status != 200 or not binaries.is_wanted(request):
            return binaries.varying(answer, version)
        return binaries.varying(binaries.content_of(version, answers.version_headers(version)), version)

    def _everything(self, request: Asked, records: Records, patient_id: str) -> FhirResponse:
        shown(records.current("Patient", patient_id), "Patient")
        strictly = is_strict(request.headers.get("prefer", ""))
        pairs = pairs_asked(request, self._store.validator)
        search = self._compartment.everything(patient_id, pairs, is_strict=strictly)
        page = self._searcher.run(records, search)
        return answers.of_search(search, page, self._served.base_url, self.subsetter)

    def validate(self, request: Asked, records: Records, resource_type: str, rest: list[str]) -> FhirResponse:
        """Say what is wrong with a resource that is sent, or with one that is there."""
        resource_id = check_id(rest[0]) if rest else ""
        return validate(request, records, self._store.validator, self.known(resource_type), resource_id)

    def _history(self, request: Asked, records: Records, key: list[str]) -> FhirResponse:
        if len(key) > 2:
            raise refuse(404, IssueCode.NOT_FOUND, "There is no history at this address.")
        if key:
            _permit(records.sight, Interaction.READ, self.known(key[0]))
        elif records.sight.is_limited:
            raise refuse(403, IssueCode.FORBIDDEN, "Ask for the history of one type, or of one resource.")
        strictly = is_strict(request.headers.get("prefer", ""))
        asked = read_history_request("/".join([*key, "_history"]), request.query, is_strict=strictly)
        position = records.position()
        etag = answers.position_etag(position)
        if answers.is_named(etag, request.headers.get("if-none-match", "")):
            return FhirResponse(status=304, headers={"etag": etag}, body=b"")
        if len(key) == 2 and records.current(key[0], check_id(key[1])) is None:
            raise refuse(404, IssueCode.NOT_FOUND, f"There is no {key[0]} with this id.")
        page = run_history(records, asked, key)
        epoch = self._store.epoch(self._served.practice)
        return answers.of_history(asked, page, position, self._served.base_url, epoch)

    def known(self, resource_type: str) -> str:
        """The type itself.

        Raises:
            Refusal: 404, there is no such type.
        """
        if resource_type not in self._store.validator.resource_types:
            raise refuse(404, IssueCode.NOT_SUPPORTED, "FHIR R4 has no resource type of this name.")
        return resource_type

    def _metadata(self) -> bytes:
        if self._capability is None:
            self._capability = encode(
                capability_statement(
                    self._store.catalogue,
                    self._store.validator.resource_types,
                    base_url=self._served.base_url,
                    description=self._served.description,
                    date=position_instant(self._store.opened_at),
                    security=self._served.security,
                )
            )
        return self._capability


def _permit(sight: Sight, interaction: Interaction, resource_type: str) -> None:
    if not sight.allows(interaction, resource_type):
        raise refuse(403, IssueCode.FORBIDDEN, f"You may not do that with {resource_type}.")
