"""The files of a dataset: what is in them, byte for byte, and that nothing in them can do harm."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.vadreview import factories
from vadreview.exports import archive, manifest
from vadreview.review.models import Verdict

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def say(decision, minute=0, **fields):
    """Give a verdict at a known time."""
    verdict = factories.VerdictFactory(decision=decision, **fields)
    Verdict.objects.filter(pk=verdict.pk).update(created_at=MOMENT + timedelta(minutes=minute))
    return verdict


def write(tmp_path, project, videos, name="a.zip", **export) -> zipfile.ZipFile:
    path = tmp_path / name
    archive.write(path, manifest=manifest.freeze(project, list(videos)), export=export)
    return zipfile.ZipFile(path)


def rows_of(bundle: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bundle.read("segments.csv").decode(), newline="")))


def test_a_decided_span_is_one_row(tmp_path, project, video, run, segment, reviewer):
    say(
        "accept",
        segment=segment,
        reviewer=reviewer,
        start=90,
        stop=140,
        labels=["Running"],
        comment="by the gate",
    )

    bundle = write(tmp_path, project, [video])

    (row,) = rows_of(bundle)
    assert list(row) == archive.COLUMNS
    assert row == {
        "video_id": str(video.pk),
        "video_name": "north gate.mp4",
        "sha256": video.sha256,
        "fps": "25.0",
        "n_frames": "1000",
        "start_frame": "90",
        "stop_frame": "140",
        "start_s": "3.6",
        "stop_s": "5.6",
        "decision": "accept",
        "labels": "Running",
        "reason": "",
        "comment": "by the gate",
        "reviewer": "reviewer",
        "decided_at": "2026-03-01T12:00:00.000Z",
        "run_id": str(run.pk),
        "detector": "diffvad",
        "score": "10.0",
        "proposed_start": "100",
        "proposed_stop": "140",
    }
    (typed,) = json.loads(bundle.read("segments.json"))
    assert typed["labels"] == ["Running"]
    assert (typed["start_frame"], typed["score"]) == (90, 10.0)


def test_rejected_and_unsure_spans_are_rows_too_and_withdrawn_ones_are_not(
    tmp_path, project, video, segments, reviewer
):
    say("reject", segment=segments[0], reviewer=reviewer, reason="lighting")
    say("unsure", segment=segments[1], reviewer=reviewer)
    say("accept", segment=segments[2], reviewer=reviewer)
    say("withdrawn", 1, segment=segments[2], reviewer=reviewer)

    bundle = write(tmp_path, project, [video])

    assert [(row["start_frame"], row["decision"], row["reason"]) for row in rows_of(bundle)] == [
        ("100", "reject", "lighting"),
        ("400", "unsure", ""),
    ]
    content = json.loads(bundle.read("manifest.json"))
    assert [one["subject"] for one in content["unreviewed"]] == [str(segments[2].pk)]
    assert content["counts"] == {
        "videos": 1,
        "frames": 1000,
        "abnormal_frames": 0,
        "spans": 0,
        "rejected": 1,
        "unsure": 1,
        "conflicts": 0,
        "unreviewed": 1,
    }


def test_an_event_that_was_judged_in_another_run_is_not_called_unreviewed(
    tmp_path, project, video, segments, reviewer
):
    later = factories.RunFactory(project=project)
    factories.SegmentFactory(run=later, video=video, start=105, stop=145)
    other = factories.SegmentFactory(run=later, video=video, start=600, stop=620)
    for segment in segments:
        say("accept", segment=segment, reviewer=reviewer)

    content = json.loads(write(tmp_path, project, [video]).read("manifest.json"))

    assert [one["subject"] for one in content["unreviewed"]] == [str(other.pk)]
    assert content["counts"]["unreviewed"] == 1


def test_masks_are_one_in_accepted_spans_and_nowhere_else(tmp_path, project, video, segments, reviewer):
    quiet = factories.VideoFactory(project=project, n_frames=30)
    say("accept", segment=segments[0], reviewer=reviewer)  # [100, 140)
    say("accept", video=video, reviewer=reviewer, start=130, stop=150)  # drawn, overlapping
    say("reject", segment=segments[1], reviewer=reviewer)
    say("accept", video=video, reviewer=reviewer, start=999, stop=1000)

    bundle = write(tmp_path, project, [video, quiet])

    expected = np.zeros(1000, dtype=np.uint8)
    expected[100:150] = 1
    expected[999] = 1
    found = np.load(io.BytesIO(bundle.read(f"masks/{video.pk}.npy")), allow_pickle=False)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)
    assert np.load(io.BytesIO(bundle.read(f"masks/{quiet.pk}.npy")), allow_pickle=False).tolist() == [0] * 30
    index = json.loads(bundle.read("masks/index.json"))
    assert index[str(video.pk)]["name"] == "north gate.mp4"
    assert json.loads(bundle.read("manifest.json"))["counts"]["abnormal_frames"] == expected.sum()


def test_where_people_disagree_the_newest_counts_and_every_voice_is_kept(
    tmp_path, project, video, segment, reviewer, manager
):
    first = say("accept", 0, segment=segment, reviewer=reviewer)
    last = say("reject", 5, segment=segment, reviewer=manager)

    content = json.loads(write(tmp_path, project, [video]).read("manifest.json"))

    (span,) = content["spans"]
    assert (span["decision"], span["verdict"], span["conflict"]) == ("reject", str(last.pk), True)
    assert [voice["verdict"] for voice in span["voices"]] == [str(last.pk), str(first.pk)]
    assert content["counts"]["conflicts"] == 1


def test_an_accepted_span_names_the_rejected_one_that_it_shares_frames_with(
    tmp_path, project, video, segment, reviewer, manager
):
    rejected = say("reject", segment=segment, reviewer=reviewer)
    drawn = say("accept", reviewer=manager, video=video, start=segment.stop - 1, stop=segment.stop + 50)
    say("accept", reviewer=manager, video=video, start=segment.stop, stop=segment.stop + 9)  # only touches it

    content = json.loads(write(tmp_path, project, [video]).read("manifest.json"))

    named = {span["subject"]: span["contradicts"] for span in content["spans"] if span["contradicts"]}
    assert named == {
        str(rejected.subject): [str(drawn.subject)],
        str(drawn.subject): [str(rejected.subject)],
    }
    assert content["counts"]["conflicts"] == 2


def test_the_manifest_says_which_model_proposed(tmp_path, project, video, run, segment, reviewer):
    say("accept", segment=segment, reviewer=reviewer)

    content = json.loads(write(tmp_path, project, [video]).read("manifest.json"))

    (made,) = content["runs"]
    assert made["id"] == str(run.pk)
    assert made["model_sha256"] == run.model_sha256
    assert (made["detector"], made["preset"], made["seed"]) == ("diffvad", "fast", 0)
    assert made["trained_on"] == [str(video.pk)]
    assert content["videos"][0]["sha256"] == video.sha256


def test_two_exports_of_one_state_differ_in_export_json_alone(
    tmp_path, project, video, segments, reviewer, manager
):
    for place, segment in enumerate(segments):
        say("accept", place, segment=segment, reviewer=reviewer)
        say("reject", place, segment=segment, reviewer=manager)
    others = [factories.VideoFactory(project=project) for _ in range(3)]

    first = write(tmp_path, project, [video, *others], "a.zip", id="1", created_at="today")
    second = write(tmp_path, project, [*reversed(others), video], "b.zip", id="2", created_at="tomorrow")

    assert first.namelist() == second.namelist()
    differ = [name for name in first.namelist() if first.read(name) != second.read(name)]
    assert differ == ["export.json"]
    for one, other in zip(first.infolist(), second.infolist(), strict=True):
        assert (one.date_time, one.external_attr, one.create_system) == (
            other.date_time,
            other.external_attr,
            other.create_system,
        )


def test_the_same_manifest_and_export_give_the_same_zip(tmp_path, project, video):
    content = manifest.freeze(project, [video])

    digests = [
        archive.write(tmp_path / name, manifest=content, export={"id": "1"}) for name in ("a.zip", "b.zip")
    ]

    assert digests[0] == digests[1] == hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest()


def test_the_checksums_hold(tmp_path, project, video, segment, reviewer):
    say("accept", segment=segment, reviewer=reviewer)
    bundle = write(tmp_path, project, [video])

    sums = dict(reversed(line.split("  ")) for line in bundle.read("SHA256SUMS").decode().splitlines())

    assert sums.keys() == set(bundle.namelist()) - {"SHA256SUMS", "export.json"}
    assert all(hashlib.sha256(bundle.read(name)).hexdigest() == digest for name, digest in sums.items())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "\r\n=1"])
def test_no_text_becomes_a_formula(tmp_path, project, text):
    video = factories.VideoFactory(project=project, name=text)
    project.labels = [{"name": text, "color": "#000000"}]
    project.save()
    person = factories.UserFactory(display_name=text)
    say("accept", video=video, reviewer=person, comment=text, labels=[text])

    bundle = write(tmp_path, project, [video])

    (row,) = rows_of(bundle)
    for column in ("video_name", "comment", "reviewer", "labels"):
        assert row[column] == f"'{text}"
    assert json.loads(bundle.read("segments.json"))[0]["comment"] == text


def test_numbers_below_zero_stay_numbers(tmp_path, project, video, run, reviewer):
    segment = factories.SegmentFactory(run=run, video=video, score=-1.5)
    say("accept", segment=segment, reviewer=reviewer)

    assert rows_of(write(tmp_path, project, [video]))[0]["score"] == "-1.5"


def test_names_of_members_are_made_from_ids(tmp_path, project, reviewer):
    video = factories.VideoFactory(project=project, name="../../etc/passwd\\..\\x")
    say("accept", video=video, reviewer=reviewer, comment='"quoted", and\nbroken')

    bundle = write(tmp_path, project, [video])

    assert set(bundle.namelist()) == {
        "README.txt",
        "export.json",
        "manifest.json",
        "segments.csv",
        "segments.json",
        "masks/index.json",
        f"masks/{video.pk}.npy",
        "SHA256SUMS",
    }
    assert rows_of(bundle)[0]["comment"] == '"quoted", and\nbroken'


def test_times_of_a_variable_rate_come_from_its_frames(tmp_path, project, reviewer):
    video = factories.VideoFactory(project=project, n_frames=4, vfr=True, duration_s=9.5)
    video.derived.mkdir(parents=True)
    np.save(video.derived / "times.npy", np.array([0.0, 1.0, 4.0, 9.0]))
    say("accept", video=video, reviewer=reviewer, start=1, stop=2)
    say("accept", video=video, reviewer=reviewer, start=2, stop=4)

    rows = rows_of(write(tmp_path, project, [video]))

    assert [(row["start_s"], row["stop_s"]) for row in rows] == [("1.0", "4.0"), ("4.0", "9.5")]


def test_a_braced_project_name_does_not_break_the_readme(tmp_path, project, video):
    project.name = "{videos} {0} %s"
    project.save()

    assert "{videos} {0} %s" in write(tmp_path, project, [video]).read("README.txt").decode()


def test_the_manifest_outlives_the_run(tmp_path, project, video, run, segment, reviewer):
    say("accept", segment=segment, reviewer=reviewer)
    run.delete()

    (row,) = rows_of(write(tmp_path, project, [video]))

    assert (row["run_id"], row["detector"], row["score"], row["proposed_start"]) == ("", "", "", "100")


def test_verdicts_of_another_project_stay_there(tmp_path, project, video, reviewer):
    say("accept", reviewer=reviewer)

    assert rows_of(write(tmp_path, project, [video])) == []
