"""Where in the picture the strangeness is: heatmaps as plain bytes."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from vadreview.api import permissions
from vadreview.api.tracks import LAST_FRAME, frame_parameter
from vadreview.runs import artifacts, queries
from vadreview.runs.models import RunVideo


class HeatmapsView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("start", int, description="First frame; 0 if left out."),
            OpenApiParameter("stop", int, description="Frame after the last; the end if left out."),
            OpenApiParameter("X-First-Index", int, OpenApiParameter.HEADER, response=True),
            OpenApiParameter("X-Count", int, OpenApiParameter.HEADER, response=True),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, run: uuid.UUID, video: uuid.UUID) -> HttpResponse:
        """Send heatmaps of the frames [start, stop): uint8 (m, height, width), at most 512 of them.

        Map i of a video belongs to frame offset + i * stride; see `videos[].heatmap` of the run.
        """
        row = (
            RunVideo.objects.filter(run__in=queries.visible_to(request.user), run=run, video=video)
            .select_related("run__project")
            .first()
        )
        if row is None or not row.heatmap or not row.artifacts.exists():
            raise Http404
        # fine maps trace outlines
        permissions.require_footage(request.user, row.run.project)
        start = frame_parameter(request, "start", default=0)
        stop = frame_parameter(request, "stop", default=LAST_FRAME)
        maps = artifacts.heatmaps(row, start=start, stop=stop)
        return HttpResponse(
            maps.values.tobytes(),
            content_type="application/octet-stream",
            headers={
                "X-First-Index": str(maps.first),
                "X-Count": str(len(maps.values)),
                # a run's heatmaps change only when it is retried
                "Cache-Control": "private, max-age=300",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )
