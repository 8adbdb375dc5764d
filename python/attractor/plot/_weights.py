"""What a memory holds: couplings or patterns."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, Shape
from .._estimator import tensor
from .._html import picture
from .._values import count as whole
from ._style import DIVERGING, axes, limits, name_of, panels, shape_of, show

#: So many patterns are drawn as pictures if nothing else is said.
PICTURES = 24


class WeightsDisplay:
    """The couplings of a network, or the stored patterns, which are the weights of all other memories.

    Parameters
    ----------
    values : ndarray (R, D)
        Couplings, or patterns as rows.
    kind : {"couplings", "patterns"}
        What they are.
    shape : tuple of int, optional
        Shape of patterns that are images.
    names : list of str, optional
        Names of the patterns.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
        The figure and the axes; of images, the axes that hold all panels.
    image_ : AxesImage
        The matrix, or the last picture.
    axes_ : ndarray of Axes or None
        The panels of images.
    colorbar_ : Colorbar or None

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import WeightsDisplay
    >>> network = attractor.Hopfield([[1.0, 1, -1, -1], [1, -1, 1, -1]])
    >>> display = WeightsDisplay.from_estimator(network)
    >>> display.kind, display.values.shape
    ('couplings', (4, 4))
    """

    def __init__(
        self, *, values: Array, kind: str = "couplings", shape: Shape | None = None, names: list[str] | None = None
    ) -> None:
        self.values = values
        self.kind = kind
        self.shape = shape
        self.names = names

    @classmethod
    def from_estimator(
        cls, memory: Any, *, count: int = PICTURES, shape: Shape | None = None, ax: Any = None, **kwargs: Any
    ) -> WeightsDisplay:
        """Draws what a memory holds: the couplings of `Hopfield` and `Bidirectional`, else the patterns.

        Parameters
        ----------
        memory : Memory
            A memory with couplings or patterns.
        count : int, default 24
            How many patterns are drawn, from the first on.
        shape : tuple of int, optional
            Shape of patterns that are images. Default: that of the patterns.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        WeightsDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The memory knows neither couplings nor patterns.
        """
        core = memory._built()
        if core.model in ("hopfield", "bidirectional"):
            file = core.to_bytes()
            couplings = tensor(file, "couplings")
            values, patterns = tensor(file, "associated"), tensor(file, "patterns")
            if couplings is None and values is not None and patterns is not None:
                # W = sum of y x' over pairs, without a factor.
                couplings = values.T.astype(np.float64) @ patterns
            if couplings is not None:
                return cls(values=couplings, kind="couplings").plot(ax, **kwargs)
        patterns = memory.patterns
        if patterns is None:
            raise ValueError("memory: expected one with couplings or patterns, found neither")
        number = min(whole("count", count, 1), len(patterns))
        found = shape_of(memory._image, shape, patterns.shape[1])
        names = [name_of(n, memory.labels) for n in range(number)]
        return cls(values=patterns[:number], kind="patterns", shape=found, names=names).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, cmap: str | None = None) -> WeightsDisplay:
        """Draws the matrix, or the pictures.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        cmap : str, optional
            Map of colours. Default: from blue to red about 0, and grey for images.

        Returns
        -------
        WeightsDisplay
        """
        self.axes_: Any = None
        self.colorbar_: Any = None
        if self.shape is not None:
            self._pictures(ax, cmap)
            return self
        self.figure_, self.ax_ = axes(ax, (5.4, 4.4))
        reach = float(np.abs(limits([self.values])).max())
        self.image_ = self.ax_.imshow(
            self.values,
            vmin=-reach,
            vmax=reach,
            cmap=cmap or DIVERGING,
            interpolation="nearest",
            aspect="equal" if self.kind == "couplings" else "auto",
        )
        couplings = self.kind == "couplings"
        square = self.values.shape[0] == self.values.shape[1]
        rows = "pattern" if not couplings else "unit i" if square else "unit of the value"
        self.ax_.set(xlabel="unit j" if couplings and square else "unit", ylabel=rows)
        label = "coupling" if couplings else "value of a unit"
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_, label=label)
        return self

    def _pictures(self, ax: Any, cmap: str | None) -> None:
        assert self.shape is not None
        count = len(self.values)
        columns = min(count, 8)
        rows = -(-count // columns)
        self.figure_, self.ax_, self.axes_ = panels(ax, rows, columns, (0.85 * columns + 1.2, 1.05 * rows + 0.3))
        low, high = limits([self.values])
        for place, panel in enumerate(self.axes_.ravel()):
            if place >= count:
                panel.set_axis_off()
                continue
            style = {} if cmap is None else {"cmap": cmap}
            self.image_ = show(panel, picture(self.values[place], self.shape), low, high, **style)
            if self.names is not None:
                panel.set_title(self.names[place], fontsize="x-small")
        if self.image_.get_array().ndim == 2:
            self.colorbar_ = self.figure_.colorbar(
                self.image_, ax=self.axes_.ravel().tolist(), label="value of a pixel", shrink=0.8
            )
