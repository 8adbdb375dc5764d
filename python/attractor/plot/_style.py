"""What all displays share: Matplotlib on demand, colours, panels inside given axes, and pictures of patterns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._arrays import Array, Shape, shown
from .._html import is_picture

#: Colours that readers with any kind of colour vision tell apart (Okabe & Ito 2008), without the yellow, which is too light for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Markers and line styles, so that nothing is told by colour alone.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":")
#: Maps of colours for numbers of one sign, for numbers about 0, and for grey values.
SEQUENTIAL, DIVERGING, GREY = "cividis", "RdBu_r", "gray"
#: So many rows are drawn if nothing else is said.
MOST = 8


def pyplot() -> Any:
    """Matplotlib's pyplot, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError(
            "plots need Matplotlib, which is not installed; install it with: pip install 'attractor[plot]'"
        ) from None
    return plt


def axes(ax: Any, figsize: tuple[float, float] | None = None) -> tuple[Any, Any]:
    """The figure and axes to draw into: those that were given, or new ones."""
    if ax is None:
        return pyplot().subplots(figsize=figsize, layout="constrained")
    check_axes(ax)
    return ax.figure, ax


def check_axes(ax: Any) -> None:
    pyplot()
    if not hasattr(ax, "get_subplotspec"):
        raise TypeError(f"ax: expected Matplotlib axes or None, found {shown(ax)}")


def panels(ax: Any, rows: int, columns: int, figsize: tuple[float, float], **shared: Any) -> tuple[Any, Any, Array]:
    """A figure, the axes that hold the panels, and the panels. Given axes are emptied, and divided."""
    plt = pyplot()
    if ax is None:
        figure, bounding = plt.subplots(figsize=figsize, layout="constrained")
    else:
        check_axes(ax)
        figure, bounding = ax.figure, ax
    spec = bounding.get_subplotspec()
    if spec is None:
        raise ValueError("ax: expected axes of a grid, as plt.subplots() makes them, found free ones")
    bounding.set_axis_off()
    grid = spec.subgridspec(rows, columns)
    return figure, bounding, grid.subplots(squeeze=False, **shared)


def steps_of(ax: Any, axis: str = "x") -> None:
    """Whole numbers at the ticks of an axis."""
    from matplotlib.ticker import MaxNLocator

    getattr(ax, f"{axis}axis").set_major_locator(MaxNLocator(integer=True))


def plain_logarithms(ax: Any, axis: str) -> None:
    """Numbers as 1, 2, 5, 10, ... at the ticks of a logarithmic axis, as far as there is room."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = sorted(getattr(ax, f"get_{axis}lim")())
    near = high < 200 * max(low, np.finfo(np.float64).tiny)
    own = getattr(ax, f"{axis}axis")
    own.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if near else (1.0,)))
    own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    own.set_minor_formatter(NullFormatter())


def shape_of(image: Shape | None, given: Any, dim: int) -> Shape | None:
    """The shape of pictures: the one that is asked for, or that of the patterns if they are pictures."""
    if given is None:
        return tuple(image) if image is not None and is_picture(tuple(image)) else None
    shape = tuple(int(size) for size in given)
    if not is_picture(shape) or int(np.prod(shape)) != dim:
        raise ValueError(
            f"shape: expected height x width, with channels or without, of {dim} units in all, found {shape}"
        )
    return shape


def limits(values: Iterable[Array]) -> tuple[float, float]:
    """The smallest and largest of finite values, a little apart if they are equal."""
    known = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in values])
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def show(ax: Any, values: Array, low: float, high: float, **style: Any) -> Any:
    """Draws a picture without ticks. Three channels are scaled to colours."""
    if values.ndim == 3:
        values = np.clip((values - low) / (high - low), 0.0, 1.0)
        image = ax.imshow(values, **{k: v for k, v in style.items() if k != "cmap"})
    else:
        image = ax.imshow(values, **({"vmin": low, "vmax": high, "cmap": GREY, "interpolation": "nearest"} | style))
    ax.set_xticks([])
    ax.set_yticks([])
    return image


def name_of(memory: int, labels: Array | None) -> str:
    """A memory's name: its label if it has one, else its number."""
    return f"memory {memory}" if labels is None else str(labels[memory])
