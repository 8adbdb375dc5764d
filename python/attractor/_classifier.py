"""A memory as a classifier and a transformer of scikit-learn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, shown
from ._autograd import tracked
from ._estimator import Estimator
from ._results import Recall, frame
from ._values import labels_of, same_labels

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Classifier(Estimator):
    """Predicts labels and transforms cues by recalling."""

    #: The kind of estimator, for scikit-learn before 1.6.
    _estimator_type = "classifier"

    #: Methods of memories that are used here.
    recall: Callable[..., Recall]
    _vector: Callable[..., Any]
    _tracked: Callable[..., Any]

    @property
    def classes_(self) -> Array:
        """The distinct labels, sorted."""
        self._built()
        if self._labels is None:
            raise AttributeError("classes_: expected a memory with labels; give fit a y")
        return np.unique(self._labels)

    def predict(self, X: Any, **asked: Any) -> Array:
        """Returns the label that each cue recalls, or the number of the memory if there are no labels.

        Parameters
        ----------
        X : array_like (B, D)
            Cues.
        **asked
            As in `recall`.

        Returns
        -------
        ndarray (B,)
        """
        recall = self.recall(X, **asked)
        return recall.memory if recall.label is None else recall.label

    def transform(self, X: Any, **asked: Any) -> Any:
        """Returns the state that each cue recalls.

        Parameters
        ----------
        X : array_like (B, D)
            Cues.
        **asked
            As in `recall`.

        Returns
        -------
        ndarray, shape of the cues, or a data frame if `set_output` asks for one
        """
        return self._contained(self.recall(X, **asked).states, X)

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

    def _contained(self, states: Array, X: Any) -> Any:
        """States as `set_output` or scikit-learn's configuration asks for."""
        kind = self.__dict__.get("_sklearn_output_config", {}).get("transform")
        sklearn = sys.modules.get("sklearn")
        if kind is None and sklearn is not None:
            kind = sklearn.get_config().get("transform_output")
        if kind not in ("pandas", "polars") or states.ndim != 2:
            return states
        names = self.get_feature_names_out()
        made = frame(dict(zip(names.tolist(), states.T, strict=True)), kind)
        if kind == "pandas" and hasattr(X, "iloc"):
            made.index = X.index
        return made

    def fit_transform(self, X: Any, y: Any = None, **stored: Any) -> Any:
        """Stores patterns and recalls them.

        Parameters
        ----------
        X, y, **stored
            As in `fit`.

        Returns
        -------
        ndarray, shape of the patterns, or a data frame if `set_output` asks for one
        """
        return self.fit(X, y, **stored).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None, *, sigma: Any = None) -> Any:
        """Returns the score of states, or the accuracy of a classifier: both are called score.

        With `sigma`, it is the score of diffusion: the slope (D(x, sigma) - x)/sigma**2 of ln p at each state. With `y`, it
        is the share of cues whose label is recalled, as in scikit-learn.

        Parameters
        ----------
        X : array_like (B, D)
            States, or cues.
        y : array_like (B,), optional
            True labels.
        sample_weight : array_like (B,), optional
            Weights of the cues.
        sigma : float or array_like (B,), optional
            Noise levels > 0.

        Returns
        -------
        ndarray (or a tensor if the states are one), shape of the states, or float
        """
        if (sigma is None) == (y is None):
            found = "neither" if y is None else "both"
            raise ValueError(f"score: expected sigma (for the slope of ln p) or y (for the accuracy), found {found}")
        if y is None or sigma is not None:
            return self._tracked("score", X, sigma) if tracked(X, sigma) else self._vector("score", X, sigma)
        truth = labels_of("y", y, len(self._states("cues", X, masked=True)[0]))
        known = self._labels
        if known is None:
            raise ValueError("score: expected a memory with labels, found one without; give fit a y")
        recalled = self.predict(X)
        return float(np.average(same_labels("y", recalled, np.asarray(truth), known), weights=sample_weight))

    def __sklearn_is_fitted__(self) -> bool:
        return self._core is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64", "float32"]),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )
