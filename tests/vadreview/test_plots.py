"""Figures that the browser draws."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vadreview import plots


@pytest.fixture
def plot() -> plots.Plot:
    generated = np.array([[1, 0], [0, 2], [1, 1]], np.float32)
    return plots.window_patterns(
        np.array([3, 4], np.float32),
        generated,
        np.zeros((2, 2), np.float32),
        distances=np.array([2, 1, 3], np.float32),
        neighbour_names=["north 0:01", "north 0:02"],
    )


def test_a_window_is_dots_for_the_guesses_a_cross_for_the_real_one_and_grey_neighbours(plot):
    by_name = {trace.name: trace for trace in plot.figure.data}

    assert list(by_name["Generated"].x) == [1, 0, 1]
    assert (by_name["Real"].x[0], by_name["Real"].y[0], by_name["Real"].marker.symbol) == (3, 4, "x")
    assert by_name["Neighbours"].marker.color == plots.GREY


def test_the_table_holds_every_point_of_the_figure(plot):
    points = sum(len(trace.x) for trace in plot.figure.data)

    assert len(plot.rows) == points == 6
    assert plot.rows[2] == ["Guess 2", 0.0, 2.0, 1.0]


def test_what_the_browser_gets_is_plain_json_without_plotlys_template(plot):
    sent = plots.as_json(plot)

    assert json.loads(json.dumps(sent)) == sent
    assert "template" not in sent["figure"]["layout"]
    assert sent["figure"]["data"][1]["x"] == [1.0, 0.0, 1.0]
    assert "3 generated patterns, the nearest at a distance of 1 " in sent["summary"]
