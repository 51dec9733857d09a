"""`python manage.py token USER`: an API token for scripts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vadreview import errors
from vadreview.accounts import services
from vadreview.accounts.models import User


class Command(BaseCommand):
    help = "Print a new API token of an account; use it as: Authorization: Token ..."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the account's user name")
        parser.add_argument("--name", default="command line", help="what the token is called under Settings")

    def handle(self, *args: Any, user: str, name: str, **options: Any) -> str:
        account = User.objects.filter(username=user, is_active=True).first()
        if account is None:
            known = ", ".join(
                User.objects.filter(is_active=True).order_by("pk").values_list("username", flat=True)[:20]
            )
            raise CommandError(
                f"There is no active account “{user}”. Accounts: {known or 'none yet; run first_account'}."
            )
        try:
            _, secret = services.create_token(account, name=name[:100])
        except errors.DomainError as error:
            raise CommandError(error.message) from None
        return secret
