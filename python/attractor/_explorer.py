"""The explorer in a notebook: the page of `attractor explore`, with a memory in it."""

from __future__ import annotations

import html
import importlib.util
import os
from typing import TYPE_CHECKING

import numpy as np

from . import _attractor

if TYPE_CHECKING:
    from ._memory import Memory

_BEGIN = '<meta name="attractor-state" content="{}">'


class Explorer:
    """The explorer as a page. A notebook shows it; `save` writes it to a file.

    Where anywidget is installed (``pip install 'attractor[notebook]'``), `Memory.explore` returns a widget, and its `state` follows
    what is done in the page. Otherwise a notebook shows the page in a frame.

    Parameters
    ----------
    page : str
        The page, one HTML document that asks for nothing from elsewhere.
    state : str
        What the page shows first, default: the memory. It is what stands after # in the page's address, such as ``"lesson=cliff"``
        or ``"sigma=0.3&cue=0.5,0.2"``.

    Attributes
    ----------
    page : str
        The page, which begins with the state.
    state : str
        What the page shows. Set it to show something else: a widget shows it at once, and sets it when something is done in the page.
        It observes as every trait does: ``explorer.observe(f, "state")``.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> explorer = attractor.Diffusion([[1.0, 0.0], [-1.0, 0.0]]).explore()
    >>> explorer.state = "sigma=0.3&show=surface,contours,pull"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "explorer.html")
    ...     explorer.save(path)
    ...     os.path.getsize(path) < 2e6
    True
    """

    state: str
    _page: str

    def __init__(self, page: str, state: str = "") -> None:
        self._page = page
        self.state = state

    @property
    def page(self) -> str:
        begin = _BEGIN.format(html.escape(self.state))
        return self._page.replace(_BEGIN.format(""), begin, 1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page to a file, to open in a browser. It begins with the state.

        Parameters
        ----------
        path : str or path
            The file, usually with the ending .html.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        _attractor.write_text(os.fsdecode(path), self.page)

    def __repr__(self) -> str:
        return f"Explorer({len(self.page):,} characters; save(path) writes the page)"

    def _repr_html_(self) -> str | None:
        frame = "width: 100%; height: 900px; border: 0"
        return (
            f'<div><iframe title="attractor explorer" style="{frame}" srcdoc="{html.escape(self.page)}"></iframe></div>'
        )


def of_memory(memory: Memory) -> Explorer:
    """The explorer with the patterns of a memory: a widget where anywidget is installed."""
    patterns = memory._built().patterns()
    if patterns is None:
        raise TypeError(f"explore: expected a memory of patterns, found {type(memory).__name__}, which has none")
    weights = memory.weights
    if weights is not None and np.ptp(weights) > 1e-9:
        raise ValueError(
            "explore: expected memories of equal weight, found weights; store a pattern more often instead"
        )
    rows = np.ascontiguousarray(np.asarray(patterns, dtype=np.float64).reshape(len(patterns), -1))
    labels = [] if memory._labels is None else [str(label) for label in memory._labels]
    image = memory._image
    size = (int(image[0]), int(image[1])) if image is not None and len(image) == 2 else None
    page = _attractor.explorer("the memory", rows, labels, size)
    if importlib.util.find_spec("anywidget") is None:
        return Explorer(page)
    from ._widget import ExplorerWidget

    return ExplorerWidget(page)
