"""The curve of all detectors together."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories
from vadreview.review import joint
from vadreview.runs import tracks
from vadreview.runs.models import Track

pytestmark = pytest.mark.django_db


def scored(project, video, peaks, detector):
    run = factories.RunFactory(project=project, detector=detector, policy={"smooth_sigma_frames": 0.0})
    factories.RunVideoFactory(run=run, video=video)
    factories.make_track(factories.peaky_scores(video.n_frames, peaks=peaks), video=video, run=run)
    return run


def listed(client, video):
    answer = client.get("/api/tracks/", {"video": str(video.pk)})
    assert answer.status_code == 200, answer.json()
    return [row for row in answer.json() if row["name"] == joint.NAME]


def test_one_detector_has_no_curve_beside_its_own(api, viewer, project, video):
    scored(project, video, [(100, 140)], "diffvad")

    assert listed(api(viewer), video) == []


def test_the_curve_is_highest_where_detectors_agree(api, viewer, project, video):
    scored(project, video, [(100, 140), (300, 320)], "diffvad")
    scored(project, video, [(100, 140), (600, 620)], "kdiffusion")

    (row,) = listed(api(viewer), video)
    values = tracks.read(Track.objects.get(pk=row["id"]))

    assert (row["run"], row["length"], row["title"]) == (None, 1000, "All detectors together")
    assert np.quantile(values[100:140], 0.1) > np.quantile(values[640:], 0.99)
    assert values[300:320].mean() > np.median(values)


def test_the_curve_stays_until_another_run_is_done(api, viewer, project, video):
    scored(project, video, [(100, 140)], "diffvad")
    scored(project, video, [(100, 140)], "kdiffusion")
    factories.make_track(np.zeros(10), video=video, name="motion_mean")

    first, again = listed(api(viewer), video), listed(api(viewer), video)
    scored(project, video, [(600, 620)], "pseudoanomaly")
    later = listed(api(viewer), video)

    assert first == again
    assert len(later) == 1
    assert later[0]["id"] != first[0]["id"]
    assert Track.objects.filter(video=video, name="motion_mean").exists()


def test_a_curve_goes_with_the_run_that_it_was_made_of(api, viewer, project, video):
    scored(project, video, [(100, 140)], "diffvad")
    other = scored(project, video, [(100, 140)], "kdiffusion")
    assert listed(api(viewer), video)

    other.delete()

    assert listed(api(viewer), video) == []


def test_verdicts_weigh_the_curve_once_there_are_enough(api, viewer, reviewer, project, video):
    scored(project, video, [(100, 140)], "diffvad")
    scored(project, video, [(600, 640)], "kdiffusion")
    before = listed(api(viewer), video)
    for n in range(20):
        start, decision = ((100, "reject"), (600, "accept"))[n % 2]
        factories.VerdictFactory(
            video=video, reviewer=reviewer, start=start + n, stop=start + n + 10, decision=decision
        )

    (row,) = listed(api(viewer), video)
    values = tracks.read(Track.objects.get(pk=row["id"]))

    assert row["id"] != before[0]["id"]
    assert values[600:640].min() > values[100:140].max()
