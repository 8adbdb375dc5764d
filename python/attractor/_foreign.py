"""Memories made from the user's own denoiser."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, as_floats, as_rows, names_of, precision, shown
from ._estimator import some_units
from ._memory import Memory
from ._values import count, labels_of, not_fitted, room, scalar

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Foreign(Memory):
    """A memory that is given by its denoiser only."""

    denoiser: Any
    dim: int | None
    spread: float
    sigma: float | None
    shape: tuple[int, ...] | None
    framework: str | None

    def _start(self, patterns: Any, labels: Any) -> None:
        """Ends the constructor: builds the memory if the denoiser and the units of a state are known."""
        if patterns is None and labels is not None:
            raise ValueError("labels: expected patterns with them, found none")
        sized = self.dim is not None or self.shape is not None or isinstance(self.denoiser, Memory)
        if patterns is not None or (self.denoiser is not None and sized):
            self.fit(patterns, labels)

    def fit(self, X: Any = None, y: Any = None) -> Self:
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

        Raises
        ------
        ValueError
            There is no denoiser, or the units of a state are not known or do not agree.
        """
        if self.denoiser is None:
            raise ValueError("denoiser: expected one, found none; give the memory a function D(x, sigma)")
        if X is None and y is not None:
            raise ValueError("labels: expected patterns with them, found none")
        array = None if X is None else as_array("patterns", X)
        patterns = None if array is None else as_rows("patterns", array, False)
        if patterns is not None:
            some_units(patterns)
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
        labels = None if patterns is None else labels_of("labels", y, len(patterns))
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
        names = names_of(X)
        if names is not None:
            self.feature_names_in_ = names
        else:
            self.__dict__.pop("feature_names_in_", None)
        return self

    def _built(self) -> _attractor.Memory:
        if self._core is None and "n_features_in_" not in self.__dict__:
            what = "a denoiser and the units of a state" if self.denoiser is None else "the units of a state"
            raise not_fitted(f"Denoiser: expected {what}, found none; give dim, shape or patterns")
        return super()._built()

    def _shape_of(self, patterns: Array | None) -> tuple[int, ...] | None:
        """The shape of one state as the denoiser gets it: the one that is asked for, else that of the patterns."""
        if self.shape is None:
            return None if patterns is None else patterns.shape[1:]
        sizes = [self.shape] if isinstance(self.shape, (int, np.integer)) else list(self.shape)
        return tuple(count("shape", size, 1) for size in sizes)

    def __sklearn_clone__(self) -> Any:
        """A memory with the same parameters. The denoiser is shared, not copied."""
        made = type(self)(**self.get_params(deep=False))
        for name in ("_metadata_request", "_sklearn_output_config"):
            if name in self.__dict__:
                made.__dict__[name] = copy.deepcopy(self.__dict__[name])
        return made

    def _asked(self, sigma: Any, signal: Any, *rest: Any) -> dict[str, Any]:
        # Its own noise level serves recalls that are given none.
        given = self.sigma if sigma is None and signal is None else sigma
        return super()._asked(given, signal, *rest)

    def _has_posterior(self) -> bool:
        return False

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
        if own is None and module is not None:
            # Buffers have a place, but say nothing about the type of states.
            held = next(module.buffers(), None)
            where = {} if held is None else {"device": held.device}
        given = torch.from_numpy(states), torch.from_numpy(sigmas)
        if own is None and module is None:
            # A function gets levels of the type of its states, as a sampler written in PyTorch gives it.
            where = {"dtype": given[0].dtype}
        with torch.no_grad():
            return function(*(tensor.to(**where) for tensor in given))

    return denoise
