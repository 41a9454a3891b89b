"""Tasks as the mirror publishes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from web_modules.fhir.mirror_tasks import MirrorTask, TaskKind

SAID = (
    ("The legacy program says", "07700 900318"),
    ("The cloud says", "07700 900381"),
    ("Both agreed before on", "07700 900655"),
)


def conflict_task(**changed: Any) -> MirrorTask:
    """A conflict about a mobile number that has waited for half an hour."""
    task = MirrorTask(
        key="c1",
        kind=TaskKind.CONFLICT,
        is_open=True,
        about=None,
        patient=None,
        words="Both screens changed the mobile telephone of Mrs Sarah Smith.",
        since=datetime.now(UTC) - timedelta(minutes=31),
        said=SAID,
        seen="abc",
        title="The mobile telephone differs",
        fields=("mobile_phone",),
    )
    return replace(task, **changed)
