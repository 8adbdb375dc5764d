"""Types of arguments and results, for type checkers and editors."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar


class Detached(Protocol):
    """A tensor of PyTorch."""

    def detach(self) -> Any: ...


class Namespaced(Protocol):
    """An array of a library with an array API, as those of JAX and NumPy."""

    def __array_namespace__(self) -> Any: ...


#: States whose results come back in kind. What is given as anything else (lists, data frames) comes back as an array of NumPy.
States = TypeVar("States", bound="Detached | Namespaced")
