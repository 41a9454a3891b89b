"""What the bridge says aloud when a simulated practice is in trouble."""

import pytest


@pytest.fixture(autouse=True)
def told_aloud(expected_logs: list[str]) -> None:
    """These are said when they should be; anything else at WARNING or above fails the test."""
    expected_logs += ["feed has a gap", "mirror stopped", "cloud came back from a backup"]
