"""Gradients for tensors of PyTorch: the derivatives of a memory's functions are known, and need no network."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np

from ._arrays import Array, levels, shown


def tracked(states: Any, sigma: Any = None) -> bool:
    """Whether PyTorch expects gradients of these states. Gradients with respect to noise levels are refused."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    for what, given in (("states", states), ("sigma", sigma)):
        if isinstance(given, torch.Tensor) and _tangent(torch, given):
            raise TypeError(
                f"{what}: expected a tensor without a tangent, found one of forward-mode differentiation, which only "
                "attractor.torch.Denoiser.from_memory(memory) has"
            )
    if not torch.is_grad_enabled():
        return False
    if isinstance(sigma, torch.Tensor) and sigma.requires_grad:
        raise TypeError(
            "sigma: expected noise levels that require no gradient, found some that do; give sigma.detach()"
        )
    return isinstance(states, torch.Tensor) and states.requires_grad


def _tangent(torch: Any, tensor: Any) -> bool:
    """Whether a tensor carries a derivative of forward-mode differentiation."""
    forward = getattr(torch.autograd, "forward_ad", None)
    return forward is not None and forward._current_level >= 0 and forward.unpack_dual(tensor).tangent is not None


def apply(memory: Any, what: str, states: Any, sigma: Any) -> Any:
    """A function of a memory at a tensor, with gradients."""
    return _function(sys.modules["torch"]).apply(states, memory, what, sigma)


@functools.cache
def _function(torch: Any) -> Any:
    class Function(torch.autograd.Function):  # type: ignore[misc]
        """`energy`, `denoise`, `score` or ln p ("exact" and "flow") of a memory at states."""

        @staticmethod
        def forward(ctx: Any, states: Any, memory: Any, what: str, sigma: Any) -> Any:
            ctx.save_for_backward(states)
            ctx.memory, ctx.what, ctx.sigma = memory, what, sigma
            plain = states.detach()
            if what == "score":
                return memory.score(plain, sigma=sigma)
            if what in ("exact", "flow"):
                return memory.log_prob(plain, sigma, method=what)
            return getattr(memory, what)(plain, sigma)

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> tuple[Any, None, None, None]:
            (states,) = ctx.saved_tensors
            slope = pull(ctx, states, upstream)
            # Under `create_graph` what is returned would count as a constant.
            return (Once.apply(slope, states) if torch.is_grad_enabled() else slope), None, None, None

    class Once(torch.autograd.Function):  # type: ignore[misc]
        """A gradient that has no derivative of its own."""

        @staticmethod
        def forward(ctx: Any, slope: Any, states: Any) -> Any:
            return slope.clone()

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            raise TypeError(
                "states: expected first derivatives of a memory, found a second one, which only "
                "attractor.torch.Denoiser.from_memory(memory) has"
            )

    def pull(ctx: Any, states: Any, upstream: Any) -> Any:
        with torch.no_grad():
            plain = states.detach()
            if ctx.what in ("denoise", "score"):
                slope = torch.from_numpy(pulled_back(ctx.memory, ctx.what, plain, ctx.sigma, upstream.detach()))
            else:
                if ctx.what == "energy":
                    slope = ctx.memory.gradient(plain, ctx.sigma)
                else:
                    slope = ctx.memory.score(plain, sigma=ctx.sigma)
                count = upstream.reshape(-1).shape[0]
                rows = slope.reshape(count, -1) * upstream.detach().reshape(count, 1).to(slope.dtype)
                slope = rows.reshape(states.shape)
            return slope.reshape(states.shape).to(device=states.device, dtype=states.dtype)

    return Function


def pulled_back(memory: Any, what: str, states: Any, sigma: Any, vectors: Any) -> Array:
    """The product of vectors v with the Jacobian of D or of the score, from the left.

    The Jacobian of D at z is the posterior covariance of the stored points over sigma**2, which is symmetric: with weights w
    and a_n = (y_n - D) v, it takes v to sum_n w_n a_n (y_n - D) / sigma**2. The score is (D - z)/sigma**2.
    """
    flat, shape = memory._states("states", states)
    given = np.asarray(memory._states("gradient", vectors)[0], dtype=np.float64)
    own = levels(sigma, len(flat))
    if own is None or not (own > 0).all():
        raise ValueError(f"sigma: expected noise levels > 0 for a gradient, found {shown(sigma)}")
    core, points = memory._built(), np.asarray(memory.patterns, dtype=np.float64)
    result = np.empty(flat.shape)
    #: So many weights are held at a time.
    batch = max(1, (1 << 24) // max(len(points), 1))
    for begin in range(0, len(flat), batch):
        some = slice(begin, begin + batch)
        weights = core.posterior(flat[some], own[some])
        mean = weights @ points
        along = given[some] @ points.T - (mean * given[some]).sum(axis=1, keepdims=True)
        share = weights * along
        result[some] = (share @ points - share.sum(axis=1, keepdims=True) * mean) / own[some, np.newaxis] ** 2
    if what == "score":
        result = (result - given) / own[:, np.newaxis] ** 2
    return result.reshape(shape)
