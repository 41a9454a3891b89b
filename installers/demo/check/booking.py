"""Step c: an appointment booked on either side appears on the other."""

from demo.check.facts import ChosenPatient
from demo.check.report import Finding
from demo.check.scene import Scene


def in_legacy(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Book by the legacy program's keys; the page's book shows it."""


def in_page(scene: Scene, patient: ChosenPatient, finding: Finding) -> None:
    """Book in the page; the legacy program's book shows it."""
