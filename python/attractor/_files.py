"""Reading files, corrupting patterns, and the shipped digits."""

from __future__ import annotations

import os
import warnings
from typing import Any, NamedTuple

import numpy as np

from . import _attractor, _models
from ._arrays import Array, as_array, as_floats, as_rows, image_shape, is_raw, precision, seed_of, shown
from ._estimator import tensor
from ._fits import Weighted
from ._memory import Memory
from ._values import count, flag, labels_of, numbers, words

#: Colours that have a name.
_COLOURS = {"white": (255, 255, 255), "black": (0, 0, 0)}


class Corrupted(NamedTuple):
    """Cues, and which of their units were not removed."""

    #: The cues, in the shape of the patterns.
    cues: Array
    #: True where a unit was not removed. It can be given to `clamp`.
    known: Array


class Digits(NamedTuple):
    """Handwritten digits, 8 x 8."""

    #: (1797, 8, 8), uint8 from 0 to 255, in 17 grey levels.
    images: Array
    #: The digit that each image shows, (1797,).
    labels: Array


class Rows(NamedTuple):
    """The content of a file of rows."""

    #: The rows, (N, D): bytes, bools, float32 or float64, as in the file.
    values: Array
    #: Channels, height and width of the images, if the rows are known to be images.
    shape: str | None
    #: A label for each row, if there are any.
    labels: list[str] | None

    @property
    def images(self) -> Array:
        """The rows as images: (N, H, W) of grey, (N, H, W, 3) or (N, 3, H, W) of colour, as they are in the file.

        Raises
        ------
        ValueError
            The rows are not known to be images.
        """
        if self.shape is None:
            raise ValueError('images: expected rows that are images, found rows without a shape; give read shape="HxW"')
        return self.values.reshape(len(self.values), *map(int, self.shape.split("x")))


def load(path: str | os.PathLike[str], *, dtype: Any = None, **options: Any) -> Memory:
    """Reads a stored memory, which Python or the command line wrote.

    Parameters
    ----------
    path : str or path
        A file that `save` or ``attractor store`` wrote.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: that of the file.
    **options
        Options of its model. They override the stored options.

    Returns
    -------
    Memory

    Raises
    ------
    OSError
        The file does not exist or cannot be read.
    ValueError
        The file is not a memory or is damaged, or the model does not have an option.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "two.memory")
    ...     attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], beta=3.0).save(path)
    ...     attractor.load(path)
    <Modern(beta=3.0, prepare='none') of 2 memories of 2 units, float64, beta 3>
    """
    wide = None if dtype is None else precision(np.empty(0), dtype).itemsize == 8
    place = os.fsdecode(path)
    core = _attractor.Memory.load(place, None, None, wide)
    memory = of_core(core)
    if options:
        memory.set_params(**options)
        core = _attractor.Memory.load(place, None, (core.model, memory._named()), wide)
        memory._hold(core, _labels(core))
    return memory


def of_core(core: _attractor.Memory, *, in_parts: bool = False) -> Memory:
    """A built memory, in the class of its model. One in parts has no weights, and should not be asked for its bytes."""
    kinds = {kind._model: kind for kind in _models.MODELS}
    memory: Memory = kinds[core.model]()
    for name, value in core.options.items():
        setattr(memory, name.replace("-", "_"), value)
    # What was given and not learned is given again when patterns are added or removed.
    if core.options.get("rule") == "given":
        memory.couplings = core.couplings()
    held = core.locations()
    if held is not None and held[3]:
        memory.addresses = np.where(held[0], 1.0, -1.0)
    memory.prepare = core.prepare
    memory._hold(core, _labels(core))
    if not in_parts and isinstance(memory, Weighted) and core.weights() is None:
        own = tensor(core.to_bytes(), "weights")
        memory._prior = None if own is None else own / own.sum()
    return memory


