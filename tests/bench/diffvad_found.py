"""What DiffVAD finds in a scene, by what of it is used, beside untrained motion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import detectors
from detectors import perspective
from detectors.base import ABNORMAL, Meter, Video, ignore
from detectors.diffvad import footage, scoring, training
from detectors.diffvad.detector import DiffVAD
from detectors.diffvad.distance import Calibration, distances
from detectors.diffvad.footage import split
from detectors.diffvad.sampling import Sampler
from detectors.evaluation import gaussian
from detectors.field_cache import FieldCache
from detectors.metrics import frame_metrics
from tests.bench.scenes import Scene

Curves = dict[str, dict[str, NDArray[np.float32]]]
Say = Callable[..., None]


def found(scene: Scene, mode: str, seed: int, say: Say, clock: Callable) -> DiffVAD:
    """Print the figures of one training: of each round, of each part, and of the same training without refinement."""
    tag = f"{scene.name}_{mode}_seed{seed}"
    learned = _fitted(scene, mode, seed, clock)
    for name, curves in ({} if seed else _motion(learned, scene)).items():
        _say(say, f"{scene.name}_untrained_{name}", curves, scene)
    if mode != "one_class":
        _rounds(say, tag, learned, scene)
        _say(say, f"{tag}_none_classifier", _classified(learned, scene), scene)
        control = _fitted(scene, mode, seed, treatment="none")
        _rounds(say, f"{tag}_unrefined", control, scene)
    for name, curves in _parts(learned, scene).items():
        _say(say, f"{tag}_{name}", curves, scene)
    return learned


def _fitted(scene: Scene, mode: str, seed: int, clock: Callable = ignore, **overrides: object) -> DiffVAD:
    detector = detectors.create("diffvad", seed=seed, mode=mode, **overrides)
    assert isinstance(detector, DiffVAD)
    learn_from = {"merged": scene.usual + scene.test, "partial": scene.test, "one_class": scene.usual}[mode]
    return detector.fit(learn_from, progress=clock)


def _say(say: Say, name: str, curves: dict[str, NDArray[np.float32]], scene: Scene) -> None:
    """Micro AUC after a Gaussian of 5 frames, beside it without, and macro."""
    raw = frame_metrics(curves, scene.truth)
    smooth = frame_metrics({name: gaussian(curve) for name, curve in curves.items()}, scene.truth)
    macro = smooth["macro_auc"]
    beside = f"raw {raw['micro_auc']:.3f}" + (f", macro {macro:.3f}" if macro is not None else "")
    say(name, smooth["micro_auc"], "micro AUC, Gauss 5", beside)


def _rounds(say: Say, tag: str, detector: DiffVAD, scene: Scene) -> None:
    """Figures of the distances of each round, and how good its labels are, of the test clips in the bank."""
    config, bank = detector.config, detector.bank_
    for number in range(len(bank.rounds)):
        curves, told, true = {}, [], []
        for video in scene.test:
            history = bank.history_of(video, config)
            assert history is not None
            first = history.starts + config.history
            curves[video.name] = scoring.over_frames(history.distance[number], first, video.n_frames, config)
            told.append(np.stack([history.raw[number], history.refined[number]]))
            true.append(scene.truth[video.name][np.minimum(first + 1, video.n_frames - 1)])
        said, truth = np.concatenate(told, 1) == ABNORMAL, np.concatenate(true) == 1
        labels = ", ".join(
            f"{name} precision {truth[one].mean():.2f} recall {one[truth].mean():.2f}"
            for name, one in zip(("raw", "refined"), said, strict=True)
        )
        smooth = {name: gaussian(curve) for name, curve in curves.items()}
        say(
            f"{tag}_{'warmup' if number == 0 else f'round{number}'}",
            frame_metrics(smooth, scene.truth)["micro_auc"],
            "micro AUC, Gauss 5",
            labels,
        )


def _parts(detector: DiffVAD, scene: Scene) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Score with no generated future, one, ten by their mean, and ten by the nearest, raw and measured by cell."""
    sizes = perspective.sizes(np.concatenate([_speed(detector, video) for video in scene.usual]))
    curves: Curves = defaultdict(dict)
    for video in scene.test:
        for name, curve in _parts_of(detector, video, sizes).items():
            curves[name][video.name] = curve
    return curves


