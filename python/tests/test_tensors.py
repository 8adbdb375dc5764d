"""Tensors of PyTorch: what comes in comes back in kind, with gradients or a refusal."""

from __future__ import annotations

from typing import Any

import attractor
import numpy as np
import pytest
from standin_torch import torch  # noqa: F401
from zoo import signs

#: Central differences in float64 with this step have an error of its square times third derivatives, about 1e-10.
STEP = 1e-5
CLOSE = 1e-7


def differences(function: Any, x: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The gradient of sum(function(x) * vectors) by central differences."""
    slope = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = STEP
        slope[place] = ((function(x + step) - function(x - step)) * vectors).sum() / (2 * STEP)
    return slope


@pytest.mark.parametrize("prepare", ["none", "center", "normalize"])
@pytest.mark.parametrize("what", ["denoise", "score", "energy", "log_prob", "flow"])
def test_a_tensor_that_wants_gradients_gets_them(torch: Any, what: str, prepare: str) -> None:  # noqa: F811
    rng = np.random.default_rng(0)
    patterns, x = rng.normal(size=(7, 5)) + 0.3, rng.normal(size=(3, 5))
    memory = attractor.Diffusion(patterns, weights=rng.uniform(0.5, 2.0, 7), prepare=prepare)
    sigma = np.array([0.4, 0.9, 2.0])
    calls = {
        "denoise": lambda z: memory.denoise(z, sigma),
        "score": lambda z: memory.score(z, sigma=sigma),
        "energy": lambda z: memory.energy(z, sigma),
        "log_prob": lambda z: memory.log_prob(z, sigma),
        "flow": lambda z: memory.log_prob(z, sigma, method="flow"),
    }
    given = torch.tensor(x, requires_grad=True)
    answer = calls[what](given)
    assert answer.requires_grad
    assert np.allclose(answer.detach().numpy(), calls[what](x), atol=1e-14)
    vectors = rng.normal(size=answer.shape)
    (slope,) = torch.autograd.grad(answer, given, torch.tensor(vectors))
    # The flow's integral has an error of its own; its gradient is that of the exact density.
    exact = calls["log_prob" if what == "flow" else what]
    assert np.allclose(slope.numpy(), differences(exact, x, vectors), atol=CLOSE)


def test_the_jacobian_of_two_points_is_known(torch: Any) -> None:  # noqa: F811
    memory = attractor.Diffusion([[1.0], [-1.0]])
    x = torch.tensor(np.array([[[0.3]], [[-0.1]]]), requires_grad=True)
    (slope,) = torch.autograd.grad(memory(x, 0.8), x, torch.tensor(np.ones((2, 1, 1))))
    # D = tanh(x/sigma**2), and D' = (1 - D**2)/sigma**2.
    exact = (1 - np.tanh(np.array([0.3, -0.1]) / 0.64) ** 2) / 0.64
    assert np.allclose(slope.numpy().ravel(), exact, atol=1e-14) and slope.shape == (2, 1, 1)


def test_gradients_that_are_not_known_are_refused(torch: Any) -> None:  # noqa: F811
    x = torch.tensor(signs(3, 4, 1), requires_grad=True)
    density = attractor.Mixture([{"kind": "gaussian", "mean": [0.0] * 4, "thickness": 1.0}])
    exact = attractor.Diffusion(signs(5, 4, 2))
    own = attractor.Denoiser(exact)
    scaled = attractor.Diffusion(signs(5, 4, 2) * [1.0, 2.0, 3.0, 4.0], prepare="standardize")
    for call in (
        lambda: scaled(x, 1.0),
        lambda: density(x, 1.0),
        lambda: own(x, 1.0),
        lambda: exact.posterior(x, 1.0),
        lambda: exact.gradient(x, 1.0),
        lambda: exact(x, torch.tensor(np.ones(3), requires_grad=True)),
    ):
        with pytest.raises(TypeError, match=r"detach\(\)"):
            call()
    with pytest.warns(attractor.AttractorWarning, match="gradients"):
        recalled = exact.recall(x, sigma=0.5)
    assert recalled.states.shape == (3, 4)
    with torch.no_grad():
        assert not exact(x, 1.0).requires_grad and exact.recall(x, sigma=0.5).states.shape == (3, 4)


def test_tensors_come_back_as_tensors(torch: Any) -> None:  # noqa: F811
    memory = attractor.Diffusion(signs(5, 4, 2))
    x = torch.tensor(signs(3, 4, 1, np.float32))
    for call in (
        lambda z: memory.denoise(z, 1.0),
        lambda z: memory.score(z, sigma=1.0),
        lambda z: memory.gradient(z, 1.0),
        lambda z: memory.energy(z, 1.0),
        lambda z: memory.posterior(z, 1.0),
        lambda z: memory.log_prob(z, 1.0),
    ):
        answer = call(x)
        assert isinstance(answer, torch.Tensor)
        assert np.allclose(answer.numpy(), call(signs(3, 4, 1, np.float32)), rtol=1e-6)


def test_half_precision_is_read_everywhere(torch: Any) -> None:  # noqa: F811
    halves = np.array([[0.5, -1.0], [1.0, 0.25]], np.float16)
    memory = attractor.Diffusion(halves)
    assert memory.patterns.dtype == np.float32 and np.array_equal(memory.patterns, halves)
    full = memory.recall(halves.astype(np.float32), sigma=0.5)
    assert np.array_equal(memory.recall(halves, sigma=0.5).states, full.states)
    for kind in (torch.float16, torch.bfloat16):
        given = torch.tensor(halves.astype(np.float32)).to(dtype=kind)
        # States are rounded to the type that was given, which holds these patterns.
        states = memory.recall(given, sigma=0.5).states
        assert states.dtype is kind and np.array_equal(states.float().numpy(), full.states)
        answer = memory(given, 0.5)
        assert answer.dtype is kind
        assert np.allclose(answer.float().numpy(), memory(halves.astype(np.float32), 0.5), atol=2**-7)


def test_functions_of_tensors(torch: Any) -> None:  # noqa: F811
    cues = signs(4, 3, 1)
    memory = attractor.Denoiser(lambda x, sigma: torch.tanh(x), 3, framework="torch")
    expected = attractor.Denoiser(lambda x, sigma: np.tanh(x), 3).recall(cues, sigma=0.5).states
    # Two libraries round tanh in two ways.
    assert np.allclose(memory.recall(cues, sigma=0.5).states, expected, rtol=1e-12)
    with pytest.raises(TypeError, match="must be Tensor") as caught:
        attractor.Denoiser(lambda x, sigma: torch.tanh(x), 3).recall(cues, sigma=0.5)
    assert any("framework" in note for note in getattr(caught.value, "__notes__", ["framework"]))
    with pytest.raises(ValueError, match="framework: expected numpy or torch"):
        attractor.Denoiser(np.tanh, 3, framework="tensorflow")


def test_a_convolution_gets_images(torch: Any) -> None:  # noqa: F811
    seen: list[Any] = []

    class Blur(torch.nn.Module):  # type: ignore[misc, name-defined]
        """A network that takes (B, C, H, W) only: the mean over each image."""

        def forward(self, x: Any, sigma: Any) -> Any:
            seen.append((tuple(x.shape), tuple(sigma.shape)))
            array = np.asarray(x)
            return torch.tensor(np.broadcast_to(array.mean(axis=(1, 2, 3), keepdims=True), array.shape))

    images = attractor.digits().images[:20].reshape(20, 1, 8, 8) / 255.0
    memory = attractor.Denoiser(Blur(), patterns=images, sampler="one-step")
    states = memory.recall(images[:3], sigma=0.5).states
    assert states.shape == (3, 1, 8, 8)
    assert np.allclose(states, images[:3].mean(axis=(1, 2, 3), keepdims=True) * np.ones((3, 1, 8, 8)))
    assert memory.recall(images[0], sigma=0.5).states.shape == (1, 8, 8)
    bare = attractor.Denoiser(Blur(), shape=(1, 8, 8), sampler="one-step")
    assert np.array_equal(bare.recall(images[:3].reshape(3, 64), sigma=0.5).states, states.reshape(3, 64))
    assert bare.n_features_in_ == 64 and {shape for shape, _ in seen} == {(3, 1, 8, 8), (1, 1, 8, 8)}
    with pytest.raises(ValueError, match="shape: expected one of 60 units"):
        attractor.Denoiser(Blur(), 60, shape=(8, 8))
    with pytest.raises(ValueError, match=r"denoiser: expected an answer of the shape \(3, 8, 8\)"):
        attractor.Denoiser(lambda x, s: x.reshape(3, 64), shape=(8, 8)).recall(images[:3], sigma=0.5)
