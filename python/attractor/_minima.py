"""The minima of a landscape."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, seed_of, shown
from ._memory import Memory
from ._progress import Progress, followed
from ._results import _Frozen
from ._values import count as whole
from ._values import scalar


class Minima(_Frozen):
    """The minima of a memory's landscape. Those with the most starts come first, then those of lower energy.

    Attributes
    ----------
    states : ndarray (M, D)
        The minima, in the units of the patterns.
    energy : ndarray (M,)
        Their energies; NaN if the memory has none.
    found : ndarray of int (M,)
        Number of starts that ended there. 0 for minima that only the exact list has.
    share, share_low, share_high : ndarray (M,)
        Share of all starts that came to rest, and its 95 % interval: the share of the basin.
    relation : ndarray of str (M,)
        "stored", "negative" (of a stored pattern), "mixture" (of several patterns) or "emergent" (none of these).
    memories : list of list of (int, float)
        The patterns that a minimum consists of, with their weights; of states of +1 and -1 with their signs.
    starts, rested, undefined : int
        Number of starts, of those that came to rest, and of those that had no next state.
    listed : int or None
        Length of the exact list. None if there is none.
    unseen : float or None
        Estimated share of all basins that no start has seen.
    at_least : float
        Estimate of how many minima there are, or more.
    """

    states: Array
    energy: Array
    found: Array
    share: Array
    share_low: Array
    share_high: Array
    relation: Array
    memories: list[list[tuple[int, float]]]
    starts: int
    rested: int
    undefined: int
    listed: int | None
    unseen: float | None
    at_least: float

    _columns = ("energy", "found", "share", "share_low", "share_high", "relation")

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.relation, return_counts=True)
        words = ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True))
        return f"Minima: {len(self)} ({words}), from {self.starts} starts"


def minima(
    memory: Memory,
    *,
    starts: int = 1000,
    sigma: float | None = None,
    near: float | None = None,
    within: float = 0.01,
    exact: str = "auto",
    random_state: Any = 0,
    progress: Progress | None = None,
) -> Minima:
    """Finds the minima of a memory's landscape, with the shares of their basins.

    States descend from random starts until they rest. For log-sum-ReLU, and for states of +1 and -1 up to 24 units, all minima
    are also listed exactly.

    Parameters
    ----------
    memory : Memory
        The memory.
    starts : int, default 1000
        Number of starts.
    sigma : float, optional
        Noise level of the landscape, in the units of the patterns. Diffusion needs one; memories with one landscape have none.
    near : float, optional
        Start from stored patterns with Gaussian noise of this standard deviation. Default: from noise, as `Memory.sample`
        does; at a noise level, from states of the memory with that noise.
    within : float, default 0.01
        Ends within this many spreads of each other, as a root mean square over units, are one minimum.
    exact : {"auto", "on", "off"}, default "auto"
        Whether to list all minima exactly. auto does where it takes little; on raises where no list is known.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of the starts.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called as
        ``progress(done, starts)``.

    Returns
    -------
    Minima

    Raises
    ------
    ValueError
        An option outside its range.
    TypeError
        A noise level that is missing or that the memory does not have, or a list that no theory gives.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.LogSumRelu([[0.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    >>> found = attractor.minima(memory)
    >>> found.listed
    4
    >>> sorted(found.states[:, 0].tolist())
    [0.0, 1.0, 2.0, 9.0]
    >>> found.memories[found.relation.tolist().index("mixture")]
    [(0, 0.5), (1, 0.5)]
    """
    if not isinstance(memory, Memory):
        raise TypeError(f"memory: expected a memory of attractor, found {shown(memory)}")
    if not isinstance(exact, str):
        raise TypeError(f"exact: expected auto, on or off, found {shown(exact)}")
    held = memory._built()
    with followed(progress, "starts") as told:
        found = _attractor.minima(
            held,
            starts=whole("starts", starts),
            near=None if near is None else scalar("near", near),
            seed=seed_of(random_state),
            sigma=None if sigma is None else scalar("sigma", sigma),
            within=scalar("within", within),
            exact=exact,
            progress=told,
        )
    return Minima(found | {"relation": np.array(found["relation"], dtype=str)})
