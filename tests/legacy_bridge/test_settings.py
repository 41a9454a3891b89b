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


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("metrics_port", "99999999", "a whole number from 0 to 65535"),
        ("metrics_port", "-1", "a whole number from 0 to 65535"),
        ("batch", "-4", "a whole number from 1 to 10000"),
        ("form_minutes", "nan", "a number of minutes from 0 on"),
        ("escalate_hours", "-1", "a number of hours from 0 on"),
        ("publish_seconds", "600", "a number of seconds from 0.1 to 55"),
        ("fhir", "nonsense", "https://cloud.example/Y99002/fhir"),
        ("fhir", "http://cloud.example:port/fhir", "https://cloud.example/Y99002/fhir"),
        ("fhir", "ftp://cloud.example/fhir", "https://cloud.example/Y99002/fhir"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_those_that_can(setting: str, value: str, words: str) -> None:
    with pytest.raises(SettingsWrong) as refused:
        load_settings({setting: value}, variables={}, needed=())
    assert setting in str(refused.value)
    assert words in str(refused.value)
