"""Cells on other processes: any executor, and what becomes of lost workers, wrong answers and stops."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest
from attractor._executor import LOSSES

#: A sweep of half a second: two memories and two tasks at three D.
SWEEP: dict[str, Any] = {
    "models": ["ceiling", "modern"],
    "dims": [8, 10, 12],
    "flip": [0.1, 0.2],
    "sets": 24,
    "cues": 32,
}
#: Workers start anew: with fork, a child of a process with threads may hang.
SPAWN = multiprocessing.get_context("spawn")


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in rows]


def swept(**more: Any) -> list[dict[str, Any]]:
    return untimed(attractor.capacity(**{**SWEEP, **more}).results)


@pytest.fixture(scope="module")
def alone() -> list[dict[str, Any]]:
    return swept()


def pool(**more: Any) -> concurrent.futures.ProcessPoolExecutor:
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=SPAWN, **more)


def nearest(patterns: Any, cues: Any, known: Any) -> Any:
    return patterns[(cues @ patterns.T).argmax(axis=1)]


class Here:
    """An executor that keeps calls, and answers each when its future is asked for it, in this process."""

    def __init__(self, answer: Callable[..., Any] = lambda function, *arguments: function(*arguments)) -> None:
        self.answer, self.submitted, self.futures = answer, 0, []  # type: ignore[var-annotated]

    def submit(self, function: Any, *arguments: Any) -> Any:
        self.submitted += 1
        future = Given(self.answer, function, arguments)
        self.futures.append(future)
        return future


class Given:
    """A future that has a result and nothing else."""

    def __init__(self, answer: Any, function: Any, arguments: Any) -> None:
        self._called, self.cancelled, self.waited = (answer, function, arguments), False, False

    def result(self) -> Any:
        self.waited = True
        answer, function, arguments = self._called
        return answer(function, *arguments)

    def cancel(self) -> bool:
        self.cancelled = True
        return True


class Reversed(concurrent.futures.ThreadPoolExecutor):
    """A pool that begins with what it was given last, so that results come in another order."""

    def __init__(self) -> None:
        super().__init__(1)
        self._held: list[Any] = []

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._held.append((future, function, arguments))
        super().submit(self._last)
        return future

    def _last(self) -> None:
        time.sleep(0.001)
        future, function, arguments = self._held.pop()
        future.set_result(function(*arguments))


@pytest.mark.parametrize("kind", ["threads", "processes", "a function", "a class", "reversed", "results alone"])
def test_every_executor_gives_the_same_table(kind: str, alone: list[dict[str, Any]]) -> None:
    if kind == "threads":
        with concurrent.futures.ThreadPoolExecutor(3) as executor:
            assert swept(executor=executor) == alone
    elif kind == "processes":
        with pool() as executor:
            assert swept(executor=executor) == alone
            # The pool is the caller's, and goes on.
            assert executor.submit(int, "3").result() == 3
    elif kind == "a function":
        assert swept(executor=pool) == alone
    elif kind == "a class":
        assert swept(executor=concurrent.futures.ThreadPoolExecutor) == alone
    else:
        assert swept(executor=Reversed() if kind == "reversed" else Here()) == alone


def test_experiments_of_cells_are_the_same_in_pools() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        for name, settings in (
            ("fig3", {"sets": 6}),
            ("dreaming", {"dims": "20", "loads": "0.1,0.3", "sets": 2}),
        ):
            one, other = (attractor.reproduce(name, executor=e, **settings) for e in (None, executor))
            assert untimed(one.results) == untimed(other.results), name
            assert one.again == other.again
        images = attractor.digits().images[:40]
        one, other = (attractor.recommend(images, ["mask:0.5", "sigma:0.3"], executor=e) for e in (None, executor))
        assert one.results == other.results
        with pytest.raises(ValueError, match="independent cells .*fig3.*found table1"):
            attractor.reproduce("table1", executor=executor)


@pytest.mark.parametrize("kind", ["rows", "a table", "one row", "no held-out rows"])
def test_an_audit_is_the_same_with_an_executor(kind: str) -> None:
    train, heldout, generated = np.random.default_rng(0).normal(size=(3, 300, 10))
    generated[:5] = train[:5] + 0.01
    asked: dict[str, Any] = {"calibrate": kind == "rows", "distance": "gower" if kind == "a table" else "auto"}
    given = [train, generated[: 1 if kind == "one row" else 300], None if kind == "no held-out rows" else heldout]
    executor = Here()
    documents = [attractor.audit(*given, executor=e, **asked).document for e in (None, executor)]
    for document in documents:
        document.pop("seconds")
    assert documents[0] == documents[1] and executor.submitted >= 2
    with pytest.raises(ValueError, match="executor: .*denoiser"):
        attractor.audit(*given, denoiser=lambda x, sigma: x, executor=executor)


def test_a_function_goes_to_workers(alone: list[dict[str, Any]]) -> None:
    asked: dict[str, Any] = {"dims": [8, 10], "sets": 8, "cues": 16}
    with pool() as executor:
        both = [untimed(attractor.capacity(nearest, executor=e, **asked).results) for e in (None, executor)]
    assert both[0] == both[1]


def test_the_error_of_a_function_is_its_own() -> None:
    def fails(patterns: Any, cues: Any, known: Any) -> Any:
        raise ZeroDivisionError("of the function")

    with pytest.raises(ZeroDivisionError, match="of the function") as caught:
        attractor.capacity(fails, dims=[8], sets=4, executor=Here())
    # Where it was raised is said, too.
    assert "in fails" in str(caught.value.__cause__)


class Locked:
    """A recaller that cannot be sent anywhere."""

    __name__ = "locked"

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __call__(self, patterns: Any, cues: Any, known: Any) -> Any:
        return cues


def test_what_cannot_be_used_is_said() -> None:
    def refused(error: type[Exception], word: str, executor: Any, model: Any = "modern") -> None:
        with pytest.raises(error, match=word):
            attractor.capacity(model, dims=[8], sets=4, executor=executor)

    class NoFutures:
        def submit(self, function: Any, *arguments: Any) -> int:
            return 3

    ended = concurrent.futures.ThreadPoolExecutor(1)
    ended.shutdown()
    refused(TypeError, r"submit\(function, \*arguments\).*found 3", 3)
    refused(TypeError, "submit", lambda: 3)
    refused(TypeError, "submit", multiprocessing)
    refused(TypeError, r"result\(\).*executors.Ray", NoFutures())
    refused(TypeError, "can be sent to workers", Here(), Locked())
    refused(RuntimeError, "takes work", ended)
    refused(RuntimeError, "found 3", Here(lambda *_: 3))
    refused(RuntimeError, "what the cell", Here(lambda *_: ("attractor", "another", "done", "[]")))
    refused(ValueError, "executor", Here(lambda f, v, h, c, cell: ("attractor", cell, "done", "[[[1, 2]]]")))
    refused(ValueError, "executor", Here(lambda f, v, h, c, cell: ("attractor", cell, "done", "no JSON")))
    refused(RuntimeError, "version .* found", Here(lambda f, v, h, c, cell: f("0.0.1", h, c, cell)))
    refused(RuntimeError, "can read the settings", Here(lambda f, v, h, c, cell: f(v, h, b"nothing", cell)))


def test_a_lost_worker_costs_its_cell_alone(alone: list[dict[str, Any]]) -> None:
    lost: dict[str, int] = {}

    def answer(function: Any, *arguments: Any) -> Any:
        # The first two workers of every cell are lost.
        lost[arguments[-1]] = lost.get(arguments[-1], 0) + 1
        if lost[arguments[-1]] < LOSSES:
            raise OSError("the machine is gone")
        return function(*arguments)

    executor = Here(answer)
    assert swept(executor=executor) == alone
    assert executor.submitted == LOSSES * len(lost)


def test_a_cell_that_is_lost_again_and_again_is_named(tmp_path: Path) -> None:
    def answer(function: Any, *arguments: Any) -> Any:
        if '"dim":10' in arguments[-1]:
            raise OSError("the machine is gone")
        return function(*arguments)

    store = tmp_path / "cells.sqlite"
    with pytest.raises(RuntimeError, match=r'"dim":10.*lost 3 times.*the machine is gone.*cells\.sqlite'):
        swept(models=["modern"], flip=0.1, executor=Here(answer), store=store)


def mortal(mark: Path, times: int = 1) -> Any:
    """A recaller that kills its process, as often as is said."""
    return Mortal(mark, times)


class Mortal:
    __name__ = "mortal"

    def __init__(self, mark: Path, times: int) -> None:
        self.mark, self.times = mark, times

    def __call__(self, patterns: Any, cues: Any, known: Any) -> Any:
        dead = list(self.mark.glob("*"))
        if len(dead) < self.times and len(patterns) > 1:
            (self.mark / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nearest(patterns, cues, known)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_pool_that_breaks_is_made_again(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"dims": [8, 10], "sets": 8, "cues": 16}
    expected = untimed(attractor.capacity(mortal(tmp_path, 0), **asked).results)
    made = []

    def make() -> Any:
        made.append(pool())
        return made[-1]

    assert untimed(attractor.capacity(mortal(tmp_path), executor=make, **asked).results) == expected
    assert len(made) == 2
    # A pool that was given cannot be made again.
    for mark in tmp_path.glob("*"):
        mark.unlink()
    with pool() as executor, pytest.raises(RuntimeError, match="a function that makes the pool"):
        attractor.capacity(mortal(tmp_path), executor=executor, **asked)
    # A cell that always kills is given up.
    with pytest.raises(RuntimeError, match="lost 3 times"):
        attractor.capacity(mortal(tmp_path, 100), executor=pool, **asked)


def test_a_stop_takes_back_what_is_not_done_and_keeps_the_rest(tmp_path: Path, alone: list[dict[str, Any]]) -> None:
    store, executor = tmp_path / "cells.sqlite", Here()

    def stop(done: int, of: int) -> None:
        if sum(future.waited for future in executor.futures) >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        swept(executor=executor, store=store, progress=stop)
    assert all(future.waited or future.cancelled for future in executor.futures)
    kept = scores(store)
    assert kept == 5 * SWEEP["sets"]
    executor = Here()
    assert swept(executor=executor, store=store) == alone
    assert scores(store) == kept + sum(sets(future._called[2][-1]) for future in executor.futures)


def scores(store: Path) -> int:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as base:
        return base.execute("SELECT count(*) FROM scores").fetchone()[0]


def sets(cell: str) -> int:
    return sum(to - first for _, first, to in json.loads(cell)["parts"])


COORDINATOR = """
import concurrent.futures, sys
sys.path.insert(0, {tests!r})
import attractor, test_executor

