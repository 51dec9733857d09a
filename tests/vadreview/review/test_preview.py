"""What a threshold would mean: amounts, precision, recall; and applying it."""

from __future__ import annotations

import uuid

import pytest

from tests.vadreview import factories
from tests.vadreview.conftest import PEAKS
from vadreview.review import preview
from vadreview.review.models import Verdict
from vadreview.review.preview import Reference
from vadreview.runs.inference import Interval
from vadreview.runs.models import Run, Segment

SHARP = {"method": "mad", "value": 5, "smooth_sigma_frames": 0, "hysteresis": 0}
VIDEO, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def client(api, reviewer):
    return api(reviewer)


def ask(client, run, **fields):
    return client.post("/api/segments/preview/", {"run": str(run.pk), "policy": SHARP, **fields})


def apply(client, run, **fields):
    return client.post("/api/segments/propose/", {"run": str(run.pk), "policy": SHARP, **fields})


def proposed(*spans) -> dict:
    return {VIDEO: [Interval(start=start, stop=stop, peak_frame=start, score=1.0) for start, stop in spans]}


# ---- the measures ----


def test_against_ground_truth_every_proposed_frame_is_judged():
    known = Reference()
    known.true[VIDEO] = [(0, 10), (50, 60), (90, 95)]

    # 3 frames of the first truth, 5 + 2 of the second and third of 37, none of 10
    found = preview.measure(proposed((5, 8), (55, 92), (200, 210)), known)

    assert found == (10 / 50, 10 / 25, "ground_truth")


def test_proposing_the_whole_video_is_right_no_more_often_than_chance():
    known = Reference()
    known.true[VIDEO] = [(100, 110), (400, 490)]

    assert preview.measure(proposed((0, 1000)), known) == (0.1, 1.0, "ground_truth")


def test_against_verdicts_what_nobody_judged_counts_neither_way():
    known = Reference()
    known.accepted[VIDEO] = [(0, 10), (300, 310)]
    known.rejected[VIDEO] = [(50, 60)]

    # 3 accepted frames, 1 rejected, 14 that nobody judged
    found = preview.measure(proposed((5, 8), (55, 56), (200, 214)), known)

    assert found == (3 / 4, 3 / 20, "verdicts")


def test_a_frame_that_is_both_accepted_and_rejected_counts_as_accepted():
    known = Reference()
    known.accepted[VIDEO] = [(0, 10)]
    known.rejected[VIDEO] = [(5, 20)]

    assert preview.measure(proposed((0, 20)), known) == (1 / 2, 1.0, "verdicts")


def test_frames_are_counted_once_however_spans_overlap():
    known = Reference()
    known.true[VIDEO] = [(0, 100), (20, 30), (90, 120)]

    assert preview.measure(proposed((25, 26), (110, 130)), known) == (11 / 21, 11 / 120, "ground_truth")


def test_a_ratio_of_nothing_is_unknown():
    known = Reference()

    assert preview.measure(proposed((0, 10)), known) == (None, None, None)
    known.true[VIDEO] = [(0, 10)]
    assert preview.measure({VIDEO: []}, known) == (None, 0.0, "ground_truth")


def test_each_video_is_measured_by_what_is_known_of_it():
    known = Reference()
    known.true[VIDEO] = [(0, 10)]
    known.accepted[VIDEO] = [(500, 510)]  # not used: there is ground truth
    known.rejected[OTHER] = [(0, 10)]
    both = proposed((0, 5)) | {OTHER: [Interval(start=0, stop=5, peak_frame=0, score=1.0)]}

    assert preview.measure(both, known) == (1 / 2, 1 / 2, "both")


# ---- through the API ----


@pytest.mark.django_db
def test_a_preview_says_how_much_there_is_to_review(client, run, video):
    answer = ask(client, run, video=str(video.pk))

    assert answer.status_code == 200
    content = answer.json()
    frames = sum(stop - start for start, stop in PEAKS)
    assert content["segments"] == 3
    assert content["frames"] == frames == 130
    assert content["minutes"] == pytest.approx(frames / 25 / 60)
    assert content["per_video"] == {str(video.pk): 3}
    assert [(one["start"], one["stop"]) for one in content["intervals"]] == PEAKS
    assert (content["precision"], content["recall"], content["based_on"]) == (None, None, None)
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_a_higher_threshold_proposes_less(client, run):
    assert ask(client, run, threshold=1.0).json()["segments"] == 3
    assert ask(client, run, threshold=100.0).json()["segments"] == 0
    assert ask(client, run, threshold=100.0).json()["threshold"] == 100.0


