"""The bridge's settings: what contradicts itself is refused with a sentence that says what to do."""

import pytest

from legacy_bridge.errors import SettingsWrong
from legacy_bridge.settings import load_settings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"BANYAN_BRIDGE_CLIENT_ID": "bridge"}, "belong together"),
        ({"BANYAN_BRIDGE_CLIENT_KEY": "key.json"}, "belong together"),
        (
            {
                "BANYAN_BRIDGE_CLIENT_ID": "bridge",
                "BANYAN_BRIDGE_CLIENT_KEY": "key.json",
                "BANYAN_BRIDGE_TOKEN": "0123456789abcdef",
            },
            "one of them",
        ),
    ],
)
def test_bridge_is_known_in_one_way(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsWrong, match=words) as caught:
        load_settings({}, variables=given, needed=())
    assert "0123456789abcdef" not in str(caught.value)


def test_a_capture_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SettingsWrong, match="capture must be auto, outbox, change-tracking or snapshot"):
        load_settings({}, variables={"BANYAN_BRIDGE_CAPTURE": "guess"}, needed=())
