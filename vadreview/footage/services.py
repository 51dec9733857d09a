"""What changes projects, their members and their videos. (Uploads: tus.py; what a worker does: ingest.py.)"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, Model, OuterRef, ProtectedError, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from vadreview import errors, jobs
from vadreview.accounts import services as accounts
from vadreview.accounts.models import Role, User
from vadreview.footage.models import Membership, Project, Upload, Video

MAX_LABELS = 9  # a label's key is its place: 1 to 9
NAME_LENGTH = 255

# What surveillance reviewers tell apart most often; the colours differ in lightness too, not in hue alone.
DEFAULT_LABELS = [
    {"name": "Fight or assault", "color": "#e03131"},
    {"name": "Person down", "color": "#f08c00"},
    {"name": "Running", "color": "#ffd43b"},
    {"name": "Intrusion", "color": "#9c36b5"},
    {"name": "Theft or vandalism", "color": "#1971c2"},
    {"name": "Abandoned object", "color": "#0c8599"},
    {"name": "Vehicle where none belongs", "color": "#2f9e44"},
    {"name": "Crowd", "color": "#f783ac"},
    {"name": "Other", "color": "#868e96"},
]


# ---- projects ----


def create_project(
    creator: User,
    *,
    name: str,
    description: str = "",
    labels: list[dict[str, str]] | None = None,
    policy: dict[str, Any] | None = None,
    detector_policies: dict[str, Any] | None = None,
    audit_share: float = 0.1,
) -> Project:
    """Make a project whose only member, its manager, is the one who made it."""
    chosen = DEFAULT_LABELS if labels is None else check_labels(labels)
    with transaction.atomic():
        project = Project.objects.create(
            name=name,
            description=description,
            labels=chosen,
            policy=policy or {},
            detector_policies=detector_policies or {},
            audit_share=audit_share,
            created_by=creator,
        )
        Membership.objects.create(project=project, user=creator, role=Role.MANAGER)
    return project


def update_project(project: Project, **fields: Any) -> Project:
    """Write the given fields among name, description, labels, policy, detector_policies, audit_share."""
    if "labels" in fields:
        fields["labels"] = check_labels(fields["labels"])
    for name, value in fields.items():
        setattr(project, name, value)
    project.save(update_fields=list(fields))
    return project


def delete_project(project: Project) -> None:
    """Remove a project with its footage: rows first, files after the commit.

    Raises Conflict while something outside of this app still stands on its videos.
    """
    with transaction.atomic():
        videos = list(project.videos.all())
        parts = [upload.part for upload in project.uploads.all()]
        try:
            project.videos.all().delete()
            project.delete()
        except ProtectedError:
            raise errors.Conflict(
                "Runs, verdicts or datasets still use this project's videos. Delete those first.",
                code="in_use",
            ) from None
        remove_after_commit(*(video.folder for video in videos), *parts)


def check_labels(labels: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the labels tidied; raise Invalid when there are too many, or two of one name."""
    tidy = [
        {"name": display_name(label["name"], limit=60), "color": label["color"].lower()} for label in labels
    ]
    names = [label["name"].casefold() for label in tidy]
    if len(tidy) > MAX_LABELS:
        sentence = (
            f"A project has at most {MAX_LABELS} labels (one for each of the keys 1 to 9), got {len(tidy)}."
        )
        raise errors.Invalid(sentence, fields={"labels": sentence})
    if len(set(names)) < len(names) or "" in names:
        sentence = "Every label needs a name of its own."
        raise errors.Invalid(sentence, fields={"labels": sentence})
    return tidy


def storage_expression() -> Combinable:
    """Return what a project's footage takes up, in bytes: files as uploaded, open uploads at full length."""
    waiting = Upload.objects.filter(status=Upload.Status.RECEIVING)
    return _total(Video.objects, "size_bytes") + _total(waiting, "length")


def _total(rows: QuerySet[Model], column: str) -> Coalesce:
    groups = (
        rows.order_by().filter(project=OuterRef("pk")).values("project").annotate(n=Sum(column)).values("n")
    )
    return Coalesce(Subquery(groups, output_field=BigIntegerField()), Value(0))


def storage_bytes(project: Project) -> int:
    return Project.objects.annotate(n=storage_expression()).values_list("n", flat=True).get(pk=project.pk)


# ---- members ----


def add_member(
    project: Project, *, username: str, role: Role, pose_only: bool = False
) -> tuple[Membership, str | None]:
    """Give a person a role, with a one-time sign-in secret where the account was never used.

    A name nobody has yet becomes an account. Somebody whose link got lost is removed and added again.
    """
    _allow(role, pose_only=pose_only)
    with transaction.atomic():
        user = User.objects.filter(username=User.normalize_username(username)).first()
        secret = None
        if user is None:
            user = _create_account(username)
        if user.last_login is None and not user.has_usable_password() and not user.is_superuser:
            secret = accounts.create_sign_in_link(
                user
            )  # nobody was ever signed in: nobody can be robbed of it
        membership, created = Membership.objects.get_or_create(
            project=project, user=user, defaults={"role": role, "pose_only": pose_only}
        )
    if not created:
        raise errors.Conflict(
            f"“{user.username}” is in this project already, as {membership.role}. Change their role instead.",
            fields={"username": "is a member already"},
        )
    return membership, secret


def _create_account(username: str) -> User:
    user = User(username=User.normalize_username(username))
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        sentence = " ".join(error.message_dict.get("username", error.messages))
        raise errors.Invalid(sentence, fields={"username": sentence}) from None
    user.save()
    return user


