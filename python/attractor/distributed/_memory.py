"""A memory whose parts workers hold."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from types import ModuleType, TracebackType
from typing import Any

from .. import _attractor
from .._arrays import Array
from .._files import of_core
from .._memory import Memory as Whole
from .._results import Recall, Trace
from .._values import count, flag
from ._asking import Asking, Futures, Ranks, heads_of
from ._backends import Backend, Dask, Executor, Processes, Ray


class Memory:
    """A memory in parts: each is held by a worker, and recalls ask all of them.

    Recalls, energies and posteriors equal those of the whole memory to the bit: of the same memory in one process with packed
    patterns, or whose patterns stay in their file. The sums of a read travel, and of the patterns only those that have weight. `attractor.shard` makes the
    parts. In a script, workers of this machine need ``if __name__ == "__main__":``, as all that starts processes.

    Parameters
    ----------
    parts : path, or sequence of paths
        The files of all parts, or the folder that holds them. Workers open them, so they need the same paths.
    client : dask.distributed.Client, or the module ray, optional
        Who starts the workers: actors of Dask or Ray, one for each part.
    comm : mpi4py communicator, optional
        Ranks that hold the parts in turn. All ranks make the memory and call the same methods with the same cues; all get the result.
    executor : concurrent.futures.Executor, optional
        Anything with `submit`. Each of its processes loads the parts that it is asked for, so give it one process for all parts, or
        memory for them.
    workers : int, optional
        Without the three above: how many processes of this machine hold the parts. Default: one for each part, up to the number of
        cores.
    stream : bool, default False
        Whether parts of numbers stay in their files and are read again for every question. Bits are always held.
    patience : float, default 30
        After so many seconds without an answer a warning names the part. Waiting goes on.
    retries : int, default 2
        How often a part whose worker is lost is opened again, in another one.
    **options
        Options of its model. They override those in the parts.

    Raises
    ------
    ValueError
        A part is missing, doubled, damaged or of another memory, or was written by another version; the sentence names it.
    PartError
        A worker cannot open its part, has another version of this package, or was lost more often than `retries`.

    Examples
    --------
    >>> import os, tempfile
    >>> import attractor
    >>> from attractor import distributed
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = os.path.join(folder.name, "two.memory")
    >>> attractor.Modern([[1.0, -2.0], [-2.0, 1.0]], beta=3.0).save(file)
    >>> parts = attractor.shard(file, 1, os.path.join(folder.name, "parts"))
    >>> memory = distributed.Memory(parts)
    >>> memory
    <Memory in 1 part of Modern(beta=3.0, prepare='none'), 2 memories of 2 units>
    >>> memory.recall([[0.9, -1.9]]).states.round(6)
    array([[ 1., -2.]])
    >>> memory.close()
    >>> folder.cleanup()
    """

    def __init__(
        self,
        parts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        client: Any = None,
        comm: Any = None,
        executor: Any = None,
        workers: int | None = None,
        stream: bool = False,
        patience: float = 30.0,
        retries: int = 2,
        **options: Any,
    ) -> None:
        paths = _paths_of(parts)
        given = [
            name
            for name, value in [("client", client), ("comm", comm), ("executor", executor), ("workers", workers)]
            if value is not None
        ]
        if len(given) > 1:
            raise ValueError(
                f"{given[0]} and {given[1]}: expected one that says who holds the parts, found both; leave one away"
            )
        streamed = flag("stream", stream)
        if not patience > 0:
            raise ValueError(f"patience: expected seconds above 0, found {patience}; give a longer time")
        self._asking: Asking
        if comm is not None:
            self._asking = Ranks(comm, paths, streamed=streamed)
        else:
            backend: Backend
            if client is not None:
                backend = Ray(client) if isinstance(client, ModuleType) else Dask(client)
            elif executor is not None:
                backend = Executor(executor)
            else:
                cores = min(len(paths), os.cpu_count() or 1)
                backend = Processes(cores if workers is None else count("workers", workers, 1))
            self._asking = Futures(
                backend, paths, streamed=streamed, patience=patience, retries=count("retries", retries)
            )
        self._options = options
        self._error: BaseException | None = None
        #: Bytes of questions and answers so far.
        self.bytes_sent, self.bytes_received, self.questions = 0, 0, 0
        self._memory: Whole | None = None
        try:
            self._in_order()
            self._guarded(self._ready)
        except BaseException:
            self.close()
            raise

    def _in_order(self) -> None:
        """Reads the heads of all parts, and sorts these by their numbers."""
        heads = heads_of(self._asking)
        says = [_attractor.part_summary(path, head) for path, head in heads]
        # Answers are merged in the order of the parts, whatever the order of the files.
        self._order = sorted(range(len(heads)), key=lambda place: says[place]["part"])
        self._heads = [heads[place] for place in self._order]
        self.info = {
            "memory": says[0]["memory"],
            "parts": len(heads),
            "model": says[0]["model"],
            "patterns": says[0]["total"],
            "units": says[0]["units"],
            "dtype": says[0]["dtype"],
            "packed": says[0]["packed"],
            "rows": [says[place]["rows"] for place in self._order],
        }

    def _ready(self) -> Whole:
        """The memory, which is built again after a question that was not answered."""
        if self._memory is None:
            core = _attractor.Memory.of_parts(self._heads, self._ask)
            memory = of_core(core, in_parts=True)
            if self._options:
                memory.set_params(**self._options)
                core = _attractor.Memory.of_parts(self._heads, self._ask, (core.model, memory._named()))
                memory._hold(core, memory._labels)
            self._memory = memory
        return self._memory

    def _ask(self, question: bytes) -> list[bytes]:
        """The answers of all parts. Rust keeps only the text of an exception, so it is kept here."""
        try:
            answers = self._asking.ask(question)
        except BaseException as error:
            self._error = error
            raise
        self.questions += 1
        self.bytes_sent += len(question) * len(answers)
        self.bytes_received += sum(map(len, answers))
        return [answers[place] for place in self._order]

    def _call(self, method: str, *args: Any, **asked: Any) -> Any:
        return self._guarded(lambda: getattr(self._ready(), method)(*args, **asked))

    def _guarded(self, ask: Callable[[], Any]) -> Any:
        """Calls a function, and raises what a part raised in it."""
        try:
            return ask()
        except BaseException:
            lost, self._error = self._error, None
            if lost is None:
                raise
            # Its patterns remember that they could not be read.
            self._memory = None
            raise lost from None

    def recall(self, cues: Any, **asked: Any) -> Recall:
        """Recalls memories from cues.

        Parameters
        ----------
        cues : array_like (B, D), (B, ...) of images, or one of them
            Cues.
        **asked
            As in the `recall` of the memory: `sigma`, `updates`, `top`, `random_state` and others. With known units (`clamp`) in diffusion,
            all patterns travel for each mask.

        Returns
        -------
        Recall

        Raises
        ------
        PartError
            A part did not answer, and could not be opened again.
        """
        recall: Recall = self._call("recall", cues, **asked)
        return recall

    def trace(self, cues: Any, **asked: Any) -> Trace:
        """Recalls memories from cues and returns every step.

        Parameters
        ----------
        cues, **asked
            As in the `trace` of the memory.

        Returns
        -------
        Trace
        """
        trace: Trace = self._call("trace", cues, **asked)
        return trace

    def energy(self, states: Any, sigma: Any = None) -> Array:
        """The energy of each state.

        Parameters
        ----------
        states : array_like (B, D), or one state
            States.
        sigma : float or array_like (B,), optional
            Noise levels, for memories that have one landscape for each.

        Returns
        -------
        ndarray (B,)
        """
        energy: Array = self._call("energy", states, sigma)
        return energy

    def predict(self, X: Any, **asked: Any) -> Array:
        """The label of the memory that each cue recalls.

        Parameters
        ----------
        X, **asked
            As in the `predict` of the memory.

        Returns
        -------
        ndarray (B,)
        """
        labels: Array = self._call("predict", X, **asked)
        return labels

    def close(self) -> None:
        """Ends the workers that were started for the memory."""
        self._memory = None
        self._asking.close()

    def __len__(self) -> int:
        """The number of memories in all parts."""
        return int(self.info["patterns"])

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        parts = f"{len(self._heads)} part{'' if len(self._heads) == 1 else 's'}"
        if self._memory is None:
            return f"<Memory in {parts}, closed>"
        given = ", ".join(f"{name}={value}" for name, value in self._memory._given().items())
        kind = f"{type(self._memory).__name__}({given})"
        return f"<Memory in {parts} of {kind}, {len(self)} memories of {self.info['units']} units>"


def _paths_of(parts: Any) -> list[str]:
    """The files of parts, from their names or their folder."""
    if isinstance(parts, str | os.PathLike):
        place = os.fsdecode(parts)
        paths = sorted(glob.glob(os.path.join(glob.escape(place), "*.memory"))) if os.path.isdir(place) else [place]
        if not paths:
            raise ValueError(
                f"parts: expected the files of parts, or their folder, found {place} without any; make some with attractor.shard"
            )
        return paths
    paths = [os.fsdecode(path) for path in parts]
    if not paths:
        raise ValueError("parts: expected at least one, found none; make some with attractor.shard")
    return paths
