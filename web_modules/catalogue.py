"""The functions of a practice, in the order in which they are shown, and the modules that serve them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from web_modules.appointments import routes as appointments
from web_modules.desk import routes as desk
from web_modules.identity.services import Services
from web_modules.pages.drawing import NavigationItem
from web_modules.patients import routes as patients

Routes = Callable[[Services], Sequence[BaseRoute]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Something a practice does that can move by itself.

    Attributes:
        id: as in the flag file, such as `patients`.
        title: as shown.
        capability: the NHS capability that it serves, such as C13.
        needs_patient: whether it is about one patient at a time.
        routes: makes its pages' routes, or None while there is no module.
        page: the path of its first page below `/{ods}/`, or empty.
        patient_page: the path for one patient below `/{ods}/`, with `{patient}`, or empty.
    """

    id: str
    title: str
    capability: str
    needs_patient: bool = True
    routes: Routes | None = None
    page: str = ""
    patient_page: str = ""


NAVIGATION = (
    NavigationItem(title="Patients", page=patients.PAGE),
    NavigationItem(title="Appointments", page=appointments.PAGE),
    NavigationItem(title="Conflict desk", page=desk.PAGE),
)
"""What a page offers in its header when it runs alone in a browser."""

DESK_PAGE = desk.PAGE
"""The path of the conflict desk, which belongs to no function: what waits of any of them is decided there."""


def desk_routes(services: Services) -> Sequence[BaseRoute]:
    """The routes of the conflict desk."""
    return desk.routes(services, NAVIGATION)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        id="patients",
        title="Patients",
        capability="C13",
        routes=lambda services: patients.routes(services, NAVIGATION),
        page=patients.PAGE,
        patient_page=patients.PATIENT_PAGE,
    ),
    Function(
        id="appointments",
        title="Appointments",
        capability="C5",
        needs_patient=False,
        routes=lambda services: appointments.routes(services, NAVIGATION),
        page=appointments.PAGE,
        patient_page=appointments.PATIENT_PAGE,
    ),
    Function(id="consultations", title="Consultations", capability="C15"),
    Function(id="prescribing", title="Prescribing", capability="C14"),
    Function(id="results", title="Results", capability="C8"),
    Function(id="documents", title="Documents", capability="C9"),
    Function(id="referrals", title="Referrals", capability="C11"),
    Function(id="tasks", title="Tasks", capability="C20/C50", needs_patient=False),
    Function(id="organisation", title="Organisation", capability="C12", needs_patient=False),
)
