"""Executors for engines that have none of their own. Those of other engines are given as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Ray"]

#: Arguments of this many bytes or more go to Ray's store once, and not with every task.
LARGE = 100_000


class Ray:
    """An executor that makes a task of Ray of each call.

    Parameters
    ----------
    **options
        Options of the tasks, as of ``ray.remote``, such as ``num_cpus`` (default 1) or ``max_retries`` (default 3).

    Raises
    ------
    ImportError
        Ray is not installed: ``pip install 'attractor[ray]'``.

    Examples
    --------
    Ray finds a running cluster, or starts one on this machine::

        ray.init()
        attractor.capacity("modern", dims=[16, 24], executor=attractor.executors.Ray())
    """

    def __init__(self, **options: Any) -> None:
        import ray

        self._ray, self._options = ray, options
        self._tasks: dict[Any, Any] = {}
        self._large: dict[int, tuple[bytes, Any]] = {}

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Makes a task of a call.

        Parameters
        ----------
        function : callable
        *arguments
            What it is called with.

        Returns
        -------
        future
            With ``result``, ``done``, ``add_done_callback`` and ``cancel``.
        """
        if function not in self._tasks:
            self._tasks[function] = self._ray.remote(function)
        task = self._tasks[function]
        if self._options:
            task = task.options(**self._options)
        return _Task(self._ray, task.remote(*(self._stored(argument) for argument in arguments)))

    def _stored(self, argument: Any) -> Any:
        if not isinstance(argument, bytes) or len(argument) < LARGE:
            return argument
        if id(argument) not in self._large:
            # The bytes are kept, so that no others get their address.
            self._large[id(argument)] = argument, self._ray.put(argument)
        return self._large[id(argument)][1]


class _Task:
    """A task of Ray as a future."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray, self._reference, self._future = ray, reference, reference.future()

    def result(self, timeout: float | None = None) -> Any:
        return self._future.result(timeout)

    def done(self) -> bool:
        return self._future.done()

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        self._future.add_done_callback(lambda _: callback(self))

    def cancel(self) -> bool:
        self._ray.cancel(self._reference)
        return True
