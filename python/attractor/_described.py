"""Memories from a description: points, lines, spheres and clouds."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import as_array, as_floats, as_rows, precision, shown
from ._memory import Memory
from ._values import each, scalar, weights_of


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

    def with_events(self, events: Any, weight: float = 0.5, *, labels: Any = None, sample_weight: Any = None) -> Any:
        """Returns this density with events beside it: semantic and episodic memory in one.

        The memory is w * events + (1 - w) * density. Memories 0 to M - 1 are the events; the components of the density follow.
        `recall(...).event_share` says how much of the posterior is on events; the rest is on the density (the gist).

        Parameters
        ----------
        events : array_like (M, D), or (M, ...) of images
            Events. Bytes (uint8) are read as grey values from 0 to 1.
        weight : float above 0 and below 1, default 0.5
            Prior probability w of all events together.
        labels : array_like (M,), optional
            Labels of the events.
        sample_weight : array_like (M,), optional
            Prior weights of the events relative to each other.

        Returns
        -------
        Mixture

        Raises
        ------
        ValueError
            The memory is no density of Gaussians or already has events, or the weight is outside its range.

        Examples
        --------
        >>> import attractor
        >>> gist = attractor.Mixture([{"kind": "gaussian", "mean": [0.0, 0.0], "thickness": 1.0}])
        >>> both = gist.with_events([[2.0, 0.0]], 0.5)
        >>> both.recall([[2.0, 0.0]], sigma=1.0).event_share.round(4)
        array([0.8446])
        """
        core = self._built()
        array = as_array("events", events)
        given = as_floats(as_rows("events", array, False), self._kind)
        names = each("labels", labels, len(given))
        both = core.with_events(
            given,
            scalar("weight", weight),
            labels=None if names is None else [str(name) for name in names.tolist()],
            weights=weights_of("sample_weight", sample_weight, len(given)),
        )
        memory = type(self)(**self.get_params())
        memory._hold(both)
        return memory

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
