"""`Authorization: Token ...` for scripts; browsers use the session."""

from __future__ import annotations

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from vadreview.accounts import services
from vadreview.accounts.models import ApiToken, User


class TokenAuthentication(authentication.BaseAuthentication):
    """Accept an API token; an unknown one is an error, not an anonymous request."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword.lower().encode():
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed("Write the header as: Authorization: Token <your token>.")
        token = services.find_token(parts[1].decode("latin-1"))
        if token is None:
            raise exceptions.AuthenticationFailed(
                "This API token is not known, or was deleted. Make a new one under Settings."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword
