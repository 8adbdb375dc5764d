"""What a memory holds does not change with files, with rounding, or with the limits of the system."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import attractor
import numpy as np
import pytest


def test_a_described_memory_holds_its_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = np.random.default_rng(0).normal(size=(30, 2)) + [4, 0]
    np.save(tmp_path / "cloud.npy", cloud)
    (tmp_path / "d.toml").write_text(
        '[[memory]]\nkind = "cloud"\nlabel = "cloud"\nfile = "cloud.npy"\n\n'
        '[[memory]]\nkind = "point"\nlabel = "home"\nat = [-3.0, 0.0]\n'
    )
    monkeypatch.chdir(tmp_path)
    memory = attractor.Mixture("d.toml")
    cues = np.array([[3.0, 0.5], [-2.0, 0.0]])
    expected = memory.recall(cues, sigma=0.7).states
    density = memory.log_prob(cues, 0.7)
    kept = pickle.dumps(memory)
    # The file changes, is gone, and the folder is another.
    np.save("cloud.npy", cloud + 100)
    assert np.array_equal(pickle.loads(kept).recall(cues, sigma=0.7).states, expected)
    (tmp_path / "cloud.npy").unlink()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for same in (pickle.loads(kept), copy.deepcopy(memory), copy.copy(memory)):
        assert np.array_equal(same.recall(cues, sigma=0.7).states, expected)
        assert same.labels.tolist() == ["cloud", "home"]
    assert np.allclose(memory.log_prob(cues, 0.7, method="flow"), density, atol=1e-5)


@pytest.mark.parametrize("count", [3, 6, 10, 22, 49, 1000])
@pytest.mark.parametrize("prepare", ["center", "normalize"])
def test_the_mean_of_equal_values_is_that_value(count: int, prepare: str) -> None:
    for value in (np.log(1e-5), 0.1, 1 / 3, 14.62):
        equal = np.full((count, 2), value)
        # The spread of equal patterns is their size about 0, which is not rounding.
        assert attractor.Diffusion(equal, prepare=prepare).spread_ > 1e-9
        assert np.array_equal(attractor.Modern(equal, prepare=prepare).recall(equal[:1]).states, equal[:1])


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of address space that threads feel")
def test_recall_works_where_no_thread_can_be_started() -> None:
    program = """
import resource
import attractor, numpy as np
patterns = np.sign(np.random.default_rng(0).normal(size=(4000, 256))).astype("f4")
memory = attractor.Modern(patterns, beta=1.0)
pages = int(open("/proc/self/statm").read().split()[0])
now = pages * resource.getpagesize()
# Room for the result, and none for the stack of a thread.
resource.setrlimit(resource.RLIMIT_AS, (now + 1_500_000, -1))
try:
    states = memory.recall(patterns[:64]).states
    said = "recalled" if (states == patterns[:64]).mean() > 0.9 else "wrong"
except MemoryError:
    said = "no memory"
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
print(said)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() in ("recalled", "no memory"), done.stdout + done.stderr
    assert "panicked" not in done.stderr
