"""What can go wrong when talking to a FHIR server, told apart by whose fault it is and whether to try again.

FhirError
├── FhirUnavailable        nobody answered in time: try again later, with care if it `may_have_arrived`
├── FhirBusy               429, 503, or 409 for a lock: try again after `retry_after_seconds`
├── FhirConflict           412 or 409: the resource changed since it was read; read it again
├── FhirNotFound           404: there is no such resource
├── FhirGone               410: the resource was deleted
├── FhirForbidden          401 or 403: not signed in, or not allowed
├── FhirKeyUnusable        our own key cannot be used: correct its file
├── FhirRefused            any other 4xx: the request was wrong; trying again will not help
└── FhirBroken             5xx, 408, 425, or an answer that is not FHIR: not the request's fault
"""


class FhirError(Exception):
    """A FHIR request that did not succeed; the message says what was asked and what came back."""

    def __init__(self, message: str, *, status: int | None = None, issues: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.issues = issues


class FhirUnavailable(FhirError):
    """Nobody answered in time.

    Attributes:
        may_have_arrived: whether nothing is known of what the server did; False when the request did not
            reach it.
    """

    def __init__(self, message: str, *, may_have_arrived: bool = True) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


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

    @property
    def is_signed_out(self) -> bool:
        """Whether whoever asked is not signed in, or no longer (401); else they may not (403)."""
        return self.status == 401


class FhirKeyUnusable(FhirError):
    """The private key with which we say who we are cannot be read or used."""


class FhirRefused(FhirError):
    """The request was wrong; the same request will be refused again."""


class FhirBroken(FhirError):
    """The server failed, or answered with something that is not FHIR."""
