"""A cloud with a real store for tests of modules: pages as a browser gets them, records as FHIR has them."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from web_modules.app import create_cloud
from web_modules.fhir.client import FhirClient
from web_modules.fhir_store.store import Standard, Store
from web_modules.identity.services import Services
from web_modules.settings import CloudSettings

PRACTICE = "Y99002"
TODAY = date(2026, 11, 17)
ORIGIN = "http://127.0.0.1:8080"
_VOID = frozenset({"input", "meta", "link", "br", "img", "hr"})
_SILENT = frozenset({"script", "style", "title", "svg"})


@dataclass(slots=True, kw_only=True)
class PageRead:
    """A page taken apart as far as tests ask.

    Attributes:
        status: of the answer.
        url: where it came from, after redirects.
        source: the HTML.
        text: what a person reads, white space folded.
        root: the attributes of <html>.
        fields: values by field name: of inputs, of text areas, of the checked radio button.
        links: href by text.
        errors: texts of error messages.
    """

    status: int
    url: str
    source: str
    text: str = ""
    root: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: PageRead) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.pieces: list[str] = []
        self.silent = 0
        self.link: tuple[str, int] | None = None
        self.area: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.page.root = found
        elif tag == "input" and "name" in found:
            if found.get("type") != "radio" or "checked" in found:
                self.page.fields[found["name"]] = found.get("value", "")
        elif tag == "textarea":
            self.area = (found.get("name", ""), len(self.pieces))
        elif tag == "a":
            self.link = (found.get("href", ""), len(self.pieces))
        elif tag in _SILENT and tag not in _VOID:
            self.silent += 1
        if tag not in ("bdi", "b", "span", "a", "kbd") or found.get("class") == "bn-line":
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent -= 1
        elif tag == "a" and self.link is not None:
            self.page.links[_folded("".join(self.pieces[self.link[1] :]))] = self.link[0]
        elif tag == "textarea" and self.area is not None:
            self.page.fields[self.area[0]] = "".join(self.pieces[self.area[1] :]).strip()
        if tag not in ("bdi", "b", "span", "a", "kbd"):
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(data)


def read_page(status: int, url: str, source: str) -> PageRead:
    """Take a page apart."""
    page = PageRead(status=status, url=url, source=source)
    reader = _Reader(page)
    reader.feed(source)
    page.text = _folded("".join(reader.pieces))
    return page


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleWeb:
    """One practice's modules, with somebody signed in.

    Attributes:
        services: what the modules were given.
        fhir: the same records, for a test to prepare and look at.
        browser: the signed-in person's requests.
    """

    services: Services
    fhir: FhirClient
    browser: TestClient

    def get(self, path: str, **headers: str) -> PageRead:
        """Open a page; `path` is below the practice. Header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.browser.get(f"/{PRACTICE}/{path}", headers=named)
        return read_page(answer.status_code, str(answer.url), answer.text)

    def post(self, path: str, fields: Mapping[str, str]) -> PageRead:
        """Send a form and go where it leads."""
        answer = self.browser.post(f"/{PRACTICE}/{path}", data=dict(fields))
        return read_page(answer.status_code, str(answer.url), answer.text)

    def create(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Put a record there, and have it as stored."""
        return self.fhir.create(dict(resource))


@contextlib.contextmanager
def module_web(folder: Path, standard: Standard, **settings: Any) -> Iterator[ModuleWeb]:
    """A cloud of its own; `settings` as in `CloudSettings`."""
    url = f"sqlite:///{folder / 'cloud.sqlite'}"
    known: dict[str, Any] = {"database": url, "practice": PRACTICE, "today": TODAY} | settings
    store = Store(url, standard)
    made = create_cloud(CloudSettings(**known), store, bytes(32), ORIGIN)
    with TestClient(made.app, base_url=ORIGIN, headers={"Accept": "text/html"}) as browser:
        browser.post("/sign-in", data={"person": "dawn.hartley"})
        yield ModuleWeb(services=made.services, fhir=FhirClient(made.services.fhir), browser=browser)
    store.close()


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
