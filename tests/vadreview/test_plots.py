"""Figures that the browser draws."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from vadreview import map_plot, plots


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


def footage(by: str, name: str = "yard, frame 0") -> plots.Plot:
    return map_plot.footage_map(
        np.array([[0, 0], [1, 0], [2, 5]], np.float32),
        np.array([0.5, 2, 1], np.float32),
        np.array([0, 3, 0]),
        names=[name, "yard, frame 10", "yard, frame 20"],
        by=by,
        layout="PCA",
    )


def test_a_footage_map_has_a_trace_a_label_and_colours_by_what_is_asked():
    usual, accepted = footage("score").figure.data
    by_label = footage("label").figure.data

    assert (list(usual.x), list(usual.y), list(usual.customdata)) == ([0, 2], [0, 5], [0.5, 1])
    assert (list(accepted.text), list(accepted.marker.color)) == (["yard, frame 10"], [2])
    assert [trace.marker.color for trace in by_label] == [plots.GREY, "var(--state-accepted)"]
    assert footage("label").rows[1] == ["yard, frame 10", 1.0, 0.0, 2.0, "abnormal (accepted)"]


def test_a_page_of_its_own_has_the_colours_of_the_light_theme_and_no_name_can_end_its_script():
    page = map_plot.standalone(footage("label", name="</script><script>alert(1)</script>"))
    styles = (Path(__file__).parents[2] / "frontend/src/ui/tokens.css").read_text()

    assert "var(--" not in page
    assert "<script>alert" not in page
    for name, colour in map_plot.PRINTED.items():
        # the dark theme is the first block, the light one the second
        assert re.findall(rf"{name[4:-1]}: (#\w+);", styles)[1] == colour
