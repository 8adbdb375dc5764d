"""The read of a memory (softmax over distances, weighted mean): attractor against NumPy, in turns.

    cargo build --release --example time_read -p attractor-data
    python bench/read.py [ROUNDS]

Needs NumPy. Float32, 2 threads on both sides unless OMP_NUM_THREADS and RAYON_NUM_THREADS say otherwise.
Checks that both sides give the same means, then times them round by round and prints medians.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", os.environ["OMP_NUM_THREADS"])
os.environ.setdefault("RAYON_NUM_THREADS", "2")
import numpy as np  # noqa: E402  (threads are set first)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "target", "release", "examples", "time_read")
SHAPES = [(64, 100_000, 64), (64, 10_000, 784), (1, 100_000, 64), (1, 60_000, 784), (1000, 100, 10)]
REPEATS = 9


def read(z, y, half, beta):
    logits = z @ y.T
    logits -= half
    logits *= beta
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    return (logits @ y) / logits.sum(axis=1, keepdims=True)


def main(rounds):
    rng = np.random.default_rng(0)
    print(f"{'B':>5} {'N':>7} {'D':>4} {'attractor':>11} {'NumPy':>11} {'ratio':>6}   min-max of the ratio")
    for b, n, d in SHAPES:
        y = np.sign(rng.standard_normal((n, d))).astype(np.float32)
        z = (y[np.arange(b) % n] + 1.08 * rng.standard_normal((b, d))).astype(np.float32)
        half = (y * y).sum(axis=1) / 2
        beta = np.float32(4.0 / d)
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("memory.npy", "cues.npy", "means.npy")]
            np.save(paths[0], y)
            np.save(paths[1], z)
            command = [PROGRAM, paths[0], paths[1], repr(float(beta)), str(REPEATS), paths[2]]
            ours, theirs = [], []
            for turn in range(rounds + 1):
                times = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                mine = min(map(float, times))
                other = []
                for _ in range(REPEATS):
                    start = time.perf_counter()
                    means = read(z, y, half, beta)
                    other.append(time.perf_counter() - start)
                if turn == 0:
                    worst = abs(means - np.load(paths[2])).max()
                    assert worst < 1e-4, f"the two sides differ by {worst}"
                    continue
                ours.append(mine)
                theirs.append(min(other))
        ratios = [t / o for o, t in zip(ours, theirs)]
        print(
            f"{b:>5} {n:>7} {d:>4} {1e3 * statistics.median(ours):>8.2f} ms {1e3 * statistics.median(theirs):>8.2f} ms"
            f" {statistics.median(ratios):>6.2f}   {min(ratios):.2f}-{max(ratios):.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
