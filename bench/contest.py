"""What a comparison is: a case with its data and its contenders.

A case makes its arrays once. A contender is a function that takes them, prepares whatever does not depend on the cues
(that is outside the clock), and returns the call to be timed, which gives the answer as a NumPy array.
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
    """Raised by a contender that cannot take part; its text is the reason that is printed."""


@dataclass
class Contender:
    """One way to compute the answer of a case: a function here, or a program that speaks the worker's language."""

    name: str
    packages: Sequence[str]
    prepare: Prepare | None = None
    program: Sequence[str] = ()

    def missing(self) -> str | None:
        """Why it cannot run here, if it cannot."""
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
    """A question, and who answers it. The first contender that is there is what the others are measured by."""

    #: Named on the command line, by itself or by what stands before a dash.
    name: str
    #: What is computed, in one sentence.
    title: str
    #: Makes the arrays; every contender finds them by name.
    data: Callable[[], Arrays]
    #: Largest difference that two answers may have in any number.
    tolerance: float = 0.0
    #: Calls a round, of which the fastest counts; fewer once they have taken a second.
    best_of: int = 5
    #: Rounds that count at most, of what takes minutes.
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
