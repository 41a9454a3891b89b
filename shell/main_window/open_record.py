"""The open patient's record on the banner: read again while the patient is open, same names looked for."""

from collections.abc import Callable, Sequence
from datetime import date

from PySide6.QtCore import QObject

from shell.banner.banner import Banner
from shell.main_window.finding import Found, same_name
from shell.main_window.network import Cloud
from shell.patient import Patient
from web_modules.fhir.patient_search import Wanted


class OpenRecord(QObject):
    """Keeps the banner as the record is.

    Args:
        banner: what is drawn on; lives as long as this.
        cloud: where records are read.
        today: says the environment's day.
        changed: told when the open patient's record is another than it was.
    """

    def __init__(
        self, banner: Banner, cloud: Cloud, today: Callable[[], date], changed: Callable[[Patient], None]
    ) -> None:
        super().__init__(banner)
        self._banner = banner
        self._cloud = cloud
        self._today = today
        self._changed = changed
        self._patient: Patient | None = None
        self._is_asking = self._is_outdated = False

    def show(self, patient: Patient | None) -> None:
        """Draw a patient who was opened, or nobody."""
        self._patient = patient
        self._banner.show_patient(patient, self._today())
        if patient is not None:
            self._look_for_same_name(patient)
            self.refresh()

    def refresh(self) -> None:
        """Read the record again; what does not answer changes nothing."""
        self._is_outdated = self._is_asking  # what is on its way may be older than this wish
        if self._patient is not None and not self._is_asking:
            self._is_asking = True
            self._cloud.patient(self._patient.fhir_id, self.read)

    def read(self, found: Patient | None) -> None:
        """Take what was read; None: it could not be."""
        self._is_asking = False
        if self._is_outdated:
            self.refresh()
        mine = self._patient
        if found is None or mine is None or found.fhir_id != mine.fhir_id or found == mine:
            return  # the answer of a patient who is no longer open is nobody's
        self._patient = found
        self._banner.show_patient(found, self._today())
        self._look_for_same_name(found)
        self._changed(found)

    def _look_for_same_name(self, patient: Patient) -> None:
        names = (*patient.family.split(), *patient.given.split()[:1])
        self._cloud.search(
            Wanted(names=names),
            lambda found: self._found(patient, found.patients if isinstance(found, Found) else ()),
        )

    def _found(self, patient: Patient, found: Sequence[Patient]) -> None:
        if self._patient == patient:
            self._banner.show_same_name(same_name(patient, found), self._today())
