"""What changes accounts: API tokens and one-time sign-in links. Only hashes of secrets are stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from vadreview.accounts.models import ApiToken, SignInLink, User


def _digest(secret: str) -> str:
    # the secrets are 32 random bytes: a plain hash cannot be guessed back, and lookup stays one index read
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """Make an API token; returns its row and the secret, which is never seen again."""
    secret = f"vad_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(user=user, name=name, prefix=secret[:8], digest=_digest(secret))
    return token, secret


def find_token(secret: str) -> ApiToken | None:
    """Return the token of an active user that this secret belongs to."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(secret), user__is_active=True).first()
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def create_sign_in_link(user: User, *, valid_hours: int = 24) -> str:
    """Return a secret that signs `user` in once; the page /signin/<secret> uses it."""
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user, digest=_digest(secret), expires_at=timezone.now() + timedelta(hours=valid_hours)
    )
    return secret


def use_sign_in_link(secret: str) -> User | None:
    """Return the user a link signs in, and make it useless; None when it is unknown, used or expired."""
    now = timezone.now()
    rows = SignInLink.objects.filter(
        digest=_digest(secret), used_at__isnull=True, expires_at__gt=now, user__is_active=True
    )
    link = rows.select_related("user").first()
    if link is None or rows.update(used_at=now) != 1:
        return None
    return link.user
