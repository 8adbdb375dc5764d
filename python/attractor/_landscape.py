"""Energy, denoising and probabilities of single states."""

from __future__ import annotations

from typing import Any

from . import _attractor
from ._arrays import Array, levels, like, shown
from ._estimator import Estimator
from ._values import words


class Landscape(Estimator):
    """Energy and its slope, the denoiser, the posterior and ln p."""

    def energy(self, states: Any, sigma: Any = None) -> Array:
        """Returns the energy of states.

        Parameters
        ----------
        states : array_like (B, D) or (D,)
            States, in the units of the patterns.
        sigma : float or array_like (B,), optional
            Noise levels, for memories that have a landscape for each level.

        Returns
        -------
        ndarray of float64 (B,)

        Raises
        ------
        TypeError
            The recall of this memory lowers no energy; or it has an energy for each noise level, and none was given.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Dense([[1.0, 1, 1, -1], [1, -1, 1, 1]], interaction="poly:3")
        >>> memory.energy([1, 1, 1, -1])  # -(4**3 + 0**3)
        array([-64.])
        """
        return self._number("energy", states, sigma)

    def gradient(self, states: Any, sigma: Any = None) -> Array:
        """Returns the gradient of the energy.

        Parameters
        ----------
        states, sigma
            As in `energy`.

        Returns
        -------
        ndarray, shape of the states

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Modern([[2.0, 0.0], [0.0, 2.0]], beta=1.0)
        >>> memory.gradient([1.0, 1.0])  # x - sum(w y)
        array([0., 0.])
        """
        return self._vector("gradient", states, sigma)

    def denoise(self, x: Any, sigma: Any) -> Any:
        """Returns D(x, sigma), the posterior mean of the state before noise of level sigma was added.

        Parameters
        ----------
        x : array_like or torch.Tensor (B, ...)
            Noisy states y + sigma * noise.
        sigma : float or array_like (B,)
            Noise levels >= 0.

        Returns
        -------
        ndarray, or torch.Tensor if x is one, shape of x

        Examples
        --------
        >>> import numpy as np
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0], [-1.0]])
        >>> bool(np.isclose(memory.denoise([[0.3]], 0.8), np.tanh(0.3 / 0.64)).all())
        True
        """
        return like(self._vector("denoise", x, sigma), x)

    def __call__(self, x: Any, sigma: Any, **_: Any) -> Any:
        """The same as `denoise`, so that a memory is a denoiser for samplers of other libraries."""
        return self.denoise(x, sigma)

    def posterior(self, states: Any, sigma: Any = None) -> Array:
        """Returns the posterior probability of every memory.

        Parameters
        ----------
        states, sigma
            As in `energy`.

        Returns
        -------
        ndarray of float64 (B, N)
        """
        core = self._built()
        array, _ = self._states("states", states)
        return core.posterior(array, levels(sigma, len(array)))

    def log_prob(self, states: Any, sigma: Any, *, method: str = "exact") -> Array:
        """Returns ln p of states, where p is the density of the memories with noise of level sigma.

        Parameters
        ----------
        states : array_like (B, D) or (D,)
            States, in the units of the patterns.
        sigma : float or array_like (B,)
            Noise levels > 0.
        method : {"exact", "flow"}, default "exact"
            "exact" uses the closed form, "flow" the divergence of the probability flow (in float64).

        Returns
        -------
        ndarray of float64 (B,)
            ln p in nats, of a density over D units.

        Examples
        --------
        >>> import numpy as np
        >>> import attractor
        >>> memory = attractor.Diffusion([[0.0, 0.0]])
        >>> bool(np.isclose(memory.log_prob([0.6, 0.8], 2.0), -0.5 / 4 - np.log(8 * np.pi)).all())
        True
        """
        if words("method", method) not in ("exact", "flow"):
            raise ValueError(f"method: expected exact or flow, found {shown(method)}")
        # The flow's integral is a sum of differences, so it needs float64.
        return self._number(method, states, sigma, self._wide() if method == "flow" else None)

    def _number(self, what: str, states: Any, sigma: Any, core: _attractor.Memory | None = None) -> Array:
        core = core or self._built()
        array, _ = self._states("states", states, wide=core.wide)
        return core.number(what, array, levels(sigma, len(array)))

    def _vector(self, what: str, states: Any, sigma: Any) -> Array:
        core = self._built()
        array, shape = self._states("states", states)
        result = core.vector(what, array, levels(sigma, len(array)))
        return result if len(shape) == 2 else result.reshape(shape)
