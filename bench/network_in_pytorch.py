"""Checks docs/network_in_pytorch.py against the networks of this library: same scores, to 1e-5 of their size.

Run by ./check --peers. Needs PyTorch and safetensors.
"""

import sys
import tempfile
from pathlib import Path

import attractor
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
from network_in_pytorch import load  # noqa: E402

generator = np.random.default_rng(0)
for architecture, dim, prepare, scale in [
    ("paper", 10, "none", 1.0),
    ("residual", 40, "none", 3.0),
    ("paper", 6, "center", 0.2),
]:
    patterns = (scale * generator.choice([-1.0, 1.0], (8, dim))).astype(np.float32)
    memory = attractor.Network(
        patterns, prepare=prepare, training={"architecture": architecture, "width": 64, "steps": 200}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.network"
        memory.save(path)
        denoise = load(path)
    mean = patterns.mean(0) if prepare == "center" else 0 * patterns[0]
    # Levels from below the range of training to above it.
    sigmas = (memory.spread_ * np.geomspace(0.01, 40, 60)).astype(np.float32)
    states = (patterns[generator.integers(8, size=60)] + sigmas[:, None] * generator.normal(size=(60, dim))).astype(
        np.float32
    )
    own = memory.denoise(states, sigma=sigmas)
    other = denoise(torch.from_numpy(states - mean), torch.from_numpy(sigmas)).numpy() + mean
    # score = (D - z) / sigma^2, so the rounding of D and z is divided by sigma^2.
    pull, rounding = np.abs(own - states).max(1), 4 * np.finfo(np.float32).eps * np.abs(states).max(1)
    error = np.maximum(np.abs(own - other).max(1) - rounding, 0) / pull
    plain = np.abs(own - other).max() / memory.spread_
    print(
        f"{architecture}, D = {dim}, prepare {prepare}: D(z; sigma) differs by {plain:.1e} spreads at most, the score by "
        f"{error.max():.1e} of its size beyond the rounding of D and z"
    )
    assert error.max() <= 1e-5
