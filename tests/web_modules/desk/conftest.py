"""A cloud with a desk to look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.module_web import ModuleWeb, module_web
from web_modules.fhir_store.store import Standard


@pytest.fixture
def web(tmp_path: Path, standard: Standard) -> Iterator[ModuleWeb]:
    """The modules, with Dawn Hartley signed in, on 17-Nov-2026."""
    with module_web(tmp_path, standard) as made:
        yield made
