"""The number of threads of the kernels."""

from __future__ import annotations

from . import _attractor
from ._values import count as whole


def set_threads(count: int) -> None:
    """Sets the number of threads of the kernels.

    Parameters
    ----------
    count : int
        From 1 to 512. The default is one per core, or ``RAYON_NUM_THREADS``. No result depends on it.

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
    """Returns the number of threads of the kernels.

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
