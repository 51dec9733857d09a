"""Rows for tests: each factory makes a valid row on its own, in a project of its own."""

from __future__ import annotations

import uuid
from datetime import timedelta

import factory
import numpy as np
from django.utils import timezone
from factory.django import DjangoModelFactory

from vadreview.accounts.models import Role, User
from vadreview.exports.manifest import freeze
from vadreview.exports.models import Dataset
from vadreview.footage.models import GroundTruth, Membership, Project, Upload, Video
from vadreview.jobs import JobStatus
from vadreview.review.models import Verdict
from vadreview.runs.models import Run, RunVideo, Segment, Track, TrackBlock

PASSWORD = "correct horse 42"
BLOCK = 4096


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")

    @factory.post_generation
    def password(self, create, password, **_):
        self.set_password(password or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    name = factory.Sequence(lambda n: f"Project {n}")
    audit_share = 0.0  # what chance picks would differ from test to test
    labels = factory.LazyFunction(
        lambda: [{"name": "Running", "color": "#e03131"}, {"name": "Cycling", "color": "#1971c2"}]
    )


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.VIEWER


class UploadFactory(DjangoModelFactory):
    class Meta:
        model = Upload

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"clip {n}.mp4")
    length = 1000
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=24))


class VideoFactory(DjangoModelFactory):
    """A ready video of 1,000 frames at 25 fps; its files are not there (see the fixture `video_file`)."""

    class Meta:
        model = Video

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"clip {n:04d}.mp4")
    status = JobStatus.DONE
    state = Video.State.READY
    size_bytes = 123_456
    sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    container = "mp4"
    codec = "h264"
    width = 64
    height = 48
    fps_num = 25
    proxy_fps_num = 25
    n_frames = 1000
    duration_s = factory.LazyAttribute(lambda video: video.n_frames * video.fps_den / video.fps_num)
    sheets = factory.LazyFunction(
        lambda: {"tile_width": 160, "tile_height": 120, "columns": 10, "rows": 10, "stride": 10, "count": 1}
    )

    fps_den = 1


class GroundTruthFactory(DjangoModelFactory):
    class Meta:
        model = GroundTruth

    video = factory.SubFactory(VideoFactory)
    start = 100
    stop = 200
    label = "Running"


class RunFactory(DjangoModelFactory):
    """A finished run without videos; `RunVideoFactory(run=..., video=...)` adds them."""

    class Meta:
        model = Run

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"Run {n}")
    detector = "diffvad"
    preset = "fast"
    config = factory.LazyFunction(dict)
    status = JobStatus.DONE
    stage = Run.Stage.DONE
    model_sha256 = "ab" * 32
    code_version = "0.1.0"
    device_used = "cpu"
    threshold = 1.0
    centre = 0.0


class RunVideoFactory(DjangoModelFactory):
    class Meta:
        model = RunVideo

    run = factory.SubFactory(RunFactory)
    video = factory.SubFactory(VideoFactory, project=factory.SelfAttribute("..run.project"))
    trains = True
    scores = True
    status = JobStatus.DONE


class SegmentFactory(DjangoModelFactory):
    class Meta:
        model = Segment

    id = factory.LazyFunction(uuid.uuid4)
    run = factory.SubFactory(RunFactory)
    video = factory.SubFactory(VideoFactory, project=factory.SelfAttribute("..run.project"))
    start = factory.Sequence(lambda n: 20 * (n % 40))
    stop = factory.LazyAttribute(lambda segment: segment.start + 10)
    peak_frame = factory.LazyAttribute(lambda segment: segment.start + 5)
    score = 2.0


class VerdictFactory(DjangoModelFactory):
    """A verdict about `segment`; without one, about a span that the person drew."""

    class Meta:
        model = Verdict

    class Params:
        segment = None

    reviewer = factory.SubFactory(UserFactory)
    video = factory.LazyAttribute(lambda v: v.segment.video if v.segment else VideoFactory())
    run = factory.LazyAttribute(lambda v: v.segment.run if v.segment else None)
    project = factory.LazyAttribute(lambda v: v.video.project)
    subject = factory.LazyAttribute(lambda v: v.segment.id if v.segment else uuid.uuid4())
    drawn = factory.LazyAttribute(lambda v: v.segment is None)
    decision = Verdict.Decision.ACCEPT
    start = factory.LazyAttribute(lambda v: v.segment.start if v.segment else 10)
    stop = factory.LazyAttribute(lambda v: v.segment.stop if v.segment else 20)
    proposed_start = factory.LazyAttribute(lambda v: v.segment.start if v.segment else None)
    proposed_stop = factory.LazyAttribute(lambda v: v.segment.stop if v.segment else None)
    client_key = factory.LazyFunction(uuid.uuid4)


class DatasetFactory(DjangoModelFactory):
    class Meta:
        model = Dataset

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"Dataset {n}")
    manifest = factory.LazyAttribute(lambda dataset: freeze(dataset.project, []))
    content_sha256 = "cd" * 32


def make_track(
    values, *, video: Video, run: Run | None = None, name: str = "score", stride: int = 1
) -> Track:
    """Store `values` as a track: row and raw blocks (level 0), without the coarser levels."""
    numbers = np.asarray(values, dtype="<f4")
    track = Track.objects.create(
        run=run,
        video=video,
        name=name,
        stride=stride,
        length=numbers.size,
        low=float(numbers.min()),
        high=float(numbers.max()),
        mean=float(numbers.mean()),
        std=float(numbers.std()),
    )
    TrackBlock.objects.bulk_create(
        TrackBlock(track=track, level=0, index=place, values=numbers[at : at + BLOCK].tobytes())
        for place, at in enumerate(range(0, numbers.size, BLOCK))
    )
    return track


def peaky_scores(n_frames: int, *, peaks: list[tuple[int, int]], seed: int = 0) -> np.ndarray:
    """Quiet noise around 0 with plateaus of height 10 over the frames of `peaks`; float32 (n_frames,)."""
    scores = np.random.default_rng(seed).normal(0, 0.1, n_frames).astype("f4")
    for start, stop in peaks:
        scores[start:stop] += 10
    return scores
