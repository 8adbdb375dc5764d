"""The call that makes a report again, as text."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ._estimator import Estimator, default


def again(function: Callable[..., Any], given: Mapping[str, Any], seed: int) -> str:
    """The call of a function of this package with these arguments, in Python.

    Arguments that have their defaults are left out. What has no text, such as an array, is named in capitals after its
    argument, and a comment at the end says what it was.
    """
    notes: dict[str, tuple[Any, str]] = {}
    words = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in ("progress", "executor"):
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            words += [f"{key}={_text(key, value, notes)}" for key, value in given[name].items() if value is not None]
            continue
        value = seed if name == "random_state" else given[name]
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty:
            words.append(_text(name, value, notes))
        elif not _same(value, parameter.default):
            words.append(f"{name}={_text(name, value, notes)}")
    call = f"attractor.{function.__name__}({', '.join(words)})"
    said = "; ".join(f"{name}: {what} that was given" for name, (_, what) in notes.items())
    return f"{call}  # {said}" if said else call


def _same(value: Any, usual: Any) -> bool:
    return value is usual or (type(value) is type(usual) and not isinstance(value, np.ndarray) and value == usual)


def _text(name: str, value: Any, notes: dict[str, tuple[Any, str]]) -> str:
    """A value as an expression of Python."""
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str, range)):
        return repr(value)
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if isinstance(value, (list, tuple)) and len(value) <= 20 and all(_is_short(item) for item in value):
        words = ", ".join(_text(name, item, notes) for item in value)
        return f"[{words}]" if isinstance(value, list) else f"({words}{',' if len(value) == 1 else ''})"
    if isinstance(value, Estimator):
        own = {key: getattr(value, key) for key in value._parameters}
        own = {key: item for key, item in own.items() if not _same(item, default(type(value), key))}
        words = ", ".join(f"{key}={_text(key, item, notes)}" for key, item in own.items())
        return f"attractor.{type(value).__name__}({words})"
    if is_dataclass(value) and type(value).__module__.startswith("attractor."):
        own = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        words = ", ".join(f"{key}={_text(key, item, notes)}" for key, item in own.items() if item is not None)
        return f"attractor.{type(value).__name__}({words})"
    return _named(name, value, notes)


def _is_short(item: Any) -> bool:
    return item is None or isinstance(item, (bool, int, float, str, np.generic, Estimator)) or callable(item)


def _named(name: str, value: Any, notes: dict[str, tuple[Any, str]]) -> str:
    """A name for what has no text, with a note that says what it was."""
    own = getattr(value, "__name__", None) if callable(value) else None
    label = own if isinstance(own, str) and own.isidentifier() else name.upper()
    what = "the function" if callable(value) else f"the {type(value).__name__}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        what = f"the array of {' x '.join(map(str, value.shape))}, {value.dtype},"
    elif isinstance(value, (list, tuple)):
        what = f"the {type(value).__name__} of {len(value)}"
    known, number = label, 2
    while label in notes and notes[label][0] is not value:
        label, number = f"{known}_{number}", number + 1
    notes[label] = (value, what)
    return label
