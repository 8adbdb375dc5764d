"""Compares grids of noise levels on real patterns: an independent check of docs/how-to/choosing-a-sampler.md.

Stores the 1,797 shipped digits (centred, in units of their spread), makes cues at level sigma0, and follows the
probability flow with DPM-Solver++(2M) on several grids. For each number of evaluations it prints the share of 200 cues
that end at another digit than with 400 steps, and the distance of end states from a stored digit (RMS per unit, in
spreads).

    attractor demo --count 1797 --out digits && python bench/noise_grids.py digits/memory.npy
"""

import sys

import numpy as np

CUES, STEPS = 200, (8, 12, 16, 24)

patterns = np.load(sys.argv[1]).astype(float)
patterns = patterns.reshape(len(patterns), -1)
patterns -= patterns.mean(0)
patterns /= np.sqrt((patterns**2).mean())
half_squares = (patterns**2).sum(1) / 2
rng = np.random.default_rng(0)


def denoise(z, sigma):
    logits = (z @ patterns.T - half_squares) / sigma**2
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ patterns


def flow(z, levels):
    last, last_h = None, None
    for here, there in zip(levels[:-1], levels[1:], strict=True):
        mean = denoise(z, here)
        ratio = there / here
        ahead = mean
        if there > 0:
            h = -np.log(ratio)
            if last is not None:
                ahead = mean + h / (2 * last_h) * (mean - last)
            last_h = h
        z, last = ratio * z + (1 - ratio) * ahead, mean
    return z


def power(first, rho, last, steps):
    share = np.arange(steps) / (steps - 1)
    return np.append((first ** (1 / rho) + share * (last ** (1 / rho) - first ** (1 / rho))) ** rho, 0)


def time(first, steps):
    return np.sqrt(np.expm1(np.log1p(first**2) * (1 - np.arange(steps + 1) / steps)))


def nearest(states):
    return (half_squares - states @ patterns.T).argmin(1)


grids = {"time": time}
for rho in (1, 2, 3, 7):
    for last in (2e-3, 0.05):
        grids[f"rho {rho} to {last}"] = lambda first, n, rho=rho, last=last: power(first, rho, last, n)

print(f"| sigma0, levels | {' | '.join(map(str, STEPS))} |\n|---|{'---|' * len(STEPS)}")
for first in (3.0, 24.0):
    cues = patterns[rng.integers(0, len(patterns), CUES)]
    cues = cues + first * rng.standard_normal(cues.shape)
    reference = nearest(flow(cues, power(first, 3, 1e-3, 400)))
    for name, grid in grids.items():
        cells = []
        for steps in STEPS:
            end = flow(cues, grid(first, steps))
            found = nearest(end)
            residue = np.sqrt(((end - patterns[found]) ** 2).mean())
            cells.append(f"{100 * (found != reference).mean():.1f} %, {residue:.0e}")
        print(f"| {first}, {name} | {' | '.join(cells)} |", flush=True)
