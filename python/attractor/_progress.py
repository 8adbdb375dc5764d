"""Progress of long calls: tqdm where it is installed, lines on stderr elsewhere, or a callable of the caller's."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ._arrays import shown

#: True shows the progress; a callable gets the parts that are done, the number of all parts, and what else there is to say.
Progress = Callable[..., Any] | bool


@contextmanager
def followed(progress: Progress | None, what: str) -> Iterator[Callable[..., Any] | None]:
    """A callable that is told of the progress of `what`, or None. What it has on the screen is ended at the end."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        bar = _bar(what)
        try:
            yield bar
        finally:
            bar.close()
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress: expected True, False or a callable, found {shown(progress)}")


def _bar(what: str) -> _Bar | _Lines:
    try:
        with warnings.catch_warnings():
            # In a notebook without ipywidgets tqdm warns, and its bar is text.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        return _Lines(what)
    return _Bar(what, tqdm)


class _Bar:
    """A bar of tqdm. It appears with the first part that is done."""

    def __init__(self, what: str, tqdm: Any) -> None:
        self._what, self._tqdm = what, tqdm
        self._bar: Any = None

    def __call__(self, done: int, of: int | None, *more: float) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=of, desc=self._what, file=None)
        if more:
            self._bar.set_postfix_str(" ".join(f"{number:.4g}" for number in more), refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """Lines on stderr: on a terminal one that changes, else one for each tenth of the work."""

    def __init__(self, what: str) -> None:
        self._what, self._start, self._shown, self._tenth = what, time.monotonic(), 0.0, -1
        self._changes = bool(getattr(sys.stderr, "isatty", lambda: False)())

    def __call__(self, done: int, of: int | None, *more: float) -> None:
        now = time.monotonic()
        tenth = done if of is None else 10 * done // max(of, 1)
        if now - self._shown < 0.1 if self._changes else tenth == self._tenth:
            return
        self._shown, self._tenth = now, tenth
        words = f"{done}" if of is None else f"{100 * done // max(of, 1)} %"
        numbers = "".join(f", {number:.4g}" for number in more)
        line = f"{self._what}: {words}, {now - self._start:.0f} s{numbers}"
        print(
            f"\r{line:<78}" if self._changes else line, end="" if self._changes else "\n", file=sys.stderr, flush=True
        )

    def close(self) -> None:
        if self._changes and self._shown:
            print(file=sys.stderr)
