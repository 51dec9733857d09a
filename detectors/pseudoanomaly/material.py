"""What is learned from: stretches of consecutive frames with their motion, pictures, things and verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors import spans
from detectors.base import UNKNOWN, UNUSUAL, ConfigError, Meter, ProgressCallback, Supervision, Video
from detectors.cuts import REACH, Shots, find_shots, without_jumps
from detectors.field_cache import FieldCache
from detectors.flow import CHUNK, Fields, FlowSettings, fields
from detectors.pictures import pictures
from detectors.pseudoanomaly import lingering, masks
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.masks import MaskProvider
from detectors.pseudoanomaly.network import WINDOW
from detectors.windows import reflected

LEAST_SCALE = 0.25
"""Pixels a frame. Slower motion than this is the noise of the flow, and must not be blown up to size one."""

_BLOCK = 128  # frames that are held out together
_LEAST_HELD = 256  # frames that say how usual footage scores; fewer say too little


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive frames of one shot, S cells along each side; what the settings do not need is None.

    labels: int8 (n,), verdicts. held_out: bool (n,), frames that are not trained on. fields: float16
    (n, 3, S, S). pictures: uint8 (n, C, S, S). instances: uint8 (n, S, S), things numbered in each picture.
    lingering: float32 (n,), gray levels of what has changed and stays.
    """

    labels: NDArray[np.int8]
    held_out: NDArray[np.bool_]
    fields: Fields | None = None
    pictures: NDArray[np.uint8] | None = None
    instances: NDArray[np.uint8] | None = None
    lingering: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def motion(self, start: int, *, stride: int = 1) -> NDArray[np.float32]:
        """Give 16 fields from `start` on, `stride` frames apart, as motion over that many frames.

        Shape (3, 16, S, S). A stretch that is too short goes on backwards at its end.
        """
        assert self.fields is not None
        chosen = reflected(start + stride * np.arange(WINDOW), len(self))
        return self.fields[chosen].transpose(1, 0, 2, 3).astype(np.float32) * stride

    def clip(self, start: int, *, stride: int = 1) -> NDArray[np.uint8]:
        """Give 16 pictures from `start` on, `stride` frames apart: (16, C, S, S)."""
        assert self.pictures is not None
        return self.pictures[reflected(start + stride * np.arange(WINDOW), len(self))]

    def things(self, start: int) -> NDArray[np.uint8] | None:
        """Give the numbered things of 16 frames from `start` on, (16, S, S), if things were looked for."""
        if self.instances is None:
            return None
        return masks.window(self.instances, start, WINDOW)

    @property
    def usual(self) -> NDArray[np.bool_]:
        """Frames that may be taken for usual."""
        return ~np.isin(self.labels, UNUSUAL)

    def is_usual(self, start: int, stop: int) -> bool:
        """Say whether all of [start, stop) may be taken for usual."""
        return bool(self.usual[start:stop].all())

    def is_free(self, start: int, stop: int) -> bool:
        """Say whether all of [start, stop) may be trained on."""
        return self.is_usual(start, stop) and not self.held_out[start:stop].any()

    def starts(self, *, held_out: bool = False) -> NDArray[np.int64]:
        """List where a window may start so that all of it may be trained on, or is held out and usual."""
        allowed = self.usual & (self.held_out if held_out else ~self.held_out)
        good = np.concatenate([[0], np.cumsum(allowed)])
        length = min(WINDOW, len(self))
        firsts = np.arange(len(self) - length + 1)
        return firsts[good[firsts + length] - good[firsts] == length]


def gather(
    videos: Sequence[Video],
    config: PseudoAnomalyConfig,
    *,
    supervision: Supervision | None,
    cache: FieldCache | None,
    progress: ProgressCallback,
    provider: MaskProvider | None = None,
) -> list[Stretch]:
    """Read what to learn from: all of it, or stretches spread evenly if there is too much."""
    parts = _parts(spans.spread(videos, most_frames=config.max_training_frames), seconds=config.lingering_s)
    total = sum(stop - start for part in parts for start, stop in part.spans)
    looking = Meter(progress, "cuts", sum(part.stop - part.start for part in parts))
    reading = Meter(progress, "footage", total * (config.uses_motion + config.uses_appearance))
    seen = [_look_around(part, config, cache=cache, meter=looking) for part in parts]
    stretches = []
    for part, (shots, changes) in zip(parts, seen, strict=True):
        labels = (supervision or Supervision({})).of(part.video)
        for first, last in (piece for span in part.spans for piece in shots.within(*span)):
            read = _read(
                part.video, first, last, config, shots=shots, cache=cache, meter=reading, provider=provider
            )
            change = changes[first - part.start : last - part.start]
            stretches.append(replace(read, labels=labels[first:last], lingering=change))
    return _hold_out(stretches, config.held_out_ratio)


@dataclass(frozen=True, slots=True)
class _Part:
    """Frames [start, stop) of a video that are looked at, to learn from the spans in them."""

    video: Video
    start: int
    stop: int
    spans: list[tuple[int, int]]


def _parts(chosen: list[spans.Span], *, seconds: float) -> list[_Part]:
    """Look no farther around what is learned from than cuts and lingering need: footage may be days long."""
    parts: list[_Part] = []
    for video, start, stop in chosen:
        before, after = lingering.reach(float(video.fps), seconds=seconds)
        first, last = max(0, start - before - REACH), min(video.n_frames, stop + after + REACH)
        if parts and parts[-1].video is video and first <= parts[-1].stop:
            parts[-1] = replace(parts[-1], stop=last, spans=[*parts[-1].spans, (start, stop)])
        else:
            parts.append(_Part(video, first, last, [(start, stop)]))
    return parts