def change_role(membership: Membership, role: Role, *, pose_only: bool | None = None) -> Membership:
    """Change a member's role, and whether they see poses alone; None leaves that as it is.

    Raises Conflict when that would leave the project without a manager, Invalid for a manager who sees poses alone.
    """
    pose_only = membership.pose_only if pose_only is None else pose_only
    _allow(role, pose_only=pose_only)
    with transaction.atomic():
        if role != Role.MANAGER:
            _keep_a_manager(membership)
        Membership.objects.filter(pk=membership.pk).update(role=role, pose_only=pose_only)
    membership.role, membership.pose_only = role, pose_only
    return membership


def _allow(role: Role, *, pose_only: bool) -> None:
    if role == Role.MANAGER and pose_only:
        sentence = "A manager decides who sees what, so poses alone are for viewers and reviewers."
        raise errors.Invalid(sentence, fields={"pose_only": sentence})


def remove_member(membership: Membership) -> None:
    """Take a person out of a project; raises Conflict for its last manager."""
    with transaction.atomic():
        _keep_a_manager(membership)
        membership.delete()


def _keep_a_manager(leaving: Membership) -> None:
    # the project's row is the lock: of two managers who leave at the same moment, the second one must stay
    Project.objects.select_for_update().get(pk=leaving.project_id)
    others = Membership.objects.filter(project_id=leaving.project_id, role=Role.MANAGER).exclude(
        pk=leaving.pk
    )
    if not others.exists() and Membership.objects.filter(pk=leaving.pk, role=Role.MANAGER).exists():
        raise errors.Conflict(
            "A project needs at least one manager. Make somebody else a manager first.", code="last_manager"
        )


# ---- videos ----


def rename_video(video: Video, name: str) -> Video:
    video.name = display_name(name)
    if not video.name:
        raise errors.Invalid("A video needs a name.", fields={"name": "A video needs a name."})
    video.save(update_fields=["name"])
    return video


def retry_ingest(video: Video) -> Video:
    """Read the file again; raises Conflict while that is under way, or when it was read well."""
    if video.state == Video.State.READY:
        raise errors.Conflict("This video is ready; there is nothing to try again.")
    if video.state == Video.State.INGESTING and video.status in (
        jobs.JobStatus.QUEUED,
        jobs.JobStatus.RUNNING,
    ):
        raise errors.Conflict("This video is being read right now.")
    if not video.source.is_file():
        raise errors.Conflict(
            "The uploaded file is gone from the server. Delete this video and upload it again."
        )
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).update(state=Video.State.INGESTING, reason="", warnings=[])
        jobs.queue(video)
    return video


def cancel_ingest(video: Video) -> Video:
    """Stop reading the file; it can be taken up again with a retry."""
    if video.status not in (jobs.JobStatus.QUEUED, jobs.JobStatus.RUNNING):
        raise errors.Conflict("This video is not being read, so there is nothing to cancel.")
    jobs.cancel(video)
    return video


def delete_video(video: Video) -> None:
    """Remove a video: rows first, files after the commit. Raises Conflict while something stands on it."""
    with transaction.atomic():
        folder = video.folder
        try:
            video.delete()
        except ProtectedError as error:
            raise errors.Conflict(
                f"“{video.name}” is used by {_users(error)}. Delete those first; nothing was removed.",
                code="in_use",
            ) from None
        remove_after_commit(folder)


def _users(error: ProtectedError) -> str:
    """Name what stands on a video, by what a person would have to delete."""
    owners: dict[str, set[str]] = {}
    for row in error.protected_objects:
        # rows of later apps, of which this one knows no more than what they belong to
        owner = next((getattr(row, name) for name in ("run", "dataset") if hasattr(row, f"{name}_id")), None)
        kind = (
            row._meta.verbose_name if owner is None or hasattr(row, "decision") else owner._meta.verbose_name
        )
        owners.setdefault(str(kind), set()).add(str(row.pk) if kind == "verdict" else f"“{owner or row}”")
    return " and ".join(_counted(kind, names) for kind, names in sorted(owners.items()))


def _counted(kind: str, names: set[str]) -> str:
    plural = kind if len(names) == 1 else f"{kind}s"
    if kind == "verdict":
        return f"{len(names)} {plural}"
    listed = ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"the {plural} {listed}"


def remove_after_commit(*paths: Path) -> None:
    """Remove files and folders once the rows that named them are gone for good."""
    transaction.on_commit(lambda: [remove(path) for path in paths])


def remove(path: Path) -> None:
    """Remove a file or a folder that may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def display_name(text: str, *, limit: int = NAME_LENGTH) -> str:
    """Return a name as people will see it: NFC, no hidden characters, short. It is never part of a path."""
    shown = "".join(_shown(character) for character in text[: 8 * limit])
    shown = re.sub(r"\s+", " ", unicodedata.normalize("NFC", shown)).strip()
    if len(shown) <= limit:
        return shown
    stem, dot, suffix = shown.rpartition(".")
    if not dot or len(suffix) > 10:
        return shown[: limit - 1] + "…"
    return stem[: limit - len(suffix) - 2] + "…." + suffix


def _shown(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp"):  # line ends and other control characters
        return " "
    # Cs cannot be stored; Cf is never seen, and can turn the reading direction around to disguise a name.
    # Two of it are needed to write Persian, Hindi and many emoji.
    return "" if kind == "Cs" or (kind == "Cf" and character not in "\u200c\u200d") else character
