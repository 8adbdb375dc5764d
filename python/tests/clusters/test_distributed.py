"""A memory in parts on the engines of clusters: its answers are those of the whole memory, also after a worker is lost."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import attractor
import numpy as np
import pytest
from attractor import distributed

N, D = 60_011, 64


def patterns() -> Any:
    return np.random.default_rng(0).choice([-1.0, 1.0], (N, D)).astype(np.float32)


def cues() -> Any:
    return patterns()[[5, 59_999]] + np.random.default_rng(1).normal(size=(2, D)).astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """A stored memory of each kind, and its parts in a folder of that name with ".parts"."""
    folder = tmp_path_factory.mktemp("memories")
    memories = {
        "modern": attractor.Modern(patterns(), prepare="packed", beta=0.5),
        "diffusion": attractor.Diffusion(patterns(), prepare="packed", steps=6),
        "universal": attractor.Universal(patterns(), similarity="inverse-euclidean", separation="k-max:3"),
    }
    for name, memory in memories.items():
        memory.save(folder / name)
        attractor.shard(folder / name, 3)
    return {name: folder / name for name in memories}


def same(one: Any, other: Any) -> None:
    """Two recalls with the same bits in every field."""
    compared = 0
    for name in dir(one):
        value = None if name.startswith("_") else getattr(one, name)
        if isinstance(value, np.ndarray):
            assert value.tobytes() == getattr(other, name).tobytes(), name
            compared += 1
    assert compared > 5


class OfDask:
    """Three processes of Dask."""

    def __init__(self) -> None:
        import dask
        from distributed import LocalCluster

        # A worker that is killed is gone at once, and not after minutes.
        dask.config.set({"distributed.comm.timeouts.connect": "5s", "distributed.deploy.lost-worker-timeout": "1s"})
        self.cluster = LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None)
        self.client = self.cluster.get_client()

    def pid(self, memory: distributed.Memory) -> int:
        actor = memory._asking._backend._actors[0]  # type: ignore[attr-defined]
        pids: dict[str, int] = self.client.run(os.getpid)
        return pids[actor._address]

    def kill(self, memory: distributed.Memory) -> None:
        os.kill(self.pid(memory), signal.SIGKILL)

    def close(self) -> None:
        self.client.close()
        self.cluster.close()


class OfRay:
    """Ray on this machine."""

    def __init__(self) -> None:
        import ray

        ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
        self.client = ray

    def pid(self, memory: distributed.Memory) -> int:
        actor = memory._asking._backend._actors[0]  # type: ignore[attr-defined]
        return int(self.client.get(actor.__ray_call__.remote(lambda _: os.getpid())))

    def kill(self, memory: distributed.Memory) -> None:
        self.client.kill(memory._asking._backend._actors[0])  # type: ignore[attr-defined]

    def close(self) -> None:
        self.client.shutdown()


@pytest.fixture(scope="module", params=["distributed", "ray"])
def engine(request: pytest.FixtureRequest) -> Iterator[OfDask | OfRay]:
    pytest.importorskip(request.param)
    engine = OfDask() if request.param == "distributed" else OfRay()
    yield engine
    engine.close()


@pytest.mark.parametrize("model", ["modern", "diffusion", "universal"])
def test_recalls_have_the_bits_of_the_whole(engine: Any, files: dict[str, pathlib.Path], model: str) -> None:
    whole = attractor.load(files[model])
    given = {"sigma": 0.8} if model == "diffusion" else {}
    with distributed.Memory(f"{files[model]}.parts", client=engine.client) as memory:
        same(whole.recall(cues(), **given), memory.recall(cues(), **given))


def test_a_worker_that_is_killed_is_replaced(engine: Any, files: dict[str, pathlib.Path]) -> None:
    with distributed.Memory(f"{files['modern']}.parts", client=engine.client) as memory:
        first = memory.recall(cues())
        engine.kill(memory)
        same(first, memory.recall(cues()))


def test_a_part_that_is_gone_is_named(engine: Any, files: dict[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    parts = shutil.copytree(f"{files['modern']}.parts", tmp_path / "parts")
    with distributed.Memory(parts, client=engine.client) as memory:
        memory.recall(cues())
        (parts / "part-1-of-3.memory").unlink()
        engine.kill(memory)
        with pytest.raises(distributed.PartError, match=r"part 1 of 3 \(.*part-1-of-3.memory\)"):
            memory.recall(cues())


def test_a_slow_worker_is_said(engine: Any, files: dict[str, pathlib.Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with distributed.Memory(f"{files['modern']}.parts", client=engine.client, patience=0.3) as memory:
        backend = memory._asking._backend  # type: ignore[attr-defined]
        ask, pids = backend.ask, [engine.pid(memory)]

        def stopped(part: int, method: str, question: bytes) -> Any:
            """The worker of the first part stands still for a second."""
            if pids:
                pid = pids.pop()
                os.kill(pid, signal.SIGSTOP)
                threading.Timer(1.0, os.kill, (pid, signal.SIGCONT)).start()
            return ask(part, method, question)

        monkeypatch.setattr(backend, "ask", stopped)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            memory.recall(cues()[:1])
    assert any("part 1 of 3" in str(one.message) and "waiting on" in str(one.message) for one in said)


def test_parts_of_another_memory_are_refused(engine: Any, files: dict[str, pathlib.Path]) -> None:
    parts = [
        f"{files[name]}.parts/part-{n}-of-3.memory" for name, n in [("modern", 1), ("diffusion", 2), ("modern", 3)]
    ]
    with pytest.raises(ValueError, match="diffusion.parts/part-2-of-3.memory, which is part 2 of 3 of memory"):
        distributed.Memory(parts, client=engine.client)


SCRIPT = """
import sys
from mpi4py import MPI
import numpy as np
import attractor
from attractor import distributed

