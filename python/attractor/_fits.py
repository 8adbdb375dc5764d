"""The ways in which memories store patterns: at once or bit by bit, with prior weights and associated values or without."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, as_array, names_of, seed_of, shown
from ._estimator import Estimator, Stored, tensor
from ._results import Effect
from ._values import count, count_if, labels_of, scalar, words

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Plain(Estimator):
    """A memory of patterns."""

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None) -> Self:
        """Stores more patterns beside those that are stored.

        The memory is then that of all patterns together, as `fit` would make it: thresholds, scales and an automatic beta
        follow from all of them. The rows are kept for that, which takes their room a second time. A memory that `fit` made
        goes on from `patterns`.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns, of the width of those before.
        y : array_like (N,), optional
            A label for each pattern, if those before have labels.
        classes : array_like, optional
            All labels that may come, for `classes_`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`, or the patterns do not go with those before.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Hopfield().partial_fit([[1.0, 1, 1, -1]]).partial_fit([[1.0, -1, 1, 1]])
        >>> len(memory)
        2
        """
        return self._more(X, y, classes, None, None)

    def append(
        self,
        X: Any,
        y: Any = None,
        *,
        protect: float | None = None,
        check_cues: int | None = None,
        check_patterns: int | None = None,
        corruption: str | None = None,
        random_state: Any = 0,
        **beside: Any,
    ) -> Self:
        """Stores more patterns beside those that are stored, as `attractor store --append` does.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns, of the width of those before.
        y : array_like (N,), optional
            A label for each pattern, if those before have labels.
        protect : float, optional
            Refuse the change if one of the other patterns loses more than this share of its cues (0 to below 1): those recalled
            before and not after it.
        check_cues : int, optional
            How many cues to make of each pattern. They are recalled before and after the change, and `effect_` then has what
            became of them. Default: 10 with `protect`, else none.
        check_patterns : int, optional
            How many of the other patterns to look at: half of them those nearest to the change, the others evenly spaced. Default:
            200, fewer of a large memory.
        corruption : str, optional
            How cues are made, as in `attractor.recommend`. Default: ``"flip:0.1"`` of ±1 states, else ``"sigma:S"`` of 0.3
            spreads.
        random_state : int, numpy.random.Generator, numpy.random.RandomState or None
            Seed of the cues and of random recalls.
        **beside
            `sample_weight` and `values`, as in `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`, or the patterns do not go with those before; a pattern loses more than `protect`. The memory is then as
            it was.

        Examples
        --------
        >>> import attractor
        >>> len(attractor.Modern([[1.0, 2], [3, 4]]).append([[5.0, 6]]))
        3
        >>> memory = attractor.Modern([[0.0, 0], [9, 9]], beta=5.0, norm_bias=True)
        >>> memory.append([[0.0, 9]], check_cues=50, corruption="sigma:3").effect_
        Effect on 2 of 2 patterns: of 100 cues (sigma:3) 100 recalled before, 95 now; 5 lost, 0 gained
        """
        stored = len(self._built_rows())
        how = _examination(protect, check_cues, check_patterns, corruption, random_state)
        return self._change(lambda: self.partial_fit(X, y, **beside), list(range(stored)), how)

    def remove(
        self,
        rows: Any,
        *,
        protect: float | None = None,
        check_cues: int | None = None,
        check_patterns: int | None = None,
        corruption: str | None = None,
        random_state: Any = 0,
    ) -> Self:
        """Removes patterns, as `attractor store --remove` does. Those after them move up.

        The memory is then that of the patterns that are left, as `fit` would make it. Couplings and addresses that were given stay.

        Parameters
        ----------
        rows : int, array_like of int, or array_like (N,) of bool
            Indices of patterns, as in `recall(...).memory`, from the end if negative; or a mask.
        protect, check_cues, check_patterns, corruption, random_state
            As in `append`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There is no such pattern, or none would be left; a pattern loses more than `protect`. The memory is then as it was.
        TypeError
            The indices are not whole numbers.

        Examples
        --------
        >>> import attractor
        >>> attractor.Modern([[1.0, 2], [3, 4], [5, 6]]).remove([0, -1]).patterns.tolist()
        [[3.0, 4.0]]
        """
        held = self._built_rows()
        stays = _others(rows, len(held))
        how = _examination(protect, check_cues, check_patterns, corruption, random_state)
        places = (np.cumsum(stays) - 1).tolist()
        index = [place if stay else None for place, stay in zip(places, stays.tolist(), strict=True)]
        return self._change(lambda: self._keep_rows(stays), index, how)

    def _built_rows(self) -> Array:
        self._built()
        held = self._kept()
        assert held is not None, "a built memory has patterns"
        return held.patterns

    def _keep_rows(self, stays: Array) -> None:
        held = self._kept()
        assert held is not None, "a built memory has patterns"

        def pick(values: Array | None) -> Array | None:
            return None if values is None else values[stays]

        weights = None if held.weights is None else np.array(held.weights)[stays].tolist()
        left = Stored(held.patterns[stays], pick(held.labels), weights, pick(held.values), held.raw, held.image)
        self._remember(left, self.__dict__.get("feature_names_in_"))
        self._rows = left

    def _change(self, make: Callable[[], object], index: list[int | None], how: dict[str, Any] | None) -> Self:
        """Makes a change, and looks at what it did to the others. An error leaves the memory as it was."""
        before = self._built()
        state = self.__dict__.copy()
        try:
            make()
            if how is not None:
                self.effect_ = Effect(self._built().effect(before, index, **how))
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(state)
            raise
        return self

    def _more(self, X: Any, y: Any, classes: Any, sample_weight: Any, values: Any) -> Self:
        held, names = self._kept(), names_of(X)
        if held is not None:
            self._same_columns("X", X)
            names = self.__dict__.get("feature_names_in_")
        new = self._read(X, y, sample_weight, values)
        if held is not None:
            self._same_width(new.patterns.shape[1])
            new = _joined(held, new)
        if classes is not None:
            given = labels_of("classes", classes, len(np.asarray(classes)))
            self._classes = None if given is None else np.unique(given)
        self._remember(new, names)
        self._rows = new._replace(patterns=new.patterns.copy())
        return self

    def _kept(self) -> Stored | None:
        """The rows that are stored: as they were given, or as `fit` or a file keeps them."""
        if self._core is None:
            self._forget()
            return None
        rows: Stored | None = self.__dict__.get("_rows")
        if rows is not None:
            return rows
        patterns = self._core.patterns()
        if patterns is None:
            raise ValueError("partial_fit: expected a memory with patterns, found one that knows none; use fit")
        weights, values = self._core.weights(), None
        file = self._core.to_bytes()
        if weights is None:
            own = tensor(file, "weights")
            weights = None if own is None else own.tolist()
        if weights is not None:
            # Equal weights are those of patterns that were given none.
            weights = None if len(set(weights)) == 1 else [len(weights) * weight / sum(weights) for weight in weights]
        if not self._coded:
            values = tensor(file, "associated")
        return Stored(patterns, self._labels, weights, values, False, self._image)


class Weighted(Plain):
    """A memory of patterns that have prior weights."""

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        sample_weight : array_like (N,), optional
            Prior weights, >= 0. A pattern of weight 0 is left out, and those after it move up by one.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type.
        """
        return self._fit(X, y, sample_weight, None)

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, *, sample_weight: Any = None) -> Self:
        """Stores more patterns beside those that are stored.

        The memory is then that of all patterns together, as `fit` would make it: scales follow from all of them. The rows are
        kept for that, which takes their room a second time. A memory that `fit` made goes on from `patterns`, and weights of
        mean 1.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array_like, optional
            All labels that may come, for `classes_`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`, or the patterns do not go with those before.
        """
        return self._more(X, y, classes, sample_weight, None)


class Valued(Plain):
    """A memory of patterns that have associated values."""

    def fit(self, X: Any, y: Any = None, *, values: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        values : array_like (N, Dv), optional
            Associated values: a vector for each pattern.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type.
        """
        return self._fit(X, y, None, values)

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, *, values: Any = None) -> Self:
        """Stores more patterns beside those that are stored.

        The memory is then that of all patterns together, as `fit` would make it: thresholds and scales follow from all of
        them. The rows are kept for that, which takes their room a second time. A memory that `fit` made goes on from
        `patterns`.

        Parameters
        ----------
        X, y, values
            As in `fit`.
        classes : array_like, optional
            All labels that may come, for `classes_`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`, or the patterns do not go with those before.
        """
        return self._more(X, y, classes, None, values)


