"""Every address: the API, the admin, health, and the browser app for all the rest."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from vadreview.api import health, pages

handler404 = "vadreview.api.errors.not_found"
handler500 = "vadreview.api.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("api/", include("vadreview.api.urls")),
    # the browser app owns every other address; it shows its own "not found"
    re_path(r"^(?!api/|static/|admin/).*$", pages.index),
]
