"""Asks all parts of a memory the same question, whoever holds them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

from .. import _attractor
from .._warnings import AttractorWarning
from ._backends import Backend, Late
from ._worker import Worker


class PartError(RuntimeError):
    """A part of a memory cannot be used, or no worker answers for it. The sentence names the part."""


class Asking(Protocol):
    """Those who answer for all parts."""

    paths: Sequence[str]

    def ask(self, question: bytes, method: str = "answer") -> list[bytes]: ...
    def close(self) -> None: ...


class Futures:
    """Parts that workers of an engine hold. A worker that is lost is replaced, and its part opened again."""

    def __init__(
        self, backend: Backend, paths: Sequence[str], *, streamed: bool, patience: float, retries: int
    ) -> None:
        self.paths = paths
        self._backend = backend
        self._streamed, self._patience, self._retries = streamed, patience, retries
        for part, path in enumerate(paths):
            backend.open(part, path, streamed)

    def ask(self, question: bytes, method: str = "answer") -> list[bytes]:
        """The answers of all parts, in their order."""
        asked = [self._try(part, method, question) for part in range(len(self.paths))]
        return [self._answer(part, future, method, question) for part, future in enumerate(asked)]

    def _try(self, part: int, method: str, question: bytes) -> Any:
        """Asks a part. What goes wrong is the answer."""
        try:
            return self._backend.ask(part, method, question)
        except Exception as error:
            return error

    def _answer(self, part: int, asked: Any, method: str, question: bytes) -> bytes:
        for left in range(self._retries, -1, -1):
            try:
                if isinstance(asked, Exception):
                    raise asked
                answer, refusal = self._wait(part, asked)
            except Exception as lost:
                if left == 0:
                    raise PartError(
                        f"{self._name(part)}: expected an answer, found that its worker was lost {self._retries + 1} times "
                        f"({type(lost).__name__}: {lost}); look at the worker, or give its part more memory"
                    ) from lost
                self._open_again(part)
                asked = self._try(part, method, question)
                continue
            if refusal is not None:
                raise PartError(f"{self._name(part)}: {refusal}")
            return answer
        raise AssertionError("the last round returns or raises")

    def _open_again(self, part: int) -> None:
        try:
            self._backend.forget(part)
            self._backend.open(part, self.paths[part], self._streamed)
        except Exception as error:
            raise PartError(
                f"{self._name(part)}: expected another worker for it, found none ({error}); start one"
            ) from error

    def _wait(self, part: int, asked: Any) -> tuple[bytes, str | None]:
        """Waits for an answer, and says so if it takes long."""
        began, told = time.monotonic(), False
        while True:
            try:
                return self._backend.wait(asked, self._patience)
            except Late:
                if not told:
                    seconds = time.monotonic() - began
                    warnings.warn(
                        f"{self._name(part)} has not answered for {seconds:.3g} s; waiting on",
                        AttractorWarning,
                        stacklevel=2,
                    )
                    told = True

    def _name(self, part: int) -> str:
        return name_of(part, self.paths)

    def close(self) -> None:
        """Ends what was begun for the parts."""
        self._backend.close()


class Ranks:
    """Parts that the ranks of a communicator hold. All ranks recall the same cues together: each answers for its parts, and each gets all
    answers. So no rank leads, and every rank has the result."""

    def __init__(self, comm: Any, paths: Sequence[str], *, streamed: bool) -> None:
        self.paths = paths
        self._comm = comm
        own = range(comm.Get_rank(), len(paths), comm.Get_size())
        self._own = {part: Worker(paths[part], streamed) for part in own}

    def ask(self, question: bytes, method: str = "answer") -> list[bytes]:
        """The answers of all parts, in their order."""
        own = {part: getattr(worker, method)(question) for part, worker in self._own.items()}
        found: dict[int, tuple[bytes, str | None]] = {}
        for some in self._comm.allgather(own):
            found |= some
        answers = []
        # Every rank finds the same error.
        for part in range(len(self.paths)):
            answer, refusal = found[part]
            if refusal is not None:
                raise PartError(f"{name_of(part, self.paths)}: {refusal}")
            answers.append(answer)
        return answers

    def close(self) -> None:
        """Forgets the parts of this rank."""
        self._own.clear()


def name_of(part: int, paths: Sequence[str]) -> str:
    """A part in words. Its number is its place among the files that were given."""
    return f"part {part + 1} of {len(paths)} ({paths[part]})"


def heads_of(asking: Asking) -> list[tuple[str, bytes]]:
    """What the files of all parts say, each with its name; all from workers with the version of this package."""
    heads = []
    for path, answer in zip(asking.paths, asking.ask(b"", "head"), strict=True):
        version, _, head = answer.partition(b"\0")
        if version.decode() != _attractor.__version__:
            raise PartError(
                f"{path}: expected a worker with attractor {_attractor.__version__}, as here, found one with {version.decode()}; "
                "install the same version everywhere"
            )
        heads.append((path, head))
    return heads
