"""Let go of clients that fall silent."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class LetGoOfSilentClients:
    """End a request whose client neither sends nor takes a byte for CLIENT_SILENCE_S seconds.

    gunicorn's threads wait for ever otherwise: a handful of laptops that went to sleep during an upload, or of
    paused players, would stop the server. A reverse proxy in front does the same for its own clients.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection = request.META.get("gunicorn.socket")
        if connection is not None:  # gunicorn takes the limit off again before the next request
            connection.settimeout(settings.CLIENT_SILENCE_S)
        return self.get_response(request)
