"""Where a function's pages are."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from shell.hosts.interface import HostPatient

_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAddress:
    """Where a function's pages are, as the cloud's functions.json says."""

    url: str
    patient_url: str | None
    """With {patient}; None: the function has no page of one patient."""

    def of(self, patient: HostPatient | None, context_token: str) -> str:
        """The address for a patient, or for nobody, in a context."""
        address = self.url
        if patient is not None and self.patient_url is not None:
            address = self.patient_url.replace("{patient}", quote(patient.fhir_id, safe=""))
        joint = "&" if urlsplit(address).query else "?"
        return f"{address}{joint}{urlencode({'context': context_token})}"

    def is_write(self, method: str, address: str) -> bool:
        """Whether a request would write for this function.

        Its first page is only asked what is to be found: that goes in a body, because names do.
        """
        if method.upper() in _READING:
            return False
        path, first = urlsplit(address).path, urlsplit(self.url).path
        return path.startswith(f"{first.rstrip('/')}/")
