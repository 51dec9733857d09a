"""The map of a run's footage as a Plotly figure, to take along; on the desk a canvas of its own draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.plots import GREY, Plot

STATES = (
    ("nobody decided", GREY, "circle"),
    ("unsure", "var(--state-unsure)", "square"),
    ("normal (rejected)", "var(--state-rejected)", "diamond"),
    ("abnormal (accepted)", "var(--state-accepted)", "star"),
)
"""What people think of a window, by the numbers of `review.states.State`."""


def footage_map(
    xy: NDArray[np.float32],
    scores: NDArray[np.float32],
    states: NDArray[np.integer],
    *,
    names: Sequence[str],
    by: str,
    layout: str,
) -> Plot:
    """Draw all windows of a run, K of them, near to each other where they are alike.

    xy (K, 2). scores (K,). states (K,), places in STATES. names: of each window, for people. by: "score" colours the
    windows by their score, "label" by their state; the state is the shape as well. layout: how the places were made.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, (state, colour, shape) in enumerate(STATES):
        held = np.flatnonzero(states == number)
        if not len(held):
            continue
        marker: dict[str, Any] = {"size": 6, "symbol": shape, "color": colour}
        if by == "score":
            marker |= {"color": scores[held].tolist(), "coloraxis": "coloraxis"}
        # thousands of points: as SVG they would take seconds to draw
        figure.add_scattergl(
            name=state,
            x=xy[held, 0].tolist(),
            y=xy[held, 1].tolist(),
            text=[names[place] for place in held],
            customdata=scores[held].tolist(),
            mode="markers",
            marker=marker,
            hovertemplate="%{text}: score %{customdata:.3g}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    figure.update_layout(
        legend={"orientation": "h", "y": -0.05},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        coloraxis={"colorscale": "Viridis", "colorbar": {"title": "Score"}},
    )
    decided = int((states > 0).sum())
    return Plot(
        figure=figure,
        name="Patterns of this footage",
        summary=f"{len(xy)} windows by {layout}, coloured by {by}; people decided on {decided} of them.",
        columns=["Window", "x", "y", "Score", "Label"],
        rows=[
            [name, float(x), float(y), float(score), STATES[state][0]]
            for name, (x, y), score, state in zip(names, xy, scores, states.tolist(), strict=True)
        ],
    )


PRINTED = {
    GREY: "#b3bcc1",
    "var(--state-unsure)": "#8f5e00",
    "var(--state-rejected)": "#616c72",
    "var(--state-accepted)": "#187641",
}
"""The colours of the browser's light theme, for a figure that leaves it."""


def standalone(plot: Plot) -> str:
    """Return a page of HTML that draws the figure by itself, without a network."""
    plot.figure.layout.template = None
    for trace in plot.figure.data:
        if isinstance(trace.marker.color, str):
            trace.marker.color = PRINTED[trace.marker.color]
    plot.figure.layout.title = plot.summary
    plot.figure.layout.margin.t = 48
    return plot.figure.to_html(include_plotlyjs=True, full_html=True)
