"""Potentials of noise-injection dynamics, as objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, shown
from ._values import count, scalar


@dataclass(frozen=True, eq=False)
class Potential:
    """A noising process with a potential: dx = -grad V(x) dt + sigma dW.

    Give it as the process of `Diffusion` or `Mixture`. V is quadratic, V = 1/2 (x - m)' H (x - m) with any symmetric H. Other
    potentials are made by `double_well`, `from_functions` and `read`. Everything is in the units of the patterns.

    Parameters
    ----------
    hessian : array_like (D, D) or (D,), optional
        H, or its diagonal.
    minimum : float or array_like (D,), default 0
        The stationary point m.
    sigma : float > 0, or dict, default 1
        Noise per square root of time. A function of time is {"first": a, "rate": b} for a exp(b t), or
        {"times": [0, ...], "values": [...]} for straight lines between values.
    eigenvalues : array_like (D,), optional
        Eigenvalues of H, instead of H.
    eigenvectors : array_like (D, D), optional
        Eigenvectors of H, one a row. Default: the units.

    Raises
    ------
    ValueError
        H is not symmetric (a drift that turns is the gradient of no potential), or a number is outside its range.

    Examples
    --------
    >>> import attractor
    >>> coupled = attractor.Potential([[1.0, -0.8], [-0.8, 1.0]])
    >>> memory = attractor.Diffusion([[1.0, 1], [1, -1]], process=coupled)
    >>> memory.recall([[0.7, -0.4]], sigma=0.5).memory
    array([1])
    """

    hessian: Any = None
    minimum: Any = 0.0
    sigma: Any = 1.0
    eigenvalues: Any = None
    eigenvectors: Any = None
    _other: tuple[str, tuple[Any, ...]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._core()

    @classmethod
    def double_well(cls, strength: float = 1.0, well: float = 1.0, sigma: Any = 1.0) -> Potential:
        """The potential sum of strength/4 (x**2 - well**2)**2 over units.

        Its kernel is linearised about each pattern, so recall should start at a level that is short of the wells' times.

        Parameters
        ----------
        strength : float > 0, default 1
            Strength of the wells.
        well : float > 0, default 1
            The wells are at -well and well.
        sigma : float > 0, or dict, default 1
            As in the constructor.

        Returns
        -------
        Potential

        Examples
        --------
        >>> import attractor
        >>> wells = attractor.Potential.double_well(0.5)
        >>> memory = attractor.Diffusion([[1.0, 1], [1, -1]], process=wells)
        >>> memory.recall([[0.9, -0.7]], sigma=0.3).memory
        array([1])
        """
        return cls(sigma=sigma, _other=("double_well", (strength, well)))

    @classmethod
    def from_functions(
        cls,
        dim: int,
        value: Callable[[Array], Any],
        gradient: Callable[[Array], Any],
        hessian: Callable[[Array], Any],
        sigma: Any = 1.0,
    ) -> Potential:
        """A potential of your own functions of one state, an array of `dim` numbers.

        Its kernel is linearised about each pattern. The functions are checked against each other when a memory is built.

        Parameters
        ----------
        dim : int
            Units of a state, D.
        value : callable
            V(x), a number.
        gradient : callable
            The gradient of V at x, D numbers.
        hessian : callable
            The Hessian of V at x, (D, D), or its diagonal (D,) if V is a sum over units.
        sigma : float > 0, or dict, default 1
            As in the constructor.

        Returns
        -------
        Potential

        Examples
        --------
        >>> import attractor
        >>> quartic = attractor.Potential.from_functions(
        ...     2, lambda x: (x**4).sum() / 4, lambda x: x**3, lambda x: 3 * x**2)
        >>> memory = attractor.Diffusion([[1.0, 1], [1, -1]], process=quartic)
        >>> memory.recall([[0.9, -0.7]], sigma=0.3).memory
        array([1])
        """
        return cls(sigma=sigma, _other=("functions", (dim, value, gradient, hessian)))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Potential:
        """The potential that a TOML or JSON file describes, as for the command line.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        Potential
        """
        return cls(_other=("read", (os.fsdecode(path),)))

    def options(self) -> dict[str, Any]:
        """Returns the options of a memory that stand for this process.

        Returns
        -------
        dict of str to object
            The options by name.
        """
        return {"process": "potential", "potential": self._core()}

    def _core(self) -> _attractor.Potential:
        kind, given = self._other or ("quadratic", ())
        if kind == "read":
            return _attractor.Potential.read(*given)
        sigma = _sigma(self.sigma)
        if kind == "double_well":
            strength, well = given
            return _attractor.Potential.double_well(scalar("strength", strength), scalar("well", well), sigma)
        if kind == "functions":
            dim, value, gradient, hessian = given
            for name, function in (("value", value), ("gradient", gradient), ("hessian", hessian)):
                if not callable(function):
                    raise TypeError(f"{name}: expected a callable that takes a state, found {shown(function)}")
            return _attractor.Potential.functions(
                count("dim", dim, 1),
                lambda x: scalar("value", value(x)),
                lambda x: _numbers("gradient", gradient(x)).tolist(),
                lambda x: _numbers("hessian", hessian(x)).tolist(),
                sigma,
            )
        return self._quadratic(sigma)

    def _quadratic(self, sigma: Any) -> _attractor.Potential:
        if (self.hessian is None) == (self.eigenvalues is None):
            found = "neither" if self.hessian is None else "both"
            raise ValueError(f"hessian: expected it, or eigenvalues instead, found {found}")
        values = _numbers("hessian", self.hessian) if self.eigenvalues is None else None
        eigen = None if self.eigenvalues is None else _numbers("eigenvalues", self.eigenvalues)
        if values is not None and values.ndim == 1:
            values, eigen = None, values
        if eigen is not None and eigen.ndim != 1:
            raise ValueError(f"eigenvalues: expected one for each unit, found an array of shape {eigen.shape}")
        if values is not None and values.ndim != 2:
            raise ValueError(f"hessian: expected (D, D) or (D,) numbers, found an array of shape {values.shape}")
        units = len(eigen if eigen is not None else values)  # type: ignore[arg-type]
        minimum = _numbers("minimum", self.minimum)
        vectors = None if self.eigenvectors is None else _numbers("eigenvectors", self.eigenvectors)
        return _attractor.Potential.quadratic(
            (np.full(units, minimum) if minimum.ndim == 0 else minimum.ravel()).tolist(),
            sigma,
            hessian=None if values is None else np.ascontiguousarray(values),
            eigenvalues=None if eigen is None else eigen.tolist(),
            eigenvectors=None if vectors is None else np.ascontiguousarray(vectors),
        )


def _numbers(what: str, values: Any) -> Array:
    array = as_array(what, values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: expected numbers, found {array.dtype}")
    return array.astype(np.float64)


def _sigma(sigma: Any) -> Any:
    """The noise in the form that Rust reads."""
    if callable(sigma):
        raise TypeError(
            "sigma: expected a number or a table of time, found a function; noise that depends on the state is not part of Eq. 15"
        )
    if not isinstance(sigma, Mapping):
        return scalar("sigma", sigma)
    if set(sigma) == {"first", "rate"}:
        return (scalar("first", sigma["first"]), scalar("rate", sigma["rate"]))
    if set(sigma) == {"times", "values"}:
        return (_numbers("times", sigma["times"]).tolist(), _numbers("values", sigma["values"]).tolist())
    raise ValueError(
        f"sigma: expected a number, first and rate, or times and values, found {', '.join(map(str, sigma))}"
    )
