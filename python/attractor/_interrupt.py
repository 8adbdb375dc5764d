"""Ctrl-C in calls whose steps are long: the call works on a thread of its own, while the caller's listens."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Told = Callable[..., Any]

#: Seconds between two looks for Ctrl-C.
INTERVAL = 0.05
#: Seconds that work gets to end of itself after Ctrl-C.
PATIENCE = 0.5


def interruptible(work: Callable[[Told], T], told: Told | None, keeps: bool = False) -> T:
    """Calls `work` with a function that it tells of its progress, and returns what it returns.

    At Ctrl-C the call raises `KeyboardInterrupt`. Work that is at a long step goes on to its end in the background, and its result is
    dropped; if it `keeps` a file, the call waits for that. What is told is passed on by the caller's own thread.
    """
    if threading.current_thread() is not threading.main_thread():
        # Python hears Ctrl-C in its main thread alone.
        return work(told or (lambda *_: None))
    news: queue.SimpleQueue[tuple[str, Any, queue.SimpleQueue[Any] | None]] = queue.SimpleQueue()
    stop = threading.Event()

    def tell(*said: Any) -> Any:
        if stop.is_set():
            raise KeyboardInterrupt
        if told is None:
            return None
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        news.put(("said", said, answers))
        while True:
            try:
                answer = answers.get(timeout=INTERVAL)
                break
            except queue.Empty:
                if stop.is_set():
                    raise KeyboardInterrupt from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def run() -> None:
        try:
            news.put(("done", work(tell), None))
        except BaseException as error:
            news.put(("failed", error, None))

    worker = threading.Thread(target=run, name="attractor", daemon=True)
    worker.start()
    try:
        return _listened(news, told)
    except BaseException:
        stop.set()
        worker.join(None if keeps else PATIENCE)
        raise


def _listened(news: queue.SimpleQueue[Any], told: Told | None) -> Any:
    """Passes on what is told, until the work is done or fails."""
    while True:
        try:
            kind, value, answers = news.get(timeout=INTERVAL)
        except queue.Empty:
            continue
        if kind == "done":
            return value
        if kind == "failed":
            raise value
        try:
            answers.put(None if told is None else told(*value))
        except BaseException as error:
            # The work fails with it, and ends as it would have on one thread.
            answers.put(error)
