"""Memories made from the user's own denoiser."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, as_floats, as_rows, precision, shown
from ._memory import Memory
from ._values import count, each, room, scalar


class Foreign(Memory):
    """A memory that is given by its denoiser only."""

    denoiser: Any
    dim: int | None
    spread: float
    shape: tuple[int, ...] | None
    framework: str | None

    def _start(self, patterns: Any, labels: Any) -> None:
        """Ends the constructor: builds the memory if there is a denoiser."""
        if self.denoiser is None and patterns is None and labels is None:
            return
        if self.denoiser is None or (patterns is None and labels is not None):
            what, lacks = ("denoiser", "one") if self.denoiser is None else ("labels", "patterns with them")
            raise ValueError(f"{what}: expected {lacks}, found none")
        self.fit(patterns, labels)

    def fit(self, X: Any = None, y: Any = None, **unused: Any) -> Any:
        """Sets the patterns that recalled states are compared with. The denoiser does not see them.

        Parameters
        ----------
        X : array_like (N, D), optional
            Patterns.
        y : array_like (N,), optional
            A label for each pattern.

        Returns
        -------
        self
        """
        if any(value is not None for value in unused.values()):
            raise ValueError("denoiser: expected patterns and labels alone, found " + ", ".join(unused))
        array = None if X is None else as_array("patterns", X)
        patterns = None if array is None else as_rows("patterns", array, False)
        kind = precision(np.empty(0) if patterns is None else patterns, self.dtype)
        shape = self._shape_of(array)
        dim = self.dim
        if dim is None and shape is not None:
            dim = int(np.prod(shape))
        if dim is None and isinstance(self.denoiser, Memory):
            dim = self.denoiser._built().dim
        if dim is None:
            raise ValueError("dim: expected the units of a state, found none; give dim, shape or patterns")
        room("dim", count("dim", dim))
        if shape is not None and int(np.prod(shape)) != dim:
            raise ValueError(f"shape: expected one of {dim} units in all, found {shape}")
        labels = None if patterns is None else each("labels", y, len(patterns))
        core = _attractor.Memory.foreign(
            adapted(self.denoiser, kind, shape, self.framework),
            dim,
            self._named(),
            wide=kind.itemsize == 8,
            spread=scalar("spread", self.spread),
            patterns=None if patterns is None else as_floats(patterns, kind),
            labels=None if labels is None else [str(label) for label in labels.tolist()],
        )
        self._hold(core, labels, shape if shape is not None and len(shape) > 1 else None)
        return self

    def _shape_of(self, patterns: Array | None) -> tuple[int, ...] | None:
        """The shape of one state as the denoiser gets it: the one that is asked for, else that of the patterns."""
        if self.shape is None:
            return None if patterns is None else patterns.shape[1:]
        sizes = [self.shape] if isinstance(self.shape, (int, np.integer)) else list(self.shape)
        return tuple(count("shape", size, 1) for size in sizes)

    def __sklearn_clone__(self) -> Any:
        """A memory with the same parameters. The denoiser is shared, not copied."""
        return type(self)(**self.get_params())

    def _wide(self) -> _attractor.Memory:
        return self._built()

    def _store(self, core: _attractor.Memory) -> Any:
        return (core.patterns(),)

    def _restore(self, stored: Any) -> _attractor.Memory:
        self.fit(stored[0], None if stored[0] is None else self._labels)
        return self._built()


def adapted(
    denoiser: Any, kind: np.dtype[Any], shape: tuple[int, ...] | None = None, framework: str | None = None
) -> Callable[[Array, Array], Array]:
    """A denoiser as a function of rows, which gets states of this shape: as tensors if it is a PyTorch module or the
    framework says so."""
    function = denoiser
    if not callable(function):
        function = getattr(denoiser, "denoise", None) or getattr(denoiser, "D", None)
    if not callable(function):
        raise TypeError(
            "denoiser: expected a callable D(x, sigma) or an object with a method denoise or D, "
            f"found {type(denoiser).__name__}"
        )
    if framework not in (None, "numpy", "torch"):
        raise ValueError(f"framework: expected numpy or torch, found {shown(framework)}")
    if framework == "torch":
        importlib.import_module("torch")
    torch = sys.modules.get("torch")
    module = torch is not None and isinstance(denoiser, torch.nn.Module)
    if framework == "torch" or (framework is None and module):
        function = _of_torch(torch, function, denoiser if module else None)
    flat = shape is None or len(shape) == 1 or isinstance(denoiser, Memory)

    def denoise(states: Array, sigmas: Array) -> Array:
        given = states if flat else states.reshape(-1, *(shape or ()))
        try:
            answer = function(given, sigmas)
        except TypeError as error:
            if torch is not None and framework is None and not module and hasattr(error, "add_note"):
                error.add_note('the denoiser gets NumPy arrays; framework="torch" gives it tensors')
            raise
        array = as_array("denoiser", answer)
        if not flat and array.shape != given.shape:
            raise ValueError(f"denoiser: expected an answer of the shape {given.shape}, found {array.shape}")
        return as_floats(as_rows("denoiser", array, False), kind)

    return denoise


def _of_torch(torch: Any, function: Any, module: Any) -> Callable[[Array, Array], Any]:
    def denoise(states: Array, sigmas: Array) -> Any:
        own = None if module is None else next((p for p in module.parameters() if p.dtype.is_floating_point), None)
        where = {} if own is None else {"device": own.device, "dtype": own.dtype}
        given = torch.from_numpy(states), torch.from_numpy(sigmas)
        if own is None and module is None:
            # A function gets levels of the type of its states, as a sampler written in PyTorch gives it.
            where = {"dtype": given[0].dtype}
        with torch.no_grad():
            return function(*(tensor.to(**where) for tensor in given))

    return denoise
