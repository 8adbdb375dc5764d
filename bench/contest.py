"""Defines comparisons: a case with its data and its contenders.

A case makes its arrays once. A contender is a function that takes the arrays, prepares whatever does not depend on the
cues (this is not timed), and returns the call to be timed. The call returns the answer as a NumPy array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]
Prepare = Callable[[Arrays], Callable[[], np.ndarray]]

ROOT = Path(__file__).parents[1]
RUST_PEERS = ROOT / "bench" / "rust-peers" / "target" / "release" / "rust-peers"


class NotHere(Exception):
    """Raised by a contender that cannot take part. Its text is the reason, which is printed."""


@dataclass
class Contender:
    """One way to compute the answer of a case: a Python function, or a program with the worker's protocol."""

    name: str
    packages: Sequence[str]
    prepare: Prepare | None = None
    program: Sequence[str] = ()

    def missing(self) -> str | None:
        """The reason why the contender cannot run here, if there is one."""
        for package in self.packages:
            try:
                version(package)
            except PackageNotFoundError:
                return f"{package} is not installed"
        if self.program and not Path(self.program[0]).exists():
            return "not built: cargo build --release --manifest-path bench/rust-peers/Cargo.toml"
        return None


@dataclass
class Case:
    """A question and its contenders. The others are compared with the first contender that can run."""

    #: Name on the command line. The part before a dash selects several cases.
    name: str
    #: What is computed, in one sentence.
    title: str
    #: Makes the arrays, which contenders get by name.
    data: Callable[[], Arrays]
    #: Largest difference that two answers may have in any number.
    tolerance: float = 0.0
    #: Calls per round, of which the fastest counts. A round ends early after a second.
    best_of: int = 5
    #: Largest number of rounds, for cases that take minutes.
    most_rounds: int = 1000
    #: Whether it runs when no case is named.
    default: bool = True
    contenders: list[Contender] = field(default_factory=list)

    def contender(self, name: str, *packages: str) -> Callable[[Prepare], Prepare]:
        """Adds a function as a contender, with the packages (as pip names them) that it needs."""

        def add(prepare: Prepare) -> Prepare:
            self.contenders.append(Contender(name, packages, prepare))
            return prepare

        return add

    def rust(self, name: str, what: str) -> None:
        """Adds a contender of `bench/rust-peers`."""
        self.contenders.append(Contender(name, (), program=(str(RUST_PEERS), what)))


def spins(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Random signs in float32."""
    return (2 * generator.integers(0, 2, shape, np.int8) - 1).astype(np.float32)


def flipped(generator: np.random.Generator, states: np.ndarray, share: float) -> np.ndarray:
    """The same states with this share of all units of other sign, at random."""
    return np.where(generator.random(states.shape) < share, -states, states).astype(states.dtype)
