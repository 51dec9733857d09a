"""Runs of a detector, and the numbers they leave: tracks, heatmaps, proposals."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vadreview.footage.models import Project, Video
from vadreview.jobs import Job


class Run(Job):
    """One detector, trained once on some videos and scoring some. Its job columns are its training.

    `stage` is what a person sees: it follows the training job, then the scoring of each video.
    """

    task = "vadreview.runs.tasks.train"
    queue = "train"

    class Stage(models.TextChoices):
        QUEUED = "queued"
        TRAINING = "training"
        SCORING = "scoring"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Mode(models.TextChoices):
        MERGED = "merged", "Merged: learns from all footage, with whatever is in it"
        PARTIAL = "partial", "Partial: learns from the chosen training videos, scores the others"
        SUPERVISED = "supervised", "Supervised: learns from footage and from the verdicts of a dataset"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    name = models.CharField(max_length=150, blank=True, default="")
    detector = models.CharField(max_length=40)
    preset = models.CharField(max_length=20)
    config = models.JSONField(default=dict)  # the whole configuration, defaults written out
    overrides = models.JSONField(default=dict, blank=True)  # what the person changed in the form
    seed = models.PositiveIntegerField(default=0)
    device = models.CharField(max_length=10, default="auto")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.MERGED)
    code_version = models.CharField(max_length=60, blank=True, default="")
    # the frozen verdicts it learns from, and the run it is to be compared with
    trained_on = models.ForeignKey(
        "exports.Dataset", null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    warm_start = models.BooleanField(default=False)  # training begins from the parent's model
    # what the detector is told, made from the dataset when the run was started: see runs/lessons.py
    lesson = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # a client's own id for the request: sending it twice makes one run
    client_key = models.UUIDField(null=True, blank=True)

    stage = models.CharField(max_length=10, choices=Stage, default=Stage.QUEUED, db_index=True)
    # [{"epoch": 1, "loss": 0.3, ...}] for the loss curve
    history = models.JSONField(default=list, blank=True)
    model_sha256 = models.CharField(max_length=64, blank=True, default="")
    device_used = models.CharField(max_length=60, blank=True, default="")
    train_seconds = models.FloatField(null=True, blank=True)
    # how far the fitting is in all its phases, 0 to 1; grows only
    fitted = models.FloatField(default=0.0)
    # how proposals were made: detectors.segments.Policy as used, and the score it came to
    policy = models.JSONField(default=dict, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    centre = models.FloatField(null=True, blank=True)  # median score: a proposal's severity counts from here
    proposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "client_key"],
                condition=Q(client_key__isnull=False),
                name="one_run_per_client_key",
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.detector} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def folder(self) -> Path:
        return settings.MEDIA_ROOT / "runs" / str(self.id)

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def checkpoint(self) -> Path:
        """Where training keeps its state after each epoch; removed when the model is written."""
        return self.folder / "checkpoint"


class RunVideo(Job):
    """One video of a run. Its job columns are the scoring of that video."""

    task = "vadreview.runs.tasks.score"
    queue = "score"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="run_videos")
    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="run_videos")
    trains = models.BooleanField()  # this video is learnt from
    scores = models.BooleanField()  # this video is scored; its job is queued when the model is trained
    # its heatmaps: stride, offset, height, width, count, low, high, region, kind; empty where it has none
    heatmap = models.JSONField(default=dict, blank=True)
    # its patterns: windows, length, dimensions, generated (guesses a window); empty where it has none
    patterns = models.JSONField(default=dict, blank=True)
    # its pseudo-labels: windows, length, rounds, neighbours; empty where it has none
    refinement = models.JSONField(default=dict, blank=True)
    # its people: people, rows, joints, low, high (see runs.people); empty where nobody was looked for or found
    people = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(default=list, blank=True)  # sentences of the detector beside its scores
    seconds = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "video"], name="one_row_per_run_and_video")]

    @property
    def artifacts(self) -> Path:
        return self.run.folder / f"{self.video_id}.zarr"


class MotionJob(Job):
    """The making of one video's own reference curve (motion). Queued when the video is ready."""

    task = "vadreview.runs.tasks.motion"
    queue = "motion"

    video = models.OneToOneField(Video, on_delete=models.CASCADE, related_name="motion_job")


class PatternMap(Job):
    """A t-SNE map of the patterns of a run. One row for each set of parameters and each state of the run."""

    task = "vadreview.runs.tasks.arrange"
    queue = "motion"  # small work beside training and scoring

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="pattern_maps")
    inputs = models.CharField(max_length=32)  # which patterns went in: runs.patterns.inputs
    perplexity = models.FloatField()
    most = models.PositiveIntegerField()  # windows arranged; the rest are placed between them
    seed = models.PositiveIntegerField()

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "inputs", "perplexity", "most", "seed"], name="one_map_per_parameters"
            )
        ]

    @property
    def file(self) -> Path:
        return self.run.folder / f"map-{self.pk}.npz"


class Track(models.Model):
    """A named series of one video: value i is frame offset + i * stride.

    Without a run it is the video's own reference.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="tracks")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="tracks")
    name = models.CharField(max_length=80)
    stride = models.PositiveIntegerField(default=1)
    offset = models.PositiveIntegerField(default=0)
    length = models.PositiveIntegerField()
    low = models.FloatField()
    high = models.FloatField()
    mean = models.FloatField()
    std = models.FloatField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "video", "name"],
                condition=Q(run__isnull=False),
                name="one_track_per_run_video_name",
            ),
            models.UniqueConstraint(
                fields=["video", "name"], condition=Q(run__isnull=True), name="one_reference_per_video_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrackBlock(models.Model):
    """Up to 4,096 values of one level of a track, as little-endian float32 bytes.

    Level 0 holds the values; level k holds (min, max) pairs over 16**k values, so that any view of any length
    reads a bounded number of blocks and a peak never vanishes.
    """

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="blocks")
    level = models.PositiveSmallIntegerField()
    index = models.PositiveIntegerField()
    values = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "level", "index"], name="one_block_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Segment(models.Model):
    """A span that a run proposes for review. Never edited: a person's word about it is a Verdict.

    Its id is made from (run, start, stop, video), so proposing again keeps the ids, and the verdicts, of the
    spans that stay the same.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="segments")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="segments")
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    peak_frame = models.PositiveIntegerField()
    score = models.FloatField()
    # not proposed at all: a window of the audit, shown among the proposals so that what a run misses is measured;
    # its score is a stand-in, so that nobody can tell it apart (runs/proposals.py)
    audit = models.BooleanField(default=False)

    class Meta:
        ordering = ["-score", "video", "start"]
        indexes = [models.Index(fields=["run", "video", "start"]), models.Index(fields=["run", "-score"])]
        constraints = [models.CheckConstraint(condition=Q(start__lt=F("stop")), name="segment_span")]

    def __str__(self) -> str:
        return f"[{self.start}, {self.stop})"