class Paired(Valued):
    """A memory of pairs of patterns and values. Labels alone stand for values: a unit for each class, +1 for its own."""

    _needs_labels = True

    def _codes(self, labels: Array | None) -> Array | None:
        if labels is None:
            name = type(self).__name__
            raise ValueError(
                "values: expected a vector for each pattern, found none; give values, or labels that are to be their codes "
                f"({name} requires y to be passed, but the target y is None)"
            )
        classes = self.__dict__.get("_classes")
        classes = np.unique(labels) if classes is None else np.unique(np.concatenate([classes, labels]))
        return np.where(labels[:, np.newaxis] == classes, 1.0, -1.0)


class WeightedValued(Weighted):
    """A memory of patterns that have prior weights and associated values."""

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None, values: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        sample_weight : array_like (N,), optional
            Prior weights, >= 0. A pattern of weight 0 is left out, and those after it move up by one.
        values : array_like (N, Dv), optional
            Associated values: a vector for each pattern.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type.
        """
        return self._fit(X, y, sample_weight, values)

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, *, sample_weight: Any = None, values: Any = None
    ) -> Self:
        """Stores more patterns beside those that are stored.

        The memory is then that of all patterns together, as `fit` would make it: scales and an automatic beta follow from all
        of them. The rows are kept for that, which takes their room a second time. A memory that `fit` made goes on from
        `patterns`, and weights of mean 1, if it has no values.

        Parameters
        ----------
        X, y, sample_weight, values
            As in `fit`.
        classes : array_like, optional
            All labels that may come, for `classes_`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`, or the patterns do not go with those before.
        """
        return self._more(X, y, classes, sample_weight, values)


def _examination(
    protect: float | None, cues: int | None, patterns: int | None, corruption: str | None, random_state: Any
) -> dict[str, Any] | None:
    """How a change is examined, or None if it is not."""
    if cues is None and protect is None:
        if corruption is not None:
            raise ValueError("corruption: expected check_cues or protect with it, found neither; give one of them")
        return None
    return {
        "cues": 10 if cues is None else count("check_cues", cues, 1),
        "patterns": count_if("check_patterns", patterns, 1),
        "corruption": None if corruption is None else words("corruption", corruption),
        "seed": seed_of(random_state),
        "protect": None if protect is None else scalar("protect", protect),
    }


def _others(rows: Any, count: int) -> Array:
    """A mask of the patterns that stay."""
    given = as_array("rows", rows)
    if given.dtype == bool:
        if given.shape != (count,):
            raise ValueError(f"rows: expected a mask of {count} patterns, found one of shape {given.shape}")
        stays = ~given
    else:
        if given.dtype.kind not in "iu" and given.size:
            raise TypeError(f"rows: expected whole numbers or a mask, found {shown(rows)}")
        named = given.astype(np.int64).ravel()
        wrong = named[(named < -count) | (named >= count)]
        if wrong.size:
            raise ValueError(f"rows: expected indices of {count} patterns, found {wrong[0]}")
        stays = np.ones(count, dtype=bool)
        stays[named] = False
    if not stays.any():
        raise ValueError("rows: expected at least one pattern to stay, found all of them named")
    return stays


def _joined(held: Stored, new: Stored) -> Stored:
    """All rows, in the order in which they came."""
    for what, one, other in (("y", held.labels, new.labels), ("values", held.values, new.values)):
        if (one is None) != (other is None):
            found = "without" if other is None else "with"
            before = "without" if one is None else "with"
            raise ValueError(
                f"{what}: expected rows {before} it, as those before, found rows {found}; give it to all or none"
            )
    labels = None
    if held.labels is not None and new.labels is not None:
        kinds = [labels.dtype.kind in "OU" for labels in (held.labels, new.labels)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"y: expected labels as before, such as {shown(held.labels[0])}, found {shown(new.labels[0])}; convert them"
            )
        labels = np.concatenate([held.labels, new.labels])
    weights = None
    if held.weights is not None or new.weights is not None:
        weights = (held.weights or [1.0] * len(held.patterns)) + (new.weights or [1.0] * len(new.patterns))
    values = None if held.values is None or new.values is None else np.concatenate([held.values, new.values])
    image = held.image if held.image == new.image else None
    return Stored(np.concatenate([held.patterns, new.patterns]), labels, weights, values, held.raw and new.raw, image)
