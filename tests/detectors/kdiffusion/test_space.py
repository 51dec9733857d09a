import numpy as np
import pytest

from detectors.base import ConfigError
from detectors.kdiffusion.config import KDiffusionConfig
from detectors.kdiffusion.space import Space

GLOBAL = KDiffusionConfig()
AS_IS = KDiffusionConfig(scaling="none", feature_scale=2.1)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return (random.gamma(2.0, size=(500, 6)) @ random.random((6, 6))).astype(np.float32)


def test_features_are_centred_and_spread_as_the_schedule_wants_it(rows):
    space = Space.of(rows, GLOBAL)

    seen = space.enter(rows)

    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-5)
    assert seen.std() == pytest.approx(0.62, rel=1e-5)
    assert space.sigma_data == 0.62


def test_one_factor_serves_all_numbers(rows):
    """Distances keep their proportions: nothing is whitened."""
    seen = Space.of(rows, GLOBAL).enter(rows)

    before = np.linalg.norm(rows[1:] - rows[0], axis=1)
    after = np.linalg.norm(seen[1:] - seen[0], axis=1)

    np.testing.assert_allclose(after / before, (after / before)[0], rtol=1e-4)


def test_axes_are_sorted_by_their_spread(rows):
    variances = Space.of(rows, GLOBAL).enter(rows).var(0)

    assert (np.diff(variances) <= 1e-6).all()


def test_squared_differences_survive_the_way_back(rows):
    space = Space.of(rows, GLOBAL)

    back = space.leave(space.enter(rows) - space.enter(rows[::-1]))

    np.testing.assert_allclose(back, space.scale * (rows - rows[::-1]), rtol=1e-3, atol=1e-4)


def test_without_scaling_the_spread_is_that_of_all_numbers(rows):
    space = Space.of(rows, AS_IS)

    scaled = 2.1 * rows.astype(np.float64)
    assert space.sigma_data == pytest.approx(np.sqrt((scaled**2).mean() - scaled.mean() ** 2), rel=1e-5)
    np.testing.assert_allclose(space.enter(rows), scaled, rtol=1e-6)
    assert space.leave(rows) is rows


@pytest.mark.parametrize("config", [GLOBAL, AS_IS])
def test_features_that_never_change_give_finite_units(config):
    space = Space.of(np.full((10, 3), 7.0, np.float32), config)

    assert np.isfinite(space.enter(np.array([[7.0, 8.0, 9.0]], np.float32))).all()
    assert space.sigma_data > 0


@pytest.mark.parametrize("config", [GLOBAL, AS_IS])
def test_units_are_kept_as_arrays(rows, config):
    space = Space.of(rows, config)

    again = Space.from_arrays(space.arrays())

    np.testing.assert_array_equal(again.enter(rows), space.enter(rows))


def test_units_of_zero_are_refused():
    with pytest.raises(ConfigError, match="not above zero"):
        Space.from_arrays({"centre": np.zeros(3), "units": np.array([0.0, 0.62])})