comm = MPI.COMM_WORLD
parts, cues, sigma, out = sys.argv[1:5]
try:
    memory = distributed.Memory(parts, comm=comm)
except (ValueError, distributed.PartError) as error:
    print(f"{comm.Get_rank()}: {error}", flush=True)
    sys.exit()
given = {} if sigma == "none" else {"sigma": float(sigma)}
recall = memory.recall(np.load(cues), **given)
np.savez(f"{out}-{comm.Get_rank()}", states=recall.states, energy=recall.energy, memory=recall.memory)
"""


def mpi(tmp_path: pathlib.Path, parts: str, sigma: str) -> str:
    pytest.importorskip("mpi4py")
    mpiexec = shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("there is no mpiexec")
    script = tmp_path / "ranks.py"
    script.write_text(SCRIPT)
    np.save(tmp_path / "cues.npy", cues())
    command = [mpiexec, "-n", "3", sys.executable, str(script), parts, str(tmp_path / "cues.npy"), sigma]
    # Open MPI refuses to run as root, or on fewer cores than ranks, unless it is told to.
    allowed = {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
    }
    allowed |= {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    ran = subprocess.run(
        [*command, str(tmp_path / "out")], env=os.environ | allowed, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("model", ["modern", "diffusion", "universal"])
def test_ranks_of_mpi_have_the_bits_of_the_whole(
    files: dict[str, pathlib.Path], tmp_path: pathlib.Path, model: str
) -> None:
    mpi(tmp_path, f"{files[model]}.parts", "0.8" if model == "diffusion" else "none")
    whole = attractor.load(files[model]).recall(cues(), **({"sigma": 0.8} if model == "diffusion" else {}))
    for rank in range(3):
        found = np.load(tmp_path / f"out-{rank}.npz")
        for name in found:
            assert found[name].tobytes() == getattr(whole, name).tobytes(), (rank, name)


def test_every_rank_of_mpi_names_the_part_that_is_missing(
    files: dict[str, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    parts = shutil.copytree(f"{files['modern']}.parts", tmp_path / "parts")
    (parts / "part-2-of-3.memory").unlink()
    said = mpi(tmp_path, str(parts), "none").splitlines()
    assert sorted(line[0] for line in said) == ["0", "1", "2"]
    assert all("parts without 2" in line for line in said), said
