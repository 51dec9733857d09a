"""What the OpenAPI description says beyond what the views say: tokens, and the shape of refusals."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

ERROR = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {
        "code": {"type": "string", "description": "For programs: does not change with the wording."},
        "message": {
            "type": "string",
            "description": "For people: what was wrong, what is allowed, what to do.",
        },
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Field of the request -> what is wrong with it.",
        },
    },
    "required": ["code", "message", "fields"],
}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "vadreview.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <secret>`; make one under Settings or by `python manage.py token USER`.",
        }


def finish(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Give every operation its 4XX answer and a plain name. A postprocessing hook of drf-spectacular."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    refusal = {
        "description": "Refused.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"].setdefault("4XX", refusal)
            operation["operationId"] = re.sub(
                r"\W+", "_", operation["operationId"]
            )  # frames_.jpg: no name in code
    return result
