"""Uploads over tus 1.0.0: the headers of the protocol on top of vadreview/footage/tus.py.

Extensions: creation, creation-with-upload, checksum, expiration, termination. The body is never read into
memory.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from email.utils import format_datetime

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, generics, parsers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.footage import queries, tus
from vadreview.footage.models import Project, Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
DRAIN = 4 * settings.UPLOAD_CHUNK_BYTES
CHUNK_TYPE = "application/offset+octet-stream"

_TUS = [
    OpenApiParameter("Tus-Resumable", str, OpenApiParameter.HEADER, required=True, enum=[VERSION]),
]
_CHUNK = [
    OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True),
    OpenApiParameter(
        "Upload-Checksum", str, OpenApiParameter.HEADER, description="`sha1 <base64>` or `sha256 <base64>`."
    ),
]
_OFFSET = OpenApiResponse(
    description="Upload-Offset says how many bytes there are; X-Video names the video made."
)


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "tus_version"
    default_detail = f"Send the header Tus-Resumable: {VERSION}; no other version of tus is spoken here."


class LengthRequired(exceptions.APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "Send the number of bytes of this request in Content-Length."


class ChunkParser(parsers.BaseParser):
    """Leaves the body where it is: whoever asks for `request.data` gets the stream."""

    media_type = CHUNK_TYPE

    def parse(self, stream, media_type=None, parser_context=None):
        return stream


class CreationThrottle(ScopedRateThrottle):
    """Counts the beginnings of uploads only: chunks and questions are as many as they are."""

    def allow_request(self, request: Request, view: generics.GenericAPIView) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


class UploadSerializer(serializers.ModelSerializer):
    offset = serializers.SerializerMethodField(help_text="Bytes that arrived.")

    class Meta:
        model = Upload
        fields = ["id", "project", "name", "length", "offset", "status", "video", "created_at", "expires_at"]

    def get_offset(self, upload: Upload) -> int:
        try:
            return tus.offset(upload)
        except errors.Gone:
            return 0


class TusView(generics.GenericAPIView):
    """What both addresses have in common: the version, the refusals, the caching."""

    serializer_class = UploadSerializer
    queryset = Upload.objects.none()
    parser_classes = [ChunkParser]
    http_method_names = ["get", "head", "post", "patch", "delete", "options"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "OPTIONS") and request.headers.get("Tus-Resumable") != VERSION:
            raise PreconditionFailed

    def finalize_response(
        self, request: Request, response: Response, *args: object, **kwargs: object
    ) -> Response:
        if response.status_code >= 400:
            _drain(request)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        if response.status_code == status.HTTP_412_PRECONDITION_FAILED:
            response["Tus-Version"] = VERSION
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(responses={204: OpenApiResponse(description="The Tus-* headers say what is possible.")})
    def options(self, request: Request, *args: object, **kwargs: object) -> Response:
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    def receive(self, request: Request, upload: Upload, *, at: int) -> Upload:
        """Append the request's body to the upload."""
        size = content_length(request)
        return tus.receive(upload, request.stream or _Nothing(), at=at, size=size, checksum=checksum(request))


class UploadList(TusView):
    """Begin an upload, or list those you have not finished."""

    throttle_classes = [CreationThrottle]
    throttle_scope = "upload"

    def get_queryset(self) -> QuerySet[Upload]:
        return queries.uploads_visible_to(self.request.user).filter(status=Upload.Status.RECEIVING)

    @extend_schema(parameters=[OpenApiParameter("project", uuid.UUID)], responses=UploadSerializer(many=True))
    def get(self, request: Request) -> Response:
        uploads = self.get_queryset()
        if wanted := request.query_params.get("project"):
            uploads = uploads.filter(project=parse_uuid(wanted, field="project"))
        page = self.paginate_queryset(uploads)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="uploads_create",
        parameters=[
            *_TUS,
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="`key base64(value), ...`: filename, project, and relativepath if any.",
            ),
        ],
        request=None,
        responses={201: OpenApiResponse(description="Location is the (relative) address of the upload.")},
    )
    def post(self, request: Request) -> Response:
        told = metadata(request)
        project = _project(request, told.get("project", ""))
        permissions.require(request.user, project, Role.MANAGER)
        if "Upload-Defer-Length" in request.headers:
            raise errors.Invalid(
                "The length must be known at the start: send Upload-Length, not Upload-Defer-Length."
            )
        path = told.get("relativepath", "")
        name = path if path not in ("", "null") else told.get("filename", "")
        upload = tus.create(request.user, project, name=name, length=header_number(request, "Upload-Length"))
        if _is_chunk(request):
            try:
                upload = self.receive(request, upload, at=0)
            except errors.DomainError:
                tus.terminate(upload)  # the client will never learn its address
                raise
        headers = {"Location": f"/api/uploads/{upload.pk}/", **described(upload)}
        return Response(status=status.HTTP_201_CREATED, headers=headers)


