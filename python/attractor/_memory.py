"""The class of every memory: recall, sampling, traces and saving."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _explorer, _html
from ._arrays import Array, Shape, mask_of, seed_of
from ._batches import in_batches, row_by_row
from ._classifier import Classifier
from ._estimator import default
from ._explorer import Explorer
from ._landscape import Landscape
from ._progress import Progress
from ._results import Counts, Frame, Recall, Trace
from ._values import count as whole
from ._values import room, scalar

if TYPE_CHECKING:
    from .plot import EnergyDisplay, WeightsDisplay

#: An observer is called with a `Frame`. It may return False to stop the recall.
Observer = Callable[[Frame], Any]

#: Default of `random_state` in recalls: that of the memory.
_OWN: Any = object()


class Memory(Landscape, Classifier):
    """An associative memory: patterns, an energy landscape, and a dynamics that recalls.

    This is the base class of `Modern`, `Diffusion` and the other memories; use one of those. They follow scikit-learn's
    conventions: parameters are attributes, `fit` stores patterns, `predict` returns labels, `transform` recalls states, and
    `sklearn.base.clone` makes a memory with the same parameters and no patterns.
    """

    def recall(
        self,
        cues: Any,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        keep_cue: float = 0.0,
        input: Any = None,
        updates: int | None = None,
        tolerance: float | None = None,
        top: int = 5,
        match: bool = False,
        reject: float | None = None,
        first_row: int = 0,
        random_state: Any = _OWN,
        observer: Observer | None = None,
        progress: Progress | None = None,
    ) -> Recall:
        """Recalls memories from cues.

        Parameters
        ----------
        cues : array_like (B, D), (B, ...) of images, or one of them
            Cues. In a masked array, the units that are not masked are known, as with `clamp`.
        sigma : float >= 0, optional
            Noise level of the cues, which are y + sigma * noise. Without `sigma` and `signal`, diffusion estimates it.
        signal : float in (0, 1], optional
            Noise level as a signal: the cues are signal * y + sqrt(1 - signal**2) * noise.
        clamp : array_like of bool (B, D) or (D,), optional
            True where a unit is known. Known units keep their values.
        keep_cue : float from 0 to 1e9, default 0
            How much a cue that stays on counts against the state. With 0 the cue gives only the first state. Otherwise it is a prior over the
            patterns during the whole recall, and energies and posteriors are those with it. `Hopfield` (rule "hebb"), `Dense`, `Modern`, and
            memories that recall through noise levels have it.
        input : array_like (B, D), (B, ...) of images, or one of them, optional
            What stays on in place of the cues, with `keep_cue`.
        updates : int, optional
            Number of updates, or with `tolerance` the largest number. If None, until the state is at rest.
        tolerance : float, optional
            Largest change of a unit in one update that counts as rest.
        top : int, default 5
            How many of the most probable memories to list.
        match : bool, default False
            Whether to compute how well each cue matches, among 199 true cues; needs `sigma` or `signal`.
        reject : float in [0.0001, 1), optional
            Refuse cues that match worse than this share p of true cues do; needs `sigma` or `signal`. The limit is found from
            100/p true cues (at least 999), each for half a read of all patterns. Of other true cues it refuses p to within a
            tenth (one standard deviation).
        first_row : int, default 0
            Number of the first cue. A cue's number determines its random numbers.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None, optional
            Seed of all random numbers. Default: that of the memory.
        observer : callable, optional
            Called with a `Frame` before the first step and after each step. It returns False to stop.
        progress : bool or callable, optional
            True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called with the cues that are done and
            with their number. Not with an observer.

        Returns
        -------
        Recall

        Raises
        ------
        ValueError
            The cues have the wrong width or contain NaN, or an option is outside its range.
        TypeError
            The memory does not support what is asked, such as `updates` in diffusion.

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
        states, shape = self._states("cues", cues, masked=True)
        asked = self._asked(sigma, signal, updates, tolerance, top, match, reject, first_row, random_state, observer)
        asked |= self._stays_on(keep_cue, input, len(states))
        known = mask_of(cues, clamp, self._image)
        # One call says best what is wrong with a cue, and where.
        if progress and np.isfinite(states).all():
            some = lambda rows, asked: core.recall(states[rows], _rows_of(known, rows), _input_of(asked, rows))
            found = in_batches(some, len(states), asked, progress)
        else:
            found = core.recall(states, known, asked)
        # Pictures leave out what is masked.
        shown = np.where(known, states, np.nan) if known is not None and isinstance(cues, np.ma.MaskedArray) else states
        recall = self._recall_of(found, shape, shown, cues)
        return recall

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
        progress: Progress | None = None,
    ) -> Recall:
        """Recalls without cues, from random starts: free recall, or generation.

        Parameters
        ----------
        count : int, default 1
            Number of states.
        updates, tolerance, top, first_row, random_state, observer, progress
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
        some = lambda rows, asked: core.sample(rows.stop - rows.start, asked)
        found = in_batches(some, number, asked, progress) if progress else core.sample(number, asked)
        return self._recall_of(found, (number, core.dim), None)

    def trace(
        self,
        cues: Any,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        keep_cue: float = 0.0,
        input: Any = None,
        updates: int | None = None,
        tolerance: float | None = None,
        first_row: int = 0,
        random_state: Any = _OWN,
        observer: Observer | None = None,
    ) -> Trace:
        """Recalls memories from cues and returns every step.

        Parameters
        ----------
        cues, sigma, signal, clamp, keep_cue, input, updates, tolerance, first_row, random_state, observer
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
        states, shape = self._states("cues", cues, masked=True)
        asked = self._asked(sigma, signal, updates, tolerance, 5, False, None, first_row, random_state, observer)
        asked |= self._stays_on(keep_cue, input, len(states))
        recall, looks = core.trace(states, mask_of(cues, clamp, self._image), asked)
        own = self._recall_of(recall, shape, states, cues)
        return Trace(looks | {"recall": own})

    def repeat(
        self,
        cues: Any,
        repeats: int,
        *,
        sigma: float | None = None,
        signal: float | None = None,
        clamp: Any = None,
        keep_cue: float = 0.0,
        input: Any = None,
        first_row: int = 0,
        random_state: Any = _OWN,
        progress: Progress | None = None,
    ) -> Counts:
        """Recalls each cue many times, each time with new noise, and counts the memories it ends in.

        Parameters
        ----------
        cues, sigma, signal, clamp, keep_cue, input, first_row, random_state, progress
            As in `recall`.
        repeats : int
            Number of recalls of each cue.

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
        states, _ = self._states("cues", cues, masked=True)
        asked = self._asked(sigma, signal, None, None, 5, False, None, first_row, random_state, None)
        asked |= self._stays_on(keep_cue, input, len(states))
        known, times = mask_of(cues, clamp, self._image), whole("repeats", repeats)
        if progress and len(states) and np.isfinite(states).all():
            some = lambda rows, asked: core.repeat(states[rows], _rows_of(known, rows), times, _input_of(asked, rows))
            found = row_by_row(some, len(states), asked, progress)
        else:
            found = core.repeat(states, known, times, asked)
        counts = Counts(found | {"_labels": self._labels})
        return counts

    @property
    def patterns(self) -> Array | None:
        """The stored patterns, in the units of recalled states. None if the memory has none."""
        return self._built().patterns()

    @property
    def labels(self) -> Array | None:
        """The labels of the memories. None if they have none."""
        self._built()
        return self._labels

    @property
    def weights(self) -> Array | None:
        """The prior weights of the memories, which sum to 1. None if the memory has none."""
        weights = self._built().weights()
        return self._prior if weights is None else np.array(weights)

    @property
    def beta_(self) -> float | None:
        """The inverse temperature in use. None if the memory has none."""
        return self._built().beta

    @property
    def spread_(self) -> float | None:
        """The root mean square deviation of a unit from the mean pattern. It is the unit of noise levels."""
        return self._built().spread

    def notes(self) -> list[str]:
        """Properties of the memory that are allowed but may surprise, one sentence each.

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
        """Writes the memory to a file, which `attractor.load` and the command line read.

        If writing fails, no partial file is left.

        Parameters
        ----------
        path : str or path
            The file. Its format is safetensors.

        Raises
        ------
        OSError
            The file cannot be written.
        TypeError
            The memory has no stored patterns.
        """
        self._built().save(os.fsdecode(path))

    def explore(self) -> Explorer:
        """The explorer with this memory: a page where one knob moves from Hopfield to diffusion.

        A notebook shows the page: as a widget whose `state` follows what is done in it where anywidget is installed
        (``pip install 'attractor[notebook]'``), else in a frame. It holds the patterns and labels, and asks for nothing from elsewhere. It takes patterns of
        two units, or grey images of at most 32 x 32 pixels, of equal weight; each at most 2,000, and 200,000 pixels in all.

        Returns
        -------
        Explorer
            The page. `save` writes it to a file.

        Raises
        ------
        TypeError
            The memory has no stored patterns.
        ValueError
            Patterns of another form, or too many; memories of unequal weight.

        Examples
        --------
        >>> import attractor
        >>> attractor.Diffusion([[1.0, 0.0], [-1.0, 0.0]]).explore()  # doctest: +ELLIPSIS
        Explorer(... characters; save(path) writes the page)
        """
        return _explorer.of_memory(self)

    def __len__(self) -> int:
        """The number of memories."""
        count = self._built().memories
        if count is None:
            raise TypeError(f"{type(self).__name__} does not know how many memories it holds")
        return count

    def __bool__(self) -> bool:
        """True: a memory without a length is not empty."""
        return True

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self._given().items())
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

    def plot(
        self, *, sigma: float | None = None, cues: Any = None, ax: Any = None, **kwargs: Any
    ) -> EnergyDisplay | WeightsDisplay:
        """Draws the energy landscape, or what the memory holds if it has no energy or is given no noise level.

        Parameters
        ----------
        sigma : float > 0, optional
            Noise level, for memories that have a landscape for each level.
        cues : array_like (B, D), optional
            Cues whose recalls are drawn as paths in the landscape.
        ax : matplotlib.axes.Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `from_estimator` of the display.

        Returns
        -------
        attractor.plot.EnergyDisplay or attractor.plot.WeightsDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Modern([[1.0, 1.0], [-1.0, 0.5], [0.2, -1.0]], beta=4.0)
        >>> memory.plot(cues=[[0.0, 0.2]], grid=20).ax_.get_ylabel()
        'unit 1'
        """
        from .plot import EnergyDisplay, WeightsDisplay

        if sigma is None and cues is None and not self._has_landscape():
            return WeightsDisplay.from_estimator(self, ax=ax, **kwargs)
        return EnergyDisplay.from_estimator(self, sigma=sigma, cues=cues, ax=ax, **kwargs)

    def _has_landscape(self) -> bool:
        """Whether there is one energy of states of at least two units."""
        core = self._built()
        try:
            core.number("energy", np.zeros((1, core.dim), self._kind), None)
        except (TypeError, ValueError):
            return False
        return core.dim > 1 and core.memories is not None

    def _recall_of(self, found: tuple[Any, ...], shape: Shape, cues: Array | None, given: Any = None) -> Recall:
        return Recall(found, shape, self._labels, self._model, self._is_one(shape), cues, self, given)

    def _repr_html_(self) -> str:
        """The memory for notebooks: parameters, what it holds, notes, and the first patterns if they are images."""
        return _html.of_memory(self)

    def _given(self) -> dict[str, str]:
        """The parameters that have not their defaults, in few words."""
        own = self.get_params(deep=False).items()
        return {name: _brief(value) for name, value in own if not _equal(value, default(type(self), name))}

    def _stays_on(self, keep_cue: Any, input: Any, rows: int) -> dict[str, Any]:
        """The options of a cue that stays on."""
        asked: dict[str, Any] = {"keep_cue": scalar("keep_cue", keep_cue)}
        if input is not None:
            states, _ = self._states("input", input)
            asked["input"] = np.repeat(states, rows, axis=0) if len(states) == 1 else states
        return asked

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
        """The options of a recall in the form that Rust reads. Options that are None are left out."""
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


def _input_of(asked: dict[str, Any], rows: slice) -> dict[str, Any]:
    """The options of some rows, with what stays on for them."""
    return asked | {"input": asked["input"][rows]} if "input" in asked else asked


def _rows_of(known: Array | None, rows: slice) -> Array | None:
    """The mask of some cues; one mask may serve all."""
    return known if known is None or len(known) == 1 else known[rows]


def _equal(value: Any, usual: Any) -> bool:
    """Whether a parameter has its default. An array never has it."""
    return value is usual or (type(value) is type(usual) and value == usual)


def _brief(value: Any) -> str:
    """A parameter for `repr`. Functions and networks are named only, since what they print may fill pages."""
    if callable(value) and not isinstance(value, (type, Memory)):
        return str(getattr(value, "__name__", f"{type(value).__name__}(...)"))
    return repr(value)


def _shown(observer: Observer) -> Callable[..., Any]:
    if not callable(observer):
        raise TypeError(f"observer: expected a callable that takes a Frame, found {type(observer).__name__}")
    return lambda *seen: observer(Frame(*seen))
