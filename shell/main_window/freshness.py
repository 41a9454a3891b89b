"""How the mirror stands, in the words of the glass. Pure; thresholds are those of hazard H03."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from web_modules.fhir.mirror_status import Age, Freshness

PRACTICE_ZONE = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorLine:
    """What bars and strips say of one function's mirror.

    Attributes:
        leads: such as `Both ways · legacy leads`.
        fresh: such as `up to date 2 s ago`.
        tone: ok, warn or bad.
        icon: to go with it.
        waiting: records still to cross, or None when not known.
    """

    leads: str
    fresh: str
    tone: str
    icon: str
    waiting: int | None = None

    @property
    def sentence(self) -> str:
        """The freshness as the beginning of a sentence."""
        return self.fresh[:1].upper() + self.fresh[1:]


NOT_MIRRORED = MirrorLine(leads="Not mirrored", fresh="legacy screen only", tone="", icon="legacy")
COMPLETE = MirrorLine(leads="Cloud only", fresh="the legacy screen is gone", tone="", icon="new")


def hidden_line(*, leads: str) -> MirrorLine:
    """What is said to whoever may not see how the mirror stands."""
    return MirrorLine(
        leads=f"Both ways · {leads} leads", fresh="freshness not shown to you", tone="", icon=""
    )


def mirror_line(
    freshness: Freshness | None, now: datetime, *, leads: str, gone_since: datetime | None = None
) -> MirrorLine:
    """Say how a mirrored function stands.

    Args:
        freshness: what the bridge published last; None when it never did.
        now: aware.
        leads: the side that leads: legacy or cloud.
        gone_since: since when the cloud cannot be reached, aware; None when it can.
    """
    words = f"Both ways · {leads} leads"
    if gone_since is not None:
        if freshness is None:
            return MirrorLine(
                leads="Cloud cannot be reached", fresh="time not known", tone="bad", icon="cloud-gone"
            )
        return MirrorLine(
            leads="Cloud cannot be reached",
            fresh=f"as at {_clock(freshness.watermark)}, {ago(freshness.watermark, now)}",
            tone="bad",
            icon="cloud-gone",
        )
    if freshness is None or freshness.age_at(now) is Age.UNKNOWN:
        return MirrorLine(leads=words, fresh="time not known", tone="bad", icon="alarm")
    age = freshness.age_at(now)
    if age is Age.FRESH:
        fresh, tone, icon = f"up to date {ago(freshness.watermark, now)}", "ok", "tick"
    else:
        fresh = f"as at {_clock(freshness.watermark)}, {ago(freshness.watermark, now)}"
        tone, icon = ("warn", "clock") if age is Age.AMBER else ("bad", "alarm")
    return MirrorLine(leads=words, fresh=fresh, tone=tone, icon=icon, waiting=freshness.waiting)


def ago(then: datetime, now: datetime) -> str:
    """`2 s ago`, `6 min ago`, `3 h ago`, `2 d ago`; a moment ahead of a skewed clock is 0 s ago."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _clock(moment: datetime) -> str:
    return moment.astimezone(PRACTICE_ZONE).strftime("%H:%M:%S")
