"""SMART applications over the new pane: one at a time, for the patient whom it was opened for."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from secrets import token_urlsafe
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer

from shell.context.shown import Side
from shell.errors import CloudError
from shell.functions import AppOffer, CloudOffer
from shell.hosts.smart.app_page import AppListener
from shell.hosts.smart.launching import AppLaunch, LaunchWish
from shell.main_window.finding import APP_ICON, Action
from shell.main_window.network import Cloud
from shell.main_window.notice import Choice
from shell.main_window.theme import Theme
from shell.patient import Patient
from shell.switchboard import Switchboard

_ASKED: Sequence[Choice] = [
    ("lose", "Close it and lose them", None, "plain"),
    ("keep", "Keep it open", None, "plain"),
]


class House(Protocol):
    """The pane that applications are laid over."""

    @property
    def app_drafts(self) -> int:
        """How many drafts the application keeps, none of them on the record."""

    def open_app(self, launch: AppLaunch, fhir: str, listener: AppListener) -> None:
        """Show an application, in the place of one that was here."""

    def close_app(self) -> None:
        """End the application."""

    def bring_app(self, *, is_in_front: bool) -> None:
        """Show the application, or the page behind it."""

    def app_changed(self) -> None:
        """The application holds more or fewer drafts than before."""

    def take_keys(self) -> None:
        """Give it the keys."""


class Place(Protocol):
    """What applications need of the window."""

    patient: Patient | None

    def lay_out_panes(self) -> None:
        """Have on the glass the panes of the view, and that of an application."""

    def show_notice(self, words: str, choices: Sequence[Choice] = ...) -> None:
        """Say something."""


class Apps(QObject):
    """Opens applications, hears what they ask of the window, and ends them; `app_page.AppListener`.

    Args:
        offer: what the cloud offers.
        session: of the person, by which the cloud lets an application in.
        theme: the look.
        place: the window.
        board: goes where an application asks to go.
        cloud: grants launches.
    """

    def __init__(
        self, offer: CloudOffer, session: str, theme: Theme, place: Place, board: Switchboard, cloud: Cloud
    ) -> None:
        super().__init__(cloud)
        self._offer = offer
        self.session = session
        self._theme = theme
        self._place = place
        self._board = board
        self._cloud = cloud
        self._house: House | None = None
        self._wish: LaunchWish | None = None
        self._launch: AppLaunch | None = None
        self._patient: Patient | None = None
        self.is_in_front = False

    def take_house(self, house: House) -> None:
        """Have the pane that applications are laid over."""
        self._house = house

    def actions(self) -> list[Action]:
        """What can be done with applications."""
        found = [Action(id=f"app:{one.id}", words=one.name, icon=APP_ICON) for one in self._offer.apps]
        if self._launch is not None:
            name = self._launch.wish.app.name
            found.append(Action(id="leave-app:", words=f"Close {name}", icon=APP_ICON))
        return found

    def act(self, kind: str, app_id: str) -> None:
        """Do one of the actions."""
        if kind == "leave-app":
            self.ask_close()
        else:
            self.open(next(one for one in self._offer.apps if one.id == app_id))

    def open(self, app: AppOffer) -> None:
        """Open an application for the patient who is open; one that is there already comes to the front."""
        patient, hub = self._place.patient, self._board.hub
        if self._launch is not None and self._launch.wish.app.id == app.id:
            self._bring(is_in_front=True)
        elif app.needs_patient and patient is None:
            self._place.show_notice(f"{app.name} is about one patient. Open a patient first.")
        elif hub.dispute is not None or hub.is_veiled(Side.CLOUD):
            self._place.show_notice(f"{app.name} can be opened once the new pane shows this patient.")
        elif self._house is not None and self._may_close():
            fhir_id = None if patient is None else patient.fhir_id
            theme = self._theme.scheme.value
            wish = LaunchWish(app=app, patient=fhir_id, theme=theme, handle=token_urlsafe(32))
            self._wish = wish
            self._cloud.launch(self.session, wish, lambda made: self._launched(wish, made))

    def answer(self, name: str) -> None:
        """The person's answer about drafts."""
        if name == "lose":
            self.close()

    def ask_close(self) -> None:
        """End the application, unless it keeps drafts: then the person is asked first."""
        if self._may_close():
            self.close()

    def close(self) -> None:
        """End the application; what it kept is gone."""
        was_open = self._launch is not None
        self._launch = self._wish = None
        self.is_in_front = False
        if was_open and self._house is not None:
            self._house.close_app()
            self._place.lay_out_panes()

    def put_back(self) -> None:
        """Show the page behind it; it stays as it is."""
        if self.is_in_front:
            self._bring(is_in_front=False)

    def patient_changed(self, patient: Patient | None) -> None:
        """An application shows whom it was opened for, so it ends when that is somebody else (hazard H01)."""
        self._wish = None  # a launch that is on its way was for the one before
        if self._launch is not None and _fhir_id(patient) != _fhir_id(self._patient):
            name, whom = self._launch.wish.app.name, _whom(self._patient)
            self.close()
            self._place.show_notice(f"{name} was closed: it was opened for {whom}.")

    def keeps(self) -> str:
        """What the application keeps that is not on the record; empty when it keeps nothing."""
        if self._launch is None or not self._kept:
            return ""
        return f"{self._launch.wish.app.name} keeps {_drafts(self._kept)} not on the record"

    def words(self, fresh: str) -> tuple[str, str] | None:
        """What the strip says of the application in front, and at its right end; None: there is none.

        Args:
            fresh: how fresh the cloud's record is.
        """
        if self._launch is None or not self.is_in_front:
            return None
        kept = self._kept
        drafts = f" · {_drafts(kept)} not on the record" if kept else ""
        name, whom = escape(self._launch.wish.app.name), escape(_whom(self._patient))
        words = f"{name} · opened for <b>{whom}</b>{drafts}"
        return words, "reads the cloud's record" + (f" · {fresh}" if fresh else "")

    # -- what the application says (AppListener) -----------------------------------------------------------

    def done(self) -> None:
        """It asks to be closed."""
        if self._launch is None:
            return
        name, kept = self._launch.wish.app.name, self._kept
        self.close()
        if kept:
            self._place.show_notice(f"{name} closed itself. It kept {_drafts(kept)} not on the record.")

    def open_activity(self, activity: str, parameters: Mapping[str, Any]) -> str:
        """It asks for a function of the window, for its patient."""
        found = [one.function for one in self._offer.functions if one.function.value == activity]
        if not found:
            known = ", ".join(one.function.value for one in self._offer.functions)
            return f"This window opens {known}."
        whom = parameters.get("patient")
        if whom is not None and whom not in (_fhir_id(self._patient), f"Patient/{_fhir_id(self._patient)}"):
            return "This window shows another patient."
        if not self.is_in_front:
            return "The application is not on the glass."
        QTimer.singleShot(0, self, lambda: self._board.select(found[0]))
        return ""

    def failed(self, words: str) -> None:
        """It cannot go on."""
        self.close()
        self._place.show_notice(words)

    def drafts_changed(self) -> None:
        """It holds more or fewer drafts than before."""
        if self._house is not None:
            self._house.app_changed()

    def notice(self, words: str) -> None:
        """Something was refused."""
        self._place.show_notice(words)

    def let_in(self, address: str, done: Callable[[str | CloudError], None]) -> None:
        """Take its request to be let in to the cloud, as the person."""
        if self._launch is not None:
            self._cloud.let_in(self.session, self._launch, address, done)

    # -- inside --------------------------------------------------------------------------------------------

    def _launched(self, wish: LaunchWish, made: AppLaunch | CloudError) -> None:
        house = self._house
        if wish is not self._wish or house is None:
            return  # the patient changed, or another one was wished for
        self._wish = None
        if isinstance(made, CloudError):
            self._place.show_notice(str(made))
            return
        self.close()
        self._launch, self._patient = made, self._place.patient
        house.open_app(made, self._offer.fhir, self)
        self._bring(is_in_front=True)

    def _bring(self, *, is_in_front: bool) -> None:
        self.is_in_front = is_in_front
        if self._house is not None:
            self._house.bring_app(is_in_front=is_in_front)
            self._place.lay_out_panes()
            if is_in_front:
                self._house.take_keys()

    @property
    def _kept(self) -> int:
        return 0 if self._house is None else self._house.app_drafts

    def _may_close(self) -> bool:
        """Whether there is no application, or none that keeps drafts; else the person is asked."""
        keeps = self.keeps()
        if keeps:
            self._place.show_notice(f"{keeps}.", _ASKED)
        return not keeps


def _fhir_id(patient: Patient | None) -> str | None:
    return None if patient is None else patient.fhir_id


def _whom(patient: Patient | None) -> str:
    return "no patient" if patient is None else patient.short_name


def _drafts(number: int) -> str:
    return "1 draft" if number == 1 else f"{number} drafts"
