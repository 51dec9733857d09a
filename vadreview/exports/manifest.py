"""The frozen content of a dataset: everything its files are written from, as plain JSON.

It is made in one transaction. Two manifests of the same state are equal, byte for byte: they hold no time and no
id of their own, and every list is sorted.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db.models import QuerySet

from vadreview.footage import audit
from vadreview.footage.models import Project, Video
from vadreview.review import queries as review
from vadreview.review.models import Verdict
from vadreview.runs.models import Run, Segment

FORMAT = "vadreview dataset 1"
RULE = (
    "Of one person's verdicts about one span the newest counts, unless it was withdrawn. "
    "Of several people's, the newest accept or reject counts; unsure only where nobody accepted or rejected. "
    "Where some accept what others reject, the span says conflict: true and lists every voice; a manager's verdict "
    "that settles it counts and ends the conflict. Where an accepted span shares frames with a rejected one (of "
    "another run, or drawn), each names the other under contradicts; the frames they share count as accepted."
)


def freeze(project: Project, videos: list[Video]) -> dict[str, Any]:
    """Collect what people decided about these videos, with where each decision came from."""
    videos = sorted(videos, key=lambda video: (video.name, str(video.pk)))
    place = {video.pk: n for n, video in enumerate(videos)}
    clocks = {video.pk: Clock(video) for video in videos}
    audited = {video.pk: audit.chosen(video, share=project.audit_share) for video in videos}
    verdicts = Verdict.objects.filter(project=project, video__in=videos).select_related("reviewer")
    settled = review.settle(review.current(verdicts))
    segments = Segment.objects.filter(run__project=project, video__in=videos)
    scores = dict(segments.filter(audit=False).values_list("pk", "score"))  # the others have a stand-in
    spans = [
        _span(
            one,
            clocks[one.verdict.video_id],
            score=scores.get(one.verdict.subject),
            audited=audited[one.verdict.video_id],
        )
        for one in settled
    ]
    spans.sort(
        key=lambda span: (place[uuid.UUID(span["video"])], span["start"], span["stop"], span["subject"])
    )
    mark_contradictions(spans)
    open_ones = _without_a_verdict(segments, [one.verdict for one in settled])
    unreviewed = [
        {
            "subject": str(segment.pk),
            "video": str(segment.video_id),
            "run": str(segment.run_id),
            "start": segment.start,
            "stop": segment.stop,
            "score": segment.score,
        }
        for segment in open_ones
        if not segment.audit
    ]
    unreviewed.sort(
        key=lambda one: (place[uuid.UUID(one["video"])], one["start"], one["stop"], one["subject"])
    )
    run_ids = {one["run"] for one in [*spans, *unreviewed] if one["run"]}
    return {
        "format": FORMAT,
        "frames": "0-based frames of the source; spans are half-open: start is in, stop is not",
        "rule": RULE,
        "project": {"id": str(project.pk), "name": project.name},
        "labels": [label["name"] for label in project.labels],
        "audit": {
            "share": project.audit_share,
            "about": "Windows picked by chance: what is said there measures runs and teaches none.",
            "windows": {str(video.pk): [list(span) for span in audited[video.pk]] for video in videos},
        },
        "counts": _counts(videos, spans, unreviewed=len(open_ones)),  # as many as wait in the queues
        "videos": [_video(video) for video in videos],
        "spans": spans,
        "unreviewed": unreviewed,
        "runs": [_run(run) for run in Run.objects.filter(pk__in=run_ids).order_by("created_at", "pk")],
    }


def _without_a_verdict(segments: QuerySet[Segment], verdicts: list[Verdict]) -> list[Segment]:
    """Return the segments that nobody has judged, neither themselves nor, in another run, the same event."""
    subjects = {verdict.subject for verdict in verdicts}
    firm: dict[uuid.UUID, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.decision in review.FIRM:
            firm.setdefault(verdict.video_id, []).append(verdict)
    return [
        segment
        for segment in segments.order_by()
        if segment.pk not in subjects
        and not any(review.is_same_event(verdict, segment) for verdict in firm.get(segment.video_id, []))
    ]


def canonical(manifest: dict[str, Any]) -> bytes:
    """Write a manifest as the bytes that are hashed and stored; UTF-8 JSON with sorted keys."""
    return (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def sha256(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(manifest)).hexdigest()


class Clock:
    """Seconds at which frames are shown: the stored times where the rate varies, else frame / fps."""

    def __init__(self, video: Video) -> None:
        self._video = video
        self._times: np.ndarray | None = None
        path = video.derived / "times.npy"
        if video.vfr and path.is_file():
            self._times = np.load(path, mmap_mode="r", allow_pickle=False)

    def seconds(self, frame: int) -> float:
        """Return when `frame` begins; for the frame after the last, when the video ends."""
        if self._times is None:
            return round(float(frame / self._video.fps), 6)
        if frame < len(self._times):
            return round(float(self._times[frame]), 6)
        return round(self._video.duration_s, 6)


def mask(manifest: dict[str, Any], video: dict[str, Any]) -> np.ndarray:
    """Return 1 for each abnormal frame of a video of the manifest, else 0; uint8 (n_frames,)."""
    abnormal = np.zeros(video["n_frames"], dtype=np.uint8)
    for span in manifest["spans"]:
        if span["video"] == video["id"] and span["decision"] == Verdict.Decision.ACCEPT:
            abnormal[span["start"] : span["stop"]] = 1
    return abnormal


def mark_contradictions(spans: list[dict[str, Any]]) -> None:
    """Let each accepted span name the rejected ones that it shares frames with, and the other way around."""
    accepted: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        span["contradicts"] = []
        if span["decision"] == Verdict.Decision.ACCEPT:
            accepted.setdefault(span["video"], []).append(span)
    for span in spans:
        if span["decision"] != Verdict.Decision.REJECT:
            continue
        for other in accepted.get(span["video"], []):
            if other["start"] < span["stop"] and span["start"] < other["stop"]:
                span["contradicts"].append(other["subject"])
                other["contradicts"].append(span["subject"])


def _span(
    settled: review.Settled, clock: Clock, *, score: float | None, audited: list[audit.Span]
) -> dict[str, Any]:
    verdict = settled.verdict
    # by what was proposed: where a person moved the edges to must not decide whether it counts
    asked = (verdict.proposed_start, verdict.proposed_stop)
    start, stop = (verdict.start, verdict.stop) if None in asked else asked
    return {
        "subject": str(verdict.subject),
        "video": str(verdict.video_id),
        "run": str(verdict.run_id) if verdict.run_id else None,
        "drawn": verdict.drawn,
        "start": verdict.start,
        "stop": verdict.stop,
        "start_s": clock.seconds(verdict.start),
        "stop_s": clock.seconds(verdict.stop),
        "decision": verdict.decision,
        "labels": verdict.labels,
        "reason": verdict.reason,
        "comment": verdict.comment,
        "verdict": str(verdict.pk),
        "reviewer": _person(verdict),
        "decided_at": _iso(verdict.created_at),
        "score": score,
        "proposed_start": verdict.proposed_start,
        "proposed_stop": verdict.proposed_stop,
        "conflict": settled.conflict,
        "audit": audit.holds(audited, start, stop),
        "voices": [_voice(voice) for voice in settled.voices],
    }


def _voice(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": str(verdict.pk),
        "reviewer": _person(verdict),
        "decision": verdict.decision,
        "settles": verdict.settles,
        "start": verdict.start,
        "stop": verdict.stop,
        "decided_at": _iso(verdict.created_at),
    }


def _person(verdict: Verdict) -> dict[str, str]:
    return {"id": str(verdict.reviewer.public_id), "name": verdict.reviewer.shown_name}


def _video(video: Video) -> dict[str, Any]:
    columns = (
        "name",
        "sha256",
        "size_bytes",
        "width",
        "height",
        "fps_num",
        "fps_den",
        "n_frames",
        "duration_s",
    )
    return {"id": str(video.pk), "vfr": video.vfr, **{name: getattr(video, name) for name in columns}}


def _run(run: Run) -> dict[str, Any]:
    columns = (
        "name", "detector", "preset", "config", "seed", "mode", "code_version", "device_used", "model_sha256",
        "policy", "threshold",
    )  # fmt: skip
    trained = sorted(str(pk) for pk in run.run_videos.filter(trains=True).values_list("video_id", flat=True))
    return {"id": str(run.pk), "trained_on": trained, **{name: getattr(run, name) for name in columns}}


def _counts(videos: list[Video], spans: list[dict[str, Any]], *, unreviewed: int) -> dict[str, int]:
    masks = {str(video.pk): np.zeros(video.n_frames, dtype=bool) for video in videos}
    for span in spans:
        if span["decision"] == Verdict.Decision.ACCEPT:
            masks[span["video"]][span["start"] : span["stop"]] = True
    return {
        "videos": len(videos),
        "frames": sum(video.n_frames for video in videos),
        "abnormal_frames": sum(int(abnormal.sum()) for abnormal in masks.values()),
        "spans": _number(spans, Verdict.Decision.ACCEPT),
        "rejected": _number(spans, Verdict.Decision.REJECT),
        "unsure": _number(spans, Verdict.Decision.UNSURE),
        "conflicts": sum(span["conflict"] or bool(span["contradicts"]) for span in spans),
        "unreviewed": unreviewed,
    }


def _number(spans: Iterable[dict[str, Any]], decision: Verdict.Decision) -> int:
    return sum(span["decision"] == decision for span in spans)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
