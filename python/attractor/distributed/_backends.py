"""Engines that hold parts: how a part is opened in a worker, and how a worker is asked.

An engine is five functions. `open` puts a part in a worker; `ask` calls a method of it and gives a future; `wait` waits for it, and raises
`Late` if that takes too long, or any other exception if the worker is lost; `forget` drops a part that is lost; `close` ends what `open`
began.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable
from typing import Any, Protocol

from .. import _threads
from ._worker import Worker


class Late(Exception):
    """An answer has not come yet. The question is still asked."""


class Backend(Protocol):
    """What every engine does."""

    def open(self, part: int, path: str, streamed: bool) -> None: ...
    def ask(self, part: int, method: str, question: bytes) -> Any: ...
    def wait(self, asked: Any, seconds: float) -> tuple[bytes, str | None]: ...
    def forget(self, part: int) -> None: ...
    def close(self) -> None: ...


#: The parts that this process holds, for `Processes`.
_held: dict[int, Worker] = {}


def _begin(threads: int) -> None:
    _threads.set_threads(threads)


def _hold(part: int, path: str, streamed: bool) -> None:
    if part not in _held:
        _held[part] = Worker(path, streamed)


def _ask(part: int, method: str, question: bytes) -> tuple[bytes, str | None]:
    answer: tuple[bytes, str | None] = getattr(_held[part], method)(question)
    return answer


class Processes:
    """Processes of this machine: one executor of one worker each, so that a part stays where it was opened."""

    def __init__(self, workers: int) -> None:
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._pools: list[concurrent.futures.ProcessPoolExecutor | None] = [None] * workers
        self._opened: dict[int, tuple[str, bool]] = {}

    def _pool(self, part: int) -> concurrent.futures.ProcessPoolExecutor:
        place = part % len(self._pools)
        pool = self._pools[place]
        if pool is None:
            # A forked process would have threads of this one that do not run.
            context = multiprocessing.get_context("spawn")
            pool = concurrent.futures.ProcessPoolExecutor(1, context, _begin, (self._threads,))
            self._pools[place] = pool
        return pool

    def open(self, part: int, path: str, streamed: bool) -> None:
        self._opened[part] = (path, streamed)
        self._pool(part).submit(_hold, part, path, streamed)

    def ask(self, part: int, method: str, question: bytes) -> Any:
        return self._pool(part).submit(_ask, part, method, question)

    def wait(self, asked: Any, seconds: float) -> tuple[bytes, str | None]:
        return _result(lambda: asked.result(seconds), concurrent.futures.TimeoutError)

    def forget(self, part: int) -> None:
        place = part % len(self._pools)
        pool = self._pools[place]
        if pool is not None:
            try:
                # Another part of the same process may have been found lost before, and the process replaced.
                pool.submit(_hold, part, *self._opened[part])
                return
            except concurrent.futures.BrokenExecutor:
                pool.shutdown(wait=False, cancel_futures=True)
        self._pools[place] = None
        # What else the process held is opened with it.
        for other, (path, streamed) in list(self._opened.items()):
            if other != part and other % len(self._pools) == place:
                self.open(other, path, streamed)

    def close(self) -> None:
        for pool in self._pools:
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
        self._pools = [None] * len(self._pools)


#: The parts that a process of an executor has loaded.
_loaded: dict[tuple[str, bool], Worker] = {}


def _load_and_ask(path: str, streamed: bool, method: str, question: bytes) -> tuple[bytes, str | None]:
    worker = _loaded.get((path, streamed))
    if worker is None:
        worker = _loaded[path, streamed] = Worker(path, streamed)
    answer: tuple[bytes, str | None] = getattr(worker, method)(question)
    return answer


class Executor:
    """Any executor with `submit`. It does not say which process works, so each loads the parts that it is asked for, and keeps
    them."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor
        self._parts: dict[int, tuple[str, bool]] = {}

    def open(self, part: int, path: str, streamed: bool) -> None:
        self._parts[part] = (path, streamed)

    def ask(self, part: int, method: str, question: bytes) -> Any:
        return self._executor.submit(_load_and_ask, *self._parts[part], method, question)

    def wait(self, asked: Any, seconds: float) -> tuple[bytes, str | None]:
        return _result(lambda: asked.result(seconds), (concurrent.futures.TimeoutError, TimeoutError))

    def forget(self, part: int) -> None:
        pass

    def close(self) -> None:
        self._parts.clear()


class Dask:
    """Actors of Dask, one for each part."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # An actor lives as long as its future.
        self._futures: dict[int, Any] = {}
        self._actors: dict[int, Any] = {}

    def open(self, part: int, path: str, streamed: bool) -> None:
        addresses = sorted(self._client.ncores())
        if not addresses:
            raise RuntimeError("expected workers of the Dask client, found none; start some")
        # Parts go round, and a lost one to the next of those that are left.
        address = addresses[part % len(addresses)]
        self._futures[part] = self._client.submit(
            Worker, path, streamed, actor=True, workers=[address], allow_other_workers=True, pure=False
        )

    def ask(self, part: int, method: str, question: bytes) -> Any:
        if part not in self._actors:
            self._actors[part] = self._futures[part].result()
        return getattr(self._actors[part], method)(question)

    def wait(self, asked: Any, seconds: float) -> tuple[bytes, str | None]:
        import asyncio

        return _result(lambda: asked.result(seconds), (TimeoutError, asyncio.TimeoutError))

    def forget(self, part: int) -> None:
        self._actors.pop(part, None)
        self._futures.pop(part, None)

    def close(self) -> None:
        self._actors.clear()
        self._futures.clear()


class Ray:
    """Actors of Ray, one for each part."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._actors: dict[int, Any] = {}

    def open(self, part: int, path: str, streamed: bool) -> None:
        # Actors spread over the machines of the cluster.
        actor = self._ray.remote(Worker).options(num_cpus=0, scheduling_strategy="SPREAD")
        self._actors[part] = actor.remote(path, streamed)

    def ask(self, part: int, method: str, question: bytes) -> Any:
        return getattr(self._actors[part], method).remote(question)

    def wait(self, asked: Any, seconds: float) -> tuple[bytes, str | None]:
        return _result(lambda: self._ray.get(asked, timeout=seconds), self._ray.exceptions.GetTimeoutError)

    def forget(self, part: int) -> None:
        actor = self._actors.pop(part, None)
        if actor is not None:
            self._ray.kill(actor)

    def close(self) -> None:
        for part in list(self._actors):
            self.forget(part)


def _result(get: Callable[[], Any], late: Any) -> tuple[bytes, str | None]:
    try:
        answer: tuple[bytes, str | None] = get()
    except late as error:
        raise Late from error
    return answer
