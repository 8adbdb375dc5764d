"""Measures how many patterns memories hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ._again import again
from ._arrays import Array, rows, seed_of, shown
from ._executor import Call, Executor, run
from ._experiments import Report, part_of
from ._memory import Memory
from ._progress import Progress, followed
from ._values import count as whole
from ._values import count_if, scalar, several
from ._warnings import warn

#: A function from patterns, cues and known units (None if all are known) to recalled states.
Recaller = Callable[[Array, Array, "Array | None"], Any]

_Entered = tuple[str, dict[str, Any], "int | None", "Callable[..., Array] | None"]


def capacity(
    models: str | Memory | Recaller | Iterable[str | Memory | Recaller],
    *,
    dims: Iterable[int] | int = range(8, 33, 4),
    signal: float | Iterable[float] | None = None,
    mask: float | Iterable[float] | None = None,
    flip: float | Iterable[float] | None = None,
    sequence: str | Iterable[str] | None = None,
    threshold: float = 0.03,
    sets: int = 140,
    cues: int | None = 256,
    max_patterns: int | None = None,
    updates: int | None = None,
    grid: bool = False,
    store: str | os.PathLike[str] | None = None,
    shard: tuple[int, int] | str | None = None,
    executor: Executor | None = None,
    random_state: Any = 0,
    progress: Progress | None = None,
) -> Report:
    """Measures the largest number of random patterns that memories recall, at each number of units.

    Patterns of ±1 are recalled from noisy cues. The capacity is the largest N at which the mean share of wrong units is
    at most `threshold`. It comes with a 95 % interval over pattern sets. All memories get the same patterns and the same
    noise.

    Parameters
    ----------
    models : str, memory, callable, or iterable of these
        Names of models, which may have options, as in "hopfield:rule=storkey"; "ceiling" for the best possible decoder; memories, of which only class and options are used; or
        your own functions ``recall(patterns, cues, known)``. A function gets float32 arrays (N, D) and (B, D), and a bool
        array (B, D) of the known units if units are removed, else None. It returns states (B, D).
    dims : int or iterable of int, default 8, 12, ..., 32
        Numbers of units D, in rising order.
    signal, mask, flip : float or iterable of float, optional
        The cues: θy + √(1 − θ²)ε for a signal θ; or each unit removed, or flipped, with a probability. Default: a signal
        of 0.68.
    sequence : {"step", "whole"} or iterable of these, optional
        For the model "sequence": the share of steps to the next pattern that have any unit wrong, or of whole closed sequences with any
        wrong step, in place of the share of wrong units.
    threshold : float, default 0.03
        The largest mean share of wrong units that counts as recalled, above 0 and below 0.5.
    sets : int, default 140
        Number of pattern sets for each number of patterns.
    cues : int or None, default 256
        Number of cues per set, made from its patterns in turn. None makes one cue from every pattern.
    max_patterns : int, optional
        The largest number of patterns that is tried. Default: 4194304, or 1024 for cues where nothing limits the best
        decoder.
    updates : int, optional
        Number of updates of memories with one landscape. If None, until they settle.
    grid : bool, default False
        Whether to try every number up to 1.5 times the capacity instead of a bisection.
    store : str or path, optional
        A file that keeps results. A stopped run continues from it, and several processes may share it. Functions are
        distinguished by name only.
    shard : tuple of int or str, optional
        (i, n) computes the i-th of n parts of the work. "auto" is the part of a task of a job array (Slurm, PBS, Torque, Grid Engine,
        LSF) or of a process of MPI; "auto/8" is the same where the scheduler does not say how many parts there are. `merge` puts
        the stores of parts together.
    executor : executor or callable, optional
        What computes it: an object with ``submit(function, *arguments)``, such as a pool of `concurrent.futures`, loky, mpi4py,
        submitit or executorlib, a client of Dask, or `attractor.executors.Ray`; or a function that makes one, which is called again
        if a pool breaks. Each cell takes one thread of its worker, or as many as `set_threads` or ``RAYON_NUM_THREADS`` say there.
        Default: this process, with all of its threads. No result depends on it.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called as ``progress(done,
        1000)``, where `done` is the number of thousandths that are done.

    Returns
    -------
    Report
        A row for each memory, task and D. It has the capacity (``patterns``), the N at which the mean error crosses the
        threshold (``crossing``, with its 95 % interval from ``low`` to ``high``), whether even the largest N was recalled
        (``bounded``; ``high`` is then None), and the ``share`` of the ceiling's if that was measured, too.

    Raises
    ------
    ValueError
        A model, task or setting that cannot be measured, or "auto" where no scheduler says anything.
    RuntimeError
        A worker that is lost again and again, or that has another version.

    Warns
    -----
    AttractorWarning
        If the measurement is expected to take more than a minute, and `progress` is not given.

    Examples
    --------
    >>> import attractor
    >>> report = attractor.capacity("modern", dims=10, sets=40)
    >>> 3 < report.results[0]["crossing"] < 7
    True
    """
    given = dict(locals())
    is_one = isinstance(models, str | Memory) or callable(models)
    part = None if shard is None else part_of(shard)
    entrants = [models] if is_one else several("models", "names, memories or functions", models)
    tasks = [
        f"{name}:{scalar(name, value)!r}"
        for name, values in (("signal", signal), ("mask", mask), ("flip", flip))
        for value in ([] if values is None else values if isinstance(values, Iterable) else [values])
    ]
    passages = (
        [] if sequence is None else [sequence] if isinstance(sequence, str) else several("sequence", "names", sequence)
    )
    tasks += [f"sequence:{passage}" for passage in passages]
    units = [whole("dims", dim) for dim in (dims if isinstance(dims, Iterable) else [dims])]
    seed = seed_of(random_state)
    given = {**given, "models": entrants, "dims": dims if isinstance(dims, range | int) else units}
    options = {
        "threshold": scalar("threshold", threshold),
        "sets": whole("sets", sets),
        "cues": count_if("cues", cues),
        "most": count_if("max_patterns", max_patterns, 1),
        "grid": bool(grid),
        "seed": seed,
    }
    contenders = [_entered(model, count_if("updates", updates, 1)) for model in entrants]
    call = Call("capacity", (contenders, tasks or ["signal:0.68"], units), options)
    with followed(progress, "capacity") as told:
        core = run(
            call,
            executor,
            told,
            store=None if store is None else os.fsdecode(store),
            shard=part,
            again=again(capacity, given, seed),
            warn=warn if told is None else None,
        )
    return Report(core)


class _Recall:
    """A recaller of the user's, whose states are rows of float32. It can be sent to a worker if the recaller can."""

    def __init__(self, model: Recaller) -> None:
        self._model = model

    def __call__(self, patterns: Array, cues: Array, known: Array | None) -> Array:
        states, _ = rows("recall", self._model(patterns, cues, known), np.dtype(np.float32))
        return np.ascontiguousarray(states)


def _entered(model: Any, updates: int | None) -> _Entered:
    """A contender in the form that Rust takes."""
    if isinstance(model, str):
        return model, {}, updates, None
    if isinstance(model, Memory):
        return model._model, model._named(), updates, None
    if not callable(model):
        raise TypeError(f"models: expected names, memories or functions, found {shown(model)}")

    return getattr(model, "__name__", type(model).__name__), {}, None, _Recall(model)
