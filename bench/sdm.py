"""Times reads of a sparse distributed memory with a million hard locations, in attractor and in NumPy.

    cargo build --release --package attractor --example sdm
    python bench/sdm.py [LOCATIONS]

Needs NumPy 2. Both use two threads, unless OMP_NUM_THREADS and RAYON_NUM_THREADS say otherwise. NumPy finds the active
locations in two ways: by counting the bits of 64-bit words (one query at a time, since a batch would not fit in memory),
and by a product of +-1 matrices in float32 (a batch at a time). Then it sums their counters. The program checks that the
sums equal attractor's to the last digit, and prints the median of seven rounds.
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
PROGRAM = os.path.join(ROOT, "target", "release", "examples", "sdm")
DIM, WORDS, CUES, RADIUS, LIMIT = 256, 10_000, 1_000, 103, 127
BATCH, ROUNDS = 16, 7


def pack(signs):
    return np.packbits(signs > 0, axis=1, bitorder="little").view(np.uint64)


def near_by_bits(locations, cue):
    return np.flatnonzero(np.bitwise_count(locations ^ cue).sum(axis=1, dtype=np.uint16) <= RADIUS)


def near_by_columns(columns, cue):
    """The same with transposed words, the first word of all locations first, which NumPy sums faster."""
    distance = np.bitwise_count(columns[0] ^ cue[0]).astype(np.uint16)
    for column, word in zip(columns[1:], cue[1:], strict=True):
        distance += np.bitwise_count(column ^ word)
    return np.flatnonzero(distance <= RADIUS)


def read_by(near, locations, counters, cues):
    return np.stack([counters[near(locations, cue)].sum(axis=0, dtype=np.int64) for cue in cues])


def read_by_product(signs, counters, cues):
    fields = []
    for start in range(0, len(cues), BATCH):
        products = cues[start : start + BATCH] @ signs.T
        fields += [counters[np.flatnonzero(row >= DIM - 2 * RADIUS)].sum(axis=0, dtype=np.int64) for row in products]
    return np.stack(fields)


def main(count):
    with tempfile.TemporaryDirectory() as folder:
        print("attractor:")
        print(subprocess.run([PROGRAM, str(count), folder], check=True, capture_output=True, text=True).stdout)

        def load(name, dtype, width):
            return np.fromfile(os.path.join(folder, name), dtype).reshape(-1, width)

        locations = load("locations.u64", np.uint64, DIM // 64)
        words, cues = load("words.i8", np.int8, DIM), load("cues.i8", np.int8, DIM)
        theirs = load("fields.i64", np.int64, DIM)
    columns = np.ascontiguousarray(locations.T)
    start = time.perf_counter()
    counters = np.zeros((count, DIM), np.int8)
    for word, bits in zip(words, pack(words), strict=True):
        near = near_by_columns(columns, bits)
        counters[near] = np.clip(counters[near].astype(np.int16) + word, -LIMIT, LIMIT)
    print(f"NumPy: stored in {time.perf_counter() - start:.1f} s")
    signs = np.unpackbits(locations.view(np.uint8), axis=1, bitorder="little").astype(np.float32) * 2 - 1
    packed, analogue = pack(cues), cues.astype(np.float32)
    some = 64
    for name, read in [
        ("bits of rows", lambda: read_by(near_by_bits, locations, counters, packed[:some])),
        ("bits of columns", lambda: read_by(near_by_columns, columns, counters, packed[:some])),
        ("product", lambda: read_by_product(signs, counters, analogue[:some])),
    ]:
        assert (read() == theirs[:some]).all(), f"{name}: other sums than attractor's"
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            read()
            seconds.append(time.perf_counter() - start)
        each = statistics.median(seconds) / some
        print(f"    {name:>15}: {1 / each:8.0f} reads/s, {1e6 * each:9.1f} us a read")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
