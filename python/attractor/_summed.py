"""Memories that keep sums over their patterns, and none of the patterns."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ._arrays import Array, names_of
from ._estimator import Estimator

if TYPE_CHECKING:
    from ._attractor import Memory as Core

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Summed(Estimator):
    """A memory of fixed size, whatever the number of its patterns. It has no labels, and is a transformer only."""

    _estimator_type = "transformer"

    _keeps_labels = False

    def __sklearn_tags__(self) -> Any:
        tags: Any = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "transformer"
        tags.classifier_tags = None
        return tags

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : ignored
            There for scikit-learn: labels are not kept.
        sample_weight : array_like (N,), optional
            Prior weights, from 1e-6 to 1e6. A pattern of weight 0 is left out.

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
        self._fit(X, None, sample_weight, None)
        self._prior = None
        return self

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, *, sample_weight: Any = None) -> Self:
        """Adds patterns to those that are stored, as `append` does, or stores the first ones, as `fit` does.

        Parameters
        ----------
        X, sample_weight
            As in `fit`.
        y, classes : ignored
            There for scikit-learn.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`.
        """
        if self._core is None:
            return self.fit(X, sample_weight=sample_weight)
        return self.append(X, sample_weight=sample_weight)

    def append(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Adds patterns to those that are stored. Those are not read, and the memory does not grow.

        Preparation and beta stay those of the first patterns. Cost: 2 D M operations and M sines a pattern.

        Parameters
        ----------
        X, sample_weight
            As in `fit`.
        y : ignored
            There for scikit-learn.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As for `fit`. The memory is then as it was.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.RandomFeatures([[1.0, 1, -1], [1, -1, 1]], features=100)
        >>> len(memory.append([[-1.0, 1, 1]]))
        3
        """
        return self._change(X, sample_weight, False)

    def remove(self, X: Any, *, sample_weight: Any = None) -> Self:
        """Removes patterns that were added, which must be given again: the memory keeps none that could be numbered.

        The sums are then those of the other patterns, to the bit. That a pattern was never added can only be seen where the kernel sum
        at it is far below its own term, or where what is left could be sums of no patterns.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns, as they were stored.
        sample_weight : array_like (N,), optional
            The weights that they were stored with.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As many patterns as are stored, or more; patterns that were hardly ever stored. The memory is then as it was.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.RandomFeatures([[1.0, 1, -1], [1, -1, 1]], features=100)
        >>> len(memory.remove([[1.0, 1, -1]]))
        1
        """
        return self._change(X, sample_weight, True)

    def _change(self, X: Any, sample_weight: Any, remove: bool) -> Self:
        core = self._built()
        self._same_columns("X", X)
        names = names_of(X) if "feature_names_in_" not in self.__dict__ else None
        given = self._read(X, None, sample_weight, None)
        self._same_width(given.patterns.shape[1])
        rows = given.patterns.astype(self._kind, copy=False)
        self._hold(core.changed(rows, given.weights, remove), None, self._image)
        if names is not None and not remove:
            self.__dict__.pop("feature_names_in_", None)
        return self

    @property
    def weights(self) -> Array | None:
        """None: the weights of patterns are in the sums."""
        return None

    @property
    def cosines_(self) -> Array:
        """The sums of weighted cosines over the patterns, (M,) in float64."""
        found: Array = self._kept()["cosines"]
        return found

    @property
    def sines_(self) -> Array:
        """The sums of weighted sines over the patterns, (M,) in float64."""
        found: Array = self._kept()["sines"]
        return found

    @property
    def noise_(self) -> float:
        """The standard deviation of the estimated kernel sum, where a pattern of mean weight counts as 1."""
        found: float = self._kept()["noise"]
        return found

    @property
    def distinct_(self) -> float:
        """The effective number of patterns that the kernel tells apart. M features hold about M / 2D of them."""
        found: float = self._kept()["distinct"]
        return found

    def __len__(self) -> int:
        """The number of patterns that were added and not removed."""
        found: int = self._kept()["patterns"]
        return found

    def _kept(self) -> dict[str, Any]:
        core: Core = self._built()
        found = core.sums_kept()
        assert found is not None, "a memory of fixed size has sums"
        return found
