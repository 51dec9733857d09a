"""Plotly figures: built and tested here, drawn in the browser (frontend/src/plots/PlotlyFigure.tsx).

A figure has no colours of its own: it names those of the browser's style sheet (`var(--state-accepted)`), so that
one figure serves both themes. Each comes with a table of the same numbers, for those who cannot see it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import plotly.graph_objects as go

GREY, STRANGE, REAL = "var(--line-strong)", "var(--detector-0)", "var(--severity-high)"

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, the name a screen reader says, what it shows in a sentence, and the same as a table."""

    figure: go.Figure
    name: str
    summary: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def as_json(plot: Plot) -> dict[str, Any]:
    """Return what the browser gets: plain values, without Plotly's own template."""
    plot.figure.layout.template = None
    return {
        "figure": json.loads(plot.figure.to_json()),
        "name": plot.name,
        "summary": plot.summary,
        "columns": list(plot.columns),
        "rows": [list(row) for row in plot.rows],
    }


def window_patterns(
    real: NDArray[np.float32],
    generated: NDArray[np.float32],
    neighbours: NDArray[np.float32],
    *,
    distances: NDArray[np.float32],
    neighbour_names: Sequence[str] = (),
) -> Plot:
    """Draw one window: M generated futures as dots, what really happened as a cross, neighbours in grey.

    real (2,), generated (M, 2), neighbours (K, 2): places on one plane. distances (M,): how far each guess is from
    the real one before the projection, in the pattern's own units. DiffVAD (IJCAI-24), figure 2.
    """
    import plotly.graph_objects as go

    names = list(neighbour_names) or [f"Neighbour {n + 1}" for n in range(len(neighbours))]
    guesses = [f"Guess {n + 1}" for n in range(len(generated))]
    figure = go.Figure()
    figure.add_scatter(
        name="Neighbours",
        x=neighbours[:, 0].tolist(),
        y=neighbours[:, 1].tolist(),
        text=names,
        mode="markers",
        marker={"color": GREY, "size": 8},
        hovertemplate="%{text}<extra></extra>",
    )
    figure.add_scatter(
        name="Generated",
        x=generated[:, 0].tolist(),
        y=generated[:, 1].tolist(),
        text=guesses,
        customdata=distances.tolist(),
        mode="markers",
        marker={"color": STRANGE, "size": 9},
        hovertemplate="%{text}: distance %{customdata:.3g}<extra></extra>",
    )
    figure.add_scatter(
        name="Real",
        x=[float(real[0])],
        y=[float(real[1])],
        mode="markers",
        marker={"color": REAL, "size": 13, "symbol": "x"},
        hovertemplate="What really happened<extra></extra>",
    )
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x")
    figure.update_layout(legend={"orientation": "h", "y": -0.05}, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    rows: list[list[Cell]] = [["Real", float(real[0]), float(real[1]), 0.0]]
    rows += [
        [name, float(x), float(y), float(distance)]
        for name, (x, y), distance in zip(guesses, generated, distances, strict=True)
    ]
    rows += [[name, float(x), float(y), None] for name, (x, y) in zip(names, neighbours, strict=True)]
    return Plot(
        figure=figure,
        name="Patterns of this window",
        summary=(
            f"{len(generated)} generated patterns, the nearest at a distance of {float(distances.min()):.3g} and "
            f"on average {float(distances.mean()):.3g} from the real one; {len(neighbours)} neighbours."
        ),
        columns=["Pattern", "x", "y", "Distance from the real one"],
        rows=rows,
    )
