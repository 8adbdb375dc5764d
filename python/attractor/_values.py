"""Checks arguments and converts them to the types that Rust takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import Array, shown


class NotFitted(ValueError, AttributeError):
    """Raised if a memory without patterns is asked for something that needs them."""


def each(what: str, values: Any, count: int) -> Array | None:
    """Checks that there is one entry for each of `count` rows."""
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (count,):
        raise ValueError(f"{what}: expected one for each of {count} rows, found an array of shape {array.shape}")
    return array


def weights_of(what: str, values: Any, count: int) -> list[float] | None:
    """Checks that there is one number for each of `count` rows."""
    array = each(what, values, count)
    if array is None:
        return None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: expected numbers, found {array.dtype}")
    return array.astype(np.float64).tolist()


def scalar(what: str, value: Any) -> float:
    """Checks that a value is a number."""
    if type(value) is float:
        return value
    if isinstance(value, (str, bytes, bool)) or value is None:
        raise TypeError(f"{what}: expected a number, found {shown(value)}")
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except OverflowError:
        raise ValueError(f"{what}: expected a number that float64 holds, found {shown(value)}") from None
    except (TypeError, ValueError):
        raise TypeError(f"{what}: expected a number, found {shown(value)}") from None


def count(what: str, value: Any, least: int = 0) -> int:
    """Checks that a value is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what}: expected a whole number, found {shown(value)}")
    if not least <= value < 2**63:
        raise ValueError(f"{what}: expected a whole number from {least} to 2**63 - 1, found {shown(value)}")
    return int(value)


def count_if(what: str, value: Any, least: int = 0) -> int | None:
    """Checks that a value is a whole number or None."""
    return None if value is None else count(what, value, least)


def words(what: str, value: Any) -> str:
    """Checks that a value is a text."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a text, found {shown(value)}")
    return value


def room(what: str, *shape: int) -> None:
    """Refuses arrays that do not fit in memory, before any work is done."""
    try:
        np.empty(shape)
    except (ValueError, MemoryError):
        raise ValueError(
            f"{what}: expected what memory has room for, found {' x '.join(map(str, shape))} numbers"
        ) from None
