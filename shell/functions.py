"""Which functions the cloud offers, read from its functions.json; another environment is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from shell.errors import CloudError, WrongEnvironmentError
from web_modules.decision.words import Environment, Function

Fetch = Callable[[str], bytes]
"""Reads an address of the cloud whole; raises `CloudError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPages:
    """One function as the cloud offers it.

    Attributes:
        function: which one.
        title: its name on the screen.
        url: where its pages begin; None while there are none.
        patient_url: with {patient}; None when it has no page of one patient.
        needs_patient: whether nothing can be shown while no patient is open.
    """

    function: Function
    title: str
    url: str | None
    patient_url: str | None
    needs_patient: bool

    @property
    def has_module(self) -> bool:
        """Whether the cloud has pages for it."""
        return self.url is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOffer:
    """A SMART application that the practice's IT registered and that a window can open.

    Attributes:
        id: its client_id.
        name: as people know it.
        needs_patient: whether it means nothing while no patient is open.
        origins: where its pages are.
        part_origins: where else they fetch scripts, pictures and the like from.
        messaging: what it may speak of to the window: `ui`, `scratchpad`.
    """

    id: str
    name: str
    needs_patient: bool
    origins: frozenset[str]
    part_origins: frozenset[str] = frozenset()
    messaging: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudOffer:
    """What a cloud says of itself.

    Attributes:
        environment: live, reference or training.
        ods: the practice's code.
        practice: the practice's name.
        today: the environment's day, or None for the real one.
        fhir: the practice's FHIR base.
        functions: in the rail's order.
        desk: where the conflict desk is; None: it has none.
        apps: by name.
        launch: where an application's launch is asked for; None: nowhere.
    """

    environment: Environment
    ods: str
    practice: str
    today: date | None
    fhir: str
    functions: tuple[FunctionPages, ...]
    desk: str | None = None
    apps: tuple[AppOffer, ...] = ()
    launch: str | None = None

    @property
    def modules(self) -> frozenset[Function]:
        """The functions that have pages."""
        return frozenset(one.function for one in self.functions if one.has_module)

    def pages_of(self, function: Function) -> FunctionPages:
        """The pages of a function that the cloud names."""
        return next(one for one in self.functions if one.function is function)


class _Practice(msgspec.Struct, frozen=True):
    ods: str
    name: str


class _Entry(msgspec.Struct, frozen=True):
    id: str
    title: str
    url: str | None = None
    patient_url: str | None = None
    needs_patient: bool = False


class _App(msgspec.Struct, frozen=True):
    id: str
    name: str
    needs_patient: bool
    origins: list[str]
    part_origins: list[str] = []
    messaging: list[str] = []


class _Document(msgspec.Struct, frozen=True):
    environment: str
    practice: _Practice
    fhir: str
    functions: list[_Entry]
    today: date | None = None
    desk: str | None = None
    apps: list[_App] = []
    launch: str | None = None


def read_offer(content: bytes, *, is_training: bool) -> CloudOffer:
    """Read functions.json.

    Args:
        content: the document.
        is_training: whether the shell was started for training.

    Raises:
        CloudError: it is not such a document.
        WrongEnvironmentError: the cloud is of another environment than the shell (hazard H21).
    """
    try:
        document = msgspec.json.decode(content, type=_Document)
        environment = Environment(document.environment)
    except (msgspec.DecodeError, ValueError) as error:
        raise CloudError(f"The cloud's list of functions cannot be read: {error}.") from error
    if (environment is Environment.TRAINING) != is_training:
        mine = "training" if is_training else "practice work"
        raise WrongEnvironmentError(
            f"This window was started for {mine} and the cloud of {document.practice.name} says that it is "
            f"the {environment.value} environment. Nothing was opened."
        )
    known: Mapping[str, Function] = {function.value: function for function in Function}
    return CloudOffer(
        environment=environment,
        ods=document.practice.ods,
        practice=document.practice.name,
        today=document.today,
        fhir=document.fhir,
        desk=document.desk,
        apps=tuple(_app(one) for one in document.apps if document.launch is not None),
        launch=document.launch,
        functions=tuple(_pages(one, known[one.id]) for one in document.functions if one.id in known),
    )


def _app(entry: _App) -> AppOffer:
    return AppOffer(
        id=entry.id,
        name=entry.name,
        needs_patient=entry.needs_patient,
        origins=frozenset(entry.origins),
        part_origins=frozenset(entry.part_origins),
        messaging=frozenset(entry.messaging),
    )


def _pages(entry: Any, function: Function) -> FunctionPages:
    return FunctionPages(
        function=function,
        title=entry.title,
        url=entry.url,
        patient_url=entry.patient_url,
        needs_patient=entry.needs_patient,
    )
