"""What a person may see of runs, their tracks and their proposals."""

from __future__ import annotations

from django.db.models import QuerySet

from vadreview.accounts.models import User
from vadreview.footage import queries as footage
from vadreview.runs.models import Run, Segment, Track


def visible_to(user: User) -> QuerySet[Run]:
    return Run.objects.filter(project__in=footage.visible_to(user))


def tracks_visible_to(user: User) -> QuerySet[Track]:
    return Track.objects.filter(video__project__in=footage.visible_to(user))


def segments_visible_to(user: User) -> QuerySet[Segment]:
    return Segment.objects.filter(run__project__in=footage.visible_to(user))
