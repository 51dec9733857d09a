"""The footage to learn from: frames described by the encoder, in stretches, and the windows over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.base import (
    ABNORMAL,
    NORMAL,
    UNKNOWN,
    UNUSUAL,
    ConfigError,
    Meter,
    ProgressCallback,
    Supervision,
    Video,
)
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.encoders import Floats, FrameEncoder
from detectors.field_cache import FieldCache
from detectors.spans import Span
from detectors.windows import reflected

Places = NDArray[np.int64]

_LEAST_SPEED = 0.05  # pixels a frame: slower motion is the noise of the flow, and must not be blown up
_LEAST_SPREAD = 1e-3
_UNIT_FRAMES = 2_000  # frames that the units are taken from


@dataclass(frozen=True, slots=True)
class Units:
    """What the network sees as 0 and 1 in each channel: centre, scale float32 (C,)."""

    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, latents: NDArray[np.float16], config: DiffVADConfig) -> Units:
        """Learn the units from frames (n, C, V).

        Motion: the mean of what lies between the 5th and 95th percentile is 0, and the 95th percentile of what
        lies from it is 2, so that a few fast things do not shrink everything else. Pictures: mean and deviation.
        """
        step = max(1, len(latents) // _UNIT_FRAMES)
        values = latents[::step].astype(np.float32).transpose(1, 0, 2).reshape(latents.shape[1], -1)
        if config.encoder == "footage":
            spread = values.std(1, dtype=np.float64)
            return cls(
                values.mean(1, dtype=np.float64).astype(np.float32),
                (1 / np.maximum(spread, _LEAST_SPREAD)).astype(np.float32),
            )
        low, high = np.percentile(values, (5, 95), axis=1)
        centre = np.clip(values, low[:, None], high[:, None]).mean(1, dtype=np.float64)
        reach = np.percentile(np.abs(values - centre[:, None]), 95, axis=1)
        return cls(centre.astype(np.float32), (2 / np.maximum(reach, _LEAST_SPEED)).astype(np.float32))

    def enter(self, windows: NDArray[np.float16]) -> Tensor:
        """Bring windows (B, N, C, V) to the network's units and order: (B, C, N, V)."""
        moved = (windows.astype(np.float32) - self.centre[:, None]) * self.scale[:, None]
        return torch.from_numpy(moved.transpose(0, 2, 1, 3).copy())


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames [start, start + n) of a video: n rows of `Footage.latents` from row `row` on."""

    video: int
    start: int
    row: int
    length: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows over the footage: rows int64 (B, N) of the latents.

    stretch, video: int32 (B,), where they lie. first: int64 (B,), the first future frame.
    """

    rows: Places
    stretch: NDArray[np.int32]
    video: NDArray[np.int32]
    first: Places


