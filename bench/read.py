"""The read of a memory (softmax over distances, weighted mean): attractor against NumPy and PyTorch, in turns.

    cargo build --release --example time_read -p attractor-data
    python bench/read.py [ROUNDS]

Needs NumPy; PyTorch joins where it is installed, in two ways: the three lines that a user writes, and its
fused attention. Float32, 2 threads on all sides unless OMP_NUM_THREADS and RAYON_NUM_THREADS say otherwise.
Checks that all sides give the same means, then times them round by round and prints medians: of each side
its best of nine calls a round, of the ratios (theirs to ours, within a round) also least and largest.
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

try:
    import torch
except ImportError:
    torch = None
    print("PyTorch is not installed here: NumPy only.")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "target", "release", "examples", "time_read")
SHAPES = [(64, 100_000, 64), (64, 10_000, 784), (1, 100_000, 64), (1, 60_000, 784), (1000, 100, 10)]
REPEATS = 9


def numpy_read(z, y, half, beta):
    logits = z @ y.T
    logits -= half
    logits *= beta
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    return (logits @ y) / logits.sum(axis=1, keepdims=True)


def torch_read(z, y, bias, beta):
    return torch.softmax(torch.addmm(bias, z, y.T, alpha=beta), dim=1) @ y


def torch_attention(z, y, bias, beta):
    """As torch's fused kernel wants it: (batch, heads, rows, units), the distance's -β‖y‖²/2 as a mask."""
    mask = bias.expand(1, 1, len(z), len(y))
    attention = torch.nn.functional.scaled_dot_product_attention
    return attention(z[None, None], y[None, None], y[None, None], attn_mask=mask, scale=beta)[0, 0]


def peers(z, y, beta):
    """Names and calls; what does not depend on the queries is prepared outside the clock, as ours is."""
    half = (y * y).sum(axis=1) / 2
    yield "NumPy", lambda: numpy_read(z, y, half, np.float32(beta))
    if torch is not None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        arrays = torch.from_numpy(z), torch.from_numpy(y), torch.from_numpy(-half * np.float32(beta)), beta
        yield "torch", lambda: torch_read(*arrays).numpy()
        yield "fused", lambda: torch_attention(*arrays).numpy()


def best_of(call):
    """Seconds of the best of REPEATS calls, and what the last one gave."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def measure(b, n, d, rounds):
    """Seconds a round: of ours, and of each peer by name."""
    rng = np.random.default_rng(0)
    y = np.sign(rng.standard_normal((n, d))).astype(np.float32)
    z = (y[np.arange(b) % n] + 1.08 * rng.standard_normal((b, d))).astype(np.float32)
    beta = 4.0 / d
    others = dict(peers(z, y, beta))
    seconds = {name: [] for name in ["attractor", *others]}
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("memory.npy", "cues.npy", "means.npy")]
        np.save(paths[0], y)
        np.save(paths[1], z)
        command = [PROGRAM, paths[0], paths[1], repr(beta), str(REPEATS), paths[2]]
        for turn in range(rounds + 1):
            times = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            found = {"attractor": min(map(float, times))}
            for name, call in others.items():
                found[name], means = best_of(call)
                if turn == 0:
                    worst = abs(means - np.load(paths[2])).max()
                    assert worst < 1e-4, f"attractor and {name} differ by {worst}"
            if turn > 0:  # the first turn warms up
                for name, best in found.items():
                    seconds[name].append(best)
    return seconds


def main(rounds):
    for b, n, d in SHAPES:
        seconds = measure(b, n, d, rounds)
        ours = seconds["attractor"]
        print(f"{b} x {n} x {d}: attractor {1e3 * statistics.median(ours):.2f} ms")
        for name, theirs in seconds.items():
            if name != "attractor":
                ratios = [t / o for o, t in zip(ours, theirs)]
                print(
                    f"    {name:>6} {1e3 * statistics.median(theirs):8.2f} ms,"
                    f" {statistics.median(ratios):5.2f} times ours ({min(ratios):.2f}-{max(ratios):.2f})"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
