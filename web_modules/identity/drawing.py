"""Draws the pages of identity."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from web_modules.decision.words import Environment

_FOLDER = Path(__file__).resolve().parent / "templates"


class IdentityPages:
    """The pages of one practice, in the NHS design system."""

    def __init__(self, *, practice_name: str, environment: Environment, stylesheets: Sequence[str]) -> None:
        self._words = {
            "practice_name": practice_name,
            "environment": environment.value,
            "stylesheets": tuple(stylesheets),
        }
        self._templates = Templates(
            loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
        )

    def draw(self, name: str, *, status: int = 200, **words: Any) -> Response:
        """A page by the name of its template."""
        page = self._templates.get_template(f"{name}.html").render(self._words | words)
        return HTMLResponse(page, status_code=status)

    def onward(self, address: str) -> Response:
        """Send the browser on as our own page, not as another site's answer or a form's.

        A browser leaves a SameSite=Strict cookie out of what another site leads to, redirections included,
        and keeps a form from leading to another site (CSP `form-action`). A page that goes on by itself
        does both.
        """
        return self.draw("onward", address=address)

    def problem(
        self, heading: str, words: str, *, status: int, code: str = "", description: str = ""
    ) -> Response:
        """Say what went wrong."""
        return self.draw(
            "problem", status=status, heading=heading, words=words, code=code, description=description
        )
