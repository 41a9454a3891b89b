"""The web half of a stage; apart, because importing the browser takes a second that legacy stages save."""

import argparse

from shell.hosts.interface import HostListener
from shell.hosts.key_frame import KeyFrame
from shell.hosts.page_address import PageAddress
from shell.hosts.web_page import WebPageHost
from shell.hosts.web_profile import PageLook, ProfileIdentity, WebProfile


def web_host(
    options: argparse.Namespace, frame: KeyFrame, listener: HostListener
) -> tuple[WebProfile, WebPageHost]:
    """A web host on the pages of `tests.support.page_server`, signed in."""
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
    return profile, WebPageHost(profile, pages, frame, listener)
