"""Memories made from the user's own denoiser."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, as_floats, as_rows, precision
from ._memory import Memory
from ._values import count, each, room, scalar


class Foreign(Memory):
    """A memory that is given by its denoiser only."""

    denoiser: Any
    dim: int | None
    spread: float

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
        patterns = None if X is None else as_rows("patterns", as_array("patterns", X), False)
        kind = precision(np.empty(0) if patterns is None else patterns, self.dtype)
        dim = self.dim
        if dim is None and patterns is not None:
            dim = patterns.shape[1]
        if dim is None and isinstance(self.denoiser, Memory):
            dim = self.denoiser._built().dim
        if dim is None:
            raise ValueError("dim: expected the units of a state, found none; give dim or patterns")
        room("dim", count("dim", dim))
        labels = None if patterns is None else each("labels", y, len(patterns))
        core = _attractor.Memory.foreign(
            adapted(self.denoiser, kind),
            dim,
            self._named(),
            wide=kind.itemsize == 8,
            spread=scalar("spread", self.spread),
            patterns=None if patterns is None else as_floats(patterns, kind),
            labels=None if labels is None else [str(label) for label in labels.tolist()],
        )
        self._hold(core, labels)
        return self

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


def adapted(denoiser: Any, kind: np.dtype[Any]) -> Callable[[Array, Array], Array]:
    """A denoiser as a function of arrays. A PyTorch module gets tensors on its own device."""
    function = denoiser
    if not callable(function):
        function = getattr(denoiser, "denoise", None) or getattr(denoiser, "D", None)
    if not callable(function):
        raise TypeError(
            "denoiser: expected a callable D(x, sigma) or an object with a method denoise or D, "
            f"found {type(denoiser).__name__}"
        )
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(denoiser, torch.nn.Module):
        function = _of_torch(torch, denoiser)

    def denoise(states: Array, sigmas: Array) -> Array:
        return as_floats(as_rows("denoiser", as_array("denoiser", function(states, sigmas)), False), kind)

    return denoise


def _of_torch(torch: Any, module: Any) -> Callable[[Array, Array], Any]:
    def denoise(states: Array, sigmas: Array) -> Any:
        own = next((p for p in module.parameters() if p.dtype.is_floating_point), None)
        where = {} if own is None else {"device": own.device, "dtype": own.dtype}
        with torch.no_grad():
            answer = module(torch.from_numpy(states).to(**where), torch.from_numpy(sigmas).to(**where))
        half = isinstance(answer, torch.Tensor) and answer.dtype == torch.float16
        return answer.float() if half else answer

    return denoise
