"""Results of recalls: small frozen objects that hold arrays."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from . import _attractor, _html
from ._arrays import Array, like, shown

if TYPE_CHECKING:
    import pandas
    import polars

    from .plot import PosteriorDisplay, RecallDisplay, TraceDisplay

#: Names of outcomes; the index is the code.
_OUTCOMES = np.array(_attractor.OUTCOMES)


#: Fields of a row that are numbers, in the order of the table from Rust.
_NUMBERS = tuple(name for name, kind, _ in _attractor.ROW if kind == "number")
#: Fields of a row that are whole numbers, then the codes of outcome and regime.
_WHOLE = (*(name for name, kind, _ in _attractor.ROW if kind == "whole"), "_outcome", "_regime")
#: Fields of a row that are lists of whole numbers.
_LISTS = tuple(name for name, kind, _ in _attractor.ROW if kind == "list")
#: How the order of a sequence was kept. Other memories do not have these fields.
_ORDER = ("ordered", "early", "repeats", "skips", "backs", "lost")


class Frame(NamedTuple):
    """What an observer sees of one step of a recall."""

    #: Number of steps made so far; 0 before the first.
    step: int
    #: Largest number of steps.
    steps: int
    #: Indices of the cues that are still moving.
    rows: Array
    #: Their states, in the units of the cues.
    states: Array
    #: Their noise levels; 0 for memories with one landscape.
    sigma: Array


def frame(columns: Any, library: str | None = None) -> Any:
    """A data frame of this library, or if it is None of pandas, or of polars if pandas is not installed."""
    if library not in (None, "pandas", "polars"):
        raise ValueError(f"library: expected pandas or polars, found {shown(library)}")
    for name in ("pandas", "polars") if library is None else (library,):
        try:
            return importlib.import_module(name).DataFrame(columns)
        except ImportError:
            continue
    wanted = "pandas or polars, found neither; install one" if library is None else f"{library}, which is not installed"
    raise ImportError(f"to_frame: expected {wanted}")


class _Frozen:
    """Base of results, whose fields cannot be changed."""

    #: Fields with one value per row.
    _columns: tuple[str, ...] = ()

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is a result and cannot be changed; copy what you need of it")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is a result and cannot be changed")

    def to_dict(self) -> dict[str, Array]:
        """Returns an array for each field with one value per row. Fields that this memory does not have are left out.

        Returns
        -------
        dict of str to ndarray
        """
        columns = {name: getattr(self, name) for name in self._columns}
        return {name: column for name, column in columns.items() if column is not None}

    @overload
    def to_frame(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def to_frame(self, library: None = ...) -> Any: ...
    def to_frame(self, library: str | None = None) -> Any:
        """Returns a data frame of `to_dict`.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            The library of the data frame. Default: pandas, or polars if pandas is not installed.

        Returns
        -------
        pandas.DataFrame or polars.DataFrame

        Raises
        ------
        ImportError
            The library is not installed.
        """
        return frame(self.to_dict(), library)


class Recall(_Frozen):
    """The recall of a batch of cues. Fields that the memory does not have are ``None``.

    Attributes
    ----------
    states : ndarray, shape of the cues
        Recalled states, in the units of the cues. Of cues that are a tensor of PyTorch, or an array of JAX or another library with an array
        API, they are one, too, of the same type and on the same device.
    values : ndarray (B, Dv), (Dv,) for a single vector or image, or None
        Associated values read out at the recalled states, in the kind of the states.
    memory : ndarray of int (B,)
        The stored memory nearest to each recalled state; -1 if the cue was refused, its recall is undefined, or no
        patterns are known.
    overlap : ndarray (B,) or None
        Cosine of the recalled state and that memory; for states of +1 and -1 it is their overlap.
    distance : ndarray (B,) or None
        Distance from that memory, as the root mean square of a unit.
    candidates, posterior : ndarray (B, K) or None
        The most probable memories, best first, and their probabilities. For diffusion they are those at the cue's noise
        level, else those at the recalled state.
    entropy, participation : ndarray (B,) or None
        Entropy of the whole posterior w, in nats, and its participation ratio 1/sum(w**2).
    local_dimension : ndarray (B,) or None
        For diffusion: the local dimension of the memory at the cue, the sum of w |z - y|**2 / sigma**2.
    event_share : ndarray (B,) or None
        For events beside a density: the share of the posterior on events. The rest is on the density (the gist).
    energy : ndarray (B,) or None
        Energy of the recalled state.
    sigma, beta : ndarray (B,) or None
        Noise level of the cue, given or estimated; inverse temperature.
    match : ndarray (B,) or None
        Share of true cues that are no more probable than this cue, if that was asked for.
    reads : ndarray (B,) or None
        For diffusion, how often all patterns were read. The other reads left out patterns without weight.
    steps, outcome_step : ndarray of int (B,)
        Number of steps made; the step of the outcome, -1 if it has none.
    outcome : ndarray of str (B,)
        How the recall ended: settled, still moving, one update, 2-cycle, stopped, diverged, undefined or refused. It is
        undefined where the memory gives no next state, such as when no pattern has a weight; the state is then the last one,
        and values are 0.
    reason : ndarray of str (B,) or None
        Why undefined recalls have no answer; empty for the others. None if all have one.
    refused : ndarray of bool (B,)
        Whether each cue was refused, since it matched worse than `reject` allows.
    regime : ndarray of str (B,) or None
        One pattern, a blend of some, or the global average.
    label : ndarray (B,) or None
        The label of each recalled memory.
    visited, held : ndarray of int (B, S + 1), (B, V) or None
        For sequences: the memory nearest to the cue and to the state after each update; and for how many steps each memory was
        held, one after the other. Rows that are shorter end in -1.
    ordered, early, repeats, skips, backs, lost : ndarray of int (B,) or None
        For sequences, how many updates kept the order; moved on too soon; held a memory too long; left out memories or went to another
        sequence; went back; or led to a state that no memory has an overlap of more than 1/2 with.
    """

    states: Any
    values: Any
    memory: Array
    overlap: Array | None
    distance: Array | None
    candidates: Array | None
    posterior: Array | None
    entropy: Array | None
    participation: Array | None
    local_dimension: Array | None
    event_share: Array | None
    energy: Array | None
    sigma: Array | None
    beta: Array | None
    match: Array | None
    reads: Array | None
    steps: Array
    outcome_step: Array
    visited: Array | None
    held: Array | None
    ordered: Array | None
    early: Array | None
    repeats: Array | None
    skips: Array | None
    backs: Array | None
    lost: Array | None
    _outcome: Array
    _regime: Array
    _labels: Array | None
    _model: str
    _there: list[bool]
    _numbers: Array
    _whole: Array
    _reasons: list[tuple[int, str]]
    _lists: list[Array | None]
    _cues: Array | None
    _states: Array
    _source: Any

    _columns = ("memory", "label", *(name for name, kind, _ in _attractor.ROW[1:] if kind not in ("weights", "list")))

    def __init__(
        self,
        fields: tuple[Any, ...],
        shape: tuple[int, ...],
        labels: Array | None,
        model: str,
        one: bool = False,
        cues: Array | None = None,
        source: Any = None,
        given: Any = None,
    ) -> None:
        states, values, best, there, numbers, whole, reasons, lists = fields
        own = self.__dict__
        own["_states"] = states if states.shape == shape else states.reshape(shape)
        values = values[0] if one and values is not None else values
        if given is None or type(given) is np.ndarray:
            own["states"], own["values"] = own["_states"], values
        else:
            # A tensor in, a tensor out.
            own["states"] = like(own["_states"], given)
            own["values"] = None if values is None else like(values, given)
        own["posterior"], own["candidates"] = (None, None) if best is None else best
        own["_there"], own["_numbers"], own["_whole"] = there, numbers, whole
        own["_labels"], own["_model"], own["_reasons"], own["_lists"] = labels, model, reasons, lists
        # For pictures: the cues as they were given, and the memory that recalled.
        own["_cues"], own["_source"] = cues, source

    @property
    def _image(self) -> tuple[int, ...] | None:
        """The shape of one state, if the memory is one of images."""
        shape = self._states.shape[1:]
        return shape if len(shape) > 1 else getattr(self._source, "_image", None)

    def plot(self, ax: Any = None, **kwargs: Any) -> RecallDisplay:
        """Draws cues, recalled states, the memories nearest to them, and the differences.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to divide into panels. Default: a new figure.
        **kwargs
            As in `attractor.plot.RecallDisplay.from_recall`.

        Returns
        -------
        attractor.plot.RecallDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        """
        from .plot import RecallDisplay

        return RecallDisplay.from_recall(self, ax=ax, **kwargs)

    def _repr_html_(self) -> str:
        """The recall for notebooks: facts, the first rows, and pictures if states are images."""
        return _html.of_recall(self)

    def __getstate__(self) -> dict[str, Any]:
        # The memory has files of its own.
        return self.__dict__ | {"_source": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __getattr__(self, name: str) -> Any:
        """Columns are read from their table on first use, since most are never used."""
        if name in _NUMBERS:
            place = _NUMBERS.index(name)
            column = self._numbers[place] if self._there[place] else None
        elif name in _WHOLE:
            missing = name in _ORDER and self._lists[0] is None
            column = None if missing else self._whole[_WHOLE.index(name)]
        elif name in _LISTS:
            column = self._lists[_LISTS.index(name)]
        else:
            raise AttributeError(f"a recall has no '{name}'")
        self.__dict__[name] = column
        return column

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_NUMBERS, *_WHOLE, *_LISTS]

    @property
    def outcome(self) -> Array:
        """How each recall ended: settled, still moving, one update, 2-cycle, stopped, diverged, undefined or refused."""
        return _OUTCOMES[self._outcome]

    @property
    def reason(self) -> Array | None:
        """Why undefined recalls have no answer; empty for the others. None if all have one."""
        if not self._reasons:
            return None
        reasons = dict(self._reasons)
        return np.array([reasons.get(row, "") for row in range(len(self))])

    @property
    def refused(self) -> Array:
        """Whether each cue was refused, since it matched worse than `reject` allows."""
        return self._outcome == len(_OUTCOMES) - 1

    @property
    def regime(self) -> Array | None:
        """Where each recall of a modern Hopfield network ended: one pattern, a blend of some, or the global average."""
        if not (self._regime >= 0).any():
            return None
        names = {-1: "", 0: "global average", 1: "one pattern"}
        return np.array([names.get(code, f"blend of {code}") for code in self._regime.tolist()])

    @property
    def label(self) -> Array | None:
        """The label of each recalled memory. None if the patterns have no labels."""
        if self._labels is None:
            return None
        if (self.memory >= 0).all():
            return self._labels[self.memory]
        labels = self._labels.astype(object)
        return np.array([labels[n] if n >= 0 else None for n in self.memory], dtype=object)

    def __len__(self) -> int:
        return len(self.memory)

    def __repr__(self) -> str:
        count = len(self)
        lines = [f"Recall of {count} cue{'' if count == 1 else 's'} by {self._model}"]
        most = 6
        memories = ", ".join(str(n) if n >= 0 else "none" for n in self.memory[:most].tolist())
        different = len(set(self.memory[self.memory >= 0].tolist()))
        of = f" ({different} different)" if count > 1 else ""
        lines.append(f"  memory    {memories}{', ...' if count > most else ''}{of}")
        best = None if self.posterior is None or not self.posterior.shape[1] else self.posterior[:, 0]
        for name, numbers in (
            ("overlap", self.overlap),
            ("posterior", best),
            ("energy", self.energy),
            ("sigma", self.sigma),
            ("match", self.match),
        ):
            if numbers is not None and count:
                lines.append(f"  {name:9} {_range(numbers)}")
        if self.ordered is not None and self.visited is not None and count:
            lines.append(f"  ordered   {_range(self.ordered)} of {_range((self.visited >= 0).sum(axis=1) - 1)} updates")
        kinds, counts = np.unique(self.outcome, return_counts=True)
        lines.append(
            "  outcome   " + ", ".join(f"{kind} {n}" for kind, n in zip(kinds.tolist(), counts.tolist(), strict=True))
        )
        return "\n".join(lines)


def _range(numbers: Array) -> str:
    """Numbers in a few words: the one number that all are, or the smallest, the median and the largest."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return "none"
    low, high = f"{known.min():.4g}", f"{known.max():.4g}"
    return low if low == high else f"{low} to {high}, median {np.median(known):.4g}"


