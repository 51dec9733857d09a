"""The one HTML page: the built browser app, for every address that is not the API's."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

NOT_BUILT = (
    "<!doctype html><title>vadreview</title><p>The browser app is not built yet. "
    "Run <code>make run</code> (or <code>make frontend</code>) once; the API under /api/ works without it.</p>"
)


@require_safe
@ensure_csrf_cookie
def index(request: HttpRequest) -> HttpResponse:
    page = settings.FRONTEND_DIST / "index.html"
    html = page.read_text(encoding="utf-8") if page.is_file() else NOT_BUILT
    # the page names hashed assets, so an old copy of it is the one thing that must never be kept
    return HttpResponse(html, headers={"Cache-Control": "no-cache, private"})
