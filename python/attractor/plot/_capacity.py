"""How many patterns memories hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._style import COLOURS, DASHES, MARKERS, axes, plain_logarithms


class CapacityDisplay:
    """The largest number of patterns that memories recall, over their number of units.

    Parameters
    ----------
    curves : dict of str to ndarray (P, 4)
        For each memory its points: units D, patterns N, and the ends of the 95 % interval of N. An end that is not known is NaN.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
    lines_ : list of ErrorbarContainer
        The curves.

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import CapacityDisplay
    >>> report = attractor.capacity(["modern", "hopfield"], dims=[8, 12], sets=8)
    >>> display = CapacityDisplay.from_report(report)
    >>> list(display.curves)
    ['modern', 'hopfield']
    """

    def __init__(self, *, curves: dict[str, Any]) -> None:
        self.curves = curves

    @classmethod
    def from_report(cls, report: Any, *, ax: Any = None, **kwargs: Any) -> CapacityDisplay:
        """Draws a report of `attractor.capacity`.

        Parameters
        ----------
        report : Report
            What `attractor.capacity` returned.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        CapacityDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The report is of something else.
        """
        document = report.document
        if document.get("experiment") != "capacity":
            raise ValueError(f"report: expected one of capacity, found one of {document.get('experiment')}")
        rows = document["capacities"]
        several = len({row["task"] for row in rows}) > 1
        curves: dict[str, list[list[float]]] = {}
        for row in rows:
            name = f"{row['memory']}, {row['task'].replace(':', ' ')}" if several else row["memory"]
            numbers = [row["dim"], row["crossing"], row["low"], row["high"]]
            if row["crossing"] is not None:
                curves.setdefault(name, []).append([np.nan if number is None else number for number in numbers])
        return cls(curves={name: np.array(points, dtype=np.float64) for name, points in curves.items()}).plot(
            ax, **kwargs
        )

    def plot(self, ax: Any = None, *, yscale: str = "log", legend: bool = True) -> CapacityDisplay:
        """Draws the curves.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        yscale : {"log", "linear"}, default "log"
            Scale of the number of patterns. On "log" an exponential capacity is a line.
        legend : bool, default True
            Whether to say which curve is which memory's.

        Returns
        -------
        CapacityDisplay
        """
        self.figure_, self.ax_ = axes(ax, (6.0, 4.2))
        self.lines_ = []
        for place, (name, points) in enumerate(self.curves.items()):
            units, patterns, low, high = points.T
            reach = np.nan_to_num(np.maximum([patterns - low, high - patterns], 0.0))
            style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
            self.lines_.append(
                self.ax_.errorbar(
                    units,
                    patterns,
                    yerr=reach,
                    label=name,
                    capsize=3,
                    markersize=5,
                    linestyle=DASHES[place % len(DASHES)],
                    **style,
                )
            )
        self.ax_.set(xlabel="number of units D", ylabel="capacity: number of patterns N (95 % interval)", yscale=yscale)
        if yscale == "log":
            plain_logarithms(self.ax_, "y")
        self.ax_.grid(True, which="major", alpha=0.3)
        if legend and self.curves:
            self.ax_.legend(fontsize="small")
        return self
