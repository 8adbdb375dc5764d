"""Arrays of any kind to those that Rust reads, and back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_MASK = np.dtype(np.bool_)
#: A byte as a grey value, in both number types.
_GREY = {kind: (np.arange(256) / 255.0).astype(kind) for kind in _FLOATS}


def is_raw(array: Array) -> bool:
    """Whether numbers are bytes or bools, and so are read on a scale of 0 to 1."""
    return array.dtype.kind == "b" or array.dtype == np.uint8


def shown(value: Any) -> str:
    """A value in a message: on one line, and no longer than that bears."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]}..."


def as_array(what: str, values: Any, masked: bool = False) -> Array:
    """Any array-like thing, where it lies if it can be; masked units, where they are allowed, are 0."""
    if isinstance(values, np.ma.MaskedArray):
        if not masked and np.ma.getmaskarray(values).any():
            raise ValueError(
                f"{what}: expected units that are known, found masked ones; fill them, or use them as cues"
            )
        values = values.filled(0)
    elif not isinstance(values, np.ndarray):
        if hasattr(values, "detach") and hasattr(values, "cpu"):
            values = _of_tensor(what, values)
        elif not hasattr(values, "__array__") and hasattr(values, "__dlpack__"):
            values = np.from_dlpack(values)
        else:
            try:
                values = np.asarray(values)
            except ValueError as error:
                raise ValueError(f"{what}: expected rows of equal length, found {error}") from None
    if values.dtype.kind not in "fiub" or values.dtype.itemsize > 8 or values.dtype == np.float16:
        found = "nothing that is a number" if values.dtype.kind == "O" else str(values.dtype)
        raise TypeError(
            f"{what}: expected float32, float64, integers, bytes (uint8) or bools, found {found}; "
            "convert it, as with .astype(np.float32)"
        )
    return values


def _of_tensor(what: str, tensor: Any) -> Array:
    """A PyTorch tensor, from its device and without its gradient."""
    tensor = tensor.detach()
    if "bfloat16" in str(tensor.dtype):
        tensor = tensor.float()
    try:
        return np.asarray(tensor.cpu())
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise TypeError(f"{what}: expected a tensor that NumPy can read, found {shown(error)}") from None


def precision(array: Array, asked: Any) -> np.dtype[Any]:
    """The number type of states: as asked for, else as wide as the numbers at hand."""
    if asked is None:
        return _FLOATS[1] if array.dtype.kind == "f" and array.dtype.itemsize == 8 else _FLOATS[0]
    try:
        kind = np.dtype({"f32": np.float32, "f64": np.float64}.get(asked, asked))
    except TypeError:
        kind = np.dtype(object)
    if kind not in _FLOATS:
        raise ValueError(f"dtype: expected float32 or float64, found {shown(asked)}")
    return kind


def as_rows(what: str, array: Array, one: bool) -> Array:
    """Rows of numbers: images lose their shape, and a single vector is one row where that is allowed."""
    if array.ndim == 2:
        return array
    if array.ndim == 1 and one:
        return array[np.newaxis, :]
    if array.ndim > 2:
        return array.reshape(len(array), -1) if len(array) else array.reshape(0, int(np.prod(array.shape[1:])))
    raise ValueError(
        f"{what}: expected a two-dimensional array with one row for each, found {array.ndim} dimensions; "
        "use array[np.newaxis] for a single one"
    )


def as_floats(array: Array, kind: np.dtype[Any]) -> Array:
    """Numbers of this type, bytes as grey values from 0 to 1; without a copy if they are so already."""
    if array.dtype == kind and array.flags.aligned and array.dtype.isnative:
        return array
    if array.dtype == np.uint8:
        return _GREY[kind][array]
    return array.astype(kind)


def rows(what: str, values: Any, kind: np.dtype[Any], masked: bool = False) -> tuple[Array, tuple[int, ...]]:
    """Rows of numbers of this type, and the shape that they were given in."""
    if type(values) is np.ndarray and values.ndim == 2 and values.dtype is kind and values.flags.aligned:
        return values, values.shape
    array = as_array(what, values, masked)
    return as_floats(as_rows(what, array, True), kind), array.shape


def mask_of(cues: Any, clamp: Any) -> Array | None:
    """Which units are known: as told, or where a masked array is not masked."""
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
    return as_rows("clamp", known, True)


def levels(sigma: Any, count: int) -> list[float] | None:
    """One noise level a row."""
    if sigma is None:
        return None
    numbers = as_array("sigma", sigma).astype(np.float64)
    flat = numbers.ravel()
    if flat.size == 1:
        flat = np.broadcast_to(flat, (count,))
    if flat.size != count:
        raise ValueError(f"sigma: expected one number, or one for each of {count} states, found {flat.size}")
    return flat.tolist()


def like(result: Array, given: Any) -> Any:
    """An array of the kind that was given: a PyTorch tensor gets one back, on its device and of its type."""
    if isinstance(given, (np.ndarray, list, tuple)) or np.isscalar(given):
        return result
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(given, torch.Tensor):
        own = given.dtype if given.dtype.is_floating_point else None
        return torch.from_numpy(result).to(device=given.device, dtype=own)
    if hasattr(given, "__array_namespace__"):
        return given.__array_namespace__().asarray(result)
    return result


def seed_of(random_state: Any) -> int:
    """A seed, from what scikit-learn takes as a random state."""
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
