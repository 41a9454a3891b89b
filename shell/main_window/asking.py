"""Asks who is there before there is a browser and a window, and signs them in."""

import signal
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from shell.errors import CloudError
from shell.main_window.beginning import Beginning
from shell.main_window.browser_sign_in import BrowserSignIn
from shell.main_window.provider_sign_in import ProviderSignInWindow
from shell.main_window.sign_in import SignInWindow
from shell.main_window.theme import load_fonts
from shell.main_window.waiting import wait_for
from shell.meeting import Candidate, Meeting, Person, sign_in


def ask_who(
    application: QApplication, beginning: Beginning, met: Meeting, pool: ThreadPoolExecutor
) -> Person | None:
    """Ask who is there, and sign them in; None: the question was closed.

    Args:
        application: is not ended by the question's end.
        beginning: the look and the cloud's address.
        met: the cloud; nobody has signed in to it yet.
        pool: does what takes time.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is open yet that would have to be asked about
    application.setQuitOnLastWindowClosed(False)  # the window proper ends the program
    load_fonts()
    cloud = beginning.settings.cloud.rstrip("/")
    if met.candidates:
        return _choose(SignInWindow(beginning.theme, met.offer, met.candidates), cloud, pool)
    return _by_browser(ProviderSignInWindow(beginning.theme, met.offer, met.provider), cloud, pool)


def _choose(asking: SignInWindow, cloud: str, pool: ThreadPoolExecutor) -> Person | None:
    loop = QEventLoop()
    signed_in: list[Person] = []

    def take(one: Candidate) -> None:
        try:
            person = wait_for(pool.submit(sign_in, cloud, one.id))
        except CloudError as error:
            asking.say_trouble(str(error))
            return
        if asking.isVisible():  # else it was closed meanwhile
            signed_in.append(person)
            asking.answered()
            loop.quit()

    asking.chosen.connect(take)
    asking.left.connect(loop.quit)
    asking.show()
    loop.exec()
    asking.deleteLater()
    return signed_in[0] if signed_in else None


def _by_browser(asking: ProviderSignInWindow, cloud: str, pool: ThreadPoolExecutor) -> Person | None:
    loop = QEventLoop()
    signed_in: list[Person] = []

    def came(person: Person) -> None:
        signed_in.append(person)
        asking.answered()
        loop.quit()

    waiting = BrowserSignIn(asking.code, cloud, pool, came)
    asking.left.connect(loop.quit)
    asking.show()
    waiting.begin()
    loop.exec()
    waiting.end()
    asking.deleteLater()
    return signed_in[0] if signed_in else None
