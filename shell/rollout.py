"""What a person sees of each function: the flags' decision, pinned while a patient is open (hazard H11)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from web_modules.decision.decision import Decision, Standing, decide, starting_point
from web_modules.decision.words import Environment, Function, View


class Standings(Protocol):
    """Where every function stands now; `web_modules.decision.flags.FlagFile` is the real one."""

    @property
    def trouble(self) -> str | None:
        """Why the last edit was refused; None: it was not."""

    def standings(self) -> Mapping[Function, Standing]:
        """Where every function stands by the last edit that could be read."""


class Unmoved:
    """Without a flag file nothing has begun to move: every function is on its legacy screen."""

    trouble: str | None = None

    def standings(self) -> Mapping[Function, Standing]:
        """Every function at the first stage."""
        return starting_point()


class Rollout:
    """The decisions that this window goes by.

    An edit of the flags moves view and leading side together, and only while no patient is open. The kill
    switch alone takes effect at once: it makes the module read-only and moves no view. What was chosen before
    does not bring a stopped page to the next patient; chosen again, it can be read.

    Args:
        flags: where functions stand.
        environment: where the window runs.
        modules: the functions for which the cloud has pages.
        choices: the views that the person chose, by function; kept up to date here.
        keep: told of each choice, so that it outlives the window.
    """

    def __init__(
        self,
        flags: Standings,
        environment: Environment,
        modules: Iterable[Function],
        choices: dict[Function, View],
        keep: Callable[[Mapping[Function, View]], None],
    ) -> None:
        self._flags = flags
        self._environment = environment
        self._modules = frozenset(modules)
        self._choices = choices
        self._keep = keep
        self._pinned = dict(flags.standings())
        self._is_pinned = False
        self._chosen_to_read: dict[Function, View] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether an edit waits for the patient to be closed."""
        return any(self.awaited(function) is not None for function in Function)

    @property
    def has_flags(self) -> bool:
        """Whether a flag file was named: without one nobody knows here what is mirrored."""
        return not isinstance(self._flags, Unmoved)

    @property
    def is_unreadable(self) -> bool:
        """Whether the last edit of the flags was refused: what they said before still holds."""
        return self._flags.trouble is not None

    def decision(self, function: Function) -> Decision:
        """What the person sees of a function, and why."""
        pinned = self._pinned[function]
        now = replace(pinned, is_stopped=self._flags.standings()[function].is_stopped)
        return replace(self._decide(function, now), view=self._decide(function, pinned).view)

    def awaited(self, function: Function) -> Decision | None:
        """The decision by an edit of the flags that waits until the patient is closed; None: nothing waits.

        The kill switch alone does not wait.
        """
        pinned, now = self._pinned[function], self._flags.standings()[function]
        if not self._is_pinned or replace(now, is_stopped=pinned.is_stopped) == pinned:
            return None
        return self._decide(function, now)

    def now(self, function: Function) -> Decision:
        """The decision by the flags as they are, patient or not: the mirror goes by them at once."""
        return self.awaited(function) or self.decision(function)

    def standing(self, function: Function) -> Standing:
        """Where a function stands in this window."""
        return self._pinned[function]

    def stopped(self) -> frozenset[Function]:
        """Where the kill switch is on: this is asked of the flags themselves, patient or not."""
        return frozenset(function for function, one in self._flags.standings().items() if one.is_stopped)

    def choose(self, function: Function, view: View) -> None:
        """Remember the view that the person chose; of a stopped page only as long as it is stopped."""
        if self._pinned[function].is_stopped:
            self._chosen_to_read[function] = view
            return
        self._choices[function] = view
        self._keep(self._choices)

    def pin(self) -> None:
        """A patient was opened: nothing moves from here."""
        self._is_pinned = True

    def unpin(self) -> None:
        """No patient is open: take up what the flags say now."""
        self._is_pinned = False
        self.take_up()

    def take_up(self) -> bool:
        """Take up an edit of the flags unless a patient is open.

        Returns:
            Whether anything changed.
        """
        now = dict(self._flags.standings())
        if self._is_pinned or now == self._pinned:
            return False
        self._pinned = now
        self._chosen_to_read = {
            one: view for one, view in self._chosen_to_read.items() if now[one].is_stopped
        }
        return True

    def _decide(self, function: Function, standing: Standing) -> Decision:
        return decide(
            standing,
            environment=self._environment,
            has_module=function in self._modules,
            chosen=(self._chosen_to_read if self._pinned[function].is_stopped else self._choices).get(
                function
            ),
        )