class UploadDetail(TusView):
    """Ask how far an upload is (HEAD), go on with it (PATCH), or cancel it (DELETE)."""

    http_method_names = ["head", "post", "patch", "delete", "options"]

    def initialize_request(self, request, *args, **kwargs):
        # tus: clients that cannot send PATCH or DELETE send POST and this header
        override = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and override in ("PATCH", "DELETE"):
            request.method = override
        return super().initialize_request(request, *args, **kwargs)

    def get_object(self) -> Upload:
        found = queries.uploads_visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(operation_id="uploads_offset", parameters=_TUS, responses={200: _OFFSET})
    def head(self, request: Request, pk: uuid.UUID) -> Response:
        upload = self.get_object()
        if upload.status == Upload.Status.RECEIVING and tus.offset(upload) == upload.length:
            upload = tus.finish(upload)
        headers = described(upload) | {
            "Upload-Length": str(upload.length),
            "Upload-Metadata": _metadata_of(upload),
        }
        return Response(status=status.HTTP_200_OK, headers=headers)

    @extend_schema(
        operation_id="uploads_append",
        parameters=[*_TUS, *_CHUNK],
        request={CHUNK_TYPE: OpenApiTypes.BINARY},
        responses={204: _OFFSET},
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        upload = self.get_object()
        permissions.require(request.user, upload.project, Role.MANAGER)
        if not _is_chunk(request):
            raise exceptions.UnsupportedMediaType(request.content_type, f"Send the bytes as {CHUNK_TYPE}.")
        at = header_number(request, "Upload-Offset")
        upload = self.receive(request, upload, at=at)
        return Response(status=status.HTTP_204_NO_CONTENT, headers=described(upload))

    @extend_schema(operation_id="uploads_cancel", parameters=_TUS, responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        tus.terminate(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


def described(upload: Upload) -> dict[str, str]:
    """Return the headers that say where an upload stands."""
    headers = {"Upload-Offset": str(tus.offset(upload))}
    if upload.status == Upload.Status.RECEIVING:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    if upload.video_id:
        headers["X-Video"] = str(upload.video_id)
    return headers


def metadata(request: Request) -> dict[str, str]:
    """Parse Upload-Metadata; raises Invalid for what is not `key base64, key base64`."""
    told: dict[str, str] = {}
    for pair in filter(
        None, (part.strip() for part in request.headers.get("Upload-Metadata", "").split(","))
    ):
        key, _, value = pair.partition(" ")
        try:
            told[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise errors.Invalid(
                f"Upload-Metadata: the value of {key[:40]!r} is not base64 of UTF-8 text.",
                fields={"Upload-Metadata": "cannot be read"},
            ) from None
    return told


def checksum(request: Request) -> tuple[str, bytes] | None:
    """Parse Upload-Checksum; raises Invalid for an algorithm that is not offered."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in tus.CHECKSUMS:
        raise errors.Invalid(f"Upload-Checksum: use one of {', '.join(tus.CHECKSUMS)}.")
    try:
        return algorithm, base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        raise errors.Invalid("Upload-Checksum: the digest is not base64.") from None


def header_number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", value):
        sentence = f"{name} must be a whole number of bytes, got {value[:40]!r}."
        raise errors.Invalid(sentence, fields={name: sentence})
    return int(value)


def content_length(request: Request) -> int:
    """Return the size of the body; a body of unknown length would be read as empty."""
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    return header_number(request, "Content-Length") if request.META.get("CONTENT_LENGTH") else 0


def parse_uuid(value: str, *, field: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        sentence = f"{field} must be a UUID, got {value[:40]!r}."
        raise errors.Invalid(sentence, fields={field: sentence}) from None


def _drain(request: Request) -> None:
    """Read what a refused request still brings, within reason.

    gunicorn's threads would do it after the answer (`finish_body`), and may then take the beginning of the next
    request along, wait for it, and hang up.
    """
    read = 0
    try:
        while read < DRAIN and (block := request._request.read(tus.BLOCK)):
            read += len(block)
    except OSError:
        pass  # the client is gone: nobody waits for the answer


def _is_chunk(request: Request) -> bool:
    return request.content_type.partition(";")[0].strip().lower() == CHUNK_TYPE


def _project(request: Request, value: str) -> Project:
    found = queries.visible_to(request.user).filter(pk=parse_uuid(value, field="project")).first()
    if found is None:
        raise Http404
    return found


def _metadata_of(upload: Upload) -> str:
    told = {"filename": upload.name, "project": str(upload.project_id)}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())


class _Nothing:
    """The stream of a request without a body."""

    def read(self, size: int, /) -> bytes:
        return b""
