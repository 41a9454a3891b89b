"""The page of the conflict desk: whoever may write its Tasks decides here; the bridge carries it out."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web_modules.desk.reading import MOST_SHOWN, Item, read_items, read_whose
from web_modules.fhir.client import version_of
from web_modules.fhir.errors import FhirConflict
from web_modules.fhir.mirror_answers import SIDES, accepted, answered
from web_modules.fhir.mirror_tasks import TaskKind, task_of
from web_modules.identity.roles import may_decide_clinically
from web_modules.identity.services import Services, person_of
from web_modules.pages.answering import Form, page_route
from web_modules.pages.drawing import NavigationItem, Pages
from web_modules.pages.freshness import read_all, shown_of_all

PAGE = "desk"
_OTHER = "other"
_MOST_LETTERS = 500
_TABS = {TaskKind.CONFLICT: "Needs a decision", TaskKind.QUARANTINE: "Held back"}
_MOVED = "Nothing was written: this has changed since you looked. Look again, and decide anew."


def routes(services: Services, navigation: Sequence[NavigationItem]) -> Sequence[Route]:
    """The routes of the desk."""
    return DeskPages(Pages(services, PAGE, navigation)).routes()


class DeskPages:
    """Answers for the desk. Handlers block and run in worker threads."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What is served."""
        return (
            page_route(self._pages, PAGE, self._show),
            page_route(self._pages, f"{PAGE}/answer", self._show),  # a page that was refused is renewed
            page_route(self._pages, f"{PAGE}/answer", self._answer, "POST"),
        )

    def _show(self, request: Request, _form: Form) -> Response:
        return self._draw(request)

    def _answer(self, request: Request, form: Form) -> Response:
        """Decide, take on, or let be tried again; only of the version that was shown."""
        resource = self._pages.reader(request).read("Task", form.get("task", ""))
        task, who = task_of(resource), person_of(request).name
        keep, deed = form.get("keep", ""), form.get("deed", "")
        if task is None or version_of(resource) != form.get("version"):
            return self._draw(request, wrong=_MOVED, status=409)
        if deed == "take":
            answer = accepted(resource, by=who)
        elif task.kind is TaskKind.QUARANTINE:
            answer = answered(resource, by=who)
        elif keep in SIDES and task.seen:
            answer = answered(resource, by=who, keep=keep)
        elif keep == _OTHER and task.fields:
            typed = {name: form.get(f"value_{name}", "").strip()[:_MOST_LETTERS] for name in task.fields}
            if not any(typed.values()):
                words = "Nothing was written: type the value that both sides are to have."
                return self._draw(request, wrong=words, typed=typed, status=422)
            answer = answered(resource, by=who, values=_values(typed))
        else:
            return self._draw(request, wrong="Nothing was written: choose one first.", status=422)
        try:
            self._pages.writer(request).update(answer, if_match=version_of(resource))
        except FhirConflict:
            return self._draw(request, wrong=_MOVED, status=409)
        of = request.query_params.get("of", "")
        return self._pages.go(request, PAGE, of=of, task=form.get("task", ""), tab=task.kind.value)

    def _draw(
        self,
        request: Request,
        *,
        wrong: str = "",
        typed: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        services, asked = self._pages.services, request.query_params
        reader, of = self._pages.reader(request), asked.get("of", "")
        items = read_items(reader, services.practice, services.today(), datetime.now(UTC), of=of)
        chosen = next((one for one in items if one.id == asked.get("task")), None)
        kind = chosen.task.kind if chosen else _kind_of(asked.get("tab", ""), items)
        listed = [one for one in items if one.task.kind is kind]
        if chosen is None and listed:
            chosen = listed[0]
        keep = asked.get("keep", "")
        values = {
            "tabs": [
                (one.value, title, sum(item.task.kind is one for item in items), one is kind)
                for one, title in _TABS.items()
            ],
            "tab": kind.value,
            "of": of,
            "freshness": shown_of_all(read_all(reader), datetime.now(UTC)),
            "whose": read_whose(reader, of, services.practice, services.today()),
            "items": listed,
            "chosen": chosen,
            "keep": keep if _may_be_kept(keep, chosen) else "",
            "oldest": max(items, key=lambda one: -one.task.since.timestamp()).age if items else "",
            "mine": sum(one.task.owner == person_of(request).name for one in items),
            "me": person_of(request).name,
            "may_decide": chosen is None
            or not chosen.task.is_clinical
            or may_decide_clinically(person_of(request).role, services.environment),
            "wrong": wrong,
            "typed": typed or {},
            "most_letters": _MOST_LETTERS,
            "is_cut": len(items) >= MOST_SHOWN,
            "watch": ("Task", "Patient"),
        }
        return self._pages.draw(request, "desk/desk.html", values, status=status)


def _kind_of(tab: str, items: Sequence[Item]) -> TaskKind:
    """The tab that is asked for, else the first one that has something on it."""
    if tab in {one.value for one in TaskKind}:
        return TaskKind(tab)
    filled = {one.task.kind for one in items}
    return next((one for one in _TABS if one in filled), TaskKind.CONFLICT)


def _may_be_kept(keep: str, chosen: Item | None) -> bool:
    if chosen is None:
        return False
    return keep in {one.keep for one in chosen.sides} or (keep == _OTHER and bool(chosen.task.fields))


def _values(typed: dict[str, str]) -> list[str]:
    if len(typed) == 1:
        return list(typed.values())
    return [f"{name}={value}" for name, value in typed.items()]
