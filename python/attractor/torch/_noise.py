"""How models are told the noise of a state: the scale of their inputs, and their time.

Every class here maps a noise-to-signal ratio sigma, with states x = y + sigma * noise, to what a model gets: the states times
`scale(sigma)`, and `time(sigma)`. `sigma(time)` is the way back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._arrays import shown
from .._paths import Process

#: The levels that stand for pure noise, where a process has no signal left.
MOST = 1e7
#: The last share of signal in a table that ends without signal, as in diffusers.
LEAST_SIGNAL = 2.0**-24


class Noise:
    """What a model is told about noise. See the module."""

    #: The largest noise-to-signal ratio that the model knows.
    highest: float = MOST
    #: The smallest one.
    lowest: float = 0.0
    #: The root mean square of data that the predictions "v" and "F" are scaled for.
    spread: float = 1.0

    def scale(self, sigma: Tensor) -> Tensor:
        """The factor of states. Variance preserving, if a class says nothing else."""
        return (1 + sigma.square()).rsqrt()

    def time(self, sigma: Tensor) -> Tensor:
        """What the model gets as its time."""
        raise NotImplementedError

    def sigma(self, time: Tensor) -> Tensor:
        """The noise-to-signal ratio at a time of the model."""
        raise NotImplementedError


@dataclass
class Curves(Noise):
    """A process of attractor, whose own time the model gets."""

    process: Process

    def __post_init__(self) -> None:
        # The schedules that are meant for times from 0 to 1.
        if self.process.name in ("vp-linear", "sub-vp"):
            self.highest = float(self.process.sigma(1.0))

    def scale(self, sigma: Tensor) -> Tensor:
        return _mapped(lambda level: self.process.scale(self.process.time(level)), sigma)

    def time(self, sigma: Tensor) -> Tensor:
        return _mapped(self.process.time, sigma)

    def sigma(self, time: Tensor) -> Tensor:
        return _mapped(self.process.sigma, time)


class Discrete(Noise):
    """Variance preserving noise in numbered steps, as of DDPM: x_k = sqrt(a_k) y + sqrt(1 - a_k) noise.

    Between two steps the number is interpolated in ln sigma, as in k-diffusion.

    Parameters
    ----------
    alphas_cumprod : array_like (T,)
        a_k in (0, 1), falling: the share of the signal's variance at each step. diffusers' schedulers have them under this name.
    whole : bool, default False
        Whether the model gets the nearest whole step, as a table of embeddings needs.

    Raises
    ------
    ValueError
        The numbers are not between 0 and 1, or do not fall.

    Examples
    --------
    >>> import torch
    >>> import attractor.torch
    >>> steps = attractor.torch.Discrete([0.9, 0.5, 0.2])
    >>> steps.sigma(torch.tensor(2)) # sqrt(0.8 / 0.2)
    tensor(2.)
    >>> float(steps.time(torch.tensor(1.0)).round(decimals=6))
    1.0
    """

    def __init__(self, alphas_cumprod: Any, whole: bool = False) -> None:
        numbers = torch.as_tensor(alphas_cumprod, dtype=torch.float64).detach().cpu()
        fine = numbers.ndim == 1 and len(numbers) > 1 and bool(numbers.isfinite().all())
        if not fine or not bool((numbers >= 0).all() and (numbers < 1).all() and (numbers.diff() < 0).all()):
            raise ValueError(
                "alphas_cumprod: expected falling numbers between 0 and 1, one for each step of training, "
                f"found {shown(numbers.tolist() if numbers.numel() < 9 else tuple(numbers.shape))}"
            )
        if numbers[-1] == 0:
            # Only the last may have no signal, since they fall.
            numbers = torch.cat([numbers[:-1], (numbers[-2:-1] / 2).clamp(max=LEAST_SIGNAL)])
        self.alphas_cumprod, self.whole = numbers, whole
        self._logs = 0.5 * ((1 - numbers) / numbers).log()
        self.lowest, self.highest = math.exp(float(self._logs[0])), math.exp(float(self._logs[-1]))

    def time(self, sigma: Tensor) -> Tensor:
        logs = self._logs.to(sigma)
        level = sigma.clamp(min=1e-30).log().clamp(logs[0], logs[-1])
        above = torch.searchsorted(logs, level.contiguous()).clamp(1, len(logs) - 1)
        low, high = logs[above - 1], logs[above]
        time = above - 1 + (level - low) / (high - low)
        return time.round() if self.whole else time

    def sigma(self, time: Tensor) -> Tensor:
        logs = self._logs.to(time.device)
        step = time.to(logs.dtype).clamp(0, len(logs) - 1)
        below = step.floor().long().clamp(max=len(logs) - 2)
        share = step - below
        return _like(((1 - share) * logs[below] + share * logs[below + 1]).exp(), time)


@dataclass
class Preconditioned(Noise):
    """The preconditioning of Karras et al. (2022): the model gets x / sqrt(sigma**2 + spread**2) and ln(sigma)/4.

    Parameters
    ----------
    spread : float > 0, default 0.5
        Root mean square of the data, the paper's sigma_data.
    """

    spread: float = 0.5

    def __post_init__(self) -> None:
        if not (isinstance(self.spread, (int, float)) and 0 < self.spread < math.inf):
            raise ValueError(f"spread: expected a finite number > 0, found {shown(self.spread)}")

    def scale(self, sigma: Tensor) -> Tensor:
        return (sigma.square() + self.spread**2).rsqrt()

    def time(self, sigma: Tensor) -> Tensor:
        return 0.25 * sigma.clamp(min=1e-30).log()

    def sigma(self, time: Tensor) -> Tensor:
        return _like((4 * _wide(time)).exp(), time)


@dataclass
class Flow(Noise):
    """Linear flow matching: the model gets (1 - t) y + t noise, with t = sigma/(1 + sigma).

    Parameters
    ----------
    steps : float > 0, default 1
        The model's time at t = 1: 1000 for the models of diffusers.
    data_at : {0, 1}, default 0
        Where in the model's time the data are: 0 in Stable Diffusion 3, Flux and diffusers, with the velocity noise - y; 1 in
        Lipman et al. (2023), torchcfm and SiT, with time 1 - t and the velocity y - noise.
    """

    steps: float = 1.0
    data_at: int = 0

    def __post_init__(self) -> None:
        if self.data_at not in (0, 1):
            raise ValueError(f"data_at: expected 0 or 1, found {shown(self.data_at)}")
        if not (isinstance(self.steps, (int, float)) and 0 < self.steps < math.inf):
            raise ValueError(f"steps: expected a finite number > 0, found {shown(self.steps)}")

    def scale(self, sigma: Tensor) -> Tensor:
        return 1 / (1 + sigma)

    def time(self, sigma: Tensor) -> Tensor:
        return self.steps * (1 / (1 + sigma) if self.data_at else sigma / (1 + sigma))

    def sigma(self, time: Tensor) -> Tensor:
        share = _wide(time) / self.steps
        noise = 1 - share if self.data_at else share
        signal = share if self.data_at else 1 - share
        return _like(noise / signal.clamp(min=1 / (1 + MOST)), time)


class Scheduled(Noise):
    """The noise of a scheduler of diffusers, whose levels are taken as they stand in its table."""

    def __init__(self, noise: Noise, scheduler: Any) -> None:
        self.noise, self.scheduler = noise, scheduler
        self.lowest, self.highest, self.spread = noise.lowest, noise.highest, noise.spread

    def scale(self, sigma: Tensor) -> Tensor:
        return self.noise.scale(sigma)

    def time(self, sigma: Tensor) -> Tensor:
        return self.noise.time(sigma)

    def sigma(self, time: Tensor) -> Tensor:
        levels = getattr(self.scheduler, "sigmas", None)
        times = getattr(self.scheduler, "timesteps", None)
        flat = time.reshape(-1)
        if levels is None or times is None or not bool((flat == flat[0]).all()):
            return self.noise.sigma(time)
        at = flat[0].to(times.device, times.dtype)
        step = getattr(self.scheduler, "step_index", None)
        # Some tables have a time twice; the scheduler knows in which step it is.
        if step is None or step >= len(times) or times[step] != at:
            found = (times == at).nonzero()
            if not len(found):
                return self.noise.sigma(time)
            step = int(found[0])
        level = levels[step].to(time.device, torch.float64)
        if isinstance(self.noise, Flow):
            level = level / (1 - level).clamp(min=1 / (1 + MOST))
        return _like(level, time).expand(time.shape)


def of(process: Any) -> Noise:
    """What a model is told, from all that may stand for it."""
    if isinstance(process, Noise):
        return process
    if isinstance(process, (str, Process)):
        named = Process(process) if isinstance(process, str) else process
        return Flow() if named.name == "flow" else Curves(named)
    config = config_of(process)
    if config is not None:
        noise = _of_config(config, process)
        return noise if isinstance(process, Mapping) else Scheduled(noise, process)
    if isinstance(process, (Tensor, np.ndarray, list, tuple)):
        return Discrete(process)
    raise TypeError(
        "process: expected the name of a process, a Process, a scheduler of diffusers or its configuration, alphas_cumprod, "
        f"or one of attractor.torch's Discrete, Preconditioned and Flow, found {shown(process)}"
    )


def levels(scheduler: Any) -> list[float]:
    """Returns the noise levels that a scheduler of diffusers goes through, for samplers of this library.

    So every grid of diffusers can be used here: Karras, exponential and beta levels, betas that are linear, scaled or cosine, linspace, leading
    and trailing steps, and flows with a shift.

    Parameters
    ----------
    scheduler : object
        A scheduler of diffusers, after `set_timesteps`.

    Returns
    -------
    list of float
        Falling ratios sigma of noise to signal, of states y + sigma * noise; each once. Pure noise is 1e7.

    Raises
    ------
    TypeError
        It is no scheduler, or has no timesteps yet.

    Examples
    --------
    >>> import types
    >>> import attractor.torch
    >>> scheduler = types.SimpleNamespace(    # as FlowMatchEulerDiscreteScheduler after set_timesteps(2)
    ...     config={"_class_name": "FlowMatchEulerDiscreteScheduler"}, timesteps=torch.tensor([750.0, 500.0]),
    ...     sigmas=torch.tensor([0.75, 0.5, 0.0]))
    >>> attractor.torch.levels(scheduler)
    [3.0, 1.0, 0.0]
    """
    times = getattr(scheduler, "timesteps", None)
    if config_of(scheduler) is None or not isinstance(times, Tensor) or not len(times):
        raise TypeError(f"scheduler: expected a scheduler of diffusers after set_timesteps, found {shown(scheduler)}")
    noise = of(scheduler).noise  # type: ignore[attr-defined]
    table = getattr(scheduler, "sigmas", None)
    if table is None:
        final = getattr(scheduler, "final_alpha_cumprod", None)
        left = 1.0 if final is None else float(final)
        found = [*noise.sigma(times.double()).tolist(), math.sqrt((1 - left) / left)]
    else:
        found = torch.as_tensor(table).double().cpu().tolist()
        if isinstance(noise, Flow):
            found = [level / max(1 - level, 1 / (1 + MOST)) for level in found]
    # Schedulers of two stages have inner levels twice.
    return [level for k, level in enumerate(found) if k == 0 or level < found[k - 1]]


def config_of(process: Any) -> Mapping[str, Any] | None:
    """The configuration of a scheduler of diffusers. None if it is something else."""
    config = process if isinstance(process, Mapping) else getattr(process, "config", None)
    return config if isinstance(config, Mapping) else None


def _of_config(config: Mapping[str, Any], scheduler: Any) -> Noise:
    name = config.get("_class_name") or type(scheduler).__name__
    if str(name).startswith("FlowMatch") or config.get("use_flow_sigmas"):
        if config.get("invert_sigmas"):
            raise ValueError("process: expected flow matching with noise at t = 1, found one with invert_sigmas")
        return Flow(steps=config.get("num_train_timesteps", 1000))
    if "sigma_data" in config:
        if str(name).startswith("CosineDPM"):
            raise ValueError(f"process: expected a scheduler that gives a model ln(sigma)/4, found {name}")
        return Preconditioned(config["sigma_data"])
    table = getattr(scheduler, "alphas_cumprod", None)
    return Discrete(_alphas(config, str(name)) if table is None else table)


def _alphas(config: Mapping[str, Any], name: str) -> Any:
    """The products of 1 - beta of a configuration, by the formulas of its schedule."""
    count = config.get("num_train_timesteps", 1000)
    first, last, kind = config.get("beta_start"), config.get("beta_end"), config.get("beta_schedule")
    grid = np.arange(count + 1) / count
    if config.get("trained_betas") is not None:
        betas = np.asarray(config["trained_betas"], dtype=np.float64)
    elif kind == "squaredcos_cap_v2":
        # Nichol and Dhariwal (2021), Eq. 17.
        shares = np.cos((grid + 0.008) / 1.008 * np.pi / 2) ** 2
        betas = np.minimum(1 - shares[1:] / shares[:-1], 0.999)
    elif kind in ("linear", "scaled_linear") and first is not None and last is not None:
        power = 2.0 if kind == "scaled_linear" else 1.0
        betas = np.linspace(first ** (1 / power), last ** (1 / power), count) ** power
    else:
        raise ValueError(
            "process: expected a scheduler with betas that are linear, scaled_linear, squaredcos_cap_v2 or trained_betas, "
            f"found {name} with {shown(kind)}; give its alphas_cumprod"
        )
    alphas = np.cumprod(1 - betas)
    if config.get("rescale_betas_zero_snr"):
        # Lin et al. (2024), Algorithm 1.
        roots = np.sqrt(alphas)
        alphas = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2
    return alphas


def _mapped(function: Any, given: Tensor) -> Tensor:
    """A function of arrays, at a tensor."""
    numbers = function(given.detach().cpu().double().numpy())
    return _like(torch.as_tensor(numbers, device=given.device), given)


def _wide(time: Tensor) -> Tensor:
    """A time as a float of at least 32 bits."""
    return time.to(torch.float32) if time.device.type == "mps" else time.to(torch.float64)


def _like(level: Tensor, time: Tensor) -> Tensor:
    """A level in the type of the times, or in float32 if those are whole numbers or of half precision."""
    return level.to(time.dtype if time.dtype in (torch.float32, torch.float64) else torch.float32)
