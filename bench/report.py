"""Times reports in reads: what a recall costs beyond its updates, where a read is one `denoise` of all cues.

python bench/report.py
"""

import time

import attractor
import numpy as np

#: Patterns, units and cues.
SHAPES = [(100_000, 64, 64), (10_000, 784, 64), (1_000_000, 256, 16)]


def seconds(call, *arguments, **options):
    """The best of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call(*arguments, **options)
        times.append(time.perf_counter() - start)
    return min(times)


def row(patterns, units, cues, kind):
    """One line of the table."""
    generator = np.random.default_rng(0)
    y = 2 * generator.integers(0, 2, (patterns, units), np.int8) - 1
    z = (y[np.arange(cues)] + 0.5 * generator.standard_normal((cues, units))).astype(kind)
    diffusion = attractor.Diffusion(y, prepare="none", dtype=kind)
    modern = attractor.Modern(y, beta=32.0 / units, prepare="none", dtype=kind)
    read = seconds(diffusion.denoise, z, 2.0)
    once, twice = seconds(modern.recall, z, updates=1), seconds(modern.recall, z, updates=2)
    whole = seconds(diffusion.recall, z, sigma=0.5)
    return (
        f"| {patterns:,} × {units}, {cues} | {kind} | {1e3 * read:.1f} ms | {(2 * once - twice) / read:.1f} reads "
        f"| {whole / read:.1f} reads |"
    )


print(
    "| patterns × units, cues | numbers | read | report of modern | whole recall by diffusion |\n|---|---|---|---|---|"
)
for shape in SHAPES:
    for kind in ("float32", "float64"):
        print(row(*shape, kind), flush=True)
