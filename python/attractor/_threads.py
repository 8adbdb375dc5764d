"""The number of threads of the kernels."""

from __future__ import annotations

import os

from . import _attractor
from ._values import count as whole

#: The number that `set_threads` was last given, and the process: a child that is forked has no threads of its parent.
_given: tuple[int, int] | None = None


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
    global _given
    count = whole("count", count)
    _attractor.set_threads(count)
    _given = os.getpid(), count


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


def chosen() -> int:
    """The number of threads that someone chose for this process; 1 if nobody did. A worker has others beside it."""
    if _given is not None and _given[0] == os.getpid():
        return _given[1]
    written = os.environ.get("RAYON_NUM_THREADS", "")
    return int(written) if written.isdecimal() and 0 < int(written) <= 512 else 1
