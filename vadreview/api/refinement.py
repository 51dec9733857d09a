"""Pseudo-labels: bands along the timeline, and how the window at the playhead came by its label."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.accounts.models import User
from vadreview.api.patterns import row_of
from vadreview.api.tracks import LAST_FRAME, frame_parameter
from vadreview.footage.models import Video
from vadreview.review import queries as review
from vadreview.review import states
from vadreview.review.models import Verdict
from vadreview.runs import refinement

DEFAULT_BUCKETS = 800
MOST_VOICES = 50


class BandsSerializer(serializers.Serializer):
    """Bucket i covers the frames [edges[i], edges[i + 1])."""

    edges = serializers.ListField(child=serializers.IntegerField())
    rounds = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text=(
            "For each round a number a bucket, the sum of: 1 some window abnormal, 2 some normal, 4 some flipped "
            "since the round before, 8 some fixed by people, 16 some disputed by people."
        ),
    )


class BandsView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("start", int, description="First frame; 0 if left out."),
            OpenApiParameter("stop", int, description="Frame after the last; the end if left out."),
            OpenApiParameter("width", int, description="Buckets at most, up to 2,000."),
        ],
        responses=BandsSerializer,
    )
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> Response:
        """Sum up the labels of each round along the frames [start, stop) of a video."""
        row = row_of(request.user, run, video, having="refinement")
        found = refinement.bands(
            row,
            start=frame_parameter(request, "start", default=0),
            stop=frame_parameter(request, "stop", default=LAST_FRAME),
            width=frame_parameter(
                request, "width", default=DEFAULT_BUCKETS, least=1, most=refinement.MOST_BUCKETS
            ),
        )
        return Response({"edges": found.edges.tolist(), "rounds": found.marks.tolist()})


class NeighbourSerializer(serializers.Serializer):
    video = serializers.UUIDField()
    video_name = serializers.CharField()
    start = serializers.IntegerField(help_text="May be < 0.")
    stop = serializers.IntegerField()
    similarity = serializers.FloatField(help_text="Cosine.")
    label = serializers.IntegerField(
        allow_null=True, help_text="Its own refined label in that round, 1 = abnormal; null: not in this run."
    )
    clamped = serializers.BooleanField(help_text="People had fixed that label.")
    people = serializers.IntegerField(
        help_text="What people say now: 0 nothing, 1 unsure, 2 normal, 3 abnormal."
    )


class RoundSerializer(serializers.Serializer):
    raw = serializers.IntegerField()
    refined = serializers.IntegerField()
    flipped = serializers.BooleanField(help_text="Another label than in the round before.")
    distance = serializers.FloatField()
    threshold = serializers.FloatField()
    probability = serializers.FloatField()
    vote = serializers.FloatField()
    entropy = serializers.FloatField(help_text="Bits.")
    weight = serializers.FloatField()
    neighbours = NeighbourSerializer(many=True)


class SaidSerializer(serializers.Serializer):
    """What somebody says now about footage that this window touches."""

    subject = serializers.UUIDField()
    drawn = serializers.BooleanField()
    reviewer_name = serializers.CharField()
    mine = serializers.BooleanField()
    decision = serializers.ChoiceField(choices=Verdict.Decision.choices)
    start = serializers.IntegerField()
    stop = serializers.IntegerField()


class HistorySerializer(serializers.Serializer):
    start = serializers.IntegerField(help_text="First frame of the window; may be < 0.")
    stop = serializers.IntegerField()
    clamped = serializers.IntegerField(
        help_text="What people had fixed before this run: 1, 0, or -1 nothing."
    )
    disputed = serializers.BooleanField(help_text="People contradicted each other before this run.")
    rounds = RoundSerializer(many=True)
    people = SaidSerializer(many=True)


class HistoryView(APIView):
    @extend_schema(parameters=[OpenApiParameter("frame", int, required=True)], responses=HistorySerializer)
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> Response:
        """Tell how the window at a frame came by its label, round by round, and what people say about it."""
        row = row_of(request.user, run, video, having="refinement")
        found = refinement.history(row, frame_parameter(request, "frame"))
        length = found.stop - found.start
        videos = {one.video for made in found.rounds for one in made.neighbours}
        names = dict(Video.objects.filter(pk__in=videos).values_list("pk", "name"))
        said = states.said_about(list(videos))
        answer = {
            "start": found.start,
            "stop": found.stop,
            "clamped": found.clamped,
            "disputed": found.disputed,
            "rounds": [
                {
                    **{
                        name: getattr(made, name) for name in RoundSerializer().fields if name != "neighbours"
                    },
                    "neighbours": [
                        {
                            "video": one.video,
                            "video_name": names.get(one.video, ""),
                            "start": one.start,
                            "stop": one.start + length,
                            "similarity": one.similarity,
                            "label": one.label,
                            "clamped": one.clamped,
                            "people": states.of_span(said, one.video, one.start, one.start + length),
                        }
                        for one in made.neighbours
                    ],
                }
                for made in found.rounds
            ],
            "people": _people(request.user, row.video, found.start, found.stop),
        }
        return Response(HistorySerializer(answer).data)


def _people(user: User, video: Video, start: int, stop: int) -> list[dict[str, Any]]:
    """What everybody says now about the frames [start, stop) of a video, the newest first."""
    meets = Verdict.objects.filter(video=video, start__lt=stop, stop__gt=start)
    rows = review.newest_first(review.current(meets)).select_related("reviewer")
    return [
        {
            "subject": one.subject,
            "drawn": one.drawn,
            "reviewer_name": one.reviewer.shown_name,
            "mine": one.reviewer_id == user.pk,
            "decision": one.decision,
            "start": one.start,
            "stop": one.stop,
        }
        for one in rows[:MOST_VOICES]
    ]
