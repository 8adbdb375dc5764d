"""What memories hold besides patterns: couplings, and hard locations with their counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array

if TYPE_CHECKING:
    from ._memory import Memory

    Base = Memory
else:
    Base = object


class Coupled(Base):
    """A memory of couplings between units."""

    @property
    def couplings_(self) -> Array:
        """The couplings W of the energy -x'Wx/2, (D, D) in float64: learned by the rule, or as they were given.

        Examples
        --------
        >>> import attractor
        >>> attractor.Hopfield([[1.0, 1, -1]]).couplings_.tolist()
        [[0.0, 1.0, -1.0], [1.0, 0.0, -1.0], [-1.0, -1.0, 0.0]]
        """
        found = self._built().couplings()
        assert found is not None, "a memory of couplings has some"
        return found


class Located(Base):
    """A memory of counters at hard locations."""

    @property
    def addresses_(self) -> Array:
        """The addresses of the hard locations, (M, D) of +1 and -1 in int8: random, or as they were given."""
        return np.where(self._held()[0], np.int8(1), np.int8(-1))

    @property
    def counters_(self) -> Array:
        """The counters, (M, D) in int32: what was written to each location. With values, (M, D + Dv): those of the values come after."""
        return self._held()[1]

    @property
    def radius_(self) -> int:
        """The Hamming distance in bits within which locations are active."""
        return self._held()[2]

    def sums(self, X: Any) -> Array:
        """Returns the sums of the counters of all locations near states. Their signs are what one update reads.

        Parameters
        ----------
        X : array_like (B, D) or (D,)
            States.

        Returns
        -------
        ndarray (B, D) of int64
            With values, (B, D + Dv). (D,) for a single state.

        Raises
        ------
        ValueError
            States of another width than the patterns, or not finite.

        Examples
        --------
        One word at two of three addresses:

        >>> import attractor
        >>> memory = attractor.SparseDistributed([[1.0, 1, -1]], addresses=[[1, 1, -1], [1, 1, 1], [-1, -1, 1]], radius=1)
        >>> memory.counters_.tolist()
        [[1, 1, -1], [1, 1, -1], [0, 0, 0]]
        >>> memory.sums([1.0, 1, 1]).tolist()
        [2, 2, -2]
        """
        states, shape = self._states("X", X)
        self._same_width(states.shape[1])
        found = self._built().sums(states)
        assert found is not None, "a memory of hard locations has some"
        return found[0] if self._is_one(shape) else found

    def _held(self) -> tuple[Array, Array, int, bool]:
        found = self._built().locations()
        assert found is not None, "a memory of hard locations has some"
        return found