@torch.inference_mode()
def _parts_of(detector: DiffVAD, video: Video, sizes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
    config, encoder = detector.config, detector.encoder_
    pieces = encoder.encode(
        video,
        0,
        video.n_frames,
        cache=FieldCache.from_environment(),
        meter=Meter(ignore, "", video.n_frames),
    )
    sampler = Sampler(detector.network_, config, seed=detector.seed)
    group = training.group_of(torch.device("cpu"))
    maps: dict[str, list] = defaultdict(list)
    starts = []
    for first, windows in footage.streamed(pieces, video.n_frames, config, group=group):
        history, future = split(detector.units_.enter(windows), config)
        made = sampler.sample(history, first, patterns=config.patterns)
        starts.append(first)
        for name, patterns, over in (
            ("none", torch.zeros_like(made[:, :1]), "mean"),
            ("single_pattern", made[:, :1], "mean"),
            ("patterns_mean", made, "mean"),
            ("patterns_nearest", made, "min"),
        ):
            asked = config.model_copy(update={"over_patterns": over})
            maps[name].append(distances(patterns, future, encoder, asked).maps)
    first = np.concatenate(starts)
    level = detector.calibration_
    kinds = {name: (name, replace(level, normed=False)) for name in maps}
    kinds["patterns_nearest_zf"] = ("patterns_nearest", replace(level, normed=True))
    every = np.concatenate(maps["none"])
    by_size = Calibration.of(every, np.ones(len(every), np.bool_), normed=True, sizes=sizes)
    kinds["patterns_nearest_perspective"] = ("patterns_nearest", by_size)
    kinds["auto"] = ("patterns_nearest", level)
    return {
        name: scoring.over_frames(
            by.windows(np.concatenate(maps[part]), config), first, video.n_frames, config
        )
        for name, (part, by) in kinds.items()
    }


def _classified(detector: DiffVAD, scene: Scene) -> dict[str, NDArray[np.float32]]:
    """Score by a classifier of the bank's features that learned its raw labels, with nothing generated."""
    bank, config = detector.bank_, detector.config
    raw = bank.rounds[0].raw
    told = LogisticRegression(max_iter=500).fit(bank.features, raw).predict_proba(bank.features)[:, 1]
    curves = {}
    for video in scene.test:
        rows = np.flatnonzero(bank.video == bank.names.index(video.name))
        curves[video.name] = scoring.over_frames(told[rows], bank.first[rows], video.n_frames, config)
    return curves


def _motion(detector: DiffVAD, scene: Scene) -> Curves:
    """Untrained curves of the same cells: the fastest, over 16 frames too, and measured against themselves."""
    usual = np.concatenate([_speed(detector, video) for video in scene.usual])
    by_cell = Calibration.of(usual, np.ones(len(usual), np.bool_), normed=True)
    deviation, sizes = np.maximum(usual.std(0), 0.1), perspective.sizes(usual)
    curves: Curves = defaultdict(dict)
    for video in scene.test:
        speed = _speed(detector, video)
        curves["strongest_cell"][video.name] = speed.max((1, 2))
        curves["strongest_cell_perspective"][video.name] = (speed / sizes[:, None]).max((1, 2))
        curves["strongest_cell_zf"][video.name] = by_cell.level(speed).max((1, 2)).astype(np.float32)
        curves["strongest_cell_z"][video.name] = ((speed - usual.mean(0)) / deviation).max((1, 2))
        curves["over_16_frames"][video.name] = scoring.motion_tracks([speed])["motion_time_mean_16"].values
    return curves


def _speed(detector: DiffVAD, video: Video) -> NDArray[np.float32]:
    meter = Meter(ignore, "", video.n_frames)
    cache = FieldCache.from_environment()
    pieces = detector.encoder_.encode(video, 0, video.n_frames, cache=cache, meter=meter)
    return np.concatenate([detector.encoder_.cells(torch.from_numpy(piece)).numpy() for piece in pieces])
