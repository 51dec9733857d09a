"""Projects and their footage."""

from __future__ import annotations

import uuid
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vadreview.accounts.models import Role
from vadreview.jobs import Job


class Project(models.Model):
    """A set of footage with its people, label taxonomy and threshold policy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150)
    description = models.TextField(blank=True, default="")
    # [{"name": "Running", "color": "#e03131"}]; a label's key 1-9 is its place in the list
    labels = models.JSONField(default=list, blank=True)
    # the fields of detectors.segments.Policy; empty means its defaults
    policy = models.JSONField(default=dict, blank=True)
    # the same for detectors whose scores need a line of their own: {"stgnf": {...}}
    detector_policies = models.JSONField(default=dict, blank=True)
    # the share of the footage whose verdicts measure and never teach: see footage/audit.py
    audit_share = models.FloatField(default=0.1)
    is_demo = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(audit_share__gte=0, audit_share__lte=0.5), name="audit_share")
        ]

    def __str__(self) -> str:
        return self.name

    def policy_for(self, detector: str) -> dict[str, Any]:
        """Return the fields of the policy that a new run of this detector begins with."""
        return self.detector_policies.get(detector) or self.policy


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    # sees people as skeletons on grey alone: no route sends this person a pixel of the footage
    pose_only = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.project}"


class Upload(models.Model):
    """A file on its way in by tus. The size of the part file on disk is its offset; this row never says otherwise."""

    class Status(models.TextChoices):
        RECEIVING = "receiving"
        FINISHED = "finished"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)  # what people see; never part of a path
    length = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.RECEIVING, db_index=True)
    video = models.OneToOneField("Video", null=True, on_delete=models.SET_NULL, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def part(self) -> Path:
        return settings.MEDIA_ROOT / "uploads" / f"{self.id}.part"


class Video(Job):
    """One piece of footage. Its job columns are its ingest; `state` says what may be done with it."""

    task = "vadreview.footage.tasks.ingest"
    queue = "ingest"

    class State(models.TextChoices):
        INGESTING = "ingesting"
        READY = "ready"
        REJECTED = "rejected"  # the file itself cannot be used; `reason` says why

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="videos")
    name = models.CharField(max_length=255)  # what people see; never part of a path
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.INGESTING, db_index=True)
    reason = models.TextField(blank=True, default="")
    warnings = models.JSONField(default=list, blank=True)

    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="", db_index=True)
    container = models.CharField(max_length=40, blank=True, default="")
    codec = models.CharField(max_length=40, blank=True, default="")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    rotation = models.IntegerField(default=0)
    fps_num = models.PositiveIntegerField(default=0)
    fps_den = models.PositiveIntegerField(default=1)
    proxy_fps_num = models.PositiveIntegerField(default=0)
    proxy_fps_den = models.PositiveIntegerField(default=1)
    n_frames = models.PositiveIntegerField(default=0)
    duration_s = models.FloatField(default=0)
    vfr = models.BooleanField(default=False)
    has_audio = models.BooleanField(default=False)
    # {"tile_width", "tile_height", "columns", "rows", "stride", "count"}: see footage/media.py
    sheets = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["name", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"],
                condition=Q(state="ready"),
                name="one_ready_video_per_content",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fps(self) -> Fraction:
        return Fraction(self.fps_num, self.fps_den) if self.fps_num else Fraction(25)

    @property
    def folder(self) -> Path:
        return settings.MEDIA_ROOT / "videos" / str(self.id)

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def derived(self) -> Path:
        """Everything ingest makes: proxy.mp4, poster.jpg, sheets/, times.npy. Replaced as a whole."""
        return self.folder / "derived"


class GroundTruthImport(models.Model):
    """Files that somebody brought in with what is known of some videos. Deleting it takes back what it said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="ground_truth_imports")
    files = models.JSONField(default=list)  # names as people see them
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{', '.join(self.files)[:80]} of {self.created_at:%Y-%m-%d %H:%M}"


class KnownVideo(models.Model):
    """What one import says of one video, all of it; no spans: all of the video is normal.

    The newest row of a video counts, and its spans are the video's GroundTruth rows. A row without an import keeps
    spans that were there before the first import.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(
        GroundTruthImport, null=True, on_delete=models.CASCADE, related_name="known_videos"
    )
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="known")
    # [{"start", "stop", "label", "origin"}]
    spans = models.JSONField(default=list)
    has_mask = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["source", "video"], name="one_word_of_an_import_per_video")
        ]

    def __str__(self) -> str:
        return f"{len(self.spans)} spans of {self.video}"

    @property
    def mask(self) -> Path:
        """Where the pixel mask is, if it has one: .npz with `packed` (np.packbits of bool T x H x W) and `shape`."""
        return self.video.folder / "ground_truth" / f"{self.id}.npz"


class GroundTruth(models.Model):
    """Known abnormal spans of a video, for evaluation and for the hatched lane; never used to propose or to train."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="ground_truth")
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    label = models.CharField(max_length=100, blank=True, default="")
    origin = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering = ["video", "start"]
        constraints = [models.CheckConstraint(condition=Q(start__lt=F("stop")), name="ground_truth_span")]

    def __str__(self) -> str:
        return f"{self.label or 'abnormal'} [{self.start}, {self.stop}) of {self.video}"