if __name__ == "__main__":
    attractor.capacity(**test_executor.LONG, store={store!r}, executor=concurrent.futures.ThreadPoolExecutor(1))
"""
#: A sweep whose cells take some 10 ms each.
LONG: dict[str, Any] = {"models": ["ceiling", "modern"], "dims": [12, 14, 16], "sets": 140, "cues": 128}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_coordinator_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    store = tmp_path / "cells.sqlite"
    script = tmp_path / "coordinator.py"
    script.write_text(COORDINATOR.format(tests=str(Path(__file__).parent), store=str(store)))
    expected = untimed(attractor.capacity(**LONG).results)
    kept = 0
    for wanted in (1, 2000, 4000):
        process = subprocess.Popen([sys.executable, script])
        while process.poll() is None and (not store.exists() or kept < wanted):
            time.sleep(0.002)
            try:
                kept = scores(store)
            except sqlite3.Error:
                continue
        process.kill()
        process.wait()
    before = scores(store)
    assert before > 0
    executor = Here()
    assert untimed(attractor.capacity(**LONG, store=store, executor=executor).results) == expected
    computed = sum(sets(future._called[2][-1]) for future in executor.futures)
    assert scores(store) == before + computed and executor.submitted == len(executor.futures)
    # All is there: nothing is computed.
    executor = Here()
    assert untimed(attractor.capacity(**LONG, store=store, executor=executor).results) == expected
    assert executor.submitted == 0


class Counted:
    """A recaller whose states say how many threads its cell has: a unit is wrong for each."""

    __name__ = "counted"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, patterns: Any, cues: Any, known: Any) -> Any:
        (self.folder / str(attractor.get_threads())).touch()
        return np.sign(cues)


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1"), ({"initializer": attractor.set_threads, "initargs": (2,)}, "2")],
    ids=["one", "set_threads"],
)
def test_a_cell_takes_one_thread_or_as_many_as_its_worker_says(
    given: dict[str, Any], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)
    with pool(**given) as executor:
        attractor.capacity(Counted(tmp_path), dims=[8], sets=4, flip=0.01, max_patterns=4, executor=executor)
    assert [path.name for path in tmp_path.iterdir()] == [expected]


def test_the_number_of_threads_of_the_surroundings_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYON_NUM_THREADS", "3")
    with pool() as executor:
        attractor.capacity(Counted(tmp_path), dims=[8], sets=4, flip=0.01, max_patterns=4, executor=executor)
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


def test_parts_of_an_array_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"models": ["ceiling", "modern"], "dims": [8, 10, 12], "sets": 12, "cues": 16}
    expected = untimed(attractor.capacity(**asked).results)
    parts = [tmp_path / f"{task}.sqlite" for task in (1, 2, 3)]
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "1")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MAX", "3")
    for task, store in enumerate(parts):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(task + 1))
        attractor.capacity(**asked, shard="auto", store=store)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    out = tmp_path / "out" / "all.sqlite"
    out.parent.mkdir()
    new = attractor.merge(parts, out)
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before, "parts are only read"
    assert new == scores(out) and attractor.merge(parts, out) == 0
    executor = Here()
    assert untimed(attractor.capacity(**asked, store=out, executor=executor).results) == expected
    assert executor.submitted == 0
    other = tmp_path / "other.sqlite"
    attractor.capacity(**asked, random_state=1, store=other)
    with pytest.raises(ValueError, match=r"other\.sqlite: .*seed 1.*seed 0.*folder of their own"):
        attractor.merge([other], out)
    with pytest.raises(FileNotFoundError, match="parts"):
        attractor.merge([tmp_path / "none.sqlite"], out)


def test_a_part_that_no_scheduler_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SLURM_", "PBS_", "SGE_", "LSB_", "OMPI_", "PMI"))]:
        monkeypatch.delenv(name)
    with pytest.raises(ValueError, match=r"shard: .*SLURM_ARRAY_TASK_ID.*I/N"):
        attractor.capacity("modern", dims=[8], shard="auto")
    with pytest.raises(ValueError, match=r"shard: .*SLURM_ARRAY_TASK_ID"):
        attractor.reproduce("fig3", shard="auto")
    with pytest.raises(ValueError, match="shard"):
        attractor.capacity("modern", dims=[8], shard="3/2")
