"""Curves: which there are of a video, a view of one at any zoom, and all values at one frame."""

from __future__ import annotations

import uuid

import numpy as np
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from vadreview import errors
from vadreview.api.uploads import parse_uuid
from vadreview.footage import queries as footage
from vadreview.footage.models import Video
from vadreview.review import joint
from vadreview.runs import queries, tracks
from vadreview.runs.models import Track

DEFAULT_WIDTH = 1000
LAST_FRAME = 2**31 - 1


class TrackSerializer(serializers.ModelSerializer):
    """Value i of a track belongs to frame offset + i * stride."""

    title = serializers.SerializerMethodField()

    class Meta:
        model = Track
        fields = [
            "id", "run", "video", "name", "title", "stride", "offset", "length", "low", "high", "mean", "std",
        ]  # fmt: skip
        read_only_fields = fields

    def get_title(self, track: Track) -> str:
        return tracks.title(track.name)


class WindowSerializer(serializers.Serializer):
    """Bucket i covers the frames [start + i * step, start + (i + 1) * step); the last ends at stop."""

    start = serializers.IntegerField(help_text="May lie a little before the start that was asked for.")
    stop = serializers.IntegerField()
    step = serializers.IntegerField()
    level = serializers.IntegerField()
    min = serializers.ListField(child=serializers.FloatField(allow_null=True))
    max = serializers.ListField(child=serializers.FloatField(allow_null=True))


class ValueSerializer(serializers.Serializer):
    track = serializers.UUIDField()
    run = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    value = serializers.FloatField()


_VIDEO = OpenApiParameter("video", uuid.UUID, required=True)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            _VIDEO,
            OpenApiParameter(
                "run", str, description="A run's id, or `null`: the video's own reference. Without it, all."
            ),
        ]
    )
)
class TrackViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The curves of a video: of its runs, its own (motion), and that of all detectors together."""

    serializer_class = TrackSerializer
    pagination_class = None
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Track]:
        return queries.tracks_visible_to(self.request.user)

    def filter_queryset(self, found: QuerySet[Track]) -> QuerySet[Track]:
        if self.action == "window":
            return found
        found = found.filter(video=self._video()).order_by("run__created_at", "name")
        run = self.request.query_params.get("run")
        if run == "null":
            return found.filter(run=None)
        return found.filter(run=parse_uuid(run, field="run")) if run else found

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        """List the curves of a video: of its runs, its own (motion), and of all its detectors together."""
        joint.refresh(self._video())
        return super().list(request, *args, **kwargs)

    def _video(self) -> Video:
        asked = self.request.query_params.get("video")
        if not asked:
            sentence = "Say of which video: ?video=<id>."
            raise errors.Invalid(sentence, fields={"video": sentence})
        video = (
            footage.videos_visible_to(self.request.user).filter(pk=parse_uuid(asked, field="video")).first()
        )
        if video is None:
            raise Http404
        return video

    @extend_schema(
        parameters=[
            OpenApiParameter("start", int, description="First frame; 0 if left out."),
            OpenApiParameter("stop", int, description="Frame after the last; the end if left out."),
            OpenApiParameter(
                "width", int, description=f"Buckets at most, about: 1 to {tracks.MOST_BUCKETS}."
            ),
            OpenApiParameter(
                "points", str, enum=["raw"], description="raw: the first `width` values as they are."
            ),
        ],
        responses=WindowSerializer,
    )
    @action(detail=True, pagination_class=None)
    def window(self, request: Request, pk: uuid.UUID) -> Response:
        """View the frames [start, stop) as the smallest and largest value of each of `width` buckets.

        No peak is lost at any zoom. Where a bucket is one value, min and max are that value; null: no value.
        """
        track = self.get_object()
        start = frame_parameter(request, "start", default=0)
        stop = frame_parameter(request, "stop", default=LAST_FRAME)
        width = frame_parameter(request, "width", default=DEFAULT_WIDTH, least=1, most=tracks.MOST_BUCKETS)
        points = request.query_params.get("points", "")
        if points not in ("", "raw"):
            sentence = f"points must be raw or left out, got {points[:40]!r}."
            raise errors.Invalid(sentence, fields={"points": sentence})
        if points:
            view = tracks.raw(track, start=start, stop=stop, limit=width)
        else:
            view = tracks.window(track, start=start, stop=stop, width=width)
        low = _numbers(view.low)
        return Response(
            {
                "start": view.start,
                "stop": view.stop,
                "step": view.step,
                "level": view.level,
                "min": low,
                "max": low if view.high is view.low else _numbers(view.high),
            }
        )

    @extend_schema(
        parameters=[_VIDEO, OpenApiParameter("frame", int, required=True)],
        responses=ValueSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def at(self, request: Request) -> Response:
        """List every curve's value at one frame, of those that have one there."""
        found = tracks.at(self.filter_queryset(self.get_queryset()), frame_parameter(request, "frame"))
        rows = [
            {"track": track.pk, "run": track.run_id, "name": track.name, "value": value}
            for track, value in found.items()
        ]
        return Response(ValueSerializer(rows, many=True).data)


def frame_parameter(
    request: Request, name: str, *, default: int | None = None, least: int = 0, most: int = LAST_FRAME
) -> int:
    """Read a whole number from the query string. Raises Invalid naming the parameter."""
    text = request.query_params.get(name, "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        sentence = f"{name} must be a whole number from {least} to {most}, got {text[:40]!r}."
        raise errors.Invalid(sentence, fields={name: sentence})
    return int(text)


def _numbers(values: np.ndarray) -> list[float | None]:
    """Write float32 with the seven digits it has: float64 would double the answer with digits of noise."""
    return [None if value != value else float(f"{value:.7g}") for value in values.tolist()]
