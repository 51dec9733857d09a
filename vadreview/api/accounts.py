"""Signing in and out, one's own profile, API tokens."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import auth
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, permissions, serializers, status, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import vadreview
from vadreview import errors
from vadreview.accounts import services
from vadreview.accounts.models import ApiToken, User
from vadreview.api.throttles import SignInThrottle
from vadreview.footage import queries as footage

PREFERENCES_MAX_BYTES = 64 * 1024
BACKEND = "django.contrib.auth.backends.ModelBackend"


class MeSerializer(serializers.ModelSerializer):
    """The account that asks. `preferences` is the browser's own, kept as it is sent."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    preferences = serializers.DictField(required=False)
    has_password = serializers.BooleanField(source="has_usable_password", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "display_name", "email", "is_superuser", "preferences", "has_password"]
        read_only_fields = ["username", "is_superuser"]

    def validate_preferences(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > PREFERENCES_MAX_BYTES:
            raise serializers.ValidationError(
                f"Preferences may take at most {PREFERENCES_MAX_BYTES // 1024} KiB."
            )
        return value


class SessionSerializer(serializers.Serializer):
    """Who is signed in, and what the sign-in page needs to know."""

    user = MeSerializer(allow_null=True)
    sign_up = serializers.BooleanField(help_text="Always false: managers invite people.")
    version = serializers.CharField()
    demo_project = serializers.UUIDField(allow_null=True)


class SignedInSerializer(serializers.Serializer):
    user = MeSerializer()


class SignInSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class LinkSerializer(serializers.Serializer):
    secret = serializers.CharField(max_length=200)


class PasswordSerializer(serializers.Serializer):
    old_password = serializers.CharField(max_length=1000, trim_whitespace=False, allow_blank=True, default="")
    new_password = serializers.CharField(max_length=1000, trim_whitespace=False)


class TokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created_at", "last_used_at"]
        read_only_fields = ["prefix", "last_used_at"]


class NewTokenSerializer(TokenSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown this once; only its hash is kept.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


def _enforce_csrf(request: Request) -> None:
    # DRF asks only those who are signed in; without this another site could sign a visitor in as itself
    SessionAuthentication().enforce_csrf(request)


class SessionView(APIView):
    """The browser's session."""

    permission_classes = [permissions.AllowAny]

    def get_throttles(self) -> list:
        return [SignInThrottle()] if self.request.method == "POST" else []

    @extend_schema(operation_id="session_retrieve", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Say who is signed in; sets the CSRF cookie."""
        get_token(request._request)
        user = request.user if request.user.is_authenticated else None
        demo = footage.visible_to(request.user).filter(is_demo=True).order_by("created_at").first()
        answer = {
            "user": user,
            "sign_up": False,
            "version": vadreview.__version__,
            "demo_project": demo.pk if demo else None,
        }
        return Response(SessionSerializer(answer).data)

    @extend_schema(operation_id="session_create", request=SignInSerializer, responses=SignedInSerializer)
    def post(self, request: Request) -> Response:
        """Sign in by name and password."""
        _enforce_csrf(request)
        given = SignInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = auth.authenticate(request._request, **given.validated_data)
        if user is None:
            # one sentence for an unknown name, a wrong password and a closed account
            raise errors.Invalid(
                "The name or the password is wrong. Check both, or ask a project manager for a sign-in link.",
                code="wrong_credentials",
            )
        auth.login(request._request, user)
        SignInThrottle.forget(request, self)
        return Response(SignedInSerializer({"user": user}).data)

    @extend_schema(operation_id="session_destroy", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out."""
        _enforce_csrf(request)
        auth.logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionLinkView(APIView):
    """Signing in by a one-time link."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(operation_id="session_link_create", request=LinkSerializer, responses=SignedInSerializer)
    def post(self, request: Request) -> Response:
        """Sign in by the secret of a link, which is then used up."""
        _enforce_csrf(request)
        given = LinkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = services.use_sign_in_link(given.validated_data["secret"])
        if user is None:
            raise errors.Invalid(
                "This sign-in link was used already or is too old. Ask for a new one "
                "(on the machine that runs vadreview: python manage.py first_account).",
                code="link_used",
            )
        auth.login(request._request, user, backend=BACKEND)
        return Response(SignedInSerializer({"user": user}).data)


class MeView(APIView):
    """One's own profile."""

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(request.user).data)

    @extend_schema(
        operation_id="me_partial_update", request=MeSerializer(partial=True), responses=MeSerializer
    )
    def patch(self, request: Request) -> Response:
        given = MeSerializer(request.user, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return Response(MeSerializer(services.update_profile(request.user, **given.validated_data)).data)


class PasswordView(APIView):
    """One's own password."""

    @extend_schema(operation_id="me_password_create", request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a password; every other browser of this account is signed out."""
        given = PasswordSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        old, new = given.validated_data["old_password"], given.validated_data["new_password"]
        services.change_password(request.user, old=old, new=new)
        if request.auth is None:  # a session, not a token: this one stays
            auth.update_session_auth_hash(request._request, request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """API tokens of the account that asks."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self):
        return ApiToken.objects.filter(user_id=self.request.user.pk)

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token. Its secret is in this answer and nowhere else."""
        given = TokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        token, secret = services.create_token(request.user, name=given.validated_data["name"])
        token.secret = secret
        return Response(NewTokenSerializer(token).data, status=status.HTTP_201_CREATED)
