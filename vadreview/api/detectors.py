"""Which detectors there are, and everything a form needs to offer them; none is known by name here."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.runs import inference


class CostSerializer(serializers.Serializer):
    """Seconds of work on one CPU core: fixed + per_1000_frames * frames / 1000."""

    train_fixed_s = serializers.FloatField()
    train_s_per_1000_frames = serializers.FloatField()
    score_s_per_1000_frames = serializers.FloatField()
    measured_on = serializers.CharField()


class PresetSerializer(serializers.Serializer):
    name = serializers.CharField()
    description = serializers.CharField()
    config = serializers.DictField()
    cost = CostSerializer(allow_null=True, help_text="null where nobody has measured it.")
    needs_weights = serializers.ListField(child=serializers.CharField())
    weights_missing = serializers.ListField(child=serializers.CharField())


class DetectorSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    paper = serializers.CharField()
    sees = serializers.ListField(child=serializers.CharField())
    misses = serializers.ListField(child=serializers.CharField())
    recommended = serializers.CharField(
        allow_blank=True, help_text="Why this is the detector to begin with; empty for all but one."
    )
    schema = serializers.DictField(
        help_text="JSON schema of the configuration; defaults as in the preset “fast”."
    )
    presets = PresetSerializer(many=True)
    needs_weights = serializers.ListField(child=serializers.CharField())
    weights_missing = serializers.ListField(
        child=serializers.CharField(),
        help_text="Pretrained files that somebody must put on the server first.",
    )


class DetectorsView(APIView):
    @extend_schema(responses=DetectorSerializer(many=True), operation_id="detectors_list")
    def get(self, request: Request) -> Response:
        """List the detectors, with presets, settings, costs, and what each can and cannot see."""
        return Response(DetectorSerializer(inference.catalogue(), many=True).data)
