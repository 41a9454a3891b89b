"""What a client prefers of how it is answered (RFC 7240; FHIR R4 http.html#ops)."""

REPRESENTATION = "representation"
MINIMAL = "minimal"
OUTCOME = "operationoutcome"


def preference(header: str, name: str) -> str:
    """The value of a preference in lower case, or empty; of one that is there twice the first counts.

    Args:
        header: of `Prefer`, several of them parted by commas.
        name: in lower case.
    """
    for one in header.split(","):
        said, _, value = one.partition(";")[0].partition("=")
        if said.strip().lower() == name:
            return value.strip().strip('"').lower()
    return ""


def is_strict(header: str) -> bool:
    """Whether what is not understood shall be refused, not left out."""
    return preference(header, "handling") == "strict"
