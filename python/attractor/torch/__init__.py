"""Exact denoisers of stored patterns as modules of PyTorch, and models of any convention as denoisers.

>>> import torch
>>> import attractor.torch
>>> patterns = torch.randn(100, 3, 8, 8)
>>> exact = attractor.torch.Denoiser(patterns)
>>> exact(torch.randn(4, 3, 8, 8), 0.5).shape
torch.Size([4, 3, 8, 8])

`denoiser` turns a model that predicts noise, velocity or data into D(x, sigma) with x = data + sigma * noise, and `model`
turns any D into such a model. This package needs PyTorch; `import attractor` does not.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError("attractor.torch needs PyTorch, which is not installed; pip install torch") from error

from ._adapters import DenoiserModel, ModelDenoiser, Prediction, denoiser, model
from ._noise import Discrete, Flow, Preconditioned, levels
from ._read import Read, merge
from ._stored import Denoiser

__all__ = [
    "Denoiser",
    "DenoiserModel",
    "Discrete",
    "Flow",
    "ModelDenoiser",
    "Preconditioned",
    "Prediction",
    "Read",
    "denoiser",
    "levels",
    "merge",
    "model",
]
