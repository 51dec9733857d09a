"""Ground truth in: look at what files would say about a project's videos, store it, take it back."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import IO, get_args

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.footage import queries
from vadreview.footage.ground_truth import importing, matching
from vadreview.footage.ground_truth.truths import PIXELS
from vadreview.footage.models import GroundTruthImport, Project

MOST_SPANS_SHOWN = 200

_FILES = {
    "multipart/form-data": inline_serializer(
        "GroundTruthFiles",
        {
            "files": serializers.ListField(
                child=serializers.FileField(), help_text="One or more files; masks best in a zip."
            ),
            "paths": serializers.CharField(
                required=False, help_text="Their names with folders, one a line, where folders were chosen."
            ),
            "digest": serializers.CharField(
                required=False, help_text="Of the preview: another outcome than that is refused."
            ),
            "chosen": serializers.CharField(
                required=False,
                help_text="JSON: name in a file -> id of the video that it means, where none or several fit.",
            ),
        },
    )
}


class KnownSpanSerializer(serializers.Serializer):
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Frames [start, stop) of the source, from 0.")
    label = serializers.CharField()
    written = serializers.CharField(help_text="How the file has it.")


class MatchSerializer(serializers.Serializer):
    """What one file says about one video."""

    file = serializers.CharField(source="truth.file")
    format = serializers.CharField(source="truth.format")
    name = serializers.CharField(source="truth.name", help_text="The video's name as the file has it.")
    counting = serializers.CharField(source="truth.counting", help_text="How the file counts.")
    status = serializers.ChoiceField(choices=get_args(matching.Status))
    reason = serializers.CharField(help_text="Why it cannot be imported; empty if it can.")
    video = serializers.UUIDField(source="video.pk", allow_null=True, default=None)
    video_name = serializers.CharField(source="video.name", allow_null=True, default=None)
    n_frames = serializers.IntegerField(source="video.n_frames", allow_null=True, default=None)
    file_frames = serializers.IntegerField(source="truth.n_frames", allow_null=True)
    spans = serializers.SerializerMethodField(help_text=f"The first {MOST_SPANS_SHOWN}.")
    span_count = serializers.SerializerMethodField()
    abnormal_frames = serializers.SerializerMethodField()
    has_mask = serializers.SerializerMethodField()
    replaces = serializers.SerializerMethodField(help_text="Known spans of this video that it stands in for.")
    notes = serializers.ListField(child=serializers.CharField())

    @extend_schema_field(KnownSpanSerializer(many=True))
    def get_spans(self, match: matching.Match) -> list[dict]:
        return KnownSpanSerializer(match.spans[:MOST_SPANS_SHOWN], many=True).data

    def get_span_count(self, match: matching.Match) -> int:
        return len(match.spans)

    def get_abnormal_frames(self, match: matching.Match) -> int:
        covered, end = 0, 0
        for span in match.spans:  # in order of their starts
            covered += max(span.stop - max(span.start, end), 0)
            end = max(end, span.stop)
        return covered

    def get_has_mask(self, match: matching.Match) -> bool:
        return match.truth.counting == PIXELS

    def get_replaces(self, match: matching.Match) -> int:
        return match.video.ground_truth.count() if match.video is not None else 0


class UnreadFileSerializer(serializers.Serializer):
    file = serializers.CharField()
    reason = serializers.CharField()


class GroundTruthPreviewSerializer(serializers.Serializer):
    matches = MatchSerializer(many=True)
    unread = UnreadFileSerializer(many=True)
    ready = serializers.SerializerMethodField(help_text="How many videos would get ground truth.")
    digest = serializers.CharField()

    def get_ready(self, preview: importing.Preview) -> int:
        return len(preview.ready)


class GroundTruthImportSerializer(serializers.ModelSerializer):
    files = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Their names.")
    imported_by = serializers.SerializerMethodField()
    videos = serializers.IntegerField(source="n_videos", read_only=True)
    masks = serializers.IntegerField(source="n_masks", read_only=True)

    class Meta:
        model = GroundTruthImport
        fields = ["id", "files", "imported_by", "created_at", "videos", "masks"]

    def get_imported_by(self, made: GroundTruthImport) -> str:
        return made.imported_by.shown_name if made.imported_by else ""


class ImportThrottle(UserRateThrottle):
    scope = "ground_truth"


class FilesView(APIView):
    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        # before anything looks into the body: Django would write all of it to a temporary file first
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        importing.check_size(int(length) if length.isdigit() else 0)
        super().initial(request, *args, **kwargs)


class GroundTruthView(FilesView):
    """What is known to be abnormal in a project's videos, by import. It measures runs and never teaches them."""

    def get_throttles(self) -> list:
        return [ImportThrottle()] if self.request.method == "POST" else []

    @extend_schema(responses=GroundTruthImportSerializer(many=True))
    def get(self, request: Request, project: uuid.UUID) -> Response:
        """List the imports, newest first."""
        rows = _described(_project(request, project).ground_truth_imports.all())
        return Response(GroundTruthImportSerializer(rows, many=True).data)

    @extend_schema(request=_FILES, responses={201: GroundTruthImportSerializer})
    def post(self, request: Request, project: uuid.UUID) -> Response:
        """Import what fits; files and videos that do not fit are left out, as the preview says."""
        asked = _asked(request, project)
        made = importing.store(
            asked.project, asked.files, by=request.user, digest=asked.digest, chosen=asked.chosen
        )
        row = _described(GroundTruthImport.objects.filter(pk=made.pk)).get()
        return Response(GroundTruthImportSerializer(row).data, status=status.HTTP_201_CREATED)


