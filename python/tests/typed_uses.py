"""Uses of the package whose types are checked by ``mypy --strict``, and which run. Wrong uses are those that must be refused."""

from __future__ import annotations

import sys
from typing import Any

import attractor
import numpy as np
from attractor.plot import EnergyDisplay, RecallDisplay, WeightsDisplay
from numpy.typing import NDArray

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type


class Tensor:
    """What a type checker sees of a tensor of PyTorch."""

    def detach(self) -> Any:
        return self


x: NDArray[np.float64] = np.array([[0.9, 1.1], [-1.0, -0.8]])
exact = attractor.Diffusion([[1.0, 1.0], [-1.0, -1.0]], labels=["up", "down"], sampler="heun", steps=8)

# A method that returns the memory returns its class.
assert_type(attractor.Modern(beta=2.0).fit(x), attractor.Modern)
assert_type(attractor.Hopfield().set_params(rule="storkey"), attractor.Hopfield)
assert_type(attractor.Dense().partial_fit(np.sign(x)), attractor.Dense)
assert_type(attractor.Mixture().fit(x, ["a", "b"]), attractor.Mixture)
assert_type(attractor.fit(np.random.default_rng(0).normal(size=(30, 2)), 1), attractor.Mixture)
assert_type(attractor.Modern(x), attractor.Modern)

# `score` is the accuracy with labels, and the slope of ln p with a noise level.
assert_type(exact.score(x, ["up", "down"]), float)
assert_type(exact.score([[0.9, 1.1]], sigma=0.5), NDArray[Any])

# What is given in kind comes back in kind; lists and frames come back as arrays.
assert_type(exact.denoise(x, 0.5), NDArray[np.float64])
assert_type(exact.denoise([[0.0, 0.0]], 0.5), NDArray[Any])
assert_type(exact(x, 0.5), NDArray[np.float64])
assert_type(exact.energy([[0.0, 0.0]], 0.5), NDArray[Any])
assert_type(exact.log_prob([[0.0, 0.0]], 0.5, method="flow"), NDArray[Any])


def of_a_tensor(tensor: Tensor) -> None:
    assert_type(exact(tensor, 0.5), Tensor)
    assert_type(exact.denoise(tensor, 0.5), Tensor)
    assert_type(exact.score(tensor, sigma=0.5), Tensor)
    assert_type(exact.posterior(tensor, 0.5), Tensor)


recall = exact.recall(x, sigma=0.3, observer=lambda frame: frame.sigma.max() > 0.1)
assert_type(recall, attractor.Recall)
assert_type(recall.memory, NDArray[Any])
assert_type(recall.energy, NDArray[Any] | None)
assert_type(exact.trace(x, sigma=0.5).recall, attractor.Recall)
assert_type(exact.predict(x), NDArray[Any])
assert_type(exact.sample(3), attractor.Recall)
assert_type(len(exact), int)
assert_type(exact.beta_, float | None)
assert_type(attractor.digits().images, NDArray[Any])
assert_type(attractor.samplers()["heun"]["steps"], Any)


def of_plots() -> None:
    assert_type(recall.plot(), RecallDisplay)
    assert_type(exact.plot(sigma=0.5), EnergyDisplay | WeightsDisplay)


def of_wrong_uses() -> None:
    attractor.Modern(beta=[1.0])  # type: ignore[arg-type]
    attractor.Hopfield(rule=3)  # type: ignore[arg-type]
    attractor.Dense(weights=[1.0])  # type: ignore[call-arg]
    attractor.Dense().fit(x, sample_weight=[1.0, 1.0])  # type: ignore[call-arg]
    attractor.Network().fit(x, values=x)  # type: ignore[call-arg]
    exact.log_prob(x, 0.5, method="sum")  # type: ignore[call-overload]
    exact.score(x)  # type: ignore[call-overload]
    recall.to_frame("arrow")  # type: ignore[call-overload]
    attractor.Sampler("heun", steps="many")  # type: ignore[arg-type]
