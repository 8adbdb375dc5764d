"""A memory in parts that processes of this machine hold: its answers are those of the whole memory."""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest
from attractor import distributed
from attractor.distributed import _backends
from numpy.typing import NDArray

N, D = 60_011, 64


def spins(count: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, D)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("distributed")


@pytest.fixture(scope="module")
def packed(folder: Path) -> Path:
    """Bits, with one pattern twice."""
    patterns = spins(N, 0)
    patterns[N - 5] = patterns[7]
    file = folder / "packed.memory"
    attractor.Modern(patterns, prepare="packed", beta=0.5).save(file)
    return file


@pytest.fixture(scope="module")
def parts(packed: Path) -> list[str]:
    return attractor.shard(packed, 3, packed.parent / "packed.parts")


@pytest.fixture(scope="module")
def memory(parts: list[str]) -> Iterator[distributed.Memory]:
    with distributed.Memory(parts, workers=2) as memory:
        yield memory


def cues() -> NDArray[np.float32]:
    """Near a pattern, far from all, between two, and equal to one that is there twice."""
    patterns = spins(N, 0)
    noise = np.random.default_rng(1).normal(size=(4, D)).astype(np.float32)
    return np.stack([patterns[5] + noise[0], 3 * noise[1], (patterns[1] + patterns[40_000]) / 2, patterns[7]])


def same(one: Any, other: Any) -> None:
    """Two recalls with the same bits in every field."""
    compared = []
    for name in dir(one):
        value = None if name.startswith("_") else getattr(one, name)
        if isinstance(value, np.ndarray):
            there = getattr(other, name)
            assert value.dtype == there.dtype and value.tobytes() == there.tobytes(), name
            compared.append(name)
    wanted = {"states", "memory", "overlap", "energy", "entropy"}
    assert wanted | ({"posterior", "candidates"} if len(one.states) else set()) <= set(compared), compared


def test_recalls_have_the_bits_of_the_whole(packed: Path, memory: distributed.Memory) -> None:
    whole = attractor.load(packed)
    for some in [cues(), cues()[:1], cues()[:0]]:
        same(whole.recall(some, top=9), memory.recall(some, top=9))
    assert whole.energy(cues()).tobytes() == memory.energy(cues()).tobytes()
    assert memory.recall(cues()[3:]).memory.tolist() == [7]


@pytest.mark.parametrize("given", [{"sigma": 0.7}, {"signal": 0.5}, {}])
def test_diffusion_narrows_to_the_same_patterns(folder: Path, given: dict[str, float]) -> None:
    file = folder / "diffusion.memory"
    if not file.exists():
        attractor.Diffusion(spins(N, 0), prepare="packed", steps=8).save(file)
        attractor.shard(file, 4)
    whole = attractor.load(file)
    with distributed.Memory(f"{file}.parts", workers=2) as memory:
        one, other = whole.recall(cues(), **given), memory.recall(cues(), **given)
        same(one, other)
        # Later reads are of the patterns that are left, which do not travel again.
        assert one.reads.max() < 8 or not given


@pytest.mark.parametrize("stream", [False, True])
def test_numbers_in_memory_and_in_their_files(folder: Path, stream: bool) -> None:
    patterns = np.random.default_rng(2).normal(size=(20_011, 80))
    file = folder / "numbers.memory"
    if not file.exists():
        attractor.Modern(patterns, beta=2.0).save(file)
        attractor.shard(file, 3)
    some = patterns[[0, 9_000, 20_010]] + 0.3 * np.random.default_rng(3).normal(size=(3, 80))
    with distributed.Memory(f"{file}.parts", workers=1, stream=stream) as memory:
        same(attractor.load(file).recall(some), memory.recall(some))


