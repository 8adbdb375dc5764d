"""Methods that only some memories have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])


class _Available:
    """A method that is there if a check of the object says so, as `hasattr` sees it."""

    def __init__(self, method: Callable[..., Any], why_not: Callable[[Any], str | None]) -> None:
        self._method, self._why_not = method, why_not
        functools.update_wrapper(cast(Any, self), method)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self._method
        reason = self._why_not(owner)
        if reason is not None:
            raise AttributeError(f"{type(owner).__name__} has no {self._method.__name__}: {reason}")
        return self._method.__get__(owner, kind)


class Decorator(Protocol):
    """What gives back a method of the same kind."""

    def __call__(self, method: Method, /) -> Method: ...


def available(why_not: Callable[[Any], str | None]) -> Decorator:
    """Makes a method one that an object has only if `why_not` gives no reason against it."""

    def decorate(method: Method) -> Method:
        return cast(Method, _Available(method, why_not))

    return decorate
