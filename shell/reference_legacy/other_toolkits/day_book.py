"""Day Book: an appointments diary in GTK 3 that is opened by address, and whose title says nothing.

`daybook://open?patient=104417&screen=visits` opens a patient in the Day Book that runs, or starts one. Whom
it shows, its driver asks at the same door. F7 goes to the remark, F10 saves it, Escape throws it away, F9 is
a notepad.

It runs by itself, without Banyan's packages: with the Python that has GTK (python3-gi, gir1.2-gtk-3.0).
"""

import argparse
import contextlib
import json
import socket
import sqlite3
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402 - after its version was chosen

_SCREENS = ("visits", "remarks")
_SAMPLE = (
    ("104417", "PATEL, Asha", "", "2026-11-17 09:10", "Ground floor room."),
    ("104981", "O'NEILL, Ciaran", "", "2026-11-17 09:20", ""),
    ("105003", "WHITLOCK, Joan", "Hard of hearing: speak to her daughter.", "2026-11-17 09:30", ""),
)


class Book:
    """The patients of the diary, in SQLite; a file that is not there is made with three of them."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        self._database = sqlite3.connect(path)
        if is_new:
            with self._database:
                self._database.execute(
                    "CREATE TABLE patient (number PRIMARY KEY, name, alert, visit, remark)"
                )
                self._database.executemany("INSERT INTO patient VALUES (?, ?, ?, ?, ?)", _SAMPLE)

    def patients(self) -> list[tuple[str, str]]:
        """Number and name of each."""
        return self._database.execute("SELECT number, name FROM patient ORDER BY number").fetchall()

    def read(self, number: str) -> tuple[str, str, str, str] | None:
        """Name, alert, visit and remark of a patient; None when there is no such number."""
        found = self._database.execute(
            "SELECT name, alert, visit, remark FROM patient WHERE number = ?", (number,)
        )
        row: tuple[str, str, str, str] | None = found.fetchone()
        return row

    def write(self, number: str, remark: str) -> None:
        """Save a patient's remark."""
        with self._database:
            self._database.execute("UPDATE patient SET remark = ? WHERE number = ?", (remark, number))


