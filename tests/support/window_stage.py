"""A real main window without a screen: scripted panes, records in memory, everything else as it ships."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from PySide6.QtWidgets import QWidget

from shell.context.shown import Shown, ShownState, Side
from shell.functions import AppOffer, CloudOffer, FunctionPages
from shell.hosts.interface import HostListener, HostPatient
from shell.hosts.key_frame import KeyFrame
from shell.main_window.choices import Choices
from shell.main_window.network import Cloud
from shell.main_window.theme import Theme
from shell.main_window.tokens import Scheme
from shell.main_window.window import MainWindow
from shell.meeting import Person
from shell.patient import Patient, patient_of
from shell.rollout import Rollout, Unmoved
from shell.switchboard import Switchboard
from web_modules.decision.decision import Standing
from web_modules.decision.words import Environment, Function, Stage
from web_modules.fhir import systems
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.mirror_status import Freshness, freshness_resource
from web_modules.fhir.mirror_tasks import MirrorTask, TaskKind, task_resource
from web_modules.fhir.resource_json import Resource, serialise
from web_modules.fhir.transport import FhirRequest, FhirResponse

ODS = "Y99002"
TODAY = date(2026, 11, 17)


def patient_resource(number: str, family: str, given: str, born: str, nhs_number: str | None) -> Resource:
    """A Patient with the practice's number and, where there is one, an NHS number."""
    identifiers = [{"system": systems.patient_number(ODS), "value": number}]
    if nhs_number is not None:
        identifiers.append({"system": systems.NHS_NUMBER, "value": nhs_number})
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": identifiers,
        "name": [{"use": "official", "family": family, "given": [given], "prefix": ["Mrs"]}],
        "birthDate": born,
        "gender": "female",
    }


RECORDS = (
    patient_resource("104417", "Smith", "Sarah", "1961-03-12", "9991234578"),
    patient_resource("104981", "Smith", "Sandra", "1964-03-12", "9992041188"),
    patient_resource("105002", "Evans", "Gwyneth", "1948-05-21", None),
)
SARAH, SANDRA, GWYNETH = (patient_of(one, ODS) for one in RECORDS)
LONG = replace(SARAH, family="Featherstonehaugh" * 6)


class MemoryTransport:
    """Answers what the window asks of a FHIR server, from memory.

    Attributes:
        is_reachable: turns it off.
        is_hiding: it says that confidential patients are not shown.
        refused: by type of resource, the status with which whoever asks for it is refused.
        asked: the types of resources that were asked for.
        searched: what of patients was searched for.
    """

    def __init__(self) -> None:
        self.is_reachable = True
        self.is_hiding = False
        self.refused: dict[str, int] = {}
        self.asked: list[str] = []
        self.searched: list[dict[str, str]] = []
        self.records: tuple[Resource, ...] = deepcopy(RECORDS)
        self.practitioners: list[Resource] = []
        self.basics: list[Resource] = []
        self.tasks: list[Resource] = []

    def send(self, request: FhirRequest) -> FhirResponse:
        """Answer one request; see `Transport.send`."""
        if not self.is_reachable:
            raise FhirUnavailable("nobody answers")
        kind, _, resource_id = request.path.partition("/")
        self.asked.append(kind)
        if kind in self.refused:
            return FhirResponse(status=self.refused[kind], headers={}, body=b"{}")
        if resource_id:
            all_of_kind = self.practitioners if kind == "Practitioner" else self.records
            found = [one for one in all_of_kind if one["id"] == resource_id]
            return FhirResponse(status=200 if found else 404, headers={}, body=serialise((found or [{}])[0]))
        query = dict(request.query)
        entries = {"Basic": self.basics, "Task": self.tasks, "Patient": self._patients(query)}[kind]
        page = [
            {"resource": one, "search": {"mode": "match"}} for one in entries[: int(query.get("_count", 100))]
        ]
        if kind == "Patient" and self.is_hiding:
            issue = {"severity": "information", "code": "suppressed"}
            outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
            page.append({"resource": outcome, "search": {"mode": "outcome"}})
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": page}
        return FhirResponse(status=200, headers={}, body=serialise(bundle))

    def _patients(self, query: dict[str, str]) -> list[Resource]:
        self.searched.append(query)
        if "identifier" in query:
            system, _, value = query["identifier"].partition("|")
            return [one for one in self.records if {"system": system, "value": value} in one["identifier"]]
        wanted = str(query.get("name", "")).lower()
        return [
            one
            for one in self.records
            if one["name"][0]["family"].lower().startswith(wanted)
            or one["name"][0]["given"][0].lower().startswith(wanted)
        ]


