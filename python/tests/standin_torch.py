"""The part of PyTorch that this package calls, for tests where PyTorch is not installed.

Tensors are arrays that know whether they require gradients. A graph has one node: the last function that was applied.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest


class Kind:
    """A number type of tensors."""

    def __init__(self, name: str) -> None:
        self.name, self.is_floating_point = name, "float" in name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


KINDS = {name: Kind(name) for name in ("float16", "bfloat16", "float32", "float64", "int64", "bool")}


class Tensor:
    def __init__(self, values: Any, kind: Kind | None = None, requires_grad: bool = False) -> None:
        array = np.asarray(values)
        self.dtype = kind or KINDS[array.dtype.name]
        # NumPy has no bfloat16: as in PyTorch, such a tensor cannot be read by it.
        self._array = array.astype("float32" if self.dtype.name == "bfloat16" else self.dtype.name)
        self.requires_grad, self.device, self.grad_fn = requires_grad, "cpu", None
        self.shape = self._array.shape

    def detach(self) -> Tensor:
        return Tensor(self._array, self.dtype)

    def cpu(self) -> Tensor:
        return self

    def float(self) -> Tensor:
        return Tensor(self._array, KINDS["float32"])

    def to(self, device: Any = None, dtype: Kind | None = None) -> Tensor:
        return Tensor(self._array, dtype or self.dtype)

    def numpy(self) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.dtype.name == "bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def reshape(self, *shape: Any) -> Tensor:
        return Tensor(self._array.reshape(*shape), self.dtype)

    def __mul__(self, other: Tensor) -> Tensor:
        return Tensor(self._array * other._array)


def tanh(tensor: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"tanh(): argument 'input' must be Tensor, not {type(tensor).__name__}")
    return Tensor(np.tanh(tensor._array), tensor.dtype)


class Function:
    @classmethod
    def apply(cls, *given: Any) -> Tensor:
        context = types.SimpleNamespace()
        context.save_for_backward = lambda *saved: setattr(context, "saved_tensors", saved)
        result = cls.forward(context, *given)  # type: ignore[attr-defined]
        result.requires_grad, result.grad_fn = True, (cls, context)
        return result


def grad(result: Tensor, states: Tensor, upstream: Tensor) -> tuple[Tensor]:
    kind, context = result.grad_fn
    # Without `create_graph`, nothing of a backward pass is recorded.
    with no_grad():
        return (kind.backward(context, upstream)[0],)


class Module:
    def __call__(self, *given: Any) -> Any:
        return self.forward(*given)  # type: ignore[attr-defined]

    def parameters(self) -> Iterator[Any]:
        return iter(())

    def buffers(self) -> Iterator[Any]:
        return iter(())


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    STATE["grad"], before = False, STATE["grad"]
    yield
    STATE["grad"] = before


STATE = {"grad": True}


def module() -> Any:
    torch = types.ModuleType("torch")
    torch.__dict__.update(KINDS)
    torch.__dict__.update(Tensor=Tensor, tanh=tanh, no_grad=no_grad, is_grad_enabled=lambda: STATE["grad"])
    torch.__dict__.update(
        from_numpy=Tensor,
        tensor=lambda values, dtype=None, requires_grad=False: Tensor(values, dtype, requires_grad),
        nn=types.SimpleNamespace(Module=Module),
        autograd=types.SimpleNamespace(Function=Function, grad=grad),
    )
    return torch


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """PyTorch, or its stand-in."""
    try:
        import torch
    except ImportError:
        torch = module()
        monkeypatch.setitem(sys.modules, "torch", torch)
    return torch