class DayBook:
    """The window."""

    def __init__(self, book: Book, door: socket.socket) -> None:
        self._book = book
        self._number: str | None = None
        self._is_changed = False
        self.window = Gtk.Window(title="Day Book")
        self.window.set_default_size(700, 440)
        self.window.set_size_request(520, 360)
        self._stack = Gtk.Stack()
        self._says = Gtk.Label(label="Nobody", xalign=0)
        self._visit = Gtk.Label(xalign=0, yalign=0)
        self._remark = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD)
        self._build()
        self.window.connect("key-press-event", self._pressed)
        self.window.connect("delete-event", lambda *_: not self._leave())
        self.window.connect("destroy", lambda _window: Gtk.main_quit())
        self._remark.get_buffer().connect("changed", lambda _buffer: self._changed())
        GLib.io_add_watch(door.fileno(), GLib.IO_IN, lambda *_: self._answer(door))
        self.window.show_all()

    def _build(self) -> None:
        around = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        top = Gtk.Box(spacing=6)
        top.pack_start(self._says, expand=True, fill=True, padding=0)
        top.pack_end(Gtk.StackSwitcher(stack=self._stack), expand=False, fill=False, padding=0)
        around.pack_start(top, expand=False, fill=False, padding=0)
        self._stack.add_titled(self._visit, "visits", "Visits")
        self._stack.add_titled(self._remark, "remarks", "Remarks")
        halves = Gtk.Paned()
        people = Gtk.ListBox()
        for number, name in self._book.patients():
            row = Gtk.ListBoxRow()
            row.add(Gtk.Label(label=f"{number}  {name}", xalign=0))
            row.number = number
            people.add(row)
        people.connect("row-activated", lambda _box, row: self.open(row.number, None))
        halves.pack1(people, resize=False, shrink=False)
        halves.pack2(self._stack, resize=True, shrink=False)
        around.pack_start(halves, expand=True, fill=True, padding=0)
        self.window.add(around)

    def open(self, number: str | None, screen: str | None) -> None:
        """Show a patient, or nobody, on a screen; the person is asked about what is not saved."""
        found = self._book.read(number) if number else None
        if (number and found is None) or not self._leave():
            return
        if screen in _SCREENS:
            self._stack.set_visible_child_name(screen)
        self._number = number
        name, alert, visit, remark = found or ("Nobody", "", "", "")
        self._says.set_text(f"{name}  {number or ''}")
        self._visit.set_text(visit)
        self._remark.set_sensitive(number is not None)
        self._fill(remark)
        if alert:
            self._ask("Day Book alert", alert, Gtk.ButtonsType.OK)

    def state(self) -> dict[str, object]:
        """What is shown, as the driver is told it."""
        screen = self._stack.get_visible_child_name()
        return {"patient": self._number, "screen": screen, "unsaved": self._is_changed}

    def _answer(self, door: socket.socket) -> bool:
        other, _ = door.accept()
        said = "state"
        with other, contextlib.suppress(OSError):  # whoever asked may not have waited for the answer
            said = other.recv(4000).decode()
            other.sendall(json.dumps(self.state()).encode())
        if said != "state":
            words = parse_qs(urlsplit(said).query)
            patient, screen = (words.get(name, [None])[0] for name in ("patient", "screen"))
            # not from here: a question waits for the person, and the door is to be answered meanwhile
            GLib.idle_add(lambda: self.open(patient, screen), priority=GLib.PRIORITY_HIGH)
        return True

    def _pressed(self, _window: object, event: Gdk.EventKey) -> bool:
        key = Gdk.keyval_name(event.keyval)
        if key == "F7":
            self._stack.set_visible_child_name("remarks")
            self._remark.grab_focus()
        elif key == "F10":
            self._save()
        elif key == "Escape" and self._number is not None:
            self._fill((self._book.read(self._number) or ("", "", "", ""))[3])
        elif key == "F9":
            self._notepad()
        return key in {"F7", "F9", "F10", "Escape"}

    def _fill(self, remark: str) -> None:
        self._remark.get_buffer().set_text(remark)
        self._is_changed = False

    def _changed(self) -> None:
        self._is_changed = self._number is not None

    def _save(self) -> None:
        if self._number is not None:
            text = self._remark.get_buffer()
            self._book.write(self._number, text.get_text(*text.get_bounds(), include_hidden_chars=False))
            self._is_changed = False

    def _notepad(self) -> None:
        pad = Gtk.Window(title="Day Book notepad")
        pad.add(Gtk.TextView(width_request=220, height_request=120))
        pad.show_all()

    def _leave(self) -> bool:
        if not self._is_changed:
            return True
        words = "Throw the changes away?"
        answer = self._ask("Day Book question", words, Gtk.ButtonsType.YES_NO)
        return answer == int(Gtk.ResponseType.YES)

    def _ask(self, title: str, words: str, buttons: Gtk.ButtonsType) -> int:
        dialogue = Gtk.MessageDialog(
            transient_for=self.window, modal=True, buttons=buttons, text=words, title=title
        )
        answer: int = dialogue.run()
        dialogue.destroy()
        return answer


def handed_over(path: str, address: str) -> bool:
    """Hand an address to the Day Book that runs; False when none does."""
    with socket.socket(socket.AF_UNIX) as other:
        try:
            other.connect(path)
        except OSError:
            return False
        other.sendall((address or "daybook://open").encode())
        other.recv(4000)
    return True


def main() -> int:
    """Run the program, or hand over to the one that runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True, type=Path)
    parser.add_argument("address", nargs="?", default="")
    options = parser.parse_args()
    path = f"{options.database}.door"
    if handed_over(path, options.address):
        return 0
    Path(path).unlink(missing_ok=True)
    GLib.set_prgname("day-book")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        book = DayBook(Book(options.database), door)
        words = parse_qs(urlsplit(options.address).query)
        book.open(*(words.get(name, [None])[0] for name in ("patient", "screen")))
        Gtk.main()
    Path(path).unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
