"""What `run.sh` understands."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.place import Environment

EXAMPLES = """examples:
  sh installers/run.sh                           a practice with 200 invented patients
  sh installers/run.sh --training                the training practice
  sh installers/run.sh --reset --extract DIR     a practice filled from an EMIS-shaped extract
  sh installers/run.sh --today 2026-11-17        work on that day; without it: today, or the extract's day
  sh installers/run.sh --check --screenshots DIR the same without a person, and proof that it works
  sh installers/run.sh --gallery DIR             a picture of every state of the window
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person asked for.

    Attributes:
        environment: which environment to open.
        extract: a folder to fill the practice from.
        today: what day it is in the environment; None: the data's, else the clock's.
        is_reset: whether to throw away what was there.
        is_check: whether to drive the window without a person.
        screenshots: where the check's pictures go.
        gallery: where a picture of every state of the window goes.
    """

    environment: Environment
    extract: Path | None
    today: date | None
    is_reset: bool
    is_check: bool
    screenshots: Path | None
    gallery: Path | None = None


def day(text: str) -> date:
    """Check a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day: write it such as 2026-11-17.") from error


def read_arguments(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a sentence when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="run.sh",
        description="Opens a reference practice: legacy program and cloud modules in one window.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--extract", type=Path, metavar="DIR", help="fill the practice from this folder's CSV files"
    )
    parser.add_argument("--training", action="store_true", help="open the training environment")
    parser.add_argument("--reset", action="store_true", help="throw away the practice first")
    parser.add_argument("--today", type=day, metavar="YYYY-MM-DD", help="what day it is there")
    parser.add_argument(
        "--check", action="store_true", help="drive the window without a person, on its own screen"
    )
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="with --check: where its pictures go")
    parser.add_argument(
        "--gallery", type=Path, metavar="DIR", help="take a picture of every state of the window"
    )
    said = parser.parse_args(arguments)
    if said.gallery and (said.check or said.training or said.reset or said.extract):
        parser.error("--gallery goes alone: it has an environment of its own")
    if said.screenshots and not said.check:
        parser.error("--screenshots goes with --check")
    if said.check and (said.training or said.reset):
        parser.error("--check has an environment of its own: leave out --training and --reset")
    if said.training and said.extract:
        parser.error(
            "an extract is not loaded into the training environment: leave out --training or --extract"
        )
    return Options(
        environment=Environment.TRAINING if said.training else Environment.REFERENCE,
        extract=said.extract,
        today=said.today,
        is_reset=said.reset,
        is_check=said.check,
        screenshots=said.screenshots,
        gallery=said.gallery,
    )
