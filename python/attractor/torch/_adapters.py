"""Models of any convention as denoisers, and denoisers as models of any convention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .._arrays import shown
from ._check import check_data, check_noise
from ._noise import Noise
from ._noise import of as noise_of
from ._predictions import PREDICTIONS, named


def denoiser(
    model: Callable[..., Any],
    predicts: str | None = None,
    process: Any = "vp",
    *,
    time: Callable[[Tensor], Tensor] | None = None,
    data: Any = None,
    shape: tuple[int, ...] | None = None,
    check: bool = True,
    random_state: int = 0,
    **conditions: Any,
) -> ModelDenoiser:
    """Makes a denoiser D(x, sigma) of a model of any convention.

    States are x = y + sigma * noise, whatever the model gets: its inputs are scaled and its times computed here. So the result
    is a denoiser for `attractor.Denoiser`, for samplers of k-diffusion, and for comparison with the exact `Denoiser`.

    Parameters
    ----------
    model : callable or torch.nn.Module
        Called as model(inputs, times, **conditions) with inputs (B, ...) and times (B,). It returns a tensor, a tuple that begins
        with one, or something with `sample` as an attribute or key. Twice as many channels as in the input are a prediction and
        its variance, of which the first half is used.
    predicts : {"epsilon", "v", "x0", "velocity", "score", "F"}, optional
        What the model predicts: the noise, v = cos noise - sin y of Salimans and Ho (2022), the data, the velocity of a flow,
        the score of its inputs, or the raw network of Karras et al. (2022). Default: what the scheduler's configuration says.
    process : str, Process, diffusers scheduler or configuration, array of alphas_cumprod, Discrete, Preconditioned or Flow
        How noise and the model's time belong together. A name is that of an `attractor.Process`, whose time the model gets:
        sigma for "edm", t in [0, 1] for "flow". `Discrete`, `Preconditioned` and `Flow` are other conventions.
    time : callable, optional
        What the model gets as its time, from sigma (B,), if it is not that of the process.
    data : array_like or Tensor (N, ...), optional
        Rows that the model was trained on, in the shape of its inputs, which are used to check what it predicts.
    shape : tuple of int, optional
        The shape of one state, for a check without data. Default: that of the states of the first call.
    check : bool, default True
        Whether to check that the model predicts what it is said to: with the data at once, else on noise, at once if there is a
        shape and in the first call if there is none. It costs 8 evaluations of 32 rows, and without data 20 of 16 rows.
    random_state : int, default 0
        Seed of the check.
    **conditions
        Given to the model in every call, such as class labels. A call of D may add others.

    Returns
    -------
    ModelDenoiser

    Raises
    ------
    ValueError
        The model predicts something else than it is said to; or the prediction does not belong to the process, or contradicts
        the scheduler's configuration.
    TypeError
        The model is no callable.

    Warns
    -----
    AttractorWarning
        The model fits none of the predictions, as before it is trained or with the times of another convention.

    Notes
    -----
    A model is evaluated at no more noise than its process has; more is refused. Below its lowest level, D is that of the lowest level.
    Prediction and data are related by D = a x + b output; arithmetic is in the number type of x.

    Examples
    --------
    >>> import torch
    >>> import attractor.torch
    >>> exact = attractor.torch.Denoiser([[1.0], [-1.0]])
    >>> network = attractor.torch.model(exact, "v", "vp")        # stands for a trained network
    >>> D = attractor.torch.denoiser(network, "v", "vp", data=exact.patterns)
    >>> x = torch.tensor([[0.3]])
    >>> torch.allclose(D(x, 0.8), exact(x, 0.8))
    True
    >>> try:
    ...     attractor.torch.denoiser(network, "epsilon", "vp", data=exact.patterns)
    ... except ValueError as error:
    ...     print(str(error)[:60])
    predicts: expected v, which fits this model, found epsilon,
    """
    if not callable(model):
        raise TypeError(f"model: expected a callable model(x, t), found {shown(model)}")
    noise = noise_of(process)
    result = ModelDenoiser(model, named(predicts, process, noise), noise, time, conditions)
    if check and data is not None:
        check_data(result, data, random_state)
    elif check and shape is not None:
        check_noise(result, tuple(shape), random_state)
    elif check:
        result.unchecked = random_state
    return result


class ModelDenoiser(nn.Module):
    """The denoiser D(x, sigma) of a model, as `denoiser` makes it."""

    #: The seed of a check that the first call makes.
    unchecked: int | None = None

    def __init__(
        self,
        model: Callable[..., Any],
        predicts: str,
        noise: Noise,
        time: Callable[[Tensor], Tensor] | None,
        conditions: dict[str, Any],
    ) -> None:
        super().__init__()
        self.model, self.predicts, self.noise = model, predicts, noise
        self._time, self._conditions = time, conditions

    def extra_repr(self) -> str:
        return f"predicts={self.predicts!r}, {type(self.noise).__name__}"

    def forward(self, x: Tensor, sigma: Any, **conditions: Any) -> Tensor:
        """Returns D(x, sigma).

        Parameters
        ----------
        x : Tensor (B, ...)
            States y + sigma * noise. A NumPy array gives an array.
        sigma : float or Tensor (B,)
            Noise levels >= 0, up to the highest of the process.
        **conditions
            Given to the model, as those of `denoiser`.

        Returns
        -------
        Tensor, shape and number type of x
        """
        if not isinstance(x, Tensor):
            with torch.no_grad():
                return self.forward(torch.as_tensor(x), sigma, **conditions).numpy(force=True)
        if self.unchecked is not None:
            seed, self.unchecked = self.unchecked, None
            check_noise(self, tuple(x.shape[1:]), seed)
        kind = x.dtype if x.dtype == torch.float64 else torch.float32
        level = torch.as_tensor(sigma, device=x.device).to(kind).reshape(-1)
        if level.numel() not in (1, len(x)):
            raise ValueError(f"sigma: expected one number, or one for each of {len(x)} states, found {level.numel()}")
        level = level.expand(len(x))
        self._check(level)
        level = level.clamp(min=self.noise.lowest)
        output = self.output(x.to(kind), level, **conditions)
        return self.mean(output, x.to(kind), level).to(x.dtype)

    def output(self, x: Tensor, level: Tensor, **conditions: Any) -> Tensor:
        """What the model says at states y + level * noise, in their number type."""
        where = next((p for p in self.parameters() if p.is_floating_point()), None)
        inputs, times = x * _column(self.noise.scale(level), x), (self._time or self.noise.time)(level)
        if where is not None:
            inputs, times = inputs.to(where.device, where.dtype), times.to(where.device)
            # Numbers of steps need more digits than half precision has.
            times = times.to(where.dtype if where.dtype == torch.float64 else torch.float32)
        answer = _tensor(self.model(inputs, times, **{**self._conditions, **conditions}))
        if answer.ndim == x.ndim > 1 and answer.shape[1] == 2 * x.shape[1] and answer.shape[2:] == x.shape[2:]:
            answer = answer[:, : x.shape[1]]
        if answer.shape != x.shape:
            raise ValueError(f"model: expected an output of the shape {tuple(x.shape)}, found {tuple(answer.shape)}")
        return answer.to(x.device, x.dtype)

    def mean(self, output: Tensor, x: Tensor, level: Tensor, predicts: str | None = None) -> Tensor:
        """D from what the model says, if it predicts what it is said to or something else."""
        a, b = PREDICTIONS[predicts or self.predicts](level, self.noise)
        return _column(a, x) * x + _column(b, x) * output

    def _check(self, level: Tensor) -> None:
        # One transfer from the device.
        low, high = (level.min().item(), level.max().item()) if level.numel() else (0.0, 0.0)
        if not low >= 0:
            raise ValueError("sigma: expected noise levels >= 0, found a negative one or NaN")
        if high > 1.001 * self.noise.highest:
            raise ValueError(
                f"sigma: expected noise levels up to {self.noise.highest:.6g}, the highest of the model's process, found {high:.6g}"
            )


class Prediction(NamedTuple):
    """The output of a model, as the pipelines of diffusers take it: `.sample`, or the first of a tuple."""

    sample: Tensor


def model(denoiser: Callable[..., Any], predicts: str | None = None, process: Any = "vp") -> DenoiserModel:
    """Makes a model of any convention of a denoiser D(x, sigma), such as one that schedulers of diffusers can drive.

    Parameters
    ----------
    denoiser : callable
        D(x, sigma) of tensors (B, ...) and levels (B,): an `attractor.torch.Denoiser`, any memory of diffusion, or your own.
    predicts, process
        As in `attractor.torch.denoiser`. Of a scheduler of diffusers, the levels are those that it is at.

    Returns
    -------
    DenoiserModel
        A module that is called as model(inputs, time), and whose output has `.sample`.

    Raises
    ------
    ValueError
        The prediction does not belong to the process, or contradicts the scheduler's configuration.
    TypeError
        The denoiser is no callable.

    Examples
    --------
    >>> import torch
    >>> import attractor.torch
    >>> exact = attractor.torch.Denoiser([[1.0], [-1.0]])
    >>> flow = attractor.torch.model(exact, "velocity", "flow")
    >>> flow(torch.tensor([[0.2]]), torch.tensor(1.0)).sample    # at t = 1: the noise minus the mean pattern
    tensor([[0.2000]])
    """
    if not callable(denoiser):
        raise TypeError(f"denoiser: expected a callable D(x, sigma), found {shown(denoiser)}")
    noise = noise_of(process)
    return DenoiserModel(denoiser, named(predicts, process, noise), noise)


class DenoiserModel(nn.Module):
    """A denoiser as a model, as `model` makes it."""

    def __init__(self, denoiser: Callable[..., Any], predicts: str, noise: Noise) -> None:
        super().__init__()
        self.denoiser, self.predicts, self.noise = denoiser, predicts, noise

    def extra_repr(self) -> str:
        return f"predicts={self.predicts!r}, {type(self.noise).__name__}"

    def forward(self, inputs: Tensor, time: Any, *unused: Any, **ignored: Any) -> Prediction:
        """Returns the prediction at inputs (B, ...) and times, one number or one for each.

        Further arguments, such as the prompts of a pipeline, are ignored.
        """
        wide = torch.float32 if inputs.device.type == "mps" else torch.float64
        times = torch.as_tensor(time, device=inputs.device)
        times = (times if times.is_floating_point() else times.to(wide)).reshape(-1)
        if times.numel() not in (1, len(inputs)):
            raise ValueError(f"time: expected one, or one for each of {len(inputs)} inputs, found {times.numel()}")
        level = self.noise.sigma(times).to(wide).expand(len(inputs)).clamp(min=1e-12)
        x = inputs.to(wide) / _column(self.noise.scale(level), inputs)
        a, b = PREDICTIONS[self.predicts](level, self.noise)
        mean = torch.as_tensor(self.denoiser(x, level)).to(x)
        return Prediction(((mean - _column(a, x) * x) / _column(b, x)).to(inputs.dtype))


def _column(numbers: Tensor, x: Tensor) -> Tensor:
    """One number for each row of x."""
    return numbers.reshape(-1, *(1,) * (x.ndim - 1)).to(x.device)


def _tensor(answer: Any) -> Tensor:
    """The prediction in what a model returns."""
    if isinstance(answer, Tensor):
        return answer
    if isinstance(answer, dict) and isinstance(answer.get("sample"), Tensor):
        return answer["sample"]
    if isinstance(answer, dict) and len(answer) == 1:
        return _tensor(next(iter(answer.values())))
    if isinstance(getattr(answer, "sample", None), Tensor):
        return answer.sample
    if isinstance(answer, (tuple, list)) and answer and isinstance(answer[0], Tensor):
        return answer[0]
    raise TypeError(
        f"model: expected an output that is a tensor, or has one as .sample or as its first item, found {type(answer).__name__}"
    )