def append(
    path: str | os.PathLike[str],
    X: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    values: Any = None,
) -> int:
    """Appends patterns to a stored memory in its file, as `attractor store --append --check-cues 0` does.

    The memory is not loaded. Where its model learns nothing from all patterns together (modern, dense, single-shot and diffusion
    models), the cost is that of the new patterns, however many there are already: they are written behind those before. Other
    models read all patterns, and write the file anew. Several processes may append to a file at the same time. `compact` makes the
    file one piece again.

    Parameters
    ----------
    path : str or path
        A file that `save` or ``attractor store`` wrote; or the folder of a memory in parts, which are then all written anew.
    X : array_like (N, D), or (N, ...) of images
        Patterns, which are prepared as those in the file were.
    y : array_like (N,), optional
        A label for each pattern.
    sample_weight : array_like (N,), optional
        Prior weights, if those in the file have some.
    values : array_like (N, Dv), optional
        Associated vectors, if those in the file have some.

    Returns
    -------
    int
        How many patterns the memory now has.

    Raises
    ------
    OSError
        The file cannot be read or written. It is then as it was.
    ValueError
        The file is not a memory of patterns, or the patterns do not go with those in it. It is then as it was.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "two.memory")
    ...     attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], beta=3.0).save(path)
    ...     attractor.append(path, [[4.0, 4.0]])
    ...     attractor.load(path).patterns.tolist()
    3
    [[1.0, -2.0], [-2.0, 1.0], [4.0, 4.0]]
    """
    wide = np.dtype(np.float64)
    rows = as_floats(as_rows("X", as_array("X", X), False), wide)
    labels = labels_of("y", y, len(rows))
    weights = None if sample_weight is None else as_array("sample_weight", sample_weight).astype(wide).ravel().tolist()
    beside = None if values is None else as_floats(as_rows("values", as_array("values", values), False), wide)
    texts = None if labels is None else [str(label) for label in labels.tolist()]
    place = os.fsdecode(path)
    if os.path.isdir(place):
        if weights is not None or beside is not None:
            given = "sample_weight" if weights is not None else "values"
            raise ValueError(f"{given}: expected none, as a memory in parts has none, found some; leave it away")
        return _attractor.append_to_parts(place, rows, labels=texts)
    return _attractor.append(place, rows, labels=texts, weights=weights, values=beside)


def shard(path: str | os.PathLike[str], parts: int, out: str | os.PathLike[str] | None = None) -> list[str]:
    """Cuts a stored memory into parts, for workers that each hold one: see `attractor.distributed.Memory`.

    A memory is cut where its reads are, so that recalls from the parts equal those from the whole to the bit. No more than a few MiB of
    the patterns are in this process at a time.

    Parameters
    ----------
    path : str or path
        A file that `save` or ``attractor store`` wrote: of `Modern`, `Diffusion` or `Universal`, without weights, values or a potential.
    parts : int
        Into how many files, from 1 to at most 64. A small memory, which is read in fewer pieces, has fewer.
    out : str or path, optional
        Folder for the parts. Default: the name of the memory with ".parts".

    Returns
    -------
    list of str
        The files, in order.

    Raises
    ------
    OSError
        A file cannot be read or written.
    ValueError
        The file is another memory, or the memory cannot be cut into so many parts; the sentence says how many are possible.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "two.memory")
    ...     attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], beta=3.0).save(path)
    ...     [os.path.basename(part) for part in attractor.shard(path, 1)]
    ['part-1-of-1.memory']
    """
    place = os.fsdecode(path)
    folder = place + ".parts" if out is None else os.fsdecode(out)
    return [os.fspath(part) for part in _attractor.shard(place, count("parts", parts, 1), folder)]


def compact(path: str | os.PathLike[str]) -> int:
    """Writes a stored memory anew in one piece, if patterns were appended to it in parts.

    Other programs that read safetensors files read it then.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    int
        How many parts there were.

    Raises
    ------
    OSError
        The file cannot be read or written.
    ValueError
        The file is not a memory of patterns.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "two.memory")
    ...     attractor.Modern([[1.0, -2.0], [-2.0, 1.0]]).save(path)
    ...     _ = attractor.append(path, [[4.0, 4.0]])
    ...     attractor.compact(path)
    1
    """
    return _attractor.compact(os.fsdecode(path))


#: Labels that would take more bytes than this in one array of texts are held as objects.
_ROOM = 1 << 26


def _labels(core: _attractor.Memory) -> Array | None:
    """The labels of a stored memory. A file keeps texts; if all are numbers or bools as Python writes them, they become so
    again."""
    labels = core.labels()
    if labels is None:
        return None
    for kind in (int, float, {"True": True, "False": False}.__getitem__):
        try:
            values = [kind(label) for label in labels]
        except (ValueError, KeyError, OverflowError):
            continue
        if [str(value) for value in values] == labels and all(value == value for value in values):
            return np.array(values)
    # NumPy gives every label the room of the longest.
    room = 4 * max(map(len, labels), default=0) * len(labels)
    return np.array(labels) if room < _ROOM else np.array(labels, dtype=object)


