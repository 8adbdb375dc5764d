"""What `transform` returns: arrays or data frames, with the names of their columns."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ._arrays import Array, shown
from ._estimator import Estimator
from ._results import Recall, frame

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Output(Estimator):
    """An estimator whose `transform` returns what is asked for, as in scikit-learn."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Sets what `transform` and `fit_transform` return, as in scikit-learn.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            An array or a data frame. None leaves it as it is.

        Returns
        -------
        self
        """
        if transform not in (None, "default", "pandas", "polars"):
            raise ValueError(f"transform: expected default, pandas or polars, found {shown(transform)}")
        if transform is not None:
            # The name that scikit-learn's `clone` copies.
            self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Returns the names of the units of transformed states: those of the columns that `fit` saw, else x0, x1, ...

        Parameters
        ----------
        input_features : array_like of str (D,), optional
            Names to use if `fit` saw none.

        Returns
        -------
        ndarray of str objects (D,)
        """
        dim = self._built().dim
        own = self.__dict__.get("feature_names_in_")
        if input_features is None:
            return np.array([f"x{unit}" for unit in range(dim)], dtype=object) if own is None else own
        names = np.asarray(input_features, dtype=object)
        if names.shape != (dim,) or (own is not None and names.tolist() != own.tolist()):
            wanted = f"{dim} names" if own is None else f"the columns that fit saw, {shown(own.tolist())}"
            raise ValueError(f"input_features: expected {wanted}, found {shown(names.tolist())}")
        return names

    def _contained(self, recall: Recall, X: Any) -> Any:
        """States as `set_output` or scikit-learn's configuration asks for."""
        kind = self.__dict__.get("_sklearn_output_config", {}).get("transform")
        sklearn = sys.modules.get("sklearn")
        if kind is None and sklearn is not None:
            kind = sklearn.get_config().get("transform_output")
        states = recall._states
        if kind not in ("pandas", "polars") or states.ndim != 2:
            return recall.states
        names = self.get_feature_names_out()
        made = frame(dict(zip(names.tolist(), states.T, strict=True)), kind)
        if kind == "pandas" and hasattr(X, "iloc"):
            made.index = X.index
        return made
