"""Grids of noise levels by name, and noise of every kind, held to the schedulers of diffusers."""

from __future__ import annotations

import math
from typing import Any

import attractor
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
import attractor.torch  # noqa: E402
from attractor.torch import Denoiser, model  # noqa: E402

# Arrays are so small that a second thread only waits, for long where other tests run beside.
torch.set_num_threads(1)

#: diffusers keeps betas and levels in float32: each is rounded by 2**-24 of itself, and a level has the root of a sum of betas.
#: Times are in float32 too, and levels between two of a table move by the rounding of a time of up to 1000 times their slope.
LEVEL = 1e-4
#: Chains of some twenty steps in float32, from levels up to 157.
SINGLE = 157 * 20 * 2.0**-24

PATTERNS = np.random.default_rng(3).normal(size=(12, 2, 3, 3)) + 0.5
EXACT = Denoiser(PATTERNS)

BETAS = {
    "linear": {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
    "scaled-linear": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    "cosine": {"beta_schedule": "squaredcos_cap_v2"},
}
STEPS = (5, 10, 25)
#: The name of each spacing for schedulers that take whole steps, steps between two, and one more.
WHOLE = {"linspace": "linspace-whole", "leading": "leading", "trailing": "trailing"}
BETWEEN = {"linspace": "linspace", "leading": "leading", "trailing": "trailing"}
MORE = {"linspace": "linspace-dpm", "leading": "leading-dpm", "trailing": "trailing"}


def exactly(scheduler: Any) -> Any:
    """The scheduler with products of its betas in float64: those of float32 have lost half of the digits of the lowest levels."""
    scheduler.alphas_cumprod = torch.cumprod(1 - scheduler.betas.double(), 0)
    return scheduler


def their_levels(scheduler: Any, steps: int) -> np.ndarray:
    scheduler.set_timesteps(steps)
    levels = np.array(attractor.torch.levels(scheduler))
    return levels if levels[-1] > 0 else levels[:-1]


def our_levels(first: float, **options: Any) -> np.ndarray:
    levels = attractor.Sampler("ddim", **options).levels(first)
    return levels[levels > 0]


def same(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.shape == theirs.shape and bool(np.abs(np.log(ours / theirs)).max() < LEVEL)


def grids() -> Any:
    """Every grid of the tests of diffusers: betas, spacings, numbers of steps, and what levels are made to."""
    for betas, config in BETAS.items():
        for spacing in WHOLE:
            for steps in STEPS:
                shared = dict(config, timestep_spacing=spacing)
                yield betas, WHOLE[spacing], steps, "none", diffusers.DDIMScheduler(**shared)
                for kind in ("none", "karras", "exponential", "beta"):
                    use = {} if kind == "none" else {f"use_{kind}_sigmas": True}
                    yield betas, BETWEEN[spacing], steps, kind, diffusers.EulerDiscreteScheduler(**shared, **use)
                for kind in ("none", "karras", "exponential", "beta", "lu"):
                    use = {"none": {}, "lu": {"use_lu_lambdas": True}}.get(kind, {f"use_{kind}_sigmas": True})
                    scheduler = diffusers.DPMSolverMultistepScheduler(**shared, **use, final_sigmas_type="zero")
                    yield betas, MORE[spacing], steps, kind, scheduler


def test_every_grid_of_diffusers_can_be_asked_for() -> None:
    found = {"by name": 0, "by its ends": 0}
    for betas, spacing, steps, kind, scheduler in grids():
        theirs = their_levels(exactly(scheduler), steps)
        named: dict[str, Any] = {"betas": betas, "steps": steps}
        # Equal steps of the log-signal-to-noise ratio are those of ln sigma.
        curve = {"lu": "exponential"}.get(kind, kind)
        named["spacing"] = spacing if kind == "none" else curve
        # From far above: all levels of the table that the name stands for.
        if same(our_levels(1e9, **named)[1:], theirs):
            found["by name"] += 1
            continue
        # Euler's curves go between the ends of its steps, which are not always those of the table.
        assert kind != "none" and type(scheduler).__name__.startswith("Euler"), (betas, spacing, steps, kind)
        ours = our_levels(theirs[0], steps=steps, spacing=curve, last=theirs[-1])
        assert same(ours, theirs), (betas, spacing, steps, kind)
        found["by its ends"] += 1
    assert found == {"by name": 216, "by its ends": 54}


def test_grids_of_k_diffusion() -> None:
    ramp = np.linspace(0, 1, 10)
    first, last = 14.6, 0.03
    karras = (first ** (1 / 7) + ramp * (last ** (1 / 7) - first ** (1 / 7))) ** 7
    poly = np.exp(np.linspace(1, 0, 10) ** 3 * (math.log(first) - math.log(last)) + math.log(last))
    times = np.linspace(1, 1e-3, 10)
    vp = np.sqrt(np.exp(19.9 * times**2 / 2 + 0.1 * times) - 1)
    linear = attractor.Process("vp-linear")
    assert np.allclose(our_levels(first, steps=10, spacing="karras", last=last), karras, rtol=1e-12)
    ours = our_levels(first, steps=10, spacing="polyexponential", rho=3.0, last=last)
    assert np.allclose(ours, poly, rtol=1e-12)
    sampler = attractor.Sampler("ddim", steps=10, spacing="times", last=vp[-1])
    assert np.allclose(sampler.levels(float(linear.sigma(1.0)), process=linear)[:-1], vp, rtol=1e-10)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_grids_of_flows(shift: float) -> None:
    flow = attractor.Process("flow")
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift)
    theirs = their_levels(scheduler, 10)
    # t = 1 is pure noise.
    assert abs(theirs[0] - 1e7) < 2
    sampler = attractor.Sampler("ddim", steps=10, spacing="times", shift=shift, last=theirs[-1])
    assert same(sampler.levels(1e7, process=flow)[:-1], theirs)
    scheduler = diffusers.DPMSolverMultistepScheduler(
        use_flow_sigmas=True, flow_shift=shift, prediction_type="flow_prediction", final_sigmas_type="zero"
    )
    theirs = their_levels(scheduler, 10)
    sampler = attractor.Sampler("dpmpp-2m", steps=10, spacing="times", shift=shift)
    assert same(sampler.levels(theirs[0], process=flow)[:-1], theirs)


def ends() -> Any:
    zero = {"algorithm_type": "dpmsolver++", "final_sigmas_type": "zero"}
    yield "ddim", {"spacing": "leading", "offset": 1}, diffusers.DDIMScheduler(clip_sample=False, steps_offset=1)
    yield "ddim", {"spacing": "trailing"}, diffusers.DDIMScheduler(clip_sample=False, timestep_spacing="trailing")
    yield "ddim", {"spacing": "linspace"}, diffusers.EulerDiscreteScheduler()
    yield "heun", {"spacing": "linspace"}, diffusers.HeunDiscreteScheduler(beta_start=0.0001, beta_end=0.02)
    yield "lms", {"spacing": "linspace"}, diffusers.LMSDiscreteScheduler()
    yield "dpmpp-2m", {"spacing": "linspace-dpm"}, diffusers.DPMSolverMultistepScheduler(**zero)
    yield "unipc", {"spacing": "linspace-dpm"}, diffusers.UniPCMultistepScheduler(final_sigmas_type="zero")
    # Ends above 0.
    left = math.sqrt(1e-4 / (1 - 1e-4))
    yield (
        "ddim",
        {"spacing": "leading", "until": left},
        diffusers.DDIMScheduler(clip_sample=False, set_alpha_to_one=False),
    )
    least = {"algorithm_type": "dpmsolver++", "final_sigmas_type": "sigma_min"}
    yield (
        "dpmpp-2m",
        {"spacing": "trailing", "until": left},
        diffusers.DPMSolverMultistepScheduler(timestep_spacing="trailing", **least),
    )


def test_named_grids_end_where_diffusers_does() -> None:
    for sampler, options, scheduler in ends():
        scheduler.set_timesteps(20)
        top = attractor.torch.levels(scheduler)[0]
        start = PATTERNS[:4] + top * np.random.default_rng(0).normal(size=(4, 2, 3, 3))
        network = model(EXACT, process=scheduler)
        scaled = type(scheduler).__name__[:4] in ("DDIM", "DPMS", "UniP")
        x = torch.tensor(start)
        x = x * network.noise.scale(torch.tensor(top)) if scaled else x
        for time in scheduler.timesteps:
            inputs = scheduler.scale_model_input(x, time) if hasattr(scheduler, "scale_model_input") else x
            x = scheduler.step(network(inputs, time).sample, time, x).prev_sample
        until = options.get("until", 0.0)
        x = x / network.noise.scale(torch.tensor(until)) if scaled else x
        ours = attractor.Sampler(sampler, steps=20, betas="linear", **options)
        memory = attractor.Diffusion(PATTERNS, sampler=ours, narrow="off")
        end = memory.recall(start, sigma=float(top)).states
        # Levels of diffusers err by LEVEL at most, of which D and the last state, of a few units, move by as much.
        assert np.abs(x.double().numpy() - end).max() < SINGLE + 10 * LEVEL * (1 if until else 1e-2), (sampler, options)


def test_a_recall_without_cues_starts_where_it_is_told() -> None:
    flow = attractor.Sampler("dpmpp-2m", steps=30, spacing="times", shift=3.0, start=1e7)
    memory = attractor.Diffusion(PATTERNS, process="flow", sampler=flow)
    ends = memory.sample(50)
    assert (ends.sigma == 1e7).all() and (ends.distance < 1e-3).all()
    # The noise is of that level about the mean, and the flow is the same from where the grid of a table starts.
    table = attractor.Diffusion(PATTERNS, betas="linear", spacing="trailing", steps=25)
    assert np.allclose(table.sample(3).sigma, float(attractor.Process("vp-linear").sigma(1.0)), rtol=0.05)
    own = attractor.Diffusion(PATTERNS, sigmas=[30.0, 3.0, 0.3])
    assert (own.sample(2).sigma == 30.0).all()


def noises(sampler: attractor.Sampler, sigma: float, shape: tuple[int, ...], add: Any) -> list[np.ndarray]:
    """The noise of each step, which the seed alone decides: that of a memory of one pattern, whose steps are known but for it.

    `add` gives the end of a step from (z, level, next level) without noise, and the factor of the noise.
    """
    lone = attractor.Diffusion(np.zeros((1, *shape[1:])), sampler=sampler, narrow="off")
    path = lone.trace(np.ones(shape), sigma=sigma)
    states = [np.asarray(state).reshape(shape) for state in path.states]
    drawn = []
    for k in range(len(states) - 1):
        # All rows have the same levels.
        level, to = (float(np.ravel(path.sigma[step])[0]) for step in (k, k + 1))
        mean, factor = add(states[k], level, to)
        drawn.append((states[k + 1] - mean) / factor if factor else np.zeros(shape))
    return drawn


def path_of(sampler: attractor.Sampler, start: np.ndarray, sigma: float) -> list[np.ndarray]:
    memory = attractor.Diffusion(PATTERNS, sampler=sampler, narrow="off")
    return [np.asarray(state).reshape(start.shape) for state in memory.trace(start, sigma=sigma).states]


@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_eta_is_that_of_ddim(eta: float) -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    scheduler = exactly(
        diffusers.DDIMScheduler(clip_sample=False, prediction_type="sample", timestep_spacing="trailing")
    )
    scheduler.set_timesteps(20)
    levels = np.array(attractor.torch.levels(scheduler))
    sampler = attractor.Sampler("ddim", betas="linear", spacing="trailing", steps=20, eta=eta)
    assert sampler.stochastic and sampler.samples_posterior == (eta == 1.0)
    start = PATTERNS[:4] + levels[0] * np.random.default_rng(0).normal(size=(4, 2, 3, 3))
    path = path_of(sampler, start, float(levels[0]))
    scale = (1 + levels**2) ** -0.5
    draws = []
    for k, time in enumerate(scheduler.timesteps):
        z = torch.tensor(path[k])
        mean, ended = EXACT(z, levels[k]), []
        for noise in (torch.zeros_like(z), torch.ones_like(z)):
            step = scheduler.step(mean, time, z * scale[k], eta=eta, variance_noise=noise)
            ended.append((step.prev_sample / scale[k + 1]).numpy())
        if k + 1 == len(scheduler.timesteps):
            assert np.abs(path[k + 1] - ended[0]).max() < SINGLE
        else:
            draws.append(((path[k + 1] - ended[0]) / (ended[1] - ended[0])).ravel())
    # One seed in a thousand fails: 1,368 draws.
    assert stats.kstest(np.concatenate(draws), "norm").pvalue > 1e-3


def raised(level: float, steps: int, churn: float, low: float, high: float) -> float:
    """The level from which a step starts: Karras et al. (2022), Algorithm 2."""
    return level * (1 + (min(churn / steps, math.sqrt(2) - 1) if low <= level <= high else 0.0))


def test_churn_is_that_of_euler(monkeypatch: pytest.MonkeyPatch) -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    churn = {"s_churn": 4.0, "s_tmin": 0.1, "s_tmax": 5.0, "s_noise": 1.01}
    scheduler = diffusers.EulerDiscreteScheduler(prediction_type="sample", use_karras_sigmas=True)
    scheduler.set_timesteps(20)
    levels = np.array(attractor.torch.levels(scheduler))
    sampler = attractor.Sampler("ddim", sigmas=levels[1:].tolist(), **churn)
    start = PATTERNS[:4] + levels[0] * np.random.default_rng(0).normal(size=(4, 2, 3, 3))

    def add(z: np.ndarray, level: float, to: float) -> tuple[np.ndarray, float]:
        high = raised(level, 20, 4.0, 0.1, 5.0)
        return z * to / high, to / high * 1.01 * math.sqrt(max(high**2 - level**2, 0.0))

    drawn = noises(sampler, float(levels[0]), start.shape, add)
    used = np.concatenate([noise.ravel() for noise in drawn if noise.any()])
    assert len(used) == 72 * ((levels >= 0.1) & (levels <= 5.0)).sum()
    assert stats.kstest(used, "norm").pvalue > 1e-3
    left = iter(drawn)
    given = lambda *_, **__: torch.tensor(next(left))
    monkeypatch.setattr(diffusers.schedulers.scheduling_euler_discrete, "randn_tensor", given)
    x = torch.tensor(start)
    for k, time in enumerate(scheduler.timesteps):
        high = raised(levels[k], 20, 4.0, 0.1, 5.0)
        if high == levels[k]:
            next(left)
            mean = EXACT(x, levels[k])
        else:
            mean = EXACT(x + torch.tensor(drawn[k]) * 1.01 * math.sqrt(high**2 - levels[k] ** 2), high)
        scheduler.scale_model_input(x, time)
        x = scheduler.step(mean, time, x, **churn).prev_sample.double()
    end = path_of(sampler, start, float(levels[0]))[-1]
    assert np.abs(x.numpy() - end).max() < SINGLE


def test_churn_of_heun_is_algorithm_2() -> None:
    levels = np.append(np.geomspace(20.0, 0.05, 12), 0.0)
    churn = {"s_churn": 6.0, "s_tmin": 0.2, "s_tmax": 10.0, "s_noise": 1.003}
    sampler = attractor.Sampler("heun", sigmas=levels[1:].tolist(), **churn)
    start = PATTERNS[:4] + levels[0] * np.random.default_rng(0).normal(size=(4, 2, 3, 3))

    def add(z: np.ndarray, level: float, to: float) -> tuple[np.ndarray, float]:
        # Of one pattern at 0 slopes are z/sigma, so that Heun's steps are straight.
        high = raised(level, 12, 6.0, 0.2, 10.0)
        return z * to / high, to / high * 1.003 * math.sqrt(max(high**2 - level**2, 0.0))

    drawn = noises(sampler, 20.0, start.shape, add)
    x = start
    exact = lambda z, level: EXACT(torch.tensor(z), level).numpy()
    for k in range(12):
        level, to = levels[k], levels[k + 1]
        high = raised(level, 12, 6.0, 0.2, 10.0)
        x = x + 1.003 * math.sqrt(max(high**2 - level**2, 0.0)) * drawn[k]
        slope = (x - exact(x, high)) / high
        ahead = x + (to - high) * slope
        x = ahead if to == 0 else x + (to - high) * (slope + (ahead - exact(ahead, to)) / to) / 2
    end = path_of(sampler, start, 20.0)[-1]
    # Noise is found by subtraction of states up to 20 from float64 ones, and steps enlarge what it lost.
    assert np.abs(x - end).max() < 1e-9


def test_what_cannot_be_is_refused() -> None:
    for options, words in (
        ({"name": "heun", "eta": 0.5}, r"eta: expected a sampler that uses it \(ddim, ancestral"),
        ({"name": "dpmpp-2m", "s_churn": 1.0}, r"s-churn|s_churn"),
        ({"name": "ddim", "s_tmin": 1.0}, "noise that is added"),
        ({"name": "ddim", "s_churn": 1.0, "eta": 0.5}, "noise of one kind"),
        ({"name": "ddim", "eta": 1.5}, "eta: expected"),
        ({"spacing": "linspace"}, "or a table"),
        ({"spacing": "times", "betas": "linear"}, "betas"),
        ({"betas": "square"}, "betas"),
        ({"betas": "linear:0.1"}, "betas"),
        ({"betas": "linear", "steps": 1001}, "at most 1000"),
        ({"betas": "linear", "spacing": "karras", "offset": 1}, "offset"),
        ({"shift": 3.0}, "shift"),
        ({"sigmas": [1.0], "betas": "linear"}, "sigmas"),
        ({"name": "one-step", "until": 0.5}, "until"),
        ({"name": "langevin", "snr": 0.1}, "predictor-corrector"),
    ):
        with pytest.raises(ValueError, match=words):
            attractor.Sampler(**options)
