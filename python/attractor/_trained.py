"""Score networks, whose memories are dispersed in their weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from . import _attractor
from ._arrays import shown
from ._memory import Memory
from ._progress import Progress, followed
from ._values import one_of

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Trained(Memory):
    """A memory that a score network learns."""

    training: Mapping[str, Any] | None
    _progress: Callable[..., Any] | None = None

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        progress: Progress | None = None,
    ) -> Self:
        """Trains a network on patterns, starting from new weights.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        progress : bool or callable, optional
            True shows a bar with the loss: that of tqdm if it is installed, else lines on stderr. A callable is called as
            ``progress(step, steps, loss)`` after each step.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            The patterns cannot be used, a setting is outside its range, or the loss diverges.
        TypeError
            A setting has the wrong type.
        KeyboardInterrupt
            Ctrl-C was pressed. The network is not kept.
        """
        with followed(progress, "training") as told:
            object.__setattr__(self, "_progress", told)
            try:
                return super().fit(X, y)
            finally:
                object.__setattr__(self, "_progress", None)

    def _has_posterior(self) -> bool:
        return False

    def _make(self, patterns: Any, **known: Any) -> _attractor.Memory:
        return super()._make(patterns, **known, training=_named(self.training), progress=self._progress)


def _named(training: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that are not None, by name."""
    if training is None:
        return {}
    if not isinstance(training, Mapping):
        raise TypeError(f"training: expected a dictionary of settings, found {shown(training)}")
    known = [setting["name"].replace("-", "_") for setting in _attractor.training()]
    one_of("setting", "training", [str(name).replace("-", "_") for name in training], known)
    return {str(name): value for name, value in training.items() if value is not None}
