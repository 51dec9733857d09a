"""Whose poses are judged: those in a file beside the video, or people found in its pictures."""

from __future__ import annotations

from detectors.base import Meter, ProgressCallback, UnreadableVideo, Video
from detectors.pose import clip
from detectors.pose.people import BadPoses, PosedPerson
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.segments import clean


def people_in(video: Video, config: StgNfConfig, *, progress: ProgressCallback) -> tuple[PosedPerson, ...]:
    """Give the tracked people of a video, short gaps filled.

    Raises UnreadableVideo, BadPoses, MissingWeights or Cancelled.
    """
    people = _read_or_found(video, config, progress=progress)
    for person in people:
        if len(person.frames) and not 0 <= person.frames[0] <= person.frames[-1] < video.n_frames:
            raise BadPoses(
                f"The poses of {video.name} speak of frame {person.frames[-1]} (person {person.track}), but the video "
                f"has frames 0 to {video.n_frames - 1}; are they of another video?"
            )
    cleaned = (clean(person, fill_gaps=config.fill_gaps) for person in people)
    return tuple(person for person in cleaned if len(person.frames))


def _read_or_found(
    video: Video, config: StgNfConfig, *, progress: ProgressCallback
) -> tuple[PosedPerson, ...]:
    file = clip.beside(video) if config.poses != "estimate" else None
    if isinstance(video, clip.PoseClip) or file is not None:
        people = video.people if isinstance(video, clip.PoseClip) else clip.read(file)  # type: ignore[arg-type]
        Meter(progress, "people", 1).advance()
        return people
    if config.poses == "beside":
        raise UnreadableVideo(
            f"There are no poses beside this video; put them into {video.path.stem}.json there, or set "
            "poses=estimate to find people in the pictures.",
            path=video.path,
        )
    from detectors.pose.extraction import extract  # onnxruntime and LiteRT are not needed to read poses

    return extract(video, config.pose_settings, progress=progress)
