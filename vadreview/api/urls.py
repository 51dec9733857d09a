"""Every route of the API. A new one also needs its row in the access test."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from vadreview.api import accounts

router = SimpleRouter()
router.register("tokens", accounts.TokenViewSet, basename="token")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("session/", accounts.SessionView.as_view(), name="session"),
    path("session/link/", accounts.SessionLinkView.as_view(), name="session-link"),
    path("me/", accounts.MeView.as_view(), name="me"),
    path("me/password/", accounts.PasswordView.as_view(), name="me-password"),
    *router.urls,
]
