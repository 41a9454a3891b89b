"""What is known before there is a window: the look, the first context, and the page that is seen first."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from shell.context.token import new_token
from shell.functions import CloudOffer
from shell.hosts.page_address import PageAddress
from shell.main_window.theme import Theme, wanted_scheme
from shell.main_window.tokens import Scheme
from shell.settings import ShellSettings
from web_modules.decision.words import Function

FIRST = Function.PATIENTS


class Beginning:
    """A window's first decisions, made while what draws it is still being loaded.

    Args:
        application: made already, so that screens and the desktop's colours are known.
        settings: the shell's.
        offer: what the cloud offers.

    Attributes:
        theme: the look.
        token: of the first context.
        addresses: where the pages are, by function id.
    """

    def __init__(self, application: QApplication, settings: ShellSettings, offer: CloudOffer) -> None:
        self.settings = settings
        self.offer = offer
        self.theme = _theme(application, settings)
        self.token = new_token()
        self.addresses = {
            one.function.value: PageAddress(url=one.url, patient_url=one.patient_url)
            for one in offer.functions
            if one.url is not None
        }

    def first_address(self) -> str | None:
        """The first function's page, of no patient; None: it has none.

        Also where a legacy screen is seen first: the page behind it is wanted soon after.
        """
        page = self.addresses.get(FIRST.value)
        return page.of(None, self.token) if page is not None else None


def _theme(application: QApplication, settings: ShellSettings) -> Theme:
    screen = application.primaryScreen()
    scheme = wanted_scheme(settings.theme)
    if settings.theme != "system":
        # pages follow too: it is what they are told as prefers-color-scheme
        is_light = scheme is Scheme.LIGHT
        application.styleHints().setColorScheme(Qt.ColorScheme.Light if is_light else Qt.ColorScheme.Dark)
    return Theme(
        scheme,
        is_training=settings.training,
        scale=settings.text_percent / 100,
        ratio=screen.devicePixelRatio() if screen is not None else 1.0,
    )
