"""Reads Day Book for Banyan: asked in lines of JSON, it asks the program at its door.

The lines are those of `shell/docs/legacy_programs.md`; a driver may be written in any language.
"""

import json
import socket
import sys

_SECONDS = 1.0
"""A program that is stuck does not answer: better said soon than waited for."""


def shown(door: str) -> dict[str, object]:
    """What Day Book shows; unknown while it does not answer."""
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(_SECONDS)
        try:
            other.connect(door)
            other.sendall(b"state")
            state = json.loads(other.recv(4000))
        except (OSError, ValueError):
            return {"shows": "unknown"}
    return {"shows": "somebody" if state["patient"] else "nobody", **state}


def main() -> None:
    """Answer until nobody asks any more."""
    _, database = sys.argv
    for line in sys.stdin:
        if json.loads(line)["do"] == "read":
            print(json.dumps(shown(f"{database}.door")), flush=True)  # noqa: T201 - that is how it answers
        else:
            print(json.dumps({"opened": False, "why": "cannot be opened by its driver"}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
