"""Runs: what a detector was asked to do, how far it is, and what came of it."""

from __future__ import annotations

import uuid

from django.db.models import F, Func, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions, run_progress
from vadreview.api.jobs import JobSerializer
from vadreview.api.uploads import parse_uuid
from vadreview.footage.models import Project
from vadreview.jobs import JobStatus
from vadreview.review import queries as review
from vadreview.runs import evaluation, inference, lessons, queries, services
from vadreview.runs.models import Run, RunVideo, Segment

MOST_VIDEOS = 5000


class HeatmapMetaSerializer(serializers.Serializer):
    """Heatmap i of a video belongs to frame offset + i * stride; 0 stands for `low`, 255 for `high`."""

    stride = serializers.IntegerField()
    offset = serializers.IntegerField()
    height = serializers.IntegerField()
    width = serializers.IntegerField()
    count = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    top = serializers.IntegerField(
        required=False,
        help_text="1 to 255: what nearly all maps of this video stay below; the end of its own scale.",
    )
    region = serializers.ListField(
        child=serializers.FloatField(),
        min_length=4,
        max_length=4,
        help_text="left, top, right, bottom of what a map covers, as fractions of the displayed frame.",
    )
    kind = serializers.CharField()


class PatternsMetaSerializer(serializers.Serializer):
    windows = serializers.IntegerField()
    length = serializers.IntegerField(help_text="Frames in a window.")
    dimensions = serializers.IntegerField()
    generated = serializers.IntegerField(help_text="Guesses for each window; 0: the detector makes none.")


class RefinementMetaSerializer(serializers.Serializer):
    windows = serializers.IntegerField()
    length = serializers.IntegerField(help_text="Frames in a window.")
    rounds = serializers.IntegerField()
    neighbours = serializers.IntegerField(help_text="That vote on a window.")


class PeopleMetaSerializer(serializers.Serializer):
    people = serializers.IntegerField()
    rows = serializers.IntegerField(help_text="One person in one frame each.")
    joints = serializers.IntegerField()
    low = serializers.FloatField(help_text="The middle of their scores.")
    high = serializers.FloatField(help_text="What only one of a thousand scores exceeds.")


class RunVideoSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="video.name")
    job = serializers.SerializerMethodField(help_text="Its scoring; null until that is queued.")
    heatmap = serializers.SerializerMethodField()
    patterns = serializers.SerializerMethodField()
    refinement = serializers.SerializerMethodField()
    people = serializers.SerializerMethodField()
    notes = serializers.ListField(child=serializers.CharField(), help_text="To be read beside the scores.")

    class Meta:
        model = RunVideo
        fields = [
            "video", "name", "trains", "scores", "job", "heatmap", "patterns", "refinement", "people", "notes", "seconds",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(JobSerializer(allow_null=True))
    def get_job(self, row: RunVideo) -> dict | None:
        waiting = row.status == JobStatus.WAITING or not row.scores
        return None if waiting else JobSerializer(row).data

    @extend_schema_field(HeatmapMetaSerializer(allow_null=True))
    def get_heatmap(self, row: RunVideo) -> dict | None:
        return row.heatmap or None

    @extend_schema_field(PatternsMetaSerializer(allow_null=True))
    def get_patterns(self, row: RunVideo) -> dict | None:
        return row.patterns or None

    @extend_schema_field(RefinementMetaSerializer(allow_null=True))
    def get_refinement(self, row: RunVideo) -> dict | None:
        return row.refinement or None

    @extend_schema_field(PeopleMetaSerializer(allow_null=True))
    def get_people(self, row: RunVideo) -> dict | None:
        return row.people or None


class ProgressSerializer(serializers.Serializer):
    phase = serializers.CharField(help_text="What is being done, in words for people.")
    fraction = serializers.FloatField(help_text="0 to 1, of the whole run.")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text="Units a second in this phase.")
    eta_s = serializers.FloatField(allow_null=True, help_text="Seconds this phase will still take.")
    silent_s = serializers.FloatField(
        allow_null=True, help_text="Seconds since a worker of it last gave a sign of life; null: none runs."
    )


class FiguresSerializer(serializers.Serializer):
    """A figure is null where it does not exist; `undefined` then says why."""

    micro_auc = serializers.FloatField(allow_null=True)
    macro_auc = serializers.FloatField(allow_null=True)
    ap = serializers.FloatField(allow_null=True)
    eer = serializers.FloatField(allow_null=True)
    auc_binarised = serializers.FloatField(allow_null=True)
    frames = serializers.IntegerField()
    abnormal_frames = serializers.IntegerField()
    videos = serializers.IntegerField()
    undefined = serializers.DictField(child=serializers.CharField(), required=False)


