"""Associative memory, from Hopfield (1982) to diffusion models.

Every memory stores patterns, recalls them from cues, and reports what it recalled in the same way:

>>> import numpy as np
>>> import attractor
>>> patterns = np.random.default_rng(0).choice([-1.0, 1.0], (10, 64))
>>> memory = attractor.Modern(patterns, beta="auto")
>>> recalled = memory.recall(patterns + 0.5 * np.random.default_rng(1).normal(size=(10, 64)))
>>> recalled.memory
array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

Memories: `Hopfield`, `Bidirectional`, `Sequence`, `SparseDistributed`, `Dense`, `Modern`, `LogSumRelu`, `RandomFeatures`, `ContinuousSequence`, `Universal`, `Diffusion`,
`Mixture` (points, lines, spheres, clouds), `Network` (learned), and `Denoiser` for any denoiser of your own. Equal seeds give equal bits here, on the command
line and in Rust, on any number of threads.
"""

from __future__ import annotations

import os as _os

from . import _attractor, executors, plot
from ._audit import audit, inspect
from ._capacity import capacity
from ._density import fit
from ._experiments import Report, experiments, merge, recommend, reproduce
from ._explorer import Explorer
from ._files import Corrupted, Digits, Rows, append, compact, corrupt, digits, load, read, shard
from ._memory import Memory
from ._minima import Minima, minima
from ._models import (
    Bidirectional,
    ContinuousSequence,
    Denoiser,
    Dense,
    Diffusion,
    Hopfield,
    Local,
    LogSumRelu,
    Mixture,
    Modern,
    Network,
    RandomFeatures,
    Sequence,
    SparseDistributed,
    Universal,
)
from ._monitor import Monitor, TauMem
from ._paths import Process, Sampler, processes, samplers
from ._potential import Potential
from ._replay import Replayed, replay
from ._results import Counts, Effect, Frame, Recall, Trace
from ._threads import get_threads, set_threads
from ._warnings import AttractorWarning

__version__ = _attractor.__version__

__all__ = [
    "AttractorWarning",
    "Bidirectional",
    "ContinuousSequence",
    "Corrupted",
    "Counts",
    "Denoiser",
    "Dense",
    "Diffusion",
    "Digits",
    "Effect",
    "Explorer",
    "Frame",
    "Hopfield",
    "Local",
    "LogSumRelu",
    "Memory",
    "Minima",
    "Mixture",
    "Modern",
    "Monitor",
    "Network",
    "Potential",
    "Process",
    "RandomFeatures",
    "Recall",
    "Replayed",
    "Report",
    "Rows",
    "Sampler",
    "Sequence",
    "SparseDistributed",
    "TauMem",
    "Trace",
    "Universal",
    "append",
    "audit",
    "capacity",
    "compact",
    "corrupt",
    "digits",
    "executors",
    "experiments",
    "fit",
    "get_threads",
    "inspect",
    "load",
    "merge",
    "minima",
    "plot",
    "processes",
    "read",
    "recommend",
    "replay",
    "reproduce",
    "samplers",
    "set_threads",
    "shard",
]

if hasattr(_os, "register_at_fork"):
    # Threads do not survive a fork; the child starts its own when it needs them.
    _os.register_at_fork(after_in_child=_attractor.after_fork)
