"""Which generated rows are copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array
from ._style import axes

#: Verdicts in the order in which they are drawn, with colour and marker.
VERDICTS = {
    "new": ("#999999", "."),
    "mosaic": ("#E69F00", "^"),
    "near copy": ("#D55E00", "s"),
    "copy": ("#0072B2", "X"),
}


class AuditDisplay:
    """Distances of generated rows from the two training rows nearest to them, with the verdicts of an audit.

    Rows near the diagonal have no nearest row to speak of. Copies are far to its left.

    Parameters
    ----------
    distance, second_distance : ndarray (N,)
        Distances of each generated row from the nearest training row, and from the nearest one of another cluster of near-duplicates.
    verdict : ndarray of str (N,)
        "copy", "near copy", "mosaic" or "new" for each row.
    metric : str, optional
        How rows are compared, such as "euclidean".

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
    scatters_ : dict of str to PathCollection
        The points of each verdict.

    Examples
    --------
    >>> import attractor, numpy as np
    >>> from attractor.plot import AuditDisplay
    >>> train, heldout, generated = np.random.default_rng(0).normal(size=(3, 200, 8))
    >>> generated[:4] = train[:4] + 0.01
    >>> display = AuditDisplay.from_report(attractor.audit(train, generated, heldout))
    >>> sorted(display.scatters_)
    ['near copy', 'new']
    """

    def __init__(self, *, distance: Array, second_distance: Array, verdict: Array, metric: str = "") -> None:
        self.distance = distance
        self.second_distance = second_distance
        self.verdict = verdict
        self.metric = metric

    @classmethod
    def from_report(cls, report: Any, *, ax: Any = None, **kwargs: Any) -> AuditDisplay:
        """Draws a report of `attractor.audit`.

        Parameters
        ----------
        report : Report
            What `attractor.audit` returned.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        AuditDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The report is of something else.
        """
        document = report.document
        if document.get("experiment") != "audit":
            raise ValueError(f"report: expected one of audit, found one of {document.get('experiment')}")
        rows = document["rows"]
        distance, second = (
            np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
            for name in ("distance", "second_distance")
        )
        return cls(
            distance=distance,
            second_distance=second,
            verdict=np.array([row["verdict"] for row in rows]),
            metric=str(document["settings"].get("distance", "")),
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, legend: bool = True) -> AuditDisplay:
        """Draws a point for each row.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        legend : bool, default True
            Whether to name the verdicts, with the number of their rows.

        Returns
        -------
        AuditDisplay
        """
        self.figure_, self.ax_ = axes(ax, (5.6, 4.6))
        self.scatters_ = {}
        for verdict, (colour, marker) in VERDICTS.items():
            own = self.verdict == verdict
            if own.any():
                self.scatters_[verdict] = self.ax_.scatter(
                    self.distance[own], self.second_distance[own], c=colour, marker=marker, s=22 if marker != "." else 30,
                    label=f"{verdict} ({own.sum()})", linewidths=0, zorder=2 + (marker != "."),
                )  # fmt: skip
        high = float(np.nanmax(np.append(self.second_distance, 1e-12)))
        self.ax_.plot([0, high], [0, high], color="0.6", linestyle="--", linewidth=1, zorder=1, label="equal distances")
        metric = f" ({self.metric})" if self.metric else ""
        self.ax_.set(
            xlabel=f"distance to the nearest training row{metric}",
            ylabel=f"distance to the next one of another cluster{metric}",
            xlim=(-0.02 * high, 1.03 * high),
            ylim=(0, 1.05 * high),
        )
        if legend:
            self.ax_.legend(fontsize="small", loc="lower right")
        return self
