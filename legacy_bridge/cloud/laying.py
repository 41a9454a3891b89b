"""Lays large contents of documents beside them: a Binary, made with its document in one transaction.

The Binary names the document as its context, and the document names the Binary, so neither is ever there
alone; it bears its document's key, so that an attempt whose answer was lost is found by the next.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from legacy_bridge.cloud.binaries import CONTEXT, DOCUMENT
from legacy_bridge.records import BINARY, LinkKey
from legacy_bridge.sides.writes import CloudPlan, CloudStep

INLINE_MOST = 64 * 1024
"""Bytes that stay in the document itself: a list of documents is read whole, with whatever is in them."""
TAG_SYSTEM = "https://banyan.example/Id/content-of"
_MARK = "document"  # the id of the item that the bridge made
_NO_TYPE = "application/octet-stream"


def laid_beside(plan: CloudPlan) -> CloudPlan:
    """The plan, with each large content in a step of its own."""
    steps: list[CloudStep] = []
    for step in plan.steps:
        attachment = _large(step)
        if attachment is None:
            steps.append(step)
            continue
        binary = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{BINARY}/{plan.link}')}"
        own = step.full_url if step.method == "POST" else step.url
        steps += [
            replace(step, resource=_naming(step.resource or {}, binary)),
            _content_step(plan.link, attachment, context=str(own), full_url=binary),
        ]
    return replace(plan, steps=tuple(steps))


def tag_query(link: LinkKey) -> str:
    """What finds the content of a document."""
    return f"{TAG_SYSTEM}|{link.key}"


def has_tag(binary: Mapping[str, Any], link: LinkKey) -> bool:
    """Whether a Binary is the content of a document; a server may leave out of a search what it knows not."""
    tags = (binary.get("meta") or {}).get("tag", ())
    return any((one.get("system"), one.get("code")) == (TAG_SYSTEM, link.key) for one in tags)


def _large(step: CloudStep) -> Mapping[str, Any] | None:
    """The attachment of a step, where the bridge made it and it is large."""
    contents = (step.resource or {}).get("content", ())
    if not step.url.startswith(DOCUMENT) or len(contents) != 1 or contents[0].get("id") != _MARK:
        return None
    attachment: Mapping[str, Any] = contents[0].get("attachment") or {}
    data = str(attachment.get("data", ""))
    size = len(data) * 3 // 4 - data[-2:].count("=")
    return attachment if size > INLINE_MOST and "url" not in attachment else None


def _naming(document: Mapping[str, Any], binary: str) -> dict[str, Any]:
    (item,) = document["content"]
    kept = {name: one for name, one in item["attachment"].items() if name != "data"}
    return {**document, "content": [{**item, "attachment": {**kept, "url": binary}}]}


def _content_step(link: LinkKey, attachment: Mapping[str, Any], *, context: str, full_url: str) -> CloudStep:
    return CloudStep(
        method="POST",
        url=BINARY,
        resource={
            "resourceType": BINARY,
            "meta": {"tag": [{"system": TAG_SYSTEM, "code": link.key}]},
            "contentType": attachment.get("contentType", _NO_TYPE),
            CONTEXT: {"reference": context},
            "data": attachment["data"],
        },
        full_url=full_url,
        if_none_exist=f"_tag={tag_query(link)}",
    )
