"""How good a run is: what the audit share says, and how fast its queue finds what is known."""

from __future__ import annotations

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview import plots
from vadreview.api.patterns import PlotSerializer
from vadreview.review import effort, estimates
from vadreview.runs import queries


class FigureSerializer(serializers.Serializer):
    """A figure with its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class EstimateOfRunSerializer(serializers.Serializer):
    """Figures from the audit share alone; the formulas are in vadreview/review/estimates.py."""

    share = serializers.FloatField()
    precision = FigureSerializer(allow_null=True, help_text="Of proposals.")
    recall = FigureSerializer(allow_null=True, help_text="Of abnormal windows of 5 s.")
    false_alarms_per_hour = FigureSerializer(allow_null=True)
    proposals = serializers.IntegerField()
    audit_proposals = serializers.IntegerField()
    audit_proposals_reviewed = serializers.IntegerField()
    audit_windows = serializers.IntegerField()
    audit_windows_reviewed = serializers.IntegerField()
    complete = serializers.BooleanField(
        help_text="Every proposal of the audit is reviewed; before that the figures may flatter."
    )
    human_in_the_loop = serializers.BooleanField(help_text="Verdicts taught this run.")


class AuditView(APIView):
    """How good a run is, by footage that chance picked."""

    @extend_schema(operation_id="runs_audit", responses=EstimateOfRunSerializer)
    def get(self, request: Request, run: uuid.UUID) -> Response:
        found = queries.visible_to(request.user).select_related("project").filter(pk=run).first()
        if found is None:
            raise Http404
        return Response(EstimateOfRunSerializer(estimates.estimate(found)).data)


class OrderEffortSerializer(serializers.Serializer):
    name = serializers.CharField()
    found = serializers.FloatField(help_text="Share of the known events among what is proposed.")
    watched = serializers.FloatField(
        allow_null=True, help_text="Share of the footage watched until 90 % are found; null: never."
    )


class EffortSerializer(serializers.Serializer):
    """A reviewer who knows the ground truth, replayed for each order: see vadreview/review/effort.py."""

    events = serializers.IntegerField()
    frames = serializers.IntegerField()
    abnormal_frames = serializers.IntegerField()
    hours = serializers.FloatField()
    orders = OrderEffortSerializer(many=True)
    plot = PlotSerializer()


class EffortView(APIView):
    """How much footage one watches, in each order, until what is known is found."""

    @extend_schema(operation_id="runs_effort", responses=EffortSerializer)
    def get(self, request: Request, run: uuid.UUID) -> Response:
        found = queries.visible_to(request.user).select_related("project").filter(pk=run).first()
        if found is None:
            raise Http404
        done = effort.replay(found)
        lines = [(one.name, one.watched, one.found) for one in done.replays]
        answer = {
            **{name: getattr(done, name) for name in ("events", "frames", "abnormal_frames", "hours")},
            "orders": [
                {"name": one.name, "found": one.found[-1], "watched": one.until()} for one in done.replays
            ],
            "plot": plots.as_json(plots.review_effort(lines, events=done.events)),
        }
        return Response(EffortSerializer(answer).data)
