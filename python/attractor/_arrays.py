"""Converts arrays of any kind to those that Rust reads, and back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
#: Number types of half precision, of NumPy and of packages that extend it. float32 holds each of their numbers.
_HALVES = ("float16", "bfloat16")
_MASK = np.dtype(np.bool_)
#: The grey value of each byte, for both number types.
_GREY = {kind: (np.arange(256) / 255.0).astype(kind) for kind in _FLOATS}


class ComplexNumbers(TypeError, ValueError):
    """Raised for complex numbers: their type cannot be used. scikit-learn expects a ValueError."""


def is_raw(array: Array) -> bool:
    """Whether an array holds bytes or bools, which are read on a scale from 0 to 1."""
    return array.dtype.kind == "b" or array.dtype == np.uint8


def shown(value: Any) -> str:
    """A value for a message: on one line, and shortened."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]}..."


def as_array(what: str, values: Any, masked: bool = False) -> Array:
    """Converts any array-like object to an array, without a copy if possible. Masked units, if allowed, become 0."""
    if isinstance(values, np.ma.MaskedArray):
        if not masked and np.ma.getmaskarray(values).any():
            raise ValueError(
                f"{what}: expected units that are known, found masked ones; fill them, or use them as cues"
            )
        values = values.filled(0)
    elif not isinstance(values, np.ndarray):
        if hasattr(values, "detach") and hasattr(values, "cpu"):
            values = _of_tensor(what, values)
        elif hasattr(values, "__cuda_array_interface__") and hasattr(values, "get"):
            # CuPy copies to the CPU when it is asked to, and not otherwise.
            values = values.get()
        elif not hasattr(values, "__array__") and hasattr(values, "__dlpack__"):
            values = _of_dlpack(what, values)
        elif hasattr(values, "toarray") and hasattr(values, "nnz"):
            raise TypeError(
                f"{what}: expected a dense array, found a sparse {type(values).__name__}; convert it with .toarray()"
            )
        else:
            try:
                values = np.asarray(values)
            except ValueError as error:
                raise ValueError(f"{what}: expected rows of equal length, found {error}") from None
    if values.dtype.kind == "O":
        values = _of_objects(what, values)
    if values.dtype.kind == "c":
        raise ComplexNumbers(
            f"{what}: expected real numbers, found {values.dtype}; take .real, or .view of its parts. Complex data not supported"
        )
    if values.dtype.name in _HALVES:
        return values.astype(np.float32)
    if values.dtype.kind not in "fiub" or values.dtype.itemsize > 8:
        found = "nothing that is a number" if values.dtype.kind == "O" else str(values.dtype)
        raise TypeError(
            f"{what}: expected floats of 16, 32 or 64 bits, integers, bytes (uint8) or bools, found {found}; "
            "convert it, as with .astype(np.float32)"
        )
    return values


def _of_objects(what: str, values: Array) -> Array:
    """Converts objects that are numbers, as columns of pandas that can hold missing values are, and lists of numbers of one length,
    as columns of embeddings in tables of pandas and pyarrow are."""
    column = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if column.ndim == 1 and column.size and all(isinstance(row, (list, tuple, np.ndarray)) for row in column):
        lengths = {len(row) for row in column}
        if len(lengths) > 1:
            raise ValueError(
                f"{what}: expected rows of equal length, found lengths from {min(lengths)} to {max(lengths)}"
            )
        return as_array(what, np.stack([np.asarray(row) for row in column]))
    for place, value in np.ndenumerate(values):
        if value is None or not isinstance(value, (int, float, np.number, np.bool_)):
            if value is None or type(value).__name__ in ("NAType", "NaTType"):
                where = ", ".join(str(n) for n in place)
                raise ValueError(
                    f"{what}: expected a number everywhere, found a missing value at ({where}); fill it in"
                )
            if isinstance(value, (str, bytes, complex)):
                return values
            try:
                float(value)
            except (TypeError, ValueError) as error:
                raise TypeError(f"{what}: expected numbers, found nothing that is a number: {error}") from None
    return np.array(values.tolist())


def names_of(values: Any) -> Array | None:
    """The names of a data frame's columns. None for other values, or if some names are not texts."""
    columns = getattr(values, "columns", None)
    if columns is None:
        return None
    names = list(columns)
    return np.array(names, dtype=object) if names and all(isinstance(name, str) for name in names) else None


def _of_tensor(what: str, tensor: Any) -> Array:
    """Converts a PyTorch tensor, on any device and without its gradient."""
    tensor = tensor.detach()
    if "bfloat16" in str(tensor.dtype):
        tensor = tensor.float()
    try:
        return np.asarray(tensor.cpu())
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise TypeError(f"{what}: expected a tensor that NumPy can read, found {shown(error)}") from None


def _of_dlpack(what: str, values: Any) -> Array:
    """Converts an object that offers nothing but DLPack."""
    try:
        return np.from_dlpack(values)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(
            f"{what}: expected an array in the memory of the CPU, found {type(values).__name__} ({shown(error)}); copy it there"
        ) from None


