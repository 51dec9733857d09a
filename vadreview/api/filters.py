"""What follows the question mark: every list declares its filters as a serializer, and nothing else is read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


def parse_query(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """Read the query parameters that `kind` declares; a value that makes no sense is a 400 with its field."""
    # an empty value is what a cleared form field sends: the same as leaving it out
    given = {name: value for name, value in request.query_params.items() if value != ""}
    asked = kind(data=given)
    asked.is_valid(raise_exception=True)
    return asked.validated_data
