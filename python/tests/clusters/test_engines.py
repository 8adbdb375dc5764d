"""The engines that the other tests of this folder use are there, and say which they are."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil

import pytest

#: The module of each engine, and its distribution.
ENGINES = {
    "distributed": "distributed",
    "executorlib": "executorlib",
    "loky": "loky",
    "mpi4py": "mpi4py",
    "ray": "ray",
    "submitit": "submitit",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_there(engine: str) -> None:
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    assert importlib.metadata.version(ENGINES[engine])


def test_mpi_is_there() -> None:
    if shutil.which("mpiexec") is None:
        pytest.skip("there is no mpiexec")
