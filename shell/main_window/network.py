"""Reads from the cloud on threads of their own, so that the window's thread never waits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal

from shell.errors import CloudError
from shell.functions import CloudOffer
from shell.hosts.smart.launching import AppLaunch, LaunchWish, launch, let_in
from shell.main_window.finding import Found
from shell.main_window.unread import Unread, unread_of
from shell.patient import Patient, patient_of, person_words
from web_modules.fhir import systems
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError, FhirForbidden, FhirGone, FhirNotFound
from web_modules.fhir.mirror_status import Freshness, freshness_of
from web_modules.fhir.mirror_tasks import OPEN_STATUSES, Unsettled, task_of, unsettled, unsettled_by_patient
from web_modules.fhir.patient_search import Wanted, patient_query
from web_modules.fhir.resource_json import Resource
from web_modules.fhir.searchset import matches, withholds

_TIMEOUT_SECONDS = 5.0
_PULSE_MILLISECONDS = 1000  # freshness is told in seconds
_REFUSED_MILLISECONDS = 30_000  # each refusal stands in the cloud's audit
_FOUND_AT_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What the mirror last said, or since when the cloud does not answer.

    Attributes:
        freshness: by function id.
        unsettled: what waits for a person, in the whole practice.
        of_patients: the same of each patient of whom something waits, by FHIR id.
        silent_since: when the cloud was last heard; None while it answers.
        hidden: types of resources that the person's role may not see.
        is_signed_out: whether the cloud answers, but not to this person any more.
    """

    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    unsettled: Unsettled = field(default_factory=Unsettled)
    of_patients: Mapping[str, Unsettled] = field(default_factory=dict)
    silent_since: datetime | None = None
    hidden: frozenset[str] = frozenset()
    is_signed_out: bool = False


class _Answer(QObject):
    """Carries an answer from a thread of the pool to the window's thread."""

    came = Signal(object, object)


