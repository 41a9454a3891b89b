"""Takes the address to serve on, and looks at the certificate, before anything else is made."""

import errno
import socket
import ssl

from web_modules.errors import AddressUnavailable, SettingsError
from web_modules.settings import CloudSettings


def check_certificate(settings: CloudSettings) -> None:
    """Say what is wrong with a certificate before anything is made.

    Raises:
        SettingsError: it cannot be used.
    """
    if settings.tls_certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # which ssl.SSLError is too
        raise SettingsError(
            f"The TLS certificate or its key cannot be used ({error}): check tls_certificate and tls_key."
        ) from error


def listen(settings: CloudSettings) -> socket.socket:
    """Take the address first: when it is not to be had, nothing else has been made yet.

    Raises:
        AddressUnavailable: it is not to be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for an ACK
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            words = (
                f"Port {settings.port} on {settings.host} is taken by another program: choose another --port."
            )
        else:
            words = (
                f"Cannot listen on {settings.host}, port {settings.port} ({error.strerror}): choose another."
            )
        raise AddressUnavailable(words) from error
    return listening
