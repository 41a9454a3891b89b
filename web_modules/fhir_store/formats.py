"""In which format and version of FHIR something is sent or wanted: JSON of R4 alone (http.html#mime-type)."""

from collections.abc import Sequence

from web_modules.fhir_store.refusals import IssueCode, of_parameter, refuse

_JSON = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})
_ANY = frozenset({"*/*", "application/*", "text/*", "text/html"})
"""A browser wants HTML and shows JSON too."""

_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_VERSIONS = frozenset({"", "4.0", "4.0.1"})
_WORDS = "This server speaks FHIR R4 as application/fhir+json only."


def is_sent_as_json(content_type: str) -> bool:
    """Whether a Content-Type is one of FHIR R4 in JSON."""
    kind, version, _quality = _read(content_type)
    return kind in _JSON and version in _VERSIONS


def check_charset(content_type: str) -> None:
    """FHIR's JSON, its patches and its forms are UTF-8 (json.html); another one would be misread.

    Raises:
        Refusal: 415, another one is named.
    """
    if _parameters(content_type).get("charset", "utf-8").lower() not in _CHARSETS:
        raise refuse(415, IssueCode.NOT_SUPPORTED, "This server takes text in UTF-8 only.")


def is_json_named(accept: str) -> bool:
    """Whether an Accept header names FHIR's JSON itself, and not only anything."""
    return any(_read(one)[0] in _JSON for one in accept.split(",") if _is_accepted(one))


def check_wanted(query: Sequence[tuple[str, str]], accept: str = "*/*") -> None:
    """What is wanted of an answer; `_format` stands above the header.

    Raises:
        Refusal: 406, it is not FHIR R4 in JSON.
    """
    asked = [value for name, value in query if name == "_format"]
    if asked:
        check_format(asked[-1])
    elif not any(map(_is_accepted, accept.split(","))):
        raise refuse(406, IssueCode.NOT_SUPPORTED, _WORDS)


def check_format(value: str) -> None:
    """What `_format` names.

    Raises:
        Refusal: 406, it is not FHIR R4 in JSON.
    """
    kind, version, _quality = _read(value.replace(" ", "+"))  # a plus sign that nobody has escaped
    if kind not in _JSON | {"json"} or version not in _VERSIONS:
        raise refuse(406, IssueCode.NOT_SUPPORTED, _WORDS, of_parameter("_format"))


def _is_accepted(media_range: str) -> bool:
    kind, version, quality = _read(media_range)
    is_refused = quality.startswith("0") and not quality.strip("0.")
    return kind in _JSON | _ANY and version in _VERSIONS and not is_refused


def _read(text: str) -> tuple[str, str, str]:
    """The media type, its fhirVersion and its q."""
    named = _parameters(text)
    kind = text.partition(";")[0].strip().lower()
    return kind, named.get("fhirversion", ""), named.get("q", "")


def _parameters(text: str) -> dict[str, str]:
    """The parameters of a media type, their names in lower case."""
    pairs = (one.partition("=") for one in text.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
