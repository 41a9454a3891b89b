"""Makes routes of plain functions: reads the form, works in a thread, says in words what failed."""

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web_modules.fhir.errors import FhirError, FhirForbidden, FhirGone, FhirNotFound, FhirUnavailable
from web_modules.pages.drawing import Pages, now_words
from web_modules.pages.permits import WriteRefused, announce

Form = Mapping[str, str]
"""What was typed, by field name; empty for a page that is only looked at. No files."""

Handler = Callable[[Request, Form], Response]
"""Answers one request; runs in a worker thread and may block."""

MOST_FIELDS = 60
"""The largest form has fewer than thirty."""


def page_route(pages: Pages, path: str, handler: Handler, *methods: str) -> Route:
    """A route of one practice's pages; `path` is below `/{practice}/`."""

    async def endpoint(request: Request) -> Response:
        form: dict[str, str] = {}
        if request.method == "POST":
            async with request.form(max_files=0, max_fields=MOST_FIELDS) as sent:
                form = {name: value for name, value in sent.items() if isinstance(value, str)}
        return await run_in_threadpool(_answered, pages, handler, request, form)

    return Route(f"/{pages.services.practice}/{path}", endpoint, methods=list(methods or ("GET",)))


def _answered(pages: Pages, handler: Handler, request: Request, form: Form) -> Response:
    try:
        announce(request, pages.services.contexts)
        return handler(request, form)
    except WriteRefused as refused:
        return pages.say(request, title=refused.title, words=refused.words, status=409)
    except (FhirNotFound, FhirGone):
        return pages.say(
            request,
            title="This is not in the records",
            words="What the address names is not there, not any more, or not for you to see."
            " Nothing was changed.",
            status=404,
        )
    except FhirForbidden:
        return pages.say(
            request,
            title="You may not see this",
            words="Your role at this practice does not allow it. Nothing was changed.",
            status=403,
        )
    except FhirUnavailable:
        return pages.say(
            request,
            title=f"The records cannot be reached since {now_words()}",
            words="The legacy screen works as usual. Try this page again in a moment.",
            status=503,
        )
    except FhirError as error:
        return pages.say(
            request,
            title=f"The records refused this at {now_words()}",
            words="Nothing was changed. Go back, or use the legacy screen.",
            reasons=error.issues,
            status=502,
        )
