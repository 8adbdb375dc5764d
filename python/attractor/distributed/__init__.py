"""Memories in parts, which workers hold: other processes, or other machines.

`attractor.shard` cuts a stored memory into parts. `Memory` gives each to a worker, asks all of them what a recall needs, and merges
their answers as one process does. So its answers are those of the whole memory, to the bit.

>>> import os, tempfile
>>> import numpy as np
>>> import attractor
>>> from attractor import distributed
>>> patterns = np.random.default_rng(0).choice([-1.0, 1.0], (20_000, 64))
>>> folder = tempfile.TemporaryDirectory()
>>> file = os.path.join(folder.name, "all.memory")
>>> whole = attractor.Modern(patterns, prepare="packed", beta=1.0)
>>> whole.save(file)
>>> parts = attractor.shard(file, 2, os.path.join(folder.name, "parts"))
>>> with distributed.Memory(parts, workers=1) as memory:
...     recalled = memory.recall(patterns[:3])
>>> recalled.memory
array([0, 1, 2])
>>> bool((recalled.states == whole.recall(patterns[:3]).states).all())
True
>>> folder.cleanup()

`client` may be a client of Dask or the module ``ray``, `comm` a communicator of mpi4py. Without them, workers are processes of this
machine.
"""

from ._asking import PartError
from ._memory import Memory

__all__ = ["Memory", "PartError"]
