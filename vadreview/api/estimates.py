"""What the audit share says of a run."""

from __future__ import annotations

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.review import estimates
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
