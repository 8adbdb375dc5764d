"""Memories from a description: points, lines, spheres and clouds."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, as_floats, as_rows, names_of, precision, shown
from ._estimator import Stored
from ._interrupt import interruptible
from ._memory import Memory
from ._values import count, each, scalar, weights_of, words

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Described(Memory):
    """A memory that is made from a description, in a file or as dictionaries."""

    _preserved = ("float64",)

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Reads a description. Its memories replace those of before.

        Parameters
        ----------
        X : path, list of dict, or array_like (N, D)
            As in the constructor.
        y : array_like (N,), optional
            A label for each point, if X is an array. In a description labels are fields of the memories.
        sample_weight : array_like (N,), optional
            A prior weight for each point, if X is an array. A point of weight 0 is left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            The description cannot be read, or has labels or weights beside it.
        """
        labels, image, names = None, None, None
        if hasattr(X, "toarray") and hasattr(X, "nnz"):
            as_array("memories", X)
        if _is_described(X):
            if y is not None or sample_weight is not None:
                raise ValueError("memories: expected labels and weights as fields of them, found them as arguments")
            path, text = _text(X)
        else:
            stored, names = self._read(X, y, sample_weight, None), names_of(X)
            labels, image = stored.labels, stored.image
            path, text = "memories.json", _points(stored)
        # The memory must not change with the files that a description names.
        text = _attractor.Memory.in_full(path, text)
        described = (path, text, precision(np.empty(0), self.dtype).itemsize == 8)
        self._hold(self._restore(described), labels, image)
        self._description = described
        if names is not None:
            self.feature_names_in_ = names
        else:
            self.__dict__.pop("feature_names_in_", None)
        return self

    def _kind_of(self, array: Array) -> np.dtype[Any]:
        # A description holds the digits of float64.
        return np.dtype(np.float64)

    def with_events(self, events: Any, weight: float = 0.5, *, labels: Any = None, sample_weight: Any = None) -> Self:
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
        memory = type(self)(**self.get_params(deep=False))
        memory._hold(both, image=array.shape[1:] if array.ndim > 2 else self._image)
        return memory

    def with_cores(
        self,
        events: Any,
        core: Any,
        *,
        weight: float | None = None,
        form: str = "conditioned",
        odds: str = "equal",
        labels: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Returns a reconstructive memory: of each event a core is stored, and this density fills in the rest.

        Event n is the density given that A y = ξ_n, its core. A recall has the stored features as they were, and a sample of
        the others; the mean of many recalls is the conditional mean. Memories 0 to M - 1 are the events.

        Parameters
        ----------
        events : array_like (M, D), or (M, ...) of images
            Events. Bytes (uint8) are read as grey values from 0 to 1.
        core : str, ndarray (W, D), or list of M lists of int
            What is stored of each event: "surprise:X" for the units that the density predicts wrongly by more than X (in the
            units of the data), "units:0,7,10-12", "blocks:N" for averages over N x N pixels (of events that are images),
            "components:N" for principal components of the density, a matrix A of independent rows, or a list of units for each
            event.
        weight : float above 0, at most 1, default 1
            Prior probability of all events together; the rest is that of the density itself (the gist).
        form : {"conditioned", "literal"}, default "conditioned"
            "literal" is Eq. 25 of Ambrogioni (2023), with its quadratic terms. Its free features stay noise.
        odds : {"equal", "evidence"}, default "equal"
            "evidence" multiplies the weights of events by the density of their cores; all events need one encoder.
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
            The memory is no density of Gaussians, a core is longer than a state or is none that the density can have, or a
            value is outside its range.

        Examples
        --------
        >>> import attractor
        >>> pair = {"kind": "gaussian", "mean": [0, 0], "directions": [[0.6, 0.8], [-0.8, 0.6]], "deviations": [2, 1]}
        >>> memory = attractor.Mixture([pair], sampler="bridge").with_cores([[1.0, 5.0]], "units:0")
        >>> states = memory.sample(4000).states
        >>> float(abs(states[:, 0] - 1.0).max()) < 1e-12
        True
        >>> abs(float(states[:, 1].mean()) - 1.44 / 2.08) < 0.1
        True
        """
        held = self._built()
        array = as_array("events", events)
        given = as_floats(as_rows("events", array, False), self._kind)
        names = each("labels", labels, len(given))
        rule: dict[str, Any]
        if isinstance(core, str):
            rule = {"rule": core, "image": array.shape[1:] if array.ndim == 3 else None}
        elif isinstance(core, np.ndarray):
            rule = {"matrix": as_floats(as_rows("core", core, False), np.dtype(np.float64))}
        else:
            rule = {"units": [[count("core", unit) for unit in units] for units in core]}
        work = partial(
            held.with_cores,
            given,
            form=words("form", form),
            odds=words("odds", odds),
            weight=None if weight is None else scalar("weight", weight),
            labels=None if names is None else [str(name) for name in names.tolist()],
            weights=weights_of("sample_weight", sample_weight, len(given)),
            **rule,
        )
        made = interruptible(lambda _: work(), None)
        memory = type(self)(**self.get_params(deep=False))
        memory._hold(made, image=array.shape[1:] if array.ndim > 2 else self._image)
        return memory

    def surprise(self, events: Any, threshold: float) -> list[tuple[np.ndarray, np.ndarray]]:
        """Returns the units of each event that are worth storing: those that this density predicts wrongly.

        Units are found one at a time: the one with the largest error given those found before, while the error exceeds the
        threshold. So every other unit is reconstructed to within the threshold, by the mean of many recalls.

        Parameters
        ----------
        events : array_like (M, D), or (M, ...) of images
            Events. Bytes (uint8) are read as grey values from 0 to 1.
        threshold : float above 0
            Largest error that is left, in the units of the data.

        Returns
        -------
        list of (units, errors)
            For each event the numbers of its units (W,), and the largest error before each was stored and at the end (W + 1,).

        Raises
        ------
        ValueError
            The memory is no density of Gaussians, or the threshold is not above 0.

        Examples
        --------
        >>> import attractor
        >>> gist = attractor.Mixture([{"kind": "gaussian", "mean": [0.0, 0.0], "thickness": 1.0}])
        >>> [(units, errors)] = gist.surprise([[0.1, 2.0]], 0.5)
        >>> units.tolist(), errors.tolist()
        ([1], [2.0, 0.1])
        """
        array = as_array("events", events)
        given = as_floats(as_rows("events", array, False), np.dtype(np.float64))
        held, least = self._built(), scalar("threshold", threshold)
        found = interruptible(lambda _: held.surprise(given, least), None)
        return [(np.array(units, dtype=np.int64), np.array(errors)) for units, errors in found]

    def _has_posterior(self) -> bool:
        return True

    def _store(self, core: _attractor.Memory) -> Any:
        # A memory of points only may come from a stored file, which has no description.
        return self.__dict__.get("_description") or super()._store(core)

    def _restore(self, stored: Any) -> _attractor.Memory:
        if len(stored) == 2:
            return super()._restore(stored)
        path, description, wide = stored
        return _attractor.Memory.describe(path, description, self._named(), wide)


def _is_described(memories: Any) -> bool:
    """Whether memories are a path or dictionaries, and not an array of points."""
    if isinstance(memories, (str, bytes, os.PathLike, dict)):
        return True
    return isinstance(memories, (list, tuple)) and bool(memories) and isinstance(memories[0], dict)


def _text(memories: Any) -> tuple[str, str]:
    """The path of a description, and its text."""
    if isinstance(memories, (str, bytes, os.PathLike)):
        path = os.fsdecode(memories)
        with open(path, "rb") as file:
            try:
                return path, file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise ValueError(f"{path}: expected a description in TOML or JSON, found no text (UTF-8)") from None
    try:
        described = memories if isinstance(memories, dict) else {"memory": list(memories)}
        return "memories.json", json.dumps(described, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"memories: expected dictionaries of finite numbers and texts, found {shown(error)}") from None


def _points(stored: Stored) -> str:
    """A description of points."""
    points = stored.patterns
    if not np.isfinite(points).all():
        raise ValueError("memories: expected finite numbers, found NaN or infinity; remove or repair those rows")
    entry: dict[str, Any] = {"kind": "points", "at": points.tolist()}
    if stored.labels is not None:
        entry["labels"] = [str(label) for label in stored.labels.tolist()]
    if stored.weights is not None:
        entry["weight"] = stored.weights
    return json.dumps({"memory": [entry]})


def _plain(value: Any) -> Any:
    """Converts an array to lists, which JSON can hold."""
    return value.tolist() if hasattr(value, "tolist") else list(value)
