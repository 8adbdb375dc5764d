"""A memory as a classifier and a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, as_array, as_rows
from ._estimator import Estimator
from ._results import Recall
from ._values import labels_of, same_labels


class Classifier(Estimator):
    """Predicts labels and transforms cues by recalling."""

    #: The kind of estimator, for scikit-learn before 1.6.
    _estimator_type = "classifier"

    #: Methods of memories that are used here.
    recall: Callable[..., Recall]
    _vector: Callable[..., Array]

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

    def transform(self, X: Any, **asked: Any) -> Array:
        """Returns the state that each cue recalls.

        Parameters
        ----------
        X : array_like (B, D)
            Cues.
        **asked
            As in `recall`.

        Returns
        -------
        ndarray, shape of the cues
        """
        return self.recall(X, **asked).states

    def fit_transform(self, X: Any, y: Any = None, **stored: Any) -> Array:
        """Stores patterns and recalls them.

        Parameters
        ----------
        X, y, **stored
            As in `fit`.

        Returns
        -------
        ndarray, shape of the patterns
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
        ndarray, shape of the states, or float
        """
        if (sigma is None) == (y is None):
            found = "neither" if y is None else "both"
            raise ValueError(f"score: expected sigma (for the slope of ln p) or y (for the accuracy), found {found}")
        if y is None or sigma is not None:
            return self._vector("score", X, sigma)
        truth = labels_of("y", y, len(as_rows("cues", as_array("cues", X), True)))
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
