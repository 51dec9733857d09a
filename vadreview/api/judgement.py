"""A run against known events in detail, with its curves as figures."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.api.patterns import PlotSerializer
from vadreview.runs import judging, queries
from vadreview.runs.models import Run


class WhereSerializer(serializers.Serializer):
    """Ramachandra & Jones 2020, alpha = beta = 0.1; `undefined` says why a figure is null."""

    rbdc = serializers.FloatField(allow_null=True)
    tbdc = serializers.FloatField(allow_null=True)
    true_regions = serializers.IntegerField()
    true_tracks = serializers.IntegerField()
    videos = serializers.IntegerField()
    undefined = serializers.DictField(child=serializers.CharField(), required=False)


class JudgedVideoSerializer(serializers.Serializer):
    video = serializers.UUIDField()
    name = serializers.CharField()
    frames = serializers.IntegerField()
    abnormal_frames = serializers.IntegerField()
    events = serializers.IntegerField()
    events_found = serializers.IntegerField(
        allow_null=True, help_text="Events in which the smoothed score passes the threshold."
    )
    auc = serializers.FloatField(allow_null=True, help_text="Null where all frames are alike.")
    ap = serializers.FloatField(allow_null=True)


class JudgedLabelSerializer(serializers.Serializer):
    label = serializers.CharField(allow_blank=True)
    events = serializers.IntegerField()
    events_found = serializers.IntegerField(allow_null=True)
    frames = serializers.IntegerField()
    auc = serializers.FloatField(allow_null=True, help_text="Its frames against those known as normal.")


class JudgementSerializer(serializers.Serializer):
    threshold = serializers.FloatField(allow_null=True)
    where = WhereSerializer(allow_null=True, help_text="Null where no pixel mask was imported.")
    by_video = JudgedVideoSerializer(many=True)
    by_label = JudgedLabelSerializer(many=True)
    plots = PlotSerializer(many=True, help_text="ROC and precision over recall; none with one class only.")


class JudgementView(APIView):
    @extend_schema(
        responses={
            200: JudgementSerializer,
            204: OpenApiResponse(description="Nothing is known of its videos."),
        }
    )
    def get(self, request: Request, run: uuid.UUID) -> HttpResponse:
        """Judge a finished run by what is known of its videos."""
        found = queries.visible_to(request.user).filter(pk=run).first()
        if found is None:
            raise Http404
        judged = judging.judge(found) if found.stage == Run.Stage.DONE else None
        return Response(status=204) if judged is None else Response(JudgementSerializer(judged).data)
