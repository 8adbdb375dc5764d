"""The cost of calls: their time, their memory, and that they leak nothing."""

from __future__ import annotations

import gc
import subprocess
import sys
import timeit
from collections.abc import Callable

import attractor
import numpy as np
import pytest
from zoo import signs

resource = pytest.importorskip("resource")


def resident() -> int:
    """Bytes of this process that are in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def best_of(call: Callable[[], object]) -> float:
    """The shortest time of a call, in seconds."""
    return min(timeit.repeat(call, number=500, repeat=20)) / 500


def test_overhead_of_a_call() -> None:
    """Python adds less than 20 µs to a recall, and an energy of a tiny memory takes less than 20 µs in all."""
    cue = np.ones((1, 1))
    memory = attractor.Modern(np.ones((1, 1)), beta=1.0)
    asked = {"top": 5, "seed": 0, "first_row": 0}
    rust = best_of(lambda: memory._core.recall(cue, None, asked))
    whole = best_of(lambda: memory.recall(cue))
    assert whole - rust < 20e-6, f"{whole * 1e6:.1f} and {rust * 1e6:.1f} µs"
    energy = best_of(lambda: memory.energy(cue))
    assert energy < 20e-6, f"{energy * 1e6:.1f} µs"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_calls_leave_nothing_behind() -> None:
    patterns, cues = signs(10, 64, 1), signs(20, 64, 2)
    memory = attractor.Diffusion(patterns, steps=2)
    own = attractor.Denoiser(lambda x, sigma: x, dim=64, steps=2)

    def some(count: int) -> None:
        for _ in range(count):
            memory.recall(cues, sigma=1.0, observer=lambda frame: True)
            own.recall(cues, sigma=1.0)
            memory.denoise(cues, 1.0)
            try:
                memory.recall(cues[:, 1:])
            except ValueError:
                pass

    some(500)
    gc.collect()
    before = resident()
    some(10_000)
    gc.collect()
    # One array of states left behind each time would be 100 MB; freed pages come and go.
    assert resident() - before < 8e6, f"{(resident() - before) / 1e6:.1f} MB"
    for _ in range(200):
        attractor.Diffusion(patterns)
    objects = len(gc.get_objects())
    for _ in range(200):
        attractor.Diffusion(patterns)
    assert len(gc.get_objects()) - objects < 50


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_memory_is_held_once() -> None:
    """With 60,000 x 100 patterns, memory holds the array, one copy, and no table of 1,000 x 60,000 weights."""
    program = """
import resource, numpy as np, attractor
patterns = np.random.default_rng(0).random((60_000, 100), np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
memory = attractor.Diffusion(patterns, sampler="one-step")
recall = memory.recall(patterns[:1000], sigma=0.1)
assert recall.memory.tolist() == list(range(1000))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # The copy is 24 MB; 1,000 x 60,000 weights would be 240 MB more.
    assert float(done.stdout) < 130, done.stdout
