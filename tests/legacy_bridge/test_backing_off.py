"""How long the bridge leaves a side alone that did not answer."""

import pytest

from legacy_bridge.service import _backoff


@pytest.mark.parametrize(("asked", "least", "most"), [(None, 0.1, 0.25), (0.0, 0.1, 0.25), (7.0, 7.0, 7.0)])
def test_side_is_left_alone_for_as_long_as_it_asks(asked: float | None, least: float, most: float) -> None:
    assert least <= _backoff(1, asked) <= most


@pytest.mark.parametrize("asked", [99_999_999.0, 1e10, float("inf")])
def test_no_header_stops_the_mirror_for_a_year(asked: float) -> None:
    assert _backoff(1, asked) == 300.0
