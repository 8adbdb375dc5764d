"""Recall by exact diffusion: 300 Euler steps of the probability flow, in equal times of the variance-preserving process.

The process is x = s y + sqrt(1 - s^2) noise with s = exp(-gamma t / 2). A cue of signal theta lies at the time where s = theta,
and is taken to t = 0 by x <- x + dt gamma/2 (x + score), score = (s D - x) / (1 - s^2), D the weighted mean of the patterns.
"""

import numpy as np
from contest import Case, spins

CUES, PATTERNS, UNITS = 64, 100_000, 64
SIGNAL, GAMMA, STEPS = 0.68, 0.8, 300


def data():
    """Patterns of signs, and some of them with noise as cues."""
    generator = np.random.default_rng(0)
    y = spins(generator, PATTERNS, UNITS)
    x = SIGNAL * y[:CUES] + np.sqrt(1 - SIGNAL**2) * generator.standard_normal((CUES, UNITS))
    return {"y": y, "x": x.astype(np.float32)}


def steps():
    """For each step s, the squared noise 1 - s^2, and dt gamma/2."""
    end = -2 / GAMMA * np.log(SIGNAL)
    for i in range(STEPS):
        s = float(np.exp(-GAMMA / 2 * end * (1 - i / STEPS)))
        yield s, 1 - s * s, end / STEPS * GAMMA / 2


diffusion = Case(
    name="diffusion",
    title=f"Diffusion recall of {CUES} cues of signal {SIGNAL} from {PATTERNS:,} patterns of {UNITS} units, {STEPS} Euler steps, f32.",
    data=data,
    tolerance=1e-3,
    best_of=1,
    most_rounds=3,
)


@diffusion.contender("attractor", "attractor")
def attractor_recall(arrays):
    """With the report of each cue."""
    import attractor

    memory = attractor.Diffusion(arrays["y"], prepare="none", process="vp", sampler="euler", steps=STEPS)
    return lambda: memory.recall(arrays["x"], signal=SIGNAL).states


@diffusion.contender("NumPy", "numpy")
def numpy_recall(arrays):
    """In place, in a matrix of logits that is allocated once. Patterns are of equal norm: dot products do."""
    y, cues = arrays["y"], arrays["x"]
    logits = np.empty((CUES, PATTERNS), np.float32)

    def call():
        x = cues.copy()
        for s, squared_noise, dt in steps():
            np.matmul(x * np.float32(s / squared_noise), y.T, out=logits)
            np.subtract(logits, logits.max(axis=1, keepdims=True), out=logits)
            np.exp(logits, out=logits)
            mean = (logits @ y) / logits.sum(axis=1, keepdims=True)
            x += np.float32(dt) * (x + (np.float32(s) * mean - x) / np.float32(squared_noise))
        return x

    return call


@diffusion.contender("PyTorch", "torch")
def torch_recall(arrays):
    """Product, softmax, product."""
    import torch

    y, cues = torch.from_numpy(arrays["y"]), torch.from_numpy(arrays["x"])

    @torch.inference_mode()
    def call():
        x = cues.clone()
        for s, squared_noise, dt in steps():
            mean = torch.softmax((x * (s / squared_noise)) @ y.T, dim=1) @ y
            x += dt * (x + (s * mean - x) / squared_noise)
        return x.numpy()

    return call


@diffusion.contender("PyTorch, fused attention", "torch")
def torch_fused(arrays):
    """The same with `scaled_dot_product_attention`."""
    import torch

    y, cues = torch.from_numpy(arrays["y"])[None, None], torch.from_numpy(arrays["x"])

    @torch.inference_mode()
    def call():
        x = cues.clone()
        for s, squared_noise, dt in steps():
            attention = torch.nn.functional.scaled_dot_product_attention
            mean = attention(x[None, None], y, y, scale=s / squared_noise)[0, 0]
            x += dt * (x + (s * mean - x) / squared_noise)
        return x.numpy()

    return call


CASES = [diffusion]
