"""How often one may knock."""

from __future__ import annotations

import hashlib

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class SignInThrottle(SimpleRateThrottle):
    """Count attempts at one name from one address; a right password starts the count anew."""

    scope = "signin"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if request.method != "POST":
            return None
        name = str(request.data.get("username", "")) if isinstance(request.data, dict) else ""
        digest = hashlib.sha256(name.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
        return self.cache_format % {"scope": self.scope, "ident": f"{self.get_ident(request)}-{digest}"}

    @classmethod
    def forget(cls, request: Request, view: APIView) -> None:
        throttle = cls()
        key = throttle.get_cache_key(request, view)
        if key is not None:
            throttle.cache.delete(key)
