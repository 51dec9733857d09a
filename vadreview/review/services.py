"""Giving verdicts. They are only ever added: undo is a newer verdict that withdraws."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from vadreview import errors
from vadreview.accounts.models import User
from vadreview.footage.models import Project, Video
from vadreview.review import queries
from vadreview.review.models import Verdict
from vadreview.runs import proposals
from vadreview.runs.models import Run, Segment


@dataclass(frozen=True)
class Subject:
    """What a verdict is about: a proposal, or a span that somebody drew."""

    id: uuid.UUID
    video: Video
    run: Run | None = None
    drawn: bool = False
    start: int | None = None  # the span until the verdict says otherwise
    stop: int | None = None
    proposed: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Opinion:
    """What a person says. Without `start` and `stop` it is about the span as it stands."""

    decision: str
    start: int | None = None
    stop: int | None = None
    labels: list[str] = field(default_factory=list)
    reason: str = ""
    comment: str = ""
    seconds_spent: float = 0.0
    settles: bool = False  # a manager ends a disagreement with it


def subject_of_segment(segment: Segment) -> Subject:
    return Subject(
        id=segment.pk,
        video=segment.video,
        run=segment.run,
        start=segment.start,
        stop=segment.stop,
        proposed=(segment.start, segment.stop),
    )


def subject_of_verdict(verdict: Verdict) -> Subject:
    """Return what an earlier verdict was about: its segment may not be proposed any more."""
    return Subject(
        id=verdict.subject,
        video=verdict.video,
        run=verdict.run,
        drawn=verdict.drawn,
        start=verdict.start,
        stop=verdict.stop,
        proposed=(verdict.proposed_start, verdict.proposed_stop),
    )


def drawn_subject(subject: uuid.UUID, *, video: Video) -> Subject:
    """Return the subject for a span that a person drew on `video`, now or earlier.

    Raises Conflict when the id is that of something on another video.
    """
    earlier = (
        queries.newest_first(Verdict.objects.filter(subject=subject)).select_related("video", "run").first()
    )
    segment = Segment.objects.filter(pk=subject).select_related("video", "run").first()
    known = subject_of_segment(segment) if segment else subject_of_verdict(earlier) if earlier else None
    if known is not None and known.video.pk != video.pk:
        raise errors.Conflict(
            "This subject belongs to another video. A new drawn span needs a new random id.",
            code="subject_taken",
        )
    return known or Subject(id=subject, video=video, drawn=True)


def give(
    reviewer: User,
    subject: Subject,
    opinion: Opinion,
    *,
    client_key: uuid.UUID,
    replaces: uuid.UUID | None = None,
) -> tuple[Verdict, bool]:
    """Add a verdict; returns it and whether it is new: the same `client_key` again has no second effect.

    `replaces` is the client_key of the verdict that the reviewer means to take back or correct. Raises Invalid
    with the field at fault; Conflict when the key is another verdict's, or when the reviewer has said something
    newer than `replaces` meanwhile (in another tab).
    """
    known = by_client_key(reviewer, client_key)
    if known is not None:
        return _same(known, subject, opinion), False
    start, stop = _span(subject, opinion)
    labels = _labels(subject.video.project, opinion)
    if opinion.reason and opinion.decision != Verdict.Decision.REJECT:
        _refuse("reason", "A reason goes with a rejection only. Leave it empty, or reject.")
    if opinion.decision == Verdict.Decision.WITHDRAWN and not _has_said(reviewer, subject):
        _refuse("decision", "You have given no verdict here that could be withdrawn.")
    if replaces is not None:
        _check_newest(reviewer, subject, replaces)
    try:
        with transaction.atomic():
            verdict = Verdict.objects.create(
                project=subject.video.project,
                video=subject.video,
                run=subject.run,
                subject=subject.id,
                drawn=subject.drawn,
                reviewer=reviewer,
                decision=opinion.decision,
                start=start,
                stop=stop,
                proposed_start=subject.proposed[0],
                proposed_stop=subject.proposed[1],
                labels=labels,
                reason=opinion.reason,
                comment=opinion.comment,
                seconds_spent=opinion.seconds_spent,
                settles=opinion.settles,
                client_key=client_key,
            )
    except IntegrityError:
        # the same request twice at once: the other one was first
        known = by_client_key(reviewer, client_key)
        if known is None:
            raise
        return _same(known, subject, opinion), False
    return verdict, True


@dataclass(frozen=True)
class Given:
    """What a decision about many proposals did: the new verdicts, and how many were there already."""

    verdicts: list[Verdict]
    repeated: int


def give_many(reviewer: User, segments: list[Segment], opinion: Opinion, *, client_key: uuid.UUID) -> Given:
    """Say the same about many proposals of one project, each on its own span, all or none.

    Each verdict's key is made from `client_key` and its segment, so sending it again has no second effect.
    Raises Invalid with the field at fault.
    """
    if not segments:
        return Given([], 0)
    labels = _labels(segments[0].video.project, opinion)
    if opinion.reason and opinion.decision != Verdict.Decision.REJECT:
        _refuse("reason", "A reason goes with a rejection only. Leave it empty, or reject.")
    keys = {segment.pk: uuid.uuid5(client_key, str(segment.pk)) for segment in segments}
    with transaction.atomic():
        there = set(Verdict.objects.filter(client_key__in=keys.values()).values_list("client_key", flat=True))
        made = [
            Verdict(
                project_id=segment.run.project_id,
                video_id=segment.video_id,
                run_id=segment.run_id,
                subject=segment.pk,
                reviewer=reviewer,
                decision=opinion.decision,
                start=segment.start,
                stop=segment.stop,
                proposed_start=segment.start,
                proposed_stop=segment.stop,
                labels=labels,
                reason=opinion.reason,
                comment=opinion.comment,
                client_key=keys[segment.pk],
            )
            for segment in segments
            if keys[segment.pk] not in there
        ]
        Verdict.objects.bulk_create(made)
    return Given(made, len(segments) - len(made))


def _same(known: Verdict, subject: Subject, opinion: Opinion) -> Verdict:
    """Return the verdict of a repeated request. Raises Conflict when the key came with another verdict."""
    start, stop = _span(subject, opinion)
    before = (known.subject, known.decision, known.start, known.stop, known.reason, known.comment)
    now = (subject.id, opinion.decision, start, stop, opinion.reason, opinion.comment)
    if before != now or set(known.labels) != set(opinion.labels):
        raise errors.Conflict(
            f"This client_key was used for another verdict ({known.decision} of frames {known.start} to "
            f"{known.stop - 1}), which stands. A new verdict needs a new random client_key.",
            code="client_key_reused",
        )
    return known


def _check_newest(reviewer: User, subject: Subject, replaces: uuid.UUID) -> None:
    mine = queries.newest_first(Verdict.objects.filter(reviewer=reviewer, subject=subject.id))
    newest = mine.values_list("client_key", flat=True).first()
    if newest is not None and newest != replaces:
        raise errors.Conflict(
            "You have decided this anew meanwhile, in another tab or on another device. The newer decision stands.",
            code="newer_verdict",
        )


def propose(run: Run, *, policy: dict, threshold: float | None, save_policy: bool) -> int:
    """Replace the proposals of a finished run; if asked, later runs of its detector begin so; how many there are.

    Raises Conflict while the run is under way, Invalid when the policy is none.
    """
    if run.stage in (Run.Stage.QUEUED, Run.Stage.TRAINING, Run.Stage.SCORING):
        raise errors.Conflict(
            "This run is still under way and makes its own proposals when it is done. Apply after that.",
            code="under_way",
        )
    proposal = proposals.make(run, policy=policy, high=threshold)
    with transaction.atomic():
        count = proposals.store(run, proposal, decided=queries.decided_in(run))
        if save_policy:
            keep_for_later(run, portable(proposal, by_hand=threshold))
    return count


def keep_for_later(run: Run, policy: dict) -> None:
    """Let later runs of the same detector in the project begin with this policy; call it in a transaction."""
    project = Project.objects.select_for_update().get(pk=run.project_id)
    project.detector_policies = project.detector_policies | {run.detector: policy}
    project.save(update_fields=["detector_policies"])


def portable(proposal: proposals.Proposal, *, by_hand: float | None) -> dict:
    """Return a policy that means the same to other runs: a line placed by hand becomes robust deviations.

    The score of a line belongs to one run; each run has a scale of its own.
    """
    policy, level = proposal.policy.model_dump(), proposal.threshold
    if by_hand is None or level.spread <= 0:
        return policy
    deviations = (by_hand - level.centre) / level.spread
    return policy | {"method": "mad", "value": round(min(max(deviations, 0.0), 100.0), 3)}


def by_client_key(reviewer: User, client_key: uuid.UUID) -> Verdict | None:
    """Return the verdict that `reviewer` gave under this key. Raises Conflict when it is somebody else's."""
    known = Verdict.objects.filter(client_key=client_key).select_related("reviewer").first()
    if known is not None and known.reviewer_id != reviewer.pk:
        raise errors.Conflict("This client_key is in use. Send a new random one.", code="client_key_taken")
    return known


