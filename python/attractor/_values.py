"""Checks arguments and converts them to the types that Rust takes."""

from __future__ import annotations

import difflib
import functools
import sys
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ._arrays import Array, shown


class NotFitted(ValueError, AttributeError):
    """Raised if a memory without patterns is asked for something that needs them."""


def not_fitted(text: str) -> NotFitted:
    """The error for a memory without patterns. It is also scikit-learn's, if that is in use."""
    theirs = sys.modules.get("sklearn.exceptions")
    kind = NotFitted if theirs is None else _also(theirs.NotFittedError)
    return kind(text)


@functools.cache
def _also(other: type[Exception]) -> type[NotFitted]:
    return type("NotFitted", (NotFitted, other), {"__doc__": NotFitted.__doc__, "__module__": NotFitted.__module__})


def labels_of(what: str, values: Any, count: int) -> Array | None:
    """Labels of any type, one for each of `count` rows. Bytes become texts, objects the type that they have in common."""
    if values is None:
        return None
    labels = np.asarray(values)
    if labels.ndim == 0:
        raise TypeError(f"{what}: expected a label for each row, found {shown(values)}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
        _told_of_a_column()
    if labels.dtype.kind == "O":
        found = labels.tolist()
        if any(value is None or value != value or type(value).__name__ == "NAType" for value in found):
            raise ValueError(f"{what}: expected a label for each row, found a missing one")
        found = [value.decode() if isinstance(value, bytes) else value for value in found]
        kinds = {type(value) for value in found}
        labels = np.array(found) if len(kinds) == 1 else labels
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{what}: expected a label for each row, found NaN or infinity")
    return each(what, labels, count)


def _told_of_a_column() -> None:
    """Warns as scikit-learn does, if that is in use, since its pipelines expect the warning."""
    theirs = sys.modules.get("sklearn.exceptions")
    if theirs is not None:
        text = "A column-vector y was passed when a 1d array was expected; give y.ravel()"
        warnings.warn(text, theirs.DataConversionWarning, stacklevel=2)


def same_labels(what: str, found: Array, truth: Array, known: Array) -> Array:
    """Where two arrays of labels are equal: numbers as numbers, whatever their types, and texts as texts.

    A number and a text are equal if the text is how the number is written. If the kinds differ and no true label is
    among the `known` ones, one of the two was read in another way, and that is an error.
    """
    numbers = [labels.dtype.kind in "biuf" for labels in (found, truth)]
    if numbers[0] == numbers[1]:
        return np.asarray(found == truth)
    texts = [_texts(labels) for labels in (found, truth)]
    if len(truth) and not np.isin(texts[1], _texts(known)).any():
        raise ValueError(
            f"{what}: expected labels as in the memory, such as {shown(known[0])}, found {shown(truth[0])}; convert them"
        )
    return np.asarray(texts[0] == texts[1])


def _texts(labels: Array) -> Array:
    """Labels as texts. Whole numbers are written without a point, also if they are floats, and bools as 0 and 1."""
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "f" and (labels == np.round(labels)).all():
        labels = labels.astype(np.int64)
    return np.array([str(label) for label in labels.tolist()], dtype=object)


def one_of(
    kind: str, whose: str, given: Iterable[str], known: Iterable[str], error: type[Exception] = ValueError
) -> None:
    """Refuses names that are not known, with those that are nearest to them."""
    known = list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=2)
            cure = f"did you mean {' or '.join(near)}?" if near else f"expected one of: {', '.join(known)}"
            raise error(f"unknown {kind} of {whose}: '{name}'; {cure}")


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


def several(what: str, expected: str, values: Any) -> list[Any]:
    """Checks that values are a list, a tuple or the like."""
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise TypeError(f"{what}: expected {expected}, found {shown(values)}")
    return list(values)


def numbers(what: str, values: Any, many: int, expected: str) -> tuple[int, ...]:
    """Checks that values are so many whole numbers."""
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__len__") or len(values) != many:
        raise TypeError(f"{what}: expected {expected}, found {shown(values)}")
    return tuple(count(what, value) for value in values)


def flag(what: str, value: Any) -> bool:
    """Checks that a value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what}: expected True or False, found {shown(value)}")
    return bool(value)


def room(what: str, *shape: int) -> None:
    """Refuses arrays that do not fit in memory, before any work is done."""
    try:
        np.empty(shape)
    except (ValueError, MemoryError):
        raise ValueError(
            f"{what}: expected what memory has room for, found {' x '.join(map(str, shape))} numbers"
        ) from None
