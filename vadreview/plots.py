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
            (
                f"{len(generated)} generated patterns, the nearest at a distance of {float(distances.min()):.3g} "
                f"and on average {float(distances.mean()):.3g} from the real one"
                if len(generated) > 1
                else f"One generated pattern, at a distance of {float(distances.min()):.3g} from the real one"
            )
            + f"; {len(neighbours)} neighbours."
        ),
        columns=["Pattern", "x", "y", "Distance from the real one"],
        rows=rows,
    )


def compared_curves(
    video: str,
    curves: Sequence[tuple[str, NDArray[np.float64]]],
    *,
    step: int,
    marked: Sequence[tuple[int, int, str]],
) -> Plot:
    """Draw the curves of two runs of one video over each other, in distances from median (0) to threshold (1).

    curves: names and float64 (n,), the highest value in each `step` frames. marked: spans with what they are,
    "ground truth", "accept" or "reject".
    """
    import plotly.graph_objects as go

    colours = {"accept": "var(--state-accepted)", "reject": GREY, "ground truth": REAL}
    figure = go.Figure()
    for (name, values), colour, width in zip(
        curves, ("var(--detector-0)", "var(--detector-1)"), (1.2, 1.6), strict=True
    ):
        figure.add_scatter(
            name=name,
            x=(np.arange(len(values)) * step).tolist(),
            y=np.round(values, 4).tolist(),
            mode="lines",
            line={"color": colour, "width": width},
            hovertemplate="frame %{x}: %{y:.3g}<extra>%{fullData.name}</extra>",
        )
    figure.add_hline(y=1, line={"color": GREY, "dash": "dot", "width": 1})
    for start, stop, kind in marked[:400]:
        figure.add_vrect(
            x0=start, x1=stop, fillcolor=colours[kind], opacity=0.16, line_width=0, layer="below"
        )
    figure.update_xaxes(title="Frame", zeroline=False)
    figure.update_yaxes(title="Threshold = 1", zeroline=False)
    figure.update_layout(legend={"orientation": "h", "y": 1.12}, margin={"l": 52, "r": 12, "t": 8, "b": 40})
    above = [
        f"{name}: {float((values > 1).mean()):.1%} of the time above its threshold" for name, values in curves
    ]
    rows: list[list[Cell]] = [
        [n * step, *(float(values[n]) for _, values in curves)] for n in range(0, len(curves[0][1]), 10)
    ]
    return Plot(
        figure=figure,
        name=f"Curves of {video}",
        summary="; ".join(above) + ".",
        columns=["Frame", *(name for name, _ in curves)],
        rows=rows,
    )


def review_effort(orders: Sequence[tuple[str, Sequence[float], Sequence[float]]], *, events: int) -> Plot:
    """Draw anomalies found against footage watched, one line an order of the queue.

    orders: name, share of the footage watched (0 to 1, ascending), share of the events found by then.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    rows: list[list[Cell]] = []
    for place, (name, watched, found) in enumerate(orders):
        figure.add_scatter(
            name=name,
            x=[100 * value for value in watched],
            y=[100 * value for value in found],
            mode="lines",
            line={
                "shape": "hv",
                "color": f"var(--detector-{place % 8})",
                "width": 2,
                "dash": ("solid", "dash", "dot")[place // 8 % 3],
            },
            hovertemplate="%{y:.0f} % found after %{x:.2f} % watched<extra>%{fullData.name}</extra>",
        )
        reached = next((100 * w for w, f in zip(watched, found, strict=True) if f >= 0.9), None)
        rows.append([name, 100 * found[-1] if found else None, reached])
    figure.update_xaxes(title="Footage watched, %", rangemode="tozero")
    figure.update_yaxes(title="Events found, %", range=[0, 102])
    figure.update_layout(legend={"orientation": "h", "y": -0.2}, margin={"l": 52, "r": 12, "t": 8, "b": 40})
    best = min((row for row in rows if row[2] is not None), key=lambda row: float(row[2] or 0), default=None)
    summary = (
        f"90 % of {events} events are found first by “{best[0]}”, after {best[2]:.2f} % of the footage."
        if best
        else f"No order finds 90 % of {events} events among what is proposed."
    )
    return Plot(
        figure=figure,
        name="Events found against footage watched",
        summary=summary,
        columns=["Order", "Found in the end, %", "Watched until 90 % are found, %"],
        rows=rows,
    )


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold does: shares in 0..1; precision is None where it claims nothing."""

    recall: float
    false_alarms: float
    precision: float | None


