"""A window with a legacy pane and a web pane and little else, told what to do by lines of JSON.

A process of its own, because hosting needs a real screen and the tests have none. `StagedHosts` drives it.
"""

import argparse
import faulthandler
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shell.hosts.walls import Sandbox, browser_flags, scrub_process_doors

scrub_process_doors(os.environ, sys.argv)
browser_flags(os.environ, sandbox=Sandbox.OFF if os.geteuid() == 0 else Sandbox.ON, has_gpu=False)

from PySide6.QtCore import QSocketNotifier, Qt  # noqa: E402 - the doors are shut first
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QSizePolicy, QSplitter, QVBoxLayout, QWidget  # noqa: E402

from shell.hosts.interface import Host, HostPatient, Shown, Side  # noqa: E402
from shell.hosts.key_frame import KeyFrame  # noqa: E402
from shell.hosts.legacy.description_file import read_description  # noqa: E402
from shell.hosts.legacy.program import LegacyPlace, LegacyProgram  # noqa: E402
from shell.hosts.legacy.window import LegacyWindowHost  # noqa: E402
from shell.native.desktop import native_windows  # noqa: E402

if TYPE_CHECKING:
    from shell.hosts.web_profile import WebProfile


def processes() -> list[str]:
    """The kinds of Chromium's processes below this one."""
    kinds = []
    for task in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = task.read_bytes().decode(errors="replace").split("\0")
            parent = (task.parent / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(os.getpid()) or any("QtWebEngineProcess" in word for word in words):
            kinds += [word for word in words if word.startswith("--type=")]
    return kinds


def say(event: str, **fields: object) -> None:
    """Print one event as a line."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


class SayingListener:
    """A `HostListener` that prints what it hears."""

    def on_shown(self, side: Side, shown: Shown) -> None:
        say(
            "shown",
            side=side.value,
            state=shown.state.value,
            identifier=shown.identifier,
            function=shown.function,
            unsaved=shown.unsaved,
            token=shown.context_token,
        )

    def on_active(self, side: Side | None) -> None:
        say("active", side=side.value if side else None)

    def on_gone(self, side: Side, reason: str) -> None:
        say("gone", side=side.value, reason=reason)

    def on_patient_wanted(self, side: Side, identifier: str) -> None:
        say("patient_wanted", side=side.value, identifier=identifier)

    def on_shell_key(self, key: str) -> None:
        say("shell_key", key=key)

    def on_question(self, side: Side, *, is_open: bool) -> None:
        say("question", side=side.value, is_open=is_open)

    def on_notice(self, side: Side, words: str) -> None:
        say("notice", side=side.value, words=words)


class Stage(QWidget):
    """The window: a line of the shell's own above two panes."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.setWindowTitle("Stage")
        self.setGeometry(100, 60, 1100, 640)
        self.content = QWidget(self)
        self.line = QLineEdit(self.content)
        self.line.setObjectName("line")
        self.panes = QSplitter(Qt.Orientation.Horizontal, self.content)
        layout = QVBoxLayout(self.content)
        layout.addWidget(self.line)
        layout.addWidget(self.panes, 1)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.content)
        self.listener = SayingListener()
        self.hosts: dict[str, Host] = {}
        self.profile: WebProfile | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        native = native_windows(application) if options.legacy else None
        self.frame = KeyFrame(self, self.content, native, self.listener.on_active)
        if options.legacy and native is not None:
            place = LegacyPlace(database=options.database, today=None, state_folder=Path(options.state))
            program = LegacyProgram(read_description(Path(options.legacy)), place, self.frame)
            legacy = LegacyWindowHost(program, native, self.frame, self.listener)
            self.panes.addWidget(legacy.widget)
            self.hosts["legacy"] = legacy
        if options.web:
            self.add_web(options)
        self.other = QLineEdit(self.content)
        self.other.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        if not options.web:
            self.panes.addWidget(self.other)
        self.panes.setSizes([550, 550])

    def add_web(self, options: argparse.Namespace) -> None:
        from tests.support.web_stage import web_host

        self.profile, page = web_host(options, self.frame, self.listener)
        self.panes.addWidget(page.widget)
        self.hosts["cloud"] = page

    def do(self, command: dict[str, Any]) -> None:
        """Do one command and say its answer."""
        name = command.pop("do")
        side = command.pop("side", None)
        if side is not None:
            host = self.hosts[side]
            if name == "open":
                patient = HostPatient(**command["patient"]) if command["patient"] else None
                host.open(command["function"], patient, command["token"])
            elif name in ("save_work", "discard_work", "leave_work"):
                getattr(host, name)(lambda done: say("work_done", done=done))
            else:
                getattr(host, name)(**command)
            say("did", name=name)
            return
        commands: dict[str, Callable[..., object]] = {
            "text": self.line.text,
            "clear": self.line.clear,
            "focus_line": lambda: self.frame.give_to_shell(self.line),
            "sizes": self.panes.setSizes,
            "move": self.move,
            "resize": self.resize,
            "hide": self.hide,
            "window_id": self.winId,
            "where": self.where,
            "edge": self.edge,
            "script": self.script,
            "print": self.print,
            "prepare": lambda number: self.pages().prepare(
                "appointments", HostPatient(fhir_id=f"p{number}", patient_number=number), "c1"
            ),
            "renderer": self.renderer,
            "offered": self.offered,
            "go_on": self.go_on,
            "kept": self.kept,
            "is_read": lambda: self.shelf().is_read,
            "is_written": lambda: self.shelf().is_written,
            "refused": lambda: self.pages()._drafts.refused,
            "processes": processes,
            "stop": lambda functions: self.pages().stop_writing(frozenset(functions)),
            "quit": QApplication.quit,
        }
        say("did", name=name, answer=commands[name](*command.values()))

    def pages(self) -> Any:
        """The web host, with what it has beside a host's methods."""
        return self.hosts["cloud"]

    def script(self, code: str) -> None:
        """Run a script in the page on the glass and say its answer."""
        page = self.pages()._current.page
        page.runJavaScript(code, 0, lambda answer: say("script", answer=answer))

    def print(self, patient: str, whose: str, file: str) -> None:
        """Print the page on the glass into a file, and say how many sheets it has; None: it may not be."""
        from PySide6.QtPrintSupport import QPrinter

        from shell.hosts.paper import Paper, Sheet, put_on_paper

        printer = QPrinter()
        printer.setOutputFileName(file)
        sheet = Sheet(patient=patient, whose=whose, title="Documents", origin="Fernbrook Surgery")

        def made(pdf: bytes | None) -> None:
            say("printed", sheets=None if pdf is None else put_on_paper(pdf, printer))

        Paper(self.pages().on_glass.page, sheet, made).make()

    def shelf(self) -> Any:
        """Where drafts are kept."""
        return self.pages()._drafts.shelf

    def offered(self, patient: str, function: str) -> list[dict[str, str]]:
        """The drafts that are offered."""
        host = self.pages()
        found = host._drafts.shelf.offered(patient, function, host.live_drafts())
        return [{"id": one.id, "content": one.content, "patient": one.patient} for one in found]

    def go_on(self, patient: str, function: str) -> None:
        """Take up the first draft that is offered."""
        host = self.pages()
        host.take_up(host._drafts.shelf.offered(patient, function, host.live_drafts())[0])

    def kept(self) -> dict[str, str] | None:
        """What is typed on the glass and is on the disk."""
        host = self.pages()
        draft = host.typed_now()
        at = draft and host._drafts.shelf.kept_at(draft.id)
        return draft and {"content": draft.content, "at": str(at or "")}

    def renderer(self) -> int:
        """The process of the page on the glass."""
        process: int = self.pages()._current.page.renderProcessPid()
        return process

    def edge(self) -> str | None:
        """What the legacy pane says at its edge, as far as it can be seen."""
        label = self.findChild(QLabel, "legacyPaneEdge")
        return label.text() if label is not None and label.isVisible() else None

    def where(self) -> dict[str, list[int]]:
        """The middle of each part, on the screen."""
        parts: dict[str, QWidget] = {"line": self.line, "other": self.other}
        for side, host in self.hosts.items():
            parts[side] = host.widget  # type: ignore[attr-defined]
        middles = {name: part.mapToGlobal(part.rect().center()) for name, part in parts.items()}
        return {name: [middle.x(), middle.y()] for name, middle in middles.items()}


def main() -> int:
    """Run the stage until it is told to quit, or its standard input ends."""
    faulthandler.enable()
    parser = argparse.ArgumentParser()
    parser.add_argument("--legacy", help="a description file")
    parser.add_argument("--database", default="")
    parser.add_argument("--state", default="")
    parser.add_argument("--web", help="the cloud's address")
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--first", help="the path of a page that is on its way before there is a pane")
    parser.add_argument("--drafts", help="a folder to keep drafts in")
    options = parser.parse_args()
    if options.web:
        from shell.hosts.page_scheme import register_scheme

        register_scheme()
    application = QApplication(sys.argv[:1])
    stage = Stage(options)
    stage.show()
    os.set_blocking(sys.stdin.fileno(), True)
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, stage)
    rest = b""

    def heard() -> None:
        nonlocal rest
        piece = os.read(sys.stdin.fileno(), 65536)
        if not piece:
            application.quit()
            return
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            stage.do(json.loads(line))

    notifier.activated.connect(heard)
    say("ready")
    status = application.exec()
    for host in stage.hosts.values():
        host.release()
    if stage.profile is not None:
        stage.hosts["cloud"].close()
        stage.pages()._drafts.shelf.close()
        stage.profile.close()
    stage.frame.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
