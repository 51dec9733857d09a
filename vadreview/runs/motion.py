"""The reference curves of a video: how much moves in each frame. Nothing is trained, so they come early."""

from __future__ import annotations

from django.db import transaction

from vadreview import errors, jobs
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus, Reporter
from vadreview.runs import inference, tracks
from vadreview.runs.models import MotionJob

MOST_AT_ONCE = 500


def after_ingest(video_id: str) -> None:
    """Make the motion job of a video that has just become ready, and work on it."""
    if not Video.objects.filter(pk=video_id, state=Video.State.READY).exists():
        return
    job, _ = MotionJob.objects.get_or_create(video_id=video_id)
    work_on(str(job.pk))


def queue_missing() -> int:
    """Queue the motion of ready videos that have none (the sweep calls this); how many."""
    count = 0
    for video in Video.objects.filter(state=Video.State.READY, motion_job=None)[:MOST_AT_ONCE]:
        job, new = MotionJob.objects.get_or_create(video=video)
        if new:
            jobs.ring(job)
            count += 1
    return count


def retry(video: Video) -> MotionJob:
    """Measure the motion of a ready video again, after a failure. Raises Conflict where there is nothing to retry."""
    job = MotionJob.objects.filter(video=video).first()
    if video.state != Video.State.READY or (job is not None and job.status == JobStatus.DONE):
        raise errors.Conflict("There is no failed motion curve to try again.")
    if job is not None and job.status in (JobStatus.QUEUED, JobStatus.RUNNING):
        raise errors.Conflict("The motion of this video is being measured right now.")
    with transaction.atomic():
        job, _ = MotionJob.objects.get_or_create(video=video)
        jobs.queue(job)
    return job


def work_on(job_id: str) -> None:
    jobs.perform(MotionJob, job_id, _compute, explain=inference.explain)


def _compute(job: MotionJob, report: Reporter) -> None:
    curves = inference.motion(job.video, progress=lambda now: report(now.phase, now.done, now.total))
    series = {
        name: tracks.Series(track.values, stride=track.stride, offset=track.offset)
        for name, track in curves.items()
    }
    with transaction.atomic():
        report.beat()
        tracks.replace(series, video=job.video, run=None)
        jobs.finish(job, JobStatus.DONE)