@pytest.mark.parametrize(
    "options",
    [
        {"similarity": "manhattan", "separation": "max"},
        {"similarity": "inverse-euclidean", "separation": "k-max:5"},
        {"similarity": "euclidean", "separation": "softmax:2"},
    ],
)
def test_universal_networks(folder: Path, options: dict[str, str]) -> None:
    patterns = np.random.default_rng(4).normal(size=(20_011, 80)).astype(np.float32)
    file = folder / f"{options['similarity']}.memory"
    attractor.Universal(patterns, **options).save(file)
    attractor.shard(file, 2)
    some = patterns[:3] + np.float32(0.2)
    with distributed.Memory(f"{file}.parts", workers=1) as memory:
        same(attractor.load(file).recall(some), memory.recall(some))


def test_labels_and_options(folder: Path) -> None:
    file = folder / "labels.memory"
    labels = np.arange(N) % 10
    attractor.Modern(beta=0.5, prepare="packed").fit(spins(N, 0), labels).save(file)
    parts = attractor.shard(file, 2)
    with distributed.Memory(reversed(parts), workers=1, beta=1.0) as memory:
        assert memory.predict(spins(N, 0)[[3, 59_999]]).tolist() == [3, 9]
        assert "beta=1.0" in repr(memory) and len(memory) == N
        assert memory.info["rows"] == sorted(memory.info["rows"], reverse=True)
    assert "closed" in repr(memory)


def test_few_bytes_travel(parts: list[str]) -> None:
    """Where few patterns have weight, a question about a cue brings their bits, and no sums of all ranges."""
    with distributed.Memory(parts, workers=1, beta=2.0) as memory:
        before = memory.bytes_received, memory.questions
        memory.recall(cues()[:1])
        received, asked = memory.bytes_received - before[0], memory.questions - before[1]
    assert 0 < received < 1_000 * asked, (received, asked)


