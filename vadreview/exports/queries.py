"""What a person may see of datasets."""

from __future__ import annotations

from django.db.models import QuerySet

from vadreview.accounts.models import User
from vadreview.exports.models import Dataset
from vadreview.footage import queries as footage


def visible_to(user: User) -> QuerySet[Dataset]:
    return Dataset.objects.filter(project__in=footage.visible_to(user))
