"""Roles at the door: seeing is a matter of the queryset (404), doing is a matter of the role (403)."""

from __future__ import annotations

import uuid

from django.http import Http404

from vadreview import errors
from vadreview.accounts.models import Role, User
from vadreview.footage import queries
from vadreview.footage.models import Project

DOING = {
    Role.VIEWER: "look at",
    Role.REVIEWER: "review in",
    Role.MANAGER: "change",
}


def require_footage(user: User, project: Project) -> None:
    """Raise NotAllowed where `user` sees only the poses of people in `project`, for whatever may hold pixels."""
    if not queries.sees_footage(user, project):
        raise errors.NotAllowed(
            f"In the project “{project.name}” you see people as skeletons, not the footage itself. "
            "One of its managers can change that."
        )


def managed(user: User, pk: uuid.UUID) -> Project:
    """Return a project that `user` manages. Raises Http404 where they may not see it, NotAllowed in a lower role."""
    project = queries.visible_to(user).filter(pk=pk).first()
    if project is None:
        raise Http404
    require(user, project, Role.MANAGER)
    return project


def require(user: User, project: Project, least: Role) -> None:
    """Raise NotAllowed unless `user` has at least the role `least` in `project`."""
    if not queries.may(user, project, least):
        raise errors.NotAllowed(
            f"You need the role “{least.value}” to {DOING[least]} the project “{project.name}”. "
            "Ask one of its managers."
        )
