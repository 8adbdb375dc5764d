"""What every memory can do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, mask_of, rows, seed_of
from ._classifier import Classifier
from ._estimator import default
from ._landscape import Landscape
from ._results import Counts, Frame, Recall, Trace
from ._values import count as whole
from ._values import room, scalar

#: What an observer is: it sees a `Frame` and may return False to stop.
Observer = Callable[[Frame], Any]

#: Stands for the random state of the memory.
_OWN: Any = object()


class Memory(Landscape, Classifier):
    """An associative memory: patterns, an energy landscape, and a dynamics that recalls.

    Not to be made directly: `Modern`, `Diffusion` and the others are memories. They follow scikit-learn's conventions:
    parameters are attributes, `fit` stores patterns, `predict` tells labels, `transform` recalls states, and
    `sklearn.base.clone` gives one with the same parameters and no patterns.
    """

    def recall(
        self,
        cues: Any,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        updates: int | None = None,
        tolerance: float | None = None,
        top: int = 5,
        match: bool = False,
        reject: float | None = None,
        first_row: int = 0,
        random_state: Any = _OWN,
        observer: Observer | None = None,
    ) -> Recall:
        """Recalls memories from cues.

        Parameters
        ----------
        cues : array_like (B, D), (B, ...) of images or (D,)
            Cues. Of a masked array the units that are not masked are known, as with `clamp`.
        sigma : float >= 0, optional
            Noise level of the cues, which are y + sigma * noise. Without it (and `signal`) diffusion estimates it.
        signal : float in (0, 1], optional
            The cues are signal * y + sqrt(1 - signal**2) * noise.
        clamp : array_like of bool (B, D) or (D,), optional
            Known units, which are held.
        updates : int, optional
            Exactly so many updates, or with `tolerance` at most; until at rest if None.
        tolerance : float, optional
            Largest change of a unit that counts as rest.
        top : int, default 5
            How many memories of the posterior to list.
        match : bool, default False
            Whether to score how well each cue matches; needs `sigma` or `signal`.
        reject : float in [0.0001, 1), optional
            Refuse cues that match worse than this share of true cues; needs `sigma` or `signal`.
        first_row : int, default 0
            Number of the first cue: numbers of cues name their random streams.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, optional
            Seed of everything random; the memory's own if not given.
        observer : callable, optional
            Called with a `Frame` before the first and after each step; returns False to stop.

        Returns
        -------
        Recall

        Raises
        ------
        ValueError
            Cues of the wrong width or with NaN, an option outside its range.
        TypeError
            Something that this memory does not have.

        Examples
        --------
        >>> import numpy as np
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0, 1, -1, -1], [1, -1, 1, -1]])
        >>> cue = np.ma.masked_invalid([1.0, 1.0, np.nan, np.nan])
        >>> memory.recall(cue).states.round(6)
        array([ 1.,  1., -1., -1.])
        """
        core = self._built()
        states, shape = rows("cues", cues, self._kind, masked=True)
        asked = self._asked(sigma, signal, updates, tolerance, top, match, reject, first_row, random_state, observer)
        return Recall(core.recall(states, mask_of(cues, clamp), asked), shape, self._labels, self._model)

    def sample(
        self,
        count: int = 1,
        *,
        updates: int | None = None,
        tolerance: float | None = None,
        top: int = 5,
        first_row: int = 0,
        random_state: Any = _OWN,
        observer: Observer | None = None,
    ) -> Recall:
        """Recalls from nothing: free recall, or generation.

        Parameters
        ----------
        count : int, default 1
            How many states.
        updates, tolerance, top, first_row, random_state, observer
            As in `recall`.

        Returns
        -------
        Recall

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0, 1, -1, -1], [1, -1, 1, -1]])
        >>> bool((memory.sample(100).overlap > 0.99).all())
        True
        """
        core = self._built()
        number = whole("count", count, 1)
        room("count", number, core.dim)
        asked = self._asked(None, None, updates, tolerance, top, False, None, first_row, random_state, observer)
        return Recall(core.sample(number, asked), (number, core.dim), self._labels, self._model)

    def trace(
        self,
        cues: Any,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        updates: int | None = None,
        tolerance: float | None = None,
        first_row: int = 0,
        random_state: Any = _OWN,
        observer: Observer | None = None,
    ) -> Trace:
        """Recalls and looks at every step.

        Parameters
        ----------
        cues, sigma, signal, clamp, updates, tolerance, first_row, random_state, observer
            As in `recall`.

        Returns
        -------
        Trace

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0, 1], [-1, -1]])
        >>> trace = memory.trace([[0.1, 0.2]], sigma=2.0)
        >>> trace.memory[-1]
        array([0])
        >>> bool(trace.speciates[0] > 0)
        True
        """
        core = self._built()
        states, shape = rows("cues", cues, self._kind, masked=True)
        asked = self._asked(sigma, signal, updates, tolerance, 5, False, None, first_row, random_state, observer)
        recall, looks = core.trace(states, mask_of(cues, clamp), asked)
        return Trace(looks | {"recall": Recall(recall, shape, self._labels, self._model)})

    def repeat(
        self,
        cues: Any,
        repeats: int,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        first_row: int = 0,
        random_state: Any = _OWN,
    ) -> Counts:
        """Recalls each cue many times, with other noise each time, and counts where it ends.

        Parameters
        ----------
        cues, sigma, signal, clamp, first_row, random_state
            As in `recall`.
        repeats : int
            Recalls of each cue.

        Returns
        -------
        Counts

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0, 1], [-1, -1]], sampler="bridge")
        >>> counts = memory.repeat([[0.1, 0.2]], 1000, sigma=1.0)
        >>> counts.posterior.round(4)
        array([[0.6457, 0.3543]])
        """
        core = self._built()
        states, _ = rows("cues", cues, self._kind, masked=True)
        asked = self._asked(sigma, signal, None, None, 5, False, None, first_row, random_state, None)
        return Counts(core.repeat(states, mask_of(cues, clamp), whole("repeats", repeats), asked))

    @property
    def patterns(self) -> Array | None:
        """Stored patterns, in the units that recalled states have; None where it has none."""
        return self._built().patterns()

    @property
    def labels(self) -> Array | None:
        """A label for each memory, where they have them."""
        self._built()
        return self._labels

    @property
    def weights(self) -> Array | None:
        """Prior weights of the memories, which sum to 1; None where it has none."""
        weights = self._built().weights()
        return None if weights is None else np.array(weights)

    @property
    def beta_(self) -> float | None:
        """The inverse temperature in use, where it has one."""
        return self._built().beta

    @property
    def spread_(self) -> float | None:
        """Root mean square deviation of a unit from the mean pattern: the scale of its noise levels."""
        return self._built().spread

    def notes(self) -> list[str]:
        """Legal but surprising properties, one sentence each.

        Returns
        -------
        list of str

        Examples
        --------
        >>> import attractor
        >>> attractor.Modern([[1.0, 2.0]]).notes()
        ['only one pattern is stored: every cue recalls it']
        """
        return self._built().notes()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file, whole or not at all; `attractor.load` and the command line read it.

        Parameters
        ----------
        path : str or path
            The file, which is a safetensors archive.

        Raises
        ------
        OSError
            A place that cannot be written to.
        TypeError
            A memory that is not of stored patterns.
        """
        self._built().save(os.fsdecode(path))

    def __len__(self) -> int:
        """How many memories it holds."""
        count = self._built().memories
        if count is None:
            raise TypeError(f"{type(self).__name__} does not know how many memories it holds")
        return count

    def __bool__(self) -> bool:
        """A memory is one, even where it does not know how many it holds."""
        return True

    def __repr__(self) -> str:
        given = ", ".join(
            f"{name}={value!r}" for name, value in self.get_params().items() if value != default(type(self), name)
        )
        head = f"{type(self).__name__}({given})"
        if self._core is None:
            return head
        core = self._core
        count = core.memories
        held = (
            f"of {core.dim} units"
            if count is None
            else f"of {count} memor{'y' if count == 1 else 'ies'} of {core.dim} units"
        )
        beta = "" if core.beta is None else f", beta {core.beta:.6g}"
        return f"<{head} {held}, {self._kind}{beta}>"

    def _asked(
        self,
        sigma: Any,
        signal: Any,
        updates: Any,
        tolerance: Any,
        top: Any,
        match: bool,
        reject: Any,
        first_row: int,
        random_state: Any,
        observer: Observer | None,
    ) -> dict[str, Any]:
        """What is asked of a recall, as Rust reads it: what is not given is left out."""
        own = self.random_state if random_state is _OWN else random_state
        asked: dict[str, Any] = {
            "top": whole("top", top),
            "seed": seed_of(own),
            "first_row": whole("first_row", first_row),
        }
        if sigma is not None:
            asked["sigma"] = scalar("sigma", sigma)
        if signal is not None:
            asked["signal"] = scalar("signal", signal)
        if updates is not None:
            asked["updates"] = whole("updates", updates)
        if tolerance is not None:
            asked["tolerance"] = scalar("tolerance", tolerance)
        if match:
            asked["match"] = True
        if reject is not None:
            asked["reject"] = scalar("reject", reject)
        if observer is not None:
            asked["observer"] = _shown(observer)
        return asked


def _shown(observer: Observer) -> Callable[..., Any]:
    if not callable(observer):
        raise TypeError(f"observer: expected a callable that takes a Frame, found {type(observer).__name__}")
    return lambda *seen: observer(Frame(*seen))
