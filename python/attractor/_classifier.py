"""A memory as a classifier and a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, overload

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, like
from ._autograd import tracked
from ._available import available
from ._output import Output
from ._results import Recall
from ._routing import Requests
from ._typing import States
from ._values import labels_of, same_labels

#: The smallest probability whose logarithm is taken: that of float64 without loss of digits.
TINY = np.finfo(np.float64).tiny


def _no_posterior(memory: Any) -> str | None:
    """Why a memory cannot say how probable labels are. None if it can."""
    return None if memory._has_posterior() else "its weights of memories are no probabilities; use decision_function"


def _no_labels(memory: Any) -> str | None:
    """Why there is nothing to classify by. None if there is, or may be."""
    return None if memory._keeps_labels else "it keeps no patterns that could have labels; use transform"


class Classifier(Requests, Output):
    """Predicts labels and transforms cues by recalling."""

    #: The kind of estimator, for scikit-learn before 1.6.
    _estimator_type = "classifier"

    #: Number types of cues that recalled states keep.
    _preserved: ClassVar[tuple[str, ...]] = ("float64", "float32")

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
        known: Array | None = self.__dict__.get("_classes")
        return np.unique(self._labels if known is None else np.concatenate([known, self._labels]))

    @available(_no_labels)
    def predict(self, X: Any, *, sigma: Any = None, signal: Any = None, clamp: Any = None, **asked: Any) -> Array:
        """Returns the label that each cue recalls, or the number of the memory if there are no labels.

        Parameters
        ----------
        X : array_like (B, D), or (B, ...) of images
            Cues.
        sigma, signal, clamp, **asked
            As in `recall`.

        Returns
        -------
        ndarray (B,)
            Labels. A cue that recalls nothing, since it was refused or its recall is undefined, has None, or -1 if there are no
            labels.

        Raises
        ------
        ValueError
            The cues have the wrong width or contain NaN, or an option is outside its range.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], labels=["left", "right"], beta=3.0)
        >>> memory.predict([[1.2, -1.8]])
        array(['left'], dtype='<U5')
        """
        recall = self._recalled(X, sigma, signal, clamp, asked)
        return recall.memory if recall.label is None else recall.label

    def transform(self, X: Any, *, sigma: Any = None, signal: Any = None, clamp: Any = None, **asked: Any) -> Any:
        """Returns the state that each cue recalls.

        Parameters
        ----------
        X : array_like (B, D), or (B, ...) of images
            Cues.
        sigma, signal, clamp, **asked
            As in `recall`.

        Returns
        -------
        ndarray, shape of the cues, or a tensor if the cues are one, or a data frame if `set_output` asks for one

        Raises
        ------
        ValueError
            The cues have the wrong width or contain NaN, or an option is outside its range.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], beta=9.0)
        >>> memory.transform([[1.2, -1.8]]).round(6)
        array([[ 1., -2.]])
        """
        return self._contained(self._recalled(X, sigma, signal, clamp, asked), X)

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

    @available(_no_posterior)
    def predict_proba(self, X: Any, *, sigma: Any = None, signal: Any = None, clamp: Any = None) -> Any:
        """Returns the posterior probability of each label: that of its memories together.

        It is the posterior at the cue, before anything is recalled; for diffusion at the cue's noise level, given or estimated. `predict` says what is
        recalled, which need not be the most probable label where several are probable. Only memories whose weights are
        probabilities have this: `Modern`, `Diffusion`, `Mixture`, and `Universal` with a softmax or another separation of sum 1.

        Parameters
        ----------
        X : array_like (B, D), or (B, ...) of images
            Cues.
        sigma, signal, clamp
            As in `recall`, for diffusion.

        Returns
        -------
        ndarray of float64 (B, C), or a tensor if the cues are one
            Probabilities of `classes_`, in their order.

        Raises
        ------
        ValueError
            The memory has no labels, or the cues cannot be used.

        Examples
        --------
        Two memories at a distance of 2 from each other, and noise of level 1:

        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0], [-1.0]], labels=["up", "down"])
        >>> memory.predict_proba([[0.5]], sigma=1.0).round(4)  # 1/(1 + exp(2 * 0.5))
        array([[0.2689, 0.7311]])
        """
        classes, core = self._known_classes("predict_proba"), self._built()
        self._as_x(X)
        if self._has_levels():
            recall = self.recall(X, sigma=sigma, signal=signal, clamp=clamp, top=core.memories or 1)
            weights = np.zeros((len(recall), len(self._labels)))  # type: ignore[arg-type]
            if recall.posterior is not None and recall.candidates is not None:
                order = recall.candidates
                # Places that are left over hold -1.
                at = np.arange(len(order))[:, np.newaxis], np.maximum(order, 0)
                np.add.at(weights, at, np.where(order < 0, 0.0, recall.posterior))
        else:
            for name, value in (("sigma", sigma), ("signal", signal), ("clamp", clamp)):
                if value is not None:
                    raise TypeError(f"{name}: expected none, since {self._model} has one landscape for all noise")
            weights = core.posterior(self._states("X", X)[0], None)
        shares = np.zeros((len(weights), len(classes)))
        np.add.at(shares.T, np.searchsorted(classes, self._labels), weights.T)  # type: ignore[arg-type]
        whole = shares.sum(axis=1, keepdims=True)
        if not (whole > 0).all():
            row = int(np.flatnonzero(~(whole[:, 0] > 0))[0])
            raise ValueError(
                f"X: expected cues to which some memory has a weight, found none at row {row}; use decision_function"
            )
        return like(shares / whole, X, state=False)

    @available(_no_labels)
    def decision_function(self, X: Any, *, sigma: Any = None, signal: Any = None, clamp: Any = None) -> Any:
        """Returns how much speaks for each label.

        This is the logarithm of `predict_proba` where there is one, and else minus the mean squared deviation of the recalled
        state from the nearest memory of the label.

        Parameters
        ----------
        X : array_like (B, D), or (B, ...) of images
            Cues.
        sigma, signal, clamp
            As in `recall`.

        Returns
        -------
        ndarray of float64 (B, C), or (B,) for two labels; a tensor if the cues are one
            For two labels it is that of the second minus that of the first.

        Raises
        ------
        ValueError
            The memory has no labels, or the cues cannot be used.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0], [-1.0]], labels=["up", "down"])
        >>> memory.decision_function([[0.5]], sigma=1.0)  # 2 * 0.5
        array([1.])
        """
        classes = self._known_classes("decision_function")
        if self._has_posterior():
            shares = as_array("posterior", self.predict_proba(X, sigma=sigma, signal=signal, clamp=clamp))
            scores = np.log(np.maximum(shares, TINY))
        else:
            patterns = self._built().patterns()
            if patterns is None:
                raise ValueError("decision_function: expected a memory with patterns, found one that knows none")
            recall = self._recalled(X, sigma, signal, clamp, {})
            places = np.searchsorted(classes, self._labels)  # type: ignore[arg-type]
            scores = _closeness(recall._states.reshape(-1, patterns.shape[1]), patterns, places, len(classes))
            _favour(scores, recall.memory, places)
        return like(scores[:, 1] - scores[:, 0] if len(classes) == 2 else scores, X, state=False)

    @overload
    def score(self, X: object, y: object, sample_weight: Any = ..., *, sigma: None = ...) -> float: ...
    @overload
    def score(self, X: States, y: None = ..., sample_weight: None = ..., *, sigma: Any) -> States: ...
    @overload
    def score(self, X: object, y: None = ..., sample_weight: None = ..., *, sigma: Any) -> Array: ...
    @available(_no_labels)
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

        Raises
        ------
        ValueError
            Neither or both of `y` and `sigma` are given, or labels have another type than those in the memory.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0], [-1.0]], labels=["up", "down"])
        >>> memory.score([[0.9], [-1.2]], ["up", "down"])
        1.0
        >>> memory.score([[0.0]], sigma=0.5)  # between the two
        array([[0.]])
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

    def _recalled(self, X: Any, sigma: Any, signal: Any, clamp: Any, asked: dict[str, Any]) -> Recall:
        self._as_x(X)
        return self.recall(X, sigma=sigma, signal=signal, clamp=clamp, **asked)

    def _as_x(self, X: Any) -> None:
        """Refuses cues of the wrong width, in the words that tests of scikit-learn look for."""
        self._built()
        self._same_columns("X", X)
        shape = getattr(X, "shape", None)
        if shape is not None and len(shape) == 2 and tuple(shape) != self._image:
            self._same_width(shape[1])

    def _known_classes(self, what: str) -> Array:
        self._built()
        if self._labels is None:
            raise ValueError(f"{what}: expected a memory with labels, found one without; give fit a y")
        return self.classes_

    def _has_levels(self) -> bool:
        """Whether there is a landscape for each noise level."""
        return self._model in ("diffusion", "mixture")

    def _has_posterior(self) -> bool:
        """Whether weights of memories are probabilities: asked of a memory of one unit with the same options."""
        try:
            small = _attractor.Memory.build(self._model, self._named(), np.ones((1, 1)), prepare="none", raw=False)
            return small.posterior(np.ones((1, 1)), np.ones(1)).shape == (1, 1)
        except (TypeError, ValueError):
            return False

    def __sklearn_is_fitted__(self) -> bool:
        return self._core is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=self._needs_labels),
            transformer_tags=TransformerTags(preserves_dtype=list(self._preserved)),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(
                # Rows are images here, and their form is not known before fit.
                two_d_array=not (self._model == "local" and getattr(self, "image", None) is None),
                three_d_array=True,
                positive_only=getattr(self, "similarity", None) in _AMOUNTS,
            ),
        )


#: Similarities of amounts, which are not below 0.
_AMOUNTS = ("kl", "reverse-kl", "jensen-shannon", "l1-dot")


def _closeness(states: Array, patterns: Array, places: Array, classes: int) -> Array:
    """Minus the mean squared deviation of each state from the nearest pattern of each class."""
    scores = np.full((len(states), classes), -np.inf)
    wide = patterns.astype(np.float64)
    for row, state in enumerate(states.astype(np.float64)):
        np.maximum.at(scores[row], places, -np.mean((wide - state) ** 2, axis=1))
    # A class of which nothing is stored yet.
    least = scores[np.isfinite(scores)].min(initial=0.0)
    return np.where(np.isfinite(scores), scores, least - 1.0)


def _favour(scores: Array, memory: Array, places: Array) -> None:
    """Lets a tie go to the label that is recalled."""
    rows = np.flatnonzero(memory >= 0)
    own = places[memory[rows]]
    others = scores[rows]
    others[np.arange(len(rows)), own] = -np.inf
    best = others.max(axis=1)
    scores[rows, own] = np.where(scores[rows, own] > best, scores[rows, own], np.nextafter(best, np.inf))
