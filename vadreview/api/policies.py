"""Threshold policies by name, and their application to many runs."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.api.filters import parse_query
from vadreview.api.jobs import JobSerializer
from vadreview.api.segments import PolicyFields
from vadreview.footage import queries as footage
from vadreview.footage.services import display_name
from vadreview.review import policies
from vadreview.review.models import PolicyChange, SavedPolicy
from vadreview.runs import queries as runs

MOST_RUNS = 500


class SavedPolicySerializer(serializers.ModelSerializer):
    policy = PolicyFields(source="fields", read_only=True)
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = SavedPolicy
        fields = ["id", "project", "name", "detector", "policy", "created_by", "created_at"]
        read_only_fields = fields

    def get_created_by(self, saved: SavedPolicy) -> str:
        return saved.created_by.shown_name if saved.created_by else ""


class NewPolicySerializer(serializers.Serializer):
    run = serializers.UUIDField(help_text="The run on which it was tried.")
    name = serializers.CharField(max_length=80)
    policy = PolicyFields()
    threshold = serializers.FloatField(
        allow_null=True, default=None, help_text="A line placed by hand; kept as deviations from the median."
    )

    def validate_name(self, name: str) -> str:
        tidy = display_name(name, limit=80)
        if not tidy:
            raise serializers.ValidationError("A policy needs a name.")
        return tidy


class ApplyPolicySerializer(serializers.Serializer):
    runs = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=MOST_RUNS)
    later = serializers.BooleanField(
        default=False, help_text="Later runs of the same detectors begin with it."
    )


class RunChangeSerializer(serializers.Serializer):
    run = serializers.UUIDField()
    before = serializers.IntegerField(help_text="Proposals.")
    after = serializers.IntegerField()


class PolicyChangeSerializer(serializers.ModelSerializer):
    """A policy on its way through several runs."""

    job = JobSerializer(source="*", read_only=True)
    policy = PolicyFields(source="fields", read_only=True)
    runs = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    results = RunChangeSerializer(many=True, read_only=True, help_text="Of the runs that are done.")

    class Meta:
        model = PolicyChange
        fields = ["id", "project", "name", "policy", "later", "runs", "results", "job", "created_at"]
        read_only_fields = fields


class ProjectFilter(serializers.Serializer):
    project = serializers.UUIDField(required=False)


class PolicyViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """Policies that people saved by name."""

    serializer_class = SavedPolicySerializer
    queryset = SavedPolicy.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[SavedPolicy]:
        visible = footage.visible_to(self.request.user)
        return SavedPolicy.objects.filter(project__in=visible).select_related("project", "created_by")

    @extend_schema(parameters=[ProjectFilter])
    def list(self, request: Request) -> Response:
        """List policies by name."""
        rows = _of_project(self.get_queryset(), request).order_by("name", "pk")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(SavedPolicySerializer(page, many=True).data)

    @extend_schema(request=NewPolicySerializer, responses={201: SavedPolicySerializer})
    def create(self, request: Request) -> Response:
        """Save a policy as tried on a run."""
        asked = NewPolicySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        run = runs.visible_to(request.user).select_related("project").filter(pk=given.pop("run")).first()
        if run is None:
            raise Http404
        permissions.require(request.user, run.project, Role.REVIEWER)
        saved = policies.save(run, by=request.user, **given)
        return Response(SavedPolicySerializer(saved).data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, saved: SavedPolicy) -> None:
        permissions.require(self.request.user, saved.project, Role.MANAGER)
        saved.delete()

    @extend_schema(request=ApplyPolicySerializer, responses={202: PolicyChangeSerializer})
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: uuid.UUID) -> Response:
        """Apply it to all videos of several runs; a worker does it."""
        saved = self.get_object()
        permissions.require(request.user, saved.project, Role.MANAGER)
        asked = ApplyPolicySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        change = policies.apply(saved, by=request.user, **asked.validated_data)
        return Response(PolicyChangeSerializer(change).data, status=status.HTTP_202_ACCEPTED)


class PolicyChangeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Applications of a policy to several runs, under way or done."""

    serializer_class = PolicyChangeSerializer
    queryset = PolicyChange.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[PolicyChange]:
        visible = footage.visible_to(self.request.user)
        return PolicyChange.objects.filter(project__in=visible).select_related("project")

    @extend_schema(parameters=[ProjectFilter])
    def list(self, request: Request) -> Response:
        """List applications, the newest first."""
        rows = _of_project(self.get_queryset(), request).order_by("-created_at", "pk")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(PolicyChangeSerializer(page, many=True).data)

    @extend_schema(request=None, responses=PolicyChangeSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop after the run in hand."""
        change = self.get_object()
        permissions.require(request.user, change.project, Role.MANAGER)
        policies.cancel(change)
        return Response(PolicyChangeSerializer(change).data)


def _of_project(rows: QuerySet, request: Request) -> QuerySet:
    asked = parse_query(ProjectFilter, request)
    return rows.filter(project_id=asked["project"]) if "project" in asked else rows
