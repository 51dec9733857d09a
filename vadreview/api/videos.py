"""Videos: what they are, how far their ingest is, and the files a browser shows."""

from __future__ import annotations

import uuid

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.api.jobs import JobSerializer
from vadreview.api.uploads import parse_uuid
from vadreview.footage import queries, services, streaming
from vadreview.footage.models import GroundTruth, Video
from vadreview.review import queries as review
from vadreview.runs import motion
from vadreview.runs.models import Segment

MOST_IDS = 500


class SheetsSerializer(serializers.Serializer):
    """Scrub pictures: sheet k holds tiles of the frames (k * columns * rows + place) * stride."""

    tile_width = serializers.IntegerField()
    tile_height = serializers.IntegerField()
    columns = serializers.IntegerField()
    rows = serializers.IntegerField()
    stride = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Number of tiles over all sheets.")


class GroundTruthSpanSerializer(serializers.ModelSerializer):
    start = serializers.IntegerField(min_value=0)
    stop = serializers.IntegerField(min_value=1, help_text="Exclusive.")

    class Meta:
        model = GroundTruth
        fields = ["start", "stop", "label"]


class VideoUrlsSerializer(serializers.Serializer):
    proxy = serializers.CharField()
    poster = serializers.CharField()
    sheet = serializers.CharField(help_text="With {n}: the number of the sheet.")
    frame = serializers.CharField(help_text="With {n}: the number of the frame.")