class GroundTruthPreviewView(FilesView):
    """Says which file goes with which video, and why some do not. Changes nothing."""

    throttle_classes = [ImportThrottle]

    @extend_schema(request=_FILES, responses=GroundTruthPreviewSerializer)
    def post(self, request: Request, project: uuid.UUID) -> Response:
        asked = _asked(request, project)
        return Response(
            GroundTruthPreviewSerializer(
                importing.preview(asked.project, asked.files, chosen=asked.chosen)
            ).data
        )


class GroundTruthImportView(APIView):
    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, project: uuid.UUID, pk: uuid.UUID) -> Response:
        """Undo an import: its videos get back what was known before."""
        found = _project(request, project)
        made = found.ground_truth_imports.filter(pk=pk).first()
        if made is None:
            raise Http404
        permissions.require(request.user, found, Role.MANAGER)
        importing.undo(made)
        return Response(status=status.HTTP_204_NO_CONTENT)


@dataclass(frozen=True, slots=True)
class _Asked:
    project: Project
    files: list[tuple[str, IO[bytes], int]]
    digest: str
    chosen: dict[str, uuid.UUID]


def _project(request: Request, pk: uuid.UUID) -> Project:
    found = queries.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _asked(request: Request, pk: uuid.UUID) -> _Asked:
    project = _project(request, pk)
    permissions.require(request.user, project, Role.MANAGER)
    files = request.FILES.getlist("files")
    if not files:
        sentence = "Send at least one file in the field “files”."
        raise errors.Invalid(sentence, fields={"files": sentence})
    # a browser leaves the folders before a name out of it
    paths = str(request.data.get("paths", "")).splitlines()
    if len(paths) != len(files):
        paths = [file.name for file in files]
    named = [(path, file.file, file.size) for path, file in zip(paths, files, strict=True)]
    return _Asked(project, named, str(request.data.get("digest", "")), _chosen(request))


def _chosen(request: Request) -> dict[str, uuid.UUID]:
    """Read which videos a person picked. Raises Invalid."""
    try:
        given = json.loads(str(request.data.get("chosen") or "{}"))
        return {str(name): uuid.UUID(video) for name, video in given.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        sentence = "“chosen” must be a JSON object: the name in the file -> the id of a video."
        raise errors.Invalid(sentence, fields={"chosen": sentence}) from None


def _described(imports: QuerySet[GroundTruthImport]) -> QuerySet[GroundTruthImport]:
    masks = Count("known_videos", filter=Q(known_videos__has_mask=True))
    return imports.select_related("imported_by").annotate(n_videos=Count("known_videos"), n_masks=masks)
