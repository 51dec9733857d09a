"""Runs that need pretrained files."""

from __future__ import annotations

import pytest

from tests.vadreview.runs.test_api import asked
from vadreview.runs.models import Run

pytestmark = pytest.mark.django_db


def test_a_preset_without_its_pretrained_files_is_refused_with_both_ways_to_get_them(
    api, manager, project, video, tmp_path, monkeypatch
):
    monkeypatch.setenv("VADREVIEW_WEIGHTS", str(tmp_path))

    answer = api(manager).post("/api/runs/", asked(project, detector="kdiffusion", preset="paper"))

    assert answer.status_code == 400
    assert not Run.objects.exists()
    said = answer.json()["fields"]["preset"]
    assert "detectors.weights fetch r3d18" in said
    assert "VADREVIEW_WEIGHTS" in said
