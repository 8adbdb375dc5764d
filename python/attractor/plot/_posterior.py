"""How probable memories are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array
from .._values import count as whole
from ._style import MOST, axes, name_of, pyplot

#: Narrower parts get no name.
ROOM = 0.09


class PosteriorDisplay:
    """The posterior of the most probable memories of each cue, as one bar for each cue.

    Parameters
    ----------
    posterior : ndarray (B, K)
        Probabilities of the K most probable memories, best first.
    candidates : ndarray of int (B, K)
        Those memories.
    observed : ndarray (B, K), optional
        Shares of many recalls that ended in them.
    labels : ndarray (N,), optional
        Labels of the memories.

    Attributes
    ----------
    figure_, ax_ : Figure, Axes
    bars_ : list of BarContainer
        The bars of each rank, and the rest of the posterior last.
    observed_ : list of BarContainer
        The bars of observed shares.

    Examples
    --------
    >>> import attractor
    >>> from attractor.plot import PosteriorDisplay
    >>> memory = attractor.Diffusion([[1.0], [-1.0], [0.5]], labels=["a", "b", "c"])
    >>> display = PosteriorDisplay.from_estimator(memory, [[0.3], [-0.4]], sigma=0.8)
    >>> display.posterior.shape
    (2, 3)
    """

    def __init__(
        self, *, posterior: Array, candidates: Array, observed: Array | None = None, labels: Array | None = None
    ) -> None:
        self.posterior = posterior
        self.candidates = candidates
        self.observed = observed
        self.labels = labels

    @classmethod
    def from_recall(cls, recall: Any, *, count: int = MOST, ax: Any = None, **kwargs: Any) -> PosteriorDisplay:
        """Draws the posterior of a recall.

        Parameters
        ----------
        recall : Recall
            What `recall` returned, with the `top` memories of each cue.
        count : int, default 8
            How many cues are drawn, from the first on.
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `plot`.

        Returns
        -------
        PosteriorDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        ValueError
            The memory has no posterior.
        """
        if recall.posterior is None or not recall.posterior.size:
            raise ValueError(
                "recall: expected one with a posterior, found none; use modern, universal with softmax, or diffusion"
            )
        rows = slice(min(whole("count", count, 1), len(recall)))
        return cls(posterior=recall.posterior[rows], candidates=recall.candidates[rows], labels=recall._labels).plot(
            ax, **kwargs
        )

    @classmethod
    def from_estimator(
        cls,
        memory: Any,
        cues: Any,
        *,
        sigma: float | None = None,
        top: int = 5,
        count: int = MOST,
        ax: Any = None,
        **kwargs: Any,
    ) -> PosteriorDisplay:
        """Recalls cues and draws how probable memories are.

        Parameters
        ----------
        memory : Memory
            A memory with a posterior.
        cues, sigma, top
            As in `Memory.recall`.
        count, ax, **kwargs
            As in `from_recall`.

        Returns
        -------
        PosteriorDisplay
        """
        return cls.from_recall(memory.recall(cues, sigma=sigma, top=top), count=count, ax=ax, **kwargs)

    @classmethod
    def from_counts(
        cls, counts: Any, *, top: int = 5, count: int = MOST, ax: Any = None, **kwargs: Any
    ) -> PosteriorDisplay:
        """Draws where many recalls ended, beside the posterior.

        Parameters
        ----------
        counts : Counts
            What `repeat` of a memory returned.
        top : int, default 5
            How many memories are drawn for each cue.
        count, ax, **kwargs
            As in `from_recall`.

        Returns
        -------
        PosteriorDisplay
        """
        number = min(whole("count", count, 1), len(counts))
        posterior = counts.posterior[:number]
        order = np.argsort(-posterior, axis=1, kind="stable")[:, : whole("top", top, 1)]
        shares = counts.ended[:number] / np.maximum(counts.ended[:number].sum(axis=1, keepdims=True), 1)
        return cls(
            posterior=np.take_along_axis(posterior, order, axis=1),
            candidates=order,
            observed=np.take_along_axis(shares, order, axis=1),
            labels=counts._labels,
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, cmap: str = "cividis") -> PosteriorDisplay:
        """Draws the bars.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into. Default: a new figure.
        cmap : str, default "cividis"
            Map of colours of the ranks.

        Returns
        -------
        PosteriorDisplay
        """
        count, ranks = self.posterior.shape
        self.figure_, self.ax_ = axes(ax, (6.4, 1.4 + 0.55 * count))
        colours = pyplot().get_cmap(cmap)(np.linspace(0.0, 0.9, max(ranks, 2)))
        height, shift = (0.8, 0.0) if self.observed is None else (0.4, -0.2)
        self.bars_ = self._bars(self.posterior, np.arange(count) + shift, height, colours, name=True)
        rest = np.clip(1 - self.posterior.sum(axis=1), 0, 1)
        self.bars_.append(
            self.ax_.barh(
                np.arange(count) + shift,
                rest,
                height,
                left=1 - rest,
                color="0.85",
                edgecolor="white",
                label="other memories",
            )
        )
        self.observed_ = []
        if self.observed is not None:
            self.observed_ = self._bars(self.observed, np.arange(count) + 0.2, height, colours, hatch="///", alpha=0.75)
            style = {"color": colours[0], "edgecolor": "white"}
            handles = [
                self.ax_.barh([0], [0], label="posterior", **style),
                self.ax_.barh([0], [0], label="recalls that ended there", hatch="///", alpha=0.75, **style),
            ]
            self.figure_.legend(handles=handles, loc="outside upper right", ncols=2, fontsize="small", frameon=False)
        elif rest.max(initial=0.0) > 0.01:
            self.figure_.legend(handles=[self.bars_[-1]], loc="outside upper right", fontsize="small", frameon=False)
        self.ax_.set(
            xlabel="posterior probability of memories, best first", ylabel="cue", xlim=(0, 1), ylim=(count - 0.5, -0.5)
        )
        self.ax_.set_yticks(range(count))
        return self

    def _bars(
        self, shares: Array, at: Array, height: float, colours: Array, name: bool = False, **style: Any
    ) -> list[Any]:
        left, made = np.zeros(len(shares)), []
        for rank in range(shares.shape[1]):
            parts = np.maximum(shares[:, rank], 0.0)
            made.append(self.ax_.barh(at, parts, height, left=left, color=colours[rank], edgecolor="white", **style))
            # Black on light colours, white on dark ones.
            ink = "black" if colours[rank][:3] @ np.array([0.299, 0.587, 0.114]) > 0.5 else "white"
            for row, part in enumerate(parts.tolist()):
                if name and part >= ROOM and self.candidates[row, rank] >= 0:
                    text = name_of(int(self.candidates[row, rank]), self.labels).removeprefix("memory ")
                    self.ax_.text(
                        left[row] + part / 2, at[row], text, ha="center", va="center", color=ink, fontsize="small"
                    )
            left = left + parts
        return made
