"""Sweeps on real engines, with workers on this machine: the same table to the bit, also after a worker was killed in a cell."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attractor
import pytest

#: A sweep of two memories at four D.
SWEEP: dict[str, Any] = {"models": ["ceiling", "modern"], "dims": [8, 10, 12, 14], "sets": 40, "cues": 64}
#: The sweep of the recaller that kills its worker.
SHORT: dict[str, Any] = {"dims": [8, 10], "sets": 8, "cues": 16}


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in rows]


@pytest.fixture(scope="module")
def alone() -> list[dict[str, Any]]:
    return untimed(attractor.capacity(**SWEEP).results)


def mortal(mark: Path | None) -> Any:
    """A recaller that kills its process in the middle of a cell, once. It is sent to workers by its value."""

    def recall(patterns: Any, cues: Any, known: Any) -> Any:
        if mark is not None and len(patterns) == 2 and not mark.exists():
            mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return patterns[(cues @ patterns.T).argmax(axis=1)]

    return recall


@contextlib.contextmanager
def engine(name: str, folder: Path) -> Iterator[Any]:
    """An executor of two workers, or what makes one."""
    if name == "processes":
        yield lambda: concurrent.futures.ProcessPoolExecutor(2)
    elif name == "loky":
        loky = pytest.importorskip("loky")
        yield lambda: loky.get_reusable_executor(2)
    elif name.startswith("dask"):
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client if name == "dask client" else client.get_executor()
    elif name == "ray":
        ray = pytest.importorskip("ray")
        # It takes seconds to start, and ends with this process.
        if not ray.is_initialized():
            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield attractor.executors.Ray()
    elif name == "submitit":
        submitit = pytest.importorskip("submitit")
        executor = submitit.AutoExecutor(folder / "jobs", cluster="local")
        executor.update_parameters(timeout_min=5)
        yield executor
    else:
        executorlib = pytest.importorskip("executorlib")
        # Workers stay, or each call has a process of its own.
        stays = name == "executorlib blocks"
        yield lambda: executorlib.SingleNodeExecutor(max_workers=2, block_allocation=stays)


#: Every engine whose caller is this process.
ENGINES = ["processes", "loky", "dask client", "dask executor", "ray", "submitit", "executorlib", "executorlib blocks"]
#: Engines that start a process for each call have a short sweep.
SLOW = ["submitit", "executorlib"]


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_gives_the_table_of_one_process(name: str, alone: list[dict[str, Any]], tmp_path: Path) -> None:
    asked, expected = SWEEP, alone
    if name in SLOW:
        asked = {"models": "modern", **SHORT}
        expected = untimed(attractor.capacity(**asked).results)
    with engine(name, tmp_path) as executor:
        assert untimed(attractor.capacity(**asked, executor=executor).results) == expected


@pytest.mark.parametrize("name", ENGINES)
def test_a_worker_that_is_killed_in_a_cell_changes_nothing(name: str, tmp_path: Path) -> None:
    expected = untimed(attractor.capacity(mortal(None), **SHORT).results)
    mark, store = tmp_path / "killed", tmp_path / "cells.sqlite"
    with engine(name, tmp_path) as executor:
        found = attractor.capacity(mortal(mark), **SHORT, executor=executor, store=store).results
    assert mark.is_file(), "no worker was killed"
    assert untimed(found) == expected


@pytest.mark.parametrize("name", ["loky", "dask client", "ray"])
def test_networks_are_trained_on_an_engine(name: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"dims": "24", "loads": "0.1,0.3", "sets": 3}
    with engine(name, tmp_path) as executor:
        both = [attractor.reproduce("dreaming", executor=e, **asked).results for e in (None, executor)]
    assert both[0] == both[1]


SCRIPT = """
import json, os, signal, sys
import attractor
from mpi4py.futures import MPIPoolExecutor

# Workers have other arguments.
mark = os.environ["MARK"]


def recall(patterns, cues, known):
    if mark and len(patterns) == 2 and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return patterns[(cues @ patterns.T).argmax(axis=1)]


if __name__ == "__main__":
    store, out = sys.argv[1:]
    with MPIPoolExecutor() as executor:
        report = attractor.capacity(recall, dims=[8, 10], sets=8, cues=16, executor=executor, store=store or None)
    with open(out, "w") as file:
        json.dump(report.results, file)
"""


def mpiexec(*command: Any, mark: Any = "") -> subprocess.CompletedProcess[str]:
    """Three processes of MPI: one asks, two compute. Root may run it in a container, which Open MPI asks about."""
    may = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PRTE_ALLOW_RUN_AS_ROOT": "1"}
    more = {"PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "true"}
    more |= {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    return subprocess.run(
        ["mpiexec", "-n", "3", *map(str, command)],
        env=os.environ | may | more | {"MARK": str(mark)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def mpi(tmp_path: Path) -> Path:
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("there is no mpiexec")
    script = tmp_path / "sweep.py"
    script.write_text(SCRIPT)
    return script


def test_mpi_gives_the_table_of_one_process(mpi: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = mpiexec(sys.executable, "-m", "mpi4py.futures", mpi, "", out)
    assert done.returncode == 0, done.stderr
    assert untimed(json.loads(out.read_text())) == untimed(attractor.capacity(mortal(None), **SHORT).results)


def test_what_mpi_had_done_before_a_process_was_killed_is_kept(mpi: Path, tmp_path: Path) -> None:
    mark, store, out = tmp_path / "killed", tmp_path / "cells.sqlite", tmp_path / "out.json"
    # MPI ends all processes if one of them is killed.
    first = mpiexec(sys.executable, "-m", "mpi4py.futures", mpi, store, out, mark=mark)
    assert first.returncode != 0 and mark.is_file() and not out.exists()
    done = mpiexec(sys.executable, "-m", "mpi4py.futures", mpi, store, out, mark=mark)
    assert done.returncode == 0, done.stderr
    assert untimed(json.loads(out.read_text())) == untimed(attractor.capacity(mortal(None), **SHORT).results)


def test_processes_of_mpi_take_parts_by_themselves(mpi: Path, tmp_path: Path) -> None:
    """`shard="auto"` under mpiexec, without an executor."""
    script = tmp_path / "part.py"
    script.write_text(
        "import os, sys, attractor\n"
        "name = os.environ.get('OMPI_COMM_WORLD_RANK') or os.environ['PMI_RANK']\n"
        "asked = dict(models=['ceiling', 'modern'], dims=[8, 10], sets=8, cues=16)\n"
        "attractor.capacity(**asked, shard='auto', store=f'{sys.argv[1]}/{name}.sqlite')\n"
    )
    done = mpiexec(sys.executable, script, tmp_path)
    assert done.returncode == 0, done.stderr
    parts = sorted(tmp_path.glob("?.sqlite"))
    assert len(parts) == 3
    assert attractor.merge(parts, tmp_path / "all.sqlite") > 0
    asked: dict[str, Any] = {"models": ["ceiling", "modern"], "dims": [8, 10], "sets": 8, "cues": 16}
    begun = time.monotonic()
    merged = attractor.capacity(**asked, store=tmp_path / "all.sqlite")
    assert time.monotonic() - begun < 1.0, "nothing is left to do"
    assert untimed(merged.results) == untimed(attractor.capacity(**asked).results)
