"""Models of all conventions as denoisers, and back; and the schedulers of diffusers on the exact denoiser."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
import attractor.torch  # noqa: E402
from attractor.torch import Denoiser, Discrete, Flow, Preconditioned, denoiser, model  # noqa: E402

# Arrays are so small that a second thread only waits, for long where other tests run beside.
torch.set_num_threads(1)

#: A chain of some twenty operations in float64, on numbers below 100.
ROUND = 1e-11
#: diffusers keeps its levels in float32, and some schedulers their states: 2**-24 of numbers up to 157, at each of twenty steps.
SINGLE = 157 * 20 * 2.0**-24

ALPHAS = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
PATTERNS = np.random.default_rng(3).normal(size=(12, 2, 3, 3)) + 0.5
EXACT = Denoiser(PATTERNS)

#: Every convention, with sigma at which the model of the test is compared, and the coefficients of its inputs there by hand:
#: inputs = scale * (y + sigma * noise), and time.
CONVENTIONS = {
    "ve": ("ve", lambda s: 1.0, lambda s: s**2),
    "vp": ("vp", lambda s: (1 + s**2) ** -0.5, lambda s: np.log(1 + s**2) / 0.8),
    "edm": ("edm", lambda s: 1.0, lambda s: s),
    "preconditioned": (Preconditioned(0.5), lambda s: (s**2 + 0.25) ** -0.5, lambda s: np.log(s) / 4),
    "flow": ("flow", lambda s: 1 / (1 + s), lambda s: s / (1 + s)),
    "flow-1000": (Flow(1000), lambda s: 1 / (1 + s), lambda s: 1000 * s / (1 + s)),
    "flow-turned": (Flow(data_at=1), lambda s: 1 / (1 + s), lambda s: 1 / (1 + s)),
}


def by_hand(name: str, predicts: str, clean: Any, noise: Any, sigma: float) -> Any:
    """What a model predicts that knows data and noise."""
    signal, spread = (1 + sigma**2) ** -0.5, 0.5 if name == "preconditioned" else 1.0
    inputs = CONVENTIONS[name][1](sigma) * (clean + sigma * noise)
    root = (spread**2 + sigma**2) ** 0.5
    v = (spread * noise - sigma / spread * clean) / root
    assert spread != 1.0 or np.allclose(v, signal * noise - sigma * signal * clean)
    return {
        "epsilon": noise,
        "x0": clean,
        "v": v,
        "F": -v,
        "velocity": clean - noise if name == "flow-turned" else noise - clean,
        # The gradient of ln N(inputs; scale y, (scale sigma)**2).
        "score": -(inputs - CONVENTIONS[name][1](sigma) * clean) / (CONVENTIONS[name][1](sigma) * sigma) ** 2,
    }[predicts]


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("predicts", ["epsilon", "x0", "v", "score", "velocity", "F"])
def test_a_model_that_knows_the_data_gives_the_data(name: str, predicts: str) -> None:
    process, scale, time = CONVENTIONS[name]
    rng, sigma = np.random.default_rng(0), 0.7
    clean, noise = rng.normal(size=(2, 4, 2, 3, 3))
    seen = []

    def network(inputs: Any, times: Any) -> Any:
        seen.append((inputs.numpy(), times.numpy()))
        return torch.tensor(by_hand(name, predicts, clean, noise, sigma))

    try:
        D = denoiser(network, predicts, process, check=False)
    except ValueError as refusal:
        lone = {
            "v": ("ve", "edm"),
            "velocity": ("ve", "vp", "edm", "preconditioned"),
            "F": set(CONVENTIONS) - {"preconditioned"},
        }
        assert "with this process" in str(refusal) and name in lone[predicts]
        return
    x = torch.tensor(clean + sigma * noise)
    assert np.allclose(D(x, sigma).numpy(), clean, atol=ROUND)
    inputs, times = seen[0]
    assert np.allclose(inputs, scale(sigma) * x.numpy(), atol=ROUND) and np.allclose(times, time(sigma), atol=ROUND)
    # And back: the model of a denoiser that knows the data predicts the same.
    back = model(lambda z, s: torch.tensor(clean), predicts, process)
    told = back(torch.tensor(scale(sigma) * x.numpy()), torch.tensor(time(sigma), dtype=torch.float64)).sample
    assert np.allclose(told.numpy(), by_hand(name, predicts, clean, noise, sigma), atol=ROUND)


def test_steps_of_ddpm() -> None:
    steps = Discrete(ALPHAS)
    # sigma_k = sqrt((1 - a_k)/a_k), at whole numbers and between them.
    known = np.sqrt((1 - ALPHAS) / ALPHAS)
    at = torch.tensor([0, 1, 500, 999])
    assert np.allclose(steps.sigma(at).numpy(), known[at.numpy()], rtol=1e-6)
    assert np.allclose(steps.time(torch.tensor(known)).numpy(), np.arange(1000), atol=1e-6)
    middle = torch.tensor([10.25, 700.5], dtype=torch.float64)
    assert np.allclose(steps.time(steps.sigma(middle)).numpy(), middle.numpy(), atol=1e-9)
    assert Discrete(ALPHAS, whole=True).time(torch.tensor([known[7] * 1.0001])).tolist() == [7.0]
    # Below the lowest level, D is that of the lowest level.
    D, x = denoiser(model(EXACT, "v", ALPHAS), "v", ALPHAS, data=PATTERNS), torch.tensor(PATTERNS + 0.01)
    assert steps.lowest == pytest.approx(0.01, rel=1e-4)
    assert torch.allclose(D(x, 0.0), EXACT(x, steps.lowest), atol=ROUND)


@pytest.mark.parametrize("kind", ["tensor", "tuple", "dict", "lone dict", "sample", "variance"])
def test_outputs_of_all_kinds(kind: str) -> None:
    wrap = {
        "tensor": lambda a: a,
        "tuple": lambda a: (a, "more"),
        "dict": lambda a: {"sample": a, "more": 1},
        "lone dict": lambda a: {"prediction": a},
        "sample": lambda a: types.SimpleNamespace(sample=a),
        "variance": lambda a: torch.cat([a, torch.full_like(a, 9.0)], 1),
    }[kind]
    network = model(EXACT, "epsilon", ALPHAS)
    D = denoiser(
        lambda inputs, times, label=None: wrap(network(inputs, times).sample), "epsilon", ALPHAS, data=PATTERNS, label=3
    )
    x = torch.randn(3, 2, 3, 3, dtype=torch.float64)
    assert torch.allclose(D(x, 0.8), EXACT(x, 0.8), atol=1e-6)


def test_types_devices_and_other_callers() -> None:
    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones((), dtype=torch.bfloat16))

        def forward(self, inputs: Any, times: Any) -> Any:
            assert inputs.dtype == torch.bfloat16 and times.dtype == torch.float32
            return {"sample": self.weight * inputs}

    D = denoiser(Net(), "epsilon", "vp", check=False)
    x = torch.randn(2, 2, 3, 3)
    assert D(x, 0.5).dtype == torch.float32 and D(x.double(), 0.5).dtype == torch.float64
    assert isinstance(D(x.numpy(), 0.5), np.ndarray)
    z = x.clone().requires_grad_()
    assert torch.autograd.grad(D(z, 0.5).sum(), z)[0].abs().min() > 0
    # As a memory: the loop of recall is ours.
    exact = attractor.Diffusion(PATTERNS)
    own = attractor.Denoiser(denoiser(model(EXACT, "v", ALPHAS), "v", ALPHAS, data=PATTERNS), patterns=PATTERNS)
    cues = PATTERNS[:3] + 0.3
    assert np.allclose(own.recall(cues, sigma=1.0).states, exact.recall(cues, sigma=1.0).states, atol=1e-6)
    # A memory as a model: it takes tensors and gives them.
    told = model(exact, "x0", ALPHAS)(x, 300).sample
    assert torch.allclose(told, model(EXACT, "x0", ALPHAS)(x, 300).sample, atol=1e-5)


SETS = {
    "digits": lambda: attractor.digits().images[:100].reshape(-1, 1, 8, 8) / 255.0,
    "signs": lambda: np.random.default_rng(1).choice([-1.0, 1.0], (40, 24)),
    "far": lambda: np.random.default_rng(2).normal(size=(100, 5)) * 2 + 3,
}
PROCESSES = {
    "vp": "vp",
    "ddpm": ALPHAS,
    "ve": "ve",
    "preconditioned": Preconditioned(0.5),
    "flow": "flow",
    "turned": Flow(1000, 1),
}


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize("process", PROCESSES)
def test_a_model_that_predicts_something_else_is_noticed(data: str, process: str) -> None:
    from attractor.torch._noise import of
    from attractor.torch._predictions import possible

    rows, noise = SETS[data](), PROCESSES[process]
    exact = Denoiser(rows, dtype=torch.float32)
    names = possible(of(noise))
    for truth in names:
        network = model(exact, truth, noise)
        for said in names:
            if said == truth:
                denoiser(network, said, noise, data=rows)
            else:
                with pytest.raises(
                    ValueError, match=f"predicts: expected {truth}, which fits this model, found {said},"
                ):
                    denoiser(network, said, noise, data=rows)


def test_a_flow_in_the_other_direction_is_noticed() -> None:
    network = model(EXACT, "velocity", Flow(data_at=1))
    with pytest.raises(ValueError, match=r"expected velocity with process=attractor.torch.Flow\(1, data_at=1\)"):
        denoiser(network, "velocity", Flow(), data=PATTERNS)


def test_noise_alone_tells_some_of_it_and_the_first_call_checks() -> None:
    rows = SETS["digits"]()
    network = model(Denoiser(rows, dtype=torch.float32), "epsilon", ALPHAS)
    with pytest.raises(ValueError, match="predicts: expected epsilon"):
        denoiser(network, "x0", ALPHAS, shape=(1, 8, 8))
    later = denoiser(network, "x0", ALPHAS)
    with pytest.raises(ValueError, match="predicts: expected epsilon"):
        later(torch.randn(1, 1, 8, 8), 1.0)
    denoiser(network, "epsilon", ALPHAS)(torch.randn(1, 1, 8, 8), 1.0)


def test_a_model_that_fits_nothing_is_noticed() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(24, 24)
    with pytest.warns(attractor.AttractorWarning, match="does not denoise as a model that predicts epsilon"):
        denoiser(lambda inputs, times: 3 * layer(inputs), "epsilon", "vp", data=SETS["signs"]().astype(np.float32))


def test_what_cannot_be_is_refused() -> None:
    network = model(EXACT, "epsilon", ALPHAS)
    D = denoiser(network, "epsilon", ALPHAS, check=False)
    x = torch.randn(2, 2, 3, 3)
    for call, error, words in (
        (
            lambda: D(x, 1e3),
            ValueError,
            r"sigma: expected noise levels up to 157\.\d+, the highest of the model's process",
        ),
        (lambda: D(x, -1.0), ValueError, "sigma: expected noise levels >= 0"),
        (lambda: D(x, [1.0, 2.0, 3.0]), ValueError, "one for each of 2 states"),
        (lambda: denoiser(3, "epsilon", ALPHAS), TypeError, "model: expected a callable"),
        (lambda: denoiser(network, None, ALPHAS), TypeError, "predicts: expected one of epsilon"),
        (lambda: denoiser(network, "noise", ALPHAS), ValueError, "predicts: expected one of epsilon"),
        (lambda: denoiser(network, "velocity", ALPHAS), ValueError, "with this process"),
        (
            lambda: denoiser(network, "epsilon", ALPHAS[::-1].copy()),
            ValueError,
            "alphas_cumprod: expected falling numbers",
        ),
        (lambda: denoiser(network, "epsilon", 7), TypeError, "process: expected the name of a process"),
        (
            lambda: denoiser(lambda a, t: a[:, :1], "epsilon", ALPHAS, data=PATTERNS),
            ValueError,
            "model: expected an output of the shape",
        ),
        (
            lambda: denoiser(lambda a, t: None, "epsilon", ALPHAS, data=PATTERNS),
            TypeError,
            "model: expected an output that is a tensor",
        ),
        (
            lambda: denoiser(network, "epsilon", ALPHAS, data=PATTERNS[:1]),
            ValueError,
            "data: expected at least two rows",
        ),
        (
            lambda: attractor.torch.levels(3),
            TypeError,
            "scheduler: expected a scheduler of diffusers after set_timesteps",
        ),
        (lambda: model(3), TypeError, "denoiser: expected a callable"),
        (lambda: Flow(data_at=2), ValueError, "data_at: expected 0 or 1"),
        (lambda: Preconditioned(0.0), ValueError, "spread: expected"),
    ):
        with pytest.raises(error, match=words):
            call()


def test_configurations_give_the_levels_of_their_schedules() -> None:
    scaled = {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "prediction_type": "v_prediction",
    }
    D = denoiser(model(EXACT, None, scaled), None, scaled, data=PATTERNS)
    # Stable Diffusion's largest level.
    assert D.predicts == "v" and abs(D.noise.highest - 14.6146) < 1e-4
    with pytest.raises(
        ValueError, match="predicts: expected v, which the configuration of the scheduler says, found epsilon"
    ):
        denoiser(model(EXACT, None, scaled), "epsilon", scaled)
    with pytest.raises(ValueError, match="give its alphas_cumprod"):
        denoiser(model(EXACT, "v", scaled), "v", {"beta_schedule": "sigmoid", "beta_start": 0.1, "beta_end": 0.2})


def schedulers() -> Any:
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
    solver = {"algorithm_type": "dpmsolver++", "final_sigmas_type": "zero"}
    yield "ddim epsilon", "ddim", diffusers.DDIMScheduler(clip_sample=False, set_alpha_to_one=True)
    yield (
        "ddim x0",
        "ddim",
        diffusers.DDIMScheduler(clip_sample=False, prediction_type="sample", timestep_spacing="trailing"),
    )
    yield "ddim v", "ddim", diffusers.DDIMScheduler(clip_sample=False, prediction_type="v_prediction")
    yield "euler", "ddim", diffusers.EulerDiscreteScheduler(timestep_spacing="linspace")
    yield (
        "euler, cosine, v",
        "ddim",
        diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", prediction_type="v_prediction"),
    )
    yield "euler, Karras", "ddim", diffusers.EulerDiscreteScheduler(use_karras_sigmas=True)
    yield "dpm++", "dpmpp-2m", diffusers.DPMSolverMultistepScheduler(**solver)
    yield "dpm++, Karras", "dpmpp-2m", diffusers.DPMSolverMultistepScheduler(use_karras_sigmas=True, **solver)
    yield "heun", "heun", diffusers.HeunDiscreteScheduler()
    yield "edm", "ddim", diffusers.EDMEulerScheduler(sigma_data=0.7)
    yield "edm v", "ddim", diffusers.EDMEulerScheduler(prediction_type="v_prediction")
    yield "edm dpm++", "dpmpp-2m", diffusers.EDMDPMSolverMultistepScheduler()
    yield "dpm++ 3M", "dpmpp-3m", diffusers.DPMSolverMultistepScheduler(solver_order=3, **solver)
    yield "unipc", "unipc", diffusers.UniPCMultistepScheduler(final_sigmas_type="zero")
    yield "lms", "lms", diffusers.LMSDiscreteScheduler(use_karras_sigmas=True)
    yield "flow", "ddim", diffusers.FlowMatchEulerDiscreteScheduler()
    yield "flow, shift", "ddim", diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)


def test_schedulers_of_diffusers_end_where_ours_do() -> None:
    for name, sampler, scheduler in schedulers():
        # Of fewer than 15 steps, those of order 3 end with one of order 2.
        scheduler.set_timesteps(20)
        levels = np.array(attractor.torch.levels(scheduler))
        rng = np.random.default_rng(0)
        start = PATTERNS[:4] + levels[0] * rng.normal(size=(4, 2, 3, 3))
        network = model(EXACT, process=scheduler)
        ours = denoiser(network, process=scheduler, data=PATTERNS)
        scale = {"DDIM": True, "DPMS": True, "UniP": True, "Flow": True}.get(type(scheduler).__name__[:4], False)
        x = torch.tensor(start)
        x = x * network.noise.scale(torch.tensor(levels[0])) if scale else x
        for time in scheduler.timesteps:
            inputs = scheduler.scale_model_input(x, time) if hasattr(scheduler, "scale_model_input") else x
            x = scheduler.step(network(inputs, time).sample, time, x).prev_sample
        memory = attractor.Diffusion(
            PATTERNS, sampler=attractor.Sampler(sampler, sigmas=levels[1:].tolist()), narrow="off"
        )
        end = memory.recall(start, sigma=float(levels[0])).states
        assert np.abs(x.double().numpy() - end).max() < SINGLE, name
        # And the model, read as a denoiser, is the exact denoiser.
        z = torch.tensor(PATTERNS[:4] + 0.4)
        assert torch.allclose(ours(z, 0.5), EXACT(z, 0.5), atol=SINGLE), name


def test_the_page_runs_as_printed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "pytorch.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    torch.manual_seed(0)
    for block in blocks:
        if "diffusers" in block or "scheduler" in block:
            pytest.importorskip("diffusers", reason="diffusers is not installed")
        exec(compile(block, "pytorch.md", "exec"), names)
    assert len(blocks) == 6


def test_the_reverse_sde_of_diffusers_has_our_noise() -> None:
    """Each step of dpmpp-2m-sde is a step of diffusers, with noise that is that of a normal distribution."""
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    scheduler = diffusers.DPMSolverMultistepScheduler(
        algorithm_type="sde-dpmsolver++", prediction_type="sample", final_sigmas_type="zero", use_karras_sigmas=True
    )
    scheduler.set_timesteps(20)
    levels = np.array(attractor.torch.levels(scheduler))
    start = PATTERNS[:4] + levels[0] * np.random.default_rng(0).normal(size=(4, 2, 3, 3))
    memory = attractor.Diffusion(
        PATTERNS, sampler=attractor.Sampler("dpmpp-2m-sde", sigmas=levels[1:].tolist()), narrow="off"
    )
    path = memory.trace(start, sigma=float(levels[0])).states
    scale = (1 + levels**2) ** -0.5
    draws = []
    for k, time in enumerate(scheduler.timesteps):
        z = torch.tensor(np.array(path[k]).reshape(start.shape))
        mean, ends = EXACT(z, levels[k]), []
        # The step is linear in its noise: from two of them, the noise that leads to our state.
        kept = list(scheduler.model_outputs), scheduler.lower_order_nums, scheduler._step_index
        for noise in (torch.zeros_like(z), torch.ones_like(z)):
            scheduler.model_outputs, scheduler.lower_order_nums, scheduler._step_index = list(kept[0]), kept[1], kept[2]
            ends.append(scheduler.step(mean, time, z * scale[k], variance_noise=noise).prev_sample / scale[k + 1])
        ours = torch.tensor(np.array(path[k + 1]).reshape(start.shape))
        if k + 1 == len(scheduler.timesteps):
            assert np.abs((ours - ends[0]).numpy()).max() < SINGLE
        else:
            draws.append(((ours - ends[0]) / (ends[1] - ends[0])).numpy().ravel())
    # One seed in a thousand fails: 1,368 draws.
    assert stats.kstest(np.concatenate(draws), "norm").pvalue > 1e-3
    # Draws of one step say nothing of the next: a mean of 1,296 products, five standard errors.
    assert abs(np.mean(np.array(draws[:-1]) * np.array(draws[1:]))) < 5 / 1296**0.5
