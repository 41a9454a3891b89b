"""A request together with who makes it."""

from dataclasses import dataclass

from web_modules.fhir.transport import FhirRequest
from web_modules.fhir_store.access import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(FhirRequest):
    """A FHIR request, and what whoever makes it may do."""

    access: Access


def asked_by(request: FhirRequest, access: Access) -> Asked:
    """A request as made by somebody."""
    return Asked(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        access=access,
    )
