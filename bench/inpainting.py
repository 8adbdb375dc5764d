"""Compares ways to hold known units while a diffusion model in-paints. Needs NumPy and scikit-learn (for its digits).

    python bench/inpainting.py

Makes 24 DDIM steps with the exact denoiser. Prints the share of patterns recalled when known and unknown units start
with noise (the usual replacement method), when only known units do, when none do, and when none do and the denoiser takes
known units as (nearly) free of noise at every level. The last number is the best that the known units allow.
"""

import numpy as np
from sklearn.datasets import load_digits

rng = np.random.default_rng(0)


def denoise(z, sigma, y, weight=1.0):
    logits = -((z[:, None] - y[None]) ** 2 * weight).sum(-1) / (2 * sigma**2)
    w = np.exp(logits - logits.max(1, keepdims=True))
    return (w / w.sum(1, keepdims=True)) @ y


def recalled(y, known, noise_known, noise_unknown, exact=False, steps=24, last=0.002):
    first = 3 * np.sqrt(y.shape[1])
    grid = (first ** (1 / 7) + np.arange(steps) / (steps - 1) * (last ** (1 / 7) - first ** (1 / 7))) ** 7
    grid = np.append(grid, 0)
    weight = np.where(known, 1e8, 1.0)[:, None] if exact else 1.0
    noise = rng.standard_normal(y.shape)
    z = np.where(known, y + first * noise_known * noise, first * noise_unknown * noise)
    for a, b in zip(grid[:-1], grid[1:], strict=True):
        z = b / a * z + (1 - b / a) * denoise(z, a, y, weight)
        z = np.where(known, y + b * noise_known * noise, z)
    nearest = ((z[:, None] - y[None]) ** 2).sum(-1).argmin(1)
    return (nearest == np.arange(len(y))).mean()


def best(y, known):
    return ((((y[:, None] - y[None]) ** 2) * known[:, None]).sum(-1).argmin(1) == np.arange(len(y))).mean()


digits = load_digits().data[:100] / 16
digits -= digits.mean(0)
digits /= np.sqrt((digits**2).mean())
upper = np.zeros(digits.shape, bool)
upper[:, :32] = True
cases = [("digits, lower half hidden", digits, upper)]
for d, n in [(24, 50), (24, 300), (64, 300)]:
    cases.append(
        (f"spins, D = {d}, N = {n}, half erased", np.sign(rng.standard_normal((n, d))), rng.random((n, d)) < 0.5)
    )
print(f"{'':34} {'both noised':>12} {'known noised':>13} {'none noised':>12} {'known exact':>12} {'best':>6}")
for name, y, known in cases:
    shares = [recalled(y, known, *noise) for noise in [(1, 1), (1, 0), (0, 0), (0, 0, True)]]
    print(
        f"{name:34} {shares[0]:>12.2f} {shares[1]:>13.2f} {shares[2]:>12.2f} {shares[3]:>12.2f} {best(y, known):>6.2f}"
    )
