"""Frozen datasets: what people decided, at one moment, as files."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models

from vadreview.footage.models import Project, Video
from vadreview.jobs import Job


class Dataset(Job):
    """A snapshot of verdicts. `manifest` is frozen in the request; a worker only writes the files from it."""

    task = "vadreview.exports.tasks.write"
    queue = "export"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=150)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    client_key = models.UUIDField(null=True, blank=True, unique=True)
    manifest = models.JSONField()
    content_sha256 = models.CharField(
        max_length=64
    )  # of the manifest without its id and time: same state, same hash
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> Path:
        return settings.MEDIA_ROOT / "datasets" / f"{self.id}.zip"


class DatasetVideo(models.Model):
    """A video that a dataset speaks of; the database refuses to delete it while the dataset exists."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="dataset_videos")
    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="dataset_videos")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "video"], name="one_row_per_dataset_and_video")
        ]

    def __str__(self) -> str:
        return f"{self.video_id} in {self.dataset_id}"