@pytest.mark.django_db
def test_a_preview_knows_verdicts_as_soon_as_they_are_given(client, run, video, reviewer):
    factories.VerdictFactory(reviewer=reviewer, video=video, start=110, stop=120, decision="accept")
    factories.VerdictFactory(reviewer=reviewer, video=video, start=410, stop=420, decision="reject")
    factories.VerdictFactory(reviewer=reviewer, video=video, start=600, stop=610, decision="accept")

    first = ask(client, run).json()
    factories.VerdictFactory(reviewer=reviewer, video=video, start=805, stop=806, decision="accept")
    second = ask(client, run).json()

    assert (first["precision"], first["recall"], first["based_on"]) == (1 / 2, 1 / 2, "verdicts")
    assert (second["precision"], second["recall"]) == (11 / 21, 11 / 21)


@pytest.mark.django_db
def test_a_preview_knows_ground_truth(client, run, video):
    factories.GroundTruthFactory(video=video, start=120, stop=200)

    content = ask(client, run).json()

    assert (content["precision"], content["recall"]) == (20 / 130, 20 / 80)
    assert content["based_on"] == "ground_truth"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"hysteresis": 1.5}, "policy.hysteresis"),
        ({"method": "magic"}, "policy.method"),
        ({"method": "quantile", "value": 3}, "policy"),
        ({"smooth_sigma_frames": 1e300}, "policy.smooth_sigma_frames"),
    ],
)
def test_a_policy_out_of_bounds_is_refused_with_its_field(client, run, policy, field):
    answer = ask(client, run, policy=policy)

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == {field}


@pytest.mark.django_db
def test_a_run_that_scored_nothing_yet_says_so(client, project):
    assert ask(client, factories.RunFactory(project=project)).status_code == 409


@pytest.mark.django_db
def test_the_curves_are_read_once_while_the_threshold_moves(client, run, django_assert_max_num_queries):
    ask(client, run)

    with django_assert_max_num_queries(9) as captured:
        ask(client, run, threshold=2.0)

    assert not [query for query in captured if "trackblock" in query["sql"]]


@pytest.mark.django_db
def test_applying_proposes_and_keeps_the_verdicts(client, run, reviewer):
    first = apply(client, run)

    assert first.status_code == 200
    assert first.json() == {
        "run": str(run.pk),
        "threshold": Run.objects.get().threshold,
        "segments": 3,
        "to_review": 3,
    }
    factories.VerdictFactory(segment=Segment.objects.get(start=100), reviewer=reviewer)
    assert apply(client, run).json()["to_review"] == 2
    assert Verdict.objects.filter(subject__in=Segment.objects.values("pk")).count() == 1


@pytest.mark.django_db
def test_a_decided_event_stays_decided_when_its_edges_move(client, run, reviewer):
    apply(client, run)
    settled = Segment.objects.get(start=100)
    factories.VerdictFactory(segment=settled, reviewer=reviewer)

    answer = apply(client, run, policy=SHARP | {"pad_s": 0.2}).json()

    assert (answer["segments"], answer["to_review"]) == (3, 2)
    kept = Segment.objects.get(pk=settled.pk)
    assert (kept.start, kept.stop) == (settled.start, settled.stop)
    others = Segment.objects.exclude(pk=settled.pk).order_by("start")
    assert [segment.start for segment in others] == [395, 795]


@pytest.mark.django_db
def test_an_event_that_shrinks_to_less_than_half_asks_again(client, run, reviewer):
    apply(client, run, policy=SHARP | {"pad_s": 5})
    wide = Segment.objects.order_by("start").first()
    factories.VerdictFactory(segment=wide, reviewer=reviewer)

    assert apply(client, run).json()["to_review"] == 3
    assert not Segment.objects.filter(pk=wide.pk).exists()


@pytest.mark.django_db
def test_nothing_is_applied_while_the_run_is_under_way(client, run):
    Run.objects.update(stage=Run.Stage.SCORING)

    assert apply(client, run).status_code == 409
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_a_viewer_may_look_ahead_but_not_apply(api, viewer, run):
    assert ask(api(viewer), run).status_code == 200
    assert apply(api(viewer), run).status_code == 403


@pytest.mark.django_db
def test_a_stranger_finds_no_run(api, stranger, run):
    assert ask(api(stranger), run).status_code == 404
    assert apply(api(stranger), run).status_code == 404
