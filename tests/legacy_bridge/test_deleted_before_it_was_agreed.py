"""What somebody deletes on the cloud before the bridge knows that it made it is not made again unasked."""

import pytest

from legacy_bridge.errors import SideUnavailable
from tests.legacy_bridge.support.lossy_transport import LossyTransport
from tests.legacy_bridge.support.mirror import Mirror
from tests.legacy_bridge.test_mirror_over_a_bad_network import lossy, network

__all__ = ["lossy", "network"]


def test_deletion_of_what_was_made_without_a_reply_is_asked_about(
    lossy: Mirror, network: LossyTransport
) -> None:
    lossy.drain()
    lossy.practice.add_slot("late")
    network.fault = lambda request: "reply lost" if b"GP appointment" in request.body else None
    with pytest.raises(SideUnavailable):
        lossy.drain()
    network.fault = lambda _: None
    lossy.client.delete("Slot", lossy.slot("late")["id"])
    lossy.start()  # it was killed, and begins again
    lossy.drain()
    assert lossy.resources("Slot", "Appointment_Slot", "late") == []
    assert [one.conflict.unit for one in lossy.journal.conflicts()] == ["deleted in the cloud"]
