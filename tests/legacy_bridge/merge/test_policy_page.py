"""The page that says who wins is what the policy says."""

from pathlib import Path

from legacy_bridge.merge.policy import who_wins

PAGE = Path(__file__).parents[3] / "legacy_bridge" / "docs" / "who_wins.md"


def test_the_page_is_made_from_the_policy() -> None:
    assert PAGE.read_text("utf-8") == who_wins(), "write who_wins() to it"
