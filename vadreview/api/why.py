"""Why the frame at the playhead has its score."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.api.tracks import frame_parameter
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus
from vadreview.review import states
from vadreview.runs import inference, patterns, queries, why
from vadreview.runs.models import Run, RunVideo

COUNT = 3  # windows of each kind that are most like the one asked about


class IndicatorSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField(allow_blank=True)
    value = serializers.FloatField()
    deviations = serializers.FloatField(help_text="Above its own mean over the video.")
    share = serializers.FloatField(help_text="Of all that lies above, 0 to 1.")


class RegionSerializer(serializers.Serializer):
    box = serializers.ListField(
        child=serializers.FloatField(),
        min_length=4,
        max_length=4,
        help_text="left, top, right, bottom, as fractions of the displayed frame.",
    )
    value = serializers.FloatField(help_text="The strongest cell in it.")
    share = serializers.FloatField(help_text="Of all heat of the frame.")


class AlikeSerializer(serializers.Serializer):
    video = serializers.UUIDField()
    video_name = serializers.CharField()
    start = serializers.IntegerField()
    stop = serializers.IntegerField()
    distance = serializers.FloatField()


class OpinionSerializer(serializers.Serializer):
    run = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    detector_title = serializers.CharField()
    value = serializers.FloatField()
    above = serializers.BooleanField(allow_null=True, help_text="Of its threshold; null: it has none.")
    distances = serializers.FloatField(allow_null=True, help_text="0: its median score, 1: its threshold.")


class WhySerializer(serializers.Serializer):
    indicators = IndicatorSerializer(many=True)
    regions = RegionSerializer(many=True)
    start = serializers.IntegerField(allow_null=True, help_text="Of the window at the frame.")
    stop = serializers.IntegerField(allow_null=True)
    normal = AlikeSerializer(many=True, help_text="Most alike, of what is below the threshold or rejected.")
    accepted = AlikeSerializer(many=True, help_text="Most alike, of what people accepted.")
    others = OpinionSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class WhyView(APIView):
    @extend_schema(parameters=[OpenApiParameter("frame", int, required=True)], responses=WhySerializer)
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> Response:
        """Say what stands out at a frame, where, what is most like it elsewhere, and what other runs say."""
        visible = queries.visible_to(request.user)
        rows = RunVideo.objects.filter(
            run__in=visible, run=run, video=video, status=JobStatus.DONE, scores=True
        )
        row = rows.select_related("run", "video").first()
        if row is None:
            raise Http404
        frame = frame_parameter(request, "frame", most=max(0, row.video.n_frames - 1))
        peers = list(
            visible.filter(project=row.run.project_id, stage=Run.Stage.DONE).order_by("created_at")[:50]
        )
        answer = {
            "indicators": why.indicators(row, frame),
            "regions": why.regions(row, frame) if row.artifacts.exists() else [],
            **_alike(row, frame),
            "others": [
                {
                    "run": one.run.pk,
                    "name": one.run.name,
                    "detector_title": inference.title(one.run.detector),
                    "value": one.value,
                    "above": one.above,
                    "distances": one.distances,
                }
                for one in why.others(row, frame, peers)
            ],
            "notes": row.notes,
        }
        return Response(WhySerializer(answer).data)


def _alike(row: RunVideo, frame: int) -> dict[str, Any]:
    if not row.patterns or not row.artifacts.exists():
        return {"start": None, "stop": None, "normal": [], "accepted": []}
    points = patterns.points(row.run)
    said = states.of_windows(points.videos, points.video, points.start, points.length)
    low = points.score <= (np.inf if row.run.threshold is None else row.run.threshold)
    usual = (said == states.State.NORMAL) | ((said == states.State.OPEN) & low)
    found = why.alike(points, row, frame, among=[usual, said == states.State.ABNORMAL], count=COUNT)
    names = dict(Video.objects.filter(pk__in=points.videos).values_list("pk", "name"))
    place = patterns.place_of(row, frame)
    start = int(patterns.read_windows(row, np.array([place]))[0][0])
    normal, accepted = (
        [
            {
                "video": one.video,
                "video_name": names.get(one.video, ""),
                "start": max(0, one.start),
                "stop": one.stop,
                "distance": one.distance,
            }
            for one in alike
        ]
        for alike in found
    )
    return {
        "start": max(0, start),
        "stop": min(row.video.n_frames, start + points.length),
        "normal": normal,
        "accepted": accepted,
    }
