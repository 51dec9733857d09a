"""Which frames of much footage are learned from."""

from detectors import spans


class Film:
    def __init__(self, n_frames):
        self.n_frames = n_frames


def test_long_footage_is_learned_from_in_stretches_spread_evenly():
    chosen = spans.spread([Film(256 * 100)], most_frames=2560)

    assert sum(stop - start for _, start, stop in chosen) == 2560
    assert chosen[0][1] == 0
    assert chosen[-1][2] == 256 * 100


def test_footage_that_is_not_too_much_is_one_span_a_video():
    films = [Film(700), Film(3)]

    assert spans.spread(films, most_frames=703) == [(films[0], 0, 700), (films[1], 0, 3)]
