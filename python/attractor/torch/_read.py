"""Reads of stored patterns: sums over patterns, in chunks that merge associatively, with derivatives of every order.

One read is a function of states x and inverse variances beta = 1/sigma**2, with d_n**2 = ||x - y_n||**2::

    log_sum = ln sum_n p_n exp(-beta d_n**2 / 2)      mean = sum_n w_n y_n      second = sum_n w_n d_n**2

where w is the softmax of the exponents. All three derivatives are sums of the same kind,

    sum_n c_n y_n,    c_n = w_n (a_n + h (d_n**2 - second)),    a_n = g . (y_n - mean),

so a backward pass is a second read. It needs no weights of the first one: they are computed again, chunk by chunk, from
log_sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .._arrays import shown

#: Numbers of one chunk of distances, and of one chunk of patterns.
CHUNK = 1 << 22
#: Rows that are read together.
ROWS = 1 << 13
#: The range of 1/sigma**2, by number type. Its ends stand for sigma = 0 and infinity; squares times it do not overflow.
BETAS = {torch.float64: (1e-30, 1e200), torch.float32: (1e-30, 1e28)}
#: By number type of a read, the largest error of an exponent that distances from products of numbers of that type may make.
#: Above it they come from differences, which are slower and exact to a few roundings.
LOOSE = {torch.float64: 2.0**-22, torch.float32: 2.0**-10}
#: The same for states in float64.
TIGHT = 1e-10


class Read(NamedTuple):
    """What a read of patterns gives for each state.

    Attributes
    ----------
    log_sum : Tensor (B,)
        ln sum_n p_n exp(-||x - y_n||**2 / 2 sigma**2), with the prior weights p.
    mean : Tensor, shape of the states
        D(x, sigma), the posterior mean.
    second : Tensor (B,)
        The posterior mean of ||x - y||**2.
    """

    log_sum: Tensor
    mean: Tensor
    second: Tensor


def merge(reads: Sequence[Read], shares: Sequence[float] | Tensor) -> Read:
    """Merges reads of parts of a memory, such as parts that lie on several devices.

    The merge is associative, and differentiable.

    Parameters
    ----------
    reads : sequence of Read
        Reads of the parts, for the same states and levels and on one device.
    shares : sequence of float > 0
        The prior weight of each part: its number of patterns, if all patterns weigh the same.

    Returns
    -------
    Read
        That of all patterns.

    Raises
    ------
    ValueError
        There are no reads, or not one positive share for each.

    Examples
    --------
    >>> import torch
    >>> import attractor.torch
    >>> patterns, x = torch.randn(30, 4), torch.randn(2, 4)
    >>> parts = [attractor.torch.Denoiser(part).read(x, 0.7) for part in (patterns[:10], patterns[10:])]
    >>> whole = attractor.torch.Denoiser(patterns).read(x, 0.7)
    >>> torch.allclose(attractor.torch.merge(parts, [10, 20]).mean, whole.mean)
    True
    """
    weights = torch.as_tensor(shares, dtype=torch.float64).reshape(-1)
    if not reads or len(weights) != len(reads) or not bool((weights > 0).all() and weights.isfinite().all()):
        raise ValueError(f"shares: expected a finite number > 0 for each of {len(reads)} reads, found {shown(shares)}")
    first = reads[0]
    prior = (weights / weights.sum()).log().to(first.log_sum)
    exponents = torch.stack([read.log_sum for read in reads]) + prior[:, None]
    total = exponents.logsumexp(0)
    parts = (exponents - total).exp()
    means = torch.stack([read.mean for read in reads])
    mean = (parts.to(means).reshape(parts.shape + (1,) * (means.ndim - 2)) * means).sum(0)
    return Read(total, mean, (parts * torch.stack([read.second for read in reads])).sum(0))


@dataclass(eq=False)
class Stored:
    """Patterns as a read takes them, and how it sums them."""

    #: (N, ...), in any number type.
    patterns: Tensor
    #: Logarithms of prior weights (N,). None if all are 1/N.
    log_weights: Tensor | None
    #: (D,): what is subtracted from patterns and states before products are taken.
    centre: Tensor
    #: The largest distance of a pattern from the centre, or more.
    radius: Tensor
    #: The number type of the sums.
    wide: torch.dtype
    chunk: int | None
    #: The largest error of an exponent.
    limit: float
    #: Whether distances come from differences.
    direct: bool = False

    def pieces(self, rows: int) -> Iterator[tuple[Tensor, Tensor | float]]:
        """Chunks of patterns about the centre, with the logarithms of their prior weights."""
        # What a transform of `torch.func` made outside must not get in here, so buffers are taken as they are.
        count, dim = len(self.patterns), self.centre.numel()
        size = self.chunk or max(1, CHUNK // max(rows, dim))
        each = -torch.log(torch.tensor(float(count), dtype=torch.float64)).item()
        centre = self.centre.to(self.wide)
        for start in range(0, count, size):
            some = slice(start, start + size)
            own = each if self.log_weights is None else self.log_weights[some].to(self.wide)
            yield self.patterns[some].flatten(1).to(self.wide) - centre, own

    def check(self, x: Tensor, beta: Tensor) -> None:
        """Checks states and levels, and decides how distances are computed. One transfer from the device."""
        norms = x.square().sum(1).sqrt() + self.radius.to(self.wide)
        # The bound of a product of D terms, with roundings that are independent.
        error = (2 + x.shape[1] ** 0.5) * torch.finfo(self.wide).eps * (0.5 * beta * norms.square()).amax()
        finite, levels, error = torch.stack(
            [x.isfinite().all().to(self.wide), (beta > 0).all().to(self.wide), error]
        ).tolist()
        if not finite:
            raise ValueError("states: expected finite numbers, found NaN or infinity")
        if not levels:
            raise ValueError("sigma: expected noise levels >= 0, found a negative one or NaN")
        self.direct = self.direct or not error <= self.limit


def betas(sigma: Tensor) -> Tensor:
    """1/sigma**2, within its range. NaN and negative levels give NaN, which `Stored.check` finds."""
    low, high = BETAS[sigma.dtype]
    return torch.where(sigma >= 0, sigma, torch.nan).square().clamp(1 / high, 1 / low).reciprocal()


def moments(x: Tensor, beta: Tensor, stored: Stored) -> Read:
    """A read of states (B, D) about the centre, of the number type of the sums. The mean is about the centre, too."""
    if len(x) > ROWS:
        parts = [moments(some, own, stored) for some, own in zip(x.split(ROWS), beta.split(ROWS), strict=True)]
        return Read(*(torch.cat(part) for part in zip(*parts, strict=True)))
    if not len(x):
        return Read(x.sum(1), x, x.sum(1))
    with torch.autocast(x.device.type, enabled=False):
        return Read(*_Moments.apply(x, beta, stored))


def posterior(x: Tensor, beta: Tensor, stored: Stored) -> Tensor:
    """The posterior (B, N) of states about the centre."""
    log_sum = moments(x, beta, stored).log_sum[:, None]
    parts = [
        (prior - 0.5 * beta[:, None] * _squares(x, patterns, stored.direct) - log_sum).exp()
        for patterns, prior in stored.pieces(len(x))
    ]
    return torch.cat(parts, 1)


class _Moments(torch.autograd.Function):
    generate_vmap_rule = False

    @staticmethod
    def forward(x: Tensor, beta: Tensor, stored: Stored) -> tuple[Tensor, Tensor, Tensor]:
        stored.check(x, beta)
        peak = torch.full_like(beta, -torch.inf)
        mass, first, second = torch.zeros_like(beta), torch.zeros_like(x), torch.zeros_like(beta)
        for patterns, prior in stored.pieces(len(x)):
            squares = _squares(x, patterns, stored.direct)
            exponents = prior - 0.5 * beta[:, None] * squares
            top = torch.maximum(peak, exponents.amax(1))
            weights, keep = (exponents - top[:, None]).exp_(), (peak - top).exp()
            mass = mass * keep + weights.sum(1)
            first = first * keep[:, None] + weights @ patterns
            second = second * keep + (weights * squares).sum(1)
            peak = top
        return peak + mass.log(), first / mass[:, None], second / mass

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, beta, ctx.stored = inputs
        ctx.save_for_backward(x, beta, *output)
        ctx.save_for_forward(x, beta, *output)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor | None) -> tuple[Tensor, Tensor, None]:
        x, beta, _, mean, second = saved = ctx.saved_tensors
        of_sum, of_mean, of_second = upstream
        slope, rate = torch.zeros_like(x), torch.zeros_like(beta)
        if of_mean is not None or of_second is not None:
            pull, _, along = _along(saved, of_mean, of_second, ctx.stored)
            slope, rate = beta[:, None] * pull, along
        if of_sum is not None:
            slope = slope + (of_sum * beta)[:, None] * (mean - x)
            rate = rate + of_sum * second
        if of_second is not None:
            slope = slope + 2 * of_second[:, None] * (x - mean)
        return slope, -0.5 * rate, None

    @staticmethod
    def jvp(ctx: Any, x_along: Tensor | None, beta_along: Tensor | None, _: Any) -> tuple[Tensor, Tensor, Tensor]:
        x, beta, _, mean, second = saved = ctx.saved_tensors
        step = torch.zeros_like(x) if x_along is None else x_along
        rise = torch.zeros_like(beta) if beta_along is None else beta_along
        pull, _, along = _along(saved, beta[:, None] * step, -0.5 * rise, ctx.stored)
        ahead = ((mean - x) * step).sum(1)
        return beta * ahead - 0.5 * second * rise, pull, along - 2 * ahead

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, beta: Tensor, stored: Stored) -> Any:
        """Rows are independent, so a batch of batches is one batch."""
        many = [
            given.expand(info.batch_size, *given.shape) if place is None else given.movedim(place, 0)
            for given, place in zip((x, beta), in_dims, strict=False)
        ]
        sizes = many[0].shape[:2]
        answer = _Moments.apply(*(given.flatten(0, 1) for given in many), stored)
        return tuple(part.unflatten(0, sizes) for part in answer), (0, 0, 0)


def _along(
    saved: tuple[Tensor, ...], of_mean: Tensor | None, of_second: Tensor | None, stored: Stored
) -> tuple[Tensor, Tensor, Tensor]:
    """Sums over patterns of c (y - mean), c and c (d**2 - second), with the c of the module's first lines."""
    x, _, _, mean, _ = saved
    again = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (*saved, of_mean, of_second))
    # Transforms of functions keep no tensors to compute again from.
    again = again and not _transformed()
    total = None
    for patterns, prior in stored.pieces(x.shape[-2]):
        given = (patterns, prior, stored.direct, *saved, of_mean, of_second)
        part = _Again.apply(*given) if again else _chunk_along(*given)
        total = part if total is None else tuple(a + b for a, b in zip(total, part, strict=True))
    pull, mass, along = total  # type: ignore[misc]
    return pull - mass[:, None] * mean, mass, along