def roc(
    false_alarms: NDArray[np.float64], hits: NDArray[np.float64], *, mark: OperatingPoint | None = None
) -> Plot:
    """Draw hits over false alarms, both shares of frames (P,), and where the run's threshold stands."""

    figure = _against_chance(
        false_alarms, hits, chance=(0, 1), said="%{y:.1%} found at %{x:.1%} false alarms"
    )
    area = float(np.trapezoid(hits, false_alarms))
    said = f"Area {area:.3f}."
    if mark is not None:
        _mark(figure, mark.false_alarms, mark.recall)
        said += (
            f" The threshold finds {mark.recall:.1%} of the abnormal frames and claims {mark.false_alarms:.1%} of the "
            "normal ones (it is held against smoothed scores, so it may lie beside the curve)."
        )
    _axes(figure, x="Normal frames claimed", y="Abnormal frames found")
    return Plot(
        figure,
        "ROC curve",
        said,
        ["Normal frames claimed", "Abnormal frames found"],
        _table(false_alarms, hits),
    )


def precision_recall(
    recall: NDArray[np.float64],
    precision: NDArray[np.float64],
    *,
    base: float,
    mark: OperatingPoint | None = None,
) -> Plot:
    """Draw precision over recall (P,), the share of abnormal frames as the base, and where the threshold stands."""

    figure = _against_chance(recall, precision, chance=(base, base), said="%{y:.1%} right at %{x:.1%} found")
    said = f"{base:.1%} of the frames are abnormal, which is what guessing would get right."
    if mark is not None and mark.precision is not None:
        _mark(figure, mark.recall, mark.precision)
        said += f" At the threshold {mark.precision:.1%} of what is claimed is abnormal."
    _axes(figure, x="Abnormal frames found", y="Claims that are right")
    return Plot(
        figure,
        "Precision and recall",
        said,
        ["Abnormal frames found", "Claims that are right"],
        _table(recall, precision),
    )


def _against_chance(
    x: NDArray[np.float64], y: NDArray[np.float64], *, chance: tuple[float, float], said: str
) -> go.Figure:
    """Draw the curve of a run over what guessing would give at x = 0 and x = 1."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        name="By chance",
        x=[0, 1],
        y=list(chance),
        mode="lines",
        line={"color": GREY, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        name="This run",
        x=x.tolist(),
        y=y.tolist(),
        mode="lines",
        line={"color": STRANGE, "width": 2},
        hovertemplate=f"{said}<extra></extra>",
    )
    return figure


def _mark(figure: go.Figure, x: float, y: float) -> None:
    figure.add_scatter(
        name="Threshold",
        x=[x],
        y=[y],
        mode="markers",
        marker={"color": REAL, "size": 12, "symbol": "x"},
        hovertemplate="The threshold: %{x:.1%}, %{y:.1%}<extra></extra>",
    )


def _axes(figure: go.Figure, *, x: str, y: str) -> None:
    shared = {"range": [-0.02, 1.02], "tickformat": ".0%", "zeroline": False}
    figure.update_xaxes(title=x, **shared)
    figure.update_yaxes(title=y, **shared)
    figure.update_layout(legend={"orientation": "h", "y": -0.25}, margin={"l": 8, "r": 8, "t": 8, "b": 8})


def _table(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[Cell]]:
    places = np.unique(np.linspace(0, len(x) - 1, min(len(x), 25)).round().astype(int))
    return [[float(x[place]), float(y[place])] for place in places]
