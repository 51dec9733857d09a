"""Datasets: what is decided now, frozen, and written as files in the background."""

from __future__ import annotations

import uuid

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponseBase
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.api.filters import parse_query
from vadreview.api.jobs import JobSerializer
from vadreview.exports import queries, services
from vadreview.exports.models import Dataset
from vadreview.footage import streaming
from vadreview.footage.services import display_name
from vadreview.jobs import JobStatus

VIDEOS_MAX = 10_000


class DatasetCountsSerializer(serializers.Serializer):
    videos = serializers.IntegerField()
    frames = serializers.IntegerField()
    abnormal_frames = serializers.IntegerField()
    spans = serializers.IntegerField(help_text="Accepted spans.")
    rejected = serializers.IntegerField()
    unsure = serializers.IntegerField()
    conflicts = serializers.IntegerField(help_text="Accepted by some, rejected by others.")
    unreviewed = serializers.IntegerField(help_text="Items of the queues that nobody has judged.")


class DatasetSerializer(serializers.ModelSerializer):
    """An export: frozen when it was asked for, there to download when its job is done."""

    job = JobSerializer(source="*", read_only=True)
    counts = DatasetCountsSerializer(read_only=True)
    created_by = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField(help_text="Path of the zip; null until it is written.")

    class Meta:
        model = Dataset
        fields = [
            "id", "project", "name", "job", "size_bytes", "sha256", "content_sha256", "counts", "created_by",
            "created_at", "download",
        ]  # fmt: skip
        read_only_fields = fields

    def get_created_by(self, dataset: Dataset) -> str:
        return dataset.created_by.shown_name if dataset.created_by else ""

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_download(self, dataset: Dataset) -> str | None:
        return f"/api/exports/{dataset.pk}/download" if dataset.status == JobStatus.DONE else None


class NewDatasetSerializer(serializers.Serializer):
    project = serializers.UUIDField()
    name = serializers.CharField(max_length=150)
    client_key = serializers.UUIDField(
        default=uuid.uuid4, help_text="Made by the client: the same again has no second effect."
    )
    videos = serializers.ListField(
        child=serializers.UUIDField(),
        allow_null=True,
        default=None,
        max_length=VIDEOS_MAX,
        help_text="Null: all that are ready.",
    )

    def validate_name(self, name: str) -> str:
        tidy = display_name(name, limit=150)
        if not tidy:
            raise serializers.ValidationError("A dataset needs a name.")
        return tidy


class DatasetFilter(serializers.Serializer):
    project = serializers.UUIDField(required=False)


class DatasetViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Exports of a project."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Dataset]:
        rows = queries.visible_to(self.request.user).select_related("project", "created_by")
        return rows.defer("manifest").annotate(counts=F("manifest__counts"))  # a manifest can be megabytes

    @extend_schema(parameters=[DatasetFilter])
    def list(self, request: Request) -> Response:
        """List exports, newest first."""
        asked = parse_query(DatasetFilter, request)
        rows = self.get_queryset()
        if "project" in asked:
            rows = rows.filter(project_id=asked["project"])
        page = self.paginate_queryset(rows.order_by("-created_at", "pk"))
        return self.get_paginated_response(DatasetSerializer(page, many=True).data)

    @extend_schema(
        request=NewDatasetSerializer,
        responses={
            202: DatasetSerializer,
            200: OpenApiResponse(
                DatasetSerializer, description="This client_key was used before: the same export."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Freeze what is decided now; a worker writes the files."""
        asked = NewDatasetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        project = permissions.managed(request.user, given.pop("project"))
        dataset, new = services.request(project, by=request.user, **given)
        return self._answer(dataset, status.HTTP_202_ACCEPTED if new else status.HTTP_200_OK)

    def perform_destroy(self, dataset: Dataset) -> None:
        permissions.require(self.request.user, dataset.project, Role.MANAGER)
        services.delete(dataset)

    @extend_schema(request=None, responses=DatasetSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop the writing."""
        dataset = self.get_object()
        permissions.require(request.user, dataset.project, Role.MANAGER)
        services.cancel(dataset)
        return self._answer(dataset)

    @extend_schema(request=None, responses=DatasetSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: uuid.UUID) -> Response:
        """Write the files of a failed or cancelled export: what was frozen stays as it was."""
        dataset = self.get_object()
        permissions.require(request.user, dataset.project, Role.MANAGER)
        services.retry(dataset)
        return self._answer(dataset)

    def _answer(self, dataset: Dataset, code: int = status.HTTP_200_OK) -> Response:
        return Response(DatasetSerializer(self.get_queryset().get(pk=dataset.pk)).data, status=code)


class DownloadView(APIView):
    """The zip of an export."""

    @extend_schema(
        operation_id="exports_download",
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            206: OpenApiResponse(description="One range of it."),
            304: OpenApiResponse(description="It is as you have it."),
        },
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        dataset = (
            queries.visible_to(request.user).select_related("project").defer("manifest").filter(pk=pk).first()
        )
        if dataset is None:
            raise Http404
        permissions.require_footage(request.user, dataset.project)
        if dataset.status != JobStatus.DONE or not dataset.file.is_file():
            raise errors.Conflict(
                "The files of this export are not written yet, or no more. Retry it.", code="no_file"
            )
        name = f"{slugify(dataset.name, allow_unicode=True) or 'dataset'}.zip"
        return streaming.send(
            request, streaming.Media(dataset.file, "application/zip", attachment=name, max_age=0)
        )
