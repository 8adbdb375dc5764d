"""`attractor.torch.Denoiser`: equal to the memories of Rust, with derivatives of every order, on every device."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import attractor
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
import attractor.torch  # noqa: E402
from attractor.torch import Denoiser, merge  # noqa: E402

# Arrays are so small that a second thread only waits, for long where other tests run beside.
torch.set_num_threads(1)

#: Both sides work in float64, with a sum over D units and one over N patterns: each rounds by at most (D + N) * 2**-53 of sums that
#: are below 100 here, and exponents (below 1000 here) move weights by as much. Products may err by 1e-10 in an exponent.
WIDE = 1e-9
#: One rounding to float32 of a sum in float64, on either side.
NARROW = 2 * 2.0**-24

LEVELS = np.array([0.05, 0.4, 0.9, 3.0, 40.0])


def stored(
    weights: bool = True, units: int = 6, count: int = 37, seed: int = 0, dtype: Any = np.float64
) -> tuple[Any, Any, Any]:
    """A memory, its denoiser in chunks that do not divide it, and states."""
    rng = np.random.default_rng(seed)
    patterns = (rng.normal(size=(count, units)) * 2 + 1).astype(dtype)
    prior = rng.uniform(0.3, 2.0, count) if weights else None
    memory = attractor.Diffusion(patterns, weights=prior)
    states = (patterns[:5] + LEVELS[:, None] * rng.normal(size=(5, units))).astype(dtype)
    return memory, Denoiser.from_memory(memory, chunk=10), states


@pytest.mark.parametrize("weights", [False, True])
def test_it_equals_the_memory_of_rust(weights: bool) -> None:
    memory, exact, x = stored(weights)
    z, sigma = torch.tensor(x), torch.tensor(LEVELS)
    for name, ours in (
        ("denoise", exact(z, sigma)),
        ("energy", exact.energy(z, sigma)),
        ("posterior", exact.posterior(z, sigma)),
        ("log_prob", exact.log_prob(z, sigma)),
    ):
        theirs = getattr(memory, name)(x, LEVELS)
        assert np.allclose(ours.numpy(), theirs, rtol=WIDE, atol=WIDE), name
    scores = memory.score(x, sigma=LEVELS)
    assert np.allclose(exact.score(z, sigma).numpy(), scores, rtol=WIDE, atol=WIDE / LEVELS.min() ** 2)
    dimensions = [memory.recall(x[k : k + 1], sigma=LEVELS[k]).local_dimension[0] for k in range(5)]
    assert np.allclose(exact.local_dimension(z, sigma).numpy(), dimensions, rtol=WIDE, atol=WIDE)


def test_float32_is_rounded_once() -> None:
    _, exact, x = stored(dtype=np.float32)
    wide = attractor.Diffusion(exact.patterns.double().numpy(), weights=exact.log_weights.double().exp().numpy())
    z = torch.tensor(x)
    answer = exact(z, torch.tensor(LEVELS))
    assert answer.dtype == torch.float32 and exact.patterns.dtype == torch.float32
    truth = wide(x.astype(np.float64), LEVELS)
    # Exponents may err by 2**-22, and patterns are below 8; where that is not so a row is its nearest pattern.
    bound = NARROW * np.abs(truth) + 2.0**-22 * np.abs(exact.patterns.numpy()).max() * 2
    assert (np.abs(answer.numpy() - truth) <= bound).all()


@pytest.mark.parametrize("direct", [False, True])
def test_both_ways_to_distances_have_all_derivatives(direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from attractor.torch import _stored

    monkeypatch.setattr(_stored, "TIGHT", 0.0 if direct else np.inf)
    _, exact, x = stored(units=3, count=11)
    z = torch.tensor(x[1:4], requires_grad=True)
    sigma = torch.tensor(LEVELS[1:4], requires_grad=True)
    for function in (exact, exact.score, exact.energy, exact.log_prob, exact.local_dimension, exact.posterior):
        assert torch.autograd.gradcheck(function, (z, sigma), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(function, (z, sigma))


def test_derivatives_are_those_of_the_memory() -> None:
    memory, exact, x = stored()
    vectors = torch.tensor(np.random.default_rng(1).normal(size=x.shape))
    for ours, theirs in ((exact, memory), (exact.energy, memory.energy)):
        slopes = []
        for function in (ours, theirs):
            z = torch.tensor(x, requires_grad=True)
            answer = function(z, torch.tensor(LEVELS) if function is ours else LEVELS)
            (slope,) = torch.autograd.grad(answer, z, vectors if answer.ndim == 2 else vectors[:, 0])
            slopes.append(slope.numpy())
        assert np.allclose(*slopes, rtol=1e-6, atol=1e-9)


def test_transforms_of_functions() -> None:
    _, exact, x = stored()
    z = torch.tensor(x)
    jacobian = torch.func.jacrev(lambda s: exact(s, 0.7))(z)
    assert torch.allclose(torch.func.jacfwd(lambda s: exact(s, 0.7))(z), jacobian)
    one = torch.func.vmap(torch.func.grad(lambda s: exact.energy(s[None], 0.7)[0]))(z)
    assert torch.allclose(one, z - exact(z, 0.7))
    # The Jacobian of D is the posterior covariance over sigma**2.
    weights, patterns = exact.posterior(z, 0.7)[0], exact.patterns
    centred = patterns - exact(z, 0.7)[0]
    assert torch.allclose(jacobian[0, :, 0], (weights[:, None] * centred).T @ centred / 0.49, atol=1e-8)


def test_the_nearest_pattern_at_no_noise_and_the_mean_at_much() -> None:
    memory, exact, x = stored()
    z = torch.tensor(x, requires_grad=True)
    nearest = exact(z, 0.0)
    assert np.allclose(nearest.detach().numpy(), memory(x, 0.0), rtol=0, atol=WIDE)
    assert torch.allclose(exact.energy(z, 0.0), 0.5 * (z - nearest).square().sum(1))
    assert torch.equal(torch.autograd.grad(nearest.sum(), z)[0], torch.zeros_like(z))
    far = exact(z, 1e15).detach().numpy()
    assert np.allclose(far, np.average(memory.patterns, axis=0, weights=memory.weights))


def test_a_chunk_of_any_size_and_parts_that_merge() -> None:
    memory, _, x = stored()
    z, sigma = torch.tensor(x), torch.tensor(LEVELS)
    whole = Denoiser.from_memory(memory)
    for chunk in (1, 7, 37, 1000):
        assert torch.allclose(Denoiser.from_memory(memory, chunk=chunk)(z, sigma), whole(z, sigma), atol=WIDE)
    weights = memory.weights
    parts = [Denoiser(memory.patterns[part], weights[part]) for part in (slice(0, 5), slice(5, 20), slice(20, 37))]
    shares = [weights[:5].sum(), weights[5:20].sum(), weights[20:].sum()]
    reads = [part.read(z, sigma) for part in parts]
    some = merge(reads[:2], shares[:2])
    for merged in (merge(reads, shares), merge([some, reads[2]], [sum(shares[:2]), shares[2]])):
        for ours, theirs in zip(merged, whole.read(z, sigma), strict=True):
            assert torch.allclose(ours, theirs, atol=WIDE)


def test_small_noise_far_from_the_origin() -> None:
    # Squares of 1e8 leave float32 no digits for distances of 1e-3, and float64 few.
    patterns = 1e4 + 1e-3 * torch.arange(4.0, dtype=torch.float64)[:, None] * torch.ones(1, 16, dtype=torch.float64)
    x = patterns[:2] + 4e-4
    weights = torch.softmax(-((x[:, None] - patterns) ** 2).sum(2) / (2 * 1e-6), 1)
    assert torch.allclose(Denoiser(patterns)(x, 1e-3), weights @ patterns, rtol=1e-15)


def test_images_types_and_autocast() -> None:
    images = attractor.digits().images[:50].reshape(50, 1, 8, 8)
    exact = Denoiser(images)
    assert exact.patterns.shape == (50, 1, 8, 8) and float(exact.patterns.max()) <= 1.0
    x = torch.randn(3, 1, 8, 8)
    full = exact(x, 0.5)
    assert full.shape == x.shape
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(exact(x, 0.5), full)
    for kind in (torch.float16, torch.bfloat16):
        answer = exact(x.to(kind), 0.5)
        assert answer.dtype == kind and torch.equal(answer, exact(x.to(kind).float(), 0.5).to(kind))
    # States in float64 of patterns in half precision: the patterns are rounded, the sums are not.
    half = Denoiser(images).half()
    assert torch.allclose(half(x.double(), 0.5), Denoiser(half.patterns.double())(x.double(), 0.5), atol=WIDE)
    array = exact(x.numpy(), 0.5)
    assert isinstance(array, np.ndarray) and np.array_equal(array, full.numpy())
    assert torch.equal(torch.compile(exact, backend="eager")(x, 0.5), full)
    assert exact(x[:0], 0.5).shape == (0, 1, 8, 8)


def test_it_is_a_module_and_a_denoiser(tmp_path: Any) -> None:
    memory, exact, x = stored()
    other = Denoiser(np.zeros((37, 6)), np.ones(37))
    torch.save(exact.state_dict(), tmp_path / "exact.pt")
    other.load_state_dict(torch.load(tmp_path / "exact.pt"))
    assert torch.allclose(other(torch.tensor(x), 0.5), exact(torch.tensor(x), 0.5), atol=WIDE)
    assert [name for name, _ in exact.named_parameters()] == []
    own = attractor.Denoiser(exact, patterns=memory.patterns, spread=memory.spread_)
    assert np.allclose(own.recall(x, sigma=1.0).states, memory.recall(x, sigma=1.0).states, atol=WIDE)


def test_gradients_take_no_memory_for_each_pair() -> None:
    # 20,000 x 512 weights are 80 MB, and second derivatives of all at once hold ten such arrays and more.
    script = """