def precision(array: Array, asked: Any) -> np.dtype[Any]:
    """The number type of states: the one asked for, else float64 for a float64 array and float32 for others."""
    if asked is None:
        return _FLOATS[1] if array.dtype.kind == "f" and array.dtype.itemsize == 8 else _FLOATS[0]
    try:
        kind = np.dtype({"f32": np.float32, "f64": np.float64}.get(asked, asked))
    except TypeError:
        kind = np.dtype(object)
    if kind not in _FLOATS:
        raise ValueError(f"dtype: expected float32 or float64, found {shown(asked)}")
    return kind


def as_rows(what: str, array: Array, one: bool, image: Shape | None = None) -> Array:
    """Converts to rows of numbers. Images are flattened. A single vector, or a single image of the shape `image`, becomes
    one row if `one` allows it."""
    if not array.size and array.ndim == 2:
        # An empty view may have strides that make no sense, which Rust looks at.
        array = np.zeros(array.shape, array.dtype)
    if one and is_one(array.shape, image):
        return array.reshape(1, -1)
    if array.ndim == 2:
        return array
    if array.ndim > 2:
        return array.reshape(len(array), -1) if len(array) else array.reshape(0, int(np.prod(array.shape[1:])))
    raise ValueError(
        f"{what}: expected a two-dimensional array with one row for each, found {array.ndim} dimensions; "
        "use array[np.newaxis] for a single one"
    )


def image_shape(array: Array) -> str | None:
    """The shape of images as options take it: "HxW" of (N, H, W), "CxHxW" or "HxWxC" of four dimensions."""
    sizes = array.shape[1:]
    coloured = len(sizes) == 3 and not {1, 3}.isdisjoint((sizes[0], sizes[2]))
    return "x".join(map(str, sizes)) if len(sizes) == 2 or coloured else None


def is_one(shape: Shape, image: Shape | None) -> bool:
    """Whether a shape is that of a single vector, or of a single image of the shape `image`."""
    return len(shape) == 1 or shape == image


def as_floats(array: Array, kind: np.dtype[Any]) -> Array:
    """Converts to this number type, bytes to grey values from 0 to 1. It makes no copy if none is needed."""
    if array.dtype == kind and array.flags.aligned and array.dtype.isnative:
        return array
    if array.dtype == np.uint8:
        return _GREY[kind][array]
    return array.astype(kind)


def rows(
    what: str, values: Any, kind: np.dtype[Any], masked: bool = False, image: Shape | None = None
) -> tuple[Array, Shape]:
    """Rows of numbers of this type, and the shape that was given. One image of the shape `image` is one row."""
    if (
        type(values) is np.ndarray
        and values.ndim == 2
        and values.dtype is kind
        and values.flags.aligned
        and values.size
    ):
        return values if values.shape != image else values.reshape(1, -1), values.shape
    array = as_array(what, values, masked)
    return as_floats(as_rows(what, array, True, image), kind), array.shape


def mask_of(cues: Any, clamp: Any, image: Shape | None = None) -> Array | None:
    """Which units are known: by `clamp`, or where a masked array is not masked."""
    masked = isinstance(cues, np.ma.MaskedArray)
    if clamp is None:
        if not masked or cues.mask is np.ma.nomask:
            return None
        known = ~np.ma.getmaskarray(cues)
    elif masked:
        raise ValueError("clamp: expected a mask or masked cues, found both; leave one away")
    else:
        known = np.asarray(clamp)
        if known.dtype != _MASK:
            if known.dtype.kind not in "iuf" or not np.isin(known, (0, 1)).all():
                raise ValueError(
                    "clamp: expected True (or 1) where a unit is known and False (or 0) elsewhere, found other values"
                )
            known = known.astype(_MASK)
    return as_rows("clamp", known, True, image)


def levels(sigma: Any, count: int) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """One noise level for each row."""
    if sigma is None:
        return None
    if type(sigma) is float:
        return np.full(count, sigma)
    flat = as_array("sigma", sigma).astype(np.float64).ravel()
    if flat.size == 1:
        return np.full(count, flat[0])
    if flat.size != count:
        raise ValueError(f"sigma: expected one number, or one for each of {count} states, found {flat.size}")
    return np.ascontiguousarray(flat)


def like(result: Array, given: Any, state: bool = True) -> Any:
    """Converts a result to the kind of array that was given: for a PyTorch tensor, a tensor on its device. A `state` also
    gets the number type that was given, if that is one of floats."""
    if isinstance(given, (np.ndarray, list, tuple)) or np.isscalar(given):
        return result
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(given, torch.Tensor):
        own = given.dtype if state and given.dtype.is_floating_point else None
        return torch.from_numpy(np.ascontiguousarray(result)).to(device=given.device, dtype=own)
    if hasattr(given, "__array_namespace__"):
        xp = given.__array_namespace__()
        own = given.dtype if state and "float" in str(given.dtype) else None
        return xp.asarray(result, dtype=own)
    return result


def seed_of(random_state: Any) -> int:
    """The seed of a random state, which may be anything that scikit-learn accepts."""
    if type(random_state) is int or isinstance(random_state, np.integer):
        seed = int(random_state)
        if not 0 <= seed < 2**64:
            raise ValueError(f"random_state: expected a whole number from 0 to 2**64 - 1, found {seed}")
        return seed
    if random_state is None or random_state is np.random:
        return int(np.random.randint(0, 2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**63 - 1))
    raise TypeError(
        f"random_state: expected a whole number, a NumPy generator or None, found {type(random_state).__name__}"
    )
