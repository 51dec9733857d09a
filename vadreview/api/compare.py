"""Two runs side by side on the same frames."""

from __future__ import annotations

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview import errors, plots
from vadreview.api.filters import parse_query
from vadreview.api.patterns import PlotSerializer
from vadreview.review import comparison
from vadreview.runs import queries
from vadreview.runs.models import Run


class PairFilter(serializers.Serializer):
    a = serializers.UUIDField(help_text="The run before.")
    b = serializers.UUIDField(help_text="The run after.")


class CurvesFilter(PairFilter):
    video = serializers.UUIDField()


class ComparedVideoSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class FairnessSerializer(serializers.Serializer):
    fine = serializers.BooleanField()
    sentence = serializers.CharField()


class ComparedSpanSerializer(serializers.Serializer):
    segment = serializers.UUIDField()
    video = serializers.UUIDField()
    video_name = serializers.CharField()
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Exclusive.")
    score = serializers.FloatField()


class SegmentChangeSerializer(serializers.Serializer):
    change = serializers.ChoiceField(choices=["appeared", "gone", "moved"])
    before = ComparedSpanSerializer(allow_null=True)
    after = ComparedSpanSerializer(allow_null=True)


class SegmentChangesSerializer(serializers.Serializer):
    same = serializers.IntegerField()
    moved = serializers.IntegerField()
    gone = serializers.IntegerField()
    appeared = serializers.IntegerField()
    listed = SegmentChangeSerializer(many=True, help_text="At most 200 of each change, the strangest first.")


class RankChangeSerializer(serializers.Serializer):
    video = serializers.UUIDField()
    video_name = serializers.CharField()
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Exclusive.")
    decision = serializers.CharField(help_text="accept or reject.")
    before = serializers.FloatField(help_text="Share of the run's frames that score no higher.")
    after = serializers.FloatField()
    taught = serializers.BooleanField(help_text="One of the runs was taught this.")


class RankChangesSerializer(serializers.Serializer):
    accepted_moved = serializers.FloatField(allow_null=True, help_text="Mean change of what was accepted.")
    rejected_moved = serializers.FloatField(allow_null=True)
    listed = RankChangeSerializer(many=True, help_text="At most 200, the largest change first.")


class BoundedSerializer(serializers.Serializer):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)


class ComparedFigureSerializer(serializers.Serializer):
    before = BoundedSerializer()
    after = BoundedSerializer()
    difference = BoundedSerializer(help_text="after - before, on the same resamples.")


class ComparedFiguresSerializer(serializers.Serializer):
    basis = serializers.CharField(help_text="ground_truth, or verdicts where there is none.")
    untaught = serializers.BooleanField(help_text="Only frames that neither run was taught.")
    frames = serializers.IntegerField()
    abnormal_frames = serializers.IntegerField()
    videos = serializers.IntegerField()
    micro_auc = ComparedFigureSerializer()
    ap = ComparedFigureSerializer()


class ComparisonSerializer(serializers.Serializer):
    """What changed from run a to run b; see vadreview/review/comparison.py."""

    videos = ComparedVideoSerializer(many=True)
    fairness = FairnessSerializer(many=True)
    segments = SegmentChangesSerializer()
    ranks = RankChangesSerializer()
    figures = ComparedFiguresSerializer(many=True)


def _pair(request: Request, kind: type[PairFilter]) -> tuple[Run, Run, dict]:
    asked = parse_query(kind, request)
    rows = queries.visible_to(request.user).select_related("project").in_bulk([asked["a"], asked["b"]])
    if asked["a"] == asked["b"]:
        raise errors.Invalid("Choose two different runs to compare.", fields={"b": "is the same run"})
    if len(rows) < 2:
        raise Http404
    return rows[asked["a"]], rows[asked["b"]], asked


class CompareView(APIView):
    """What changed from one run to another."""

    @extend_schema(operation_id="runs_compare", parameters=[PairFilter], responses=ComparisonSerializer)
    def get(self, request: Request) -> Response:
        first, second, _ = _pair(request, PairFilter)
        return Response(ComparisonSerializer(comparison.compare(first, second)).data)


class CompareCurvesView(APIView):
    """The curves of two runs over one video, as a figure."""

    @extend_schema(operation_id="runs_compare_curves", parameters=[CurvesFilter], responses=PlotSerializer)
    def get(self, request: Request) -> Response:
        first, second, asked = _pair(request, CurvesFilter)
        video: uuid.UUID = asked["video"]
        return Response(plots.as_json(comparison.curves_of(first, second, video)))
