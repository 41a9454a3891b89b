"""The pages of appointments."""

from collections.abc import Sequence
from starlette.routing import Route
from web_modules.identity.services import Services
from web_modules.pages.drawing import NavigationItem

PAGE = "appointments"
PATIENT_PAGE = "appointments/{patient}"


def routes(services: Services, navigation: Sequence[NavigationItem]) -> Sequence[Route]:
    """x"""
    return ()
