"""The energy landscape, with its pull and with paths of recalls."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, shown
from .._values import count as whole
from .._values import scalar
from ._style import COLOURS, SEQUENTIAL, axes, name_of


class EnergyDisplay:
    """The energy over a plane of states, the pull of the memory, stored patterns, and paths of recalls.

    States of two units are drawn as they are. Of others a plane is drawn: through the mean of the stored patterns, along their first two
    principal components.

    Parameters
    ----------
    x, y : ndarray (W,), (H,)
        Coordinates of the grid along the two axes.
    energy : ndarray (H, W)
        Energy at the grid.
    pull : ndarray (H, W, 2), optional
        Minus the gradient of the energy along the two axes.
    patterns : ndarray (N, 2), optional
        Stored patterns.
    paths : list of ndarray (S + 1, 2), optional
        Paths of recalls, from cue to recalled state.
    names : list of str, optional
        Names of the patterns.
    xlabel, ylabel : str
        Labels of the axes.
    title : str, optional
        Title, such as the noise level.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
    contours_ : QuadContourSet
        The filled contours of the energy.
    colorbar_ : Colorbar
    quiver_ : Quiver or None
        The arrows of the pull.
    lines_ : list of Line2D
        The paths.
    scatter_ : PathCollection or None
        The stored patterns.

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import EnergyDisplay
    >>> memory = attractor.Diffusion([[1.0, 1.0], [-1.0, 0.5], [0.2, -1.0]])
    >>> display = EnergyDisplay.from_estimator(memory, sigma=0.5, cues=[[0.0, 0.2]], grid=20)
    >>> len(display.lines_)
    1
    """

    def __init__(
        self,
        *,
        x: Array,
        y: Array,
        energy: Array,
        pull: Array | None = None,
        patterns: Array | None = None,
        paths: list[Array] | None = None,
        names: list[str] | None = None,
        xlabel: str = "unit 0",
        ylabel: str = "unit 1",
        title: str | None = None,
    ) -> None:
        self.x = x
        self.y = y
        self.energy = energy
        self.pull = pull
        self.patterns = patterns
        self.paths = paths
        self.names = names
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        memory: Any,
        *,
        sigma: float | None = None,
        cues: Any = None,
        grid: int = 60,
        margin: float = 0.35,
        extent: tuple[float, float, float, float] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> EnergyDisplay:
        """Draws the landscape of a memory.

        Parameters
        ----------
        memory : Memory
            A memory with an energy, and with patterns or of two units.
        sigma : float > 0, optional
            Noise level, for memories that have a landscape for each level. It is also that of the cues.
        cues : array_like (B, D), optional
            Cues whose recalls are drawn as paths.
        grid : int, default 60
            Points along each axis. Their square is how often the energy is evaluated.
        margin : float, default 0.35
            Room about the patterns and paths, in their extent.
        extent : (float, float, float, float), optional
            Left, right, lower and upper end of the plane. Default: about the patterns and paths. Memories of two units that know no
            patterns, such as shapes, need it.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        EnergyDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        TypeError
            The memory has no energy, or has one for each noise level and none was given.
        ValueError
            The memory has less than two units, or knows no patterns and has more, or no extent is given for it.
        """
        patterns, dim = memory.patterns, memory._built().dim
        if dim < 2 or (patterns is None and dim > 2):
            found = f"{dim} unit{'' if dim == 1 else 's'}" + ("" if patterns is not None else " and no patterns")
            raise ValueError(
                f"memory: expected stored patterns of at least two units, or a memory of two, found {found}"
            )
        if patterns is None and extent is None:
            raise ValueError(
                "extent: expected (left, right, lower, upper) for a memory that knows no patterns, found none"
            )
        stored = np.empty((0, dim)) if patterns is None else np.asarray(patterns, dtype=np.float64)
        origin, directions, labels = plane(stored)
        flat = (stored - origin) @ directions.T
        paths = None
        if cues is not None:
            states = memory.trace(cues, sigma=sigma).states
            paths = [(states[:, row] - origin) @ directions.T for row in range(states.shape[1])]
        count, room = whole("grid", grid, 2), scalar("margin", margin)
        if extent is not None:
            ends = _corners(extent)
            x, y = _extent(ends, count, 0.0)
        else:
            x, y = _extent(np.concatenate([flat, *(paths or [])]), count, room)
        points = origin + np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) @ directions
        points = points.astype(memory._kind)
        energy = memory.energy(points, sigma).reshape(len(y), len(x))
        try:
            slope = np.asarray(memory.gradient(points, sigma), dtype=np.float64) @ directions.T
            pull = -slope.reshape(len(y), len(x), 2)
        except TypeError:
            # An energy of states of +1 and -1 has no gradient.
            pull = None
        held = memory.labels
        display = cls(
            x=x,
            y=y,
            energy=energy,
            pull=pull,
            patterns=flat if len(flat) else None,
            paths=paths,
            names=None if held is None or not len(flat) else [name_of(n, held) for n in range(len(flat))],
            xlabel=labels[0],
            ylabel=labels[1],
            title=None if sigma is None else f"σ = {scalar('sigma', sigma):.4g}",
        )
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        levels: int = 20,
        arrows: int = 16,
        cmap: str = SEQUENTIAL,
        pull: bool = True,
        names: bool | None = None,
    ) -> EnergyDisplay:
        """Draws the landscape.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        levels : int, default 20
            How many contours.
        arrows : int, default 16
            Arrows along the longer axis.
        cmap : str, default "cividis"
            Map of colours of the energy.
        pull : bool, default True
            Whether to draw the arrows. Their directions are those of the pull, and their lengths are equal.
        names : bool, optional
            Whether to write the names of patterns. Default: if there are at most 12.

        Returns
        -------
        EnergyDisplay
        """
        self.figure_, self.ax_ = axes(ax, (6.0, 4.6))
        self.contours_ = self.ax_.contourf(self.x, self.y, self.energy, levels=levels, cmap=cmap)
        self.colorbar_ = self.figure_.colorbar(self.contours_, ax=self.ax_, label="energy")
        self.quiver_ = self._arrows(arrows) if pull and self.pull is not None else None
        self.scatter_ = None
        if self.patterns is not None:
            self.scatter_ = self.ax_.scatter(
                *self.patterns.T,
                marker="X",
                s=60,
                c="white",
                edgecolors="black",
                linewidths=1.0,
                zorder=4,
                label="stored",
            )
            if self.names is not None and (len(self.names) <= 12 if names is None else names):
                for name, place in zip(self.names, self.patterns, strict=True):
                    self.ax_.annotate(
                        name, place, textcoords="offset points", xytext=(7, 5), color="white", fontsize="small", zorder=6,
                        bbox={"boxstyle": "round,pad=0.15", "facecolor": "black", "alpha": 0.55, "linewidth": 0},
                    )  # fmt: skip
        self.lines_ = []
        for path in self.paths or []:
            (line,) = self.ax_.plot(*path.T, color=COLOURS[1], linewidth=1.8, zorder=5)
            self.ax_.plot(*path[0], "o", color=COLOURS[1], markeredgecolor="white", zorder=5)
            self.lines_.append(line)
        if self.lines_:
            self.lines_[0].set_label("recall, from its cue ●")
            self.ax_.legend(loc="best", fontsize="small", framealpha=0.9)
        self.ax_.set(xlabel=self.xlabel, ylabel=self.ylabel, xlim=(self.x[0], self.x[-1]), ylim=(self.y[0], self.y[-1]))
        if self.title is not None:
            self.ax_.set_title(self.title)
        return self

    def _arrows(self, count: int) -> Any:
        assert self.pull is not None
        across = slice(None, None, max(1, -(-len(self.x) // count)))
        along = slice(None, None, max(1, -(-len(self.y) // count)))
        some = self.pull[along, across]
        length = np.linalg.norm(some, axis=2, keepdims=True)
        ways = np.divide(some, length, out=np.zeros_like(some), where=length > 0)
        return self.ax_.quiver(
            self.x[across], self.y[along], ways[..., 0], ways[..., 1], color="white", alpha=0.75, width=0.003, scale=30,
            pivot="mid", zorder=3,
        )  # fmt: skip


def plane(patterns: Array) -> tuple[Array, Array, tuple[str, str]]:
    """A point and two directions of a plane through patterns, and names of the directions."""
    dim = patterns.shape[1]
    if dim == 2:
        return np.zeros(2), np.eye(2), ("unit 0", "unit 1")
    origin = patterns.mean(axis=0)
    _, sizes, directions = np.linalg.svd(patterns - origin, full_matrices=False)
    share = sizes**2 / max(float((sizes**2).sum()), np.finfo(np.float64).tiny)
    directions, share = directions[:2], share[:2]
    if len(directions) < 2:
        # One pattern, or all on a line: any direction across it.
        first = directions[0] if share.sum() > 0 else np.eye(dim)[0]
        other = np.eye(dim)[int(np.abs(first).argmin())]
        other = other - (other @ first) * first
        directions, share = np.stack([first, other / np.linalg.norm(other)]), np.append(share[:1], 0.0)
    # The largest part of each direction is positive, whatever the program that found it.
    signs = np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])
    names = [f"PC {n + 1} ({100 * part:.0f} % of the variance)" for n, part in enumerate(share.tolist())]
    return origin, directions * signs[:, np.newaxis], (names[0], names[1])


def _extent(points: Array, count: int, margin: float) -> tuple[Array, Array]:
    """Coordinates of a grid about points."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = margin * ((high - low).max() or 1.0)
    low, high = low - room, high + room
    return np.linspace(low[0], high[0], count), np.linspace(low[1], high[1], count)


def _corners(extent: Any) -> Array:
    """Two opposite corners of a plane."""
    ends = np.asarray(extent, dtype=np.float64)
    if ends.shape != (4,) or not np.isfinite(ends).all() or not (ends[0] < ends[1] and ends[2] < ends[3]):
        raise ValueError(
            f"extent: expected finite numbers (left, right, lower, upper) in this order, found {shown(extent)}"
        )
    return np.array([[ends[0], ends[2]], [ends[1], ends[3]]])