import resource, sys, torch, attractor.torch
exact = attractor.torch.Denoiser(torch.randn(20_000, 8), chunk=500)
def used(rows):
    x = torch.randn(rows, 8, requires_grad=True)
    (slope,) = torch.autograd.grad(exact(x, 0.7).square().sum(), x, create_graph=True)
    torch.autograd.grad(slope.square().sum(), x)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = used(2)
print(used(512) - before)
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    assert float(answer.stdout) < 250


def test_what_cannot_be_is_refused() -> None:
    memory, exact, x = stored()
    z = torch.tensor(x)
    scaled = attractor.Diffusion(memory.patterns * [1, 2, 3, 4, 5, 6], prepare="standardize")
    density = attractor.Mixture([{"kind": "gaussian", "mean": [0.0] * 4, "thickness": 1.0}])
    for call, error, words in (
        (lambda: exact(z[:, :3], 0.5), ValueError, "states: expected B x 6 numbers"),
        (lambda: exact(z[0], 0.5), ValueError, "states: expected B x 6"),
        (lambda: exact(z * torch.nan, 0.5), ValueError, "states: expected finite numbers"),
        (lambda: exact(z, -1.0), ValueError, "sigma: expected noise levels >= 0"),
        (lambda: exact(z, torch.nan), ValueError, "sigma: expected noise levels >= 0"),
        (lambda: exact(z, [0.5, 0.5]), ValueError, "sigma: expected one number, or one for each of 5"),
        (lambda: exact(z.long(), 0.5), TypeError, "expected a tensor of floats"),
        (lambda: Denoiser([[np.nan]]), ValueError, "patterns: expected finite"),
        (lambda: Denoiser(np.empty((0, 3))), ValueError, "patterns: expected N x D"),
        (lambda: Denoiser([[1.0], [2.0]], [1.0, -1.0]), ValueError, "weights: expected"),
        (lambda: Denoiser([[1.0], [2.0]], [0.0, 0.0]), ValueError, "weights: expected a weight > 0"),
        (lambda: Denoiser([[1.0]], precision=torch.float16), ValueError, "precision: expected"),
        (lambda: Denoiser([[1.0]], chunk=0), ValueError, "chunk: expected"),
        (lambda: Denoiser.from_memory(scaled), TypeError, "same noise for each unit"),
        (lambda: Denoiser.from_memory(density), TypeError, "holds none"),
        (lambda: Denoiser.from_memory(x), TypeError, "expected a memory"),
        (lambda: merge([exact.read(z, 0.5)], [1.0, 2.0]), ValueError, "shares: expected"),
    ):
        with pytest.raises(error, match=words):
            call()


