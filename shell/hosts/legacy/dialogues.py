"""A legacy program's own dialogues: windows apart, kept in front of the shell (hazard H22)."""

from collections.abc import Callable, Sequence

from shell.hosts.interface import Side
from shell.hosts.key_frame import KeyFrame
from shell.native.interface import FoundWindow, NativeWindows


class LegacyDialogues:
    """Keeps dialogues above the shell. Behind it, the program would look frozen.

    Args:
        native: the desktop's windows.
        frame: who has the keys.
        shell_keys: heard over a dialogue as well.
        is_alert: whether a window of the program's, other than the one in the pane, is one.
        heard: told which of them was pressed.
        asks: told whether a dialogue waits for its answer, when that changes.
    """

    def __init__(
        self,
        native: NativeWindows,
        frame: KeyFrame,
        shell_keys: Sequence[str],
        is_alert: Callable[[FoundWindow], bool],
        heard: Callable[[str], None],
        asks: Callable[[bool], None],
    ) -> None:
        self._native = native
        self._frame = frame
        self._shell_keys = shell_keys
        self._is_alert = is_alert
        self._heard = heard
        self._asks = asks
        self._open: list[int] = []
        self._hear_no_more: dict[int, Callable[[], None]] = {}
        self._unasked: set[int] = set()
        self._hidden: dict[int, bool] = {}
        """Of each window that was put away, whether it is an alert. One that is missing in a look may only be
        on its way from the window manager's frame to the screen."""
        self._is_concealed = False

    @property
    def are_open(self) -> bool:
        """Whether one is on the screen, or would be if it were not concealed."""
        return bool(self._open)

    @property
    def are_concealed(self) -> bool:
        """Whether nothing of the program's may be seen."""
        return self._is_concealed

    def look(self, main: FoundWindow) -> None:
        """Raise those that came; when the last one went, the keys go back to whoever is active."""
        if main.pid is None:
            return
        # by process, not by class: some toolkits give a dialogue a class of its own
        of_program = [one for one in self._native.find(pids={main.pid}) if one.window_id != main.window_id]
        self._hide(of_program)
        found = [
            window.window_id
            for window in of_program
            if window.is_shown and window.window_id not in self._hidden and self._is_alert(window)
        ]
        found += [window for window, is_alert in self._hidden.items() if is_alert]
        new, have_gone = [window for window in found if window not in self._open], bool(self._open)
        self._take(found)
        self._unasked.intersection_update(found)
        if self._frame.active is not Side.LEGACY:
            self._unasked.update(new)
        for window in new:
            hear_no_more = self._native.hear_keys(window, self._shell_keys, self._heard)
            self._hear_no_more[window] = hear_no_more
            # whoever types into the page goes on typing there: the dialogue is raised, and no more
            if not self._is_concealed:
                self._raise(window, with_keys=self._frame.active is Side.LEGACY)
        if have_gone and not found:
            self._frame.on_frame_focused()

    def take_keys(self) -> None:
        """Put the topmost in front and give it the keys: the main window takes none while it is open."""
        if self._open and not self._is_concealed:
            self._unasked.discard(self._open[-1])
            self._raise(self._open[-1], with_keys=True)

    def took_keys(self, window: int) -> bool:
        """Whether a window that has the keys is a dialogue, and keeps them.

        One that came up by itself while keys went elsewhere, and was given them by the window manager, gives
        them back: what is being typed may not answer it (hazard H25).
        """
        if window in self._unasked:
            self._unasked.discard(window)
            self._frame.on_frame_focused()
            return False
        return window in self._open

    def conceal(self, main: FoundWindow | None) -> None:
        """Have none of the program's own windows seen, those that come meanwhile neither: all is locked."""
        self._is_concealed = True
        if main is not None:
            self.look(main)

    def reveal(self) -> None:
        """Show again what `conceal` took off the screen, in front of the shell."""
        self._is_concealed = False
        if self._frame.active is not Side.LEGACY:
            self._unasked.update(self._open)
        self.let_go()
        for window in self._open:
            self._raise(window, with_keys=False)

    def forget(self) -> None:
        """The program has gone, or is on its own again: what was put away is shown by `let_go`."""
        self._take([])
        self._unasked = set()

    def let_go(self) -> None:
        """Show what was put away, of a program that is on its own now.

        To be called once its main window is there: Tk takes a dialogue along when that comes or goes.
        """
        hidden, self._hidden = self._hidden, {}
        for window in hidden:
            self._native.show(window)

    def _hide(self, windows: Sequence[FoundWindow]) -> None:
        """Each main window too: of two it shows one of them outside of the pane."""
        if self._is_concealed:
            for window in windows:
                if window.is_shown:
                    self._hidden[window.window_id] = self._is_alert(window)
                    self._native.hide(window.window_id)

    def _take(self, found: list[int]) -> None:
        were_open, self._open = self.are_open, found
        for window in self._hear_no_more.keys() - found:
            self._hear_no_more.pop(window)()
        if were_open != self.are_open:
            self._asks(self.are_open)

    def _raise(self, window: int, *, with_keys: bool) -> None:
        self._native.keep_dialogue(window, int(self._frame.top.winId()), with_keys=with_keys)