def _span(subject: Subject, opinion: Opinion) -> tuple[int, int]:
    start = subject.start if opinion.start is None else opinion.start
    stop = subject.stop if opinion.stop is None else opinion.stop
    if start is None or stop is None:
        _refuse(
            "start" if start is None else "stop", "A drawn span needs its start and stop, in source frames."
        )
    n_frames = subject.video.n_frames
    if not 0 <= start < stop <= n_frames:
        message = (
            f"The span [{start}, {stop}) does not fit this video of {n_frames} frames: "
            f"0 <= start < stop <= {n_frames} must hold."
        )
        raise errors.Invalid(message, code="span_outside", fields={"start": message, "stop": message})
    return start, stop


def _labels(project: Project, opinion: Opinion) -> list[str]:
    allowed = [label["name"] for label in project.labels]
    unknown = [label for label in opinion.labels if label not in allowed]
    if unknown:
        listed = ", ".join(allowed) or "none yet; a manager adds them in the project's settings"
        _refuse("labels", f"“{unknown[0]}” is not a label of this project. Its labels: {listed}.")
    return [label for label in allowed if label in opinion.labels]


def _has_said(reviewer: User, subject: Subject) -> bool:
    return Verdict.objects.filter(reviewer=reviewer, subject=subject.id).exists()


def _refuse(name: str, message: str) -> None:
    raise errors.Invalid(message, code=f"invalid_{name}", fields={name: message})
