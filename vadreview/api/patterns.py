"""The latent patterns of a run: its windows on a map, what was guessed for one window, and what a lasso holds."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

import numpy as np
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from vadreview import jobs, map_plot, plots
from vadreview.accounts.models import Role, User
from vadreview.api import permissions
from vadreview.api.filters import parse_query
from vadreview.api.jobs import JobSerializer
from vadreview.api.segments import SegmentSerializer, described
from vadreview.api.tracks import LAST_FRAME, frame_parameter
from vadreview.footage.models import Video
from vadreview.review import states
from vadreview.runs import maps, patterns, queries
from vadreview.runs.models import PatternMap, Run, RunVideo, Segment

MOST_SPANS = 2000  # in a lasso
MOST_SELECTED = 500  # segments a lasso answers with
NEIGHBOURS = 12  # around one window
METRIC = "Distances on a map are not metric: near means alike, far apart says little about how different."


def run_of(user: User, pk: uuid.UUID) -> Run:
    """Return a run that this person may see. Raises Http404."""
    found = queries.visible_to(user).select_related("project").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def row_of(user: User, run: uuid.UUID, video: uuid.UUID, *, having: str) -> RunVideo:
    """Return a scored video of a visible run that has `patterns` or a `refinement`. Raises Http404."""
    rows = RunVideo.objects.filter(run__in=queries.visible_to(user), run=run, video=video)
    row = rows.select_related("run", "video").first()
    if row is None or not getattr(row, having) or not row.artifacts.exists():
        raise Http404
    return row


class NamedVideoSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class MapSerializer(serializers.Serializer):
    """Windows as columns of equal length, the same windows in the same order on every map of a run."""

    layout = serializers.ChoiceField(choices=["pca", "tsne"])
    length = serializers.IntegerField(help_text="Frames in a window.")
    total = serializers.IntegerField(help_text="Windows the run has; at most 20,000 are shown.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="How to read it.")
    videos = NamedVideoSerializer(many=True)
    video = serializers.ListField(child=serializers.IntegerField(), help_text="Places in `videos`.")
    start = serializers.ListField(child=serializers.IntegerField(), help_text="First frames; may be < 0.")
    x = serializers.ListField(child=serializers.IntegerField(), help_text="0 to 65535.")
    y = serializers.ListField(child=serializers.IntegerField(), help_text="0 to 65535, upwards.")
    score = serializers.ListField(child=serializers.FloatField(), help_text="The highest in the window.")


class MapFilter(serializers.Serializer):
    map = serializers.UUIDField(required=False, help_text="A finished t-SNE map; without it, PCA.")


def _laid_out(run: Run, asked: dict) -> tuple[patterns.Points, maps.Layout, PatternMap | None]:
    """Return the windows of a run and where they lie on the map asked for. Raises Http404 where there is none."""
    made = run.pattern_maps.filter(pk=asked["map"]).first() if "map" in asked else None
    if "map" in asked and made is None:
        raise Http404
    points = patterns.points(run)
    return points, maps.layout_of(made) if made else maps.pca(points), made


class PatternsView(APIView):
    @extend_schema(parameters=[MapFilter], responses=MapSerializer)
    def get(self, request: Request, run: uuid.UUID) -> Response:
        """Lay out the windows of a run: by their principal components, or as a t-SNE map arranged them."""
        found = run_of(request.user, run)
        points, layout, made = _laid_out(found, parse_query(MapFilter, request))
        places = maps.on_grid(layout.xy)
        names = dict(Video.objects.filter(pk__in=points.videos).values_list("pk", "name"))
        answer = {
            "layout": "tsne" if made else "pca",
            "length": points.length,
            "total": points.total,
            "notes": _notes(points, layout, made),
            "videos": [{"id": one, "name": names.get(one, "")} for one in points.videos],
            "video": points.video.tolist(),
            "start": points.start.tolist(),
            "x": places[:, 0].tolist(),
            "y": places[:, 1].tolist(),
            "score": [float(f"{value:.4g}") for value in points.score],
        }
        return Response(answer)


def _notes(points: patterns.Points, layout: maps.Layout, made: PatternMap | None) -> list[str]:
    notes = []
    shown = len(points.start)
    if points.total > shown:
        notes.append(f"{shown:,} of {points.total:,} windows, drawn at random with a fixed seed.")
    if made is None:
        notes.append(f"The two axes hold {float(points.shares[:2].sum()):.0%} of the variance.")
        return notes
    placed = int((~layout.fitted).sum())
    if placed:
        notes.append(
            f"{shown - placed:,} windows are arranged; {placed:,} are placed between their nearest of these."
        )
    return [*notes, METRIC]


class StatesSerializer(serializers.Serializer):
    states = serializers.CharField(
        help_text="A digit for each window of the maps: 0 open, 1 unsure, 2 normal (rejected), 3 abnormal (accepted)."
    )


class StatesView(APIView):
    @extend_schema(responses=StatesSerializer)
    def get(self, request: Request, run: uuid.UUID) -> Response:
        """Say what people think of each window of the maps of a run."""
        points = patterns.points(run_of(request.user, run))
        found = states.of_windows(points.videos, points.video, points.start, points.length)
        return Response({"states": (found + ord("0")).tobytes().decode()})


# ---- t-SNE ----


class PatternMapSerializer(serializers.ModelSerializer):
    job = JobSerializer(source="*", read_only=True)

    class Meta:
        model = PatternMap
        fields = ["id", "run", "perplexity", "most", "seed", "job"]
        read_only_fields = fields


class NewPatternMapSerializer(serializers.Serializer):
    perplexity = serializers.FloatField(min_value=2, max_value=200, default=30)
    most = serializers.IntegerField(
        min_value=100,
        max_value=patterns.MOST_POINTS,
        default=3000,
        help_text="Windows to arrange; the rest are placed between their nearest of these.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)


class MapThrottle(UserRateThrottle):
    scope = "run"


class PatternMapsView(APIView):
    def get_throttles(self) -> list:
        return [MapThrottle()] if self.request.method == "POST" else []

    @extend_schema(responses=PatternMapSerializer(many=True))
    def get(self, request: Request, run: uuid.UUID) -> Response:
        """List the t-SNE maps of a run as it is now, the newest first."""
        found = run_of(request.user, run)
        rows = found.pattern_maps.filter(inputs=patterns.inputs(patterns.rows_of(found)))
        return Response(PatternMapSerializer(rows, many=True).data)

    @extend_schema(
        request=NewPatternMapSerializer, responses={201: PatternMapSerializer, 200: PatternMapSerializer}
    )
    def post(self, request: Request, run: uuid.UUID) -> Response:
        """Ask for a t-SNE map. The same parameters again answer 200 with the map there is."""
        found = run_of(request.user, run)
        permissions.require(request.user, found.project, Role.REVIEWER)
        asked = NewPatternMapSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made, new = maps.ask(found, **asked.validated_data)
        answer = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(PatternMapSerializer(made).data, status=answer)


class CancelMapView(APIView):
    @extend_schema(request=None, responses=PatternMapSerializer)
    def post(self, request: Request, run: uuid.UUID, pk: uuid.UUID) -> Response:
        """Stop the making of a map; one that has ended stays as it is."""
        found = run_of(request.user, run)
        made = found.pattern_maps.filter(pk=pk).first()
        if made is None:
            raise Http404
        permissions.require(request.user, found.project, Role.REVIEWER)
        jobs.cancel(made)
        return Response(PatternMapSerializer(made).data)


# ---- a lasso ----


class SpanSerializer(serializers.Serializer):
    video = serializers.UUIDField()
    start = serializers.IntegerField(min_value=0, max_value=LAST_FRAME)
    stop = serializers.IntegerField(min_value=1, max_value=LAST_FRAME)


class SelectionSerializer(serializers.Serializer):
    spans = SpanSerializer(many=True, max_length=MOST_SPANS, allow_empty=False)


class SelectedSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="Proposals in the selection; at most 500 are listed.")
    segments = SegmentSerializer(many=True)


class SelectView(APIView):
    @extend_schema(request=SelectionSerializer, responses=SelectedSerializer)
    def post(self, request: Request, run: uuid.UUID) -> Response:
        """List the proposals of a run that meet the spans of a selection, the strangest first."""
        found = run_of(request.user, run)
        asked = SelectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted: dict[uuid.UUID, list[states.Span]] = defaultdict(list)
        for span in asked.validated_data["spans"]:
            wanted[span["video"]].append((span["start"], span["stop"]))
        rows = Segment.objects.filter(run=found, video__in=wanted)
        proposed: dict[uuid.UUID, list[tuple[float, uuid.UUID, states.Span]]] = defaultdict(list)
        for pk, video, start, stop, score in rows.values_list("pk", "video_id", "start", "stop", "score"):
            proposed[video].append((-score, pk, (start, stop)))
        held = [
            one[:2]
            for video, ones in proposed.items()
            for one, met in zip(ones, states.meets([span for _, _, span in ones], wanted[video]), strict=True)
            if met
        ]
        meets = [pk for _, pk in sorted(held)]
        listed = meets[:MOST_SELECTED]
        order = {pk: place for place, pk in enumerate(listed)}
        segments = Segment.objects.filter(pk__in=listed).select_related("run", "video")
        ordered = sorted(segments, key=lambda one: order[one.pk])
        return Response(
            {
                "count": len(meets),
                "segments": described(ordered, request.user),
            }
        )


# ---- the map as a figure, to take along ----


class PlotSerializer(serializers.Serializer):
    """A Plotly figure, and the same numbers as a table."""

    figure = serializers.DictField()
    name = serializers.CharField()
    summary = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())


class FigureFilter(MapFilter):
    by = serializers.ChoiceField(choices=["score", "label"], default="score", help_text="What colours mean.")
    kind = serializers.ChoiceField(
        choices=["json", "html"], default="json", help_text="html: a page that shows it by itself."
    )


class MapFigureView(APIView):
    @extend_schema(
        parameters=[FigureFilter],
        responses={(200, "application/json"): PlotSerializer, (200, "text/html"): OpenApiTypes.STR},
    )
    def get(self, request: Request, run: uuid.UUID) -> Response | HttpResponse:
        """Draw the map of the footage as a Plotly figure, to download."""
        found = run_of(request.user, run)
        asked = parse_query(FigureFilter, request)
        points, layout, made = _laid_out(found, asked)
        names = dict(Video.objects.filter(pk__in=points.videos).values_list("pk", "name"))
        plot = map_plot.footage_map(
            layout.xy,
            points.score,
            states.of_windows(points.videos, points.video, points.start, points.length),
            names=[
                f"{names.get(points.videos[video], '')}, frame {max(0, start):,}"
                for video, start in zip(points.video.tolist(), points.start.tolist(), strict=True)
            ],
            by=asked["by"],
            layout="t-SNE" if made else "PCA",
        )
        saved = {"Content-Disposition": f'attachment; filename="patterns.{asked["kind"]}"'}
        if asked["kind"] == "json":
            return Response(plots.as_json(plot), headers=saved)
        return HttpResponse(map_plot.standalone(plot), content_type="text/html; charset=utf-8", headers=saved)


# ---- one window ----


class WindowPatternsSerializer(serializers.Serializer):
    start = serializers.IntegerField(help_text="First frame of the window; may be < 0.")
    stop = serializers.IntegerField(help_text="Exclusive; may lie after the end of the video.")
    generated = serializers.IntegerField(help_text="How many guesses there are; 0: this detector makes none.")
    plot = PlotSerializer(allow_null=True)


class WindowPatternsView(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("frame", int, required=True)], responses=WindowPatternsSerializer
    )
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> Response:
        """Draw the window at a frame: what was generated, what really happened, and the windows most like it."""
        row = row_of(request.user, run, video, having="patterns")
        frame = frame_parameter(request, "frame")
        place = patterns.place_of(row, frame)
        starts, real = patterns.read_windows(row, np.array([place]))
        generated = patterns.generated_in(row, place)
        start = int(starts[0])
        answer: dict[str, Any] = {
            "start": start,
            "stop": start + row.patterns["length"],
            "generated": 0 if generated is None else len(generated),
            "plot": None if generated is None else _window_plot(row, start, real[0], generated),
        }
        return Response(answer)


def _window_plot(row: RunVideo, start: int, real: np.ndarray, generated: np.ndarray) -> dict[str, Any]:
    points = patterns.points(row.run)
    own = (points.video == points.videos.index(row.video_id)) & (
        np.abs(points.start - start) < points.length
    )  # overlapping windows are alike for no other reason than that
    near = patterns.nearest(points, points.reduce(real[None])[0], among=~own, count=NEIGHBOURS)
    neighbours = points.reduced[[place for place, _ in near]].reshape(-1, points.reduced.shape[1])
    # fitted to this window alone: what matters here would be lost among the whole footage
    together = np.concatenate([real[None], generated])
    local = np.concatenate([points.reduce(together), neighbours])
    xy = np.zeros((len(local), 2), np.float32)
    reduced, *_ = patterns.principal_components(local, 2)
    xy[:, : reduced.shape[1]] = reduced
    count = len(generated)
    names = dict(Video.objects.filter(pk__in=points.videos).values_list("pk", "name"))
    return plots.as_json(
        plots.window_patterns(
            xy[0],
            xy[1 : 1 + count],
            xy[1 + count :],
            distances=np.sqrt(((generated - real) ** 2).mean(1)),
            neighbour_names=[
                f"{names.get(points.videos[points.video[place]], '')}, frame {max(0, int(points.start[place])):,}"
                for place, _ in near
            ],
        )
    )