class MetricsSerializer(FiguresSerializer):
    baselines = serializers.DictField(
        child=FiguresSerializer(), help_text="Name of a motion track -> the same figures for it."
    )


class LearnedSerializer(serializers.Serializer):
    """What verdicts taught a run."""

    dataset = serializers.UUIDField()
    dataset_name = serializers.CharField()
    verdicts = serializers.DictField(
        child=serializers.IntegerField(), help_text="accept, reject; disputed and audit ones taught nothing."
    )
    frames = serializers.DictField(child=serializers.IntegerField(), help_text="abnormal, normal, disputed.")
    reviewers = serializers.ListField(child=serializers.CharField())


class RunSerializer(serializers.ModelSerializer):
    detector_title = serializers.SerializerMethodField()
    config = serializers.DictField(read_only=True)
    overrides = serializers.DictField(read_only=True)
    policy = serializers.DictField(read_only=True)
    history = serializers.ListField(child=serializers.DictField(), read_only=True)
    created_by = serializers.SerializerMethodField()
    job = JobSerializer(source="*", read_only=True)
    progress = serializers.SerializerMethodField()
    videos = RunVideoSerializer(source="run_videos", many=True, read_only=True)
    segments = serializers.IntegerField(source="n_segments", read_only=True, help_text="That it proposes.")
    audit_items = serializers.IntegerField(
        source="n_audit", read_only=True, help_text="Windows picked by chance that are reviewed with them."
    )
    to_review = serializers.IntegerField(source="n_to_review", read_only=True)
    color_index = serializers.IntegerField(
        source="n_before", read_only=True, help_text="Place of the run in its project, oldest first."
    )
    learned = serializers.SerializerMethodField(
        help_text="From verdicts; null for a run that was told nothing."
    )
    metrics = serializers.SerializerMethodField(
        help_text="Only where it is known what is abnormal; never used to train or to propose."
    )

    class Meta:
        model = Run
        fields = [
            "id", "project", "name", "detector", "detector_title", "preset", "config", "overrides", "seed",
            "device", "device_used", "mode", "code_version", "created_by", "created_at", "stage", "job",
            "progress", "history", "videos", "threshold", "policy", "train_seconds", "segments", "audit_items", "to_review",
            "error", "metrics", "color_index", "trained_on", "parent", "warm_start", "learned",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name != "name"]

    def get_created_by(self, run: Run) -> str:
        return run.created_by.shown_name if run.created_by else ""

    def get_detector_title(self, run: Run) -> str:
        return inference.title(run.detector)

    @extend_schema_field(LearnedSerializer(allow_null=True))
    def get_learned(self, run: Run) -> dict | None:
        if run.trained_on is None:
            return None
        return {
            "dataset": str(run.trained_on_id),
            "dataset_name": run.trained_on.name,
            "verdicts": run.lesson["verdicts"],
            "frames": lessons.frames_in(run.lesson),
            "reviewers": run.lesson["reviewers"],
        }

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: Run) -> dict:
        return run_progress.overall(run, list(run.run_videos.all()))

    @extend_schema_field(MetricsSerializer(allow_null=True))
    def get_metrics(self, run: Run) -> dict | None:
        return evaluation.metrics_of(run) if run.stage == Run.Stage.DONE else None


def _videos_field(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        default=None,
        max_length=MOST_VIDEOS,
        help_text=help_text,
    )


class EstimateRequestSerializer(serializers.Serializer):
    project = serializers.UUIDField()
    detector = serializers.CharField(max_length=40)
    preset = serializers.CharField(max_length=20, default="fast")
    overrides = serializers.DictField(default=dict, help_text="Settings that differ from the preset.")
    mode = serializers.ChoiceField(
        choices=[Run.Mode.MERGED, Run.Mode.PARTIAL],
        default=Run.Mode.MERGED,
        help_text="A supervised run begins at /api/exports/teach/.",
    )
    train_videos = _videos_field("What to learn from; null: every ready video of the project.")
    score_videos = _videos_field(
        "What to score; null: every ready video, in the mode “partial” those not learned from."
    )


class NewRunSerializer(EstimateRequestSerializer):
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    device = serializers.ChoiceField(choices=["auto", "cpu", "cuda"], default="auto")
    name = serializers.CharField(max_length=150, allow_blank=True, default="")
    client_key = serializers.UUIDField(
        allow_null=True, default=None, help_text="Made by the client: sending it twice makes one run."
    )


