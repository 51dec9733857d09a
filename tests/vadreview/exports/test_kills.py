"""A process that is killed (-9) in the middle of freezing, writing or teaching: nothing half made is ever offered."""

from __future__ import annotations

import os
import signal
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.vadreview import factories
from vadreview import jobs
from vadreview.exports import archive, services, tasks, teaching
from vadreview.exports.models import Dataset
from vadreview.jobs import JobStatus
from vadreview.review import services as review
from vadreview.review.models import Verdict
from vadreview.runs import services as runs
from vadreview.runs.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_process_that_dies(act: Callable[[], object]) -> None:
    """Run `act` in a process of its own, on a connection of its own, until it kills itself."""
    pid = os.fork()
    if pid == 0:
        try:
            connection.connection = None  # the parent's: closing it here would end it there
            act()
        finally:
            os._exit(1)  # it lived: the parent finds no signal
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def decided(segments, reviewer):
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer)
    factories.VerdictFactory(segment=segments[1], reviewer=reviewer, decision="reject")


def frozen(project, manager, key=None) -> Dataset:
    made, _ = services.request(project, by=manager, name="March", videos=None, client_key=key or uuid.uuid4())
    return made


def go_on_after_a_while(dataset: Dataset) -> None:
    """What the next sweep and worker do about a row whose worker has been silent for long."""
    Dataset.objects.filter(pk=dataset.pk).update(heartbeat_at=timezone.now() - timedelta(days=1))
    jobs.sweep(Dataset)
    tasks.write(str(dataset.pk))
    dataset.refresh_from_db()


def test_a_verdict_that_was_given_is_there_after_a_kill(segment, reviewer):
    key = uuid.uuid4()

    def decide():
        review.give(reviewer, review.subject_of_segment(segment), review.Opinion("accept"), client_key=key)
        die()

    in_a_process_that_dies(decide)

    assert Verdict.objects.get(client_key=key).decision == "accept"
    # the browser that had no answer sends it again
    _, new = review.give(
        reviewer, review.subject_of_segment(segment), review.Opinion("accept"), client_key=key
    )
    assert not new


def test_a_kill_while_a_dataset_is_frozen_leaves_none_and_the_same_request_makes_it(
    project, manager, decided, monkeypatch
):
    key = uuid.uuid4()
    with monkeypatch.context() as patch:
        patch.setattr(services.DatasetVideo.objects, "bulk_create", die)
        in_a_process_that_dies(lambda: frozen(project, manager, key))

    assert not Dataset.objects.exists()
    assert frozen(project, manager, key).manifest["counts"]["spans"] == 1


@pytest.mark.parametrize(
    ("where", "name"), [(archive, "_csv"), (services.os, "replace"), (services.jobs, "finish")]
)
def test_a_kill_while_its_files_are_written_leaves_a_dataset_that_is_not_offered_and_is_written_later(
    api, manager, project, decided, monkeypatch, where, name
):
    dataset = frozen(project, manager)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, die)
        in_a_process_that_dies(lambda: tasks.write(str(dataset.pk)))

    shown = api(manager).get(f"/api/exports/{dataset.pk}/").json()
    assert (shown["job"]["status"], shown["download"]) == (JobStatus.RUNNING, None)
    assert api(manager).get(f"/api/exports/{dataset.pk}/download").status_code == 409
    dataset.refresh_from_db()
    with pytest.raises(teaching.errors.Conflict, match="not written yet"):
        teaching.teach(
            project,
            by=manager,
            choices=[teaching.Choice("kdiffusion", "fast")],
            dataset=dataset,
            name="",
            client_key=uuid.uuid4(),
        )

    go_on_after_a_while(dataset)

    assert dataset.status == JobStatus.DONE
    assert zipfile.ZipFile(dataset.file).testzip() is None
    assert list(dataset.file.parent.glob(f"{dataset.pk}*")) == [dataset.file]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_kill_while_detectors_are_taught_starts_all_of_them_or_none(
    project, manager, decided, monkeypatch, after
):
    key, start, count = uuid.uuid4(), runs.start, iter(range(9))

    def start_or_die(*arguments, **fields):
        if next(count) == after:
            die()
        return start(*arguments, **fields)

    def teach():
        made, _ = teaching.teach(
            project,
            by=manager,
            choices=[teaching.Choice("kdiffusion", "fast"), teaching.Choice("diffvad", "fast")],
            dataset=None,
            name="March",
            client_key=key,
        )
        return made

    with monkeypatch.context() as patch:
        patch.setattr(runs, "start", start_or_die)
        in_a_process_that_dies(lambda: (teach(), die()))

    there = (0, 0) if after < 2 else (1, 2)
    assert (Dataset.objects.count(), Run.objects.filter(mode="supervised").count()) == there

    dataset = teach()  # the browser that had no answer sends it again

    assert Run.objects.filter(trained_on=dataset, mode="supervised").count() == 2
    assert Dataset.objects.get() == dataset
