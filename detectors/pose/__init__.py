"""People in footage: where they are, their joints, and who is who, over time.

    from detectors.pose import PoseSettings, extract
    people = extract(Video("yard.mp4"), PoseSettings())

Importing this package loads no model and no runtime.
"""

from detectors.pose.config import PoseSettings
from detectors.pose.people import BadPoses, PosedPerson

__all__ = ["BadPoses", "PoseSettings", "PosedPerson"]


def __getattr__(name: str) -> object:
    if name == "extract":
        from detectors.pose.extraction import extract

        return extract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
