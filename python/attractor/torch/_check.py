"""Checks that a model predicts what it is said to predict.

Of all functions of a noisy state, the posterior mean has the least squared error. So a model that is read in the right way has an
error near, or below, that of the best linear estimate at every level, and one that is read in a wrong way has a multiple of it
at some level.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .._arrays import as_array, as_floats, precision
from .._warnings import warn
from ._noise import Flow, Scheduled
from ._predictions import possible

if TYPE_CHECKING:
    from ._adapters import ModelDenoiser

#: Rows of a check with data and of one without, the levels of an error, and the steps of samples.
ROWS, FEWER, LEVELS, STEPS = 32, 16, 8, 24
#: The levels of a check, in spreads of the data. Own samples are not clean enough for the lowest.
LOWEST, CLEAN, HIGHEST = 0.05, 0.3, 10.0
#: The highest level of a check without data.
NOISE = 80.0
#: Another reading fits if at each level its error is at most this multiple of that of the one that was asked for, and if on the
#: (geometric) mean over levels it is better by the second factor. Errors below the third, in those of the best linear estimate, are the same.
WORSE, BETTER, FLOOR = 1.25, 1.4, 0.01
#: Up to this error, in the same units, a reading fits; above the second it fits nothing.
FINE, NOTHING = 3.0, 30.0


@dataclass
class Reading:
    """One way to read a model."""

    words: str
    own: ModelDenoiser

    def errors(self, outputs: list[Tensor] | None, clean: Tensor, noise: Tensor, levels: list[float]) -> Tensor:
        """The squared error at each level, in those of the best linear estimate."""
        spread = float((clean - clean.mean(0)).square().mean().sqrt())
        errors = []
        for k, level in enumerate(levels):
            x = clean + level * noise
            sigmas = torch.full((len(x),), level, dtype=x.dtype, device=x.device)
            output = self.own.output(x, sigmas) if outputs is None else outputs[k]
            error = (self.own.mean(output, x, sigmas) - clean).square().mean()
            errors.append(error / max(spread**2 * level**2 / (spread**2 + level**2), 1e-30))
        return torch.nan_to_num(torch.stack(errors), nan=torch.inf)


def check_data(own: ModelDenoiser, data: Any, seed: int) -> None:
    """Checks a model on rows that it was trained on."""
    # A decorator would stand between a warning and the user's line.
    with torch.no_grad():
        _check_data(own, data, seed)


def _check_data(own: ModelDenoiser, data: Any, seed: int) -> None:
    rows = data if isinstance(data, Tensor) else torch.from_numpy(_floats(data))
    if rows.ndim < 2 or len(rows) < 2:
        raise ValueError(
            f"data: expected at least two rows in the shape of the model's inputs, found {tuple(rows.shape)}"
        )
    draw = torch.Generator().manual_seed(seed)
    picked = torch.randint(len(rows), (ROWS,), generator=draw).to(rows.device)
    clean = rows[picked].detach().to(torch.float32)
    clean = clean.to(_device(own, clean.device))
    noise = torch.randn(clean.shape, generator=draw).to(clean)
    spread = float((rows.float() - rows.float().mean(0)).square().mean().sqrt())
    if not 0 < spread < float("inf"):
        raise ValueError("data: expected finite rows that differ, found the same ones, NaN or infinity")
    levels = _levels(own, spread)
    shared = _outputs(own, clean, noise, levels)
    found = {
        reading.words: reading.errors(_shared(reading, own, shared), clean, noise, levels) for reading in _readings(own)
    }
    _judge(own, found, levels)


def check_noise(own: ModelDenoiser, shape: tuple[int, ...], seed: int) -> None:
    """Checks a model without data, on samples that each reading of it makes of noise."""
    with torch.no_grad():
        _check_noise(own, shape, seed)


def _check_noise(own: ModelDenoiser, shape: tuple[int, ...], seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    noise = torch.randn((2, FEWER, *shape), generator=draw)
    noise = noise.to(_device(own, noise.device))
    asked, *others = _readings(own)
    clean, levels = _samples(asked, noise[0])
    errors = asked.errors(None, clean, noise[1], levels)
    found = {asked.words: errors}
    for other in others:
        theirs, own_levels = _samples(other, noise[0])
        here = other.errors(None, clean, noise[1], levels)
        there = asked.errors(None, theirs, noise[1], own_levels), other.errors(None, theirs, noise[1], own_levels)
        # It must win on its own samples, and on those of the reading that was asked for, unless that denoises not even them.
        if _wins(*there) and (_wins(errors, here) or float(errors.max()) > FINE):
            found[other.words] = there[1]
    _judge(own, found, None)


def _samples(reading: Reading, noise: Tensor) -> tuple[Tensor, list[float]]:
    """Samples that a reading makes of noise, by DDIM, and the levels to check them at."""
    own = reading.own
    top = min(own.noise.highest, NOISE)
    levels = torch.logspace(_log(top), _log(1e-3 * top), STEPS, dtype=torch.float64).clamp(max=top).tolist()
    z = top * noise
    for level, below in zip(levels, [*levels[1:], 0.0], strict=True):
        sigmas = torch.full((len(z),), level, dtype=z.dtype, device=z.device)
        mean = own.mean(own.output(z, sigmas), z, sigmas)
        z = torch.nan_to_num(mean + below / level * (z - mean))
    spread = float((z - z.mean(0)).square().mean().sqrt())
    return z, _levels(own, max(spread, 1e-6), CLEAN)


def _wins(asked: Tensor, other: Tensor) -> bool:
    """Whether another reading has smaller errors."""
    ratios = (asked + FLOOR) / (other + FLOOR)
    return float(ratios.min()) * WORSE > 1 and float(ratios.log().mean()) > math.log(BETTER)


def _readings(own: ModelDenoiser) -> list[Reading]:
    """All ways to read a model, the one that was asked for first."""
    flow = own.noise.noise if isinstance(own.noise, Scheduled) else own.noise
    names = [own.predicts, *(name for name in possible(own.noise) if name != own.predicts)]
    all_ = [Reading(name, _read_as(own, name)) for name in names]
    if isinstance(flow, Flow):
        turned = Flow(flow.steps, 1 - flow.data_at)
        words = f"velocity with process=attractor.torch.Flow({flow.steps:g}, data_at={1 - flow.data_at})"
        all_.append(Reading(words, _read_as(own, "velocity", turned)))
    return all_


def _read_as(own: ModelDenoiser, predicts: str, noise: Any = None) -> ModelDenoiser:
    other = copy.copy(own)
    other.predicts, other.noise, other.unchecked = predicts, noise or own.noise, None
    return other


def _shared(reading: Reading, own: ModelDenoiser, outputs: list[Tensor]) -> list[Tensor] | None:
    """The model says the same for every reading of it with the same noise."""
    return outputs if reading.own.noise is own.noise else None


def _outputs(own: ModelDenoiser, clean: Tensor, noise: Tensor, levels: list[float]) -> list[Tensor]:
    at = lambda level: torch.full((len(clean),), level, dtype=clean.dtype, device=clean.device)
    return [own.output(clean + level * noise, at(level)) for level in levels]


def _levels(own: ModelDenoiser, spread: float, lowest: float = LOWEST) -> list[float]:
    high = min(HIGHEST * spread, own.noise.highest)
    low = max(min(lowest * spread, high / 2), own.noise.lowest)
    return torch.logspace(_log(low), _log(high), LEVELS, dtype=torch.float64).clamp(max=high).tolist()


def _log(number: float) -> float:
    return float(torch.tensor(number, dtype=torch.float64).log10())


def _judge(own: ModelDenoiser, found: dict[str, Tensor], levels: list[float] | None) -> None:
    asked = found[own.predicts]
    means = {words: float((errors + FLOOR).log().mean()) for words, errors in found.items()}
    best = min(means, key=lambda words: means[words])
    fits = float(found[best].max()) <= FINE or levels is None
    if best != own.predicts and fits and (levels is None or _wins(asked, found[best])):
        ratios = (asked + FLOOR) / (found[best] + FLOOR)
        where = "" if levels is None else f" at sigma {levels[int(ratios.argmax())]:.3g}"
        raise ValueError(
            f"predicts: expected {best}, which fits this model, found {own.predicts}, whose squared error is "
            f"{_times(float(ratios.max()))} times as large{where}"
        )
    asked = float(asked.max())
    if asked > NOTHING:
        warn(
            [
                f"the model does not denoise as a model that predicts {own.predicts}: its squared error is up to {_times(asked)} times that "
                "of the best linear estimate, and no other prediction fits; check the process and its times, or train it"
            ]
        )


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 1e4 else f"{ratio:.0e}"


def _floats(data: Any) -> Any:
    array = as_array("data", data)
    return as_floats(array, precision(array, None)).copy()


def _device(own: ModelDenoiser, otherwise: Any) -> Any:
    return next((tensor.device for tensor in (*own.parameters(), *own.buffers())), otherwise)