def _chunk_along(
    patterns: Tensor,
    prior: Tensor | float,
    direct: bool,
    x: Tensor,
    beta: Tensor,
    log_sum: Tensor,
    mean: Tensor,
    second: Tensor,
    of_mean: Tensor | None,
    of_second: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    # A backward pass has the casts of its own autocast region.
    with torch.autocast(x.device.type, enabled=False):
        squares = _squares(x, patterns, direct)
        weights = (prior - 0.5 * beta[:, None] * squares - log_sum[:, None]).exp()
        excess = squares - second[:, None]
        factor = torch.zeros_like(squares)
        if of_mean is not None:
            factor = factor + of_mean @ patterns.T - (of_mean * mean).sum(1, keepdim=True)
        if of_second is not None:
            factor = factor + of_second[:, None] * excess
        share = weights * factor
        return share @ patterns, share.sum(1), (share * excess).sum(1)


class _Again(torch.autograd.Function):
    """`_chunk_along`, whose backward pass computes it again instead of keeping its weights."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor, Tensor]:
        ctx.chunk = given[:3]
        ctx.save_for_backward(*given[3:])
        return _chunk_along(*given)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        further = torch.is_grad_enabled()
        with torch.enable_grad():
            # Inputs that depend on each other are derived by one at a time, so each is replaced by a view of itself.
            given = [
                None if t is None else (t.view_as(t) if further and t.requires_grad else t.detach().requires_grad_())
                for t in ctx.saved_tensors
            ]
            parts = _chunk_along(*ctx.chunk, *given)
            wanted = [t for t in given if t is not None]
            slopes = iter(torch.autograd.grad(parts, wanted, upstream, create_graph=further, allow_unused=True))
        return None, None, None, *(None if t is None else next(slopes) for t in given)


def _squares(x: Tensor, patterns: Tensor, direct: bool) -> Tensor:
    """Squared distances (B, N)."""
    return _Squares.apply(x, patterns, direct)


class _Squares(torch.autograd.Function):
    """Squared distances, whose derivatives with respect to states are known to every order."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, patterns: Tensor, direct: bool) -> Tensor:
        if direct:
            return torch.cdist(x, patterns, compute_mode="donot_use_mm_for_euclid_dist").square()
        norms = x.square().sum(-1, keepdim=True) + patterns.square().sum(-1)
        return (norms - 2 * x @ patterns.T).clamp(min=0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, patterns, _ = inputs
        ctx.save_for_backward(x, patterns)
        ctx.save_for_forward(x, patterns)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        x, patterns = ctx.saved_tensors
        return 2 * (x * upstream.sum(-1, keepdim=True) - upstream @ patterns), None, None

    @staticmethod
    def jvp(ctx: Any, along: Tensor, *_: Any) -> Tensor:
        x, patterns = ctx.saved_tensors
        return 2 * ((x * along).sum(-1, keepdim=True) - along @ patterns.T)


def _transformed() -> bool:
    """Whether a transform of `torch.func` is at work."""
    peek = getattr(getattr(torch._C, "_functorch", None), "peek_interpreter_stack", None)
    return peek is not None and peek() is not None
