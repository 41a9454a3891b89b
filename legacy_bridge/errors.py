"""What can go wrong in the bridge, told apart by whose fault it is and whether to try again.

BridgeError
├── SettingsWrong         the command, file or environment is wrong: a person corrects it
├── SideUnavailable       legacy database, cloud or journal did not answer: try again later
├── RecordRefused         one record cannot be carried: quarantine, the others flow on
├── RecordChanged         a record is no longer what was read: read it again
└── MirrorStopped         nothing may be written until a person has looked
    ├── AnotherBridge     another bridge already serves the practice
    ├── CloudUnfit        the FHIR server cannot be mirrored to without losing somebody's edit
    ├── EnvironmentWrong  the two sides are of different environments or practices
    ├── SchemaDrifted     a mapped table is not what the mapping was written for
    ├── RestoreDetected   a side is older than the journal: it came back from a backup
    └── BlastRadius       one batch would delete more than a set share of the records
"""


class BridgeError(Exception):
    """Something that the bridge could not do; the message says what and what to do now."""


class SettingsWrong(BridgeError):
    """The command, file or environment is wrong."""


class SideUnavailable(BridgeError):
    """The legacy database, the cloud or the journal did not answer.

    Attributes:
        retry_after_seconds: how long the side asks to be left alone, or None.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RecordRefused(BridgeError):
    """One record cannot be carried.

    Attributes:
        reason: a short word for counting, such as `text-too-long`.
        words: what is wrong and what to do; never a patient's data.
    """

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


class RecordChanged(BridgeError):
    """A record is no longer what was read."""


class MirrorStopped(BridgeError):
    """Nothing may be written until a person has looked.

    Attributes:
        may_tell_cloud: whether the cloud is the right one to say so on.
    """

    may_tell_cloud = True


class AnotherBridge(MirrorStopped):
    """Another bridge already serves the practice."""

    may_tell_cloud = False


class CloudUnfit(MirrorStopped):
    """The FHIR server cannot be mirrored to without losing somebody's edit."""


class EnvironmentWrong(MirrorStopped):
    """The two sides are of different environments or practices."""

    may_tell_cloud = False


class SchemaDrifted(MirrorStopped):
    """A mapped table is not what the mapping was written for."""


class RestoreDetected(MirrorStopped):
    """A side is older than the journal: it came back from a backup."""


class BlastRadius(MirrorStopped):
    """One batch would delete more than a set share of the records."""
