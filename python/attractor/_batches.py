"""Recalls in batches of rows, whose progress can be told. A row is the same in any batch, so the result is that of one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array
from ._progress import Progress, followed

#: What Rust returns of a recall: states, values, the best memories, which numbers there are, those numbers, whole numbers, reasons,
#: lists.
Fields = tuple[Any, ...]

#: A batch is to take so many seconds.
PACE = 0.3
#: Rows of the first batch.
FIRST = 16


def in_batches(
    recall: Callable[[slice, dict[str, Any]], Fields], count: int, asked: dict[str, Any], progress: Progress
) -> Fields:
    """Recalls `count` rows, and tells of those that are done."""
    if not count:
        return recall(slice(0, count), asked)
    if "observer" in asked:
        raise ValueError("progress: expected an observer or progress, found both; an observer sees all cues together")
    parts, done, rows = [], 0, FIRST
    with followed(progress, "recall") as told:
        while done < count:
            some = slice(done, min(done + rows, count))
            before = time.monotonic()
            parts.append(recall(some, asked | {"first_row": asked["first_row"] + done}))
            elapsed = time.monotonic() - before
            done = some.stop
            if told is not None:
                told(done, count)
            # At most fourfold, since the first rows may be quicker than others.
            rows = max(1, min(4 * rows, int(rows * PACE / max(elapsed, 1e-9))))
    return _joined(parts)


def row_by_row(
    work: Callable[[slice, dict[str, Any]], dict[str, Any]], count: int, asked: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Columns of `count` rows that are much work each, one row after the other."""
    parts = []
    with followed(progress, "repeat") as told:
        for row in range(count):
            parts.append(work(slice(row, row + 1), asked | {"first_row": asked["first_row"] + row}))
            if told is not None:
                told(row + 1, count)
    return {
        name: None if column is None else np.concatenate([part[name] for part in parts])
        for name, column in parts[0].items()
    }


def _joined(parts: list[Fields]) -> Fields:
    states, values, best, there, numbers, whole, reasons, lists = zip(*parts, strict=True)
    starts = np.cumsum([0, *(len(part) for part in states)])[:-1].tolist()
    return (
        np.concatenate(states),
        None if values[0] is None else np.concatenate(values),
        _best(best, [len(part) for part in states]),
        [any(flags) for flags in zip(*there, strict=True)],
        np.concatenate(numbers, axis=1),
        np.concatenate(whole, axis=1),
        [(row + start, reason) for start, some in zip(starts, reasons, strict=True) for row, reason in some],
        [_filled(each) for each in zip(*lists, strict=True)],
    )


def _filled(parts: tuple[Array | None, ...]) -> Array | None:
    """Lists of all rows, filled up with -1 to one length."""
    some = [part for part in parts if part is not None]
    if not some:
        return None
    width = max(part.shape[1] for part in some)
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=-1) for part in some])


def _best(parts: tuple[tuple[Array, Array] | None, ...], counts: list[int]) -> tuple[Array, Array] | None:
    """The best memories of all rows: batches may list different numbers of them."""
    width = max((part[0].shape[1] for part in parts if part is not None), default=None)
    if width is None:
        return None
    weights, indices = np.full((sum(counts), width), np.nan), np.full((sum(counts), width), -1, np.int64)
    start = 0
    for part, count in zip(parts, counts, strict=True):
        if part is not None:
            weights[start : start + count, : part[0].shape[1]] = part[0]
            indices[start : start + count, : part[1].shape[1]] = part[1]
        start += count
    return weights, indices
