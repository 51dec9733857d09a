"""From files to the ground truth of a project's videos, over the API: preview, import, undo."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.vadreview import factories
from vadreview.footage.ground_truth import importing
from vadreview.footage.models import GroundTruth, GroundTruthImport, Video

pytestmark = pytest.mark.django_db


def url(project, *parts):
    return "/".join([f"/api/projects/{project.pk}/ground-truth", *map(str, parts), ""])


def send(client, where, *files, **fields):
    """Send (name, content) files; content that is not bytes becomes JSON."""
    made = [
        SimpleUploadedFile(name, content if isinstance(content, bytes) else json.dumps(content).encode())
        for name, content in files
    ]
    return client.post(where, {"files": made, **fields}, format="multipart")


@pytest.fixture
def client(api, manager):
    return api(manager)


def fits(client, project, *files):
    answer = send(client, url(project, "preview"), *files)
    assert answer.status_code == 200, answer.content
    return answer.json()


def fit(client, project, content, name="labels.json"):
    (match,) = fits(client, project, (name, content))["matches"]
    return match


def imported(client, project, *files, **fields):
    answer = send(client, url(project), *files, **fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def known(video):
    return [(span.start, span.stop, span.label) for span in video.ground_truth.all()]


def npz(mask):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, mask=mask)
    return buffer.getvalue()


# ---- which video ----


@pytest.mark.parametrize(
    ("video", "said"),
    [
        ("Arson011_x264.mp4", "Arson011_x264.mp4"),
        ("arson011_X264.avi", "Arson011_x264"),
        ("01_0014.avi", "01_0014"),
        ("Test001.mp4", "Test001_gt"),
        ("01.mp4", "Test001"),
        ("003.mp4", "3"),
        ("v1.2.mp4", "v1.2"),
        ("abnormal_scene_1_scenario_3.mp4", "abnormal_scene_1_scenario_3"),
        ("clip.mp4", "some/folder/clip.mp4"),
    ],
)
def test_a_video_is_found_by_its_name_then_without_ending_then_by_number(client, project, video, said):
    factories.VideoFactory(project=project, name=video)
    factories.VideoFactory(project=project, name="another 77b.mp4")

    assert fit(client, project, {said: [[1, 5]]})["video_name"] == video


def test_the_same_name_is_better_than_the_same_number(client, project):
    factories.VideoFactory(project=project, name="1.mp4")
    exact = factories.VideoFactory(project=project, name="001.mp4")

    assert fit(client, project, {"001": [[1, 5]]})["video"] == str(exact.pk)


def test_a_name_that_may_be_two_videos_is_refused_with_both(client, project):
    factories.VideoFactory(project=project, name="1.mp4")
    factories.VideoFactory(project=project, name="clip 01.mp4")

    match = fit(client, project, {"Test001": [[1, 5]]})
    assert match["status"] == "ambiguous"
    assert "“1.mp4”, “clip 01.mp4”" in match["reason"]


def test_a_name_nobody_has_is_said(client, project, video):
    match = fit(client, project, {"elsewhere": [[1, 5]]})

    assert match["status"] == "no_video"
    assert match["video"] is None


def test_a_person_may_say_which_video_a_name_means(client, project, video):
    factories.VideoFactory(project=project, name="1.mp4")
    other = factories.VideoFactory(project=project, name="clip 01.mp4")
    files = [("labels.json", {"elsewhere": [[1, 5]], "Test001": [[7, 9]]})]
    chosen = json.dumps({"elsewhere": str(video.pk), "Test001": str(other.pk)})

    seen = send(client, url(project, "preview"), *files, chosen=chosen).json()
    imported(client, project, *files, chosen=chosen, digest=seen["digest"])

    assert [match["status"] for match in seen["matches"]] == ["ready", "ready"]
    assert known(video) == [(1, 5, "")]
    assert known(other) == [(7, 9, "")]


def test_a_video_of_another_project_cannot_be_picked(client, project, video):
    there = factories.VideoFactory(name="there.mp4")

    chosen = json.dumps({"elsewhere": str(there.pk)})
    answer = send(client, url(project, "preview"), ("a.json", {"elsewhere": [[1, 5]]}), chosen=chosen)

    assert answer.json()["matches"][0]["status"] == "no_video"


@pytest.mark.parametrize("chosen", ["[]", "{", '{"a": 1}', '{"a": "no id"}', "1"])
def test_a_choice_that_is_none_is_refused(client, project, video, chosen):
    answer = send(client, url(project, "preview"), ("a.json", {"elsewhere": [[1, 5]]}), chosen=chosen)

    assert answer.status_code == 400
    assert "JSON object" in answer.json()["fields"]["chosen"]


def test_videos_of_other_projects_and_unready_ones_are_not_found(client, project):
    factories.VideoFactory(name="there.mp4")
    factories.VideoFactory(project=project, name="soon.mp4", state=Video.State.INGESTING)

    assert fit(client, project, {"there": [[1, 5]]})["status"] == "no_video"
    assert fit(client, project, {"soon": [[1, 5]]})["status"] == "no_video"


def test_two_files_about_one_video_are_noticed(client, project, video):
    found = fits(client, project, ("a.json", {"north gate": [[1, 5]]}), ("b.json", {"north gate": [[7, 9]]}))

    assert [match["status"] for match in found["matches"]] == ["ready", "twice"]
    assert "a.json speaks of this video too" in found["matches"][1]["reason"]


# ---- which frames ----


def test_labels_of_another_length_are_refused_with_both_numbers(client, project, video):
    match = fit(client, project, {"north gate": [0, 1] * 400})

    assert match["status"] == "length"
    assert match["reason"] == "The file covers 800 frames, the video has 1,000."


def test_off_by_one_is_called_so(client, project, video):
    assert "off by one" in fit(client, project, {"north gate": [0] * 1001})["reason"]
    assert "off by one" in fit(client, project, {"north gate": [[5, 1001]]})["reason"]
    assert "off by one" not in fit(client, project, {"north gate": [[5, 1002]]})["reason"]


def test_a_span_behind_the_end_is_refused_with_both_numbers(client, project, video):
    match = fit(client, project, {"north gate": [[990, 1200]]})

    assert match["status"] == "length"
    assert "1,200 frames, the video has 1,000" in match["reason"]


def test_the_preview_shows_how_the_file_counts_and_what_becomes_of_it(client, project, video):
    match = fit(client, project, b"north_gate.mp4  Abuse  165  240  -1  -1\n", "t.txt")
    assert match["status"] == "no_video"

    factories.VideoFactory(project=project, name="Abuse028_x264.mp4")
    match = fit(client, project, b"Abuse028_x264.mp4  Abuse  165  240  -1  -1\n", "t.txt")
    assert match["counting"] == "frames from 1, both ends included"
    assert match["spans"] == [{"start": 164, "stop": 240, "label": "Abuse", "written": "165-240"}]
    assert match["abnormal_frames"] == 76
    assert match["notes"] == ["Not among the project's labels, kept as written: Abuse."]


def test_seconds_become_the_frames_shown_in_them(client, project, video):
    database = {"north gate": {"annotations": [{"segment": [1.0, 2.0], "label": "running"}]}}

    match = fit(client, project, {"database": database})
    assert [(span["start"], span["stop"]) for span in match["spans"]] == [(25, 50)]
    assert match["spans"][0]["label"] == "Running"  # as the project writes it


def test_seconds_of_a_variable_rate_go_by_the_times_of_its_frames(client, project, video):
    video.derived.mkdir(parents=True)
    times = np.arange(1000) / 25
    times[500:] += 10  # a gap of ten seconds
    np.save(video.derived / "times.npy", times)

    match = fit(client, project, {"database": {"north gate": {"annotations": [{"segment": [31, 32]}]}}})
    assert [(span["start"], span["stop"]) for span in match["spans"]] == [(525, 550)]


def test_seconds_a_little_behind_the_end_are_cut_and_more_are_refused(client, project, video):
    little = fit(client, project, {"database": {"north gate": {"annotations": [{"segment": [39, 40.5]}]}}})
    more = fit(client, project, {"database": {"north gate": {"annotations": [{"segment": [39, 45]}]}}})

    assert (little["status"], little["spans"][0]["stop"]) == ("ready", 1000)
    assert "was cut" in little["notes"][0]
    assert "45 s, the video after 40.00 s" in more["reason"]


def test_overlapping_spans_of_one_label_are_joined_and_of_two_are_kept(client, project, video):
    content = {"north gate": [[10, 20, "Running"], [15, 30, "Running"], [25, 40, "Cycling"]]}

    match = fit(client, project, content)
    assert [(s["start"], s["stop"], s["label"]) for s in match["spans"]] == [
        (10, 30, "Running"),
        (25, 40, "Cycling"),
    ]
    assert match["abnormal_frames"] == 30
    assert len(match["notes"]) == 2


def test_masks_of_another_size_are_refused_with_both(client, project, video):
    match = fit(client, project, npz(np.zeros((1000, 24, 32), bool)), "north gate.npz")

    assert match["status"] == "size"
    assert "32 x 24 pixels, the video is 64 x 48" in match["reason"]


def test_labels_that_run_on_are_cut_at_the_ends_of_videos(client, project, video):
    factories.VideoFactory(project=project, name="zoo.mp4", n_frames=200)
    row = np.zeros((1, 1200))
    row[0, 990:1010] = 1
    buffer = io.BytesIO()
    np.save(buffer, row)

    found = fits(client, project, ("all.npy", buffer.getvalue()))["matches"]
    assert [[(s["start"], s["stop"]) for s in match["spans"]] for match in found] == [
        [(990, 1000)],
        [(0, 10)],
    ]

    factories.VideoFactory(project=project, name="more.mp4", n_frames=3)
    (match,) = fits(client, project, ("all.npy", buffer.getvalue()))["matches"]
    assert "1,200 frames, the project's 3 videos have 1,203" in match["reason"]


def test_a_file_that_cannot_be_read_is_named_with_its_reason(client, project, video):
    found = fits(client, project, ("a.json", b"{"), ("b.json", {"north gate": [[1, 5]]}))

    assert found["ready"] == 1
    assert found["unread"][0]["file"] == "a.json"
    assert "not JSON" in found["unread"][0]["reason"]


# ---- storing, and taking back ----


def test_a_preview_changes_nothing(client, project, video):
    fits(client, project, ("a.json", {"north gate": [[1, 5]]}))

    assert not GroundTruth.objects.exists()
    assert not GroundTruthImport.objects.exists()


def test_an_import_stores_what_fits_and_says_where_it_is_from(client, project, video, manager):
    answer = imported(client, project, ("a.json", {"north gate": [[1, 5, "Running"]], "elsewhere": [[1, 2]]}))

    assert known(video) == [(1, 5, "Running")]
    assert video.ground_truth.get().origin == "Spans (CSV or JSON)"
    assert (answer["videos"], answer["files"], answer["imported_by"]) == (1, ["a.json"], manager.username)
    assert [row["id"] for row in client.get(url(project)).json()] == [answer["id"]]


def test_an_import_replaces_what_was_known_and_its_undo_brings_it_back(client, project, video):
    factories.GroundTruthFactory(video=video, start=100, stop=200, label="Running")
    content = {"north gate": [[1, 5]]}
    assert fit(client, project, content)["replaces"] == 1

    first = imported(client, project, ("a.json", content))
    second = imported(client, project, ("b.json", {"north gate": [[7, 9]]}))
    assert known(video) == [(7, 9, "")]

    assert client.delete(url(project, second["id"])).status_code == 204
    assert known(video) == [(1, 5, "")]
    assert client.delete(url(project, first["id"])).status_code == 204
    assert known(video) == [(100, 200, "Running")]


def test_the_undo_of_an_older_import_leaves_the_newer_one(client, project, video):
    first = imported(client, project, ("a.json", {"north gate": [[1, 5]]}))
    imported(client, project, ("b.json", {"north gate": [[7, 9]]}))

    client.delete(url(project, first["id"]))

    assert known(video) == [(7, 9, "")]


def test_a_video_without_a_span_is_known_to_be_normal(client, project, video):
    imported(client, project, ("a.json", {"north gate": []}))

    assert known(video) == []
    assert video.known.get().spans == []


def test_a_mask_is_kept_and_goes_with_its_import(client, project, video, django_capture_on_commit_callbacks):
    mask = np.zeros((1000, 48, 64), bool)
    mask[10:20, 5:9, 3:7] = True
    made = imported(client, project, ("north gate.npz", npz(mask)))
    row = video.known.get()

    assert made["masks"] == 1
    assert known(video) == [(10, 20, "")]
    np.testing.assert_array_equal(importing.read_mask(row), mask)

    with django_capture_on_commit_callbacks(execute=True):
        client.delete(url(project, made["id"]))
    assert not row.mask.exists()
    assert importing.read_mask(row) is None


def test_when_nothing_fits_nothing_is_stored(client, project, video):
    answer = send(client, url(project), ("a.json", {"elsewhere": [[1, 5]]}))

    assert answer.status_code == 400
    assert answer.json()["code"] == "nothing_fits"
    assert not GroundTruthImport.objects.exists()


def test_what_was_previewed_is_what_is_stored(client, project, video):
    content = {"north gate": [[1, 5]]}
    digest = fits(client, project, ("a.json", content))["digest"]

    assert send(client, url(project), ("a.json", {"north gate": [[1, 6]]}), digest=digest).status_code == 409
    assert not GroundTruth.objects.exists()
    imported(client, project, ("a.json", content), digest=digest)


def test_a_refused_import_leaves_no_mask_behind(client, project, video):
    answer = send(
        client, url(project), ("north gate.npz", npz(np.ones((1000, 48, 64), bool))), digest="other"
    )

    assert answer.status_code == 409
    assert not list((video.folder / "ground_truth").glob("*"))


def test_folders_of_chosen_files_are_told_beside_them(client, project):
    from tests.vadreview.footage.ground_truth.files import png

    factories.VideoFactory(project=project, name="Test001.mp4", n_frames=2)
    files = [(f"{n}.png", png(np.full((48, 64), 255 * n, np.uint8))) for n in (0, 1)]

    paths = "masks/Test001_gt/0.png\nmasks/Test001_gt/1.png"
    (match,) = send(client, url(project, "preview"), *files, paths=paths).json()["matches"]
    assert (match["status"], match["abnormal_frames"], match["has_mask"]) == ("ready", 1, True)


# ---- limits ----


def test_too_many_bytes_are_refused(client, project, settings):
    settings.GROUND_TRUTH_MAX_BYTES = 100

    answer = send(client, url(project, "preview"), ("a.json", b" " * 200))
    assert answer.status_code == 413
    assert "100 may be sent at once" in answer.json()["message"]


def test_no_file_is_refused(client, project):
    answer = client.post(url(project, "preview"), {}, format="multipart")

    assert answer.status_code == 400
    assert "files" in answer.json()["fields"]


def test_the_import_of_another_project_is_not_found(client, project, video):
    made = imported(client, project, ("a.json", {"north gate": [[1, 5]]}))
    other = factories.ProjectFactory()
    factories.MembershipFactory(project=other, user=made and video.project.memberships.first().user)

    assert client.delete(url(other, made["id"])).status_code == 404
    assert GroundTruthImport.objects.exists()


def test_deleting_a_video_takes_its_ground_truth_along(client, project, video):
    imported(client, project, ("a.json", {"north gate": [[1, 5]]}))

    assert client.delete(f"/api/videos/{video.pk}/").status_code == 204
    assert not GroundTruth.objects.exists()
