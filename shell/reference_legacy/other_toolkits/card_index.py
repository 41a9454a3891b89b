"""Card Index: a patient index in Tk that knows nothing but its keys, and says in its title whom it shows.

F3 number Return opens a card, F4 closes it, F5 shows the card, F6 its letters, F7 goes to the notes, F10
saves them, Escape throws them away. It takes no arguments but its file, and has no second start.
"""

import argparse
import csv
import tkinter
from dataclasses import dataclass
from pathlib import Path
from tkinter import messagebox, ttk

_FIELDS = ("number", "family", "given", "born", "alert", "notes", "letters")
_SAMPLE = (
    ("104417", "Patel", "Asha", "1961-03-09", "", "Prefers the morning.", "2026-10-02 Eye clinic"),
    ("104981", "O'Neill", "Ciaran", "1990-12-24", "", "", ""),
    (
        "105003",
        "Whitlock",
        "Joan",
        "1944-07-30",
        "Hard of hearing: speak to her daughter.",
        "",
        "2026-09-11 Audiology",
    ),
)


@dataclass(slots=True, kw_only=True)
class Card:
    """A patient's card."""

    number: str
    family: str
    given: str
    born: str
    alert: str
    notes: str
    letters: str


class Drawer:
    """The cards, in a file of comma-separated values; a file that is not there is made with three cards."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            self._write([dict(zip(_FIELDS, row, strict=True)) for row in _SAMPLE])
        with path.open(encoding="utf-8", newline="") as file:
            self.cards = {row["number"]: Card(**row) for row in csv.DictReader(file)}

    def keep(self) -> None:
        """Write all cards back."""
        self._write([{name: getattr(card, name) for name in _FIELDS} for card in self.cards.values()])

    def _write(self, rows: list[dict[str, str]]) -> None:
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _FIELDS)
            writer.writeheader()
            writer.writerows(rows)


class CardIndex:
    """The window."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._card: Card | None = None
        self._screen = "Card"
        self.root = tkinter.Tk(className="Card-index")
        self.root.minsize(560, 380)
        self.root.geometry("720x460+60+60")
        self._number = tkinter.StringVar(self.root)
        self._name = tkinter.StringVar(self.root)
        self._says = tkinter.StringVar(self.root)
        self._build()
        self._bind()
        self._show()

    def _build(self) -> None:
        find = ttk.Frame(self.root, padding=6)
        find.pack(fill="x")
        ttk.Label(find, text="Number (F3)").pack(side="left")
        self._field = ttk.Entry(find, textvariable=self._number, width=14)
        self._field.pack(side="left", padx=6)
        ttk.Label(find, textvariable=self._says).pack(side="left")
        body = ttk.Panedwindow(self.root, orient="horizontal")
        body.pack(fill="both", expand=True, padx=6, pady=6)
        self._list = tkinter.Listbox(body, width=24, exportselection=False)
        for card in self._drawer.cards.values():
            self._list.insert("end", f"{card.number}  {card.family.upper()}, {card.given}")
        body.add(self._list)
        record = ttk.Frame(body, padding=6)
        body.add(record)
        ttk.Label(record, textvariable=self._name, font=("TkDefaultFont", 12, "bold")).pack(anchor="w")
        self._text = tkinter.Text(record, undo=True, width=40)
        self._text.pack(fill="both", expand=True)

    def _bind(self) -> None:
        keys = {
            "<F3>": self._find,
            "<F4>": self._close,
            "<F5>": lambda: self._turn("Card"),
            "<F6>": lambda: self._turn("Letters"),
            "<F7>": self._text.focus_set,
            "<F10>": self._save,
            "<Escape>": self._show,
        }
        for key, does in keys.items():
            # "break": F10 is Tk's own key for its menu bar
            self.root.bind(key, lambda _event, does=does: (does(), "break")[1])  # type: ignore[misc]
        self._field.bind("<Return>", lambda _event: self._open(self._number.get()))
        self._list.bind("<Double-Button-1>", lambda _event: self._open_chosen())
        self._text.bind("<<Modified>>", lambda _event: self._name_window())
        self.root.protocol("WM_DELETE_WINDOW", self._end)

    def _find(self) -> None:
        self._field.focus_set()
        self._field.selection_range(0, "end")

    def _open_chosen(self) -> None:
        chosen = self._list.curselection()  # type: ignore[no-untyped-call]
        if chosen:
            self._open(list(self._drawer.cards)[chosen[0]])

    def _open(self, number: str) -> None:
        card = self._drawer.cards.get(number.strip())
        if card is None:
            self._says.set(f"There is no card {number}.")
        elif self._leave():
            self._take(card)

    def _close(self) -> None:
        if self._leave():
            self._take(None)

    def _end(self) -> None:
        if self._leave():
            self.root.destroy()

    def _take(self, card: Card | None) -> None:
        self._card = card
        self._says.set("")
        self._show()
        if card is not None and card.alert:
            self._alert(card.alert)

    def _turn(self, screen: str) -> None:
        if self._leave():
            self._screen = screen
            self._show()

    def _show(self) -> None:
        card = self._card
        self._name.set("" if card is None else f"{card.family.upper()}, {card.given}   born {card.born}")
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        if card is not None:
            self._text.insert("1.0", card.notes if self._screen == "Card" else card.letters)
        self._text.edit_modified(False)
        is_written = card is not None and self._screen == "Card"
        self._text.configure(state="normal" if is_written else "disabled")
        self._name_window()

    def _name_window(self) -> None:
        who = "no card" if self._card is None else self._card.number
        mark = " (changed)" if self._text.edit_modified() else ""
        self.root.title(f"Card Index: {self._screen} of {who}{mark}")

    def _save(self) -> None:
        if self._card is not None and self._text.edit_modified():
            self._card.notes = self._text.get("1.0", "end-1c")
            self._drawer.keep()
            self._show()

    def _leave(self) -> bool:
        """Whether the card may be left: the person is asked about what is not saved."""
        if not self._text.edit_modified():
            return True
        return messagebox.askyesno("Card Index question", "Throw the changes away?", default="no")

    def _alert(self, words: str) -> None:
        dialogue = tkinter.Toplevel(self.root, padx=20, pady=16)
        dialogue.title("Card Index alert")
        dialogue.transient(self.root)
        ttk.Label(dialogue, text=words).pack()
        button = ttk.Button(dialogue, text="Read", command=dialogue.destroy)
        button.pack(pady=(12, 0))
        dialogue.bind("<Return>", lambda _event: dialogue.destroy())
        dialogue.wait_visibility()
        dialogue.grab_set()
        button.focus_set()


def main() -> None:
    """Run the program."""
    options = argparse.ArgumentParser()
    options.add_argument("--database", required=True, type=Path)
    CardIndex(Drawer(options.parse_args().database)).root.mainloop()


if __name__ == "__main__":
    main()
