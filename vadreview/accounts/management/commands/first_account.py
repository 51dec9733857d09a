"""`python manage.py first_account`: a way in for the person who installed this."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from vadreview.accounts import services


class Command(BaseCommand):
    help = "Print the path of a one-time sign-in link for the first superuser, who is made if there is none."

    def handle(self, *args: Any, **options: Any) -> str:
        return f"/signin/{services.create_sign_in_link(services.first_account())}"
