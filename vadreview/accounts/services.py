"""What changes accounts: API tokens, one-time sign-in links, passwords. Only hashes of secrets are stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from vadreview import errors
from vadreview.accounts.models import ApiToken, SignInLink, User

TOKENS_PER_USER = 50


def _digest(secret: str) -> str:
    # the secrets are 32 random bytes: a plain hash cannot be guessed back, and lookup stays one index read
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """Make an API token; returns its row and the secret, which is never seen again."""
    if user.api_tokens.count() >= TOKENS_PER_USER:
        raise errors.Conflict(
            f"You have {TOKENS_PER_USER} API tokens, which is the most one account may have. "
            "Delete one that is no longer used.",
            code="too_many_tokens",
        )
    secret = f"vad_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(user=user, name=name, prefix=secret[:8], digest=_digest(secret))
    return token, secret


def find_token(secret: str) -> ApiToken | None:
    """Return the token of an active user that this secret belongs to."""
    token = (
        ApiToken.objects.select_related("user").filter(digest=_digest(secret), user__is_active=True).first()
    )
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def create_sign_in_link(user: User, *, valid_hours: int = 24) -> str:
    """Return a secret that signs `user` in once; the page /signin/<secret> uses it."""
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now - timedelta(days=7)).delete()
    SignInLink.objects.create(
        user=user, digest=_digest(secret), expires_at=now + timedelta(hours=valid_hours)
    )
    return secret


def use_sign_in_link(secret: str) -> User | None:
    """Return the user a link signs in, and make it useless; None when it is unknown, used or expired."""
    now = timezone.now()
    rows = SignInLink.objects.filter(
        digest=_digest(secret), used_at__isnull=True, expires_at__gt=now, user__is_active=True
    )
    link = rows.select_related("user").first()
    # two browsers with one link: the UPDATE lets in only one of them
    if link is None or rows.update(used_at=now) != 1:
        return None
    return link.user


@transaction.atomic
def first_account() -> User:
    """Return the oldest active superuser, making one without a password when there is none."""
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is not None:
        return user
    taken = set(User.objects.filter(username__startswith="admin").values_list("username", flat=True))
    names = ["admin", *(f"admin{n}" for n in range(2, len(taken) + 3))]
    name = next(name for name in names if name not in taken)
    return User.objects.create_superuser(name, password=None, display_name="Administrator")


def change_password(user: User, *, old: str, new: str) -> None:
    """Set a new password; `old` must be right if there is one. Raises Invalid with the field at fault."""
    if user.has_usable_password() and not user.check_password(old):
        message = "The old password is wrong."
        raise errors.Invalid(message, code="wrong_password", fields={"old_password": message})
    try:
        password_validation.validate_password(new, user)
    except ValidationError as error:
        message = " ".join(error.messages)
        raise errors.Invalid(message, code="weak_password", fields={"new_password": message}) from None
    user.set_password(new)
    user.save(update_fields=["password"])


def update_profile(user: User, **fields: Any) -> User:
    """Change display_name, email or preferences of an account; other names are a programming error."""
    unknown = fields.keys() - {"display_name", "email", "preferences"}
    if unknown:
        raise TypeError(f"not part of a profile: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(user, name, value)
    user.save(update_fields=list(fields))
    return user
