"""The window: draws what the switchboard says, and tells it what the person asks for."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from html import escape

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QWidget

from shell.context.hub import Dispute
from shell.context.shown import Shown, Side
from shell.functions import CloudOffer, FunctionPages
from shell.hosts.interface import Host
from shell.hosts.key_frame import KeyFrame
from shell.main_window.apps import Apps
from shell.main_window.cards import Cards
from shell.main_window.choices import Choices
from shell.main_window.draft_line import DraftLine
from shell.main_window.finding import Action, actions_for
from shell.main_window.frame import WindowFrame
from shell.main_window.freshness import PRACTICE_ZONE, MirrorLine
from shell.main_window.mirror_news import MirrorNews
from shell.main_window.network import Cloud, Pulse
from shell.main_window.notice import Choice
from shell.main_window.open_record import OpenRecord
from shell.main_window.pane import Pane
from shell.main_window.pane_words import PaneWords
from shell.main_window.refusal_line import RefusalLine
from shell.main_window.rollout_lines import RolloutLines
from shell.main_window.shell_keys import ShellKeys
from shell.main_window.theme import Theme
from shell.main_window.unread import Unread
from shell.main_window.wording import (
    FAILED_IN_DISPUTE,
    disagreement_words,
    dispute_choices,
    dispute_words,
)
from shell.meeting import Person
from shell.patient import Patient
from shell.rollout import Rollout
from shell.switchboard import SIDES_OF_VIEW, Switchboard
from web_modules.decision.decision import Decision
from web_modules.decision.words import Function, Stage, View

_TICK_MILLISECONDS = 200
"""Ages on the glass are told in seconds; a veil never waits for a tick (hazard H01)."""
_SAID_MILLISECONDS = 8000  # long enough to read two sentences
_CLOSE: Sequence[Choice] = [("close", "Close", None, "text")]
_MOST_RECENT = 8
_SHORT = 500
"""Drawn pixels. A lower window keeps its room for the panes: what the page says too is not said twice."""


class MainWindow(WindowFrame):
    """The top-level window; `shell.switchboard.Glass`.

    Args:
        theme: the look.
        offer: what the cloud offers.
        person: who is signed in.
        warnings: one more stripe each.
    """

    def __init__(self, theme: Theme, offer: CloudOffer, person: Person, warnings: Sequence[str]) -> None:
        super().__init__(theme, offer, person, warnings)
        self._offer = offer
        self._person = person
        self._refusal = RefusalLine(self.refusal, person.role, offer.environment)
        self.patient: Patient | None = None
        self.panes: dict[Side, Pane] = {}
        self.pages = offer.functions[0]
        self._decision: Decision | None = None
        self._active: Side | None = None
        self._recent: list[Patient] = []
        self._failed = ""
        self._is_leaving = False
        self.drafts: DraftLine | None = None
        self._tick_timer = QTimer(self, interval=_TICK_MILLISECONDS)
        self._tick_timer.timeout.connect(self._tick)
        self._said_timer = QTimer(self, singleShot=True, interval=_SAID_MILLISECONDS)
        self._said_timer.timeout.connect(self.said.hide)

    def connect_to(
        self,
        switchboard: Switchboard,
        cloud: Cloud,
        rollout: Rollout,
        choices: Choices,
        frame: KeyFrame,
        hosts: Mapping[Side, tuple[Host, QWidget]],
    ) -> None:
        """Take in the panes and begin to listen."""
        self._board, self._rollout, self._cloud = switchboard, rollout, cloud
        self._news = MirrorNews(self, rollout)
        self._frame = frame
        self._hosts = {side: host for side, (host, _) in hosts.items()}
        for side, (_, widget) in hosts.items():
            pane = Pane(self._theme, side, widget)
            pane.veil.put_back.connect(switchboard.hub.put_back)
            pane.veil.follow.connect(switchboard.hub.follow)
            pane.veil.try_again.connect(partial(switchboard.restart, side))
            pane.strip.where_wanted.connect(switchboard.show_where)
            self.panes[side] = pane
            self.splitter.addWidget(pane)
        self.apps = Apps(self._offer, self._person.session, self._theme, self, switchboard, cloud)
        self._words = PaneWords(self.panes, self, switchboard.hub, self.apps.words)
        self.record = OpenRecord(self.banner, cloud, self.today, self._record_changed)
        self.cards = Cards(self._theme, self, switchboard, cloud, frame)
        self._pages_widget = hosts[Side.CLOUD][1]
        self._keys = ShellKeys(self, self._pages_widget, self._offer, switchboard, self.cards)
        self._rollout_lines = RolloutLines(
            self.invitation, self.waiting, self.function_bar, switchboard, rollout, choices
        )
        self.rail.show_apps(has_some=bool(self._offer.apps))
        self._listen()
        self._tick_timer.start()

    def take_drafts(self, drafts: DraftLine) -> None:
        """Have drafts to offer."""
        self.drafts = drafts

    def show_drafts(self) -> None:
        """Say what there is to say of drafts."""
        drafts = self.drafts
        if drafts is not None and self._decision is not None:
            drafts.show(self.patient, self.pages.function, is_seen=self.is_page_seen)
            words = drafts.untold()
            if words:
                self.show_notice(words)

    def draft_kept(self) -> str:
        """When what stands on the page was kept; empty while nothing is, or it is not yet."""
        return self.drafts.kept() if self.drafts is not None else ""

    def draft_waits(self) -> str:
        """Up to when work of a page that ended is kept; empty: nothing is."""
        return self.drafts.waits(self.patient, self.pages.function) if self.drafts is not None else ""

    def recent(self) -> Sequence[Patient]:
        """Who was open before, the last one first."""
        return [one for one in self._recent if self.patient is None or one.fhir_id != self.patient.fhir_id]

    def today(self) -> date:
        """The environment's day."""
        return self._offer.today or datetime.now(PRACTICE_ZONE).date()

    @property
    def decision(self) -> Decision | None:
        """Of the function on the glass."""
        return self._decision

    @property
    def has_page(self) -> bool:
        """Whether the new pane is on the glass."""
        return self._decision is not None and Side.CLOUD in self._visible_sides(self._decision)

    @property
    def is_page_seen(self) -> bool:
        """Whether the new pane is on the glass, unveiled and unlocked, and both panes show one patient."""
        is_bare = not (self.cards.is_locked or self.panes[Side.CLOUD].is_veiled)
        return self.has_page and is_bare and self._board.hub.dispute is None

    @property
    def is_short(self) -> bool:
        """Whether there is no room to say twice what a page says too."""
        return self.height() < self._theme.px(_SHORT)

    @property
    def is_cloud_silent(self) -> bool:
        """Whether the cloud cannot be reached."""
        return self._news.is_silent

    def withheld(self) -> int:
        """How many confidential patients are only on the legacy screen."""
        return self._news.withheld

    def mirror_line(self) -> MirrorLine | None:
        """How the mirror stands; None while that is not known."""
        return self._news.line()

    def freeze_panes(self, *, is_frozen: bool) -> None:
        """Show a picture in place of the foreign window, or the window itself again."""
        if Side.LEGACY in self.panes:
            self.panes[Side.LEGACY].show_still(is_still=is_frozen)

    def give_keys_back(self, side: Side | None) -> None:
        """Give the keys to the pane that had them, or to what is on the glass now."""
        if side is not None and self._decision is not None and side in self._visible_sides(self._decision):
            self._hosts[side].take_keys()
        elif side is not None:
            self._give_keys()

    def unread(self, why: Unread) -> tuple[str, str]:
        """What is said where patients cannot be seen: what it is, and what to do."""
        return self._refusal.words(why)

    def goals(self) -> list[Action]:
        """All that the palette can go to."""
        apps = self.apps.actions()
        return actions_for(self._offer, self.pages.title, self._board.decision, self.patient, apps)

    def act(self, action: str) -> None:
        """Do one of the palette's actions."""
        kind, _, what = action.partition(":")
        if kind == "view":
            self._board.choose(View(what))
        elif kind == "function":
            self._board.select(Function(what))
        elif kind == "close":
            self._board.open_patient(None)
        elif kind == "keys":
            self.cards.show_keys()
        elif kind == "where":
            self._board.show_where()
        elif kind == "print":
            self.cards.print_page()
        elif kind == "differences":
            self.cards.open_differences()
        elif kind == "desk":
            self.cards.open_desk()
        elif kind in ("app", "leave-app"):
            self.apps.act(kind, what)
        elif kind == "lock":
            self.cards.lock_wanted.emit()

    # -- Glass ----------------------------------------------------------------------------------------------

    def show_function(self, pages: FunctionPages, decision: Decision) -> None:
        """Draw a function's bar and lay out the panes of its view."""
        self.pages, self._decision = pages, decision
        self.rail.show_stages({one.function: self._stage(one.function) for one in self._offer.functions})
        self.rail.show_current(pages.function)
        self.function_bar.show_function(pages, decision, self._stage(pages.function))
        self._show_rollout()
        self.lay_out_panes()
        self._words.say_what_is_gone()
        self._show_ages()
        self._give_keys()

    def lay_out_panes(self) -> None:
        """Have on the glass the panes of the view, and that of an application."""
        visible = [] if self._decision is None else self._visible_sides(self._decision)
        for side, pane in self.panes.items():
            pane.setVisible(side in visible)
        self.arrange(is_pair=len(visible) == 2)
        self._show_active_strips()
        self._show_elsewhere()
        self._words.show_strips()

    def leave_app(self) -> None:
        """The person goes elsewhere: an application makes room, and stays as it is."""
        self.apps.put_back()

    def show_patient(self, patient: Patient | None) -> None:
        """Draw the banner; what was copied from one patient is not pasted into another (hazard H25)."""
        if self.patient is not None and (patient is None or patient.fhir_id != self.patient.fhir_id):
            QGuiApplication.clipboard().clear()
        self.patient = patient
        self.show_drafts()
        self.apps.patient_changed(patient)
        self.cards.patient_changed(patient)
        self.record.show(patient)
        self._news.show_unsettled()
        self.banner.show_warning(None)
        self._words.say_what_is_waited_for()
        self._show_rollout()
        if patient is not None:
            others = [one for one in self._recent if one.fhir_id != patient.fhir_id]
            self._recent = [patient, *others][:_MOST_RECENT]
            self.rail.show_recent(self._recent)

    def show_shown(self, side: Side, shown: Shown) -> None:
        """Draw what a pane was seen to show."""
        if self._words.read(side, shown):
            self.record.refresh()  # what was saved may stand on the banner

    def show_veil(self, side: Side, *, is_veiled: bool) -> None:
        """Cover a pane opaquely, or not."""
        self._words.veil(side, is_veiled=is_veiled)
        self.show_drafts()
        if not is_veiled:
            self._give_keys()

    def show_dispute(self, dispute: Dispute | None) -> None:
        """Draw both identities and the two choices, or take them away."""
        self._failed = ""
        self._show_rollout()
        short, whole = disagreement_words(dispute) if dispute else (None, None)
        self.function_bar.show_warning(short)
        self.status_bar.show_trouble(whole)
        if dispute is None:
            self.banner.show_warning(None)
            self._words.say_what_is_waited_for()
        else:
            self.banner.show_warning("Check who is in front of you.", dispute_words(dispute, self.today()))
            self._show_choices(dispute)
        self._show_elsewhere()
        self._show_ages()

    def ask_vote(self, wanted: Patient | None, sides: Sequence[Side]) -> None:
        """Ask what becomes of unsaved work."""
        self.cards.ask_vote(wanted, sides)

    def show_active(self, side: Side | None) -> None:
        """Mark the pane that the keys go to."""
        self._active = side
        self._show_active_strips()
        focused = self.focusWidget()
        if side is Side.LEGACY and focused is not None and not self._pages_widget.isAncestorOf(focused):
            focused.clearFocus()  # else a ring would say that the keys go there

    def point_out(self, side: Side) -> None:
        """Have a pane catch the eye for a moment."""
        self.panes[side].strip.point_out()

    def show_gone(self, side: Side, reason: str | None) -> None:
        """Say that a pane's program ended and offer to start it again."""
        self._words.end(side, reason)
        self._give_keys()

    def show_notice(self, words: str, choices: Sequence[Choice] = _CLOSE) -> None:
        """Say something that needs no answer."""
        self.said.say(escape(words), choices)
        self._said_timer.start()

    def show_failure(self, words: str) -> None:
        """Say that what was chosen did not come to be: beside the choices, where there are some."""
        dispute = self._board.hub.dispute
        if dispute is None:
            self.show_notice(words)
            return
        self._failed = f"{words} {FAILED_IN_DISPUTE}"
        self._show_choices(dispute)
        self._show_elsewhere()

    def open_patient(self, fhir_id: str) -> None:
        """A page asks for a patient: read, then opened."""
        self._cloud.patient(fhir_id, self._open_found)

    def press(self, key: str) -> None:
        """A key of the shell was pressed over a foreign window."""
        self._keys.press(key)

    # -- Qt -------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about unsaved work on both sides first."""
        sides = [] if self._is_leaving else self._board.unsaved()
        if sides or (not self._is_leaving and self.cards.has_more_to_lose):
            event.ignore()
            self.cards.ask_close(sides, self.leave)
        else:
            self._tick_timer.stop()
            event.accept()
            QTimer.singleShot(0, self.gone.emit)

    def leave(self) -> None:
        """Close without asking again."""
        self._is_leaving = True
        self.close()

    # -- what the person does -------------------------------------------------------------------------------

    def _listen(self) -> None:
        board = self._board
        self.top_bar.find_wanted.connect(self.cards.open_palette)
        self.banner.close_wanted.connect(lambda: board.open_patient(None))
        self.banner.differences_wanted.connect(self.cards.open_differences)
        self.rail.chosen.connect(board.select)
        self.rail.desk_wanted.connect(self.cards.open_desk)
        self.rail.apps_wanted.connect(self.cards.open_apps)
        self.panes[Side.CLOUD].strip.closed.connect(self.apps.ask_close)
        self.rail.recent_chosen.connect(lambda patient: self.open_patient(patient.fhir_id))
        self.function_bar.view_chosen.connect(board.choose)
        self.silence.pressed.connect(lambda _name: board.choose(View.LEGACY))
        self.elsewhere.pressed.connect(self._answer_elsewhere)
        self.refusal.pressed.connect(lambda _name: self.close())
        self.said.pressed.connect(lambda _name: self.said.hide())
        self.said.pressed.connect(self.apps.answer)
        self._cloud.pulse.connect(self._took_pulse)
        self.resized.connect(self._news.show_unsettled)

    def _open_found(self, patient: Patient | None) -> None:
        if patient is None:
            self.show_notice("The patient could not be read. Nothing was changed.")
        else:
            self._board.open_patient(patient)

    def _show_rollout(self) -> None:
        if self._decision is not None:
            self._rollout_lines.show(self.pages, self._decision)

    def _show_choices(self, dispute: Dispute) -> None:
        if Side.CLOUD in self.panes:
            self._words.wait_no_more(Side.CLOUD)
            self.panes[Side.CLOUD].veil.show_dispute(dispute, self.today(), self._failed)

    def _show_elsewhere(self) -> None:
        """The question of two patients where its veil is not on the glass."""
        dispute = self._board.hub.dispute
        decision = self._decision
        if dispute is None or decision is None or self.has_page:
            self.elsewhere.hide()
            return
        failed = f"<b>{escape(self._failed)}</b> " if self._failed else ""
        choices = [(name, words, None, "plain") for name, words in dispute_choices(dispute)]
        self.elsewhere.say(failed + escape(dispute_words(dispute, self.today())), choices)

    def _answer_elsewhere(self, name: str) -> None:
        (self._board.hub.follow if name == "follow" else self._board.hub.put_back)()

    # -- what is told by the second -------------------------------------------------------------------------

    def _took_pulse(self, pulse: Pulse) -> None:
        self._news.take(pulse)
        self._refusal.show(pulse)
        if pulse.silent_since is None:
            self.record.refresh()
        self._show_ages()

    def _tick(self) -> None:
        self._board.hub.tick()
        now = datetime.now(PRACTICE_ZONE)
        self.status_bar.show_clock(datetime.combine(self.today(), now.time(), PRACTICE_ZONE))
        self._show_ages()
        self._words.tick()

    def _show_ages(self) -> None:
        line = self.mirror_line()
        if line is not None and self._board.hub.dispute is None:
            self.function_bar.show_mirror(line)
        if line is not None:
            self.status_bar.show_mirror(line)
        self.banner.show_copy(self._news.copy_words())
        self._words.show_strips()
        self.show_drafts()

    # -- inside ---------------------------------------------------------------------------------------------

    def _record_changed(self, patient: Patient) -> None:
        self.patient = patient
        self._news.show_unsettled()
        self._board.record_changed(patient)
        self._recent = [patient if one.fhir_id == patient.fhir_id else one for one in self._recent]
        self.rail.show_recent(self._recent)
        self._show_ages()

    def _stage(self, function: Function) -> Stage:
        return self._rollout.standing(function).stage

    def _visible_sides(self, decision: Decision) -> list[Side]:
        wanted = SIDES_OF_VIEW[decision.view]
        is_over = self.apps.is_in_front
        return [side for side in self.panes if side in wanted or (side is Side.CLOUD and is_over)]

    @property
    def _has_both(self) -> bool:
        is_offered = self._decision is not None and View.SIDE_BY_SIDE in self._decision.views
        return is_offered and len(self.panes) == len(Side)

    def _give_keys(self) -> None:
        """Keys that nobody has go to the one pane on the glass, or to the page of two, once it is seen."""
        if self._decision is None or self._frame.active is not None or self.overlay.is_open:
            return
        sides = self._visible_sides(self._decision)
        gone = [self.panes[side].veil.card for side in sides if self.panes[side].is_gone]
        if not self.isActiveWindow():
            return
        if gone:
            # what is still being typed for a program that died lands nowhere, least of all in the other pane
            if self.focusWidget() in (None, self.content):
                self._frame.give_to_shell(gone[0])
        elif not self.panes[sides[-1]].is_veiled:
            self._hosts[sides[-1]].take_keys()

    def _show_active_strips(self) -> None:
        is_alone = self._decision is None or len(self._visible_sides(self._decision)) < 2
        for side, pane in self.panes.items():
            pane.strip.show_active(side is self._active, is_alone=is_alone)
            pane.strip.show_where(can_ask=is_alone and self._has_both)
