"""How the mirror stands, in the words of the glass. Pure; thresholds are those of hazard H03."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from web_modules.decision.decision import Decision
from web_modules.decision.words import Authority, View
from web_modules.fhir.mirror_status import Age, Freshness

PRACTICE_ZONE = ZoneInfo("Europe/London")

_BOTH_WAYS = "Both ways"


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorLine:
    """What bars and strips say of one function's mirror.

    Attributes:
        leads: such as `Both ways · legacy leads`.
        fresh: such as `up to date 2 s ago`.
        tone: ok, warn or bad.
        icon: to go with it.
        waiting: records that have not crossed, or None when not known.
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

    @property
    def waiting_words(self) -> str:
        """How many records the other side does not have, and whether they are on their way."""
        if self.waiting is None:
            return ""
        return f"{self.waiting} {'waiting to cross' if self._goes_both_ways else 'not carried'}"

    @property
    def leads_icon(self) -> str:
        """Goes with who leads: two arrows only where records really go both ways."""
        return "both-ways" if self._goes_both_ways else self.icon

    @property
    def _goes_both_ways(self) -> bool:
        return self.leads.startswith(_BOTH_WAYS)


NOT_MIRRORED = MirrorLine(leads="Not mirrored", fresh="legacy screen only", tone="", icon="legacy")
NOT_KNOWN = MirrorLine(leads="No flag file", fresh="mirror not known", tone="warn", icon="warning")
COMPLETE = MirrorLine(leads="Cloud only", fresh="the legacy screen is gone", tone="", icon="new")


def hidden_line(*, leads: str) -> MirrorLine:
    """What is said to whoever may not see how the mirror stands."""
    return MirrorLine(
        leads=f"{_BOTH_WAYS} · {leads} leads", fresh="freshness not shown to you", tone="", icon=""
    )


def function_line(
    shown: Decision,
    flags: Decision,
    freshness: Freshness | None,
    now: datetime,
    *,
    gone_since: datetime | None = None,
) -> MirrorLine:
    """Say how a function stands, mirrored or not.

    Args:
        shown: what the window goes by, as it was when the patient was opened.
        flags: what the flags say now, by which the mirror goes at once.
        freshness: what the bridge published last; None when it never did.
        now: aware.
        gone_since: as of `mirror_line`.
    """
    if flags.is_mirrored:
        return mirror_line(freshness, now, leads=flags.authority.value, gone_since=gone_since)
    waiting = (freshness.waiting or None) if freshness is not None else None
    if not shown.is_mirrored and flags.authority is Authority.CLOUD:
        return replace(COMPLETE, waiting=waiting)
    if not shown.is_mirrored and View.NEW not in shown.views:
        return replace(NOT_MIRRORED, waiting=waiting)
    if freshness is None:
        return MirrorLine(leads=NOT_MIRRORED.leads, fresh="time not known", tone="bad", icon="alarm")
    fresh = f"as at {_moment(freshness.watermark, now)}, {ago(freshness.watermark, now)}"
    return MirrorLine(leads=NOT_MIRRORED.leads, fresh=fresh, tone="warn", icon="clock", waiting=waiting)


def copy_words(flags: Decision, freshness: Freshness | None, now: datetime) -> str:
    """What is said of the cloud's copy of a patient that nobody keeps up to date; empty while somebody does.

    Args:
        flags: of patients, as the flags say now.
        freshness: of patients, as the bridge published it last; None when it never did.
        now: aware.
    """
    if flags.is_mirrored or flags.authority is Authority.CLOUD:
        return ""
    when = "of a time not known" if freshness is None else f"as at {_moment(freshness.watermark, now)}"
    return f"details {when}, check the legacy screen"


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
    words = f"{_BOTH_WAYS} · {leads} leads"
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
    if freshness.stopped:
        fresh = f"mirror stopped, as at {_clock(freshness.watermark)}, {ago(freshness.watermark, now)}"
        tone, icon = "bad", "alarm"
    elif age is Age.FRESH:
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


def _moment(moment: datetime, now: datetime) -> str:
    here = moment.astimezone(PRACTICE_ZONE)
    is_today = here.date() == now.astimezone(PRACTICE_ZONE).date()
    return _clock(moment) if is_today else f"{here:%d-%b-%Y %H:%M}"


def _clock(moment: datetime) -> str:
    return moment.astimezone(PRACTICE_ZONE).strftime("%H:%M:%S")