def test_any_executor_can_hold_parts(packed: Path, parts: list[str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as executor, distributed.Memory(parts, executor=executor) as memory:
        same(attractor.load(packed).recall(cues()), memory.recall(cues()))


def test_a_worker_that_is_killed_is_replaced(packed: Path, parts: list[str]) -> None:
    with distributed.Memory(parts, workers=2) as memory:
        first = memory.recall(cues())
        kill(memory)
        same(first, memory.recall(cues()))


def test_a_part_that_cannot_be_opened_again_is_named(parts: list[str], tmp_path: Path) -> None:
    copies = [shutil.copy(part, tmp_path) for part in parts]
    with distributed.Memory(copies, workers=2) as memory:
        first = memory.recall(cues())
        os.rename(copies[0], tmp_path / "away")
        kill(memory)
        with pytest.raises(distributed.PartError, match=r"part 1 of 3 \(.*part-1-of-3.memory\)"):
            memory.recall(cues())
        # It is there again, and so are its answers.
        os.rename(tmp_path / "away", copies[0])
        kill(memory)
        same(first, memory.recall(cues()))


def kill(memory: distributed.Memory) -> None:
    """Kills the process that holds the first part."""
    backend: Any = memory._asking
    processes: Any = backend._backend
    assert isinstance(processes, _backends.Processes)
    for process in list(processes._pools[0]._processes.values()):
        os.kill(process.pid, signal.SIGKILL)
        process.join()


def test_a_slow_worker_is_said(parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wait = _backends.Processes.wait
    late = [True]

    def slow(self: Any, asked: Any, seconds: float) -> Any:
        if late and late.pop():
            raise _backends.Late
        return wait(self, asked, 60)

    with distributed.Memory(parts, workers=1, patience=5) as memory:
        monkeypatch.setattr(_backends.Processes, "wait", slow)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            memory.recall(cues()[:1])
    assert len(said) == 1 and "part 1 of 3" in str(said[0].message) and "waiting on" in str(said[0].message)


def test_wrong_parts_are_refused_by_name(packed: Path, parts: list[str], folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parts without 2"):
        distributed.Memory([parts[0], parts[2]], workers=1)
    copy = shutil.copy(parts[1], tmp_path / "again.memory")
    with pytest.raises(ValueError, match="again.memory, which are both part 2 of 3"):
        distributed.Memory([*parts, copy], workers=1)
    other = folder / "other.memory"
    attractor.Modern(spins(N, 8), prepare="packed", beta=0.5).save(other)
    others = attractor.shard(other, 3)
    with pytest.raises(ValueError, match="other.memory.parts/part-3-of-3.memory, which is part 3 of 3 of memory"):
        distributed.Memory([*parts[:2], others[2]], workers=1)
    with pytest.raises(distributed.PartError, match="packed.memory.*a whole memory"):
        distributed.Memory([packed], workers=1)
    with pytest.raises(distributed.PartError, match="nothing.memory"):
        distributed.Memory([folder / "nothing.memory"], workers=1)
    damaged = bytearray(Path(parts[1]).read_bytes())
    damaged[-3] ^= 1
    (tmp_path / "damaged.memory").write_bytes(damaged)
    with pytest.raises(distributed.PartError, match="damaged.memory.*checksum"):
        distributed.Memory([parts[0], tmp_path / "damaged.memory", parts[2]], workers=1)
    with pytest.raises(ValueError, match="client and workers"):
        distributed.Memory(parts, client=object(), workers=1)
    (tmp_path / "empty").mkdir()
    for nothing in [[], tmp_path / "empty"]:
        with pytest.raises(ValueError, match="attractor.shard"):
            distributed.Memory(nothing)


def test_another_version_is_refused(parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from attractor.distributed import _asking

    class Other:
        __version__ = "0.0.9"

    monkeypatch.setattr(_asking, "_attractor", Other)
    with pytest.raises(distributed.PartError, match="part-1-of-3.memory: expected a worker with attractor 0.0.9"):
        distributed.Memory(parts, workers=1)


def test_a_part_is_no_memory_of_its_own(parts: list[str]) -> None:
    with pytest.raises(ValueError, match="part 1 of 3 of memory [0-9a-f]{16}"):
        attractor.load(parts[0])


def test_what_cannot_be_cut_is_refused(folder: Path, packed: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parts: expected from 1 to 8 parts"):
        attractor.shard(packed, 65, tmp_path / "many")
    assert not (tmp_path / "many").exists()
    file = folder / "hopfield.memory"
    attractor.Hopfield(spins(5, 0)).save(file)
    with pytest.raises(ValueError, match="the model hopfield"):
        attractor.shard(file, 1)
    attractor.Modern(beta=1.0).fit(spins(5, 0), sample_weight=np.arange(1, 6)).save(file)
    with pytest.raises(ValueError, match="prior weights"):
        attractor.shard(file, 1)


def test_patterns_can_be_appended(folder: Path, tmp_path: Path) -> None:
    """The parts are then those of the memory with all patterns, to the byte but for the history."""
    file, grown = tmp_path / "some.memory", tmp_path / "all.memory"
    labels = np.arange(N)
    attractor.Modern(beta=0.5, prepare="packed").fit(spins(N, 0)[:50_000], labels[:50_000]).save(file)
    attractor.Modern(beta=0.5, prepare="packed").fit(spins(N, 0), labels).save(grown)
    parts = attractor.shard(file, 3)
    assert attractor.append(f"{file}.parts", spins(N, 0)[50_000:], labels[50_000:]) == N
    assert sorted(os.listdir(f"{file}.parts")) == [os.path.basename(part) for part in parts]
    with distributed.Memory(f"{file}.parts", workers=1) as memory:
        same(attractor.load(grown).recall(cues()), memory.recall(cues()))
        assert memory.predict(spins(N, 0)[[59_000]]).tolist() == [59_000]
    before = Path(parts[0]).read_bytes()
    with pytest.raises(ValueError, match="expected 64 units"):
        attractor.append(f"{file}.parts", np.ones((2, 3)))
    with pytest.raises(ValueError, match="sample_weight"):
        attractor.append(f"{file}.parts", spins(2, 0), sample_weight=[1, 2])
    assert Path(parts[0]).read_bytes() == before
