"""Cells of an experiment on other processes and machines.

A cell is an independent part of an experiment. What it gives depends on the experiment's settings alone. Here cells are handed to an
executor as calls of one function, `compute`, and what they give comes back in any order. So it does not matter which engine
computes them, and everything that an engine must be able to do is ``submit(function, *arguments)`` with a future as its answer.

`compute` catches every error of the cell and returns it as an answer. An exception of the future is therefore one of the engine: a
worker was lost, and the cell is handed out again.
"""

from __future__ import annotations

import os
import pickle
import queue
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import _attractor
from ._arrays import shown
from ._interrupt import interruptible
from ._threads import chosen

#: What takes a function and arguments and gives a future, or a function that makes such an executor.
Executor = Any

#: So often a cell may be lost with its worker, and a pool break before any cell is done.
LOSSES = 3
#: Seconds between two looks for Ctrl-C.
INTERVAL = 0.05
#: Seconds between two questions whether a future is done that does not tell: the first time, and at most.
QUICK, PATIENT = 0.001, 0.1

#: The first word of an answer.
MARK = "attractor"

#: A process of this program. A child that was forked has another number.
_PROGRAM = uuid.uuid4().hex


def _here() -> str:
    return f"{os.getpid()}-{_PROGRAM}"


@dataclass(frozen=True)
class Call:
    """How a study is made: a function of `_attractor` with its arguments. Workers make the same study."""

    function: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def study(self, **more: Any) -> _attractor.Study:
        """The study. `more` concerns only the process that runs it."""
        return getattr(_attractor, self.function)(*self.arguments, **self.options, **{"again": "", **more})


class Answer(NamedTuple):
    """What `compute` returns. Plain values, so that every engine can carry it."""

    mark: str
    cell: str
    #: "done", "failed", "unread" or "version".
    kind: str
    #: What the cell gave; the error and its traceback; what could not be read; the version.
    value: Any


def compute(version: str, home: str, call: bytes, cell: str) -> tuple[str, str, str, Any]:
    """Computes a cell. Workers call it; nothing else is sent to them."""
    if version != _attractor.__version__:
        return Answer(MARK, cell, "version", _attractor.__version__)
    try:
        made: Call = pickle.loads(call)
    except Exception as error:
        return Answer(MARK, cell, "unread", f"{type(error).__name__}: {error}")
    try:
        # Threads of the caller's process are shared by all of its cells.
        return Answer(MARK, cell, "done", made.study().cell(cell, 0 if home == _here() else chosen()))
    except Exception as error:
        return Answer(MARK, cell, "failed", (_sent(error), "".join(traceback.format_exception(error))))


def _sent(error: Exception) -> bytes:
    """An exception as bytes. One that cannot be sent becomes a RuntimeError that says the same."""
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        packed = pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return packed


class _Elsewhere(Exception):
    """The traceback of an error of a worker, as its cause."""

    def __str__(self) -> str:
        return f"\n\n{self.args[0]}"


class Team:
    """The cells of a study that an executor has. It is what Rust calls a team: `hand_out` and `next`.

    As a context, it takes back what is not done at its end.
    """

    def __init__(self, executor: Executor, call: Call, store: str | None = None) -> None:
        self._make, self._executor = _maker(executor)
        self._made = self._executor is None
        self._call, self._store = _packed(call), store
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        #: Futures that have to be asked.
        self._asked: list[Any] = []
        #: The cell of each future, and the number of the pool that has it.
        self._out: dict[int, tuple[Any, str, int]] = {}
        self._lost: dict[str, int] = {}
        #: The number of the pool, and how many broke one after the other.
        self._pool, self._broken = 0, 0

    def __enter__(self) -> Team:
        if self._executor is None:
            self._executor = _executor(self._make)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for given in self._out.values():
            with suppress(Exception):
                given[0].cancel()
        self._out.clear()
        if self._made:
            _end(self._executor, waits=kind is None)

    def hand_out(self, cell: str) -> None:
        """Hands out a cell."""
        while True:
            try:
                future = self._executor.submit(compute, _attractor.__version__, _here(), self._call, cell)
                break
            except BrokenExecutor as error:
                self._renew(cell, error)
            except RuntimeError as error:
                raise RuntimeError(
                    f"executor: expected one that takes work, found {type(self._executor).__name__}: {error}"
                ) from error
        if not hasattr(future, "result"):
            raise TypeError(
                f"executor: expected futures with result() from its submit, found {shown(future)}; for Ray give attractor.executors.Ray()"
            )
        self._out[id(future)] = future, cell, self._pool
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self._done.put)
        else:
            self._asked.append(future)

    def next(self) -> tuple[str, str]:
        """Waits for a cell; returns it and what it gave. A cell whose worker is lost is handed out again."""
        while True:
            future = self._finished()
            _, cell, pool = self._out.pop(id(future))
            try:
                answer = future.result()
            except Exception as error:
                self._again(cell, pool, error)
                continue
            # An engine may give back a list for a tuple.
            if not (isinstance(answer, tuple | list) and len(answer) == 4 and list(answer[:2]) == [MARK, cell]):
                raise RuntimeError(
                    f"executor: expected what the cell {_short(cell)} gives, found {shown(answer)}; give an executor whose futures "
                    "return what the function returned"
                )
            self._broken = 0
            return cell, _value(Answer(*answer))

    def _finished(self) -> Any:
        """A future that is done."""
        pause = QUICK
        while True:
            for future in self._asked:
                # What cannot be asked is waited for.
                if not hasattr(future, "done") or future.done():
                    self._asked.remove(future)
                    return future
            with suppress(queue.Empty):
                future = self._done.get(timeout=pause if self._asked else INTERVAL)
                if id(future) in self._out:
                    return future
            pause = min(2 * pause, PATIENT)

    def _again(self, cell: str, pool: int, error: Exception) -> None:
        """Hands out a lost cell again, unless that has been done too often."""
        if isinstance(error, BrokenExecutor):
            # All cells of a pool that breaks come back with this error.
            if pool == self._pool:
                self._renew(cell, error)
        else:
            self._lost[cell] = self._lost.get(cell, 0) + 1
            if self._lost[cell] >= LOSSES:
                raise self._given_up(cell, error)
        self.hand_out(cell)

    def _renew(self, cell: str, error: Exception) -> None:
        """Makes a new pool in the place of one that broke."""
        self._broken += 1
        if self._make is None:
            raise RuntimeError(
                f"executor: expected a pool that goes on, found one that lost a worker at the cell {_short(cell)} or one beside it "
                f"({error}); give a function that makes the pool, such as lambda: ProcessPoolExecutor(2), and it is made again{self._kept()}"
            ) from error
        if self._broken >= LOSSES:
            raise self._given_up(cell, error)
        _end(self._executor, waits=False)
        self._executor, self._pool = _executor(self._make), self._pool + 1

    def _given_up(self, cell: str, error: Exception) -> RuntimeError:
        made = RuntimeError(
            f"executor: expected a worker that computes the cell {_short(cell)}, found it lost {LOSSES} times "
            f"({type(error).__name__}: {error}); see whether workers have memory and this package{self._kept()}"
        )
        made.__cause__ = error
        return made

    def _kept(self) -> str:
        return "" if self._store is None else f"; what is done is in {self._store}, where the same call goes on"