def test_what_a_memory_does_not_know_is_not_dropped() -> None:
    memory, _, states = stored()
    x = torch.tensor(states, requires_grad=True)
    for function in (lambda z: memory(z, 1.0), lambda z: memory.energy(z, 1.0), lambda z: memory.score(z, sigma=1.0)):
        (slope,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
        # A penalty on the slope would have no gradient without a word.
        with pytest.raises(TypeError, match="first derivatives of a memory, found a second one"):
            slope.square().sum().backward()
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(x.detach(), torch.ones_like(x))
            with pytest.raises(TypeError, match="expected a tensor without a tangent"):
                function(dual)
            with torch.no_grad(), pytest.raises(TypeError, match="expected a tensor without a tangent"):
                function(dual)


def test_attractor_alone_does_not_import_torch() -> None:
    check = "import sys, attractor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], timeout=60).returncode == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU here")
@pytest.mark.parametrize("precision", [None, torch.float32])
def test_a_gpu_gives_the_same_numbers(precision: Any) -> None:
    memory, _, x = stored(dtype=np.float32)
    exact = Denoiser.from_memory(memory, precision=precision).to("cuda")
    z = torch.tensor(x, device="cuda", requires_grad=True)
    answer = exact(z, torch.tensor(LEVELS))
    assert answer.device.type == "cuda"
    # In float32 exponents may err by 0.001.
    close = 1e-2 if precision is torch.float32 else 1e-5
    assert np.allclose(answer.detach().cpu().numpy(), memory(x, LEVELS), atol=close)
    (slope,) = torch.autograd.grad(exact.energy(z, 0.9).sum(), z)
    assert torch.allclose(slope, z - exact(z, 0.9), atol=close)
    # The module fetches states to its own device.
    own = attractor.Denoiser(exact, patterns=memory.patterns)
    assert np.allclose(own.recall(x, sigma=1.0).states, memory.recall(x, sigma=1.0).states, atol=close)
