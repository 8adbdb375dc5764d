"""In which directions a memory lets states move."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, levels
from .._estimator import tensor
from .._values import scalar
from ._style import COLOURS, DASHES, axes, steps_of


class SpectrumDisplay:
    """Eigenvalues of the posterior covariance over σ² at states, or of the couplings of a network.

    The posterior covariance over σ² is the Jacobian of the denoiser. Directions with eigenvalues near 1 are free: noise along them is kept,
    as along a manifold of memories. Those near 0 are held. Above 1 the landscape curves downward, and valleys part.

    Parameters
    ----------
    curves : dict of str to ndarray (B, K)
        Eigenvalues of B states, falling, for each name, such as a noise level.
    kind : {"posterior", "couplings"}
        What they are eigenvalues of.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
    lines_ : list of Line2D
        The means over states.
    bands_ : list of FillBetweenPolyCollection
        From the smallest to the largest of the states.

    Examples
    --------
    >>> import attractor, numpy as np
    >>> from attractor.plot import SpectrumDisplay
    >>> memory = attractor.Diffusion([[1.0, 0.0], [-1.0, 0.0]])
    >>> display = SpectrumDisplay.from_estimator(memory, [[0.0, 0.0]], sigma=1.0)
    >>> display.curves["σ = 1"]  # the variance of ±1 over 1, and none across
    array([[1., 0.]])
    """

    def __init__(self, *, curves: dict[str, Array], kind: str = "posterior") -> None:
        self.curves = curves
        self.kind = kind

    @classmethod
    def from_estimator(
        cls, memory: Any, states: Any = None, *, sigma: Any = None, ax: Any = None, **kwargs: Any
    ) -> SpectrumDisplay:
        """Draws the spectrum of a memory.

        Parameters
        ----------
        memory : Memory
            `Diffusion`, or another memory of points with a posterior at each noise level; or `Hopfield`, whose couplings need no states.
        states : array_like (B, D), optional
            States at which the posterior is taken.
        sigma : float or sequence of float > 0, optional
            Noise levels. Each gives a curve.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            States or noise levels are missing or cannot be used.
        TypeError
            The memory has neither couplings nor a posterior over points.
        """
        core = memory._built()
        if core.model == "hopfield":
            couplings = tensor(core.to_bytes(), "couplings")
            if couplings is not None:
                values = np.linalg.eigvalsh(couplings.astype(np.float64))[::-1]
                return cls(curves={"couplings": values[np.newaxis]}, kind="couplings").plot(ax, **kwargs)
        if states is None or sigma is None:
            raise ValueError(
                "states: expected states and sigma, at which the posterior is taken, found none; give both"
            )
        curves = {}
        for level in np.atleast_1d(np.asarray(sigma, dtype=np.float64)).tolist():
            if not level > 0:
                raise ValueError(f"sigma: expected noise levels > 0, found {scalar('sigma', level)}")
            curves[f"σ = {level:.4g}"] = spectra(memory, states, level)
        return cls(curves=curves).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, yscale: str = "linear", legend: bool = True) -> SpectrumDisplay:
        """Draws the eigenvalues, largest first.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        yscale : {"linear", "log"}, default "linear"
            Scale of the eigenvalues.
        legend : bool, default True
            Whether to name the curves.

        Returns
        -------
        SpectrumDisplay
        """
        self.figure_, self.ax_ = axes(ax, (6.0, 4.0))
        self.lines_, self.bands_ = [], []
        for place, (name, values) in enumerate(self.curves.items()):
            at = np.arange(1, values.shape[1] + 1)
            style = {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
            self.lines_ += self.ax_.plot(at, values.mean(axis=0), label=name, marker="o", markersize=3, **style)
            if len(values) > 1:
                low, high = values.min(axis=0), values.max(axis=0)
                self.bands_.append(self.ax_.fill_between(at, low, high, color=style["color"], alpha=0.18, linewidth=0))
        posterior = self.kind == "posterior"
        if posterior:
            self.ax_.axhline(1.0, color="0.5", linewidth=1, linestyle=":", label="1: noise is kept")
        what = "eigenvalue of the posterior covariance / σ²" if posterior else "eigenvalue of the couplings"
        self.ax_.set(xlabel="rank of the eigenvalue", ylabel=what, yscale=yscale)
        steps_of(self.ax_)
        if legend and (posterior or len(self.curves) > 1):
            self.ax_.legend(
                fontsize="small", title="mean and range of states" if self.bands_ else None, title_fontsize="small"
            )
        return self


def spectra(memory: Any, states: Any, sigma: float) -> Array:
    """Eigenvalues of the posterior covariance over σ² at each state, falling."""
    if not memory._has_jacobian():
        raise TypeError(
            f"memory: expected couplings or a posterior over stored points with equal noise, found a {type(memory).__name__} without it"
        )
    rows, _ = memory._states("states", states)
    weights = memory._built().posterior(rows, levels(sigma, len(rows)))
    points = np.asarray(memory.patterns, dtype=np.float64)
    rank = min(points.shape[1], len(points))
    found = np.empty((len(rows), rank))
    for row, own in enumerate(weights):
        spread = np.sqrt(own)[:, np.newaxis] * (points - own @ points)
        # Singular values are the roots of the eigenvalues of the covariance.
        found[row] = np.linalg.svd(spread, compute_uv=False)[:rank] ** 2 / sigma**2
    return found
