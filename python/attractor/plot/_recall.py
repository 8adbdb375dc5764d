"""Cues beside what they recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, Shape
from .._html import picture
from .._values import count as whole
from ._style import DIVERGING, MOST, limits, name_of, panels, shape_of, show, steps_of

#: The colour of unknown units, which is none of the maps'.
UNKNOWN = "#BFD9EC"


class RecallDisplay:
    """Cues, recalled states, the stored patterns nearest to them, and the differences.

    Patterns that are images are drawn as pictures, others as rows of colours.

    Parameters
    ----------
    cues, states : ndarray (B, D)
        Cues and recalled states. Units of cues that are NaN are unknown.
    nearest : ndarray (B, D), optional
        The stored pattern nearest to each recalled state; NaN where there is none.
    names : list of str, optional
        A name for each cue's recall, such as the label of the nearest memory.
    shape : tuple of int, optional
        Height and width of the images, with one or three channels before or after them. Without it rows are no images.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
        The figure, and the axes that hold all panels.
    axes_ : ndarray of Axes
        The panels.
    images_ : list of AxesImage
        The pictures, row by row.

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import RecallDisplay
    >>> images = attractor.digits().images[:20]
    >>> memory = attractor.Diffusion(images)
    >>> cues = attractor.corrupt(images[:5], "sigma:0.4").cues
    >>> display = RecallDisplay.from_estimator(memory, cues, sigma=0.4)
    >>> display.axes_.shape
    (4, 5)
    """

    def __init__(
        self,
        *,
        cues: Array,
        states: Array,
        nearest: Array | None = None,
        names: list[str] | None = None,
        shape: Shape | None = None,
    ) -> None:
        self.cues = cues
        self.states = states
        self.nearest = nearest
        self.names = names
        self.shape = shape

    @classmethod
    def from_recall(
        cls, recall: Any, *, count: int = MOST, shape: Shape | None = None, ax: Any = None, **kwargs: Any
    ) -> RecallDisplay:
        """Draws a recall.

        Parameters
        ----------
        recall : Recall
            What `recall` or `sample` returned.
        count : int, default 8
            How many cues are drawn, from the first on.
        shape : tuple of int, optional
            Shape of the images. Default: that of the cues or patterns, if they are images.
        ax : Axes, optional
            Axes to divide into panels. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        RecallDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The shape does not fit, or there are no cues.
        """
        number = min(whole("count", count, 1), len(recall))
        if not number:
            raise ValueError("recall: expected cues, found none")
        states = recall._states.reshape(len(recall), -1)[:number]
        cues = None if recall._cues is None else np.asarray(recall._cues)[:number]
        patterns = None if recall._source is None else recall._source.patterns
        memory = recall.memory[:number]
        nearest = None
        if patterns is not None:
            nearest = np.where(memory[:, np.newaxis] >= 0, patterns[np.maximum(memory, 0)], np.nan)
        found = shape_of(recall._image, shape, states.shape[1])
        names = ["none" if n < 0 else name_of(n, recall._labels) for n in memory.tolist()]
        display = cls(
            cues=np.full_like(states, np.nan) if cues is None else cues,
            states=states,
            nearest=nearest,
            names=names,
            shape=found,
        )
        return display.plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        memory: Any,
        cues: Any,
        *,
        sigma: float | None = None,
        clamp: Any = None,
        count: int = MOST,
        shape: Shape | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> RecallDisplay:
        """Recalls cues and draws what they recall.

        Parameters
        ----------
        memory : Memory
            A memory with patterns.
        cues, sigma, clamp
            As in `Memory.recall`. The first `count` cues are recalled.
        count, shape, ax, **kwargs
            As in `from_recall`.

        Returns
        -------
        RecallDisplay
        """
        return cls.from_recall(memory.recall(cues, sigma=sigma, clamp=clamp), count=count, shape=shape, ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, cmap: str | None = None, difference_cmap: str = DIVERGING) -> RecallDisplay:
        """Draws the panels: cues, recalled states, nearest memories, and recalled minus nearest.

        Parameters
        ----------
        ax : Axes, optional
            Axes to divide into panels. Default: a new figure.
        cmap : str, optional
            Map of colours of states. Default: grey for images, else from blue to red about 0.
        difference_cmap : str, default "RdBu_r"
            Map of colours of differences, which are about 0.

        Returns
        -------
        RecallDisplay
        """
        parts = [] if np.isnan(self.cues).all() else [("cue", self.cues)]
        if parts and np.isnan(self.cues).any():
            parts = [("cue (blue: unknown)", self.cues)]
        parts.append(("recall", self.states))
        if self.nearest is not None:
            parts += [("nearest", self.nearest), ("recall - nearest", self.states - self.nearest)]
        # Cues are noisy; the scale is that of what is stored.
        low, high = limits([self.states] if self.nearest is None else [self.states, self.nearest])
        reach = 1.0
        if self.nearest is not None:
            # Differences that are rounding errors are not to fill the scale.
            known = np.abs(parts[-1][1][np.isfinite(parts[-1][1])])
            reach = max(float(known.max(initial=0.0)), 0.1 * (high - low))
        draw = self._pictures if self.shape is not None else self._rows
        draw(ax, parts, (low, high), reach, cmap, difference_cmap)
        return self

    def _pictures(
        self, ax: Any, parts: Any, scale: tuple[float, float], reach: float, cmap: str | None, difference_cmap: str
    ) -> None:
        assert self.shape is not None
        count = len(self.states)
        size = (max(4.5, 0.85 * count + 1.6), 0.95 * len(parts) + 0.4)
        self.figure_, self.ax_, self.axes_ = panels(ax, len(parts), count, size)
        self.images_ = []
        for row, (title, values) in enumerate(parts):
            differs = title == "recall - nearest"
            low, high = (-reach, reach) if differs else scale
            style: dict[str, Any] = {"cmap": difference_cmap} if differs else {} if cmap is None else {"cmap": cmap}
            for column in range(count):
                panel = self.axes_[row, column]
                panel.set_facecolor(UNKNOWN)
                self.images_.append(show(panel, picture(values[column], self.shape), low, high, **style))
                if row == 0 and self.names is not None:
                    panel.set_title(self.names[column], fontsize="small")
            self.axes_[row, 0].set_ylabel(
                title.replace(" - ", "\n− ").replace(" (", "\n("), fontsize="small", rotation=0, ha="right", va="center"
            )
        grey = self.images_[0]
        last = len(parts) - 1 if self.nearest is not None else len(parts)
        if self.images_[0].get_array().ndim == 2:
            self.figure_.colorbar(
                grey, ax=self.axes_[:last].ravel().tolist(), label="value of a pixel", shrink=0.8, extend="both"
            )
            if self.nearest is not None:
                bar = self.figure_.colorbar(self.images_[-1], ax=self.axes_[-1].tolist(), shrink=0.9)
                bar.set_ticks([-reach, 0, reach], labels=[f"{-reach:.2g}", "0", f"{reach:.2g}"])

    def _rows(
        self, ax: Any, parts: Any, scale: tuple[float, float], reach: float, cmap: str | None, difference_cmap: str
    ) -> None:
        count, dim = self.states.shape
        self.figure_, self.ax_, self.axes_ = panels(
            ax, len(parts), 1, (6.4, 0.8 * len(parts) * max(1, count / 6) + 1), sharex=True
        )
        self.images_ = []
        largest = max(abs(scale[0]), abs(scale[1]))
        for (title, values), panel in zip(parts, self.axes_[:, 0], strict=True):
            differs = title == "recall - nearest"
            high = reach if differs else largest
            panel.set_facecolor(UNKNOWN)
            colours = difference_cmap if differs or cmap is None else cmap
            self.images_.append(
                panel.imshow(values, vmin=-high, vmax=high, cmap=colours, aspect="auto", interpolation="nearest")
            )
            panel.set_title(title.replace(" - ", " − "), fontsize="small", loc="left")
            panel.set_ylabel("cue")
            if self.names is not None and count <= MOST:
                panel.set_yticks(range(count), self.names, fontsize="x-small")
        self.axes_[-1, 0].set_xlabel("unit")
        steps_of(self.axes_[-1, 0])
        last = len(parts) - 1 if self.nearest is not None else len(parts)
        self.figure_.colorbar(self.images_[0], ax=self.axes_[:last, 0].tolist(), label="value of a unit", extend="both")
        if self.nearest is not None:
            self.figure_.colorbar(self.images_[-1], ax=[self.axes_[-1, 0]])
