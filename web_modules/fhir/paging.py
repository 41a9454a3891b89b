"""Finds the next page of a bundle, and never leaves the base for it (FHIR R4 http.html#paging)."""

from urllib.parse import parse_qsl, unquote, urlsplit

from web_modules.fhir.errors import FhirBroken
from web_modules.fhir.resource_json import Resource

Page = tuple[str, tuple[tuple[str, str], ...]]
"""A path below the base, and its query."""


def following(bundle: Resource, path: str) -> Page | None:
    """The next page, below the base from which this one came; None on the last.

    A server may know itself by another name than we do, behind a proxy say: so its own links are compared
    with one another, and only what follows the base is taken of them. Nothing is sent to the link's host.

    Args:
        bundle: as it came.
        path: of this page below the base.

    Raises:
        FhirBroken: the link leads elsewhere; to stop there would pass off a part for the whole.
    """
    links = {link["relation"]: link["url"] for link in bundle.get("link", [])}
    if "next" not in links:
        return None
    following_url, own_url = urlsplit(links["next"]), urlsplit(links.get("self", ""))
    end = f"/{path}" if path else ""
    own_path = own_url.path.rstrip("/")
    if own_path and own_path.endswith(end):
        base = own_path.removesuffix(end)
        is_below = f"{following_url.path}/".startswith(f"{base}/")
        below = following_url.path[len(base) :].strip("/")
        is_ours = is_below and following_url[:2] in (own_url[:2], ("", ""))
    else:  # it does not say what its own address is
        below = path
        is_ours = f"/{following_url.path}".endswith(end)
    if not is_ours or ".." in unquote(below).split("/"):
        raise FhirBroken(
            f"The next page of {path or 'the base'} lies outside of the FHIR base, and was not asked for. "
            "Check the address by which the server knows itself."
        )
    return below, tuple(parse_qsl(following_url.query, keep_blank_values=True))