@dataclass(frozen=True, slots=True)
class Footage:
    """Everything to learn from.

    latents: float16 (F, C, V). labels: int8 (F,), disputed: bool (F,). stretches cover all rows in order.
    """

    latents: NDArray[np.float16]
    labels: NDArray[np.int8]
    disputed: NDArray[np.bool_]
    stretches: tuple[Stretch, ...]

    def windows(self, config: DiffVADConfig, *, stride: int, whole: bool = False) -> Windows:
        """List windows whose futures begin `stride` frames apart; `whole` ones do not hang over an end.

        A stretch that is too short for a whole window has one all the same, which goes on backwards.
        """
        rows, numbers, videos, firsts = [], [], [], []
        for number, stretch in enumerate(self.stretches):
            begin, end = 0, stretch.length
            if whole:
                begin, end = config.history, max(stretch.length - config.future, config.history) + 1
            first = np.arange(begin, end, stride)
            frames = first[:, None] - config.history + np.arange(config.length)
            rows.append(stretch.row + reflected(frames, stretch.length))
            numbers.append(np.full(len(first), number, np.int32))
            videos.append(np.full(len(first), stretch.video, np.int32))
            firsts.append(stretch.start + first)
        return Windows(
            np.concatenate(rows), np.concatenate(numbers), np.concatenate(videos), np.concatenate(firsts)
        )

    def nearest_rows(self, windows: Windows, bank: Windows) -> Places:
        """Find for each window the row of the bank whose future begins nearest to it: (K,)."""
        found = np.empty(len(windows.first), np.int64)
        for number in range(len(self.stretches)):
            here, there = np.flatnonzero(windows.stretch == number), np.flatnonzero(bank.stretch == number)
            after = np.searchsorted(bank.first[there], windows.first[here]).clip(1, len(there) - 1)
            if len(there) == 1:
                found[here] = there[0]
                continue
            wanted, left, right = windows.first[here], bank.first[there[after - 1]], bank.first[there[after]]
            found[here] = there[np.where(wanted - left <= right - wanted, after - 1, after)]
        return found

    def verdicts(self, windows: Windows, config: DiffVADConfig) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Say what people decided on the futures of windows: (B,) of UNKNOWN, NORMAL or ABNORMAL, and disputes."""
        future = windows.rows[:, config.history :]
        labels = self.labels[future]
        disputed: NDArray[np.bool_] = self.disputed[future].max(1)
        decided = np.where((labels == NORMAL).any(1), NORMAL, UNKNOWN).astype(np.int8)
        decided[(labels == ABNORMAL).any(1)] = ABNORMAL
        return np.where(disputed, UNKNOWN, decided).astype(np.int8), disputed

    def usual(self, windows: Windows) -> NDArray[np.bool_]:
        """Say which windows may be taken for usual, by all of their frames: (B,)."""
        unusual: NDArray[np.bool_] = np.isin(self.labels[windows.rows], UNUSUAL).max(1)
        return ~unusual


def gather(
    videos: Sequence[Video],
    spans: list[Span],
    encoder: FrameEncoder,
    *,
    supervision: Supervision | None,
    cache: FieldCache | None,
    progress: ProgressCallback,
) -> Footage:
    """Describe the frames to learn from. Raises ConfigError if people found all of them abnormal."""
    decided = supervision or Supervision({})
    total = sum(stop - start for _, start, stop in spans)
    meter = Meter(progress, "frames", total)
    number = {id(video): place for place, video in enumerate(videos)}
    latents: NDArray[np.float16] | None = None
    stretches, labels, disputed, row = [], [], [], 0
    for video, start, stop in spans:
        stretches.append(Stretch(number[id(video)], start, row, stop - start))
        labels.append(decided.of(video)[start:stop])
        disputed.append(decided.disputed_in(video)[start:stop])
        for piece in encoder.encode(video, start, stop, cache=cache, meter=meter):
            if latents is None:
                latents = np.empty((total, *piece.shape[1:]), np.float16)
            latents[row : row + len(piece)] = piece
            row += len(piece)
    assert latents is not None
    found = Footage(latents, np.concatenate(labels), np.concatenate(disputed), tuple(stretches))
    if np.isin(found.labels, UNUSUAL).all():
        raise ConfigError(
            "Every frame of the training footage was found abnormal: there is nothing usual to learn from. "
            "Add footage in which nothing happens, or take back some verdicts."
        )
    return found


def split(windows: Tensor, config: DiffVADConfig) -> tuple[Tensor, Tensor]:
    """Take windows (B, C, N, V) apart: the history as the network sees it, and what it is to generate."""
    history, future = windows[:, :, : config.history], windows[:, :, config.history :]
    if config.target == "delta":
        future = future - history[:, :, -1:]
    if config.clip is not None:
        history = history.clamp(-config.clip, config.clip)
    return history, future


def streamed(
    pieces: Iterable[Floats], n_frames: int, config: DiffVADConfig, *, group: int
) -> Iterator[tuple[Places, NDArray[np.float16]]]:
    """Cut a video that comes in pieces (n, C, V) into groups of windows: first future frames, (B, N, C, V).

    Windows begin so that their futures begin at 0, stride, 2 stride ...; beyond the ends a video goes on backwards.
    Memory does not grow with the length of the video.
    """
    starts = np.arange(0, n_frames, config.scoring_stride)
    held: NDArray[np.float16] | None = None
    first = done = 0  # number of the frame held[0]; windows that have left
    for piece in pieces:
        small = piece.astype(np.float16)
        held = small if held is None else np.concatenate([held, small])
        while done < len(starts):
            firsts = starts[done : done + group]
            frames = frames_of(firsts, n_frames, config)
            if frames.max() >= first + len(held):
                break
            yield firsts, held[frames - first]
            done += len(firsts)
        if done < len(starts):
            # reflection at the end reaches back by no more than a window
            needed = max(first, int(starts[done]) - 2 * config.length)
            held, first = held[needed - first :], needed


def frames_of(firsts: Places, n_frames: int, config: DiffVADConfig) -> Places:
    """List the frames of windows by their first future frames: (B,) -> (B, N), turned back at the ends."""
    return reflected(firsts[:, None] - config.history + np.arange(config.length), n_frames)
