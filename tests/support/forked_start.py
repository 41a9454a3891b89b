"""What a fork of the cloud begins with: the command line and HL7's definitions, loaded before any fork.

Only the process that forks imports this (`tests.support.forked_cloud`).
"""

import gc
import os
import sys
from pathlib import Path

from web_modules.__main__ import main
from web_modules.fhir_store import store
from web_modules.fhir_store.definitions import DEFAULT_FOLDER

_STANDARD = store.load_standard()
gc.collect()
gc.freeze()  # a fork need not look at it, and so copies none of it


def _loaded(folder: Path = DEFAULT_FOLDER) -> store.Standard:
    return _STANDARD


def serve(arguments: list[str], log: str, key: str) -> None:
    """What a fork does: the command line, with what it says in a file."""
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    store.load_standard = _loaded
    os.environ["BANYAN_CLOUD_AUDIT_KEY"] = key
    sys.argv = ["banyan-cloud", *arguments]
    main()