class ScriptedHost:
    """A pane that shows what it is told to show, when it is told to."""

    def __init__(self, side: Side, listener: HostListener) -> None:
        self.side = side
        self.widget = QWidget()
        self.asked: list[tuple[str, HostPatient | None, str]] = []
        self.is_covered = self.is_concealed = False
        self.work: list[str] = []
        self.key_requests = 0
        self.can_save = True
        self.stopped: frozenset[str] = frozenset()
        self.shown = Shown(state=ShownState.UNKNOWN, read_at=datetime.now(UTC))
        self._listener = listener

    def open(self, function: str, patient: HostPatient | None, context_token: str) -> None:
        self.asked.append((function, patient, context_token))

    def obey(self) -> None:
        """Show what was asked for last."""
        _, patient, token = self.asked[-1]
        self.show(patient, token=token)

    def show(self, patient: HostPatient | None, *, unsaved: bool = False, token: str | None = None) -> None:
        """Be read back as showing a patient."""
        mine = None
        if patient is not None:
            mine = patient.patient_number if self.side is Side.LEGACY else patient.fhir_id
        self.shown = Shown(
            state=ShownState.NOBODY if patient is None else ShownState.SOMEBODY,
            read_at=datetime.now(UTC),
            identifier=mine,
            unsaved=unsaved,
            context_token=(token or self.asked[-1][2]) if self.side is Side.CLOUD else None,
        )
        self._listener.on_shown(self.side, self.shown)

    def refresh_read_back(self) -> None:
        self._listener.on_shown(self.side, self.shown)

    def take_keys(self) -> None:
        self.key_requests += 1

    def save_work(self, done: Callable[[bool], None]) -> None:
        self._settle("save", done)

    def discard_work(self, done: Callable[[bool], None]) -> None:
        self._settle("discard", done)

    def leave_work(self, done: Callable[[bool], None]) -> None:
        self._settle("leave", done)

    def forgive(self) -> None: ...

    def stop_writing(self, functions: frozenset[str]) -> None:
        self.stopped = functions

    def cover(self) -> None:
        self.is_covered = True

    def uncover(self) -> None:
        self.is_covered = False

    def conceal(self, *, is_concealed: bool) -> None:
        self.is_concealed = is_concealed

    def release(self) -> None: ...

    def close(self) -> None: ...

    def _settle(self, what: str, done: Callable[[bool], None]) -> None:
        self.work.append(what)
        if not self.can_save:
            done(False)
            return
        self.shown = replace(self.shown, unsaved=False)
        done(True)


@dataclass
class Flags:
    """Where functions stand; a test edits it."""

    trouble: str | None = None

    stages: dict[Function, Stage] = field(
        default_factory=lambda: (
            dict.fromkeys(Function, Stage.LEGACY)
            | {Function.PATIENTS: Stage.LEAD, Function.APPOINTMENTS: Stage.TRIAL}
        )
    )
    stopped: set[Function] = field(default_factory=set)

    def standings(self) -> Mapping[Function, Standing]:
        return {
            function: Standing(stage=stage, is_stopped=function in self.stopped)
            for function, stage in self.stages.items()
        }


