"""What can go wrong when talking to a FHIR server, told apart by whose fault it is and whether to try again.

FhirError
├── FhirUnavailable        nobody answered in time: try again later
├── FhirBusy               409, 429 or 503: try again after `retry_after_seconds`
├── FhirConflict           412: the resource changed since it was read; read it again
├── FhirNotFound           404: there is no such resource
├── FhirGone               410: the resource was deleted
├── FhirForbidden          401 or 403: not signed in, or not allowed
├── FhirRefused            any other 4xx: the request was wrong; trying again will not help
└── FhirBroken             5xx, or an answer that is not FHIR: the server's fault
"""


class FhirError(Exception):
    """A FHIR request that did not succeed; the message says what was asked and what came back."""

    def __init__(self, message: str, *, status: int | None = None, issues: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.issues = issues


class FhirUnavailable(FhirError):
    """Nobody answered in time; nothing is known of what the server did."""


class FhirBusy(FhirError):
    """The server asks to try again later.

    Attributes:
        retry_after_seconds: the server's wish, or None when it named none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        issues: tuple[str, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, status=status, issues=issues)
        self.retry_after_seconds = retry_after_seconds


class FhirConflict(FhirError):
    """The version named by If-Match is not the current one (FHIR R4 http.html#concurrency)."""


class FhirNotFound(FhirError):
    """There is no such resource."""


class FhirGone(FhirError):
    """The resource was deleted."""


class FhirForbidden(FhirError):
    """Not signed in, or not allowed."""


class FhirRefused(FhirError):
    """The request was wrong; the same request will be refused again."""


class FhirBroken(FhirError):
    """The server failed, or answered with something that is not FHIR."""
