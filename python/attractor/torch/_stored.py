"""The exact denoiser of stored patterns."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._arrays import as_array, as_floats, precision, shown
from .._memory import Memory
from .._values import weights_of
from ._read import CHUNK, LOOSE, TIGHT, Read, Stored, betas, moments, posterior


class Denoiser(nn.Module):
    """The exact denoiser of stored patterns, with its score, energy, posterior and local dimension.

    ::

        D(x, sigma) = sum_n w_n y_n,    w = softmax of ln p_n - ||x - y_n||**2 / (2 sigma**2)

    States are patterns plus noise, x = y + sigma * noise, for every noising process; `attractor.torch.model` gives other
    conventions. Every method takes states (B, ...) of any floating type and levels, and has derivatives of every order with
    respect to both. In the number type of the states it equals the memories of Rust, as the notes say.

    Patterns and weights are buffers: they move with `.to` and are in the `state_dict`.

    Parameters
    ----------
    patterns : array_like or Tensor (N, ...)
        Stored patterns. Bytes (uint8) are grey values from 0 to 1.
    weights : array_like (N,), optional
        Prior weights >= 0. Patterns of weight 0 are left out. Default: all the same.
    dtype : torch.dtype, optional
        Number type in which patterns are kept. Default: float64 for patterns of float64, float32 for others.
    device : torch.device or str, optional
        Where they are kept. Default: the patterns' own device.
    precision : {torch.float64, torch.float32}, optional
        Number type of the sums. Default: float64, where the device has it. float32 is faster on GPUs with few units for float64.
    chunk : int, optional
        Patterns that are read together. Default: as many as make 2**22 numbers.

    Raises
    ------
    ValueError
        There are no patterns, or NaN in them, or weights that are negative or not one for each.

    Notes
    -----
    Cost: 4 B N D operations for a read, and as many again for its gradient. Memory: B D + 2**22 numbers, whatever N is, also for
    gradients; only the posterior has B N numbers.

    Rounding: sums are in `precision`, and the result is rounded to the number type of the states. An exponent has an error below
    1e-10 for float64 states and 2.4e-7 for others: where products of centred patterns could miss that, distances come from
    differences. With `precision=torch.float32` it is 0.001.

    Source: Ambrogioni (2023), Eq. 12; the optimal denoiser of Karras et al. (2022), Eq. 57.

    Examples
    --------
    >>> import torch
    >>> import attractor.torch
    >>> exact = attractor.torch.Denoiser([[1.0], [-1.0]])
    >>> x = torch.tensor([[0.3]], requires_grad=True)
    >>> torch.allclose(exact(x, 0.8), torch.tanh(x / 0.64))
    True
    >>> (slope,) = torch.autograd.grad(exact.energy(x, 0.8).sum(), x)
    >>> torch.allclose(slope, x - exact(x, 0.8))
    True
    """

    patterns: Tensor
    log_weights: Tensor | None
    centre: Tensor
    radius: Tensor

    def __init__(
        self,
        patterns: Any,
        weights: Any = None,
        *,
        dtype: torch.dtype | None = None,
        device: Any = None,
        precision: torch.dtype | None = None,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        if precision not in (None, torch.float32, torch.float64):
            raise ValueError(f"precision: expected torch.float32 or torch.float64, found {shown(precision)}")
        if chunk is not None and (not isinstance(chunk, int) or chunk < 1):
            raise ValueError(f"chunk: expected a whole number > 0, found {shown(chunk)}")
        self.precision, self.chunk = precision, chunk
        rows = _tensor(patterns)
        if rows.ndim < 2 or not len(rows) or not rows[0].numel():
            raise ValueError(f"patterns: expected N x D numbers, one row for each pattern, found {tuple(rows.shape)}")
        given = weights_of("weights", None if weights is None else as_array("weights", weights), len(rows))
        logs = None
        if given is not None:
            prior = torch.tensor(given, dtype=torch.float64)
            if not bool((prior >= 0).all() and prior.isfinite().all()):
                raise ValueError("weights: expected finite numbers >= 0, found others")
            kept = prior > 0
            if not bool(kept.any()):
                raise ValueError("weights: expected a weight > 0, found zeros alone; a memory needs a pattern")
            rows, prior = rows[kept.to(rows.device)], prior[kept]
            logs = (prior / prior.sum()).log()
        rows = rows.to(device=device, dtype=dtype)
        if not rows.is_floating_point():
            raise ValueError(f"dtype: expected a type of floats, found {shown(dtype)}")
        if not bool(rows.isfinite().all()):
            raise ValueError(f"patterns: expected finite numbers, found NaN or infinity as {rows.dtype}")
        self.register_buffer("patterns", rows)
        self.register_buffer("log_weights", None if logs is None else logs.to(rows))
        self.register_buffer("centre", _centre(rows))
        # The margin is for the rounding of smaller number types.
        radius = 1.01 * _farthest(rows, self.centre)
        self.register_buffer("radius", torch.tensor(radius, dtype=torch.float32, device=rows.device))

    @classmethod
    def from_memory(cls, memory: Memory, **options: Any) -> Denoiser:
        """The exact denoiser of the patterns that a memory holds, with their weights.

        Parameters
        ----------
        memory : Memory
            A memory with stored patterns. For `Diffusion`, and for a `Mixture` of points, it is the same function as `memory.denoise`.
        **options
            As in the constructor.

        Returns
        -------
        Denoiser

        Raises
        ------
        TypeError
            The memory holds no patterns, or noise that is not the same for each unit.

        Examples
        --------
        >>> import numpy as np
        >>> import torch
        >>> import attractor
        >>> import attractor.torch
        >>> memory = attractor.Diffusion(np.random.default_rng(0).normal(size=(9, 4)))
        >>> exact = attractor.torch.Denoiser.from_memory(memory)
        >>> x = torch.randn(2, 4, dtype=torch.float64)
        >>> torch.allclose(exact(x, 0.5), memory(x, 0.5))
        True
        """
        if not isinstance(memory, Memory):
            raise TypeError(f"memory: expected a memory of attractor, found {shown(memory)}")
        rows = memory.patterns
        name = type(memory).__name__
        if rows is None:
            raise TypeError(f"memory: expected one that holds patterns, found {name}, which holds none")
        if memory._model in ("diffusion", "mixture") and not memory._has_jacobian():
            raise TypeError(
                f"memory: expected the same noise for each unit, found {name} with noise of its own for each; "
                "give its patterns to attractor.torch.Denoiser in the units in which noise is equal"
            )
        if memory._image is not None:
            rows = rows.reshape(len(rows), *memory._image)
        return cls(rows, memory.weights, **options)

    @property
    def shape(self) -> torch.Size:
        """The shape of one state."""
        return self.patterns.shape[1:]

    def extra_repr(self) -> str:
        return f"{len(self.patterns)} patterns of {tuple(self.shape)}, {self.patterns.dtype}"

    def forward(self, x: Tensor, sigma: Any, **unused: Any) -> Tensor:
        """Returns D(x, sigma), the posterior mean of the state before noise was added.

        Parameters
        ----------
        x : Tensor (B, ...)
            Noisy states. A NumPy array gives an array.
        sigma : float or Tensor (B,)
            Noise levels >= 0. At 0 it is the nearest pattern.
        **unused
            Ignored, as samplers of other libraries give more.

        Returns
        -------
        Tensor, shape and number type of x
        """
        return self._answer(x, sigma, lambda read, states, level: read.mean)

    def read(self, x: Tensor, sigma: Any) -> Read:
        """Returns log-sum, mean and mean squared distance, which `attractor.torch.merge` joins with those of other parts."""
        states, level, like = self._states(x, sigma)
        read = self._read(states, level, like.dtype)
        return Read(read.log_sum, read.mean.reshape(like.shape), read.second)

    def score(self, x: Tensor, sigma: Any) -> Tensor:
        """Returns the gradient of ln p(x) at noise level sigma > 0, (D - x)/sigma**2, in the shape of x."""
        return self._answer(x, sigma, lambda read, states, level: (read.mean - states) / level[:, None].square())

    def energy(self, x: Tensor, sigma: Any) -> Tensor:
        """Returns the energy -sigma**2 ln sum_n p_n exp(-||x - y_n||**2 / 2 sigma**2), (B,). Its gradient is x - D."""
        return self._answer(x, sigma, lambda read, states, level: -read.log_sum / betas(level), state=False)

    def log_prob(self, x: Tensor, sigma: Any) -> Tensor:
        """Returns ln p(x), the density of the patterns with noise of level sigma > 0, in nats (B,)."""
        return self._answer(
            x,
            sigma,
            lambda read, states, level: read.log_sum - states.shape[1] * (level.log() + 0.5 * math.log(2 * math.pi)),
            state=False,
        )

    def local_dimension(self, x: Tensor, sigma: Any) -> Tensor:
        """Returns the local intrinsic dimension sum_n w_n ||x - y_n||**2 / sigma**2 at sigma > 0, (B,).

        It equals D + sigma**2 (tr of the score's Jacobian + ||score||**2), FLIPD of Kamkari et al. (2024).
        """
        return self._answer(x, sigma, lambda read, states, level: read.second / level.square(), state=False)

    def posterior(self, x: Tensor, sigma: Any) -> Tensor:
        """Returns the posterior probability of each pattern, (B, N)."""
        states, level, like = self._states(x, sigma)
        with torch.autocast(states.device.type, enabled=False):
            answer = self._posterior(states, level, like.dtype)
        return answer if isinstance(x, Tensor) else answer.numpy(force=True)

    def _answer(self, x: Any, sigma: Any, result: Callable[..., Tensor], state: bool = True) -> Any:
        states, level, like = self._states(x, sigma)
        with torch.autocast(states.device.type, enabled=False):
            answer = result(self._read(states, level, like.dtype), states, level)
        answer = answer.reshape(like.shape).to(like.dtype) if state else answer
        return answer if isinstance(x, Tensor) else answer.numpy(force=True)

    def _states(self, x: Any, sigma: Any) -> tuple[Tensor, Tensor, Tensor]:
        """States (B, D) and levels (B,) in the number type of the sums, and the states as they were given."""
        given = x if isinstance(x, Tensor) else _tensor(x).to(self.patterns.device)
        dim = self.patterns[0].numel()
        if given.ndim < 2 or given.shape[1:].numel() != dim:
            raise ValueError(
                f"states: expected B x {' x '.join(map(str, self.shape))} numbers, found {tuple(given.shape)}"
            )
        if not given.is_floating_point():
            raise TypeError(f"states: expected a tensor of floats, found {given.dtype}; give x.float()")
        wide = self._wide()
        level = torch.as_tensor(sigma, device=given.device).to(wide).reshape(-1)
        if level.numel() not in (1, len(given)):
            raise ValueError(
                f"sigma: expected one number, or one for each of {len(given)} states, found {level.numel()}"
            )
        return given.reshape(len(given), dim).to(wide), level.expand(len(given)), given

    def _wide(self) -> torch.dtype:
        """The number type of the sums."""
        return self.precision or (torch.float32 if self.patterns.device.type == "mps" else torch.float64)

    @torch.compiler.disable
    def _read(self, states: Tensor, level: Tensor, kind: torch.dtype) -> Read:
        centre = self.centre.to(states)
        log_sum, mean, second = moments(states - centre, betas(level), self._stored(kind))
        return Read(log_sum, mean + centre, second)

    @torch.compiler.disable
    def _posterior(self, states: Tensor, level: Tensor, kind: torch.dtype) -> Tensor:
        return posterior(states - self.centre.to(states), betas(level), self._stored(kind))

    def _stored(self, kind: torch.dtype) -> Stored:
        """The patterns for a read of states of this number type."""
        wide = self._wide()
        limit = TIGHT if kind == wide == torch.float64 else LOOSE[wide]
        return Stored(self.patterns, self.log_weights, self.centre, self.radius, wide, self.chunk, limit)


def _tensor(values: Any) -> Tensor:
    """Patterns or states as a tensor of floats. Bytes and bools are read on a scale from 0 to 1."""
    if isinstance(values, Tensor) and values.is_floating_point():
        return values.detach()
    array = as_array("patterns", values)
    return torch.from_numpy(np.array(as_floats(array, precision(array, None))))


def _centre(rows: Tensor) -> Tensor:
    """The mean pattern (D,), summed in chunks: of any number near it, products are small enough."""
    total = torch.zeros(rows[0].numel(), dtype=torch.float32 if rows.device.type == "mps" else torch.float64)
    total = total.to(rows.device)
    for part in rows.flatten(1).split(max(1, CHUNK // rows[0].numel())):
        total += part.to(total).sum(0)
    return (total / len(rows)).to(rows)


def _farthest(rows: Tensor, centre: Tensor) -> float:
    """The largest distance of a pattern from the centre."""
    parts = rows.flatten(1).split(max(1, CHUNK // rows[0].numel()))
    return max(float((part.float() - centre.float()).norm(dim=1).amax()) for part in parts)
