"""Projects and who is in them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from vadreview import errors
from vadreview.accounts.models import Role, User
from vadreview.api import permissions
from vadreview.api.segments import PolicyFields
from vadreview.exports.models import Dataset
from vadreview.footage import queries, services
from vadreview.footage.models import Membership, Project, Video
from vadreview.review import queries as review
from vadreview.review.models import Verdict
from vadreview.runs import inference
from vadreview.runs.models import Run, Segment

COUNTS = ("videos", "ready", "ingesting", "rejected", "runs", "running", "to_review")
_COUNTS = inline_serializer("ProjectCounts", {name: serializers.IntegerField() for name in COUNTS})


class LabelSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    color = serializers.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        error_messages={"invalid": "Write a colour as # and six hex digits, like #e03131."},
    )

    def validate(self, label: dict[str, str]) -> dict[str, str]:
        if len(label) < 2:  # in a PATCH nested fields are not required by themselves
            raise serializers.ValidationError("A label needs a name and a color.")
        return label


class ProjectSerializer(serializers.ModelSerializer):
    labels = LabelSerializer(many=True, required=False)
    policy = PolicyFields(required=False)
    detector_policies = serializers.DictField(
        child=PolicyFields(),
        required=False,
        help_text="Detector -> the policy its new runs begin with, in the place of `policy`.",
    )
    my_role = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    storage_bytes = serializers.IntegerField(read_only=True, help_text="Files as uploaded.")

    class Meta:
        model = Project
        fields = [
            "id", "name", "description", "labels", "policy", "detector_policies", "audit_share", "is_demo", "created_at", "my_role",
            "counts", "storage_bytes",
        ]  # fmt: skip
        read_only_fields = ["is_demo"]
        extra_kwargs = {
            "description": {"max_length": 2000},
            "audit_share": {
                "min_value": 0,
                "max_value": 0.5,
                "help_text": "Share of the footage, picked by chance, whose verdicts measure and never teach.",
            },
        }

    def validate_name(self, name: str) -> str:
        tidy = services.display_name(name, limit=150)
        if not tidy:
            raise serializers.ValidationError("A project needs a name.")
        return tidy

    def validate_policy(self, fields: dict) -> dict:
        return inference.parse_policy(fields).model_dump()

    def validate_detector_policies(self, given: dict[str, dict]) -> dict[str, dict]:
        return {detector: inference.parse_policy(fields).model_dump() for detector, fields in given.items()}

    def to_representation(self, project: Project) -> dict:
        return super().to_representation(project) | {
            "policy": inference.parse_policy(project.policy).model_dump()
        }

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices))
    def get_my_role(self, project: Project) -> str | None:
        return Role.MANAGER if self.context["request"].user.is_superuser else project.my_role

    @extend_schema_field(_COUNTS)
    def get_counts(self, project: Project) -> dict[str, int]:
        return {name: getattr(project, f"count_{name}") for name in COUNTS}


class ProjectViewSet(viewsets.ModelViewSet):
    """The projects you are a member of. Whoever makes one is its manager."""

    serializer_class = ProjectSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Project]:
        return described(queries.visible_to(self.request.user), self.request.user)

    def perform_create(self, serializer: ProjectSerializer) -> None:
        made = services.create_project(self.request.user, **serializer.validated_data)
        serializer.instance = self.get_queryset().get(pk=made.pk)

    def perform_update(self, serializer: ProjectSerializer) -> None:
        permissions.require(self.request.user, serializer.instance, Role.MANAGER)
        services.update_project(serializer.instance, **serializer.validated_data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "confirm",
                str,
                description="The project's name: needed while the project has datasets, which go too.",
            )
        ]
    )
    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        project = self.get_object()
        permissions.require(request.user, project, Role.MANAGER)
        remove_project(project, confirmed=request.query_params.get("confirm") == project.name)
        return Response(status=status.HTTP_204_NO_CONTENT)


def described(projects: QuerySet[Project], user: User) -> QuerySet[Project]:
    """Add the role, the counts and the size that an answer shows: one query for a whole page."""
    videos, runs = Video.objects.order_by(), Run.objects.order_by()
    busy = [Run.Stage.QUEUED, Run.Stage.TRAINING, Run.Stage.SCORING]
    open_segments = review.undecided_by(user, Segment.objects.order_by())
    roles = Membership.objects.filter(project=OuterRef("pk"), user_id=user.pk)
    return projects.annotate(
        my_role=Subquery(roles.values("role")[:1]),
        storage_bytes=services.storage_expression(),
        count_videos=_count(videos),
        count_ready=_count(videos.filter(state=Video.State.READY)),
        count_ingesting=_count(videos.filter(state=Video.State.INGESTING)),
        count_rejected=_count(videos.filter(state=Video.State.REJECTED)),
        count_runs=_count(runs),
        count_running=_count(runs.filter(stage__in=busy)),
        count_to_review=_count(open_segments, by="run__project"),
    )


def _count(rows: QuerySet[Model], by: str = "project") -> Coalesce:
    groups = rows.filter(**{by: OuterRef("pk")}).values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(groups, output_field=IntegerField()), Value(0))


def remove_project(project: Project, *, confirmed: bool) -> None:
    """Remove a project with all that stands on it, exports first, footage last; files after the commit."""
    with transaction.atomic():
        datasets = list(Dataset.objects.filter(project=project))
        if datasets and not confirmed:
            raise errors.Conflict(
                f"This project has {len(datasets)} exported dataset(s), which would be deleted too. "
                "Confirm by sending the project's name as ?confirm=.",
                code="has_datasets",
            )
        runs = list(Run.objects.filter(project=project))
        services.remove_after_commit(*(dataset.file for dataset in datasets), *(run.folder for run in runs))
        for model in (Verdict, Run, Dataset):  # a run keeps the dataset it learned from
            model.objects.filter(project=project).delete()
        services.delete_project(project)


class MemberSerializer(serializers.Serializer):
    user = serializers.UUIDField(source="user.public_id", read_only=True)
    username = serializers.CharField(source="user.username", max_length=150)
    display_name = serializers.CharField(source="user.display_name", read_only=True)
    role = serializers.ChoiceField(choices=Role.choices)
    pose_only = serializers.BooleanField(
        default=False, help_text="Sees people as skeletons on grey, and no pixel of the footage."
    )


class NewMemberSerializer(MemberSerializer):
    sign_in_link = serializers.CharField(
        read_only=True, help_text="Only when an account was made: the path that signs this person in once."
    )


class RoleSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    pose_only = serializers.BooleanField(required=False)


class MemberViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Who is in a project. A manager adds people (and makes accounts for new ones); anybody may leave."""

    serializer_class = MemberSerializer
    lookup_field = "user__public_id"
    lookup_url_kwarg = "user"
    lookup_value_converter = "uuid"

    @property
    def project(self) -> Project:
        found = queries.visible_to(self.request.user).filter(pk=self.kwargs["project"]).first()
        if found is None:
            raise Http404
        return found

    def get_queryset(self) -> QuerySet[Membership]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        return self.project.memberships.select_related("user").order_by("user__username")

    @extend_schema(request=MemberSerializer, responses={201: NewMemberSerializer})
    def create(self, request: Request, **kwargs: object) -> Response:
        project = self.project
        permissions.require(request.user, project, Role.MANAGER)
        asked = MemberSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        membership, secret = services.add_member(
            project,
            username=asked.validated_data["user"]["username"],
            role=Role(asked.validated_data["role"]),
            pose_only=asked.validated_data["pose_only"],
        )
        link = {"sign_in_link": f"/signin/{secret}"} if secret else {}
        return Response({**MemberSerializer(membership).data, **link}, status=status.HTTP_201_CREATED)

    @extend_schema(request=RoleSerializer)
    def partial_update(self, request: Request, **kwargs: object) -> Response:
        membership = self.get_object()
        permissions.require(request.user, membership.project, Role.MANAGER)
        asked = RoleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.change_role(
            membership,
            Role(asked.validated_data.get("role", membership.role)),
            pose_only=asked.validated_data.get("pose_only"),
        )
        return Response(MemberSerializer(membership).data)

    def destroy(self, request: Request, **kwargs: object) -> Response:
        membership = self.get_object()
        if membership.user_id != request.user.pk:
            permissions.require(request.user, membership.project, Role.MANAGER)
        services.remove_member(membership)
        return Response(status=status.HTTP_204_NO_CONTENT)
