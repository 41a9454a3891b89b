"""The same tests on every legacy database."""

import pytest

from tests.legacy_bridge.support.legacy_databases import LegacyKind


@pytest.fixture(params=list(LegacyKind), ids=lambda kind: kind.name.lower())
def legacy_kind(request: pytest.FixtureRequest) -> LegacyKind:
    """Each of them in turn."""
    found: LegacyKind = request.param
    return found
