"""Noising processes and samplers as objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import Array, as_array, shown
from ._values import scalar


class _Options:
    """Named options of diffusion, which are checked when the object is made."""

    #: The option whose value is `name`.
    _kind = ""

    def __post_init__(self) -> None:
        self._sampling()

    def options(self) -> dict[str, Any]:
        """Returns the options of a memory that stand for this object.

        Returns
        -------
        dict of str to object
            The options that are not None, by name.
        """
        named = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        named[self._kind] = named.pop("name")
        if named[self._kind] is None:
            raise TypeError(f"{self._kind}: expected a name, found None")
        for name, value in named.items():
            if name not in (self._kind, "spacing", "betas") and isinstance(value, str):
                raise TypeError(f"{name}: expected a number, found {shown(value)}")
        return {name: value for name, value in named.items() if value is not None}

    def _sampling(self, other: _Options | None = None) -> _attractor.Sampling:
        return _attractor.Sampling(self.options() | (other.options() if other is not None else {}))


@dataclass(frozen=True)
class Process(_Options):
    """A noising process: states x = s(t) (y + sigma(t) noise).

    Parameters
    ----------
    name : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow"}, default "vp"
        Variance exploding, variance preserving (at a constant or a linear rate), sub-variance preserving, sigma = t ("edm"),
        flow matching.
    gamma : float > 0, optional
        Constant rate of "vp" (default 0.8) or "ve" (default 1).
    rate_min, rate_max : float > 0, optional
        Rates of "vp-linear" and "sub-vp" at t = 0 and t = 1; default 0.1 and 20.

    Raises
    ------
    ValueError
        The name is unknown, or a rate is outside its range or does not belong to the process.

    Examples
    --------
    >>> import attractor
    >>> process = attractor.Process("vp", gamma=0.8)
    >>> float(process.scale(1.0).round(6))  # exp(-gamma t / 2)
    0.67032
    >>> float(process.time(process.sigma(1.5)).round(12))
    1.5
    """

    name: str = "vp"
    gamma: float | None = None
    rate_min: float | None = None
    rate_max: float | None = None

    _kind = "process"

    def _curve(self, what: str, at: Any) -> Array:
        numbers = as_array(what, at).astype(np.float64)
        if numbers.size and not (np.isfinite(numbers).all() and numbers.min() >= 0):
            raise ValueError(f"{what}: expected finite numbers >= 0, found {shown(at)}")
        curve = self._sampling().curve(what, numbers.ravel().tolist()).reshape(numbers.shape)
        if not np.isfinite(curve).all() or (what in ("sigma", "scale", "time") and curve.size and curve.min() < 0):
            raise ValueError(f"{what}: expected numbers at which the process {self.name} has one, found {shown(at)}")
        return curve

    def sigma(self, t: Any) -> Array:
        """Returns the noise-to-signal ratio sigma(t).

        Parameters
        ----------
        t : float or array_like
            Times, >= 0.

        Returns
        -------
        ndarray, shape of t
            Ratios, in the units of the patterns. For "vp" at a constant rate gamma it is sqrt(exp(gamma t) - 1).

        Raises
        ------
        ValueError
            A number is negative or not finite, or the process has no value there.

        Examples
        --------
        >>> import attractor
        >>> float(attractor.Process("vp", gamma=1.0).sigma(0.6931472).round(6))  # exp(t) = 2
        1.0
        """
        return self._curve("sigma", t)

    def scale(self, t: Any) -> Array:
        """Returns the scale s(t) of the signal.

        Parameters
        ----------
        t : float or array_like
            Times, >= 0.

        Returns
        -------
        ndarray, shape of t
            Scales, without unit: exp(-gamma t / 2) for "vp", 1 for "ve" and "edm", 1 - t for "flow".

        Raises
        ------
        ValueError
            A number is negative or not finite, or the process has no value there.

        Examples
        --------
        >>> import attractor
        >>> attractor.Process("flow").scale([0.0, 0.25]).tolist()
        [1.0, 0.75]
        """
        return self._curve("scale", t)

    def time(self, sigma: Any) -> Array:
        """Returns the time at which the noise-to-signal ratio is sigma.

        Parameters
        ----------
        sigma : float or array_like
            Noise levels, >= 0, in the units of the patterns.

        Returns
        -------
        ndarray, shape of sigma
            Times: the inverse of `sigma`.

        Raises
        ------
        ValueError
            A number is negative or not finite, or the process has no value there.

        Examples
        --------
        >>> import attractor
        >>> attractor.Process("edm").time([0.5, 2.0]).tolist()
        [0.5, 2.0]
        """
        return self._curve("time", sigma)

    def drift(self, t: Any) -> Array:
        """Returns the coefficient s'/s of the linear drift in dx = (s'/s) x dt + g dW.

        Parameters
        ----------
        t : float or array_like
            Times, >= 0.

        Returns
        -------
        ndarray, shape of t
            Coefficients, per unit of time: -gamma/2 for "vp", 0 for "ve".

        Raises
        ------
        ValueError
            A number is negative or not finite, or the process has no value there.

        Examples
        --------
        >>> import attractor
        >>> float(attractor.Process("vp", gamma=0.8).drift(1.0))
        -0.4
        """
        return self._curve("drift", t)

    def squared_diffusion(self, t: Any) -> Array:
        """Returns the squared diffusion coefficient g**2 = s**2 (sigma**2)'.

        Parameters
        ----------
        t : float or array_like
            Times, >= 0.

        Returns
        -------
        ndarray, shape of t
            Coefficients, squared units of the patterns per unit of time: gamma for "vp", gamma**2 for "ve".

        Raises
        ------
        ValueError
            A number is negative or not finite, or the process has no value there.

        Examples
        --------
        >>> import attractor
        >>> float(attractor.Process("ve", gamma=2.0).squared_diffusion(0.3))
        4.0
        """
        return self._curve("squared_diffusion", t)


@dataclass(frozen=True)
class Sampler(_Options):
    """A sampler: how a state moves down the noise levels.

    Parameters
    ----------
    name : str, default "dpmpp-2m"
        One of `samplers()`.
    steps : int > 0, optional
        Number of steps. If None, the default of the sampler.
    rho : float, optional
        Exponent of the spacings "powers" (default 2), "karras" (7) and "polyexponential" (1), 0.1 to 100.
    last : float, optional
        Last positive noise level, in spreads of the memory; default 0.002, or a tenth of a cue's level where that is lower. A cue with
        less noise than `last` makes one step.
    sigmas : list of float, optional
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level through those below
        it, and then to 0.
    accuracy : float, optional
        Error per step and unit that "dormand-prince" allows, in spreads; default 1e-6.
    spacing : str, optional
        How noise levels are spaced, from the first to the last: "powers" (of sigma), "karras" (the same with rho = 7), "exponential", "polyexponential",
        "times" (of the process), "beta" (quantiles of a beta distribution); or steps of the table of `betas`, as diffusers takes them:
        "linspace" (Euler, Heun, LMS), "linspace-whole" (DDIM, DDPM), "linspace-dpm" (DPM-Solver++, UniPC), "leading", "leading-dpm", "trailing".
        Default: times for the Euler methods, linspace with betas, powers for others.
    betas : str, optional
        Table of noise levels, as of DDPM: "linear", "scaled-linear" or "cosine", or with numbers as in "linear:0.0001:0.02:1000". A cue goes from its own level
        through those of the table below it; with the spacings of two levels, those from its highest level to its lowest.
    offset : int, optional
        Steps of the table that leading levels are moved up by (steps_offset of diffusers); default 0.
    shift : float, optional
        Factor of noise for equal times (shift of flow matching), 1e-3 to 1e3; default 1.
    until : float, optional
        Noise level where a recall ends, in the units of the cues; default 0.
    start : float, optional
        Noise level where a recall without cues starts, in the units of the cues (sigma_max). 1e7 is pure noise, t = 1 of a flow. Default: 10 radii of
        the memory, or the highest of `sigmas` or `betas`.
    eta : float, optional
        Share of the noise of the reverse SDE, 0 to 1: for "ddim" (default 0), "ancestral", "dpmpp-2m-sde" and "dpmpp-3m-sde" (default 1).
    s_churn, s_tmin, s_tmax, s_noise : float, optional
        Noise that "heun" and "ddim" add before each step, the levels between which they do, and its standard deviation (Karras et al. 2022,
        Algorithm 2). Default 0, 0, none and 1.
    snr : float, optional
        Signal-to-noise ratio of the corrections of "predictor-corrector", as in Song et al. (2021). Default: none, a correction takes the time 1 - sigma'/sigma.

    Raises
    ------
    ValueError
        The name is unknown, or an option is outside its range or does not belong to the sampler.

    Examples
    --------
    >>> import attractor
    >>> heun = attractor.Sampler("heun", steps=6)
    >>> heun.evaluations
    11
    >>> heun.levels(1.2).round(3)
    array([1.2  , 0.784, 0.456, 0.216, 0.065, 0.002, 0.   ])
    """

    name: str = "dpmpp-2m"
    steps: int | None = None
    rho: float | None = None
    last: float | None = None
    sigmas: Sequence[float] | None = None
    accuracy: float | None = None
    spacing: str | None = None
    betas: str | None = None
    offset: int | None = None
    shift: float | None = None
    until: float | None = None
    start: float | None = None
    eta: float | None = None
    s_churn: float | None = None
    s_tmin: float | None = None
    s_tmax: float | None = None
    s_noise: float | None = None
    snr: float | None = None

    _kind = "sampler"

    def __post_init__(self) -> None:
        if self.sigmas is not None:
            # A tuple cannot be changed, and gives the sampler a hash.
            object.__setattr__(
                self, "sigmas", tuple(as_array("sigmas", self.sigmas).astype(np.float64).ravel().tolist())
            )
        super().__post_init__()

    @property
    def evaluations(self) -> int | None:
        """How often a recall evaluates the denoiser. None if that depends on the state."""
        return self._sampling().evaluations

    @property
    def stochastic(self) -> bool:
        """Whether the sampler is random."""
        return bool(self._sampling().stochastic)

    @property
    def samples_posterior(self) -> bool:
        """Whether a recall ends in each memory with its posterior probability."""
        return bool(self._sampling().samples_posterior)

    def levels(self, sigma: Any, *, process: Process | None = None, spread: float = 1.0) -> Array:
        """Returns the noise levels from each sigma down to 0, or to `until`.

        Parameters
        ----------
        sigma : float or array_like (B,)
            First levels.
        process : Process, optional
            The process whose times the Euler methods use; default variance preserving.
        spread : float, default 1
            Spread of the memory.

        Returns
        -------
        ndarray (steps + 1,) or (steps + 1, B)
        """
        first = as_array("sigma", sigma).astype(np.float64)
        if first.ndim > 1 or not (np.isfinite(first).all() and (first >= 0).all()):
            raise ValueError(f"sigma: expected a finite number >= 0, or one for each row, found {shown(sigma)}")
        scale = scalar("spread", spread)
        if not 0 < scale < np.inf:
            raise ValueError(f"spread: expected a finite number > 0, found {spread}")
        if process is not None and not isinstance(process, Process):
            raise TypeError(f"process: expected a Process, found {shown(process)}")
        levels = self._sampling(process).levels(first.ravel().tolist(), scale)
        return levels if first.ndim else levels[:, 0]


def samplers() -> dict[str, dict[str, Any]]:
    """Returns every sampler by name, with its properties.

    Returns
    -------
    dict
        For each sampler: its default number of `steps`, whether it is `stochastic`, whether it `samples_posterior`, and
        whether it uses a grid of noise levels (`has_grid`).

    Examples
    --------
    >>> import attractor
    >>> attractor.samplers()["heun"]["steps"]
    12
    """
    return {entry.pop("name"): entry for entry in _attractor.samplers()}


def processes() -> list[str]:
    """Returns the names of the noising processes.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import attractor
    >>> attractor.processes()
    ['ve', 'vp', 'vp-linear', 'sub-vp', 'edm', 'flow']
    """
    return _attractor.processes()
