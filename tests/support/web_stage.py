"""The web half of a stage; apart, because importing the browser takes a second that legacy stages save."""

import argparse
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from shell.drafts.shelf import Shelf
from shell.drafts.store import StorePlace
from shell.hosts.interface import HostListener
from shell.hosts.key_frame import KeyFrame
from shell.hosts.page_address import PageAddress
from shell.hosts.web_page import WebPageHost
from shell.hosts.web_profile import PageLook, ProfileIdentity, WebProfile
from tests.support.paper_shelf import paper_shelf


def web_host(
    options: argparse.Namespace, frame: KeyFrame, listener: HostListener
) -> tuple[WebProfile, WebPageHost]:
    """A web host on the pages of `tests.support.page_server`, signed in."""
    shelf = paper_shelf() if not options.drafts else _shelf(Path(options.drafts))
    profile = WebProfile(
        ProfileIdentity(person="dawn.hartley", practice="Y99002", environment="reference"), options.web
    )
    profile.dress(PageLook(theme="contrast", zoom=options.zoom, ground="#000000"))
    profile.warm_up()
    profile.set_session("s3ss10n")
    if options.first is not None:
        profile.bring(f"{options.web}{options.first}")
    pages = {
        name: PageAddress(url=f"{options.web}/{name}", patient_url=f"{options.web}/{name}/{{patient}}")
        for name in ("patients", "appointments")
    }
    return profile, WebPageHost(profile, pages, frame, listener, shelf)


class _Answers(QObject):
    """Brings the shelf's answers to the window's thread."""

    came = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.came.connect(self.do)

    def do(self, answer: Callable[[], None]) -> None:
        answer()


def _send(answers: _Answers, answer: Callable[[], None]) -> None:
    answers.came.emit(answer)


def _shelf(folder: Path) -> Shelf:
    answers = _Answers()
    made = Shelf(
        lambda: StorePlace(folder, "reference/Y99002/dawn.hartley", lambda _owner: bytes(32)),
        partial(_send, answers),
        lambda: datetime.now(UTC),
        window=str(os.getpid()),
    )
    made.start()
    return made
