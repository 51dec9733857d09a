"""Threshold policies by name: kept, and applied to many runs as a job.

A policy changes all the proposals of a run, those of every video it scored: its threshold is one line for the whole
run. Verdicts stay, whatever happens to the proposals they are about (runs.proposals.store).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from vadreview import errors, jobs
from vadreview.accounts.models import User
from vadreview.jobs import JobStatus, Reporter
from vadreview.review import queries
from vadreview.review.models import PolicyChange, SavedPolicy
from vadreview.review.services import keep_for_later, portable
from vadreview.runs import inference, proposals
from vadreview.runs.models import Run, RunVideo

PHASE = "Applying the policy"


def save(run: Run, *, by: User, name: str, policy: dict, threshold: float | None) -> SavedPolicy:
    """Keep a policy as tried on a run. A line placed by hand is kept as deviations, which other runs understand.

    Raises Conflict when the project has one of that name, Invalid when the fields are no policy.
    """
    fields = inference.parse_policy(policy).model_dump()
    if threshold is not None:
        fields = portable(proposals.make(run, policy=policy, high=threshold), by_hand=threshold)
    try:
        with transaction.atomic():
            return SavedPolicy.objects.create(
                project=run.project, name=name, detector=run.detector, fields=fields, created_by=by
            )
    except IntegrityError:
        raise errors.Conflict(
            f"This project has a policy “{name}” already. Choose another name, or delete that one first.",
            code="policy_exists",
        ) from None


def apply(saved: SavedPolicy, *, by: User, runs: Sequence[uuid.UUID], later: bool) -> PolicyChange:
    """Queue the work. Raises Invalid when a run is not a finished one of the project."""
    chosen = {run.pk: run for run in Run.objects.filter(project=saved.project, pk__in=runs)}
    unfit = [pk for pk in runs if pk not in chosen or chosen[pk].stage != Run.Stage.DONE]
    if unfit or not runs:
        sentence = (
            f"{len(unfit)} of the chosen runs are not finished runs of this project: {unfit[0]}."
            if unfit
            else "Choose at least one run."
        )
        raise errors.Invalid(sentence, fields={"runs": sentence})
    with transaction.atomic():
        change = PolicyChange.objects.create(
            project=saved.project,
            name=saved.name,
            fields=saved.fields,
            later=later,
            runs=[str(pk) for pk in dict.fromkeys(runs)],
            created_by=by,
        )
        jobs.ring(change)
    return change


def work(change: PolicyChange, report: Reporter) -> None:
    """Apply it run by run. Runs that are done stay done when the work is cancelled, or goes on elsewhere."""
    done = {one["run"] for one in change.results}
    total = RunVideo.objects.filter(run__in=change.runs, scores=True, status=JobStatus.DONE).count()
    seen = RunVideo.objects.filter(run__in=done, scores=True, status=JobStatus.DONE).count()

    def another() -> None:
        nonlocal seen
        report(PHASE, seen, total)
        seen += 1

    for pk in change.runs:
        run = Run.objects.filter(pk=pk, stage=Run.Stage.DONE).select_related("project").first()
        if run is None or pk in done:  # deleted, or running anew, meanwhile
            continue
        _apply_to(run, change, proposals.make(run, policy=change.fields, seen=another))
        report(PHASE, seen, total, at_once=True, results=change.results)
    jobs.finish(change, JobStatus.DONE, results=change.results, done=total, total=total)


def _apply_to(run: Run, change: PolicyChange, proposal: proposals.Proposal) -> None:
    before = run.segments.filter(audit=False).count()
    with transaction.atomic():
        after = proposals.store(run, proposal, decided=queries.decided_in(run))
        if change.later:
            keep_for_later(run, change.fields)
        change.results = [*change.results, {"run": str(run.pk), "before": before, "after": after}]
        PolicyChange.objects.filter(pk=change.pk).update(results=change.results)


def explain(error: Exception) -> str | None:
    """Turn an error of the work into a sentence for people."""
    return str(error) if isinstance(error, errors.DomainError) else None


def cancel(change: PolicyChange) -> None:
    """Stop after the run in hand; those that are done keep their new proposals."""
    jobs.cancel(change)
