"""The audit's word of a restore: kept with the records, and told by whoever serves them next.

A restore is done by a command that has the database and not the key that signs the audit.
"""

import getpass
import time
from collections.abc import Sequence

from web_modules.fhir_store.access import Agent, AgentKind
from web_modules.fhir_store.audit.events import Note
from web_modules.fhir_store.audit.filing import OBSERVER, who
from web_modules.fhir_store.changes import position_instant
from web_modules.fhir_store.documents import decode, encode

_IMPORT = {
    "system": "http://dicom.nema.org/resources/ontology/DCM",
    "code": "110107",
    "display": "Import",
}
_RESTORE = {
    "system": "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle",
    "code": "restore",
    "display": "Restore/Recover Record Lifecycle Event",
}


def restore_kept(file: str, dropped: Sequence[str]) -> str:
    """What is kept of a restore that happens now.

    Args:
        file: name of the backup.
        dropped: practices of which all went.
    """
    try:
        who = getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        who = "unknown"
    moment = time.time_ns() // 1000
    return encode({"moment": moment, "who": who, "file": file, "dropped": sorted(dropped)}).decode()


def restore_note(kept: str) -> Note:
    """The note of what `restore_kept` has kept."""
    told = decode(kept.encode())
    words = f"The backup {told['file']} was restored: what was stored after it was taken is not here."
    if told["dropped"]:
        words += f" All records of {', '.join(told['dropped'])} were dropped."
    agent = Agent(id=told["who"], name="Who ran banyan-cloud database restore", kind=AgentKind.APPLICATION)
    event = {
        "resourceType": "AuditEvent",
        "type": _IMPORT,
        "subtype": [_RESTORE],
        "action": "E",
        "recorded": position_instant(told["moment"]),
        "outcome": "0",
        "outcomeDesc": words,
        "agent": [who(agent)],
        "source": {"observer": {"display": OBSERVER}},
    }
    return Note(moment=told["moment"], agent=agent.id, references=(), content=encode(event))
