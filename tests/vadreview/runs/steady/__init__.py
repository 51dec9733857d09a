"""A detector for tests of the queue: it learns at a given pace, notes who trained which epoch, needs no torch."""

from __future__ import annotations

from detectors import catalogue

NAME = "steady"


def register() -> None:
    """Add it to the catalogue of this process."""
    catalogue.DETECTORS[NAME] = f"{__name__}.detector:Steady"
