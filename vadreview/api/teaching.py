"""Verdicts teach: starting runs that learn from a dataset, and saying what a dataset taught to whom."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview.api import permissions
from vadreview.api.runs import RunThrottle
from vadreview.exports import queries, teaching
from vadreview.exports.models import Dataset
from vadreview.footage.services import display_name
from vadreview.runs import inference
from vadreview.runs.models import Run

MOST_CHOICES = 20


class ChoiceSerializer(serializers.Serializer):
    detector = serializers.CharField(max_length=40)
    preset = serializers.CharField(max_length=20, default="fast")
    warm_start = serializers.BooleanField(
        default=False, help_text="Begin from the model of the last run of this detector and preset."
    )


class TeachSerializer(serializers.Serializer):
    project = serializers.UUIDField()
    dataset = serializers.UUIDField(
        allow_null=True, default=None, help_text="Null: what is decided now is frozen as a new dataset."
    )
    name = serializers.CharField(
        max_length=150, allow_blank=True, default="", help_text="Of the new dataset, where one is frozen."
    )
    choices = ChoiceSerializer(many=True, allow_empty=False)
    client_key = serializers.UUIDField(
        default=uuid.uuid4, help_text="Made by the client: the same again has no second effect."
    )

    def validate_name(self, name: str) -> str:
        return display_name(name, limit=150)

    def validate_choices(self, choices: list[dict]) -> list[dict]:
        if len(choices) > MOST_CHOICES:
            raise serializers.ValidationError(f"Choose at most {MOST_CHOICES} detectors at once.")
        return choices


class StartedSerializer(serializers.ModelSerializer):
    detector_title = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = ["id", "name", "detector", "detector_title", "preset", "stage", "created_at"]
        read_only_fields = fields

    def get_detector_title(self, run: Run) -> str:
        return inference.title(run.detector)


class TaughtSerializer(serializers.Serializer):
    dataset = serializers.UUIDField()
    runs = StartedSerializer(many=True)


class VerdictCountsSerializer(serializers.Serializer):
    accept = serializers.IntegerField()
    reject = serializers.IntegerField()
    disputed = serializers.IntegerField(help_text="People contradict each other: these teach neither.")
    audit = serializers.IntegerField(help_text="In the audit share: these measure and never teach.")


class FrameCountsSerializer(serializers.Serializer):
    abnormal = serializers.IntegerField()
    normal = serializers.IntegerField()
    disputed = serializers.IntegerField()


class LineageReviewerSerializer(serializers.Serializer):
    reviewer = serializers.CharField()
    reviewer_name = serializers.CharField()
    verdicts = serializers.IntegerField()


class ProposedBySerializer(serializers.Serializer):
    run = serializers.CharField()
    name = serializers.CharField()
    detector = serializers.CharField()


class LineageSerializer(serializers.Serializer):
    """What a dataset teaches, who said it, whose proposals it answers, and which runs learned from it."""

    verdicts = VerdictCountsSerializer()
    frames = FrameCountsSerializer()
    audit_share = serializers.FloatField()
    reviewers = LineageReviewerSerializer(many=True)
    proposed_by = ProposedBySerializer(many=True)
    runs = StartedSerializer(many=True)


class TeachView(APIView):
    """One click: freeze what is decided, and start runs that learn from it."""

    throttle_classes = [RunThrottle]

    @extend_schema(operation_id="exports_teach", request=TeachSerializer, responses={201: TaughtSerializer})
    def post(self, request: Request) -> Response:
        """Start a run of each chosen detector that learns from a dataset. Their mode is “supervised”."""
        asked = TeachSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        project = permissions.managed(request.user, given.pop("project"))
        dataset = None
        if (wanted := given.pop("dataset")) is not None:
            dataset = Dataset.objects.filter(project=project, pk=wanted).first()
            if dataset is None:
                raise Http404
        choices = [teaching.Choice(**choice) for choice in given.pop("choices")]
        with transaction.atomic():
            name = given.pop("name") or f"{project.name[:130]}, to teach"
            made, runs = teaching.teach(
                project, by=request.user, choices=choices, dataset=dataset, name=name, **given
            )
        answer = TaughtSerializer({"dataset": made.pk, "runs": runs})
        return Response(answer.data, status=status.HTTP_201_CREATED)


class LineageView(APIView):
    """Where a dataset comes from, and where it went."""

    @extend_schema(operation_id="exports_lineage", responses=LineageSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        dataset = queries.visible_to(request.user).filter(pk=pk).first()
        if dataset is None:
            raise Http404
        return Response(LineageSerializer(teaching.lineage_of(dataset)).data)
