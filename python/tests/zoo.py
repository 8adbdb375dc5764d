"""Every memory, with the settings that the laws are tested on. A new model gets one line here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import attractor
import numpy as np
from attractor import _models


@dataclass(frozen=True)
class Specimen:
    """A class of memories with its options."""

    kind: type[attractor.Memory]
    options: dict[str, Any] = field(default_factory=dict)

    def build(self, patterns: np.ndarray, **more: Any) -> attractor.Memory:
        if self.kind is attractor.Bidirectional:
            more.setdefault("values", patterns[:, ::-1])
        units = patterns.shape[1]
        if self.kind is attractor.Local and math.isqrt(units) ** 2 != units:
            more.setdefault("image", f"1x{units}")
        return self.kind(patterns, **self.options, **more)

    @property
    def labelled(self) -> bool:
        """Whether its patterns can have labels."""
        return self.kind not in (attractor.Mixture, attractor.RandomFeatures)

    def world(self, signs: np.ndarray) -> np.ndarray:
        """Signs as numbers that this memory takes: 0 and 1 if its similarity compares amounts."""
        amounts = self.options.get("similarity") in ("kl", "reverse-kl", "jensen-shannon", "l1-dot")
        return (signs > 0).astype(signs.dtype) if amounts else signs

    def __str__(self) -> str:
        return " ".join([self.kind.__name__, *(f"{k}={v}" for k, v in self.options.items())])


ZOO = [
    Specimen(attractor.Hopfield),
    Specimen(attractor.Hopfield, {"update": "asynchronous", "rule": "storkey"}),
    Specimen(attractor.Hopfield, {"update": "glauber", "temperature": 0.5}),
    Specimen(attractor.Hopfield, {"rule": "dreaming", "dreams": 3.0}),
    Specimen(attractor.Hopfield, {"rule": "daydreaming", "epochs": 5, "tau": 8.0, "learning_seed": 2}),
    Specimen(attractor.Bidirectional),
    Specimen(attractor.Sequence),
    Specimen(attractor.Sequence, {"separation": "poly:4", "dwell": 3, "closed": True}),
    Specimen(attractor.SparseDistributed, {"locations": 500}),
    Specimen(attractor.Dense),
    Specimen(attractor.Dense, {"interaction": "exp"}),
    Specimen(attractor.Dense, {"interaction": "relu:4", "update": "synchronous", "tie": "+1"}),
    Specimen(attractor.Dense, {"update": "glauber", "temperature": 3.0}),
    Specimen(attractor.Modern),
    Specimen(attractor.Modern, {"beta": 0.5, "norm_bias": "on"}),
    Specimen(attractor.ContinuousSequence),
    Specimen(attractor.ContinuousSequence, {"noise": 0.3}),
    Specimen(attractor.Modern, {"separation": "sparsemax", "beta": 0.5}),
    Specimen(attractor.Modern, {"separation": "normmax:2", "beta": 0.5, "norm_bias": "on"}),
    Specimen(attractor.LogSumRelu, {"beta": 0.1}),
    Specimen(attractor.RandomFeatures, {"features": 1000}),
    Specimen(attractor.RandomFeatures, {"features": 500, "beta": 0.2, "feature_seed": 3}),
    Specimen(attractor.Universal),
    Specimen(attractor.Universal, {"similarity": "euclidean", "separation": "softmax:2", "dynamics": "descent"}),
    Specimen(attractor.Universal, {"similarity": "jensen-shannon", "separation": "max"}),
    Specimen(attractor.Diffusion),
    Specimen(attractor.Diffusion, {"sampler": "euler-maruyama", "steps": 50, "process": "ve"}),
    Specimen(attractor.Diffusion, {"sampler": "bridge"}),
    Specimen(attractor.Diffusion, {"sampler": "ddim", "eta": 0.5, "betas": "linear", "spacing": "trailing"}),
    Specimen(attractor.Diffusion, {"sampler": "heun", "s_churn": 3.0, "spacing": "karras", "until": 0.01}),
    Specimen(attractor.Local, {"window": "3"}),
    Specimen(attractor.Local, {"rule": "wiener", "sampler": "heun"}),
    Specimen(attractor.Network, {"training": {"steps": 60, "width": 24, "depth": 2}}),
    Specimen(attractor.Mixture, {"sampler": "heun"}),
]

#: Every class of a model must be in the zoo.
assert {specimen.kind for specimen in ZOO} == set(_models.MODELS), "a model is not in the zoo"


def signs(rows: int, units: int, seed: int, dtype: Any = np.float64) -> np.ndarray:
    """Random states of +1 and -1."""
    return np.random.default_rng(seed).choice([-1.0, 1.0], (rows, units)).astype(dtype)


def bits(recall: attractor.Recall) -> list[Any]:
    """All parts of a recall that must be equal to the bit."""
    return [
        (name, column.tobytes(), column.shape) for name, column in recall.to_dict().items() if column.dtype != object
    ] + [recall.states.tobytes()]
