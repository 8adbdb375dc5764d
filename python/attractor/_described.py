"""Memories from a description: points, lines, spheres and clouds."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import as_array, as_rows, precision, shown
from ._memory import Memory


class Described(Memory):
    """A memory that is made from a description, in a file or as dictionaries."""

    def fit(self, X: Any, y: Any = None, **unused: Any) -> Any:
        """Reads a description. Its memories replace those of before.

        Parameters
        ----------
        X : path, list of dict, or array_like (N, D)
            As in the constructor.
        y : None
            Not used: labels are fields of the memories.

        Returns
        -------
        self
        """
        if y is not None or any(value is not None for value in unused.values()):
            raise ValueError("memories: expected labels and weights as fields of them, found them as arguments")
        if isinstance(X, (str, bytes, os.PathLike)):
            path = os.fsdecode(X)
            with open(path, "rb") as file:
                try:
                    text = file.read().decode("utf-8")
                except UnicodeDecodeError:
                    raise ValueError(f"{path}: expected a description in TOML or JSON, found no text (UTF-8)") from None
        else:
            path, text = "memories.json", _as_json(X)
        described = (path, text, precision(np.empty(0), self.dtype).itemsize == 8)
        self._hold(self._restore(described))
        self._description = described
        return self

    def _store(self, core: _attractor.Memory) -> Any:
        # A memory of points only may come from a stored file, which has no description.
        return self.__dict__.get("_description") or super()._store(core)

    def _restore(self, stored: Any) -> _attractor.Memory:
        if len(stored) == 2:
            return super()._restore(stored)
        path, description, wide = stored
        return _attractor.Memory.describe(path, description, self._named(), wide)


def _as_json(memories: Any) -> str:
    """A description as JSON. Rows of numbers become points."""
    entries = memories if isinstance(memories, (list, tuple)) else [memories]
    if not isinstance(memories, dict) and not (entries and isinstance(entries[0], dict)):
        points = as_rows("memories", as_array("memories", memories), False)
        if not np.isfinite(points).all():
            raise ValueError("memories: expected finite numbers, found NaN or infinity; remove or repair those rows")
        entries = [{"kind": "points", "at": points.tolist()}]
    try:
        return json.dumps(
            memories if isinstance(memories, dict) else {"memory": entries}, default=_plain, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise TypeError(f"memories: expected dictionaries of finite numbers and texts, found {shown(error)}") from None


def _plain(value: Any) -> Any:
    """Converts an array to lists, which JSON can hold."""
    return value.tolist() if hasattr(value, "tolist") else list(value)
