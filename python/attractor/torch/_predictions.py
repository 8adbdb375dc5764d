"""What models predict. All of it is linear: D = a x + b output, at states x = y + sigma * noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .._arrays import shown
from ._noise import Curves, Flow, Noise, Preconditioned, Scheduled, config_of

Factors = tuple[Tensor, Tensor]


def _epsilon(sigma: Tensor, noise: Noise) -> Factors:
    return torch.ones_like(sigma), -sigma


def _x0(sigma: Tensor, noise: Noise) -> Factors:
    return torch.zeros_like(sigma), torch.ones_like(sigma)


def _v(sigma: Tensor, noise: Noise) -> Factors:
    # Salimans and Ho (2022): v = cos noise - sin y, at sigma = tan of the angle.
    total = sigma.square() + noise.spread**2
    return noise.spread**2 / total, -sigma * noise.spread * total.rsqrt()


def _raw(sigma: Tensor, noise: Noise) -> Factors:
    a, b = _v(sigma, noise)
    return a, -b


def _velocity(sigma: Tensor, noise: Noise) -> Factors:
    # With t = sigma/(1 + sigma): y = x_t - t (noise - y).
    flow = noise.noise if isinstance(noise, Scheduled) else noise
    sign = 1.0 if isinstance(flow, Flow) and flow.data_at else -1.0
    return 1 / (1 + sigma), sign * sigma / (1 + sigma)


def _score(sigma: Tensor, noise: Noise) -> Factors:
    # Of the states that the model gets, whose noise is scale * sigma.
    return torch.ones_like(sigma), noise.scale(sigma) * sigma.square()


#: What a model can predict, with the factors of x and of the output in D.
PREDICTIONS: Mapping[str, Callable[[Tensor, Noise], Factors]] = {
    "epsilon": _epsilon,
    "v": _v,
    "x0": _x0,
    "velocity": _velocity,
    "score": _score,
    "F": _raw,
}
#: What diffusers calls them.
_THEIRS = {"epsilon": "epsilon", "v_prediction": "v", "sample": "x0", "flow_prediction": "velocity"}


def possible(noise: Noise) -> list[str]:
    """The predictions that there are with this noise."""
    own = noise.noise if isinstance(noise, Scheduled) else noise
    left_out = set()
    if not isinstance(own, Flow):
        left_out.add("velocity")
    if not isinstance(own, Preconditioned):
        left_out.add("F")
    if isinstance(own, Curves) and own.process.name in ("ve", "edm", "sub-vp"):
        left_out.add("v")
    return [name for name in PREDICTIONS if name not in left_out]


def named(predicts: Any, process: Any, noise: Noise) -> str:
    """The name of what a model predicts, checked against its process and its scheduler's configuration."""
    config = config_of(process)
    told = None if config is None else _THEIRS.get(str(config.get("prediction_type")))
    if isinstance(noise, Scheduled) or config is not None:
        own = noise.noise if isinstance(noise, Scheduled) else noise
        told = "velocity" if isinstance(own, Flow) else told
        # Of the raw network, whatever its scheduler calls it.
        told = "F" if isinstance(own, Preconditioned) and told == "epsilon" else told
    if predicts is None and told is None:
        raise TypeError(f"predicts: expected one of {', '.join(possible(noise))}, found nothing that says it")
    name = told if predicts is None else _THEIRS.get(predicts, predicts)
    known = possible(noise)
    if name not in known:
        raise ValueError(f"predicts: expected one of {', '.join(known)} with this process, found {shown(predicts)}")
    if told is not None and name != told:
        raise ValueError(f"predicts: expected {told}, which the configuration of the scheduler says, found {predicts}")
    return str(name)
