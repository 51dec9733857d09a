"""`manage.py audit_media`: compare the media folder with the database, in both directions."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from vadreview import audit


class Command(BaseCommand):
    help = "Report files that no row knows and rows whose files are gone. Exit status 1 when there are any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--remove", action="store_true", help="remove the unknown files that nobody touched for an hour"
        )

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        strays, missing = list(audit.strays()), list(audit.missing())
        for stray in strays:
            self.stdout.write(f"unknown   {self._place(stray)}  {stray.size:,} bytes")
        for gap in missing:
            self.stdout.write(
                f"missing   {gap.path.relative_to(settings.MEDIA_ROOT)}  ({gap.row})  {gap.advice}"
            )
        removed = audit.remove_strays(strays) if remove else []
        for stray in removed:
            self.stdout.write(f"removed   {self._place(stray)}")
        self.stdout.write(f"{len(strays)} unknown, {len(missing)} missing, {len(removed)} removed")
        if len(strays) > len(removed) or missing:
            sys.exit(1)

    def _place(self, stray: audit.Stray) -> str:
        return str(stray.path.relative_to(settings.MEDIA_ROOT))
