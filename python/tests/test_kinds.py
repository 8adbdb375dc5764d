"""Arrays of many libraries: what goes in is read alike, and what is a state comes back in kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest
from standin_torch import torch  # noqa: F401
from zoo import signs

PATTERNS = signs(5, 4, 2, np.float32)
CUES = (0.9 * signs(3, 4, 1, np.float32)).astype(np.float32)


class OnlyDlpack:
    """An array that offers nothing but DLPack."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **more: Any) -> Any:
        return self._array.__dlpack__(**more)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class OnDevice(OnlyDlpack):
    """An array on another device, which NumPy cannot read."""

    def __dlpack_device__(self) -> Any:
        return (2, 0)

    def __dlpack__(self, **more: Any) -> Any:
        raise BufferError("the data is in the memory of CUDA device 0")


class LikeCupy:
    """An array that copies to the CPU only when it is asked to, as those of CuPy."""

    __cuda_array_interface__: dict[str, Any] = {}

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def get(self) -> np.ndarray:
        return self._array


def mapped(array: np.ndarray, folder: Path) -> np.ndarray:
    np.save(folder / "a.npy", array)
    return np.load(folder / "a.npy", mmap_mode="r")


def of(library: str, make: str) -> Callable[[np.ndarray, Path], Any]:
    def converted(array: np.ndarray, folder: Path) -> Any:
        module = pytest.importorskip(library)
        return eval(make, {"m": module, "a": array})

    return converted


KINDS: dict[str, Callable[[np.ndarray, Path], Any]] = {
    "list": lambda a, _: a.tolist(),
    "memoryview": lambda a, _: memoryview(a),
    "memmap": mapped,
    "fortran": lambda a, _: np.asfortranarray(a),
    "strided": lambda a, _: np.repeat(a, 2, axis=1)[:, ::2],
    "big endian": lambda a, _: a.astype(">f4"),
    "objects": lambda a, _: a.astype(object),
    "masked": lambda a, _: np.ma.masked_array(a),
    "float16": lambda a, _: a.astype(np.float16),
    "dlpack": lambda a, _: OnlyDlpack(a),
    "cupy": lambda a, _: LikeCupy(a),
    "bfloat16": of("ml_dtypes", "a.astype(m.bfloat16)"),
    "pandas": of("pandas", "m.DataFrame(a)"),
    "pandas nullable": of("pandas", "m.DataFrame(a).astype('Float32')"),
    "polars": of("polars", "m.DataFrame(a, schema=list('abcd'))"),
    "xarray": of("xarray", "m.DataArray(a)"),
    "jax": of("jax.numpy", "m.asarray(a)"),
    "jax bfloat16": of("jax.numpy", "m.asarray(a, dtype=m.bfloat16)"),
    "array api": of("array_api_strict", "m.asarray(a)"),
    "torch": of("torch", "m.tensor(a)"),
    "torch transposed": of("torch", "m.tensor(a.T.copy()).T"),
    "torch bfloat16": of("torch", "m.tensor(a).to(m.bfloat16)"),
    "torch parameter": of("torch", "m.nn.Parameter(m.tensor(a))"),
}
#: Relative steps of bfloat16 and float16, which hold the cues of 0.9 with 8 and 11 bits.
COARSE = {"bfloat16": 2**-8, "jax bfloat16": 2**-8, "torch bfloat16": 2**-8, "float16": 2**-11}


@pytest.mark.filterwarnings("ignore:no gradients:attractor.AttractorWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_is_read_alike(kind: str, tmp_path: Path) -> None:
    make = KINDS[kind]
    usual = attractor.Diffusion(PATTERNS)
    memory = attractor.Diffusion(make(PATTERNS, tmp_path))
    assert np.array_equal(memory.patterns, PATTERNS)
    expected = usual.recall(CUES, sigma=0.5)
    cues = make(CUES, tmp_path)
    found = usual.recall(cues, sigma=0.5)
    assert found.memory.tolist() == expected.memory.tolist()
    states = as_numpy(found.states)
    assert np.allclose(states, expected.states, atol=2 * COARSE.get(kind, 0.0))
    assert np.allclose(as_numpy(usual.transform(cues, sigma=0.5)), states)
    # A tensor that wants gradients of a posterior is refused.
    plain = cues.detach() if hasattr(cues, "detach") else cues
    assert np.allclose(as_numpy(usual.posterior(plain, 0.5)), usual.posterior(CUES, 0.5), atol=COARSE.get(kind, 1e-15))


def as_numpy(values: Any) -> np.ndarray:
    return attractor._arrays.as_array("values", values)


IN_KIND = ["jax", "jax bfloat16", "array api", "torch", "torch bfloat16", "torch transposed"]


@pytest.mark.parametrize("kind", IN_KIND)
def test_states_come_back_in_kind(kind: str, tmp_path: Path) -> None:
    cues = KINDS[kind](CUES, tmp_path)
    memory = attractor.Diffusion(PATTERNS, labels=list("abcde"), values=PATTERNS[:, :2])
    recall = memory.recall(cues, sigma=0.5)
    for state in (recall.states, recall.values, memory.transform(cues, sigma=0.5), memory.denoise(cues, 0.5)):
        assert type(state) is type(cues) and state.dtype == cues.dtype, kind
    assert recall.states.shape == cues.shape
    for other in (memory.predict_proba(cues, sigma=0.5), memory.decision_function(cues, sigma=0.5)):
        assert type(other) is type(cues)
    # One vector is a batch of one, here, too.
    assert tuple(memory.recall(cues[0, :], sigma=0.5).states.shape) == (4,)
    # What counts rows is an array of NumPy.
    assert type(recall.memory) is type(memory.predict(cues, sigma=0.5)) is np.ndarray
    for drawn in (repr(recall), recall._repr_html_()):
        assert "Recall of 3 cues" in drawn


def test_the_stand_in_of_tensors_comes_back(torch: Any) -> None:  # noqa: F811
    cues = torch.tensor(CUES)
    recall = attractor.Diffusion(PATTERNS).recall(cues, sigma=0.5)
    assert isinstance(recall.states, torch.Tensor) and recall.states.shape == (3, 4)
    with pytest.warns(attractor.AttractorWarning, match="no gradients are computed of stored patterns"):
        attractor.Diffusion(torch.tensor(PATTERNS, requires_grad=True))


def test_what_is_elsewhere_is_said() -> None:
    with pytest.raises(TypeError, match="memory of the CPU, found OnDevice"):
        attractor.Diffusion(PATTERNS).recall(OnDevice(CUES), sigma=0.5)
