"""Pseudo-labels: a threshold on distances, the vote of neighbours, and the weight that training gives (section 3.4).

Litrico et al. 2023, from which the paper takes this, in the binary case. People's verdicts are seeds that stay fixed
and that the vote carries on (label propagation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import ABNORMAL, NORMAL, UNKNOWN
from detectors.diffvad.config import DiffVADConfig

Floats = NDArray[np.float32]
Labels = NDArray[np.int8]

_CHUNK = 512  # queries whose similarities are in memory at once
_LEAST_DEVIATION = 1e-3  # of the mean distance: windows that are all alike are all usual


@dataclass(frozen=True, slots=True)
class Neighbours:
    """places: int32 (Q, K), rows of the bank, -1 where there is none. similarity: float16 (Q, K), cosine, else 0."""

    places: NDArray[np.int32]
    similarity: NDArray[np.float16]


def levels(distance: Floats, camera: NDArray[np.int32], config: DiffVADConfig) -> NDArray[np.float64]:
    """Compute mean and deviation of the distances of each camera, and of all: (cameras + 1, 2).

    A camera with no more windows than a vote has neighbours takes those of all.
    """
    cameras = int(camera.max()) + 1
    found = np.empty((cameras + 1, 2))
    found[-1] = _mean_and_deviation(distance)
    for number in range(cameras):
        own = distance[camera == number]
        found[number] = _mean_and_deviation(own) if len(own) > config.neighbours else found[-1]
    return found


def batch_levels(distance: Floats, config: DiffVADConfig, *, seed: int) -> NDArray[np.float64]:
    """Compute mean and deviation of the random batch that each window is in: (B, 2) (paper)."""
    order = np.random.default_rng(seed).permutation(len(distance))
    found = np.empty((len(distance), 2))
    for batch in np.array_split(order, max(1, len(order) // config.batch_size)):
        found[batch] = _mean_and_deviation(distance[batch])
    return found


def _mean_and_deviation(distance: Floats) -> tuple[float, float]:
    mean, deviation = float(distance.mean(dtype=np.float64)), float(distance.std(dtype=np.float64))
    return mean, max(deviation, _LEAST_DEVIATION * abs(mean), 1e-6)


def threshold(level: NDArray[np.float64], config: DiffVADConfig) -> Floats:
    """Compute mean + factor * deviation (equation 5) of levels (..., 2)."""
    return (level[..., 0] + config.threshold_factor * level[..., 1]).astype(np.float32)


def probability(distance: Floats, level: NDArray[np.float64], config: DiffVADConfig) -> Floats:
    """Turn distances (Q,) into probabilities of being abnormal: exactly one half at the threshold."""
    away = (distance - threshold(level, config)) / level[..., 1]
    return (1 / (1 + np.exp(-np.clip(config.sharpness * away, -60, 60)))).astype(np.float32)


def nearest(
    queries: Floats,
    bank: Floats,
    *,
    seconds: tuple[NDArray[np.float64], NDArray[np.float64]],
    video: tuple[NDArray[np.int32], NDArray[np.int32]],
    config: DiffVADConfig,
) -> Neighbours:
    """Find the neighbours of queries (Q, d) in a bank (B, d) of unit vectors, most similar first (equation 7).

    seconds, video: where queries and bank rows lie, (Q,) and (B,). A row at the query's own place is the query
    itself and no neighbour; of rows near it in time at most half of the neighbours are taken.
    """
    count, most_near = config.neighbours, config.neighbours // 2
    places = np.full((len(queries), count), -1, np.int32)
    similarity = np.zeros((len(queries), count), np.float16)
    for first in range(0, len(queries), _CHUNK):
        part = slice(first, first + _CHUNK)
        same = video[0][part, None] == video[1]
        apart = np.abs(seconds[0][part, None] - seconds[1])
        itself = same & (apart < 1e-6)
        close = same & (apart <= config.temporal_s)
        alike = np.where(itself, -np.inf, queries[part] @ bank.T)
        wanted = min(len(bank), count + int(close.sum(1).max()) + 1)
        found = np.argpartition(-alike, wanted - 1, axis=1)[:, :wanted]
        cosines = np.take_along_axis(alike, found, 1)
        order = np.lexsort((found, -cosines))  # equal cosines in the order of the bank
        found, cosines = np.take_along_axis(found, order, 1), np.take_along_axis(cosines, order, 1)
        near = np.take_along_axis(close, found, 1)
        taken = np.isfinite(cosines) & ~(near & (np.cumsum(near & np.isfinite(cosines), 1) > most_near))
        rank = np.cumsum(taken, 1) - 1
        query, place = np.nonzero(taken & (rank < count))
        places[first + query, rank[query, place]] = found[query, place]
        similarity[first + query, rank[query, place]] = cosines[query, place]
    return Neighbours(places, similarity)


def vote(
    own: Floats, neighbours: Neighbours, bank_probability: Floats, bank_clamped: Labels, config: DiffVADConfig
) -> Floats:
    """Average the probabilities of the neighbours: (Q,) (equation 7). A window without neighbours votes itself.

    Rows that people decided count `human_factor` times, those found abnormal only if they are very similar; together
    they weigh no more than `human_share`. Without such rows this is the plain mean of the paper.
    """
    there = neighbours.places >= 0
    rows = np.where(there, neighbours.places, 0)
    cosine = neighbours.similarity.astype(np.float32)
    decided, voice = bank_clamped[rows], there.astype(np.float64)
    usual = (decided == NORMAL) & (cosine >= config.normal_similarity)
    unusual = decided == ABNORMAL
    voice[usual & there] = config.human_factor
    voice[unusual & there] = np.where(cosine >= config.abnormal_similarity, config.human_factor, 0)[
        unusual & there
    ]
    human = (usual | unusual) & there
    of_humans, of_others = (voice * human).sum(1), (voice * ~human).sum(1)
    most = config.human_share / max(1 - config.human_share, 1e-9) * of_others
    too_much = (of_others > 0) & (of_humans > most)
    shrink = np.where(too_much, most / np.maximum(of_humans, 1e-12), 1)
    voice = np.where(human, voice * shrink[:, None], voice)
    total = voice.sum(1)
    mean = (voice * bank_probability[rows]).sum(1) / np.maximum(total, 1e-12)
    return np.where(total > 0, mean, own).astype(np.float32)


def refined(vote: Floats) -> Labels:
    """Label windows by the vote (equation 8): abnormal from one half on, as the threshold has it."""
    return np.where(vote >= 0.5, ABNORMAL, NORMAL).astype(np.int8)


def entropy(probability: NDArray[np.floating]) -> Floats:
    """Compute the binary entropy in bits, 0 to 1.

    Equation (9) has one of the two terms only, which would trust confident normal windows least.
    """
    p = np.asarray(probability, np.float64)
    terms = p * np.log2(p + 1e-5) + (1 - p) * np.log2(1 - p + 1e-5)
    return np.clip(-terms, 0, 1).astype(np.float32)


def weight(entropy: Floats) -> Floats:
    """Compute the weight in training, exp(-H): 0.37 where the vote is split, 1 where it is certain."""
    return np.exp(-entropy).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What people decided on windows: clamped int8 (Q,), disputed bool (Q,)."""

    clamped: Labels
    disputed: NDArray[np.bool_]

    @classmethod
    def none(cls, count: int) -> Verdicts:
        """Say that nobody decided anything."""
        return cls(np.full(count, UNKNOWN, np.int8), np.zeros(count, np.bool_))

    def hold(self, probability: Floats) -> Floats:
        """Fix the probabilities that people decided; where they contradict each other, their mean."""
        held = np.where(self.clamped == UNKNOWN, probability, self.clamped)
        return np.where(self.disputed, 0.5, held).astype(np.float32)

    def label(self, refined: Labels) -> Labels:
        """Fix the labels that people decided."""
        return np.where(self.clamped == UNKNOWN, refined, self.clamped).astype(np.int8)

    def weigh(self, weight: Floats) -> Floats:
        """Trust what people decided, and least what they dispute."""
        held = np.where(self.clamped == UNKNOWN, weight, 1.0)
        return np.where(self.disputed, np.exp(-1.0), held).astype(np.float32)