def offer_of(environment: Environment = Environment.REFERENCE) -> CloudOffer:
    """A cloud with pages for patients and appointments."""
    return CloudOffer(
        environment=environment,
        ods=ODS,
        practice="Fernbrook Surgery",
        today=TODAY,
        fhir="http://cloud.example/Y99002/fhir",
        functions=tuple(
            FunctionPages(
                function=function,
                title=function.value.capitalize(),
                url="http://cloud.example/p" if place < 2 else None,
                patient_url=None,
                needs_patient=False,
            )
            for place, function in enumerate(Function)
        ),
    )


class WindowStage:
    """An open window, its panes and what they were asked."""

    def __init__(
        self,
        choices: Choices,
        *,
        environment: Environment = Environment.REFERENCE,
        scheme: Scheme = Scheme.LIGHT,
        scale: float = 1.0,
        warnings: tuple[str, ...] = (),
        role: str = "receptionist",
        has_flags: bool = True,
        apps: tuple[AppOffer, ...] = (),
    ) -> None:
        offer = replace(offer_of(environment), apps=apps)
        self.flags = Flags()
        self.transport = MemoryTransport()
        self.published: list[datetime] = []
        theme = Theme(scheme, is_training=environment is Environment.TRAINING, scale=scale)
        person = Person(id="dawn.hartley", name="Dawn Hartley", role=role, session="s")
        self.window = MainWindow(theme, offer, person, warnings)
        self.cloud = Cloud(FhirClient(self.transport), offer, self.window)
        flags = self.flags if has_flags else Unmoved()
        rollout = Rollout(flags, offer.environment, offer.modules, choices.views, choices.keep)
        self.board = Switchboard(offer, rollout, self.cloud.identify, lambda: datetime.now(UTC))
        self.frame = KeyFrame(self.window, self.window.content, None, self.board.on_active)
        self.legacy = ScriptedHost(Side.LEGACY, self.board)
        self.pages = ScriptedHost(Side.CLOUD, self.board)
        hosts = {host.side: (host, host.widget) for host in (self.legacy, self.pages)}
        self.window.connect_to(self.board, self.cloud, rollout, choices, self.frame, hosts)
        self.window.resize(1440, 900)
        self.window.show()
        self.board.start({Side.LEGACY: self.legacy, Side.CLOUD: self.pages}, self.window, Function.PATIENTS)
        self.obey()

    def obey(self) -> None:
        """Both panes show what they were asked last."""
        if self.pages.asked:
            self.pages.obey()
        self.board.begin_rest()  # the page is painted
        self.legacy.obey()

    def open(self, patient: Patient | None) -> None:
        """Open a patient, and have both panes agree."""
        self.board.open_patient(patient)
        self.obey()

    def publish(self, *, function: str = "patients", age_seconds: float = 2, withheld: int = 0) -> None:
        """Have the mirror say how fresh a function is."""
        moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - age_seconds, UTC)
        self.published.append(moment)
        self.transport.basics.append(
            freshness_resource(
                Freshness(
                    function=function,
                    watermark=moment,
                    published_at=moment,
                    leads="cloud",
                    is_mirrored=True,
                    withheld=withheld,
                )
            )
        )

    def leave_unsettled(self, kind: TaskKind, patient: Patient | None, words: str = "Correct it.") -> None:
        """Have something wait for a person, as the mirror publishes it; the first is the oldest."""
        number = len(self.transport.tasks)
        task = MirrorTask(
            key=f"slot/{number}",
            kind=kind,
            is_open=True,
            about=None,
            patient=None if patient is None else f"Patient/{patient.fhir_id}",
            words=words,
            since=datetime(2026, 11, 17, 9, tzinfo=UTC) + timedelta(minutes=number),
        )
        self.transport.tasks.append(task_resource(task))

    def end(self) -> None:
        """Close the window and wait for its threads."""
        self.window.leave()
        self.cloud.stop()
        self.frame.stop()


def host_patient(patient: Patient) -> HostPatient:
    """A patient in the words of the panes."""
    return HostPatient(fhir_id=patient.fhir_id, patient_number=patient.patient_number)
