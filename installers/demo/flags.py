"""How far each function has moved when an environment is opened for the first time."""

import json
from collections.abc import Mapping

from demo.place import Environment, Place
from web_modules.decision.decision import Standing
from web_modules.decision.flags import flagd_document
from web_modules.decision.words import Function, Stage

MOVED: Mapping[Environment, Mapping[Function, Stage]] = {
    Environment.REFERENCE: {
        Function.PATIENTS: Stage.LEAD,
        Function.APPOINTMENTS: Stage.TRIAL,
        Function.ORGANISATION: Stage.MIRROR,
    },
    Environment.TRAINING: {
        Function.PATIENTS: Stage.TRIAL,
        Function.APPOINTMENTS: Stage.TRIAL,
        Function.ORGANISATION: Stage.MIRROR,
    },
}
"""All other functions are where every practice begins: at the legacy stage."""


def write_default_flags(place: Place) -> None:
    """Write the flag file unless there is one: a person may have edited it."""
    if place.flags.exists():
        return
    moved = MOVED[place.environment]
    standings = {
        function: Standing(stage=moved.get(function, Stage.LEGACY), is_stopped=False) for function in Function
    }
    whole = place.flags.with_suffix(".new")
    whole.write_text(json.dumps(flagd_document(standings), indent=2) + "\n", encoding="utf-8")
    whole.replace(place.flags)


def move(place: Place, function: Function, stage: Stage) -> None:
    """Edit the flag file as a person would: one function to another stage, in one step for its readers."""
    document = json.loads(place.flags.read_text(encoding="utf-8"))
    document["flags"][f"stage.{function.value}"]["defaultVariant"] = stage.value
    whole = place.flags.with_suffix(".new")
    whole.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    whole.replace(place.flags)
