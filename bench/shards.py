"""A packed memory in parts, against the same memory in one process: times, bytes, and equality to the bit.

    python bench/shards.py --patterns 100000000 --units 256 --parts 4 --workers 4 --cues 64

The memory is written by a seeded generator, bits as they lie in a file of a stored memory. It takes N·D/8 bytes on the disk, twice, and
as much in memory for each of the two, one after the other. Prints one line of JSON for each measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import struct
import tempfile
import time

import attractor
import numpy as np
from attractor import distributed


def write(path: pathlib.Path, patterns: int, units: int, beta: float, model: str) -> None:
    """A stored memory of random bits, a few MiB at a time."""
    width = (units + 7) // 8
    options = {"beta": str(beta)} if model == "modern" else {"steps": "24"}
    says = {"version": "1", "model": model, "options": options, "raw": False}
    says |= {"provenance": ["random bits"], "packed": {"units": units, "dtype": "f32"}}
    array = {"dtype": "U8", "shape": [patterns, width], "data_offsets": [0, patterns * width]}
    head = json.dumps({"__metadata__": {"attractor": json.dumps(says)}, "patterns": array}).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for first in range(0, patterns, CHUNK):
            file.write(rows(first, min(CHUNK, patterns - first), width).tobytes())


CHUNK = 1 << 18


def rows(first: int, count: int, width: int) -> np.ndarray:
    """The bytes of some rows, which begin at a multiple of `CHUNK`."""
    return np.random.default_rng([0, first // CHUNK]).integers(0, 256, (count, width), np.uint8)


def cues_of(patterns: int, units: int, count: int, flips: float) -> np.ndarray:
    """Patterns with some units flipped."""
    stream = np.random.default_rng(1)
    chosen = stream.integers(0, min(CHUNK, patterns), count)
    some = rows(0, min(CHUNK, patterns), (units + 7) // 8)[chosen]
    signs = np.unpackbits(some, axis=1, bitorder="little")[:, :units].astype(np.float32) * 2 - 1
    return np.where(stream.random(signs.shape) < flips, -signs, signs).astype(np.float32)


def timed(memory: attractor.Modern | distributed.Memory, cues: np.ndarray, repeats: int, given: dict) -> tuple:
    """The recall, and the median of the times."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        recall = memory.recall(cues, **given)
        times.append(time.perf_counter() - begin)
    return recall, float(np.median(times))


def say(what: str, **numbers: object) -> None:
    print(json.dumps({"what": what, **numbers}), flush=True)


STAGES = ["files", "whole", "parts"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--cues", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", choices=["modern", "diffusion"], default="modern")
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--flips", type=float, default=0.1)
    parser.add_argument("--sigma", type=float, default=0.7)
    parser.add_argument("--folder", type=pathlib.Path, help="keep the files here")
    parser.add_argument("--stages", nargs="+", choices=[*STAGES, "cost"], default=STAGES)
    parser.add_argument("--core-seconds", type=float, default=2e-9, help="for cost: c")
    parser.add_argument("--bytes", type=float, default=4e3, help="for cost: b")
    parser.add_argument("--ask-seconds", type=float, default=1e-3, help="for cost: t")
    parser.add_argument("--cores", type=int, default=2, help="for cost: k")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = asked.folder or pathlib.Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for stage in asked.stages:
            {"files": files, "whole": whole, "parts": parts, "cost": cost}[stage](asked, place)


def request(asked: argparse.Namespace) -> dict:
    return {"sigma": asked.sigma} if asked.model == "diffusion" else {"updates": 1}


def files(asked: argparse.Namespace, folder: pathlib.Path) -> None:
    file = folder / "all.memory"
    begin = time.perf_counter()
    write(file, asked.patterns, asked.units, asked.beta, asked.model)
    say("write", seconds=time.perf_counter() - begin, bytes=os.path.getsize(file))
    begin = time.perf_counter()
    cut = attractor.shard(file, asked.parts, folder / "parts")
    say("cut", seconds=time.perf_counter() - begin, parts=len(cut))


def whole(asked: argparse.Namespace, folder: pathlib.Path) -> None:
    begin = time.perf_counter()
    memory = attractor.load(folder / "all.memory")
    say("load whole", seconds=time.perf_counter() - begin, threads=attractor.get_threads())
    cues = cues_of(asked.patterns, asked.units, asked.cues, asked.flips)
    # With an observer all cues are recalled together, as in parts; without one, a few at a time, so that Ctrl-C is heard.
    together = request(asked) | {"observer": lambda frame: None}
    found, seconds = timed(memory, cues, asked.repeats, together)
    say("one process", seconds=seconds, cues=len(cues), gigabytes=round(peak(), 1))
    _, seconds = timed(memory, cues[:1], asked.repeats, request(asked))
    say("one process", seconds=seconds, cues=1)
    np.savez(folder / "whole.npz", **{name: getattr(found, name) for name in COMPARED})


def parts(asked: argparse.Namespace, folder: pathlib.Path) -> None:
    cues = cues_of(asked.patterns, asked.units, asked.cues, asked.flips)
    begin = time.perf_counter()
    with distributed.Memory(folder / "parts", workers=asked.workers) as memory:
        say("open parts", seconds=time.perf_counter() - begin, workers=asked.workers)
        for some in [cues, cues[:1]]:
            before = memory.bytes_sent, memory.bytes_received, memory.questions
            found, seconds = timed(memory, some, asked.repeats, request(asked))
            after = memory.bytes_sent, memory.bytes_received, memory.questions
            sent, received, questions = ((b - a) / asked.repeats for a, b in zip(before, after, strict=True))
            say(
                "in parts",
                seconds=seconds,
                cues=len(some),
                questions=questions,
                bytes_sent_a_cue=sent / len(some),
                bytes_received_a_cue=received / len(some),
            )
            if len(some) == len(cues) and (folder / "whole.npz").exists():
                reference = np.load(folder / "whole.npz")
                equal = all(reference[name].tobytes() == getattr(found, name).tobytes() for name in COMPARED)
                say("equal to the bit", equal=equal)
                assert equal


def cost(asked: argparse.Namespace, folder: pathlib.Path) -> None:
    """The time of one read of all patterns by a batch of cues, on paper: with W workers of k cores, a link of L bytes per second, and
    constants measured by the other stages,

        B N c / (k W)  +  B W b / L  +  W t

    for c seconds of a core a pattern and cue, b bytes a worker and cue, and t seconds a worker for one read's questions.
    """
    link, cues = 10e9 / 8, asked.cues
    for patterns in [10**9, 10**10]:
        for workers in [10, 100, 1000]:
            compute = cues * patterns * asked.core_seconds / (asked.cores * workers)
            send, ask = cues * workers * asked.bytes / link, workers * asked.ask_seconds
            say(
                "on paper",
                patterns=patterns,
                workers=workers,
                gigabytes_a_worker=patterns * asked.units / 8e9 / workers,
                compute=compute,
                send=send,
                ask=ask,
                seconds=compute + send + ask,
                cues_a_second=cues / (compute + send + ask),
            )
        # Where one more worker takes as long to ask as it saves.
        each = cues * asked.bytes / link + asked.ask_seconds
        best = (cues * patterns * asked.core_seconds / asked.cores / each) ** 0.5
        say("fastest", patterns=patterns, workers=round(best), seconds=2 * best * each)


#: The fields of two recalls that are compared.
COMPARED = ["states", "energy", "memory", "overlap"]


def peak() -> float:
    """The most memory that this process had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
