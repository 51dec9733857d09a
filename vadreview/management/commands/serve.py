"""`python manage.py serve`: what `make run` runs after the set-up."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from vadreview import demo, serve
from vadreview.accounts import services as accounts
from vadreview.sweep import release_all

WEB_START_S = 60.0


class Command(BaseCommand):
    help = "Start web and workers on this machine, and stop them on Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-demo", action="store_true", help="do not make the demo project on first start"
        )

    def handle(self, *args: Any, host: str, port: int, no_demo: bool, **options: Any) -> None:
        try:
            with serve.only_one(settings.DATA_DIR):
                serve.check_port(host, port)
                self._serve(host, port, with_demo=not no_demo)
        except serve.CannotStart as error:
            raise CommandError(str(error)) from None

    def _serve(self, host: str, port: int, *, with_demo: bool) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        user = accounts.first_account()
        release_all()
        supervisor = serve.Supervisor(
            serve.children(host=host, port=port, logs=settings.DATA_DIR / "logs"), say=self._say
        )
        supervisor.start()
        try:
            address = f"http://{host}:{port}"
            if self._wait_for_web(supervisor, address):
                secret = accounts.create_sign_in_link(user)
                self._say(f"vadreview is ready: {address}/signin/{secret}")
                self._say(f"The link signs you in once as “{user.username}”. Ctrl-C stops everything.")
                if with_demo:
                    demo.make(user, say=self._say, keep_going=lambda: self._keep_going(supervisor))
            supervisor.watch()
        finally:
            self._say("Stopping ...")
            supervisor.stop()
            release_all(interrupted=True)

    def _keep_going(self, supervisor: serve.Supervisor) -> bool:
        supervisor.check()
        return not supervisor.stopping

    def _wait_for_web(self, supervisor: serve.Supervisor, address: str) -> bool:
        deadline = time.monotonic() + WEB_START_S
        while time.monotonic() < deadline and not supervisor.stopping:
            try:
                with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                supervisor.check()
                time.sleep(0.1)
        if supervisor.stopping:
            return False
        raise CommandError(
            f"The web server did not start; its log is {settings.DATA_DIR / 'logs' / 'web.log'}."
        )

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # whoever read the link may not read on
            self.stdout.write(line)
            self.stdout.flush()