class Trace(_Frozen):
    """Every step of a recall: S + 1 states of each of B cues. Fields that the memory does not have are ``None``.

    Attributes
    ----------
    states : ndarray (S + 1, B, D)
        States, in the units of the cues. A row that is at rest stays as it is.
    sigma : ndarray (S + 1, B)
        Noise levels; 0 for memories with one landscape.
    time, scale : ndarray (S + 1, B) or None
        Time of the process at that level and its scale, for diffusion.
    energy, entropy, participation : ndarray (S + 1, B) or None
        Energy, entropy and participation of the state in the landscape of its noise level.
    local_dimension : ndarray (S + 1, B) or None
        For diffusion: the local dimension of the memory at the state, the sum of w |z - y|**2 / sigma**2.
    memory, favourite : ndarray of int (S + 1, B)
        The nearest memory and the most probable memory; -1 if there is none.
    weight : ndarray (S + 1, B) or None
        Posterior probability of the most probable memory.
    variance : ndarray (S + 1, B) or None
        Largest posterior variance. If it exceeds sigma**2, the landscape curves downward and valleys part.
    growth_score, growth_flow, growth_sde : ndarray (S + 1, B) or None
        How fast deviations grow under the score, the probability flow and the reverse SDE.
    speciates, commits : ndarray of int (B,)
        The step at which the symmetry breaks (the largest posterior variance exceeds 1.01 sigma**2), and the step from which one memory has more than half of the posterior; -1
        if there is none.
    recall : Recall
        The recall itself.
    """

    states: Array
    sigma: Array
    time: Array | None
    scale: Array | None
    energy: Array | None
    entropy: Array | None
    participation: Array | None
    local_dimension: Array | None
    memory: Array
    favourite: Array
    weight: Array | None
    variance: Array | None
    growth_score: Array | None
    growth_flow: Array | None
    growth_sde: Array | None
    speciates: Array
    commits: Array
    recall: Recall

    _columns = ("step", "row", *(name for name, _, _ in _attractor.MOMENT))

    def to_dict(self) -> dict[str, Array]:
        """Returns an array for each field, with one entry for each step of each cue.

        Returns
        -------
        dict of str to ndarray
        """
        step, row = np.indices(self.sigma.shape)
        columns = {"step": step, "row": row} | {name: getattr(self, name) for name in self._columns[2:]}
        return {name: column.ravel() for name, column in columns.items() if column is not None}

    def plot(self, ax: Any = None, **kwargs: Any) -> TraceDisplay:
        """Draws energy, posterior and entropy step by step.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to divide into panels. Default: a new figure.
        **kwargs
            As in `attractor.plot.TraceDisplay.from_trace`.

        Returns
        -------
        attractor.plot.TraceDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        """
        from .plot import TraceDisplay

        return TraceDisplay.from_trace(self, ax=ax, **kwargs)

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        steps, rows = self.sigma.shape
        commits = [n for n in self.commits.tolist() if n >= 0]
        marks = f"; {len(commits)} commit by step {max(commits)}" if commits else ""
        return f"Trace of {rows} cue{'' if rows == 1 else 's'} in {steps - 1} steps{marks}"


