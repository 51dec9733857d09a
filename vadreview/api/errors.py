"""One shape for every error: {"code", "message", "fields"}. The table from domain errors to HTTP lives here."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from vadreview import errors

logger = logging.getLogger(__name__)

STATUS: dict[type[errors.DomainError], int] = {
    errors.Invalid: status.HTTP_400_BAD_REQUEST,
    errors.NotAllowed: status.HTTP_403_FORBIDDEN,
    errors.Conflict: status.HTTP_409_CONFLICT,
    errors.TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    errors.DiskFull: status.HTTP_507_INSUFFICIENT_STORAGE,
    errors.Locked: status.HTTP_423_LOCKED,
    errors.Gone: status.HTTP_410_GONE,
    errors.NotFootage: status.HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    errors.Corrupted: 460,  # tus: the checksum does not match
}


def body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "fields": fields or {}}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal in the one shape; anything unforeseen stays a 500."""
    if isinstance(error, errors.DomainError):
        known = next(kind for kind in type(error).__mro__ if kind in STATUS or kind is errors.DomainError)
        return Response(
            body(error.code, error.message, error.fields),
            status=STATUS.get(known, status.HTTP_400_BAD_REQUEST),
        )
    if isinstance(error, ProtectedError):
        return Response(
            body("in_use", "This is still used by a run or a dataset. Delete those first."),
            status=status.HTTP_409_CONFLICT,
        )
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, Http404):
        content = body("not_found", "There is nothing here that you may see.")
    elif isinstance(error, PermissionDenied):
        content = body("not_allowed", "Your role does not allow this.")
    elif isinstance(error, exceptions.ValidationError):
        fields = _flatten(error.detail)
        first = next(iter(fields.items()), ("", "The request is not valid."))
        content = body(
            "invalid", first[1] if first[0] in ("", "non_field_errors") else f"{first[0]}: {first[1]}", fields
        )
    elif isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        content = body(codes if isinstance(codes, str) else "refused", str(error.detail))
    else:
        content = body("refused", str(error))
    response.data = content
    return response


def _flatten(detail: Any, prefix: str = "") -> dict[str, str]:
    """Turn DRF's nested error lists into {"a.b": "first sentence"}."""
    if isinstance(detail, dict):
        found: dict[str, str] = {}
        for key, value in detail.items():
            found.update(_flatten(value, f"{prefix}.{key}" if prefix else str(key)))
        return found
    if isinstance(detail, list):
        if detail and isinstance(detail[0], (dict, list)):
            found = {}
            for place, value in enumerate(detail):
                found.update(_flatten(value, f"{prefix}.{place}" if prefix else str(place)))
            return found
        return {prefix: str(detail[0])} if detail else {}
    return {prefix: str(detail)}


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return JsonResponse(
        body("csrf", "Your session's security token is missing or old. Reload the page and try again."),
        status=403,
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return JsonResponse(body("not_found", "There is nothing at this address."), status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        body(
            "server_error",
            "Something went wrong on the server. Nothing was lost; try again. The log has the details.",
        ),
        status=500,
    )
