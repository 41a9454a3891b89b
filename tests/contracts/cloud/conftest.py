"""Every FHIR server that the bridge has to cope with, under one contract."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.contracts.cloud.awkward_server import Awkwardness, AwkwardServer
from tests.legacy_bridge.conftest import (
    fhir,
    legacy_databases,
    legacy_kind,
    legacy_url,
    practice,
    standard,
)
from tests.legacy_bridge.support.lossy_transport import LossyTransport
from tests.support.threaded_server import asgi_served, listening_socket, transport_served
from web_modules.fhir.transport import HttpTransport, Transport
from web_modules.fhir_store.service import FhirService

__all__ = ["fhir", "legacy_databases", "legacy_kind", "legacy_url", "practice", "standard"]

AWKWARD = {
    "without history": Awkwardness(lacks=frozenset({"history"})),
    "without history or _lastUpdated": Awkwardness(lacks=frozenset({"history", "_lastUpdated"})),
    "without transactions": Awkwardness(lacks=frozenset({"transaction"})),
    "without transactions, batches of two": Awkwardness(lacks=frozenset({"transaction"}), most=2),
    "one resource at a time": Awkwardness(lacks=frozenset({"transaction", "batch", "conditionalCreate"})),
    "transactions of one": Awkwardness(most=1),
    "strong ETags": Awkwardness(tag="strong"),
    "opaque ETags": Awkwardness(tag="opaque"),
    "If-Match ignored": Awkwardness(tag="ignored"),
    "minimal answers": Awkwardness(is_minimal=True),
    "whole addresses": Awkwardness(is_absolute=True),
}
EMBEDDED = ("in process", "over HTTP")
CLOUDS = (*EMBEDDED, "sekmet-fhir", "sekmet-fhir, whole addresses", *AWKWARD)


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest, fhir: FhirService, tmp_path: Path) -> Iterator[LossyTransport]:
    """An empty FHIR server, over a network that can lose things."""
    name = str(request.param)
    with ExitStack() as stack:
        found: Transport = fhir
        if name == "over HTTP":
            found = HttpTransport(stack.enter_context(transport_served(fhir)))
            stack.callback(found.close)
        elif name.startswith("sekmet-fhir"):
            base = stack.enter_context(_sekmet(tmp_path, is_absolute="whole addresses" in name))
            found = HttpTransport(base)
            stack.callback(found.close)
        elif name in AWKWARD:
            found = AwkwardServer(fhir, AWKWARD[name])
        yield LossyTransport(found)


@contextmanager
def _sekmet(folder: Path, *, is_absolute: bool) -> Iterator[str]:
    """sekmet-fhir's server, with strict validation, and without the hospital that plays along."""
    with warnings.catch_warnings(), listening_socket() as listening:
        warnings.simplefilter("ignore")
        from sekmet.config import Settings  # type: ignore[import-untyped]  # it has no types
        from sekmet.main import create_app  # type: ignore[import-untyped]  # it has no types

        base = f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        settings = Settings(
            base_url=base,
            data_dir=str(folder / "sekmet"),
            simulator={"enabled": False},
            server_behaviour={"absolute_references": is_absolute},
        )
        with asgi_served(create_app(settings), listening):
            yield base
