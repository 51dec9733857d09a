"""From a frozen dataset to what detectors learn of it, and the runs that do."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from vadreview import errors
from vadreview.accounts.models import User
from vadreview.exports import services
from vadreview.exports.models import Dataset
from vadreview.footage.models import Project
from vadreview.jobs import JobStatus
from vadreview.review.models import Verdict
from vadreview.runs import lessons
from vadreview.runs import services as runs
from vadreview.runs.lessons import ABNORMAL, NORMAL, UNKNOWN, Lesson
from vadreview.runs.models import Run

ACCEPT, REJECT = Verdict.Decision.ACCEPT.value, Verdict.Decision.REJECT.value


@dataclass(frozen=True, slots=True)
class Choice:
    """A detector that is to learn, by one of its presets."""

    detector: str
    preset: str
    warm_start: bool = False  # begin from the model of the run before, if there is one


def lesson_of(manifest: dict[str, Any]) -> Lesson:
    """Turn the verdicts of a manifest into labels of frames, without anything of its audit share.

    An accepted span is abnormal, a rejected one normal, except one that was rejected as a duplicate: that says
    nothing about the footage. Where a person's spans overlap, the later one counts; where those of different people
    contradict each other, and where one span is disputed, the frames are disputed and teach neither. What a manager
    settled overrules both.
    """
    audited = manifest.get("audit", {"share": 0.0, "windows": {}})
    counts = {"accept": 0, "reject": 0, "disputed": 0, "audit": 0}
    people: dict[str, str] = {}
    boards = {video["id"]: _Board(video["n_frames"]) for video in manifest["videos"]}
    for span in sorted(manifest["spans"], key=lambda one: (_is_settled(one), one["decided_at"])):
        if span["decision"] not in (ACCEPT, REJECT):
            continue
        if span.get("audit"):
            counts["audit"] += 1
            continue
        board, where = boards[span["video"]], slice(span["start"], span["stop"])
        if span["conflict"]:
            board.dispute(where)
            counts["disputed"] += 1
        elif not (span["decision"] == REJECT and span["reason"] == Verdict.Reason.DUPLICATE):
            value = ABNORMAL if span["decision"] == ACCEPT else NORMAL
            board.say(where, value, by=span["reviewer"]["id"], final=_is_settled(span))
            counts[span["decision"]] += 1
            people[span["reviewer"]["id"]] = span["reviewer"]["name"]
    videos = {}
    for name, board in boards.items():
        board.keep_out(audited["windows"].get(name, []))
        said = board.spans()
        if any(said.values()):
            videos[name] = {"n_frames": len(board.label), **said}
    return {
        "videos": videos,
        "audit_share": audited["share"],
        "verdicts": counts,
        "reviewers": sorted(people.values()),
    }


class _Board:
    """What is said about the frames of one video so far."""

    def __init__(self, n_frames: int) -> None:
        self.label = np.full(n_frames, UNKNOWN, np.int8)
        self.disputed = np.zeros(n_frames, np.bool_)
        self._by = np.full(n_frames, -1, np.int32)
        self._people: dict[str, int] = {}

    def dispute(self, where: slice) -> None:
        self.disputed[where] = True

    def say(self, where: slice, value: int, *, by: str, final: bool) -> None:
        person = self._people.setdefault(by, len(self._people))
        before, author = self.label[where], self._by[where]
        clash = (before != UNKNOWN) & (before != value) & (author != person)
        self.disputed[where] = False if final else self.disputed[where] | clash
        self.label[where], self._by[where] = value, person

    def keep_out(self, windows: Sequence[Sequence[int]]) -> None:
        for start, stop in windows:
            self.label[start:stop], self.disputed[start:stop] = UNKNOWN, False

    def spans(self) -> dict[str, list[list[int]]]:
        return {
            "abnormal": lessons.spans_of((self.label == ABNORMAL) & ~self.disputed),
            "normal": lessons.spans_of((self.label == NORMAL) & ~self.disputed),
            "disputed": lessons.spans_of(self.disputed),
        }


def _is_settled(span: dict[str, Any]) -> bool:
    """Say whether the verdict that counts is a manager's, given to end a disagreement."""
    return any(voice["verdict"] == span["verdict"] and voice.get("settles") for voice in span["voices"])


