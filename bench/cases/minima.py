"""The minima of two landscapes, found by descents from many starts near stored patterns, with how often each was found.

The landscape of a diffusion model at a noise level at which the patterns of a cluster share one minimum; and that of a Hopfield
network, whose minima are its patterns at this load. Starts are random, so what is compared is the list of minima.
"""

import numpy as np
from contest import Case, spins

CLUSTERS, EACH, UNITS, SPREAD, SIGMA, NEAR, STARTS = 100, 20, 64, 0.3, 1.2, 0.2, 1_000
COUPLED, STORED = 1_000, 50
#: A state is at rest if no unit moves by more than this share of the spread, as our own descents.
REST = 1e-7


def data():
    """Patterns in clusters."""
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((CLUSTERS, 1, UNITS))
    patterns = centres + SPREAD * generator.standard_normal((CLUSTERS, EACH, UNITS))
    return {"patterns": patterns.reshape(-1, UNITS)}


levels = Case(
    name="minima-levels",
    title=f"Minima of the landscape of {CLUSTERS * EACH:,} patterns of {UNITS} units in {CLUSTERS} clusters at one noise level, "
    f"{STARTS:,} starts, f64.",
    data=data,
    # A descent stops at steps of REST, of which each is smaller than half of the one before: what is left is as small.
    tolerance=1e-5,
    best_of=1,
)


def in_order(states):
    """Minima in one order."""
    return states[np.argsort(states[:, 0])]


@levels.contender("attractor", "attractor")
def attractor_levels(arrays):
    """With energies, relations and intervals. Every end is pushed and descends again, so that saddles are left."""
    import attractor

    memory = attractor.Diffusion(arrays["patterns"], prepare="none")
    return lambda: in_order(attractor.minima(memory, starts=STARTS, sigma=SIGMA, near=NEAR).states)


def merged(ends, within):
    """Ends that are near each other are one minimum."""
    keys = np.round(ends[:, :3] / within).astype(np.int64)
    return ends[np.unique(keys, axis=0, return_index=True)[1]]


def numpy_of_levels(arrays, softmax, dtype, asarray):
    """All starts that are not at rest yet move to the weighted mean of the patterns."""
    y = arrays["patterns"].astype(dtype)
    spread = float(y.std())
    given, halves = asarray(y), asarray(0.5 * (y * y).sum(1))

    def call():
        generator = np.random.default_rng(1)
        states = y[generator.integers(len(y), size=STARTS)] + NEAR * generator.standard_normal((STARTS, UNITS))
        moving = np.arange(STARTS)
        while len(moving):
            now = asarray(states[moving])
            to = np.asarray(softmax((now @ given.T - halves) / SIGMA**2) @ given)
            largest = np.abs(to - states[moving]).max(1)
            states[moving] = to
            moving = moving[largest > REST * spread]
        return in_order(merged(states, 0.01 * spread))

    return call


@levels.contender("NumPy", "numpy")
def numpy_levels(arrays):
    """Two products a step, until no state moves."""

    def softmax(logits):
        logits -= logits.max(1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(1, keepdims=True)
        return logits

    return numpy_of_levels(arrays, softmax, np.float64, np.asarray)


@levels.contender("PyTorch", "torch")
def torch_levels(arrays):
    """The same."""
    import torch

    return numpy_of_levels(arrays, lambda logits: torch.softmax(logits, 1), np.float64, torch.as_tensor)


def couplings():
    """Random patterns."""
    return {"patterns": spins(np.random.default_rng(0), STORED, COUPLED)}


network = Case(
    name="minima-hopfield",
    title=f"Minima of a Hopfield network of {COUPLED:,} units and {STORED} patterns, {STARTS:,} starts near them, f32.",
    data=couplings,
    best_of=1,
)

#: Noise of the starts: a sixth of the units change their signs.
FAR = 1.0


def by_bits(states):
    """Minima in one order."""
    return states[np.lexsort(states.T)]


@network.contender("attractor", "attractor")
def attractor_network(arrays):
    """With energies, relations and intervals."""
    import attractor

    memory = attractor.Hopfield(arrays["patterns"])
    return lambda: by_bits(attractor.minima(memory, starts=STARTS, near=FAR).states)


@network.contender("NumPy", "numpy")
def numpy_network(arrays):
    """All starts at once, as the usual synchronous network, until they rest."""
    y = arrays["patterns"]
    weights = y.T @ y
    np.fill_diagonal(weights, 0)

    def call():
        generator = np.random.default_rng(1)
        noise = FAR * generator.standard_normal((STARTS, COUPLED), np.float32)
        states = np.where(y[generator.integers(STORED, size=STARTS)] + noise < 0, np.float32(-1), np.float32(1))
        while True:
            fields = states @ weights
            after = np.where(fields == 0, states, np.sign(fields))
            if (after == states).all():
                return by_bits(np.unique(after, axis=0))
            states = after

    return call


CASES = [levels, network]
