"""How many threads kernels use."""

from __future__ import annotations

from . import _attractor
from ._values import count as whole


def set_threads(count: int) -> None:
    """Use so many threads from now on.

    Parameters
    ----------
    count : int
        From 1 to 512. Without this there is one for each core (or ``RAYON_NUM_THREADS``). No result depends on it.

    Examples
    --------
    >>> import attractor
    >>> before = attractor.get_threads()
    >>> attractor.set_threads(1)
    >>> attractor.get_threads()
    1
    >>> attractor.set_threads(before)
    """
    _attractor.set_threads(whole("count", count))


def get_threads() -> int:
    """How many threads kernels use.

    Returns
    -------
    int

    Examples
    --------
    >>> import attractor
    >>> attractor.get_threads() >= 1
    True
    """
    return _attractor.get_threads()
