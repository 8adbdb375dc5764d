"""What a worker does with a part. It runs in the worker's process."""

from __future__ import annotations

from collections.abc import Callable

from .. import _attractor


class Worker:
    """A part that is open in this process: the state of an actor.

    Its methods return what they found, or why they did not. An exception would be told by each engine in its own way, and could not be told
    from the loss of the worker.
    """

    def __init__(self, path: str, streamed: bool) -> None:
        self._path, self._streamed = path, streamed
        self._part: _attractor.Part | None = None
        self._of(lambda part: b"")

    def answer(self, question: bytes) -> tuple[bytes, str | None]:
        """The answer to a question, or why there is none."""
        return self._of(lambda part: part.answer(question))

    def head(self, _: bytes = b"") -> tuple[bytes, str | None]:
        """The version of this package, a zero byte, and what the file says of the part."""
        return self._of(lambda part: _attractor.__version__.encode() + b"\0" + part.head())

    def _of(self, ask: Callable[[_attractor.Part], bytes]) -> tuple[bytes, str | None]:
        try:
            if self._part is None:
                self._part = _attractor.Part(self._path, self._streamed)
            return ask(self._part), None
        except (OSError, RuntimeError, ValueError) as error:
            return b"", str(error)
