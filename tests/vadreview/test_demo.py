"""The first start: the link comes at once, the demo fills itself while somebody looks around."""

from __future__ import annotations

import io
import re

import pytest
from django.conf import settings

from vadreview import demo, serve
from vadreview.footage.models import Project
from vadreview.management.commands.serve import Command

pytestmark = pytest.mark.django_db


class Still:
    """A supervisor without children."""

    stopping = False

    def __init__(self, kept, *, say):
        pass

    def start(self): ...
    def check(self): ...
    def watch(self): ...
    def stop(self): ...


def test_the_link_is_printed_before_the_demo_is_made(monkeypatch):
    out = io.StringIO()
    said_before = []
    monkeypatch.setattr(serve, "Supervisor", Still)
    monkeypatch.setattr(Command, "_wait_for_web", lambda *_: True)
    monkeypatch.setattr(demo, "make", lambda *_, **__: said_before.append(out.getvalue()))

    Command(stdout=out)._serve("127.0.0.1", 8000, with_demo=True)

    assert re.search(r"vadreview is ready: http://127\.0\.0\.1:8000/signin/\S+\n", said_before[0])


def test_the_demo_project_is_there_before_its_footage(manager, monkeypatch):
    (settings.DATA_DIR / "demo.done").unlink(missing_ok=True)
    there = []

    def stopped(**_):
        there.extend(Project.objects.filter(is_demo=True))

    monkeypatch.setattr(demo, "_clips", stopped)

    assert demo.make(manager, say=lambda _: None, keep_going=lambda: False) is None
    assert [project.name for project in there] == [demo.NAME]