class EstimateSerializer(serializers.Serializer):
    train_s = serializers.FloatField(allow_null=True)
    score_s = serializers.FloatField(allow_null=True)
    frames = serializers.IntegerField()
    note = serializers.CharField()


class RunThrottle(UserRateThrottle):
    scope = "run"


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("project", uuid.UUID),
            OpenApiParameter("stage", str, enum=[stage.value for stage in Run.Stage]),
            OpenApiParameter("video", uuid.UUID, description="Runs that learn from this video or score it."),
        ]
    )
)
class RunViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    """The runs of your projects. Managers start, cancel and delete them."""

    serializer_class = RunSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Run]:
        runs = (
            queries.visible_to(self.request.user)
            .select_related("project", "created_by", "trained_on")
            .defer("trained_on__manifest")
        )
        rows = RunVideo.objects.select_related("video").order_by("video__name", "video_id")
        runs = runs.prefetch_related(
            Prefetch("run_videos", rows), "run_videos__video__ground_truth", "run_videos__video__known"
        )
        mine = review.undecided_by(self.request.user, Segment.objects.filter(run=OuterRef("pk")))
        runs = runs.annotate(
            n_segments=_count(Segment.objects.filter(run=OuterRef("pk"), audit=False)),
            n_audit=_count(Segment.objects.filter(run=OuterRef("pk"), audit=True)),
            n_to_review=_count(mine),
            n_before=_count(
                Run.objects.filter(project=OuterRef("project"), created_at__lt=OuterRef("created_at"))
            ),
        )
        return _filtered(runs, self.request) if self.action == "list" else runs

    def get_throttles(self) -> list:
        return [RunThrottle()] if self.action in ("create", "retry") else []

    @extend_schema(request=NewRunSerializer, responses={201: RunSerializer, 200: RunSerializer})
    def create(self, request: Request) -> Response:
        """Start a run. The same client_key again answers 200 with the run it made before."""
        project, asked = self._asked(request, NewRunSerializer)
        run, new = services.start(project, by=request.user, **asked)
        made = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(self._shown(run), status=made)

    @extend_schema(request=EstimateRequestSerializer, responses=EstimateSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def estimate(self, request: Request) -> Response:
        """Say about how long such a run would take. Starts nothing."""
        project, asked = self._asked(request, EstimateRequestSerializer)
        return Response(EstimateSerializer(services.estimate(project, **asked)).data)

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop the run, scoring included."""
        return Response(self._shown(services.cancel(self._managed())))

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: uuid.UUID) -> Response:
        """Take up a run that failed or was cancelled where it stopped."""
        return Response(self._shown(services.retry(self._managed())))

    def perform_update(self, serializer: RunSerializer) -> None:
        run = self._managed()
        if "name" in serializer.validated_data:
            serializer.instance.name = services.rename(run, serializer.validated_data["name"]).name

    def perform_destroy(self, instance: Run) -> None:
        services.delete(self._managed())

    def _managed(self) -> Run:
        run = self.get_object()
        permissions.require(self.request.user, run.project, Role.MANAGER)
        return run

    def _shown(self, run: Run) -> dict:
        return self.get_serializer(self.get_queryset().get(pk=run.pk)).data

    def _asked(self, request: Request, kind: type[serializers.Serializer]) -> tuple[Project, dict]:
        asked = kind(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        project = permissions.managed(request.user, fields.pop("project"))
        return project, fields


def _count(rows: QuerySet) -> Coalesce:
    """Count rows in a subquery of their own: joins would multiply each other's counts."""
    counted = rows.order_by().annotate(n=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    return Coalesce(Subquery(counted.values("n")), Value(0))


def _filtered(runs: QuerySet[Run], request: Request) -> QuerySet[Run]:
    asked = request.query_params
    if project := asked.get("project"):
        runs = runs.filter(project=parse_uuid(project, field="project"))
    if stage := asked.get("stage"):
        if stage not in Run.Stage.values:
            sentence = f"stage must be one of {', '.join(Run.Stage.values)}, got {stage[:40]!r}."
            raise errors.Invalid(sentence, fields={"stage": sentence})
        runs = runs.filter(stage=stage)
    if video := asked.get("video"):
        runs = runs.filter(
            pk__in=RunVideo.objects.filter(video=parse_uuid(video, field="video")).values("run")
        )
    return runs
