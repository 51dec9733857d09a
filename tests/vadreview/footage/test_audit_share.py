"""Which footage is in the audit: by chance, always the same, and a larger share only adds to it."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview.footage import audit

HOUR = 25 * 3600


def video(**fields):
    return factories.VideoFactory.build(n_frames=HOUR, **fields)


def test_about_the_share_of_all_windows_is_chosen():
    picked = sum(len(audit.chosen(video(sha256=f"{n:064x}"), share=0.1)) for n in range(20))

    assert picked == pytest.approx(0.1 * 20 * 720, rel=0.1)


def test_the_choice_depends_on_the_content_alone():
    one, same, other = video(sha256="ab" * 32), video(sha256="ab" * 32, name="x"), video(sha256="cd" * 32)

    assert audit.chosen(one, share=0.1) == audit.chosen(same, share=0.1)
    assert audit.chosen(one, share=0.1) != audit.chosen(other, share=0.1)


def test_a_larger_share_only_adds_windows():
    one = video(sha256="ab" * 32)

    assert set(audit.chosen(one, share=0.1)) < set(audit.chosen(one, share=0.2))


def test_the_windows_of_a_video_cover_it_without_overlap():
    short = factories.VideoFactory.build(n_frames=1003)

    spans = audit.windows(short)

    assert spans[0] == (0, 125)
    assert spans[-1] == (1000, 1003)
    assert [start for start, _ in spans[1:]] == [stop for _, stop in spans[:-1]]


@pytest.mark.django_db
@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_a_share_that_makes_no_sense_is_refused(api, manager, project, share):
    answer = api(manager).patch(f"/api/projects/{project.pk}/", {"audit_share": share}, format="json")

    assert answer.status_code == 400
    assert "audit_share" in answer.json()["fields"]