class Effect(_Frozen):
    """What a change of a memory did to the recall of the patterns that it kept.

    A cue is recalled if no stored pattern is nearer to its end than its own, and its end is within 0.316 spreads (root mean
    square over units) of it: for states of +1 and -1 an overlap of at least 0.95.

    Attributes
    ----------
    before, after : ndarray of int (n,)
        Index of each pattern that was looked at, before the change and after it.
    cues : ndarray of int (n,)
        Number of cues that were made of it.
    recalled_before, recalled : ndarray of int (n,)
        How many of them were recalled before the change, and are after it.
    lost, gained : ndarray of int (n,)
        How many were recalled before and are not now, and the other way round.
    moved : ndarray (n,)
        Distance between the two ends of a cue: root mean square over units and cues, in the units of the patterns.
    kept : int
        Number of patterns that were kept. Some of them were looked at.
    nearest : int
        How many of those were chosen as the nearest to what changed. The others are evenly spaced.
    corruption : str
        How the cues were made.
    seed : int
        Seed of the cues and of random recalls.
    """

    before: Array
    after: Array
    cues: Array
    recalled_before: Array
    recalled: Array
    lost: Array
    gained: Array
    moved: Array
    kept: int
    nearest: int
    corruption: str
    seed: int

    _columns = tuple(name for name, _, _ in _attractor.EFFECT)

    def __len__(self) -> int:
        return len(self.before)

    def __repr__(self) -> str:
        totals = [int(getattr(self, name).sum()) for name in ("cues", "recalled_before", "recalled", "lost", "gained")]
        cues, before, now, lost, gained = totals
        return (
            f"Effect on {len(self)} of {self.kept} patterns: of {cues} cues ({self.corruption}) {before} recalled before, "
            f"{now} now; {lost} lost, {gained} gained"
        )


