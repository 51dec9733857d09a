"""What a person may see and do: every queryset of the application starts here."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from vadreview.accounts.models import Role, User
from vadreview.footage.models import GroundTruth, Membership, Project, Upload, Video


def visible_to(user: User) -> QuerySet[Project]:
    """Return the projects `user` is a member of; superusers see all."""
    if not user.is_authenticated:
        return Project.objects.none()
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(memberships__user=user)


def videos_visible_to(user: User) -> QuerySet[Video]:
    return Video.objects.filter(project__in=visible_to(user))


def uploads_visible_to(user: User) -> QuerySet[Upload]:
    """Return the uploads `user` may go on with: their own, in projects they still manage or see."""
    return Upload.objects.filter(project__in=visible_to(user), user_id=user.pk)


def ground_truth_visible_to(user: User) -> QuerySet[GroundTruth]:
    return GroundTruth.objects.filter(video__project__in=visible_to(user))


def sees_footage(user: User, project: Project) -> bool:
    """Say whether `user` may fetch pixels of a project's footage, and not only who was where in which pose."""
    if user.is_superuser:
        return True
    return Membership.objects.filter(project=project, user_id=user.pk, pose_only=False).exists()


def pose_only_projects(user: User) -> set[uuid.UUID]:
    """Return the projects of which `user` sees poses alone."""
    if not user.is_authenticated or user.is_superuser:
        return set()
    memberships = Membership.objects.filter(user_id=user.pk, pose_only=True)
    return set(memberships.values_list("project_id", flat=True))


def role_of(user: User, project: Project) -> Role | None:
    """Return the role of `user` in `project`; superusers manage every project, strangers have none."""
    if user.is_superuser:
        return Role.MANAGER
    role = Membership.objects.filter(project=project, user_id=user.pk).values_list("role", flat=True).first()
    return Role(role) if role else None


def may(user: User, project: Project, least: Role) -> bool:
    """Say whether `user` has at least the role `least` in `project`."""
    role = role_of(user, project)
    return role is not None and role.rank >= least.rank