def _value(answer: Answer) -> str:
    """What a cell gave. Its errors are raised here."""
    if answer.kind == "done":
        return answer.value
    if answer.kind == "version":
        raise RuntimeError(
            f"executor: expected workers with version {_attractor.__version__} of attractor, found {answer.value}; install the same on all"
        )
    if answer.kind == "unread":
        raise RuntimeError(
            f"executor: expected workers that can read the settings, found {answer.value}; put functions into a module that workers have, or "
            "install cloudpickle here and there"
        )
    packed, text = answer.value
    raise pickle.loads(packed) from _Elsewhere(text)


def _maker(executor: Executor) -> tuple[Callable[[], Any] | None, Any]:
    """The function that makes an executor, if there is one, and the executor, if it is there."""
    if not isinstance(executor, type) and hasattr(executor, "submit"):
        return None, _executor(lambda: executor)
    if callable(executor):
        return executor, None
    raise TypeError(_wrong(executor))


def _executor(make: Callable[[], Any] | None) -> Any:
    """A new executor. A client of Dask gives one; its own `submit` would take equal calls for one."""
    made: Any = None if make is None else make()
    if isinstance(made, type) or not hasattr(made, "submit"):
        raise TypeError(_wrong(made))
    return made.get_executor() if hasattr(made, "get_executor") else made


def _wrong(found: Any) -> str:
    return (
        "executor: expected an object with submit(function, *arguments), such as concurrent.futures.ProcessPoolExecutor(), or a function "
        f"that makes one, found {shown(found)}"
    )


def _end(executor: Any, waits: bool) -> None:
    """Ends an executor that was made here."""
    with suppress(Exception):
        try:
            executor.shutdown(wait=waits, cancel_futures=True)
        except TypeError:
            executor.shutdown(wait=waits)


def _packed(call: Call) -> bytes:
    """A call as bytes. Functions that no module has are sent as they are, which takes cloudpickle."""
    try:
        import cloudpickle as pickler
    except ImportError:
        pickler = pickle
    try:
        return pickler.dumps(call)
    except Exception as error:
        raise TypeError(
            f"executor: expected settings and functions that can be sent to workers, found some that cannot ({error}); define functions in "
            "a module, or install cloudpickle"
        ) from error


def _short(cell: str) -> str:
    return cell if len(cell) <= 160 else cell[:150] + " …"


def run(
    call: Call,
    executor: Executor | None,
    progress: Callable[..., Any] | None,
    **more: Any,
) -> _attractor.Report:
    """Runs a study here, or with an executor."""
    study = call.study(**more)
    if executor is None:
        return study.run(progress)
    with Team(executor, call, more.get("store")) as team:
        return study.run(progress, team)


def run_heard(
    call: Call,
    executor: Executor | None,
    progress: Callable[..., Any] | None,
    keeps: bool = False,
    **more: Any,
) -> _attractor.Report:
    """The same, of a study with long steps. Ctrl-C is heard in them."""
    if executor is not None:
        # The caller's thread only waits.
        return run(call, executor, progress, **more)
    return interruptible(lambda tell: run(call, None, tell, **more), progress, keeps=keeps)
