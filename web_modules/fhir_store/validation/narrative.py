"""Whether a narrative is XHTML that a browser may show: formatting only, nothing that runs (txt-1, txt-2).

FHIR R4 narrative.html: elements of HTML 4.0 chapters 7 to 11 and 15, `a` and `img`; no scripts, forms,
frames, objects or event attributes. What a browser's HTML parser would read otherwise than an XML parser
is refused as well.
"""

import re
from typing import Any
from xml.parsers import expat

_XHTML = "http://www.w3.org/1999/xhtml"
_ELEMENTS = frozenset(
    f"{_XHTML} {name}"
    for name in (
        "a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd del dfn div dl"
        " dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q s samp small span strong sub sup table"
        " tbody td tfoot th thead tr tt u ul var"
    ).split()
)
_LINKS = frozenset({"href", "src", "cite", "longdesc", "background"})
_SAFE_LINK = re.compile(
    r"(https?:|mailto:|tel:|urn:(uuid|oid):|data:image/(png|gif|jpeg)[;,]|[^:]*([/?#]|$))", re.IGNORECASE
)
_XML_ATTRIBUTES = "http://www.w3.org/XML/1998/namespace "


class _Unsafe(Exception):
    """The narrative holds what a narrative must not hold; the message says what."""


def wrong_in_narrative(text: str) -> str | None:
    """What is wrong with the XHTML of a narrative, in words for a person; None when it may be shown."""
    parser = expat.ParserCreate(namespace_separator=" ")
    reading = _Reading()
    parser.StartElementHandler = reading.start
    parser.CharacterDataHandler = reading.say
    parser.CommentHandler = reading.comment
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.ProcessingInstructionHandler = reading.refuse
    parser.StartCdataSectionHandler = reading.refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        return "The narrative must be well-formed XHTML: one `div` in which every element is closed."
    except _Unsafe as error:
        return str(error)
    return None if reading.has_content else "The narrative is empty; leave it out."


class _Reading:
    def __init__(self) -> None:
        self.has_content = False
        self._has_root = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._has_root and name != f"{_XHTML} div":
            raise _Unsafe(f'The narrative must be `<div xmlns="{_XHTML}">`.')
        self._has_root = True
        if name not in _ELEMENTS:
            raise _Unsafe("The narrative has an element that is not for formatting; remove it.")
        if name.endswith(" img"):
            self.has_content = True
        for key, value in attributes.items():
            is_foreign = " " in key and not key.startswith(_XML_ATTRIBUTES)
            if is_foreign or key[:2].lower() == "on":
                raise _Unsafe("The narrative has an attribute that is not for formatting; remove it.")
            if key.lower() in _LINKS and not _SAFE_LINK.match(value.strip()):
                raise _Unsafe("The narrative has a link that is not to a page or an image; remove it.")

    def say(self, text: str) -> None:
        if not self.has_content and not text.isspace():
            self.has_content = True

    def comment(self, text: str) -> None:
        if text.startswith((">", "->")):  # where a browser ends the comment
            self.refuse()

    def refuse(self, *_found: Any) -> None:
        raise _Unsafe("The narrative must not hold a DTD, an instruction or a section of raw text.")