class Counts(_Frozen):
    """Counts of the memories that many recalls of each cue ended in, with the posterior.

    Attributes
    ----------
    ended : ndarray of int (B, N)
        Number of recalls that ended in each memory.
    posterior : ndarray (B, N)
        The exact posterior of each memory at the cue's level.
    chi_square, freedom : ndarray (B,)
        Pearson's statistic of the counts against the posterior, and its degrees of freedom.
    sigma : ndarray (B,)
        Noise level of the cue.
    """

    ended: Array
    posterior: Array
    chi_square: Array
    freedom: Array
    sigma: Array
    _labels: Array | None

    _columns = tuple(name for name, kind, _ in _attractor.COUNTS if kind in ("whole", "number"))

    def plot(self, ax: Any = None, **kwargs: Any) -> PosteriorDisplay:
        """Draws where the recalls ended, beside the posterior.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `attractor.plot.PosteriorDisplay.from_counts`.

        Returns
        -------
        attractor.plot.PosteriorDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        """
        from .plot import PosteriorDisplay

        return PosteriorDisplay.from_counts(self, ax=ax, **kwargs)

    def __len__(self) -> int:
        return len(self.ended)

    def __repr__(self) -> str:
        rows, memories = self.ended.shape
        total = int(self.ended[0].sum()) if rows else 0
        return f"Counts of {total} recalls of {rows} cue{'' if rows == 1 else 's'} over {memories} memories"
