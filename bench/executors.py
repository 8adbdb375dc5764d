"""What an engine costs: the time that it adds to a cell, and a sweep with two workers beside one process.

    python bench/executors.py threads processes loky dask ray executorlib submitit
    mpiexec -n 3 python -m mpi4py.futures bench/executors.py mpi

`alone` is one process, with all threads and with one. The engines are those of `./check --clusters`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import attractor

#: Cells of next to no work, so that their time is that of the engine.
SMALL: dict[str, Any] = {"models": "ceiling", "dims": range(4, 64), "sets": 4, "cues": 1, "max_patterns": 4}
#: The same for engines that start a process for each cell.
FEW: dict[str, Any] = {**SMALL, "dims": range(4, 8)}
#: A sweep of some seconds.
SWEEP: dict[str, Any] = {
    "models": ["ceiling", "diffusion", "modern"],
    "dims": [12, 16, 20, 22],
    "sets": 140,
    "cues": 256,
}


@contextlib.contextmanager
def engine(name: str) -> Iterator[Any]:
    if name == "threads":
        with concurrent.futures.ThreadPoolExecutor(2) as executor:
            yield executor
    elif name == "processes":
        with concurrent.futures.ProcessPoolExecutor(2) as executor:
            yield executor
    elif name == "loky":
        import loky

        yield loky.get_reusable_executor(2)
    elif name == "dask":
        import distributed

        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
    elif name == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield attractor.executors.Ray()
        ray.shutdown()
    elif name == "executorlib":
        import executorlib

        with executorlib.SingleNodeExecutor(max_workers=2, block_allocation=True) as executor:
            yield executor
    elif name == "submitit":
        import submitit

        executor = submitit.AutoExecutor(tempfile.mkdtemp(), cluster="local")
        executor.update_parameters(timeout_min=5)
        yield executor
    elif name == "mpi":
        from mpi4py.futures import MPIPoolExecutor

        with MPIPoolExecutor() as executor:
            yield executor
    else:
        sys.exit(f"engine: expected one of those that the first lines name, found {name}")


class Counted:
    """An executor that counts what it is given."""

    def __init__(self, executor: Any) -> None:
        made = executor.get_executor() if hasattr(executor, "get_executor") else executor
        self._submit, self.cells = made.submit, 0

    def submit(self, function: Any, *arguments: Any) -> Any:
        self.cells += 1
        return self._submit(function, *arguments)


def timed(asked: dict[str, Any], executor: Any = None) -> tuple[float, list[dict[str, Any]]]:
    begun = time.perf_counter()
    report = attractor.capacity(**asked, executor=executor, progress=lambda done, of: None)
    return time.perf_counter() - begun, [{**row, "seconds": 0} for row in report.results]


def main() -> None:
    for name in sys.argv[1:]:
        if name == "alone":
            attractor.set_threads(1)
            one, _ = timed(SWEEP)
            attractor.set_threads(2)
            two, _ = timed(SWEEP)
            print(f"alone: sweep {one:.1f} s with one thread, {two:.1f} s with two", flush=True)
            continue
        small = FEW if name == "submitit" else SMALL
        with engine(name) as executor:
            # Workers start, and import the package.
            timed(FEW, executor)
            bare, expected = timed(small)
            counted = Counted(executor)
            long, found = timed(small, counted)
            assert found == expected, name
            each = 1000 * (long - bare) / counted.cells
            said = f"{name}: {each:.2f} ms a cell, of {counted.cells}"
            if name != "submitit":
                counted = Counted(executor)
                sweep, _ = timed(SWEEP, counted)
                said += f"; sweep {sweep:.1f} s in {counted.cells} cells"
        print(said, flush=True)


if __name__ == "__main__":
    main()