class VideoSerializer(serializers.ModelSerializer):
    job = JobSerializer(source="*", read_only=True)
    motion = JobSerializer(source="motion_job", read_only=True, allow_null=True)
    fps = serializers.FloatField(read_only=True, help_text="Mean frames a second of the source.")
    proxy_fps = serializers.SerializerMethodField(
        help_text="Frame n of the proxy is shown from n / proxy_fps on."
    )
    sheets = serializers.SerializerMethodField()
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    uploaded_by = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()
    to_review = serializers.IntegerField(read_only=True, help_text="Segments without your verdict.")
    ground_truth = GroundTruthSpanSerializer(many=True, read_only=True)
    sees_footage = serializers.SerializerMethodField(
        help_text="false: you see poses alone here; every picture of the video is refused."
    )

    class Meta:
        model = Video
        fields = [
            "id", "project", "name", "state", "reason", "warnings", "job", "size_bytes", "sha256",
            "container", "codec", "width", "height", "rotation", "fps", "fps_num", "fps_den",
            "proxy_fps", "proxy_fps_num", "proxy_fps_den", "n_frames", "duration_s", "vfr", "has_audio",
            "sheets", "created_at", "uploaded_by", "urls", "motion", "to_review", "ground_truth",
            "sees_footage",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name != "name"]

    def get_uploaded_by(self, video: Video) -> str:
        return video.uploaded_by.shown_name if video.uploaded_by else ""

    def get_proxy_fps(self, video: Video) -> float:
        return video.proxy_fps_num / video.proxy_fps_den if video.proxy_fps_num else float(video.fps)

    @extend_schema_field(SheetsSerializer(allow_null=True))
    def get_sheets(self, video: Video) -> dict | None:
        return video.sheets or None if self.get_sees_footage(video) else None

    def get_sees_footage(self, video: Video) -> bool:
        if "pose_only" not in self.context:  # once for a whole page
            self.context["pose_only"] = queries.pose_only_projects(self.context["request"].user)
        return video.project_id not in self.context["pose_only"]

    @extend_schema_field(VideoUrlsSerializer)
    def get_urls(self, video: Video) -> dict[str, str]:
        base = f"/api/videos/{video.pk}"
        return {
            "proxy": f"{base}/proxy.mp4",
            "poster": f"{base}/poster.jpg",
            "sheet": f"{base}/sheets/{{n}}.jpg",
            "frame": f"{base}/frames/{{n}}.jpg",
        }


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("project", uuid.UUID),
            OpenApiParameter("state", str, enum=[state.value for state in Video.State]),
            OpenApiParameter("search", str, description="Part of the name."),
            OpenApiParameter("ids", str, description=f"Up to {MOST_IDS} ids with commas between them."),
        ]
    )
)
class VideoViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    """The footage of your projects. Videos come in by upload; see /api/uploads/."""

    serializer_class = VideoSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Video]:
        videos = queries.videos_visible_to(self.request.user).select_related(
            "project", "uploaded_by", "motion_job"
        )
        videos = videos.prefetch_related(Prefetch("ground_truth", GroundTruth.objects.order_by("start")))
        open_segments = review.undecided_by(self.request.user, Segment.objects.order_by())
        counted = open_segments.filter(video=OuterRef("pk")).values("video").annotate(n=Count("pk"))
        counted = Subquery(counted.values("n"), output_field=IntegerField())
        videos = videos.annotate(to_review=Coalesce(counted, Value(0)))
        return _filtered(videos, self.request) if self.action == "list" else videos

    def perform_update(self, serializer: VideoSerializer) -> None:
        self.manage(serializer.instance)
        if "name" in serializer.validated_data:
            services.rename_video(serializer.instance, serializer.validated_data["name"])

    def perform_destroy(self, instance: Video) -> None:
        self.manage(instance)
        services.delete_video(instance)

    @extend_schema(request=None, responses=VideoSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: uuid.UUID) -> Response:
        """Read the file again, after a failure or a rejection."""
        video = services.retry_ingest(self.manage(self.get_object()))
        return Response(self.get_serializer(video).data)

    @extend_schema(request=None, responses=VideoSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop reading the file; retry takes it up again."""
        video = services.cancel_ingest(self.manage(self.get_object()))
        return Response(self.get_serializer(video).data)

    @extend_schema(request=None, responses=VideoSerializer)
    @action(detail=True, methods=["post"], url_path="motion")
    def retry_motion(self, request: Request, pk: uuid.UUID) -> Response:
        """Measure its motion again, after that failed."""
        video = self.manage(self.get_object())
        motion.retry(video)
        return Response(self.get_serializer(self.get_object()).data)

    def manage(self, video: Video) -> Video:
        permissions.require(self.request.user, video.project, Role.MANAGER)
        return video


def _filtered(videos: QuerySet[Video], request: Request) -> QuerySet[Video]:
    asked = request.query_params
    if project := asked.get("project"):
        videos = videos.filter(project=parse_uuid(project, field="project"))
    if state := asked.get("state"):
        if state not in Video.State.values:
            sentence = f"state must be one of {', '.join(Video.State.values)}, got {state[:40]!r}."
            raise errors.Invalid(sentence, fields={"state": sentence})
        videos = videos.filter(state=state)
    if "ids" in asked:
        ids = [part.strip() for part in asked["ids"].split(",") if part.strip()]
        if len(ids) > MOST_IDS:
            sentence = f"ids takes at most {MOST_IDS} ids, got {len(ids)}."
            raise errors.Invalid(sentence, fields={"ids": sentence})
        videos = videos.filter(pk__in=[parse_uuid(part, field="ids") for part in ids])
    if search := asked.get("search", "").replace("\x00", "").strip():
        videos = videos.filter(name__icontains=search)
    return videos


_FILE = {
    (200, "application/octet-stream"): OpenApiTypes.BINARY,
    (200, "image/jpeg"): OpenApiTypes.BINARY,
    (200, "video/mp4"): OpenApiTypes.BINARY,
    206: OpenApiResponse(description="One range of it."),
    304: OpenApiResponse(description="It is as you have it."),
    416: OpenApiResponse(description="It has no such range."),
}


class MediaView(APIView):
    """One file of a video, for whoever may see the video. `what` is set by the route."""

    what = "proxy"
    least = Role.VIEWER

    def perform_content_negotiation(self, request: Request, force: bool = False):
        # a browser asks for video/* or image/*: the answer is of one type whatever is asked for
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses=_FILE)
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        return self.answer(request, pk)

    def answer(self, request: Request, pk: uuid.UUID, n: int | None = None) -> HttpResponseBase:
        video = queries.videos_visible_to(request.user).select_related("project").filter(pk=pk).first()
        if video is None:
            raise Http404
        permissions.require(request.user, video.project, self.least)
        if self.what != "times":
            permissions.require_footage(request.user, video.project)
        found = streaming.find(video, self.what, n)
        if found is None:
            raise Http404
        return streaming.send(request, found)


class NumberedMediaView(MediaView):
    """One of a row of files: a scrub picture, a still."""

    @extend_schema(responses=_FILE)
    def get(self, request: Request, pk: uuid.UUID, n: int) -> HttpResponseBase:
        return self.answer(request, pk, n)
