"""The read of a memory: softmax over distances, weighted mean. One step of every modern Hopfield or diffusion recall.

Patterns are signs, and so of equal norm: distances and dot products give the same softmax, and those peers that know dot
products only (attention, `ruvector-nervous-system`) give the same answer.
"""

from functools import partial

import numpy as np
from contest import Case, spins

SHAPES = [(64, 100_000, 64), (64, 10_000, 784), (1, 100_000, 64), (1, 1_000_000, 64), (1000, 100, 10)]


def data(cues, patterns, units, dtype):
    """Patterns of signs, and some of them with noise as cues."""
    generator = np.random.default_rng(0)
    y = spins(generator, patterns, units).astype(dtype)
    z = y[np.arange(cues) % patterns] + 1.08 * generator.standard_normal((cues, units))
    return {"y": y, "z": z.astype(dtype), "beta": np.array(4.0 / units)}


def half_squares(arrays):
    """Half of the squared norms, which depend on patterns alone."""
    return (arrays["y"] ** 2).sum(axis=1) / 2


def attractor_read(arrays):
    """One call of `denoise`, whose noise level is the root of 1/beta."""
    import attractor

    memory = attractor.Diffusion(arrays["y"], prepare="none")
    return partial(memory.denoise, arrays["z"], float(arrays["beta"]) ** -0.5)


def numpy_read(arrays):
    """In place, in a matrix of logits that is allocated once."""
    z, y, half, beta = arrays["z"], arrays["y"], half_squares(arrays), arrays["y"].dtype.type(arrays["beta"])
    logits = np.empty((len(z), len(y)), y.dtype)

    def call():
        np.matmul(z, y.T, out=logits)
        np.subtract(logits, half, out=logits)
        np.multiply(logits, beta, out=logits)
        np.subtract(logits, logits.max(axis=1, keepdims=True), out=logits)
        np.exp(logits, out=logits)
        return (logits @ y) / logits.sum(axis=1, keepdims=True)

    return call


def torch_tensors(arrays):
    """Cues, patterns, what is added to the logits, and beta."""
    import torch

    beta = float(arrays["beta"])
    bias = -beta * half_squares(arrays)
    return torch.from_numpy(arrays["z"]), torch.from_numpy(arrays["y"]), torch.from_numpy(bias), beta


def torch_read(arrays):
    """As one writes it: product, softmax, product."""
    import torch

    z, y, bias, beta = torch_tensors(arrays)

    @torch.inference_mode()
    def call():
        return (torch.softmax(torch.addmm(bias, z, y.T, alpha=beta), dim=1) @ y).numpy()

    return call


def torch_fused(arrays):
    """`scaled_dot_product_attention`, with the part of the distances that depends on the pattern as a mask."""
    import torch

    z, y, bias, beta = torch_tensors(arrays)
    mask = bias.expand(1, 1, len(z), len(y))
    z, y = z[None, None], y[None, None]

    @torch.inference_mode()
    def call():
        attention = torch.nn.functional.scaled_dot_product_attention
        return attention(z, y, y, attn_mask=mask, scale=beta)[0, 0].numpy()

    return call


def torch_hflayers(arrays):
    """The association of `hflayers` (Ramsauer et al. 2021), which is not on the package index: written here.

    What its `hopfield_core_forward` computes with static patterns, one head, scaling beta, no update of
    the state and no dropout, less its copies of the patterns at each call: a scaled batch of queries, `bmm`, `softmax`, `bmm`.
    """
    import torch

    z, y, _, beta = torch_tensors(arrays)
    z, y = z[None], y[None]

    @torch.inference_mode()
    def call():
        associations = torch.softmax(torch.bmm(z * beta, y.transpose(1, 2)), dim=-1)
        return torch.bmm(associations, y)[0].numpy()

    return call


def jax_read(arrays):
    """Jitted, with patterns as arguments: as constants they would be compiled in."""
    import jax

    @jax.jit
    def read(z, y, half, beta):
        return jax.nn.softmax(beta * (z @ y.T - half), axis=1) @ y

    placed = [jax.device_put(array) for array in (arrays["z"], arrays["y"], half_squares(arrays))]
    beta = arrays["y"].dtype.type(arrays["beta"])
    return lambda: np.asarray(read(*placed, beta))


def case(shape, dtype, **more):
    """A case with the contenders of every type."""
    kind, sizes = ("f32", "read") if dtype == np.float32 else ("f64", "read64")
    b, n, d = shape
    made = Case(
        name=f"{sizes}-{b}x{n}x{d}",
        title=f"One read of {n:,} patterns of {d} units for {b:,} cue{'s' if b > 1 else ''}, {kind}.",
        data=partial(data, b, n, d, dtype),
        **more,
    )
    made.contender("attractor", "attractor")(attractor_read)
    made.contender("NumPy", "numpy")(numpy_read)
    made.contender("PyTorch", "torch")(torch_read)
    return made


def single(shape):
    """In f32 there are more who can."""
    made = case(shape, np.float32, tolerance=1e-4, best_of=9)
    made.contender("PyTorch, fused attention", "torch")(torch_fused)
    made.contender("PyTorch, as hflayers", "torch")(torch_hflayers)
    made.contender("JAX, jitted", "jax")(jax_read)
    made.rust("ruvector-nervous-system (Rust)", "ruvector")
    return made


def double(shape):
    """In f64 the `hopfield` crate, whose memory it is."""
    made = case(shape, np.float64, tolerance=1e-11)
    made.rust("hopfield (Rust)", "hopfield")
    return made


CASES = [single(shape) for shape in SHAPES] + [double((64, 100_000, 64))]
