"""What people say about footage: verdicts, never edited, only followed by newer ones."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vadreview.footage.models import Project, Video
from vadreview.jobs import Job
from vadreview.runs.models import Run


class Verdict(models.Model):
    """One decision of one person about one span. The current one is the newest per (reviewer, subject).

    `subject` is the id of the segment it answers, or an id of its own for a span that the person drew. The span
    is kept here too, so a verdict outlives the run, and the segment, that asked for it.
    """

    class Decision(models.TextChoices):
        ACCEPT = "accept"
        REJECT = "reject"
        UNSURE = "unsure"
        WITHDRAWN = "withdrawn"  # undo: the person has no opinion any more

    class Reason(models.TextChoices):
        NONE = ""
        LIGHTING = "lighting"
        CAMERA = "camera"
        NORMAL = "normal"
        DUPLICATE = "duplicate"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="verdicts")
    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="verdicts")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="verdicts")
    subject = models.UUIDField(db_index=True)
    drawn = models.BooleanField(default=False)  # a span the person drew: no run proposed it
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="verdicts")
    decision = models.CharField(max_length=10, choices=Decision)
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    # what the model proposed, kept untouched beneath the correction; null for a drawn span
    proposed_start = models.PositiveIntegerField(null=True, blank=True)
    proposed_stop = models.PositiveIntegerField(null=True, blank=True)
    labels = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True, default="")
    comment = models.TextField(blank=True, default="", max_length=2000)
    seconds_spent = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    # a manager's word that ends a disagreement: it counts over older and newer verdicts of others
    settles = models.BooleanField(default=False)
    client_key = models.UUIDField(unique=True)  # made by the client: sending it twice gives one verdict

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["reviewer", "subject", "-created_at"]),
            # what was decided before about the event of a segment: review.queries.before
            models.Index(fields=["reviewer", "video", "start"]),
            models.Index(fields=["reviewer", "video", "proposed_start"]),
        ]
        constraints = [models.CheckConstraint(condition=Q(start__lt=F("stop")), name="verdict_span")]

    def __str__(self) -> str:
        return f"{self.decision} [{self.start}, {self.stop})"


class SavedPolicy(models.Model):
    """A threshold policy that people chose by name; `detector` is the one whose scores it was tried on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="saved_policies")
    name = models.CharField(max_length=80)
    detector = models.CharField(max_length=60)
    fields = models.JSONField()  # of detectors.segments.Policy, all of them
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_policy_of_a_name")]

    def __str__(self) -> str:
        return self.name


class PolicyChange(Job):
    """The work of applying a saved policy to several runs. The policy is copied: what was asked for stays."""

    task = "vadreview.review.tasks.apply_policy"
    queue = "export"  # short work that no training may hold up

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="policy_changes")
    name = models.CharField(max_length=80)
    fields = models.JSONField()
    later = models.BooleanField(default=False)  # later runs of the same detectors begin with it too
    runs = models.JSONField()  # ids, in order
    results = models.JSONField(
        default=list
    )  # [{"run": id, "before": n, "after": n}] of the runs that are done
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} on {len(self.runs)} runs"