class _Job(QRunnable):
    """One read on a thread of the pool."""

    def __init__(self, read: Callable[[], Any]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.answer = _Answer()
        self._read = read

    def run(self) -> None:
        """Read; a failure is an answer too."""
        try:
            self.answer.came.emit(self._read(), None)
        except (FhirError, CloudError) as error:
            self.answer.came.emit(None, error)


class SessionBearer:
    """The session by which the cloud knows the person: another one after they signed in again.

    See `web_modules.fhir.transport.Credentials`. Safe from every thread.
    """

    def __init__(self, session: str) -> None:
        self.session = session

    def token(self) -> str:
        """The session that holds now."""
        return self.session

    def forget(self, token: str) -> None:
        """There is no other until somebody signs in."""


class Cloud(QObject):
    """The cloud as the window reads it.

    Signals:
        pulse: a `Pulse`, about once a second.
    """

    pulse = Signal(object)

    def __init__(self, client: FhirClient, offer: CloudOffer, parent: QObject) -> None:
        super().__init__(parent)
        self._client = client
        self._offer = offer
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(4)
        self._jobs: set[_Job] = set()
        self._heard_at = datetime.now(UTC)
        self._last = Pulse()
        self._timer = QTimer(self, interval=_PULSE_MILLISECONDS)
        self._timer.timeout.connect(self._beat)
        self._practitioners: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._is_role_known = False
        self._is_beating = False
        self._is_stopped = False

    def start(self) -> None:
        """Begin to ask how the mirror is."""
        self._timer.start()
        self._beat()

    def sign_in_again(self) -> None:
        """The person is known to the cloud again."""
        self._last = replace(self._last, is_signed_out=False)
        self._timer.setInterval(_PULSE_MILLISECONDS)
        self._beat()

    def stop(self) -> None:
        """Ask nothing more, and wait for what was asked."""
        self._timer.stop()
        self._is_stopped = True  # an answer that comes now would be to a window that is no more
        self._pool.clear()
        self._pool.waitForDone(int(_TIMEOUT_SECONDS * 1000))

    def patient(self, fhir_id: str, done: Callable[[Patient | None], None]) -> None:
        """Read one patient; None when there is none or the cloud does not answer."""
        self._ask(lambda: self._patient(fhir_id), lambda found, _error: done(found))

    def launch(self, session: str, wish: LaunchWish, done: Callable[[AppLaunch | CloudError], None]) -> None:
        """Get a launch for an application, or why there is none."""
        self._ask(lambda: launch(self._offer, session, wish), _either(done))

    def let_in(
        self, session: str, made: AppLaunch, address: str, done: Callable[[str | CloudError], None]
    ) -> None:
        """Have an application let in: where it goes on, or why it does not."""
        self._ask(lambda: let_in(made, session, address), _either(done))

    def identify(self, number: str, done: Callable[[Sequence[Patient] | None], None]) -> None:
        """Find who bears a number of the practice; None when the cloud does not answer."""
        system = systems.patient_number(self._offer.ods)
        self._ask(
            lambda: self._find({"identifier": f"{system}|{number}"}),
            lambda found, _error: done(None if found is None else found.patients),
        )

    def search(self, wanted: Wanted, done: Callable[[Found | Unread], None]) -> None:
        """Find patients.

        Args:
            wanted: of nothing, nobody is found.
            done: is given who was found, or why nobody could be looked for.
        """
        if wanted.is_nothing:
            done(Found())
            return
        query = patient_query(wanted, self._offer.ods)
        self._ask(
            lambda: self._find(query),
            lambda found, error: done(found if found is not None else unread_of(error)),
        )

    def _patient(self, fhir_id: str) -> Patient:
        resource = self._client.read("Patient", fhir_id)
        patient = patient_of(resource, self._offer.ods)
        if patient.usual_gp:
            return patient
        references = [str(one.get("reference", "")) for one in resource.get("generalPractitioner", [])]
        names = [self._practitioner(one) for one in references if one.startswith("Practitioner/")]
        return replace(patient, usual_gp=next(filter(None, names), ""))

    def _practitioner(self, reference: str) -> str:
        """A practitioner's name; asked once a window, as it is needed each time a patient is read again."""
        if reference not in self._practitioners:
            try:
                found = self._client.read("Practitioner", reference.removeprefix("Practitioner/"))
            except (FhirNotFound, FhirGone):
                found = {}
            self._practitioners[reference] = person_words(found.get("name", []))
        return self._practitioners[reference]

    def _find(self, query: dict[str, str | Sequence[str]]) -> Found:
        asked = query | {"_count": str(_FOUND_AT_MOST), "_total": "accurate"}
        bundle = self._client.search_page("Patient", asked)
        patients = tuple(patient_of(one, self._offer.ods) for one in matches(bundle))
        has_more = any(link.get("relation") == "next" for link in bundle.get("link", []))
        total = bundle.get("total", None if has_more else len(patients))
        return Found(patients=patients, total=total, is_withheld=withholds(bundle))

    def _beat(self) -> None:
        if not self._is_beating:
            self._is_beating = True
            self._ask(self._read_pulse, self._took_pulse)

    def _read_pulse(self) -> Pulse:
        fresh = [freshness_of(one) for one in self._unless_hidden("Basic", {"code": "freshness"})]
        found = [task_of(one) for one in self._unless_hidden("Task", {"status": ",".join(OPEN_STATUSES)})]
        if "Task" in self._hidden and not self._is_role_known:
            self._unless_hidden("Patient", {"_summary": "count"})  # what is said depends on it
            self._is_role_known = True
        tasks = [one for one in found if one is not None]
        return Pulse(
            freshness={one.function: one for one in fresh if one is not None},
            unsettled=unsettled(tasks),
            of_patients=unsettled_by_patient(tasks),
            hidden=frozenset(self._hidden),
        )

    def _unless_hidden(self, resource_type: str, query: Mapping[str, str]) -> Sequence[Resource]:
        """What is found, or nothing where the role may not see it: that is not asked for again.

        Of freshness it is: some answer has to say that the cloud is there.
        """
        if resource_type in self._hidden and resource_type != "Basic":
            return ()
        try:
            return self._client.search(resource_type, query)
        except FhirForbidden as error:
            if error.is_signed_out:
                raise
            self._hidden.add(resource_type)
            return ()

    def _took_pulse(self, pulse: Pulse | None, error: Exception | None) -> None:
        self._is_beating = False
        if pulse is not None and error is None:
            self._heard_at = datetime.now(UTC)
            self._last = pulse
        elif unread_of(error) is Unread.SIGNED_OUT:
            self._last = replace(self._last, silent_since=None, is_signed_out=True)
        else:
            self._last = replace(self._last, silent_since=self._heard_at)
        if self._last.is_signed_out or "Basic" in self._last.hidden:
            self._timer.setInterval(_REFUSED_MILLISECONDS)
        self.pulse.emit(self._last)

    def _ask(self, read: Callable[[], Any], done: Callable[[Any, Exception | None], None]) -> None:
        job = _Job(read)
        self._jobs.add(job)

        def answered(value: Any, error: Exception | None) -> None:
            self._jobs.discard(job)
            if not self._is_stopped:
                done(value, error)

        job.answer.came.connect(answered, Qt.ConnectionType.QueuedConnection)
        self._pool.start(job)


def _either(done: Callable[[Any], None]) -> Callable[[Any, Exception | None], None]:
    """Hand on what was answered, or why nothing was."""
    return lambda value, error: done(value if error is None else error)