def teach(
    project: Project,
    *,
    by: User,
    choices: Sequence[Choice],
    dataset: Dataset | None,
    name: str,
    client_key: uuid.UUID,
) -> tuple[Dataset, list[Run]]:
    """Start a run of each chosen detector that learns from a dataset; without one, what is decided now is frozen.

    A run takes over settings, seed and footage of the last one of the same detector and preset, so that the two can
    be compared, and also learns from every video of the dataset that has verdicts. Sending the same `client_key`
    again has no second effect. Raises Conflict when the dataset is not written yet or has nothing to teach.
    """
    if dataset is not None and dataset.status != JobStatus.DONE:
        raise errors.Conflict(
            f"The files of “{dataset.name}” are not written yet ({dataset.status}). Wait until they are, or "
            "teach from what is decided now.",
            code="not_written",
        )
    with transaction.atomic():
        if dataset is None:
            key = uuid.uuid5(client_key, "dataset")
            dataset, _ = services.request(project, by=by, name=name, videos=None, client_key=key)
        lesson = lesson_of(dataset.manifest)
        if not any(lessons.frames_in(lesson)[kind] for kind in ("abnormal", "normal")):
            raise errors.Conflict(_nothing_in(lesson), code="nothing_to_teach")
        return dataset, [
            _start(project, choice, by=by, dataset=dataset, lesson=lesson, client_key=client_key)
            for choice in choices
        ]


def _nothing_in(lesson: Lesson) -> str:
    counts = lesson["verdicts"]
    if counts["audit"] or counts["disputed"]:
        return (
            f"There is nothing to teach: {counts['audit']} verdicts belong to the audit share, which only measures, "
            f"and {counts['disputed']} are disputed. Review more, or settle what is disputed."
        )
    return "There is nothing to teach: nobody has accepted or rejected anything yet. Review first."


def _start(
    project: Project, choice: Choice, *, by: User, dataset: Dataset, lesson: Lesson, client_key: uuid.UUID
) -> Run:
    parent = (
        project.runs.filter(detector=choice.detector, preset=choice.preset, stage=Run.Stage.DONE)
        .order_by("-created_at")
        .first()
    )
    footage = _footage(project, parent, lesson)
    run, _ = runs.start(
        project,
        by=by,
        detector=choice.detector,
        preset=choice.preset,
        overrides=parent.overrides if parent else None,
        seed=parent.seed if parent else 0,
        device=parent.device if parent else "auto",
        client_key=uuid.uuid5(client_key, f"{choice.detector}/{choice.preset}"),
        taught=lessons.Taught(
            dataset=dataset.pk,
            lesson=lesson | {"judged_only": footage.judged_only},
            parent=parent,
            warm_start=choice.warm_start,
        ),
        train_videos=footage.train,
        score_videos=footage.score,
    )
    return run


@dataclass(frozen=True, slots=True)
class _Footage:
    """What a taught run learns from and scores (None: all that is ready), and of what it learns the judged alone."""

    train: list[uuid.UUID] | None = None
    score: list[uuid.UUID] | None = None
    judged_only: tuple[str, ...] = ()


def _footage(project: Project, parent: Run | None, lesson: Lesson) -> _Footage:
    """Take over the footage of the run before, and add the videos that have verdicts.

    Of an added video only what people judged is learned from: the run before was not shown it as usual, and the
    anomalies that nobody has found in it yet would be learned as such.
    """
    if parent is None:
        return _Footage()
    ready = set(project.videos.filter(state="ready").values_list("pk", flat=True))
    rows = parent.run_videos.order_by("pk")
    train = [row.video_id for row in rows if row.trains and row.video_id in ready]
    said = [video for name in lesson["videos"] if (video := uuid.UUID(name)) in ready]
    score = [row.video_id for row in rows if row.scores and row.video_id in ready]
    before = set(parent.lesson.get("judged_only", ()))
    usual = [video for video in train if str(video) not in before]
    if not usual:
        return _Footage(list(dict.fromkeys([*train, *said])) or None, score or None)
    added = [video for video in said if video not in usual]
    return _Footage([*usual, *added], score or None, judged_only=tuple(map(str, added)))


def lineage_of(dataset: Dataset) -> dict[str, Any]:
    """Say what a dataset teaches, who said it, and which runs learned from it."""
    lesson = lesson_of(dataset.manifest)
    by_person: dict[str, dict[str, Any]] = {}
    for span in dataset.manifest["spans"]:
        for voice in span["voices"]:
            person = by_person.setdefault(
                voice["reviewer"]["id"],
                {
                    "reviewer": voice["reviewer"]["id"],
                    "reviewer_name": voice["reviewer"]["name"],
                    "verdicts": 0,
                },
            )
            person["verdicts"] += 1
    return {
        "verdicts": lesson["verdicts"],
        "frames": lessons.frames_in(lesson),
        "audit_share": lesson["audit_share"],
        "reviewers": sorted(by_person.values(), key=lambda one: (-one["verdicts"], one["reviewer_name"])),
        "runs": list(dataset.runs.order_by("created_at")),
        "proposed_by": [
            {"run": run["id"], "name": run["name"], "detector": run["detector"]}
            for run in dataset.manifest["runs"]
        ],
    }
