"""Python code that Rust calls: observers and denoisers. Also threads and forks."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import attractor
import numpy as np
import pytest
from zoo import ZOO, Specimen, bits, signs

SAMPLERS = [name for name in attractor.samplers() if name != "bridge"]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_memory_is_a_denoiser(sampler: str, dtype: type) -> None:
    patterns, cues = signs(9, 12, 1, dtype), signs(5, 12, 2, dtype)
    # The denoiser is called at every step.
    stored = attractor.Diffusion(patterns, sampler=sampler, narrow="off")
    own = attractor.Denoiser(stored, sampler=sampler, patterns=patterns)
    a, b = stored.recall(cues, sigma=0.8), own.recall(cues, sigma=0.8)
    # Noise levels are passed on unchanged, so even the last bit agrees.
    assert a.states.tobytes() == b.states.tobytes() and a.memory.tolist() == b.memory.tolist()
    assert b.energy is None and b.posterior is None and b.outcome.tolist() == a.outcome.tolist()
    assert own.sample(3).states.tobytes() == stored.sample(3).states.tobytes()
    if sampler not in ("dormand-prince", "langevin"):
        assert own.trace(cues, sigma=0.8).states.tobytes() == stored.trace(cues, sigma=0.8).states.tobytes()


def test_denoisers_of_many_kinds() -> None:
    tanh = lambda x, sigma: np.tanh(x / sigma[:, None] ** 2)

    class WithMethod:
        denoise = staticmethod(tanh)

    class WithD:
        D = staticmethod(tanh)

    cues = np.array([[0.3], [-0.1]])
    expected = attractor.Denoiser(tanh, 1).recall(cues, sigma=0.8).states
    assert np.allclose(expected, [[1], [-1]])
    for other in (WithMethod(), WithD(), lambda x, sigma: tanh(x, sigma).tolist()):
        assert np.array_equal(attractor.Denoiser(other, dim=1).recall(cues, sigma=0.8).states, expected)
    for wrong, error, words in (
        (lambda x, sigma: x[:1], ValueError, "2 x 1"),
        (lambda x, sigma: x * np.nan, ValueError, "NaN"),
        (lambda x, sigma: "no", TypeError, "denoiser"),
        (lambda x, sigma: x.astype(complex), TypeError, "complex128"),
        (lambda x, sigma: 1 / 0, ZeroDivisionError, "division"),
        (lambda x: x, TypeError, "positional"),
    ):
        with pytest.raises(error, match=words):
            attractor.Denoiser(wrong, dim=1).recall(cues, sigma=0.8)
    with pytest.raises(TypeError, match="callable"):
        attractor.Denoiser(3, dim=1)
    with pytest.raises(ValueError, match="give dim, shape or patterns"):
        attractor.Denoiser(tanh).recall(cues, sigma=0.8)
    with pytest.raises(TypeError, match="noisy a cue"):
        attractor.Denoiser(tanh, 1).recall(cues)
    with pytest.raises(TypeError, match="energy"):
        attractor.Denoiser(tanh, 1).energy(cues, 1.0)
    stored = attractor.Diffusion(cues, sampler="bridge")
    with pytest.raises(TypeError, match="exact samples"):
        attractor.Denoiser(stored, dim=1, sampler="bridge").recall(cues, sigma=0.8)
    with pytest.raises(TypeError, match="posterior"):
        attractor.Denoiser(stored, patterns=cues).repeat(cues, 5, sigma=0.8)
    for more in ({}, {"patterns": cues}):
        memory = attractor.Denoiser(stored, dim=1, **more)
        for copied in (pickle.loads(pickle.dumps(memory)), copy.deepcopy(memory)):
            assert np.array_equal(copied.recall(cues, sigma=0.8).states, memory.recall(cues, sigma=0.8).states)
    assert attractor.Denoiser(stored).recall(cues, sigma=0.8).states.shape == (2, 1)
    again = pickle.loads(pickle.dumps(attractor.Denoiser(stored, patterns=cues, labels=["a", "b"])))
    assert again.recall(cues, sigma=0.1).label.tolist() == ["a", "b"]


def test_torch() -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = torch.nn.Parameter(torch.ones(1))

        def forward(self, x, sigma):  # type: ignore[no-untyped-def]
            assert not torch.is_grad_enabled() and x.dtype == torch.float32 == sigma.dtype
            return torch.tanh(self.one * x / sigma[:, None] ** 2)

    cues = torch.tensor([[0.3], [-0.1]])
    memory = attractor.Denoiser(Net(), dim=1)
    assert np.allclose(memory.recall(cues, sigma=0.8).states, [[1], [-1]])
    stored = attractor.Diffusion(torch.tensor([[1.0], [-1.0]]))
    given = cues.to(torch.float64).reshape(2, 1, 1).requires_grad_()
    answer = stored(given, torch.tensor([0.8, 0.8]))
    assert isinstance(answer, torch.Tensor) and answer.dtype == torch.float64 and answer.shape == (2, 1, 1)
    assert np.allclose(answer.detach().numpy().ravel(), np.tanh(cues.numpy().ravel() / 0.64))
    assert stored(torch.zeros(1, 1, dtype=torch.int64), 1.0).dtype == torch.float32
    tracked = torch.ones(1, 1, requires_grad=True)
    assert stored.recall(tracked, sigma=0.8).memory.tolist() == [0]
    assert stored.recall(tracked.to(torch.bfloat16), sigma=0.8).memory.tolist() == [0]
    with pytest.raises(TypeError, match="tensor"):
        stored.recall(torch.ones(1, 1, device="meta"), sigma=0.8)


@pytest.mark.parametrize("specimen", ZOO, ids=str)
def test_observers(specimen: Specimen) -> None:
    memory = specimen.build(specimen.world(signs(6, 10, 1)))
    cues = specimen.world(signs(4, 10, 2))
    frames: list[attractor.Frame] = []
    watched = memory.recall(cues, observer=frames.append)
    assert bits(watched) == bits(memory.recall(cues))
    assert [frame.step for frame in frames] == list(range(len(frames))) and frames[0].rows.tolist() == [0, 1, 2, 3]
    assert frames[0].states.shape == (4, 10) and frames[0].sigma.shape == (4,)

    stopped = memory.recall(cues, observer=lambda frame: frame.step < 1)
    ended = {"stopped", "settled", "one update", "still moving", "undefined"}
    assert (stopped.steps <= 1).all() and set(stopped.outcome) <= ended
    raised = ValueError("mine")
    with pytest.raises(ValueError) as caught:
        memory.recall(cues, observer=lambda frame: (_ for _ in ()).throw(raised))
    assert caught.value is raised


def test_threads_do_not_wait_for_each_other() -> None:
    patterns, cues = signs(500, 64, 1), signs(40, 64, 2)
    stored = attractor.Diffusion(patterns)
    own = attractor.Denoiser(stored, patterns=patterns)
    expected = bits(own.recall(cues, sigma=1.0))
    here: set[int] = set()

    def work(_: int) -> bool:
        me = threading.get_ident()
        same = []
        recall = own.recall(cues, sigma=1.0, observer=lambda frame: same.append(threading.get_ident() == me))
        here.add(me)
        return bits(recall) == expected and all(same)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(24), timeout=120))
    assert len(here) > 1


def _in_child(memory: attractor.Memory, cues: np.ndarray, queue: multiprocessing.Queue) -> None:
    queue.put(memory.recall(cues, sigma=1.0).memory.tolist())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_has_threads_of_its_own() -> None:
    memory, cues = attractor.Diffusion(signs(3000, 256, 1)), signs(64, 256, 2)
    expected = memory.recall(cues, sigma=1.0).memory.tolist()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(memory, cues, queue))
    child.start()
    assert queue.get(timeout=60) == expected
    child.join(60)
    assert child.exitcode == 0


def test_a_memory_in_a_cycle_with_its_denoiser_is_freed() -> None:
    class Owner:
        def __init__(self) -> None:
            self.memory = attractor.Denoiser(self.denoise, dim=4, spread=1.0)

        def denoise(self, states: np.ndarray, sigma: np.ndarray) -> np.ndarray:
            return np.zeros_like(states)

    owners = [weakref.ref(Owner()) for _ in range(20)]
    gc.collect()
    assert all(owner() is None for owner in owners)
    kept = Owner()
    gc.collect()
    assert kept.memory.recall(np.ones((1, 4)), sigma=0.5).states.tolist() == [[0.0] * 4]