def read(
    path: str | os.PathLike[str],
    *,
    shape: str | None = None,
    layout: str | None = None,
    resize: tuple[int, int] | None = None,
    grey: bool = False,
    colour: bool = False,
    background: str | tuple[int, int, int] | None = None,
    header: bool | None = None,
    label_column: str | int | bool | None = None,
) -> Rows:
    """Reads rows from a file of any format that the command line reads.

    What is guessed about a table is said in a warning.

    Parameters
    ----------
    path : str or path
        A .npy, .npz (FILE:ARRAY), .safetensors, IDX, CIFAR-10 .bin, .faiss or .csv file, a PNG or JPEG picture, or a folder
        of pictures. Some of these may be gzipped. Builds with the features read .parquet and .arrow (FILE:COLUMN), too.
    shape : str, optional
        "HxW", "CxHxW" or "HxWxC" of images, if the file does not say.
    layout : {"chw", "hwc"}, optional
        Order of an image's numbers, if the file does not say.
    resize : (int, int), optional
        Height and width that pictures are brought to. Without it, all must have one size.
    grey : bool, default False
        Whether pictures are converted to grey.
    colour : bool, default False
        Whether grey pictures are converted to colour.
    background : {"white", "black"} or (int, int, int), optional
        The colour behind transparent pixels: red, green and blue, from 0 to 255. Without it they are refused.
    header : bool, optional
        Whether the first line of a table is a header. Default: found out from the table.
    label_column : str, int or False, optional
        The column of a table that holds labels: its name, or its number from 1. False if there is none. Default: found
        out from the table.

    Returns
    -------
    Rows
        Integers other than bytes are int64, and keep all of their digits.

    Raises
    ------
    OSError
        The file does not exist or cannot be read.
    ValueError
        The file is damaged, of an unknown format, or can be read in two ways.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "animals.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("label,size,speed\\ncat,0.5,0.7\\ndog,0.9,0.6\\n")
    ...     rows = attractor.read(path)
    >>> rows.values, rows.labels
    (array([[0.5, 0.7],
           [0.9, 0.6]]), ['cat', 'dog'])
    """
    if label_column is True or label_column == "":
        raise ValueError(f"label_column: expected a name, a number from 1 or False, found {label_column!r}")
    reading = {
        "shape": None if shape is None else words("shape", shape),
        "layout": None if layout is None else words("layout", layout),
        "resize": None if resize is None else numbers("resize", resize, 2, "a pair (height, width)"),
        "grey": flag("grey", grey),
        "colour": flag("colour", colour),
        "background": None if background is None else _colour(background),
        "header": None if header is None else flag("header", header),
        "label_column": "" if label_column is False else None if label_column is None else str(label_column),
    }
    values, found, labels, notes = _attractor.read(os.fsdecode(path), reading)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return Rows(values, found, labels)


def _colour(value: Any) -> tuple[int, ...]:
    """Red, green and blue, from 0 to 255."""
    expected = "white, black or three numbers from 0 to 255"
    colour = _COLOURS.get(value) if isinstance(value, str) else numbers("background", value, 3, expected)
    if colour is None or max(colour) > 255:
        raise ValueError(f"background: expected {expected}, found {shown(value)}")
    return colour


def corrupt(
    patterns: Any, corruption: str, *, shape: str | None = None, first_row: int = 0, random_state: Any = 0
) -> Corrupted:
    """Makes cues from patterns by noise, flips or missing parts.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, H, W), (N, H, W, 3) or (N, 3, H, W) of images
        Bytes (uint8) are read as grey values from 0 to 1; a flip of a grey value y is 1 - y.
    corruption : str
        "sigma:S" (with ":clip" or ":fold" to stay in [0, 1]), "signal:T", "flip:P", "salt-pepper:P", "mask:P", or
        "block:SIDE:SHARE" with SIDE one of bottom, top, left, right, border.
    shape : str, optional
        "HxW", "CxHxW" or "HxWxC" of images. Default: the shape of the array, or a square.
    first_row : int, default 0
        Number of the first pattern. A pattern's number determines its random numbers.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.

    Returns
    -------
    Corrupted
        A tuple of `cues` and `known`.

    Examples
    --------
    >>> import attractor
    >>> cues, known = attractor.corrupt([[1.0, 2.0], [3.0, 4.0]], "block:bottom:1", shape="2x1")
    >>> cues
    array([[0., 0.],
           [0., 0.]])
    """
    array = as_array("patterns", patterns)
    kind = precision(array, None)
    shape = image_shape(array) if shape is None else words("shape", shape)
    flat = as_floats(as_rows("patterns", array, True), kind)
    if not np.isfinite(flat).all():
        raise ValueError("patterns: expected finite numbers, found NaN or infinity; remove or repair those rows")
    seed, first = seed_of(random_state), count("first_row", first_row)
    cues, known = _attractor.corrupt(flat, words("corruption", corruption), seed, first, is_raw(array), shape)
    return Corrupted(cues.reshape(array.shape), known.reshape(array.shape))


def digits() -> Digits:
    """Returns the 1,797 handwritten digits that ship with the package.

    "Optical recognition of handwritten digits" by E. Alpaydin and C. Kaynak (UCI Machine Learning Repository, 1998, CC BY
    4.0), test part, in the order of scikit-learn's `load_digits`. The grey levels, 0 to 16, are scaled to 0 to 255.

    Returns
    -------
    Digits

    Examples
    --------
    >>> import attractor
    >>> attractor.digits().images.shape
    (1797, 8, 8)
    """
    images, labels = _attractor.digits()
    grey = np.rint(images * (255 / 16)).astype(np.uint8)
    return Digits(grey.reshape(-1, 8, 8), labels)
