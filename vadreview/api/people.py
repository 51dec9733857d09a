"""The people of a run in a video: where they are with their joints, who is strange when, and stills without footage."""

from __future__ import annotations

import uuid
from collections import defaultdict

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.api.tracks import LAST_FRAME, frame_parameter
from vadreview.runs import people, queries, skeletons
from vadreview.runs.models import RunVideo

MOST_LANES = 24
# a run's people change only when it is retried
HEADERS = {"Cache-Control": "private, max-age=300", "Content-Security-Policy": "sandbox; default-src 'none'"}
SPAN = [
    OpenApiParameter("start", int, description="First frame; 0 if left out."),
    OpenApiParameter("stop", int, description="Frame after the last; the end if left out."),
]


class PersonLaneSerializer(serializers.Serializer):
    track = serializers.IntegerField()
    first = serializers.IntegerField(help_text="First frame of the first cell.")
    stop = serializers.IntegerField(help_text="Frame after the last cell.")
    peak = serializers.FloatField(help_text="The highest score here.")
    cells = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="First frame and highest score of each cell in which this person is seen.",
    )


class PeopleLanesSerializer(serializers.Serializer):
    frames_per_cell = serializers.IntegerField()
    people = PersonLaneSerializer(many=True, help_text=f"The {MOST_LANES} strangest, by their first frame.")
    hidden = serializers.IntegerField(help_text="How many more people are in these frames.")


class PeopleView(APIView):
    @extend_schema(
        parameters=[
            *SPAN,
            *(
                OpenApiParameter(name, int, OpenApiParameter.HEADER, response=True)
                for name in ("X-Stop", "X-Count", "X-Joints")
            ),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="runs_people",
    )
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> HttpResponse:
        """Send every person of the frames [start, stop), n = X-Count rows by frame, little-endian.

        int32 frames (n), int32 tracks (n), float32 scores (n), float32 boxes (n, 4): left, top, right, bottom, and
        float32 keypoints (n, X-Joints, 3): x, y, confidence, in source pixels. Where there are too many rows the answer
        ends earlier, before the frame X-Stop.
        """
        row = _row(request, run, video)
        found = people.rows(row, start=frame_parameter(request, "start", default=0), stop=_stop(request))
        arrays = (found.frames, found.tracks, found.scores, found.boxes, found.keypoints)
        return HttpResponse(
            b"".join(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in arrays),
            content_type="application/octet-stream",
            headers={
                **HEADERS,
                "X-Stop": str(found.stop),
                "X-Count": str(len(found.frames)),
                "X-Joints": str(row.people["joints"]),
            },
        )


class PeopleLanesView(APIView):
    @extend_schema(parameters=SPAN, responses=PeopleLanesSerializer, operation_id="runs_people_lanes")
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> Response:
        """Say who is in the frames [start, stop), and how strange when; the strangest where there are many."""
        row = _row(request, run, video)
        found = people.lanes(row, start=frame_parameter(request, "start", default=0), stop=_stop(request))
        kept = set(people.strangest(found, most=MOST_LANES))
        cells: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for start, track, score in zip(
            found.starts.tolist(), found.tracks.tolist(), found.scores.tolist(), strict=True
        ):
            cells[track].append((start, score))
        lanes = [
            {
                "track": track,
                "first": own[0][0],
                "stop": own[-1][0] + found.size,
                "peak": max(score for _, score in own),
                "cells": own,
            }
            for track, own in cells.items()
            if track in kept
        ]
        lanes.sort(key=lambda lane: (lane["first"], lane["track"]))
        told = {"frames_per_cell": found.size, "people": lanes, "hidden": len(cells) - len(lanes)}
        return Response(PeopleLanesSerializer(told).data, headers={"Cache-Control": "private, max-age=300"})


class PeopleStillView(APIView):
    def perform_content_negotiation(self, request: Request, force: bool = False):
        # a browser asks for image/*: the answer is a picture whatever is asked for
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY}, operation_id="runs_people_still")
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID, n: int) -> HttpResponse:
        """Draw the people of one frame on grey, without any of the footage."""
        row = _row(request, run, video)
        if n >= row.video.n_frames:
            raise Http404
        low, high = people.scale(row.run)
        png = skeletons.draw(
            people.rows(row, start=n, stop=n + 1),
            width=row.video.width,
            height=row.video.height,
            low=low,
            high=high,
        )
        return HttpResponse(png, content_type="image/png", headers=HEADERS)


def _row(request: Request, run: uuid.UUID, video: uuid.UUID) -> RunVideo:
    row = (
        RunVideo.objects.filter(run__in=queries.visible_to(request.user), run=run, video=video)
        .select_related("run", "video")
        .first()
    )
    if row is None or not row.people or not row.artifacts.exists():
        raise Http404
    return row


def _stop(request: Request) -> int:
    return frame_parameter(request, "stop", default=LAST_FRAME)
