"""What happens during a recall, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, shown
from .._values import count as whole
from ._style import COLOURS, DASHES, MOST, name_of, panels, plain_logarithms, steps_of

#: What a trace may show, with the words for its axis.
WORDS = {
    "memory": "nearest memory",
    "energy": "energy",
    "weight": "posterior of the\nmost probable memory",
    "entropy": "entropy of the\nposterior (nats)",
    "local_dimension": "local dimension",
}


class TraceDisplay:
    """Energy, posterior and entropy of states during a recall.

    Parameters
    ----------
    columns : dict of str to ndarray (S + 1, B)
        What is drawn, by name: some of "memory", "energy", "weight", "entropy" and "local_dimension".
    sigma : ndarray (S + 1, B), optional
        Noise levels.
    speciates, commits : ndarray of int (B,), optional
        The steps at which the symmetry breaks, and from which one memory has more than half of the posterior; -1 if there is none.
    names : list of str, optional
        A name for each cue.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
        The figure, and the axes that hold all panels.
    axes_ : ndarray of Axes
        The panels.
    lines_ : list of Line2D
        The lines, panel by panel.

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import TraceDisplay
    >>> memory = attractor.Diffusion([[1.0, 1.0], [-1.0, -1.0]])
    >>> display = TraceDisplay.from_estimator(memory, [[0.1, 0.2], [-0.5, 0.1]], sigma=2.0)
    >>> len(display.lines_) // len(display.axes_)
    2
    """

    def __init__(
        self,
        *,
        columns: dict[str, Array],
        sigma: Array | None = None,
        speciates: Array | None = None,
        commits: Array | None = None,
        names: list[str] | None = None,
    ) -> None:
        self.columns = columns
        self.sigma = sigma
        self.speciates = speciates
        self.commits = commits
        self.names = names

    @classmethod
    def from_trace(
        cls, trace: Any, *, what: list[str] | None = None, count: int = MOST, ax: Any = None, **kwargs: Any
    ) -> TraceDisplay:
        """Draws a trace.

        Parameters
        ----------
        trace : Trace
            What `trace` of a memory returned.
        what : list of str, optional
            Some of "memory", "energy", "weight", "entropy" and "local_dimension". Default: energy, weight and entropy, as far as the
            memory has them, and for sequences the nearest memory.
        count : int, default 8
            How many cues are drawn, from the first on.
        ax : Axes, optional
            Axes to divide into panels. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        TraceDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The trace has nothing of what is asked for.
        """
        number = min(whole("count", count, 1), trace.sigma.shape[1])
        usual = [*(["memory"] if trace.recall.visited is not None else []), "energy", "weight", "entropy"]
        asked = usual if what is None else list(what)
        for name in asked:
            if name not in WORDS:
                raise ValueError(f"what: expected some of {', '.join(WORDS)}, found {shown(name)}")
        columns = {name: getattr(trace, name)[:, :number] for name in asked if getattr(trace, name) is not None}
        if not columns:
            raise ValueError(f"what: expected some that this memory's trace has, found none of {', '.join(asked)}")
        memory, labels = trace.recall.memory[:number].tolist(), trace.recall._labels
        return cls(
            columns=columns,
            sigma=trace.sigma[:, :number] if trace.sigma.any() else None,
            speciates=trace.speciates[:number],
            commits=trace.commits[:number],
            names=[f"cue {row}: {'none' if n < 0 else name_of(n, labels)}" for row, n in enumerate(memory)],
        ).plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls, memory: Any, cues: Any, *, sigma: float | None = None, ax: Any = None, **kwargs: Any
    ) -> TraceDisplay:
        """Recalls cues and draws what happens.

        Parameters
        ----------
        memory : Memory
            A memory with patterns.
        cues, sigma
            As in `Memory.trace`.
        ax, **kwargs
            As in `from_trace`.

        Returns
        -------
        TraceDisplay
        """
        return cls.from_trace(memory.trace(cues, sigma=sigma), ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, x: str = "step", legend: bool = True) -> TraceDisplay:
        """Draws the panels, one below the other.

        Parameters
        ----------
        ax : Axes, optional
            Axes to divide into panels. Default: a new figure.
        x : {"step", "sigma"}, default "step"
            What the panels share: the number of the step, or the noise level, which falls from left to right.
        legend : bool, default True
            Whether to say which line is which cue's.

        Returns
        -------
        TraceDisplay
        """
        if x not in ("step", "sigma") or (x == "sigma" and self.sigma is None):
            raise ValueError(f"x: expected step{'' if self.sigma is None else ' or sigma'}, found {shown(x)}")
        count = len(self.columns)
        self.figure_, self.ax_, grid = panels(ax, count, 1, (6.4, 1.2 + 1.5 * count), sharex=True)
        self.axes_, self.lines_ = grid[:, 0], []
        for (name, values), panel in zip(self.columns.items(), self.axes_, strict=True):
            for row in range(values.shape[1]):
                at = np.arange(len(values)) if x == "step" else np.asarray(self.sigma)[:, row]
                shown_at = at > 0 if x == "sigma" else np.full(len(at), True)
                label = f"cue {row}" if self.names is None else self.names[row]
                style = {"color": COLOURS[row % len(COLOURS)], "linestyle": DASHES[row // len(COLOURS) % len(DASHES)]}
                self.lines_ += panel.plot(at[shown_at], values[shown_at, row], label=label, linewidth=1.4, **style)
                for steps, marker in ((self.speciates, "o"), (self.commits, "*")):
                    step = -1 if steps is None else int(steps[row])
                    if step >= 0 and shown_at[step]:
                        panel.plot(
                            at[step],
                            values[step, row],
                            marker,
                            color=style["color"],
                            markersize=8 if marker == "*" else 5,
                        )
            panel.set_ylabel(WORDS.get(name, name), fontsize="small")
        last = self.axes_[-1]
        if x == "sigma":
            last.set_xscale("log")
            last.invert_xaxis()
            plain_logarithms(last, "x")
            last.set_xlabel("noise level σ")
        else:
            steps_of(last)
            last.set_xlabel("step")
        if legend:
            self._legend()
        return self

    def _legend(self) -> None:
        handles = self.lines_[: next(iter(self.columns.values())).shape[1]]
        marks = [(self.speciates, "o", "the symmetry breaks"), (self.commits, "*", "one memory has half")]
        for steps, marker, text in marks:
            if steps is not None and (np.asarray(steps) >= 0).any():
                handles = [*handles, self.axes_[0].plot([], [], marker, color="black", label=text)[0]]
        self.figure_.legend(handles=handles, loc="outside right upper", fontsize="small", frameon=False)
