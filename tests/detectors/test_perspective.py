"""Whether the camera looks along the scene, told from speeds alone."""

import numpy as np
import pytest

from detectors import perspective


def moving(speeds) -> np.ndarray:
    """Speeds (40, 16, 16) of things that pass at each of 16 heights, and rest between."""
    random = np.random.default_rng(0)
    speed = np.asarray(speeds)[:, None] * random.uniform(0.8, 1.2, (40, 16, 16))
    speed[:, :, ::3] = 0
    return speed


def test_speed_that_grows_down_the_picture_means_an_oblique_camera():
    assert perspective.looks_along(moving(np.linspace(1, 3, 16)))
    assert perspective.looks_along(moving(np.linspace(3, 1, 16)))


def test_rows_at_the_edges_of_things_do_not_hide_an_oblique_camera():
    speed = moving(np.linspace(1, 3, 16))
    speed[:, 12:] *= 0.1  # what is cut off by the lower edge of the picture
    speed[:, :, 1::3] *= 0.2  # and slower parts of things everywhere

    assert perspective.looks_along(speed, top=True)


@pytest.mark.parametrize(
    "speeds", [np.ones(16), np.zeros(16), 1 + np.sin(np.linspace(0, np.pi, 16)), np.eye(16)[7]]
)
def test_speed_without_a_trend_means_a_level_camera(speeds):
    assert not perspective.looks_along(moving(speeds), top=True)


def test_sizes_are_two_numbers_fitted_to_the_usual_speeds():
    sizes = perspective.sizes(moving(np.exp(np.linspace(0, 1.5, 16))))

    np.testing.assert_allclose(sizes[-1] / sizes[0], np.exp(1.5), rtol=0.1)
    np.testing.assert_allclose(np.diff(np.log(sizes)), 0.1, rtol=0.1)


def test_heights_without_motion_are_as_the_nearest_with_some():
    speeds = np.where(np.arange(16) < 5, 0, np.linspace(1, 3, 16))

    sizes = perspective.sizes(moving(speeds))

    assert (sizes[:6] == sizes[5]).all()
    assert sizes[-1] > 1.4 * sizes[5]
    assert (perspective.sizes(np.zeros((40, 16, 16))) == 1).all()
