"""Patterns completed from some of their units, which are others in each cue.

Every contender returns the stored pattern that is nearest over the known units, which is what diffusion recalls if they are
exact. The level of the other units is not given.
"""

from functools import partial

import numpy as np
from contest import Case

PATTERNS, UNITS, CUES, KNOWN = 10_000, 784, 256, 0.3


def data():
    """Random patterns in [0, 1]; of each cue three units of ten are known, and the others are 0."""
    generator = np.random.default_rng(0)
    y = generator.random((PATTERNS, UNITS), np.float32)
    known = generator.random((CUES, UNITS)) < KNOWN
    return {"y": y, "z": np.where(known, y[:CUES], 0).astype(np.float32), "known": known}


masks = Case(
    name="masks",
    title=f"{CUES} patterns of {PATTERNS:,} completed, each from its own 30 % of {UNITS} units, f32.",
    data=data,
    tolerance=1e-4,
    best_of=1,
    most_rounds=5,
)


@masks.contender("attractor", "attractor")
def attractor_recall(arrays):
    """Recall by diffusion with known units, with the report of each cue."""
    import attractor

    memory = attractor.Diffusion(arrays["y"])
    return lambda: memory.recall(arrays["z"], clamp=arrays["known"]).states


def numpy_nearest(product, arrays):
    """Distances over known units by two products: a sum of k z^2 (equal for all patterns), -2 (k z) y and k y^2."""
    y, z, k = arrays["y"], arrays["z"], arrays["known"].astype(np.float32)
    y, squares = product.asarray(y), product.asarray(y * y)

    def call():
        distances = product.asarray(k) @ squares.T - 2 * (product.asarray(k * z) @ y.T)
        return np.asarray(y[distances.argmin(1)])

    return call


@masks.contender("NumPy", "numpy")
def numpy_recall(arrays):
    """Two products and the least."""
    return numpy_nearest(np, arrays)


@masks.contender("PyTorch", "torch")
def torch_recall(arrays):
    """The same."""
    import torch

    with torch.inference_mode():
        call = numpy_nearest(torch, arrays)
    return torch.inference_mode()(call)


@masks.contender("scikit-learn, KNNImputer", "scikit-learn")
def imputed(arrays):
    """Imputation from the nearest row."""
    from sklearn.impute import KNNImputer

    cues = np.where(arrays["known"], arrays["z"], np.nan)
    imputer = KNNImputer(n_neighbors=1).fit(arrays["y"])
    return partial(imputer.transform, cues)


CASES = [masks]
