"""A small legacy program in Tk: one field, a dialogue, a title that names the patient."""

import tkinter

from tests.support.guests import link


class Guest:
    """The window. F2 opens a modal dialogue, F10 saves, Escape throws away."""

    def __init__(self) -> None:
        self.options = link.arguments()
        link.main_is_done(self.options)
        self.root = tkinter.Tk(className="Test-guest")
        self.root.geometry("500x360+40+40")
        self.log = link.TypedLog(self.options.database)
        self.text = tkinter.StringVar(self.root)
        self.entry = tkinter.Entry(self.root, textvariable=self.text, font=("TkFixedFont", 16))
        self.entry.pack(fill="both", expand=True)
        self.entry.focus_set()
        self.screen, self.patient, self.unsaved = self.options.screen, self.options.patient, False
        self.text.trace_add("write", lambda *_: self.typed())
        self.root.bind("<F2>", lambda _: self.ask())
        self.root.bind("<F10>", lambda _: self.settle())
        self.root.bind("<Escape>", lambda _: self.settle())
        self.door = link.listen(self.options)
        self.root.createfilehandler(self.door, tkinter.READABLE, lambda *_: self.told())
        self.name_window()

    def name_window(self) -> None:
        self.root.title(link.title(self.options, self.screen, self.patient, unsaved=self.unsaved))

    def typed(self) -> None:
        self.log.write(self.text.get())
        self.unsaved = True
        self.name_window()

    def settle(self) -> None:
        self.unsaved = False
        self.name_window()

    def told(self) -> None:
        news = link.heard(self.door)
        if news is not None:
            self.screen, self.patient = news
            self.settle()

    def ask(self) -> None:
        dialogue = tkinter.Toplevel(self.root)
        dialogue.title("Find patient")
        dialogue.geometry("260x120+900+700")
        dialogue.transient(self.root)
        dialogue.bind("<Return>", lambda _: dialogue.destroy())
        dialogue.wait_visibility()
        dialogue.grab_set()


if __name__ == "__main__":
    Guest().root.mainloop()
