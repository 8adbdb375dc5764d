"""The half of the package that is in Rust. Arrays are of the memory's own number type, two-dimensional and aligned."""

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__version__: str

#: Names of outcomes by code.
OUTCOMES: list[str]
#: Name, kind and meaning of each field: of a row, of a step, of where a recall turns, of repeated recalls.
ROW: list[tuple[str, str, str]]
MOMENT: list[tuple[str, str, str]]
MARKS: list[tuple[str, str, str]]
COUNTS: list[tuple[str, str, str]]
EFFECT: list[tuple[str, str, str]]
#: The same for the rounds of a protocol of replay.
ROUND: list[tuple[str, str, str]]

class Memory:
    @staticmethod
    def build(
        model: str,
        options: dict[str, Any],
        patterns: NDArray[Any],
        *,
        prepare: str,
        raw: bool,
        image: str | None = None,
        labels: list[str] | None = None,
        weights: list[float] | None = None,
        values: NDArray[Any] | None = None,
        training: dict[str, Any] | None = None,
        progress: Callable[[int, int, float], Any] | None = None,
    ) -> Memory: ...
    @staticmethod
    def describe(path: str, text: str | None, options: dict[str, Any], wide: bool) -> Memory: ...
    @staticmethod
    def in_full(path: str, text: str) -> str: ...
    @staticmethod
    def foreign(
        denoiser: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]],
        dim: int,
        options: dict[str, Any],
        *,
        wide: bool,
        spread: float,
        patterns: NDArray[Any] | None = None,
        labels: list[str] | None = None,
    ) -> Memory: ...
    @staticmethod
    def of_parts(
        heads: list[tuple[str, bytes]],
        ask: Callable[[bytes], list[bytes]],
        options: tuple[str, dict[str, Any]] | None = None,
    ) -> Memory: ...
    @staticmethod
    def load(
        path: str, bytes: bytes | None, options: tuple[str, dict[str, Any]] | None, wide: bool | None
    ) -> Memory: ...
    @staticmethod
    def fit(
        rows: NDArray[np.float64],
        settings: dict[str, Any],
        options: dict[str, Any],
        *,
        raw: bool,
        wide: bool,
        labels: list[str] | None = None,
        progress: Callable[[int, int, int, float], Any] | None = None,
    ) -> tuple[Memory, dict[str, Any]]: ...
    def with_events(
        self,
        events: NDArray[Any],
        weight: float,
        *,
        labels: list[str] | None = None,
        weights: list[float] | None = None,
    ) -> Memory: ...
    def with_cores(
        self,
        events: NDArray[Any],
        *,
        rule: str | None = None,
        matrix: NDArray[np.float64] | None = None,
        units: list[list[int]] | None = None,
        form: str,
        odds: str,
        weight: float | None = None,
        image: tuple[int, int] | None = None,
        labels: list[str] | None = None,
        weights: list[float] | None = None,
    ) -> Memory: ...
    def surprise(self, events: NDArray[np.float64], threshold: float) -> list[tuple[list[int], list[float]]]: ...
    def to_bytes(self) -> bytes: ...
    def save(self, path: str) -> None: ...
    @property
    def model(self) -> str: ...
    @property
    def dim(self) -> int: ...
    @property
    def memories(self) -> int | None: ...
    @property
    def wide(self) -> bool: ...
    @property
    def beta(self) -> float | None: ...
    @property
    def spread(self) -> float | None: ...
    @property
    def options(self) -> dict[str, Any]: ...
    @property
    def prepare(self) -> str: ...
    def patterns(self) -> NDArray[Any] | None: ...
    def couplings(self) -> NDArray[np.float64] | None: ...
    def locations(self) -> tuple[NDArray[np.bool_], NDArray[np.int32], int, bool] | None: ...
    def sums(self, states: NDArray[Any]) -> NDArray[np.int64] | None: ...
    def sums_kept(self) -> dict[str, Any] | None: ...
    def changed(self, rows: NDArray[Any], weights: list[float] | None, remove: bool) -> Memory: ...
    def labels(self) -> list[str] | None: ...
    def weights(self) -> list[float] | None: ...
    def notes(self) -> list[str]: ...
    def warnings(self) -> list[str]: ...
    @property
    def image(self) -> list[int] | None: ...
    def recall(self, cues: NDArray[Any], clamp: NDArray[np.bool_] | None, asked: dict[str, Any]) -> tuple[Any, ...]: ...
    def sample(self, count: int, asked: dict[str, Any]) -> tuple[Any, ...]: ...
    def trace(
        self, cues: NDArray[Any], clamp: NDArray[np.bool_] | None, asked: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def repeat(
        self, cues: NDArray[Any], clamp: NDArray[np.bool_] | None, repeats: int, asked: dict[str, Any]
    ) -> dict[str, Any]: ...
    def effect(
        self,
        before: Memory,
        index: list[int | None],
        cues: int,
        patterns: int | None,
        corruption: str | None,
        seed: int,
        protect: float | None,
    ) -> dict[str, Any]: ...
    def number(self, what: str, states: NDArray[Any], sigmas: NDArray[np.float64] | None) -> NDArray[np.float64]: ...
    def vector(self, what: str, states: NDArray[Any], sigmas: NDArray[np.float64] | None) -> NDArray[Any]: ...
    def posterior(self, states: NDArray[Any], sigmas: NDArray[np.float64] | None) -> NDArray[np.float64]: ...

class Potential:
    @staticmethod
    def quadratic(
        minimum: list[float],
        sigma: float | tuple[Any, Any],
        *,
        hessian: NDArray[np.float64] | None = None,
        eigenvalues: list[float] | None = None,
        eigenvectors: NDArray[np.float64] | None = None,
    ) -> Potential: ...
    @staticmethod
    def double_well(strength: float, well: float, sigma: float | tuple[Any, Any]) -> Potential: ...
    @staticmethod
    def functions(
        dim: int,
        value: Callable[[NDArray[np.float64]], float],
        gradient: Callable[[NDArray[np.float64]], list[float]],
        hessian: Callable[[NDArray[np.float64]], Any],
        sigma: float | tuple[Any, Any],
    ) -> Potential: ...
    @staticmethod
    def read(path: str) -> Potential: ...

class Sampling:
    def __new__(cls, options: dict[str, Any]) -> Sampling: ...
    @property
    def steps(self) -> int: ...
    @property
    def evaluations(self) -> int | None: ...
    def curve(self, what: str, at: list[float]) -> NDArray[np.float64]: ...
    @property
    def stochastic(self) -> bool: ...
    @property
    def samples_posterior(self) -> bool: ...
    def levels(self, first: list[float], spread: float) -> NDArray[np.float64]: ...

class Report:
    @property
    def title(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def table(self) -> str: ...
    def markdown(self) -> str: ...
    def html(self) -> str: ...
    def fragment(self) -> str: ...
    def json(self) -> str: ...
    def write(self, folder: str) -> None: ...

def append(
    path: str,
    rows: NDArray[np.float64],
    *,
    labels: list[str] | None = None,
    weights: list[float] | None = None,
    values: NDArray[np.float64] | None = None,
) -> int: ...
def compact(path: str) -> int: ...
def shard(path: str, parts: int, folder: str) -> list[pathlib.Path]: ...
def append_to_parts(folder: str, rows: NDArray[np.float64], *, labels: list[str] | None = None) -> int: ...
def part_summary(name: str, head: bytes) -> dict[str, Any]: ...

class Part:
    def __init__(self, path: str, streamed: bool) -> None: ...
    def head(self) -> bytes: ...
    def answer(self, question: bytes) -> bytes: ...

def models() -> list[dict[str, Any]]: ...
def training() -> list[dict[str, Any]]: ...
def samplers() -> list[dict[str, Any]]: ...
def processes() -> list[str]: ...
def experiments() -> list[dict[str, Any]]: ...

class Study:
    divides: bool
    def run(self, progress: Callable[..., Any] | None = None, team: Any = None) -> Report: ...
    def cell(self, cell: str, threads: int) -> str: ...

def part(text: str) -> tuple[int, int]: ...
def merge(parts: list[str], out: str) -> list[int]: ...
def reproduce(
    name: str,
    settings: dict[str, Any],
    *,
    again: str,
    seed: int,
    data: NDArray[Any] | None = None,
    shape: str | None = None,
    order: list[int] | None = None,
    store: str | None = None,
) -> Study: ...
def capacity(
    contenders: list[tuple[str, dict[str, Any], int | None, Callable[..., NDArray[Any]] | None]],
    tasks: list[str],
    dims: list[int],
    *,
    threshold: float,
    sets: int,
    cues: int | None,
    most: int | None,
    grid: bool,
    seed: int,
    again: str,
    warn: Callable[[list[str]], None] | None = None,
    store: str | None = None,
    shard: tuple[int, int] | None = None,
) -> Study: ...
def minima(
    memory: Memory,
    *,
    starts: int,
    near: float | None,
    seed: int,
    sigma: float | None,
    within: float,
    exact: str,
    progress: Callable[[int, int], Any] | None = None,
) -> dict[str, Any]: ...
def replay(
    memory: Memory,
    events: NDArray[Any],
    settings: dict[str, Any],
    *,
    seed: int,
    stream: NDArray[Any] | None = None,
    core: NDArray[np.bool_] | None = None,
    state: str | None = None,
    resume: bool = False,
    every: float = 30.0,
    progress: Callable[[int, int], Any] | None = None,
) -> tuple[Memory, dict[str, NDArray[Any]], list[list[int]]]: ...
def audit(
    train: Any,
    generated: Any | None,
    heldout: Any | None,
    features: list[NDArray[Any]] | None,
    settings: dict[str, Any],
    *,
    again: str,
    shape: str | None,
    seed: int,
    calibrate: bool,
    model: Memory,
    progress: Callable[[int, int], Any] | None = None,
) -> Report: ...
def audit_of_rows(
    train: Any,
    generated: Any | None,
    heldout: Any | None,
    features: list[NDArray[Any]] | None,
    settings: dict[str, Any],
    *,
    again: str,
    shape: str | None,
    seed: int,
    calibrate: bool,
) -> Study: ...

class Monitor:
    def __init__(self, train: Any, heldout: Any | None, settings: dict[str, Any], seed: int) -> None: ...
    def look(self, step: float, generated: Any) -> None: ...
    def look_inside(self, step: float, model: Memory) -> None: ...
    def tau_mem(self) -> tuple[float, float | None] | None: ...
    def report(self, again: str) -> Report: ...

def inspect(
    patterns: NDArray[Any],
    settings: dict[str, Any],
    *,
    again: str,
    seed: int,
    progress: Callable[[int, int], Any] | None = None,
) -> Report: ...
def recommend(
    patterns: NDArray[Any],
    corruptions: list[str],
    *,
    again: str,
    count: int | None = None,
    cues: int | None = None,
    seed: int,
    shape: str | None = None,
) -> Study: ...
def corrupt(
    patterns: NDArray[Any], corruption: str, seed: int, first_row: int, grey: bool, shape: str | None
) -> tuple[NDArray[Any], NDArray[np.bool_]]: ...
def write_text(path: str, text: str) -> None: ...
def explorer(name: str, patterns: NDArray[np.float64], labels: list[str], size: tuple[int, int] | None) -> str: ...
def digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]: ...
def read(path: str, reading: dict[str, Any]) -> tuple[NDArray[Any], str | None, list[str] | None, list[str]]: ...
def set_threads(count: int) -> None: ...
def get_threads() -> int: ...
def after_fork() -> None: ...
