"""Energy, denoising and probabilities of single states."""

from __future__ import annotations

from typing import Any, Literal, overload

from . import _attractor
from ._arrays import Array, levels, like, shown
from ._autograd import tracked
from ._estimator import Estimator
from ._potential import Potential
from ._typing import States
from ._values import words


class Landscape(Estimator):
    """Energy and its slope, the denoiser, the posterior and ln p.

    What is given as a tensor of PyTorch, or an array of JAX or another library with an array API, comes back as one. Tensors
    that require gradients get them from `energy`, `denoise`, `score` and `log_prob`; where there are none to be had, they
    are refused.
    """

    @overload
    def energy(self, states: States, sigma: Any = ...) -> States: ...  # type: ignore[overload-overlap]
    @overload
    def energy(self, states: object, sigma: Any = ...) -> Array: ...
    def energy(self, states: Any, sigma: Any = None) -> Any:
        """Returns the energy of states.

        Parameters
        ----------
        states : array_like (B, D) or (D,)
            States, in the units of the patterns.
        sigma : float or array_like (B,), optional
            Noise levels, for memories that have a landscape for each level.

        Returns
        -------
        ndarray of float64 (B,), or a tensor if the states are one

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
        if tracked(states, sigma):
            return self._tracked("energy", states, sigma)
        return self._number("energy", states, sigma)

    @overload
    def gradient(self, states: States, sigma: Any = ...) -> States: ...  # type: ignore[overload-overlap]
    @overload
    def gradient(self, states: object, sigma: Any = ...) -> Array: ...
    def gradient(self, states: Any, sigma: Any = None) -> Any:
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
        if tracked(states, sigma):
            raise TypeError(f"gradient: {_UNTRACKED}")
        return self._vector("gradient", states, sigma)

    @overload
    def denoise(self, x: States, sigma: Any) -> States: ...
    @overload
    def denoise(self, x: object, sigma: Any) -> Array: ...
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
        if tracked(x, sigma):
            return self._tracked("denoise", x, sigma)
        return self._vector("denoise", x, sigma)

    @overload
    def __call__(self, x: States, sigma: Any, **_: Any) -> States: ...
    @overload
    def __call__(self, x: object, sigma: Any, **_: Any) -> Array: ...
    def __call__(self, x: Any, sigma: Any, **_: Any) -> Any:
        """The same as `denoise`, so that a memory is a denoiser for samplers of other libraries."""
        return self.denoise(x, sigma)

    @overload
    def posterior(self, states: States, sigma: Any = ...) -> States: ...  # type: ignore[overload-overlap]
    @overload
    def posterior(self, states: object, sigma: Any = ...) -> Array: ...
    def posterior(self, states: Any, sigma: Any = None) -> Any:
        """Returns the posterior probability of every memory.

        Parameters
        ----------
        states, sigma
            As in `energy`.

        Returns
        -------
        ndarray of float64 (B, N), or a tensor if the states are one
            Probabilities, which sum to 1 in each row.

        Raises
        ------
        TypeError
            The weights of this memory are no probabilities; or it has a posterior for each noise level, and none was given.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion([[1.0], [-1.0]])
        >>> memory.posterior([[0.5]], 1.0).round(4)  # 1/(1 + exp(-2 * 0.5))
        array([[0.7311, 0.2689]])
        """
        if tracked(states, sigma):
            raise TypeError(f"posterior: {_UNTRACKED}")
        core = self._built()
        array, _ = self._states("states", states)
        return like(core.posterior(array, levels(sigma, len(array))), states, state=False)

    @overload
    def log_prob(self, states: States, sigma: Any, *, method: Literal["exact", "flow"] = ...) -> States: ...
    @overload
    def log_prob(self, states: object, sigma: Any, *, method: Literal["exact", "flow"] = ...) -> Array: ...
    def log_prob(self, states: Any, sigma: Any, *, method: str = "exact") -> Any:
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
        if tracked(states, sigma):
            return self._tracked(method, states, sigma)
        # The flow's integral is a sum of differences, so it needs float64.
        return self._number(method, states, sigma, self._wide() if method == "flow" else None)

    def _number(self, what: str, states: Any, sigma: Any, core: _attractor.Memory | None = None) -> Any:
        core = core or self._built()
        array, _ = self._states("states", states, wide=core.wide)
        return like(core.number(what, array, levels(sigma, len(array))), states, state=False)

    def _vector(self, what: str, states: Any, sigma: Any) -> Any:
        core = self._built()
        array, shape = self._states("states", states)
        result = core.vector(what, array, levels(sigma, len(array)))
        return like(result if result.shape == shape else result.reshape(shape), states)

    def _tracked(self, what: str, states: Any, sigma: Any) -> Any:
        """A function of a tensor that requires gradients."""
        if what in ("denoise", "score") and not self._has_jacobian():
            raise TypeError(
                f"{what}: expected a tensor that requires no gradient, found one that does, and only the denoiser of "
                f"stored points with equal noise has a known Jacobian; give {type(self).__name__} x.detach()"
            )
        from ._autograd import apply

        return apply(self, what, states, sigma)

    def _has_jacobian(self) -> bool:
        """Whether D is the mean of stored points under their posterior, so that its Jacobian is known."""
        potential = isinstance(getattr(self, "process", None), Potential) or getattr(self, "process", "") == "potential"
        core = self._built()
        # Of standardized units each has its own noise.
        equal = not potential and core.prepare != "standardize"
        return self._model in ("diffusion", "mixture") and equal and core.patterns() is not None


#: Why a tensor that requires gradients is refused.
_UNTRACKED = "expected a tensor that requires no gradient, found one that does, and gradients of this are not known; give x.detach()"
