"""Whether a prescription is over, and since which day: legacy's two columns, FHIR's one status."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from legacy_bridge.errors import RecordRefused
from legacy_bridge.mapping.clinical.fields import date_text, partial_date_of, row_of
from legacy_bridge.mapping.clinical.places import extension
from legacy_bridge.mapping.field import Draft, FieldMapping
from legacy_bridge.mapping.values import date_column, date_of, is_yes
from legacy_bridge.records import CloudContent, PartialDate, RowGroup, Value
from legacy_bridge.sides.links import References

ACTIVE, COMPLETED = "active", "completed"
_TYPE = "MedicationRequest"
_STOPPED = "stopped"
_ENDED = frozenset({_STOPPED, "cancelled"})
"""Somebody has ended it; what is completed has run out by itself."""
_OVER = frozenset({*_ENDED, COMPLETED})
_CANCELLED = extension("medication-cancelled", "valueDate")
_LONDON: Final = ZoneInfo("Europe/London")


def fields_of(table: str) -> tuple[FieldMapping, ...]:
    """The day on which a plan was cancelled, and whether it is over.

    Args:
        table: of the plans.
    """
    return (
        FieldMapping(
            name="cancelled",
            from_rows=lambda group: _cancelled_by_rows(group, table),
            from_cloud=_cancelled,
            to_draft=_put_cancelled,
            to_columns=lambda value: {"CancellationDate": date_column(value)},
        ),
        FieldMapping(
            name="over",
            from_rows=lambda group: _is_over_by_rows(group, table),
            from_cloud=_is_over,
            to_draft=_put_over,
            to_columns=lambda value: {"IsActive": value is not True},
        ),
    )


def is_undated(request: Mapping[str, Any]) -> bool:
    """Whether somebody has ended a plan, and only its version says when."""
    return request.get("status") in _ENDED and _CANCELLED.get(request) is None


def check_issued(request: Mapping[str, Any]) -> None:
    """See that an order is one that was issued.

    Raises:
        RecordRefused: it is a draft, is held, or was ended since.
    """
    status = request.get("status")
    if status in _ENDED:
        raise RecordRefused(
            "prescription-status",
            f"This issue is {status}, and the legacy program has no word for that: cancel it there by hand, "
            "and enter it in error in the new page.",
        )
    if status not in (ACTIVE, COMPLETED):
        raise RecordRefused(
            "prescription-status",
            f"The legacy program only knows what was issued, and this is {status}: "
            "issue it in the new page, or enter it in error.",
        )


def _is_over_by_rows(group: RowGroup, table: str) -> Value | None:
    return None if is_yes(row_of(group, table), "IsActive") else True


def _cancelled_by_rows(group: RowGroup, table: str) -> Value | None:
    """What is active is not cancelled; the day of an earlier time may still stand there."""
    is_over = _is_over_by_rows(group, table) is not None
    return date_of(row_of(group, table).get("CancellationDate")) if is_over else None


def _is_over(content: CloudContent, _references: References) -> Value | None:
    """Whether a plan has ended, stopped or run out: the legacy program has one word for both."""
    status = str(content.resources[_TYPE].get("status"))
    if status == ACTIVE:
        return None
    if status in _OVER:
        return True
    raise RecordRefused(
        "prescription-status",
        f"The legacy program cannot say that a prescription is {status}: "
        "make it active, stopped or completed in the new page.",
    )


def _put_over(draft: Draft, value: Value | None, _references: References) -> None:
    request = draft[_TYPE]
    if value is None:
        request["status"] = ACTIVE
    elif request.get("status") not in _OVER:
        request["status"] = COMPLETED if _CANCELLED.get(request) is None else _STOPPED


def _cancelled(content: CloudContent, _references: References) -> Value | None:
    """The day that is said, else the day of the version that says that it was ended."""
    request = content.resources[_TYPE]
    if request.get("status") not in _OVER:
        return None
    moment = (request.get("meta") or {}).get("lastUpdated")
    if not is_undated(request) or moment is None:
        return partial_date_of(_CANCELLED.get(request))
    return PartialDate(text=datetime.fromisoformat(moment).astimezone(_LONDON).date().isoformat())


def _put_cancelled(draft: Draft, value: Value | None, _references: References) -> None:
    request = draft[_TYPE]
    if value is None or partial_date_of(_CANCELLED.get(request)) != value:
        _CANCELLED.put(request, None if value is None else date_text(value))
    if is_undated(request):
        request["status"] = COMPLETED  # over, and nobody says that it was cancelled
