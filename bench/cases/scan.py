"""Nearest of many binary patterns by Hamming distance: the index and the distance of the nearest to each of 64 cues.

Cues are stored patterns with a fifth of their bits flipped, which lie about 51 bits away where random ones lie 128.
"""

from functools import partial

import numpy as np
from contest import Case, NotHere

UNITS, CUES = 256, 64
#: Bytes of unpacked patterns beyond which a contender that needs them stays out.
MOST_BYTES = 3e9
#: Patterns beyond which the comparison of bools stays out.
MOST_BOOLS = 100_000


def data(count):
    """Packed bits, eight units a byte."""
    generator = np.random.default_rng(0)
    patterns = generator.integers(0, 256, (count, UNITS // 8), np.uint8)
    chosen = generator.integers(0, count, CUES)
    noise = np.packbits(generator.random((CUES, UNITS)) < 0.2, axis=1)
    return {"patterns": patterns, "cues": patterns[chosen] ^ noise}


def signs(packed, dtype):
    """Unpacked to +1 and -1, where that fits."""
    size = 8 * packed.size * np.dtype(dtype).itemsize
    if size > MOST_BYTES:
        raise NotHere(f"unpacked patterns would take {size / 1e9:.0f} GB")
    bits = np.unpackbits(packed, axis=1).view(np.int8)
    return (2 * bits - 1).astype(dtype)


def attractor_packed(arrays):
    """One update of `Modern` on patterns at one bit a unit, whose report names the nearest memory."""
    return attractor_modern(arrays, "packed")


def attractor_unpacked(arrays):
    """The same on signs in f32."""
    return attractor_modern(arrays, "none")


def attractor_modern(arrays, prepare):
    """At beta = 1 the weight of all other patterns is below rounding."""
    import attractor

    memory = attractor.Modern(signs(arrays["patterns"], np.float32), beta=1.0, prepare=prepare)
    cues = signs(arrays["cues"], np.float32)

    def call():
        recalled = memory.recall(cues, updates=1, top=1)
        distances = (cues != recalled.states).sum(axis=1)
        return np.stack([recalled.memory, distances], axis=1).astype(np.int64)

    return call


def faiss_flat(arrays):
    """`IndexBinaryFlat`, all cues in one search."""
    import faiss

    index = faiss.IndexBinaryFlat(UNITS)
    index.add(arrays["patterns"])
    cues = arrays["cues"]

    def call():
        distances, found = index.search(cues, 1)
        return np.concatenate([found, distances], axis=1).astype(np.int64)

    return call


def numpy_bits(arrays):
    """`bitwise_count` of 64-bit words, word by word in columns, which NumPy sums faster than rows."""
    columns = np.ascontiguousarray(arrays["patterns"].view(np.uint64).T)
    cues = arrays["cues"].view(np.uint64)
    count = columns.shape[1]
    words, bits, distance = np.empty(count, np.uint64), np.empty(count, np.uint8), np.empty(count, np.uint16)

    def nearest(cue):
        distance.fill(0)
        for column, word in zip(columns, cue, strict=True):
            np.bitwise_count(np.bitwise_xor(column, word, out=words), out=bits)
            np.add(distance, bits, out=distance)
        best = distance.argmin()
        return best, distance[best]

    return lambda: np.array([nearest(cue) for cue in cues], np.int64)


def torchhd_dot(arrays):
    """torchhd's `dot_similarity` of MAP hypervectors, a product of matrices in f32."""
    import torch
    import torchhd

    patterns = torch.from_numpy(signs(arrays["patterns"], np.float32)).as_subclass(torchhd.MAPTensor)
    cues = torch.from_numpy(signs(arrays["cues"], np.float32)).as_subclass(torchhd.MAPTensor)

    @torch.inference_mode()
    def call():
        return torch_nearest(torchhd.dot_similarity(cues, patterns))

    return call


def torchhd_hamming(arrays):
    """torchhd's `hamming_similarity` of BSC hypervectors (bools), one cue at a time: a batch of them takes gigabytes."""
    import torch
    import torchhd

    if len(arrays["patterns"]) > MOST_BOOLS:
        raise NotHere(f"takes minutes beyond {MOST_BOOLS:,} patterns; see the case scan-{MOST_BOOLS}")

    patterns = torch.from_numpy(signs(arrays["patterns"], np.int8) > 0).as_subclass(torchhd.BSCTensor)
    cues = torch.from_numpy(signs(arrays["cues"], np.int8) > 0).as_subclass(torchhd.BSCTensor)

    @torch.inference_mode()
    def call():
        equal = [torchhd.hamming_similarity(cue, patterns).max(dim=-1) for cue in cues]
        return np.array([(int(found.indices), UNITS - int(found.values)) for found in equal], np.int64)

    return call


def torch_nearest(products):
    """Index and distance from a tensor of dot products of signs."""
    dots, best = products.max(dim=1)
    return np.stack([best.numpy(), ((UNITS - dots) / 2).numpy()], axis=1).astype(np.int64)


def case(count, **more):
    """A case of so many patterns."""
    made = Case(
        name=f"scan-{count}",
        title=f"Nearest of {count:,} binary patterns of {UNITS} bits to each of {CUES} cues, by Hamming distance.",
        data=partial(data, count),
        best_of=1,
        **more,
    )
    made.contender("attractor, packed", "attractor")(attractor_packed)
    made.contender("attractor, f32", "attractor")(attractor_unpacked)
    made.contender("faiss IndexBinaryFlat", "faiss-cpu")(faiss_flat)
    made.contender("NumPy, bitwise_count", "numpy")(numpy_bits)
    made.contender("torchhd, MAP dot", "torch-hd")(torchhd_dot)
    made.contender("torchhd, BSC Hamming", "torch-hd")(torchhd_hamming)
    return made


CASES = [case(1_000_000), case(10_000_000, default=False), case(MOST_BOOLS, default=False)]
