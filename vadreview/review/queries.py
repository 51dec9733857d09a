"""What a person may see of verdicts, and which of them are current."""

from __future__ import annotations

from django.db.models import QuerySet

from vadreview.accounts.models import User
from vadreview.footage import queries as footage
from vadreview.review.models import Verdict


def visible_to(user: User) -> QuerySet[Verdict]:
    return Verdict.objects.filter(project__in=footage.visible_to(user))
