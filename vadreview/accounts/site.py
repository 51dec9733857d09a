"""The admin site: for superusers, and without a sign-in form of its own."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


class SuperuserSite(AdminSite):
    """Ask for a superuser, where Django's own site is content with `is_staff`."""

    site_header = "vadreview"
    site_title = "vadreview"

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        # one door for passwords: the app's, which is throttled
        if request.user.is_authenticated:
            raise PermissionDenied
        return HttpResponseRedirect(f"/signin?{urlencode({'next': request.GET.get('next', '/admin/')})}")


class SuperuserAdminConfig(AdminConfig):
    """Stands in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "vadreview.accounts.site.SuperuserSite"
