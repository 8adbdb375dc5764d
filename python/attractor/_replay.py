"""Consolidation: a memory is trained on its own recalls, round after round."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_rows, seed_of, shown
from ._files import of_core
from ._interrupt import interruptible
from ._memory import Memory
from ._progress import Progress, followed
from ._results import _Frozen
from ._values import scalar


class Replayed(_Frozen):
    """What a protocol of replay made of a memory. The arrays have one entry for each round; entry 0 is before the first.

    Attributes
    ----------
    memory : Memory
        The memory with its new weights, of the first run. Memories that have no weight left are not in it.
    events : list of ndarray of int
        For each event, the indices of its memories in `memory`: itself, and with a core those that have its core.
    round : ndarray of int (R + 1,)
    replays : ndarray (R + 1,)
        Number of replays so far.
    reached : ndarray (R + 1,)
        Share of the round's replays that recalled an event; NaN if there was none.
    weight : ndarray (R + 1,)
        Weight of all events together, mean over runs.
    q05, q25, median, q75, q95 : ndarray (R + 1,)
        Its quantiles over runs.
    fallen, lost : ndarray (R + 1,)
        Share of runs in which that weight is below what it was at first, and in which it is 0.
    whole : ndarray (R + 1,)
        Weight of the events themselves, without the memories that have only their core.
    weights : ndarray (R + 1, E)
        Weight of each event, mean over runs.
    entropy, participation : ndarray (R + 1,)
        Entropy of the weights of all memories in nats, and 1/sum(w**2).
    memories : ndarray (R + 1,)
        Number of memories that have a weight.
    """

    memory: Memory
    events: list[Array]
    round: Array
    replays: Array
    reached: Array
    weight: Array
    q05: Array
    q25: Array
    median: Array
    q75: Array
    q95: Array
    fallen: Array
    lost: Array
    whole: Array
    weights: Array
    entropy: Array
    participation: Array
    memories: Array

    _columns = tuple(name for name, kind, _ in _attractor.ROUND if kind != "numbers")

    def __repr__(self) -> str:
        first, last = self.weight[0], self.weight[-1]
        return f"<Replayed: {len(self.round) - 1} rounds, weight of the events {first:.4f} before and {last:.4f} after>"


def replay(
    memory: Memory,
    events: Any,
    *,
    rule: str = "self",
    rounds: int = 200,
    replays: int = 1,
    runs: int = 1,
    keep: float = 1.0,
    strength: float = 1.0,
    mass: float | None = None,
    event_mass: float = 1.0,
    cue: str = "mask:0.5",
    disrupt: float = 0.0,
    disrupt_rounds: str | None = None,
    stream: Any = None,
    fresh: int | None = None,
    core: Any = None,
    core_sigma: float | None = None,
    random_state: Any = 0,
    state: str | os.PathLike[str] | None = None,
    resume: bool = False,
    save_every: float = 30.0,
    progress: Progress | None = None,
) -> Replayed:
    """Replays events in a memory, round by round, and returns it with its new weights.

    Each memory has a mass m, and its weight is its share of all mass. A round changes the masses to keep * m + strength *
    (replays of that memory), and adds `fresh` new experiences of mass 1. With ``rule="self"`` the mean weight of an event
    stays what it is, and most runs lose it; ``rule="cued"`` and ``rule="power:2"`` consolidate.

    Parameters
    ----------
    memory : Memory
        A `Modern`, `Diffusion` or `Mixture` memory of patterns. It is not changed.
    events : array_like (E, D) or (D,)
        The events. One that is stored already is that memory; others become new memories.
    rule : {"self", "cued"} or "power:γ", default "self"
        What is replayed: samples of the memory itself, recalls of partial traces of the events, or samples with
        probabilities that are the power γ > 0 of the weights.
    rounds : int, default 200
        Number of rounds.
    replays : int, default 1
        Replays in a round, all of them from the memory as the round began.
    runs : int, default 1
        Independent runs, over which means and quantiles are taken.
    keep : float, default 1.0
        Share of its mass that a memory keeps in a round. At 0 the memory is fitted anew to the replays of the round.
    strength : float, default 1.0
        Mass that a replay adds.
    mass : float, optional
        Mass of the stored memories together. Default: their number.
    event_mass : float, default 1.0
        Mass of each event that is not stored yet.
    cue : str, default "mask:0.5"
        The partial trace with which a cued replay begins, as in `corrupt`.
    disrupt : float, default 0.0
        Probability that a replay is prevented.
    disrupt_rounds : str, optional
        The rounds in which replays are prevented, as in "1-50". Default: all.
    stream : array_like (S, D), optional
        Other experiences, which come one after the other.
    fresh : int, optional
        How many of them come in a round. Default: 1 if there is a stream.
    core : array_like of bool (E, D) or (D,), optional
        The units of the events that replays keep. The others are taken from a stored memory that fits the core.
    core_sigma : float, optional
        How closely it has to fit: it is drawn with weight exp(-d**2 / (2 * core_sigma**2)) at distance d from the core.
        Default: half a spread of the patterns.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.
    state : str or path, optional
        A file that keeps the state, so that a stopped protocol can go on.
    resume : bool, default False
        Whether to go on from that file. All settings must be the same; only `rounds` may be raised.
    save_every : float, default 30.0
        Seconds between two saves of the state.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called as
        ``progress(round, rounds)`` after each round.

    Returns
    -------
    Replayed

    Raises
    ------
    ValueError
        Rows of another width than the patterns, a setting outside its range, or a state of other settings.
    TypeError
        The memory has no patterns, or its model does not weigh them.
    KeyboardInterrupt
        Ctrl-C was pressed. The state is saved if `state` names a file.

    Examples
    --------
    >>> import numpy as np
    >>> import attractor
    >>> patterns = np.random.default_rng(0).choice([-1.0, 1.0], (20, 32))
    >>> memory = attractor.Diffusion(patterns[:19])
    >>> plain = attractor.replay(memory, patterns[19], runs=1000)
    >>> bool(abs(plain.weight[-1] - 0.05) < 0.01), bool(plain.fallen[-1] > 0.5)
    (True, True)
    >>> cued = attractor.replay(memory, patterns[19], rule="cued")
    >>> round(float(cued.weight[-1]), 3)
    0.914
    >>> int(cued.memory.recall(patterns[19]).memory[0])
    19
    """
    if not isinstance(memory, Memory):
        raise TypeError(f"memory: expected a memory of attractor, found {shown(memory)}")
    held = memory._built()
    settings = {
        "rule": rule,
        "rounds": rounds,
        "replays": replays,
        "runs": runs,
        "keep": keep,
        "strength": strength,
        "mass": mass,
        "event_mass": event_mass,
        "cue": cue,
        "disrupt": disrupt,
        "disrupt_rounds": disrupt_rounds,
        "fresh": fresh,
        "core_sigma": core_sigma,
    }
    if resume and state is None:
        raise ValueError("resume: expected a file of a state with it, found none; give state")
    core_units = None
    if core is not None:
        core_units = np.asarray(core)
        if core_units.dtype != np.bool_ and not np.isin(core_units, (0, 1)).all():
            raise ValueError("core: expected True (or 1) for units of the core and False (or 0) elsewhere")
        core_units = as_rows("core", np.ascontiguousarray(core_units.astype(np.bool_)), True, memory._image)
    with followed(progress, "replay") as told:
        work = partial(
            _attractor.replay,
            held,
            memory._states("events", events)[0],
            {name: value for name, value in settings.items() if value is not None},
            seed=seed_of(random_state),
            stream=None if stream is None else memory._states("stream", stream)[0],
            core=core_units,
            state=None if state is None else os.fsdecode(state),
            resume=bool(resume),
            every=scalar("save_every", save_every),
        )
        made, columns, places = interruptible(lambda tell: work(progress=tell), told, keeps=state is not None)
    columns["weights"] = columns.pop("events")
    return Replayed({"memory": of_core(made), "events": [np.array(place) for place in places], **columns})