def _look_around(
    part: _Part, config: PseudoAnomalyConfig, *, cache: FieldCache | None, meter: Meter
) -> tuple[Shots, NDArray[np.float32]]:
    """Find the shots of a part, and how much of each of its frames has changed and stays."""
    with lingering.Samples(float(part.video.fps), start=part.start) as samples:
        shots = find_shots(
            part.video, start=part.start, stop=part.stop, cache=cache, meter=meter, watch=samples.take
        )
        found = lingering.measure(samples, shots, seconds=config.lingering_s)
    return shots, np.concatenate([shot.strongest for shot in found])


def _read(
    video: Video,
    start: int,
    stop: int,
    config: PseudoAnomalyConfig,
    *,
    shots: Shots,
    cache: FieldCache | None,
    meter: Meter,
    provider: MaskProvider | None,
) -> Stretch:
    motion = small = instances = None
    side = config.size
    if config.uses_motion:
        motion = np.empty((stop - start, 3, side, side), np.float16)
        stream = fields(video, flow_settings(config), start=start, stop=stop, cache=cache, meter=meter)
        for first, moved in without_jumps(stream, shots):
            motion[first - start : first - start + len(moved)] = moved
    if config.uses_appearance:
        small = np.empty((stop - start, config.channels, side, side), np.uint8)
        for first, piece in pictures(
            video,
            side=side,
            colour=config.appearance_colour == "rgb",
            start=start,
            stop=stop,
            cache=cache,
            meter=meter,
        ):
            small[first - start : first - start + len(piece)] = piece
    if config.masks == "objects" and config.uses_masks:
        if small is not None:
            instances = masks.objects(small, None if motion is None else motion[:, 2])
        else:
            gray = np.concatenate(
                [p for _, p in pictures(video, side=side, start=start, stop=stop, cache=cache)]
            )
            instances = masks.objects(gray, None if motion is None else motion[:, 2])
    elif config.masks == "provider" and config.uses_masks:
        if provider is None:
            raise ConfigError(
                "masks=provider needs a mask_provider, which only a program can give "
                "(see detectors/pseudoanomaly/README.md); choose objects or irregular."
            )
        instances = np.stack(
            [masks.provided(provider, picture, side) for picture in video.frames(start, stop)]
        )
    unknown = np.full(stop - start, UNKNOWN, np.int8)
    return Stretch(unknown, np.zeros(stop - start, np.bool_), motion, small, instances)


def _hold_out(stretches: list[Stretch], ratio: float) -> list[Stretch]:
    """Mark blocks that are spread evenly as held out, where enough footage is left to learn from."""
    blocks = []
    for stretch in stretches:
        edges = np.linspace(0, len(stretch), max(1, len(stretch) // _BLOCK) + 1).astype(int)
        blocks += [(stretch, a, b) for a, b in pairwise(edges)]
    count = round(ratio * len(blocks))
    if count and len(blocks) >= 3:
        for i in ((np.arange(count) + 0.5) * len(blocks) / count).astype(int):
            stretch, start, stop = blocks[i]
            stretch.held_out[start:stop] = True
    return stretches


def without_things(stretches: Sequence[Stretch]) -> bool:
    """Say whether things were looked for and none was found."""
    looked = [stretch.instances for stretch in stretches if stretch.instances is not None]
    return bool(looked) and not any(instances.any() for instances in looked)


def judged_frames(stretches: Sequence[Stretch]) -> list[NDArray[np.bool_]]:
    """Choose the frames that say how usual footage scores: the held-out ones, or all where these are few."""
    held = [stretch.usual & stretch.held_out for stretch in stretches]
    if sum(int(frames.sum()) for frames in held) >= _LEAST_HELD:
        return held
    return [stretch.usual for stretch in stretches]


def flow_settings(config: PseudoAnomalyConfig) -> FlowSettings:
    """Say how the motion for this config is estimated."""
    return FlowSettings(
        grid=config.size,
        method=config.flow_method,
        preset=config.flow_preset,
        long_side=config.flow_long_side,
    )


def speed_scale(stretches: Sequence[Stretch]) -> float:
    """Compute the 99.9th percentile of the usual speed, in pixels a frame: what the network sees as 1."""
    usual = [stretch.fields[stretch.usual, 2] for stretch in stretches if stretch.fields is not None]
    step = max(1, sum(len(speeds) for speeds in usual) // 1000)
    sample = np.concatenate([speeds[::step].ravel() for speeds in usual])
    return max(LEAST_SCALE, float(np.percentile(sample.astype(np.float32), 99.9)))


def check_usual(stretches: Sequence[Stretch]) -> None:
    """Raise ConfigError if people found everything abnormal."""
    if not any(stretch.usual.any() for stretch in stretches):
        raise ConfigError(
            "Every frame of the training footage was found abnormal: there is nothing usual to learn from. "
            "Add footage in which nothing happens, or take back some verdicts."
        )


def pieces(values: NDArray | None, meter: Meter) -> Iterator[NDArray]:
    """Give what a stretch holds of its frames in pieces; `meter` moves on by one for each frame."""
    assert values is not None
    for first in range(0, len(values), CHUNK):
        piece = values[first : first + CHUNK]
        yield piece
        meter.advance(len(piece))
